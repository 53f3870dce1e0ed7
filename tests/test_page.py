"""The page's own part: from events to escaped HTML, without a browser."""

from __future__ import annotations

import re
import threading
from dataclasses import replace

import pytest
from fakes import ScriptedDescription, ScriptedPipeline, Step

from corpus.article import Article
from corpus.errors import BylineError
from index.types import Hit, Passage
from page.chat import LOADING, LOOKING, WAITING, Chat, Exchange, Loading, run
from page.evidence import CHANGED, render_article, render_earlier, render_evidence
from page.narrow_view import scope_of
from page.render import (
    STOPPED,
    STOPPED_EARLY,
    address_of_quote,
    render_about,
    render_exchange,
)
from rag.line import CROWDED, Line
from rag.narrow import Named
from rag.types import (
    Answer,
    Checked,
    Citation,
    Claim,
    Difference,
    Disagreement,
    Done,
    Found,
    Piece,
    Sentence,
    Timings,
    Turn,
)
from rag.wording import FAILED

HOSTILE = (
    "<img src=x onerror=\"document.title='owned'\"><script>document.title='owned'</script> "
    "**bold** ![i](http://evil.test/i.png) [1](javascript:alert(1)) ${document.title} {{value}}"
)
ARTICLE = Article(
    id="stake",
    title="Meta takes 49% of Scale AI",
    body="Meta bought a stake. It paid $14.3 billion for 49%. Scale AI keeps its name.",
    url="https://news.example/stake?a=1&b=2",
    outlet="The Ledger",
    published_at="2025-06-13T09:30:00+02:00",
)
CHIEF = Article(
    id="chief", title="A new chief", body="Jason Droege is the new chief.", outlet="Wire"
)


def hit(article: Article, start: int = 0, end: int | None = None) -> Hit:
    return Hit(Passage(article, start, len(article.body) if end is None else end), 1.0)


def cite(number: int, article: Article, quote: str) -> Citation:
    start = article.body.index(quote)
    return Citation(number, Passage(article, 0, len(article.body)), start, start + len(quote))


def answer_of(question: str, *sentences: Sentence, hits: tuple[Hit, ...], **more: object) -> Answer:
    fields = {"abstained": False, "raw": "", "model": "scripted-1b", "index_version": "0001"}
    timings = Timings(retrieve_ms=40, total_ms=7900, first_token_ms=2100)
    return Answer(question, sentences, hits, timings=timings, **{**fields, **more})  # type: ignore[arg-type]


HITS = (hit(CHIEF), hit(ARTICLE))
PAID = Sentence(
    "Meta paid $14.3 billion.", (cite(2, ARTICLE, "It paid $14.3 billion for 49%."),), "partly", 0.5
)


LONG_ANSWER = answer_of(
    "What?",
    *(PAID for _ in range(4)),
    hits=(*HITS, *(hit(replace(ARTICLE, body="A sentence of the news. " * 25)) for _ in range(4))),
)


def done(exchange: Exchange, *sentences: Sentence, **more: object) -> Exchange:
    exchange.take(Found(HITS))
    exchange.take(Done(answer_of(exchange.question, *sentences, hits=HITS, **more)))
    exchange.stage = "settled"
    return exchange


def asked(question: str = "What did it pay?") -> Exchange:
    return Exchange(1, question)


def played(pipeline: ScriptedPipeline, exchange: Exchange) -> list[str]:
    """What the chat shows after each step."""
    return [render_exchange(exchange) for _ in run(exchange, Loading(lambda: pipeline), [])]


def complete_script() -> dict[str, list[Step]]:
    question = asked().question
    return {question: [Found(HITS), Done(answer_of(question, PAID, hits=HITS))]}


def test_a_question_is_escaped() -> None:
    assert "<img" not in render_exchange(asked(HOSTILE))
    assert "&lt;img src=x onerror=" in render_exchange(asked(HOSTILE))


def test_a_draft_is_escaped_and_its_markers_link_to_their_passages() -> None:
    exchange = asked()
    exchange.take(Found(HITS))
    exchange.take(Piece("<b>So</b> it paid. [2]"))
    html = render_exchange(exchange)
    assert "&lt;b&gt;So&lt;/b&gt;" in html
    assert "href='#evidence-1-2'" in html


def test_a_marker_without_a_passage_stays_text() -> None:
    exchange = asked()
    exchange.take(Found(HITS))
    exchange.take(Piece("It paid. [3] [0]"))
    html = render_exchange(exchange)
    assert "[3] [0]" in html
    assert "<sup" not in html


