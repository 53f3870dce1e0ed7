"""What a question takes for granted, by the rules of its grammar."""

from __future__ import annotations

import pytest

from rag.question.presumed import indirect, presumed
from rag.reading.verbs import BASE, PARTICIPLE, PAST, PRESENT_PARTICIPLE, third_person


@pytest.mark.parametrize(
    ("question", "statement"),
    [
        ("Why did Vell sell its stake in Orrin Labs?", "Vell sold its stake in Orrin Labs"),
        ("When did Ruiz leave Vell?", "Ruiz left Vell"),
        ("Where did Ana Ruiz study law?", "Ana Ruiz studied law"),
        ("How did Vell win the vote?", "Vell won the vote"),
        ("How long did Ruiz run the harbour?", "Ruiz ran the harbour"),
        ("Why did the harbour authority finally ban the ferry?",
         "the harbour authority finally banned the ferry"),
        ("On which date did Orrin's shares start trading?", "Orrin's shares started trading"),
        ("In what year did Vell and Orrin merge?", "Vell and Orrin merged"),
        ("What year did Vell quit Norway?", "Vell quit Norway"),
        ("Why did Vell give up the bridge?", "Vell gave up the bridge"),
        ("Why did Vell agree to sell Orrin?", "Vell agreed to sell Orrin"),
        ("Why does Vell carry mail?", "Vell carries mail"),
        # Passive, perfect, progressive and future.
        ("When was Ruiz fired by Vell?", "Ruiz was fired by Vell"),
        ("Why was the ferry line sold?", "the ferry line was sold"),
        ("Why has Vell sold its boats?", "Vell has sold its boats"),
        ("Why is Vell cutting jobs?", "Vell is cutting jobs"),
        ("When will Vell replace Ruiz?", "Vell will replace Ruiz"),
        # Somebody or something is asked for.
        ("Who replaced Ruiz as mayor?", "anyone replaced Ruiz as mayor"),
        ("Who took over from Ruiz?", "anyone took over from Ruiz"),
        ("Who will succeed Ruiz at Vell?", "anyone will succeed Ruiz at Vell"),
        ("Who has bought the ferry line?", "anyone has bought the ferry line"),
        ("Who was arrested in Port Lyle?", "anyone was arrested in Port Lyle"),
        ("Who did Vell hire as its treasurer?", "Vell hired anyone as its treasurer"),
        ("What did Vell buy in June?", "Vell bought anything in June"),
        ("How many people did Orrin lay off in July?", "Orrin laid off any people in July"),
        ("Which university did Ruiz attend?", "Ruiz attended any university"),
        ("Which university did Ruiz study at?", "Ruiz studied at any university"),
        ("Who was Ruiz replaced by?", "Ruiz was replaced by anyone"),
        ("What share of Orrin does Ruiz own?", "Ruiz owns any share of Orrin"),
        # Sums.
        ("How much did Vell pay for Orrin?", "Vell paid anything for Orrin"),
        ("How much did Vell pay Ruiz for the boats?", "Vell paid Ruiz for the boats"),
        ("How much did Orrin raise?", "Orrin raised anything"),
        ("How much was Orrin sold for?", "Orrin was sold"),
        ("How much did the price of oil fall?", "the price of oil fell"),
    ],
)  # fmt: skip
def test_statement(question: str, statement: str) -> None:
    told = presumed(question)
    assert told is not None
    assert told.statement == statement


@pytest.mark.parametrize(
    ("question", "lack"),
    [
        ("Why did Vell sell Orrin?", "why"),
        ("When did Vell sell Orrin?", "when"),
        ("In which city was Orrin sold?", "in which city"),
        ("How long did Ruiz lead Orrin?", "how long"),
        ("Who bought Orrin?", None),
        ("How much did Vell pay for Orrin?", None),
    ],
)
def test_what_is_asked_beyond_it(question: str, lack: str | None) -> None:
    told = presumed(question)
    assert told is not None
    assert told.lack == lack


