"""What the model reads in single articles, and when it is held to differ from the answer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import pytest
from fakes import ScriptedGenerator, TaughtGenerator
from test_rag_disagreement import found, hit, report, values

from corpus.article import Article
from index.sentences import sentence_spans
from index.types import Copy, Hit
from rag.differences.disagreement import Told, tell_differences
from rag.differences.voices import MOST_READ, Reader, asks_one_value
from rag.evidence import Candidate
from rag.types import Citation, Message, Sentence

QUESTION = "Which country does the Vell plant stand in?"
NORWAY = report("The Vell plant stands in Norway, its owner said.", "The Daily", "2025-06-12")
SWEDEN = report("Vell makes its steel in a plant in Sweden.", "Wire")


def tell(generator: ScriptedGenerator, *hits: Hit, question: str = QUESTION) -> Told:
    """What becomes of an answer that quotes the first sentence of the first hit's article."""
    return tell_by(Reader(hits, (), generator), hits, question)


def tell_by(reader: Reader, hits: Sequence[Hit], question: str = QUESTION) -> Told:
    start, end = sentence_spans(hits[0].passage.text)[0]
    citation = Citation(1, hits[0].passage, start, end)
    answer = Sentence(hits[0].passage.text[start:end], (citation,), "supported", 1.0)
    return tell_differences(question, [answer], hits[:1], hits, reader)


@pytest.mark.parametrize(
    "question",
    [
        "Who runs Vell?",
        "When does the line open?",
        "Which sport does Ruiz play?",
        "In what capacity does Ruiz head Vell?",
        "What is the mascot of the school?",
        "What is Vell's home town?",
        "How many mines has Vell?",
    ],
)
def test_one_value_is_asked_for(question: str) -> None:
    assert asks_one_value(question)


@pytest.mark.parametrize(
    "question",
    [
        "Why did Ruiz leave?",
        "How did the plant come to Norway?",
        "What did Ruiz say?",
        "What will happen with the money?",
        "What are the reasons for the strike?",
        "What is the difference between both?",
        "Did Ruiz leave?",
        "Is it Norway or Sweden?",
    ],
)
def test_several_values_may_answer(question: str) -> None:
    assert not asks_one_value(question)


def test_values_of_no_kind_that_the_rules_know() -> None:
    told = tell(TaughtGenerator("Norway", "Sweden"), hit(NORWAY), hit(SWEDEN))
    assert (found(told).kind, found(told).about) == ("different", "the country")
    assert values(told) == ["Sweden", "Norway"]
    assert told.sentences[-1].text == (
        "Reports differ: Wire (13 June 2025) says Sweden; The Daily (12 June 2025) says Norway."
    )
    assert [c.quote for c in told.sentences[-1].citations] == [SWEDEN.body, NORWAY.body]


@pytest.mark.parametrize(
    ("one", "other", "replies"),
    [
        ("It is built in Oslo.", "It is built in Oslo, Norway.", ("Oslo, Norway", "Oslo")),
        ("It is in the US.", "It is in America.", ("US", "America")),
        ("Dr. Ana Ruiz runs it.", "Ruiz runs it.", ("Dr. Ana Ruiz", "Ruiz")),
        ("It is a film.", "It is one of the films of 1956.", ("films", "film")),
    ],
)
def test_the_same_in_other_words(one: str, other: str, replies: tuple[str, ...]) -> None:
    articles = [report(body, outlet) for body, outlet in ((one, "The Daily"), (other, "Wire"))]
    told = tell(TaughtGenerator(*replies), *map(hit, articles), question="Where is it?")
    assert not told.disagreements


def test_an_article_that_states_the_answer_too_does_not_differ() -> None:
    both = report("Vell buys its steel in Sweden. The Vell plant is in Norway.", "Wire")
    told = tell(TaughtGenerator("Sweden", "Norway"), hit(NORWAY), hit(both))
    assert not told.disagreements


