"""A whole answer against anybody's articles."""

from __future__ import annotations

from corpus.article import Article
from rag.verify import Sources, check_answer

DEAL = Article("deal", "The deal", "Meta bought 49% of Scale AI. It cost $14.3 billion.")
CHIEF = Article("chief", "A new chief", "Jason Droege leads Scale AI. He came from Uber Eats.")


def test_each_sentence_has_its_verdict() -> None:
    checked = check_answer("Meta bought 49% of Scale AI. Jason Droege leads Meta.", [DEAL, CHIEF])
    assert [one.verdict for one in checked] == ["supported", "unsupported"]


def test_a_citation_has_the_number_of_its_article() -> None:
    (checked,) = check_answer("Jason Droege leads Scale AI.", [DEAL, CHIEF])
    (citation,) = checked.citations
    assert (citation.number, citation.quote) == (2, "Jason Droege leads Scale AI.")


def test_a_marker_names_an_article() -> None:
    twice = [CHIEF, Article("copy", "Another", CHIEF.body)]
    (checked,) = check_answer("Jason Droege leads Scale AI [2].", twice)
    assert [one.number for one in checked.citations] == [2]


def test_a_wrong_marker_is_replaced() -> None:
    (checked,) = check_answer("Jason Droege leads Scale AI [1].", [DEAL, CHIEF])
    assert [one.number for one in checked.citations] == [2]


def test_markers_may_mean_something_else() -> None:
    twice = [CHIEF, Article("copy", "Another", CHIEF.body)]
    texts = ["Jason Droege leads Scale AI [1].", "Jason Droege leads Scale AI [2]."]
    first, second = (check_answer(text, twice, markers=False) for text in texts)
    assert first == second
    assert first[0].text == "Jason Droege leads Scale AI."


def test_parts_of_a_sentence_may_stand_in_two_articles() -> None:
    text = "Meta bought 49% of Scale AI, while Jason Droege leads Scale AI."
    (checked,) = check_answer(text, [DEAL, CHIEF])
    assert checked.verdict == "supported"
    assert [one.number for one in checked.citations] == [1, 2]


def test_one_wrong_part_is_one_too_many() -> None:
    text = "Meta bought 49% of Scale AI, while Jason Droege leads Microsoft."
    (checked,) = check_answer(text, [DEAL, CHIEF])
    assert checked.verdict == "unsupported"
    assert checked.citations == ()


def test_no_articles_support_nothing() -> None:
    (checked,) = check_answer("Meta bought 49% of Scale AI.", [])
    assert (checked.verdict, checked.why) == ("unsupported", "no passage says this")


def test_an_empty_answer_has_no_sentences() -> None:
    assert check_answer("  \n", [DEAL]) == []


def test_sources_serve_many_answers() -> None:
    sources = Sources([DEAL, CHIEF])
    texts = ["It cost $14.3 billion.", "Jason Droege leads Scale AI."]
    assert [check_answer(text, sources)[0].verdict for text in texts] == ["supported"] * 2
