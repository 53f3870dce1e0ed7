"""A passage's own words as the answer."""

from __future__ import annotations

import pytest
from fakes import ScriptedGenerator

from corpus.article import Article
from index.types import Hit, Passage
from rag.draft import show_quoted
from rag.quote import best_quote
from rag.types import Checked, Piece, Sentence

DEAL = Article(
    "deal", "A deal", "Both firms gave a statement. Meta paid $14.3 billion. It was in June."
)
TALKS = Article("talks", "Talks", "Meta may pay more than $10 billion for it.")
QUESTION = "How much did Meta pay?"


def hit(article: Article, score: float) -> Hit:
    return Hit(Passage(article, 0, len(article.body)), score)


def test_the_sentence_that_offers_what_is_asked() -> None:
    hits, (sentence,) = best_quote(QUESTION, [hit(DEAL, 0.9)], ScriptedGenerator())
    assert sentence.text == "Meta paid $14.3 billion."
    assert sentence.verdict == "supported"
    assert [c.quote for c in sentence.citations] == ["Meta paid $14.3 billion."]
    assert [h.passage.article for h in hits] == [DEAL]


def test_the_sentence_that_the_model_is_surest_of() -> None:
    class Sure(ScriptedGenerator):
        def sure_of(self, told: str) -> float:
            return 0.9 if "Reply: It was in June." in told else 0.2

    _, (sentence,) = best_quote("Was it in June?", [hit(DEAL, 0.9)], Sure())
    assert sentence.text == "It was in June."


def test_nothing_judged_is_nothing_to_quote() -> None:
    assert best_quote(QUESTION, [], ScriptedGenerator()) == ([], [])


def test_a_sentence_that_answers_in_a_passage_that_hardly_does_is_not_quoted() -> None:
    assert best_quote(QUESTION, [hit(TALKS, 0.05)], ScriptedGenerator()) == ([], [])


def test_a_sentence_that_does_not_answer_is_not_quoted() -> None:
    assert best_quote(QUESTION, [hit(DEAL, 0.9)], ScriptedGenerator(probability=0.05)) == ([], [])


def test_a_sentence_without_the_kind_of_thing_asked_for_is_not_quoted() -> None:
    assert best_quote("When will Meta pay?", [hit(TALKS, 0.9)], ScriptedGenerator()) == ([], [])


def test_a_sentence_that_lacks_a_name_of_the_question_is_not_quoted() -> None:
    asked = "How much did Meta pay for WhatsApp?"
    assert best_quote(asked, [hit(DEAL, 0.9)], ScriptedGenerator()) == ([], [])


def test_a_part_that_many_names_have_does_not_do() -> None:
    body = "Meta has set up Superintelligence Labs, which Alexandr Wang leads."
    labs = hit(Article("labs", "New labs", body), 0.9)
    assert best_quote("Who leads the Reality Labs?", [labs], ScriptedGenerator()) == ([], [])


def test_a_part_of_a_name_will_do() -> None:
    body = "Droege will stay on the board. It met."
    article = Article("board", "The board", body)
    _, (sentence,) = best_quote("Will Jason Droege stay?", [hit(article, 0.9)], ScriptedGenerator())
    assert sentence.text == "Droege will stay on the board."


@pytest.mark.parametrize(("asked", "quoted"), [("Was a statement made?", 1), ("Is it old?", 0)])
def test_the_least_of_the_question_s_words_that_it_must_hold(asked: str, quoted: int) -> None:
    _, sentences = best_quote(asked, [hit(DEAL, 0.9)], ScriptedGenerator(), least_words=0.5)
    assert len(sentences) == quoted


def test_of_two_that_answer_the_one_that_speaks_of_what_is_asked() -> None:
    body = "Wang announced that he will leave Scale. Wang keeps his seat on the board of Scale."
    judged = [hit(Article("seat", "A seat", body), 0.9)]

    class Sure(ScriptedGenerator):
        def sure_of(self, told: str) -> float:
            return 0.6 if "announced" in told else 0.5

    _, (sentence,) = best_quote("Does Wang keep a seat on the board of Scale?", judged, Sure())
    assert sentence.text == "Wang keeps his seat on the board of Scale."


def test_holding_the_question_s_words_is_not_enough() -> None:
    judged = [hit(Article("seat", "A seat", "Wang keeps his seat on the board of Scale."), 0.9)]
    unsure = ScriptedGenerator(probability=0.05)
    assert best_quote("Does Wang keep a seat on the board?", judged, unsure) == ([], [])


def test_what_is_quoted_is_shown_as_a_draft_that_was_checked() -> None:
    hits, (sentence,) = best_quote(QUESTION, [hit(DEAL, 0.9)], ScriptedGenerator())
    assert list(show_quoted(hits, [sentence])) == [
        Piece("Meta paid $14.3 billion. [1]"),
        Checked(0, sentence),
    ]


def test_a_quotation_that_reads_as_two_sentences_takes_the_place_of_none() -> None:
    """In the page each sentence of a draft is replaced by the one that was checked in its place."""
    quoted = Sentence("Meta paid it. Scale AI took it.")
    assert list(show_quoted([], [quoted])) == [Piece(quoted.text)]


def test_nothing_quoted_shows_nothing() -> None:
    assert list(show_quoted([hit(DEAL, 0.9)], [])) == []