def test_an_answer_whose_article_states_the_other_value_too_does_not_differ() -> None:
    both = report("The Vell plant stands in Norway. Its ore comes from Sweden.", "The Daily")
    generator = TaughtGenerator("Norway", "Sweden")
    assert not tell(generator, hit(both), hit(SWEDEN)).disagreements


def test_what_the_passage_does_not_hold_is_not_believed() -> None:
    class Inventing(TaughtGenerator):
        def generate(self, messages: Sequence[Message]) -> Iterator[str]:
            yield "Norway" if "Norway" in messages[-1].content else "Denmark"

    assert not tell(Inventing(), hit(NORWAY), hit(SWEDEN)).disagreements


def test_the_value_that_is_read_for_the_answer_must_be_the_answers() -> None:
    quoted = report("Built in Norway, the Vell plant gets its ore from Kiruna.", "The Daily")
    generator = TaughtGenerator("Kiruna", "Sweden")
    hits = [hit(quoted), hit(SWEDEN)]
    citation = Citation(1, hits[0].passage, 0, len(quoted.body))
    answer = Sentence("The Vell plant is in Norway.", (citation,), "supported", 1.0)
    told = tell_differences(QUESTION, [answer], hits[:1], hits, Reader(hits, (), generator))
    assert not told.disagreements


def test_a_reply_of_many_words_is_no_value() -> None:
    long = "Sweden and all the other countries around the Baltic Sea"
    other = report(f"Vell makes its steel in {long}.", "Wire")
    assert not tell(TaughtGenerator("Norway", long), hit(NORWAY), hit(other)).disagreements


def test_a_model_that_was_taught_nothing_is_not_asked() -> None:
    generator = ScriptedGenerator("Sweden")
    assert not tell(generator, hit(NORWAY), hit(SWEDEN)).disagreements
    assert not generator.asked


def test_a_doubtful_passage_is_not_read() -> None:
    generator = TaughtGenerator("Norway", "Sweden")
    doubtful = Hit(hit(SWEDEN).passage, 0.1)
    assert not tell(generator, hit(NORWAY), doubtful).disagreements
    assert not generator.asked


def test_what_repeats_the_answer_is_not_read() -> None:
    generator = TaughtGenerator("Norway")
    repeated = report("It is known that the plant which its owner said stands in Norway.", "Wire")
    assert not tell(generator, hit(NORWAY), hit(repeated)).disagreements
    assert not generator.asked


def test_copies_are_one_voice() -> None:
    copied = hit(NORWAY, Copy(SWEDEN.id, "Wire", None, "2025-06-13"))
    generator = TaughtGenerator("Norway", "Sweden")
    assert not tell(generator, copied, hit(SWEDEN)).disagreements
    assert not generator.asked


def test_what_the_rules_find_is_not_read() -> None:
    generator = TaughtGenerator("14", "17")
    one = report("Vell has 14 mines.", "The Daily", "2025-06-12")
    told = tell(
        generator,
        hit(one),
        hit(report("Vell has 17 mines.", "Wire")),
        question="How many mines has Vell?",
    )
    assert values(told) == ["17", "14"]
    assert not generator.asked


def test_only_so_many_are_read() -> None:
    towns = [f"Town{letter}" for letter in "abcdefg"]
    others = [hit(report(f"Vell makes steel in {town}.", town)) for town in towns]
    generator = TaughtGenerator("Norway", *towns)
    told = tell(generator, hit(NORWAY), *others)
    assert len(generator.asked) == 1 + MOST_READ
    assert len(values(told)) == 1 + MOST_READ


def test_figures_keep_what_bounds_them() -> None:
    one = report("Vell's plant, the largest, weighs 90 tons.", "The Daily", "2025-06-12")
    other = report("The largest has more than 80 tons.", "Wire")
    told = tell(
        TaughtGenerator("90 tons", "80 tons"),
        hit(one),
        hit(other),
        question="What is the weight of the plant?",
    )
    assert found(told).kind == "compatible"
    assert values(told) == ["more than 80", "90"]


