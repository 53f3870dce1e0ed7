"""What kind of thing a question asks for, and what offers it."""

from __future__ import annotations

import pytest

from rag.question.asked import is_yes_or_no, kinds_asked, offer, replies_in_kind


@pytest.mark.parametrize(
    ("question", "kinds"),
    [
        ("Who founded it?", ["person"]),
        ("Which executive takes over?", ["person"]),
        ("What share does it hold?", ["share"]),
        ("How many people work there?", ["number"]),
        ("When did it open?", ["date"]),
        ("What does she earn?", ["money"]),
        ("How much voting power comes with its 49% stake?", []),
        ("In which year did it open?", ["date"]),
        ("How much did it pay?", ["money"]),
        ("How much capital was put into it?", ["money"]),
        ("How many billions did it pay?", ["number", "money"]),
        ("Its funding was worth how much?", ["money"]),
        ("What is the value of its investment?", ["money"]),
        ("What were its sales?", ["money"]),
        ("How much voting power comes with it?", []),
        ("What portion does it hold?", ["share"]),
        ("What did it spend on data centres?", ["money"]),
        ("What will happen to the proceeds of the investment?", []),
        ("What is superintelligence?", []),
        ("Where is the plant?", []),
        ("What does it mean when currencies float?", []),
        ("Which firm did the man who founded Acme join?", []),
        ("By whom and when was it founded?", ["person", "date"]),
        ("As of May 2025, who led it?", ["person"]),
        ("Since when does it exist?", ["date"]),
        ("What is the size of the fund?", ["number"]),
    ],
)
def test_kinds(question: str, kinds: list[str]) -> None:
    assert kinds_asked(question) == kinds


@pytest.mark.parametrize(
    ("question", "yes_or_no"),
    [("Is he leaving?", True), ("will it pay?", True), ("Who is he?", False), ("Island?", False)],
)
def test_yes_or_no(question: str, yes_or_no: bool) -> None:
    assert is_yes_or_no(question) is yes_or_no


def test_somebody_new_is_an_offer() -> None:
    assert offer("person", "Who takes over from Wang?", "Its chief will be Jason Droege.") == 1


def test_the_full_name_of_whom_the_question_names_is_none() -> None:
    assert offer("person", "Who takes over from Wang?", "Then came Alexandr Wang.") == -1


@pytest.mark.parametrize(
    ("sentence", "offered"), [("It holds 49% of it.", 1), ("It paid $14.3 billion.", -1)]
)
def test_a_share(sentence: str, offered: float) -> None:
    assert offer("share", "What share does it hold?", sentence) == offered


def test_a_number_of_the_question_itself_is_none() -> None:
    assert offer("number", "How many of the 20 plants closed?", "There are 20 plants.") == -1


@pytest.mark.parametrize(
    ("sentence", "offered"),
    [("It paid $5 million.", 1), ("It paid 5 million.", 0.3), ("It paid a lot.", -1)],
)
def test_money(sentence: str, offered: float) -> None:
    assert offer("money", "How much did it pay?", sentence) == offered


@pytest.mark.parametrize(
    ("sentence", "offered"), [("It opened in 2016.", 1), ("It opened in May.", 1), ("It did.", -1)]
)
def test_a_date(sentence: str, offered: float) -> None:
    assert offer("date", "When did it open?", sentence) == offered


SOURCE = "Alexandr Wang founded Scale AI. Meta hired Mr Wang. Jason Droege leads Scale AI."


@pytest.mark.parametrize(
    "reply", ["Alexandr Wang will replace Wang.", "Wang will join Meta.", "He will join it."]
)
@pytest.mark.parametrize("whom", ["Alexandr Wang", "Wang"])
def test_a_reply_of_another_kind(reply: str, whom: str) -> None:
    assert not replies_in_kind(f"Who takes over from {whom}?", reply, SOURCE)


@pytest.mark.parametrize("reply", ["Jason Droege takes over.", "Droege does."])
def test_a_reply_of_the_kind(reply: str) -> None:
    assert replies_in_kind("Who takes over from Alexandr Wang?", reply, SOURCE)


def test_a_family_name_may_begin_a_reply() -> None:
    assert replies_in_kind("Who founded Scale AI?", "Wang founded it in 2016.", SOURCE)


@pytest.mark.parametrize("reply", ["Meta bought it.", "It was bought by Meta.", "It was Meta."])
def test_a_company_that_did_it(reply: str) -> None:
    assert replies_in_kind("Who bought the stake in Scale AI?", reply, SOURCE)


@pytest.mark.parametrize(
    ("question", "reply"),
    [
        ("Who bought it?", "A group of investors bought it."),
        ("Who said that prices rose?", "The central bank said so."),
        ("When does it close?", "It closes next year."),
        ("When did it open?", "It opened three years ago."),
        ("How many people came?", "Thousands of people came."),
        ("How often do they meet?", "They meet weekly."),
        ("How large a stake did it take?", "It took a minority stake."),
        ("What share did it sell?", "It sold half of it."),
    ],
)
def test_a_reply_of_the_kind_without_name_date_or_number(question: str, reply: str) -> None:
    assert replies_in_kind(question, reply, reply)


@pytest.mark.parametrize("reply", ["The chief does.", "He joined it.", "The Wang company does."])
def test_a_group_of_the_question_or_none(reply: str) -> None:
    assert not replies_in_kind("Who follows chief Alexandr Wang?", reply, SOURCE)


def test_where_no_kind_is_asked_for_any_reply_will_do() -> None:
    assert replies_in_kind("Where is the plant?", "It is in Clinton.", "")


@pytest.mark.parametrize("reply", ["Wang will be Scale AI’s CEO.", "Then came Scale AI CEO Meta."])
def test_a_title_names_nobody(reply: str) -> None:
    source = "Alexandr Wang said that Jason Droege becomes Scale AI’s CEO."
    assert not replies_in_kind("Who will lead Scale AI after Alexandr Wang?", reply, source)


def test_a_name_after_a_title_does() -> None:
    reply = "It is led by Scale AI CEO Jason Droege."
    assert replies_in_kind("Who will lead Scale AI after Alexandr Wang?", reply, reply)


def test_a_company_with_capitals_is_nobody() -> None:
    question, reply = "Who takes over from Ann Lee?", "Vell AI CEO Ann Lee announced that she left."
    assert not replies_in_kind(question, reply, f"{reply} Vell AI’s sales rose.")


def test_a_common_word_that_begins_a_sentence_is_nobody() -> None:
    reply = "Company founder Ann Lee will join Tern."
    source = f"{reply} The company said so."
    assert not replies_in_kind("Who takes over from Ann Lee?", reply, source)


@pytest.mark.parametrize(
    "question",
    ["How big a stake is Vell getting in Tern?", "Vell now owns how much of Tern?",
     "How much of Tern does Vell own?", "How large is the share that Vell holds?"],
)  # fmt: skip
def test_a_sum_is_no_stake(question: str) -> None:
    assert not replies_in_kind(question, "Vell paid about $14 billion.", "")
    assert replies_in_kind(question, "Vell has a 49% stake.", "")
