"""The report of a run: what it says, what it marks, and that nothing in it is read as markup."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from corpus.errors import BylineError
from eval.records import (
    CitationRecord,
    Figure,
    PassageRecord,
    PastTurn,
    Record,
    Result,
    Run,
    SentenceRecord,
    Summary,
    TimingsRecord,
    write_result,
)
from eval.report import groups, render_report, slices, write_report
from eval.report_views import (
    Part,
    about,
    expected,
    figure_row,
    find_words,
    outcome_counts,
    parts,
    place_quote,
    question_view,
)
from eval.report_words import show_day, show_value

BODY = "Meta paid $14.3 billion for 49% of Scale AI. The stake carries no voting power."
QUOTE = "The stake carries no voting power."
PASSAGE = PassageRecord("deal", "Meta buys into Scale AI", 100, 100 + len(BODY), BODY, 1.0)
OTHER = PassageRecord("chief", "A new chief", 0, 21, "Droege leads Scale AI", 0.5)
HOSTILE = (
    "<script>window.hacked = 1</script><img src=x onerror='window.hacked = 1'>"
    "\"'><svg onload=window.hacked=1> {{ 7 * 7 }} \u202ebackwards\u202c </details></main>"
)
LONG = "long" * 2500  # 10,000 characters without a place to break


def citation(quote: str = QUOTE, number: int = 1, start: int | None = None) -> CitationRecord:
    at = 100 + BODY.find(quote) if start is None else start
    return CitationRecord(
        number,
        "deal",
        "Meta buys into Scale AI",
        "The Daily",
        "2025-06-13",
        "https://news.example/deal",
        at,
        at + len(quote),
        quote,
    )


RIGHT = Record(
    id="q1",
    question="Does the stake carry votes?",
    outcome="right",
    answer="It carries no voting power. [1]",
    abstained=False,
    answerable=True,
    tags=("factual", "amount"),
    answers=("no voting power",),
    gold_articles=("deal",),
    gold_sentences=("Meta paid $14.3 billion for 49% of Scale AI.",),
    retrieved=(OTHER, PASSAGE),
    evidence=(PASSAGE, OTHER),
    given=(PASSAGE,),
    confidence=0.9,
    sentences=(SentenceRecord("It carries no voting power.", "supported", 1.0, (citation(),)),),
    timings=TimingsRecord(80, 4000, 9000, 900, 20),
    scores={"accuracy": 1.0, "citation_precision": None},
)
WRONG = replace(
    RIGHT,
    id="q2",
    outcome="used_but_wrong",
    tags=("factual",),
    confidence=0.4,
    scores={"accuracy": 0.0, "citation_precision": 1.0},
)
REFUSED = replace(
    RIGHT,
    id="q3",
    question="What is the capital of France?",
    outcome="refused_rightly",
    answer="The articles do not answer this question.",
    abstained=True,
    answerable=False,
    tags=("off-topic",),
    answers=(),
    gold_articles=(),
    gold_sentences=(),
    confidence=0.1,
    sentences=(SentenceRecord("The articles do not answer this question."),),
    timings=TimingsRecord(80, None, 2000, None, None),
    scores={"refusal_recall": 1.0},
)
RUN = Run(
    suite="gold",
    created_at="2026-11-22T06:03:00Z",
    model="scripted-1b",
    engine="llama.cpp",
    embedder="hashing",
    index_version="0001",
    articles=18,
    passages=74,
    seed=0,
    limit=None,
    settings={"retrieved": 12},
    byline="0.1.0",
    python="3.11",
    processor="x86",
    peak_memory_mb=1234.0,
)


def result_of(records: Sequence[Record]) -> Result:
    """A run of these records. Its figures are written by hand; nothing is computed."""
    metrics = {
        "accuracy": Figure(0.5, 0.25, 0.75, 2, "share"),
        "citation_precision": Figure(None, None, None, 0, "share"),
        "total_ms_p50": Figure(9000, 2000, 9000, 3, "ms"),
    }
    outcomes: dict[str, int] = {}
    for record in records:
        outcomes[record.outcome] = outcomes.get(record.outcome, 0) + 1
    tags = {tag: metrics for record in records for tag in record.tags}
    return Result(RUN, Summary(metrics, tags, outcomes), tuple(records))


class Reading(HTMLParser):
    """What a browser would make of a page: its elements, and the text of some of them."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text: dict[str, str] = {}
        self._open: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        self._open.reverse()
        self._open.remove(tag)
        self._open.reverse()

    def handle_data(self, data: str) -> None:
        for tag in self._open:
            self.text[tag] = self.text.get(tag, "") + data


