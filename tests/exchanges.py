"""Questions, answers and passages as the page's tests show them."""

from __future__ import annotations

from dataclasses import replace

from fakes import ScriptedPipeline, Step

from corpus.article import Article
from index.types import Hit, Passage
from page.chat import Exchange, Loading, run
from page.render import render_exchange
from rag.types import Answer, Citation, Done, Found, Sentence, Timings

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
