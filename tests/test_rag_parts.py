"""Questions that ask for two things, and those that only look like it."""

from __future__ import annotations

import pytest

from rag.question.parts import parts_of


@pytest.mark.parametrize(
    ("question", "parts"),
    [
        (
            "Who leads Orrin and how much did Vell pay?",
            ["Who leads Orrin?", "How much did Vell pay?"],
        ),
        ("Who is Ana Ruiz, and what did she sell?", ["Who is Ana Ruiz?", "What did she sell?"]),
        (
            "When did Vell buy Orrin and why?",
            ["When did Vell buy Orrin?", "Why did Vell buy Orrin?"],
        ),
        (
            "In which city does Vell sit and on which day was it founded?",
            ["In which city does Vell sit?", "On which day was it founded?"],
        ),
        (
            "Who leads Vell, and when was it founded, and where does it sit?",
            ["Who leads Vell?", "When was it founded?", "Where does it sit?"],
        ),
        (
            "What did Vell and Orrin each pay for the boats?",
            ["What did Vell pay for the boats?", "What did Orrin pay for the boats?"],
        ),
        (
            "Where do both Ana Ruiz and Jo Lee live?",
            ["Where does Ana Ruiz live?", "Where does Jo Lee live?"],
        ),
        (
            "Which bank lent Vell the cash and how many boats were bought?",
            ["Which bank lent Vell the cash?", "How many boats were bought?"],
        ),
    ],
)
def test_parts(question: str, parts: list[str]) -> None:
    assert parts_of(question) == parts


@pytest.mark.parametrize(
    "question",
    [
        "Who leads Vell?",
        "What did Vell and Orrin agree on?",
        "Who said what and when?",
        "Who bought Orrin and when?",  # "when who bought Orrin" is no question
        "What did Ruiz say about how it works and why it matters?",
        "What did Vell say on the deal and what analysts think?",
        "Which part was smaller, and how much was it?",
        "Is Vell or Orrin bigger, and who leads Vell?",
        "Which investor backed both Vell and Orrin?",
        "What is the difference between Vell and Orrin and why?",
        "Vell sold Orrin. Who bought it and how much did it cost?",
        "Who leads A and who leads B and who leads C and who leads D?",
        "What is research and development?",
        "",
    ],
)
def test_one_question(question: str) -> None:
    assert parts_of(question) == [question]