def test_an_answer_replaces_the_draft() -> None:
    exchange = asked()
    exchange.take(Piece("It may have paid more."))
    html = render_exchange(done(exchange, PAID))
    assert "may have paid" not in html
    assert "Meta paid $14.3 billion." in html


def test_an_answer_is_escaped() -> None:
    html = render_exchange(done(asked(), Sentence(HOSTILE)))
    assert "<img" not in html
    assert "<script" not in html


def test_a_verdict_is_said_in_words() -> None:
    html = render_exchange(done(asked(), PAID))
    assert "aria-label='The cited passages say only a part of this (50% of it)'" in html


def test_a_verdict_says_why() -> None:
    why = replace(PAID, why="no passage says <now>")
    html = render_exchange(done(asked(), why))
    assert "a part of this (50% of it): no passage says &lt;now&gt;'" in html


def test_sentences_take_their_verdicts_one_by_one() -> None:
    exchange = asked()
    for event in (Found(HITS), Piece("Meta paid. [2] It <b> owns all. [1]"), Checked(0, PAID)):
        exchange.take(event)
    html = render_exchange(exchange)
    assert html.index("class='verdict partly'") < html.index("It &lt;b&gt; owns all.")
    exchange.take(Checked(1, None))
    assert "class='dropped'" in render_exchange(exchange)


def test_what_is_told_of_an_answer_stands_below_it_so_that_it_does_not_move() -> None:
    html = render_exchange(done(asked(), PAID, understood="What did Meta pay?", note="Old."))
    assert html.index("class='answer'") < html.index("Understood as") < html.index("Old.")


def test_a_long_quote_is_found_by_its_ends() -> None:
    address = address_of_quote(
        "https://a.example/b#c", "one two three, four five six seven eight-9 ten"
    )
    assert (
        address
        == "https://a.example/b#c:~:text=one%20two%20three%2C%20four,six%20seven%20eight%2D9%20ten"
    )


def test_an_article_is_read_with_its_cited_sentence_marked() -> None:
    now = replace(ARTICLE, body=f"Updated. {ARTICLE.body}")
    html = render_article(done(asked(), PAID), 2, now)
    assert "Updated. Meta bought a stake. <mark>It paid $14.3 billion for 49%.</mark>" in html
    assert CHANGED not in html


@pytest.mark.parametrize("held", [None, replace(ARTICLE, body="Withdrawn.")])
def test_an_article_that_has_gone_or_changed_is_read_as_it_was_kept(held: Article | None) -> None:
    html = render_article(done(asked(), PAID), 2, held)
    assert CHANGED in html
    assert "<mark>It paid $14.3 billion for 49%.</mark>" in html


def test_a_sentence_that_was_not_checked_has_no_mark() -> None:
    assert "verdict" not in render_exchange(done(asked(), Sentence("It paid.", PAID.citations)))


def test_the_marks_of_an_answer_are_explained_below_it() -> None:
    html = render_exchange(done(asked(), PAID))
    assert html.count("class='key'") == 1
    assert "</i>Partly supported</span>" in html


def test_a_passage_cited_twice_by_a_sentence_has_one_number() -> None:
    twice = Sentence("It paid.", (PAID.citations[0], PAID.citations[0]))
    assert render_exchange(done(asked(), twice)).count("<sup") == 1


def test_the_cited_sentence_is_marked_in_its_passage() -> None:
    html = render_evidence(done(asked(), PAID))
    assert "Meta bought a stake. <mark>It paid $14.3 billion for 49%.</mark> Scale AI keeps" in html


def test_overlapping_quotes_are_marked_once() -> None:
    more = Sentence("All.", (cite(2, ARTICLE, "$14.3 billion for 49%. Scale AI"),))
    html = render_evidence(done(asked(), PAID, more))
    assert "<mark>It paid $14.3 billion for 49%.</mark><mark> Scale AI</mark> keeps" in html


def test_cited_passages_stand_first_and_the_others_are_folded() -> None:
    html = render_evidence(done(asked(), PAID))
    folded = html.index("<details class='uncited'>")
    assert html.index("id='evidence-1-2'") < folded < html.index("id='evidence-1-1'")


def test_a_passage_names_outlet_and_day_and_links_to_its_article() -> None:
    html = render_evidence(done(asked(), PAID))
    assert "<bdi>The Ledger</bdi> · <time>13 June 2025</time>" in html
    quoted = "https://news.example/stake?a=1&amp;b=2#:~:text=It%20paid%20%2414.3%20billion%20for%2049%25."
    assert f"<a href='{quoted}' target='_blank' rel='noopener" in html