def hostile_record() -> Record:
    """Hostile text wherever a set, an article or a model can put some."""
    bad = PassageRecord(HOSTILE, HOSTILE, 0, len(HOSTILE), HOSTILE, 1.0)
    cited = CitationRecord(
        1, HOSTILE, HOSTILE, HOSTILE, HOSTILE, "javascript:hacked = 1", 0, len(HOSTILE), HOSTILE
    )
    return replace(
        RIGHT,
        id=HOSTILE,
        question=HOSTILE + LONG,
        tags=(HOSTILE, LONG),
        answer=HOSTILE,
        answers=(HOSTILE, LONG),
        wrong_answers=(HOSTILE,),
        date=HOSTILE,
        gold_articles=(HOSTILE,),
        gold_sentences=(HOSTILE,),
        retrieved=(bad,),
        evidence=(replace(bad, text=HOSTILE + LONG), bad),
        given=(bad,),
        history=(PastTurn(HOSTILE, LONG),),
        sentences=(SentenceRecord(HOSTILE, "partly", 0.5, (cited, replace(cited, number=7))),),
        scores={HOSTILE: 1.0},
        error=HOSTILE,
    )


def hostile_result() -> Result:
    result = result_of([RIGHT, WRONG, REFUSED, hostile_record()])
    return replace(result, run=replace(RUN, suite=HOSTILE, model=HOSTILE, settings={"x": HOSTILE}))


class TestThePage:
    def test_nothing_of_others_becomes_markup(self) -> None:
        benign, hostile = (
            Reading(render_report(one)).tags for one in (result_of([RIGHT]), hostile_result())
        )
        assert {tag for tag, _ in hostile} == {tag for tag, _ in benign}
        assert [tag for tag, _ in hostile].count("script") == 1
        assert not [attrs for _, attrs in hostile if any(n.startswith("on") for n in attrs)]

    def test_only_addresses_of_the_web_become_links(self) -> None:
        links = [
            attrs.get("href")
            for tag, attrs in Reading(render_report(hostile_result())).tags
            if tag == "a"
        ]
        assert {link for link in links if link and not link.startswith("#")} == {
            "https://news.example/deal"
        }

    def test_it_asks_no_network(self) -> None:
        page = Reading(render_report(result_of([RIGHT])))
        assert not [attrs for _, attrs in page.tags if "src" in attrs]
        assert not [tag for tag, _ in page.tags if tag in ("link", "iframe", "object", "img")]
        assert not re.search(r"url\((?!#)|@import", page.text["style"])

    def test_only_its_own_script_may_run(self) -> None:
        tags = Reading(render_report(result_of([RIGHT]))).tags
        policy = next(a["content"] for t, a in tags if a.get("http-equiv"))
        assert policy is not None
        assert policy.startswith("default-src 'none'")
        assert "script-src 'sha256-" in policy

    def test_the_cited_sentence_is_marked_in_its_passage(self) -> None:
        page = render_report(result_of([RIGHT]))
        assert f"<mark>{QUOTE}</mark>" in page
        assert f'<span class="gold">{RIGHT.gold_sentences[0]}</span>' in page

    def test_a_citation_leads_to_its_passage(self) -> None:
        page = render_report(result_of([RIGHT]))
        assert 'href="#q1-p1"' in page
        assert 'id="q1-p1"' in page

    def test_no_score_is_said_and_is_no_zero(self) -> None:
        page = render_report(result_of([RIGHT]))
        assert "No score, as nothing gives one: Citations of a gold article (precision)." in page
        assert 'data-metric="citation_precision"' not in page

    def test_without_confidence_the_report_says_what_is_not_drawn(self) -> None:
        page = render_report(result_of([replace(RIGHT, confidence=None)]))
        assert "The reliability diagram is not drawn" in page
        assert 'id="plot-reliability"' not in page

    def test_with_confidence_all_plots_are_drawn(self) -> None:
        page = render_report(result_of([RIGHT, WRONG, REFUSED]))
        assert re.findall(r'id="plot-(\w+)"', page) == ["evidence", "risk", "reliability", "times"]

    def test_plots_take_the_colours_of_the_page(self) -> None:
        svg = "".join(
            re.findall(r"<figure.*?</figure>", render_report(result_of([RIGHT])), re.DOTALL)
        )
        assert "var(--blue)" in svg
        assert not re.search(r"#(?!fff)[0-9a-f]{6}[;\"]", svg)

    def test_the_same_run_gives_the_same_page(self) -> None:
        assert render_report(hostile_result()) == render_report(hostile_result())

    def test_a_run_without_questions_has_a_report(self) -> None:
        assert "0 questions" in render_report(result_of([]))

    def test_the_report_stands_beside_the_run(self, tmp_path: Path) -> None:
        write_result(result_of([RIGHT]), tmp_path / "gold.json")
        assert write_report(tmp_path / "gold.json") == tmp_path / "gold.html"
        page = (tmp_path / "gold.html").read_text(encoding="utf-8")
        assert page == render_report(result_of([RIGHT]))

    def test_where_it_cannot_be_written_is_named(self, tmp_path: Path) -> None:
        write_result(result_of([RIGHT]), tmp_path / "gold.json")
        (tmp_path / "gold.html").mkdir()
        with pytest.raises(BylineError, match=r"gold\.html"):
            write_report(tmp_path / "gold.json")