@pytest.mark.parametrize(
    ("body", "reply"),
    [
        ("Its steel output should come to 80 tons by the end of 2024.", "80 tons"),
        ("In 2023 it made steel by the ship, 80 tons in all.", "80 tons"),
        ("Its plant, until now that of 80 tons.", "80 tons"),
    ],
)
def test_another_time_and_a_forecast_are_no_other_value(body: str, reply: str) -> None:
    one = report("Vell's plant made steel that weighed 90 tons in 2024.", "The Daily")
    told = tell(
        TaughtGenerator("90 tons", reply),
        hit(one),
        hit(report(body, "Wire")),
        question="What was the weight of the steel in 2024?",
    )
    assert not told.disagreements


@pytest.mark.parametrize(
    "body", ["Ana Ruiz, until now the head of Vell, leaves.", "Ana Ruiz would become its head."]
)
def test_who_was_or_may_become_something_is_no_other_value(body: str) -> None:
    one = report("John Roe is the head of Vell.", "The Daily")
    generator = TaughtGenerator("John Roe", "Ana Ruiz")
    hits = (hit(one), hit(report(body, "Wire")))
    assert not tell(generator, *hits, question="Who is the head of Vell?").disagreements


def test_the_number_of_a_name_is_no_figure() -> None:
    one = report("The tool is made of Vell 3.", "The Daily", "2025-06-12")
    other = report("They made the tool of the model Brant 3.", "Wire")
    told = tell(
        TaughtGenerator("Vell 3", "Brant 3"),
        hit(one),
        hit(other),
        question="On which model is the tool based?",
    )
    assert values(told) == ["Brant 3", "Vell 3"]


def test_a_year_alone_is_not_the_day_that_the_answer_gives() -> None:
    one = report("Roe first saw light on 15 May 1885.", "The Daily", "2025-06-12")
    other = report("Roe's life began on 22 October 1885. In 1885 his father died.", "Wire")
    told = tell(
        TaughtGenerator("15 May 1885", "22 October 1885"),
        hit(one),
        hit(other),
        question="What is the birthday of Roe?",
    )
    assert values(told) == ["22 October 1885", "15 May 1885"]


def sentence_of(article: Article, score: float) -> Candidate:
    return Candidate(hit(article), 0, len(article.body), score, 0.0)


def test_an_article_that_was_not_judged_is_judged_if_it_is_near() -> None:
    generator = TaughtGenerator("Norway", "Sweden")
    near, far = sentence_of(SWEDEN, 0.9), sentence_of(SWEDEN, 0.5)
    best = sentence_of(NORWAY, 1.0)
    hits = [hit(NORWAY)]
    assert values(tell_by(Reader(hits, (best, near), generator), hits)) == ["Sweden", "Norway"]
    assert not tell_by(Reader(hits, (best, far), generator), hits).disagreements


def test_what_repeats_the_answer_is_not_judged() -> None:
    judged: list[str] = []

    class Listening(TaughtGenerator):
        def states_answer(
            self, question: str, passages: Sequence[tuple[str, str]]
        ) -> list[float] | None:
            judged.extend(text for _, text in passages)
            return super().states_answer(question, passages)

    repeated = report("As its owner said, the plant stands in Norway.", "Wire")
    hits = [hit(NORWAY)]
    ranked = (sentence_of(NORWAY, 1.0), sentence_of(repeated, 0.9), sentence_of(SWEDEN, 0.8))
    generator = Listening("Norway", "Sweden")
    assert values(tell_by(Reader(hits, ranked, generator), hits)) == ["Sweden", "Norway"]
    assert judged == [SWEDEN.body]


def test_what_was_not_read_before_the_answer_is_judged_now() -> None:
    unread = replace(hit(SWEDEN), score=0.0)
    hits = [hit(NORWAY), unread]
    for doubts, differs in (({}, True), ({"Sweden": 0.3}, False)):
        generator = TaughtGenerator("Norway", "Sweden", doubts=doubts)
        assert bool(tell_by(Reader(hits, (), generator, [unread]), hits).disagreements) == differs
    assert not tell_by(Reader(hits, (), TaughtGenerator("Norway", "Sweden")), hits).disagreements