@pytest.mark.parametrize(
    "url",
    ["javascript:alert(1)", "data:text/html,x", "file:///etc/passwd", "http:", "//x", "[", ""],
)
def test_only_web_addresses_become_links(url: str) -> None:
    exchange = asked()
    exchange.take(Found((hit(Article("a", "Title", "Body.", url=url)),)))
    assert "<a " not in render_evidence(exchange)


def test_an_article_is_escaped() -> None:
    exchange = asked()
    exchange.take(Found((hit(Article(HOSTILE, HOSTILE, HOSTILE, outlet=HOSTILE)),)))
    html = render_evidence(exchange)
    assert "<img" not in html
    assert "<script" not in html


def test_a_passage_cut_from_its_article_shows_that_it_goes_on() -> None:
    exchange = asked()
    exchange.take(Found((hit(ARTICLE, 21, 51),)))
    assert "dir='auto'>…&nbsp;It paid $14.3 billion for 49%.&nbsp;…</b" in render_evidence(exchange)


def test_a_refusal_shows_the_closest_passages() -> None:
    exchange = done(asked(), Sentence("The articles do not say."), abstained=True)
    assert "Closest passages" in render_evidence(exchange)
    assert "<details" not in render_evidence(exchange)
    assert "class='answer refusal'" in render_exchange(exchange)


def test_no_passage_is_said() -> None:
    exchange = asked()
    exchange.take(Found(()))
    assert "No passage was found." in render_evidence(exchange)


def test_a_disagreement_shows_each_value_with_its_source() -> None:
    claims = (Claim("49%", PAID.citations[0]), Claim("<i>", cite(1, CHIEF, "Jason Droege")))
    html = render_exchange(done(asked(), PAID, disagreements=(Disagreement("the stake", claims),)))
    assert "Sources disagree: <bdi>the stake</bdi>" in html
    assert "<b>49%</b>" in html
    assert "<b>&lt;i&gt;</b>" in html
    assert "<q dir='auto'>Jason Droege</q>" in html


@pytest.mark.parametrize(
    ("kind", "heading"),
    [
        ("compatible", "Sources are not equally exact"),
        ("corrected", "A source was corrected"),
        ("changed", "It changed"),
    ],
)
def test_a_disagreement_says_how_far_sources_are_apart(kind: Difference, heading: str) -> None:
    claims = (Claim("49%", PAID.citations[0]), Claim("47%", cite(1, CHIEF, "Jason Droege")))
    disagreement = Disagreement("the stake", claims, kind)
    html = render_exchange(done(asked(), PAID, disagreements=(disagreement,)))
    assert f"<aside class='disagreement {kind}' aria-label='{heading}'>" in html
    assert f"<h3>{heading}: <bdi>the stake</bdi></h3>" in html


def test_a_value_that_no_longer_stands_says_why() -> None:
    claims = (Claim("47%", PAID.citations[0], "corrected <b> by the outlet"),)
    html = render_exchange(done(asked(), PAID, disagreements=(Disagreement("it", claims),)))
    assert "<em class='outdated'>corrected &lt;b&gt; by the outlet</em>" in html


def test_what_a_disagreement_cites_is_marked_in_the_evidence() -> None:
    claims = (Claim("49%", PAID.citations[0]), Claim("no", cite(1, CHIEF, "Jason Droege")))
    html = render_evidence(done(asked(), PAID, disagreements=(Disagreement("it", claims),)))
    assert "<mark>Jason Droege</mark>" in html


def test_earlier_evidence_is_folded_under_its_question() -> None:
    html = render_earlier([done(asked("Why & how?"), PAID)])
    assert "<summary>Evidence for <q>Why &amp; how?</q></summary>" in html


def test_the_foot_names_model_index_and_articles() -> None:
    html = render_about(ScriptedPipeline({}).describe())
    assert "<b>scripted-1b</b>" in html
    assert "<b>18 articles</b>" in html
    assert "Newest <b>13 June 2025</b>" in html


def test_loading_is_said_before_the_first_event() -> None:
    shown = played(ScriptedPipeline({"What did it pay?": [Found(HITS)]}), asked())
    assert LOADING in shown[0]


