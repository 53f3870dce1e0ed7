"""The way of an answer of a model that was taught to judge: what it is not sure of is refused."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NoReturn

from deal import DEAL, QUESTION, Make
from fakes import ScriptedGenerator


class Taught(ScriptedGenerator):
    """A model that was taught to judge: a text with 49% in it states the answer as likely as told;
    nothing is asked of it."""

    taught = True

    def __init__(self, *pieces: str, states: float) -> None:
        super().__init__(*pieces)
        self.states = states

    def states_answer(self, question: str, passages: Sequence[tuple[str, str]]) -> list[float]:
        return [self.states if "49%" in text else 0.01 for _, text in passages]

    def read(self, *_: object, **__: object) -> NoReturn:
        raise AssertionError("the model was asked")


class TestHowSureItIs:
    def test_an_answer_that_was_written(self, make: Make) -> None:
        answer = make(Taught("Meta bought a stake of 49% [1].", states=0.95)).ask(QUESTION)
        assert answer.text.startswith("Meta bought a stake of 49%")
        assert answer.confidence is not None
        assert 0.8 < answer.confidence < 1

    def test_one_that_is_quoted(self, make: Make) -> None:
        answer = make(Taught("Meta bought 48% of it [1].", states=0.95)).ask(QUESTION)
        assert answer.sentences[0].text in DEAL.body
        assert answer.confidence is not None
        assert 0.8 < answer.confidence < 1

    def test_nothing_is_written_that_would_not_be_believed(self, make: Make) -> None:
        generator = Taught("Meta bought a stake of 49% [1].", states=0.6)
        answer = make(generator).ask(QUESTION)
        assert answer.abstained
        assert answer.confidence is None
        assert generator.asked == []

    def test_how_sure_it_must_be_can_be_chosen(self, make: Make) -> None:
        generator = Taught("Meta bought a stake of 49% [1].", states=0.6)
        assert not make(generator, least_confidence=0.1).ask(QUESTION).abstained

    def test_a_model_that_was_not_taught_tells_none(self, make: Make) -> None:
        answer = make(ScriptedGenerator("Meta bought a stake of 49% [1].")).ask(QUESTION)
        assert answer.confidence is None

    def test_that_there_is_none_of_it_needs_less(self, make: Make) -> None:
        class Doubting(Taught):
            def states_answer(
                self, question: str, passages: Sequence[tuple[str, str]]
            ) -> list[float]:
                return [0.15 if "voting" in text else 0.01 for _, text in passages]

        answer = make(Doubting(states=0)).ask("How much voting power does the stake carry?")
        assert answer.sentences[0].text == "The stake carries no voting power."
