"""What a question is searched with, after the questions before it."""

from __future__ import annotations

import pytest

from rag.followup import stand_alone
from rag.types import Turn

STAKE = Turn("What stake did Meta buy in Scale AI?", "Meta bought 49%.")


@pytest.mark.parametrize(
    "question",
    [
        "And who leads it now?",
        "Why?",
        "What about voting power?",
        "When did he found it?",
        "How much did they pay?",
        "Who said so?",
    ],
)
def test_a_leaning_question_is_led_by_the_one_before(question: str) -> None:
    assert stand_alone(question, [STAKE]) == f"{STAKE.question} {question}"


@pytest.mark.parametrize(
    "question", ["Who leads the Clinton nuclear plant?", "What is the capital of France?"]
)
def test_a_question_of_its_own_stands_alone(question: str) -> None:
    assert stand_alone(question, [STAKE]) == question


@pytest.mark.parametrize("question", ["Why?", "And who leads it now?", "Who leads Scale AI?"])
def test_without_a_chat_a_question_is_itself(question: str) -> None:
    assert stand_alone(question) == question


def test_a_chain_of_follow_ups_goes_back_to_what_it_is_about() -> None:
    chain = [STAKE, Turn("When?", "In June."), Turn("And for how much?", "$14.3 billion.")]
    searched = stand_alone("Who told them that?", chain)
    assert STAKE.question in searched
    assert searched.endswith("Who told them that?")


def test_it_goes_no_further_back_than_it_must() -> None:
    chain = [Turn("What did the zebra census count?", "Zebras."), STAKE, Turn("When?", "In June.")]
    assert "zebra" not in stand_alone("Who told them that?", chain)


def test_a_long_chain_does_not_grow_without_end() -> None:
    chain = [STAKE, *[Turn(f"And what of it, the {n}th time?", "Yes.") for n in range(200)]]
    assert len(stand_alone("Why?", chain)) < 1000
