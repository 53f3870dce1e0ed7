"""Other articles that say what an answer says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from corpus.article import Article
from index.types import Copy, Hit, Passage
from rag.corroborate import MOST_CITED, corroborate
from rag.types import Citation, Sentence

SAID = "Meta paid $14.3 billion for 49% of Scale AI."


def article(id_: str, body: str) -> Article:
    return Article(id_, f"Title of {id_}", body, outlet=id_, language="en")


def whole(one: Article, copies: tuple[Copy, ...] = ()) -> Hit:
    return Hit(Passage(one, 0, len(one.body)), 0.5, copies=copies)


OWN = whole(article("own", f"{SAID} It was in June."))
SAME = whole(article("same", "It rained. For 49% of Scale AI, Meta paid $14.3 billion on Friday."))
LESS = whole(article("less", "Meta bought a part of Scale AI. It gave no figure."))
OTHER = whole(article("other", "Meta paid $14.8 billion for 49% of Scale AI."))


def answered(hit: Hit = OWN) -> Sentence:
    cited = Citation(1, hit.passage, 0, len(SAID))
    return Sentence(SAID, (cited,), "supported", 1.0)


def cited_by(others: list[Hit], own: Hit = OWN) -> list[str]:
    sentences, _ = corroborate([answered(own)], [own], others)
    return [citation.passage.article.id for citation in sentences[0].citations]


def test_an_article_that_says_the_same_is_cited_beside_it() -> None:
    assert cited_by([OWN, SAME]) == ["own", "same"]


def test_by_the_sentence_that_says_it() -> None:
    sentences, hits = corroborate([answered()], [OWN], [SAME])
    citation = sentences[0].citations[1]
    assert citation.quote == "For 49% of Scale AI, Meta paid $14.3 billion on Friday."
    assert hits[citation.number - 1].passage == citation.passage
    assert hits[0] == OWN


def test_one_that_says_less_or_another_thing_is_not() -> None:
    assert cited_by([LESS, OTHER]) == ["own"]


class Believing:
    """A support model that finds the same in all that holds the word "successor"."""

    name, least = "believing", 0.5

    def supports(self, claim: str, texts: Sequence[str]) -> list[float]:
        return [0.9 if "successor" in text else 0.1 for text in texts]


def test_one_that_says_it_in_other_words_is_as_the_support_model_tells() -> None:
    said = "Jason Droege is the new chief executive of Scale AI."
    own, title = whole(article("own", said)), "Scale AI gets a new chief executive"
    other = replace(article("other", "His successor is Jason Droege."), title=title)
    fewer = replace(article("fewer", "Jason Droege has left."), title=title)
    named = replace(article("named", "Her successor is Ada Ruiz."), title=title)
    answer = Sentence(said, (Citation(1, own.passage, 0, len(said)),), "supported", 1.0)
    for model, cited in ((None, ["own"]), (Believing(), ["own", "other"])):
        others = [whole(one) for one in (other, fewer, named)]
        sentences, _ = corroborate([answer], [own], others, model)
        assert [one.passage.article.id for one in sentences[0].citations] == cited


def test_copies_of_one_story_are_one_voice() -> None:
    copied = replace(OWN, copies=(Copy("same", "Title of same"),))
    assert cited_by([SAME], own=copied) == ["own"]
    again = whole(article("again", SAID), copies=(Copy("same", "Title of same"),))
    assert cited_by([again, SAME]) == ["own", "again"]


def test_no_more_than_a_few_are_cited() -> None:
    others = [whole(article(f"n{n}", SAID)) for n in range(MOST_CITED + 3)]
    assert len(cited_by(others)) == MOST_CITED


def test_a_place_that_a_hit_holds_already_gets_its_number() -> None:
    sentences, hits = corroborate([answered()], [OWN, SAME], [])
    assert [citation.number for citation in sentences[0].citations] == [1, 2]
    assert hits == [OWN, SAME]


def test_nothing_said_is_nothing_to_cite() -> None:
    assert corroborate([], [OWN], [SAME]) == ([], [OWN])