def test_checking_is_said_while_the_draft_stands() -> None:
    exchange = asked()
    for event in (Found(HITS), Piece("It paid."), Checked(0, PAID)):
        exchange.take(event)
    html = render_exchange(exchange)
    assert "class='answer draft'" in html
    assert "Checking the answer: 1 sentence done…" in html


def test_an_error_for_the_reader_is_shown_as_it_stands() -> None:
    pipeline = ScriptedPipeline({"What did it pay?": [BylineError("The index is <gone>.")]})
    assert "role='alert'>The index is &lt;gone&gt;.</p>" in played(pipeline, asked())[-1]


def test_an_unforeseen_error_goes_to_the_log(caplog: pytest.LogCaptureFixture) -> None:
    pipeline = ScriptedPipeline({"What did it pay?": [Found(HITS), ZeroDivisionError("secret")]})
    shown = played(pipeline, asked())[-1]
    assert FAILED.format(kind="ZeroDivisionError") in shown
    assert "secret" not in shown
    assert "ZeroDivisionError: secret" in caplog.text


def test_events_that_end_without_an_answer_are_an_error(caplog: pytest.LogCaptureFixture) -> None:
    shown = played(ScriptedPipeline({"What did it pay?": [Found(HITS)]}), asked())[-1]
    assert FAILED.format(kind="RuntimeError") in shown


def test_a_failed_load_is_tried_again() -> None:
    tries = [BylineError("No weights."), None]

    def load() -> ScriptedPipeline:
        if (error := tries.pop(0)) is not None:
            raise error
        return ScriptedPipeline({})

    loading = Loading(load)
    with pytest.raises(BylineError):
        loading.get()
    assert loading.get() is loading.get()


def test_a_load_that_failed_in_the_background_is_tried_again() -> None:
    tries, failed = [BylineError("No weights."), None], threading.Event()

    def load() -> ScriptedPipeline:
        if (error := tries.pop(0)) is not None:
            failed.set()
            raise error
        return ScriptedPipeline({})

    loading = Loading(load)
    loading.begin()
    assert failed.wait(20)
    assert loading.get() is loading.get()


def test_waiting_for_the_model_can_be_stopped() -> None:
    begun, go_on = threading.Event(), threading.Event()
    pipeline = ScriptedPipeline(complete_script())

    def load() -> ScriptedPipeline:
        begun.set()
        assert go_on.wait(20)
        return pipeline

    loading, exchange = Loading(load), asked()
    loading.begin()
    assert begun.wait(20)
    steps = run(exchange, loading, [])
    next(steps)
    assert exchange.notice == LOADING
    next(steps)
    assert re.fullmatch(rf"{LOADING} \d+ s", exchange.notice)
    exchange.stop_asked = True
    assert list(steps) == [None]
    assert exchange.stage == "answered"
    go_on.set()
    assert pipeline.asked == []


def test_one_question_waits_for_another_and_is_told_so() -> None:
    line, script = Line(), complete_script()
    first, second = asked(), asked()
    one = run(first, Loading(lambda: ScriptedPipeline(script)), [], line)
    two = run(second, Loading(lambda: ScriptedPipeline(script)), [], line)
    next(one)
    next(two)
    assert second.notice == WAITING.format(before="1 question", about="")
    list(one)
    list(two)
    assert second.answer is not None


def test_how_long_it_takes_is_told_from_the_answers_before() -> None:
    line = Line()
    assert line.about(1) == ""
    for seconds in (4.0, 6.4, 90.0):
        line.took(seconds)
    assert line.about(1) == ", about 6 s"  # the median
    assert line.about(2) == ", about 13 s"
    exchange = asked()
    steps = run(exchange, Loading(lambda: ScriptedPipeline(complete_script())), [], line)
    notices = [exchange.notice for _ in steps]
    assert LOOKING.format(about=", about 6 s") in notices
    assert "Reading 2 passages, about 6 s…" in notices
    kept = replace(answer_of("Who?", PAID, hits=HITS), timings=Timings(1.0, 2.0, cached=True))
    for _ in range(9):  # what was kept says nothing of those that are not
        list(
            run(
                Exchange(1, "Who?"),
                Loading(lambda: ScriptedPipeline({"Who?": [Done(kept)]})),
                [],
                line,
            )
        )
    assert line.about(1) == ", about 7 s"


def test_who_stops_or_leaves_while_waiting_is_in_nobodys_way() -> None:
    line, pipeline = Line(), ScriptedPipeline(complete_script())
    runs = [run(one := asked(), Loading(lambda: pipeline), [], line) for _ in range(3)]
    for step in runs:
        next(step)
    one.stop_asked = True
    list(runs[2])
    runs[0].close()
    list(runs[1])
    assert len(pipeline.asked) == 1


