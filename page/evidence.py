"""The passages behind an answer as HTML, and one of their articles to be read."""

from __future__ import annotations

from collections.abc import Sequence

from corpus.article import Article
from index.types import Hit, Passage
from page.chat import Exchange
from page.render import address_of_quote, source_html, web_address
from rag.commands.output import also_in
from rag.reading.untrusted import escape
from rag.types import Answer, Citation
from rag.wording import count

NO_EVIDENCE = (
    "<section aria-label='Evidence' class='passages'><h2>Evidence</h2><p class='note'>The passages "
    "that an answer rests on appear here.</p></section>"
)
CHANGED = "The index does not hold this article with these words any more: this was kept of it."
LONGEST = 100_000  # characters of an article that are shown before and after what is cited

Span = tuple[int, int]


def render_evidence(exchange: Exchange) -> str:
    """The passages of one exchange as HTML: the cited ones first and marked, the rest folded."""
    if exchange.hits is None:
        return NO_EVIDENCE
    heading = "Evidence"
    if exchange.answer is None:
        heading = "Passages found"
    elif exchange.answer.abstained:
        heading = "Closest passages"
    return (
        f"<section aria-label='Evidence' class='passages'><h2>{heading}</h2>"
        f"{_cards(exchange, exchange.hits)}</section>"
    )


def render_earlier(exchanges: Sequence[Exchange]) -> str:
    """The evidence of earlier questions, newest first, each folded under its question."""
    return "".join(
        f"<details class='earlier'><summary>Evidence for <q>{escape(e.question)}</q></summary>"
        f"{_cards(e, e.hits)}</details>"
        for e in reversed(exchanges)
        if e.hits
    )


def _cards(exchange: Exchange, hits: Sequence[Hit]) -> str:
    numbered = list(enumerate(hits, start=1))
    quotes = _quotes(exchange.answer)
    cited = [_card(exchange.number, n, hit, quotes[n]) for n, hit in numbered if n in quotes]
    others = [_card(exchange.number, n, hit, []) for n, hit in numbered if n not in quotes]
    if not (cited and others):
        return "".join(cited or others) or "<p class='note'>No passage was found.</p>"
    return (
        f"{''.join(cited)}<details class='uncited'><summary>{count(len(others), 'passage')} "
        f"read but not cited</summary>{''.join(others)}</details>"
    )


def _quotes(answer: Answer | None) -> dict[int, list[Span]]:
    """What is cited of each passage, by its number."""
    quotes: dict[int, list[Span]] = {}
    for citation in _citations(answer):
        quotes.setdefault(citation.number, []).append((citation.quote_start, citation.quote_end))
    return quotes


def _citations(answer: Answer | None) -> list[Citation]:
    if answer is None:
        return []
    stated = [c for sentence in answer.sentences for c in sentence.citations]
    return stated + [claim.citation for d in answer.disagreements for claim in d.claims]


def _card(turn: int, number: int, hit: Hit, quotes: Sequence[Span]) -> str:
    article, name = hit.passage.article, f"evidence-{turn}-{number}"
    badge = f"<span class='number'>{number}</span>"
    if quotes:
        badge = (
            f"<a class='number' href='#cite-{turn}-{number}' "
            f"aria-label='Passage {number}: back to the answer'>{number}</a>"
        )
    read = (
        f"<p class='source presses'><button type='button' class='read' "
        f"data-choose='{turn}:{number}' aria-describedby='{name}-title'>Read it in the article"
        f"</button><button type='button' class='only' data-choose='only:{turn}:{number}' "
        f"aria-describedby='{name}-title'>Ask only this article</button></p>"
    )
    return (
        f"<article class='passage{' cited' if quotes else ''}' id='{name}' tabindex='-1' "
        f"aria-labelledby='{name}-title'>{badge}"
        f"<h3 id='{name}-title'>{_title(article, quotes)}</h3>"
        f"<p class='source'>{source_html(article)}</p>{_notes(hit)}"
        f"<blockquote dir='auto'>{_marked(hit.passage, quotes)}</blockquote>{read}</article>"
    )


def _title(article: Article, quotes: Sequence[Span]) -> str:
    """The title as a link to the original, at the first quote in it."""
    title = f"<bdi>{escape(article.title)}</bdi>"
    url = web_address(article.url)
    if url is None:
        return title
    if quotes:
        url = address_of_quote(url, article.body[slice(*min(quotes))])
    return (
        f"<a href='{escape(url)}' target='_blank' rel='noopener noreferrer' "
        f"referrerpolicy='no-referrer'>{title}</a>"
    )


def _notes(hit: Hit) -> str:
    """Who else carried the passage, and what the outlet put right in its article."""
    others, notice = also_in(hit), hit.passage.article.correction
    html = f"<p class='source also'>Also in: <bdi>{escape(others)}</bdi></p>" if others else ""
    if notice:
        html += f"<p class='source correction' dir='auto'>{escape(notice)}</p>"
    return html


def _marked(passage: Passage, quotes: Sequence[Span]) -> str:
    """The passage with its quotes, offsets into the body of the article, in `<mark>`."""
    body, at = passage.article.body, passage.start
    html = ["…&nbsp;"] if passage.start > 0 else []
    for quote_start, quote_end in sorted(quotes):
        start, end = max(quote_start, at), min(quote_end, passage.end)
        if start < end:
            html += [escape(body[at:start]), f"<mark>{escape(body[start:end])}</mark>"]
            at = end
    html.append(escape(body[at : passage.end]))
    if passage.end < len(body):
        html.append("&nbsp;…")
    return "".join(html)


def render_article(exchange: Exchange, number: int, held: Article | None) -> str:
    """The article of a passage with what is cited of it marked or, if nothing is, the passage.

    `held` is the article as the index has it now; where it does not hold the words that were
    cited, what is known of it from the answer is shown instead.
    """
    hit = (exchange.hits or ())[number - 1]
    passage = hit.passage
    spans = _quotes(exchange.answer).get(number) or [(passage.start, passage.end)]
    places = _found(held, [passage.article.body[start:end] for start, end in spans])
    note = ""
    if held is not None and places is not None:
        article, spans = held, places
    else:
        article, note = passage.article, f"<p class='note'>{CHANGED}</p>"
    first, last = min(spans)[0], max(end for _, end in spans)
    part = Passage(article, max(0, first - LONGEST), min(len(article.body), last + LONGEST))
    return (
        "<article class='reading' aria-labelledby='evidence-reading-title'>"
        "<p class='source presses'><button type='button' class='back' "
        f"data-choose='back:{exchange.number}:{number}'>Back to the passages</button>"
        f"<button type='button' class='only' data-choose='only:{exchange.number}:{number}'>"
        "Ask only this article</button></p>"
        f"<h2 id='evidence-reading-title' tabindex='-1' dir='auto'>{_title(article, spans)}</h2>"
        f"<p class='source'>{source_html(article)}</p>{_notes(hit)}{note}"
        f"<div class='body' dir='auto'>{_marked(part, spans)}</div></article>"
    )


def _found(article: Article | None, quotes: Sequence[str]) -> list[Span] | None:
    """Where all of these words stand in an article; None where one of them does not."""
    places: list[Span] = []
    for words in quotes:
        start = article.body.find(words) if article is not None else -1
        if start < 0:
            return None
        places.append((start, start + len(words)))
    return places