class TestQuotes:
    def test_a_quote_stands_where_its_offsets_say(self) -> None:
        # the passage begins at 100 of its article, and the quote at 45 of the passage
        assert place_quote(citation(), [PASSAGE]) == (45, 79)

    def test_wrong_offsets_are_mended_by_the_words(self) -> None:
        assert place_quote(citation(start=3), [PASSAGE]) == (45, 79)

    @pytest.mark.parametrize(
        "wrong", [citation(number=2), citation(number=0), citation("Not there.", start=100)]
    )
    def test_what_its_passage_does_not_hold_is_astray(self, wrong: CitationRecord) -> None:
        assert place_quote(wrong, [PASSAGE]) is None

    def test_a_passage_of_another_article_holds_nothing(self) -> None:
        assert place_quote(citation(), [replace(PASSAGE, article_id="other")]) is None

    def test_astray_citations_are_shown_apart(self) -> None:
        sentence = SentenceRecord("So it is.", "partly", 0.5, (citation(number=2),))
        view = question_view(1, replace(RIGHT, sentences=(sentence,)))
        assert [one.quote for one in view.astray] == [QUOTE]

    def test_white_space_does_not_matter(self) -> None:
        assert find_words("two  words", "in two\nwords") == (3, 12)
        assert find_words("  ", "text") is None

    def test_a_text_is_cut_where_spans_begin_and_end(self) -> None:
        # abcdef with cited 1-4 and gold 3-5: a | bc | d | e | f
        assert parts("abcdef", [(1, 4)], [(3, 5)]) == [
            Part("a", False, False),
            Part("bc", True, False),
            Part("d", True, True),
            Part("e", False, True),
            Part("f", False, False),
        ]


class TestViews:
    def test_how_far_a_gold_article_came(self) -> None:
        lost = replace(RIGHT, given=(OTHER,), sentences=())
        assert ("Gold article", "deal: found at rank 2, chosen") in expected(lost)
        assert ("Gold article", "deal: not found by the search, chosen") in expected(
            replace(lost, retrieved=())
        )

    def test_what_should_have_been_refused_says_so(self) -> None:
        assert expected(REFUSED) == [("Expected", "a refusal: the articles do not answer it")]

    def test_evidence_that_was_not_given_is_shown_apart(self) -> None:
        assert [p.article_id for p in question_view(1, RIGHT).unused] == ["chief"]

    def test_every_outcome_is_counted(self) -> None:
        counts = {one.name: one.count for one in outcome_counts([RIGHT, WRONG, RIGHT])}
        assert counts["right"] == 2
        assert counts["used_but_wrong"] == 1
        assert sum(counts.values()) == 3
        assert len(counts) == 9

    def test_of_claims_the_outcomes_are_judgements(self) -> None:
        view = question_view(1, RIGHT, "attribution")
        assert view.outcome.label == "Rightly supported"
        assert view.headings == ("The claim, as it was checked", "Its references")

    def test_tags_are_sliced_the_largest_first(self) -> None:
        tags = [(one.tag, one.questions) for one in slices(result_of([RIGHT, WRONG, REFUSED]))]
        assert tags == [("factual", 2), ("amount", 1), ("off-topic", 1)]

    def test_measures_are_grouped_and_named(self) -> None:
        metrics = {"recall@10": Figure(0.5, 0.4, 0.6, 9, "share"), "new": Figure(1, 1, 1, 9, "")}
        named = {group.name: group.rows[0].label for group in groups(metrics)}
        assert named == {"Finding": "Gold articles in the first 10", "Other measures": "New"}

    def test_a_share_is_drawn_and_a_time_is_not(self) -> None:
        drawn = figure_row("accuracy", Figure(0.5, 0.25, 0.75, 4, "share")).drawn
        assert drawn is not None
        assert (drawn.value, drawn.low, drawn.high) == (50, 25, 75)
        assert figure_row("total_ms_p50", Figure(900, 1, 1000, 4, "ms")).drawn is None

    def test_the_run_tells_what_was_set(self) -> None:
        assert ("Retrieved", "12") in about(result_of([RIGHT]))
        assert ("Limit", "none") in about(result_of([RIGHT]))


@pytest.mark.parametrize(
    ("value", "unit", "shown"),
    [
        (None, "share", "no score"),
        (0.6214, "share", "62.1%"),
        (850, "ms", "850 ms"),
        (12345, "ms", "12.35 s"),
        (1024, "tokens", "1,024 tokens"),
        (0.1234, "", "0.123"),
    ],
)
def test_a_value_is_shown_with_its_unit(value: float | None, unit: str, shown: str) -> None:
    assert show_value(value, unit) == shown


def test_a_day_is_written_out() -> None:
    assert show_day("2026-11-22T06:03:00Z") == "22 November 2026, 06:03 UTC"
    assert show_day("yesterday") == "yesterday"