def test_a_kept_answer_says_nothing_of_how_long_one_takes() -> None:
    line, done = Line(), answer_of("What did it pay?", PAID, hits=HITS)
    kept = replace(done, timings=replace(done.timings, cached=True))
    for answer, about in ((kept, ""), (done, ", about 8 s")):
        pipeline = ScriptedPipeline({"What did it pay?": [Found(HITS), Done(answer)]})
        list(run(asked(), Loading(lambda p=pipeline: p), [], line))
        assert line.about(1) == about


def test_who_comes_to_a_full_line_is_told_to_come_again() -> None:
    line, loading = Line(longest=2), Loading(lambda: ScriptedPipeline(complete_script()))
    waiting = [run(asked(), loading, [], line) for _ in range(2)]
    for steps in waiting:
        next(steps)
    late = asked()
    list(run(late, loading, [], line))
    assert late.error == CROWDED.format(before="2 questions")
    assert late.stage == "answered"
    for steps in waiting:
        list(steps)
    again = asked()
    list(run(again, loading, [], line))
    assert again.answer is not None


def test_stop_closes_the_stream_and_keeps_the_draft() -> None:
    pipeline = ScriptedPipeline({"What did it pay?": [Found(HITS), Piece("It "), Piece("paid.")]})
    exchange = asked()
    for _ in run(exchange, Loading(lambda: pipeline), []):
        exchange.stop_asked = exchange.draft == "It "
    assert pipeline.closed.is_set()
    assert exchange.draft == "It "
    assert STOPPED in render_exchange(exchange)


def test_stop_before_the_turn_asks_nothing() -> None:
    pipeline, exchange = ScriptedPipeline({}), asked()
    exchange.stop_asked = True
    assert STOPPED_EARLY in played(pipeline, exchange)[-1]
    assert pipeline.asked == []


def test_a_reader_who_leaves_stops_the_model() -> None:
    pipeline = ScriptedPipeline({"What did it pay?": [Found(HITS), Piece("It ")]})
    steps = run(asked(), Loading(lambda: pipeline), [])
    for _ in range(3):
        next(steps)
    steps.close()
    assert pipeline.closed.is_set()


def test_history_leaves_out_failures_and_markers() -> None:
    failed, stopped = Exchange(1, "a?", error="No."), Exchange(2, "b?", draft="It paid. [1]")
    chat = Chat([failed, stopped, done(Exchange(3, "c?"), PAID), Exchange(4, "d?")])
    assert chat.history == [Turn("b?", "It paid."), Turn("c?", "Meta paid $14.3 billion.")]


def test_the_foot_says_why_answers_come_from_an_earlier_version() -> None:
    about = ScriptedDescription(problem="The index in <b> was built with another embedder.")
    assert "The index in &lt;b&gt; was built" in render_about(about)


def test_a_note_stands_under_the_answer() -> None:
    html = render_exchange(done(asked(), PAID, note="The newest <b> is from 12 June 2025."))
    assert html.index("Meta paid") < html.index("The newest &lt;b&gt; is from 12 June 2025.")
    assert "class='note'" not in render_exchange(done(asked(), PAID))


def test_what_is_narrowed_down_stands_at_the_question() -> None:
    scope = scope_of({}, ["<b>"], [], "2025-06-01", None, " 2025-06-14 ")
    scope = replace(scope, literal=True, articles=(Named("a", "A <i>title"), Named("b", "")))
    html = render_exchange(Exchange(1, "What?", scope))
    assert "<li><bdi>&lt;b&gt;</bdi></li><li><bdi>A &lt;i&gt;title</bdi></li>" in html
    assert "<li><bdi>Untitled</bdi></li><li><bdi>From 1 June 2025</bdi></li>" in html
    assert "As known on 14 June 2025" in html
    assert "Read as it is written" in html


@pytest.mark.parametrize("days", [("soon", None, None), ("2025-06-02", "2025-06-01", None)])
def test_days_that_cannot_be_are_said(days: tuple[str | None, ...]) -> None:
    with pytest.raises(BylineError):
        scope_of({}, [], [], *days)


def test_an_article_that_is_not_there_is_said() -> None:
    with pytest.raises(BylineError, match="not in the index any more"):
        scope_of({"there": "A title"}, [], ["there", "gone"], None, None, None)