@pytest.mark.parametrize(
    "question",
    [
        "Did Vell sell Orrin?",  # yes or no presumes nothing
        "Who is the mayor of Port Lyle?",
        "What is the capital of France?",
        "How do I make pancakes?",
        "Why did he leave Vell?",  # nobody knows who
        "Why did it sell Orrin?",
        "Why didn't Vell sell Orrin?",
        "Why did Vell not sell Orrin?",
        "Why did Vell sell or close Orrin?",
        "Why did Vell plan fail?",  # two words may be the verb
        "Why did Vell blorp Orrin?",  # a word that no list has
        "Why did the plan to sell Orrin fail?",
        "When was Vell founded?",  # goes without saying
        "Who wrote Hamlet?",
        "Who founded Vell?",
        "When did the war end?",
        "What did Ruiz say about Vell?",
        "What did Vell do?",
        "Which of the two did Vell buy?",
        "What did Vell call its boat?",  # the object stands already
        "How many boats does Vell have?",
        "How much fuel does the boat use?",
        "Who leads Vell?",
        "Who are elected by the harbour?",
        "Who leads Vell and how much did it pay for Orrin?",
        "Vell sold Orrin. Why did Vell sell Orrin?",
        "How much did Vell pay when it bought Orrin?",
        "What prompted the sale of Orrin?",
        "Which recently founded company bought Orrin?",
        "Which company bought Orrin from Vell?",  # whether any did is what is asked
        "How many people worked at Orrin in July?",
        "What did Vell ask Ruiz to buy?",
        "What did the boats that Vell bought carry?",
        "What?",
        "",
    ],
)  # fmt: skip
def test_nothing_where_no_rule_is_sure(question: str) -> None:
    assert presumed(question) is None


def test_a_long_question_is_left_alone() -> None:
    assert presumed(f"Why did Vell sell Orrin {'in the old harbour ' * 8}?") is None


@pytest.mark.parametrize(
    ("base", "past", "participle", "present", "third"),
    [
        ("sell", "sold", "sold", "selling", "sells"),
        ("take", "took", "taken", "taking", "takes"),
        ("carry", "carried", "carried", "carrying", "carries"),
        ("destroy", "destroyed", "destroyed", "destroying", "destroys"),
        ("stop", "stopped", "stopped", "stopping", "stops"),
        ("cut", "cut", "cut", "cutting", "cuts"),
        ("agree", "agreed", "agreed", "agreeing", "agrees"),
        ("die", "died", "died", "dying", "dies"),
        ("veto", "vetoed", "vetoed", "vetoing", "vetoes"),
        ("have", "had", "had", "having", "has"),
    ],
)
def test_forms_of_a_verb(base: str, past: str, participle: str, present: str, third: str) -> None:
    assert PAST[base] == past
    assert BASE[past] == PARTICIPLE[participle] == PRESENT_PARTICIPLE[present] == base
    assert third_person(base) == third


@pytest.mark.parametrize(
    ("question", "told"),
    [
        ("When did Vell sell Orrin?", "when Vell sold Orrin"),
        ("How much did Vell pay for Orrin?", "how much Vell paid for Orrin"),
        ("Which university did Ruiz attend?", "which university Ruiz attended"),
        ("When was Vell founded?", "when Vell was founded"),
        ("In which city was Ruiz born?", None),  # "born" is on no list
        ("How many boats does Vell have?", "how many boats Vell has"),
        ("Who replaced Ruiz?", "who replaced Ruiz"),
        ("Who is the mayor of Port Lyle?", "who the mayor of Port Lyle is"),
        ("How old is Ana Ruiz?", "how old Ana Ruiz is"),
        ("How old is he?", None),
        ("Did Vell sell Orrin?", None),
        ("Why did Vell not sell Orrin?", None),
        ("", None),
    ],
)
def test_indirect_question(question: str, told: str | None) -> None:
    assert indirect(question) == told
