"""What a reader sees: functions from data to HTML.

Questions, articles and the model's words are data: `html.escape` is the only way they reach the
page, so none of them is ever read as HTML or Markdown.
"""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlsplit

from corpus.article import Article
from index.browse import day
from index.types import Hit, Passage
from page.chat import MARKER, Description, Exchange, count
from rag.output import also_in, difference_heading
from rag.types import Answer, Citation, Claim, Disagreement, Sentence
from rag.untrusted import escape

MASTHEAD = (
    "<header><h1>Byline</h1><p>Ask the news. Every sentence of the answer says where it comes "
    "from.</p></header>"
)
WELCOME = (
    "<section class='welcome'><h2>What would you like to know?</h2><p>Byline reads the articles "
    "on this machine and answers with a language model that runs here too.</p></section>"
)
NO_EVIDENCE = (
    "<section aria-label='Evidence' class='passages'><h2>Evidence</h2><p class='note'>The passages "
    "that an answer rests on appear here.</p></section>"
)
STOPPED = "You stopped this answer. What is written above was not checked."
STOPPED_EARLY = "You stopped this answer before its first word."

VERDICTS = {
    "supported": "The cited passages say this",
    "partly": "The cited passages say only a part of this",
    "unsupported": "The cited passages do not say this",
}
KEY = {"supported": "Supported", "partly": "Partly supported", "unsupported": "Not supported"}


def render_exchange(exchange: Exchange) -> str:
    """One question with its answer, draft or error, as HTML."""
    body = ""
    if exchange.answer is not None:
        body = _answer(exchange.number, exchange.answer)
    elif exchange.draft:
        body = f"<p class='answer draft' dir='auto'>{_draft(exchange)}</p>"
    busy = exchange.stage in ("asked", "answering")
    if exchange.error is not None:
        body += f"<p class='error' role='alert'>{escape(exchange.error)}</p>"
    elif exchange.notice is not None:
        body += f"<p class='notice'>{escape(exchange.notice)}</p>"
    elif not busy and exchange.answer is None:
        body += f"<p class='note'>{STOPPED if exchange.draft else STOPPED_EARLY}</p>"
    return (
        f"<article class='turn' data-turn='{exchange.number}' aria-busy='{str(busy).lower()}'>"
        f"<h2 class='asked' dir='auto'>{escape(exchange.question)}</h2>{body}</article>"
    )


def _draft(exchange: Exchange) -> str:
    """The draft with its markers as links. Text between markers is escaped, whatever it holds."""
    known = len(exchange.hits or ())
    html, at = [], 0
    for marker in MARKER.finditer(exchange.draft):
        if 1 <= int(marker[1]) <= known:
            html.append(escape(exchange.draft[at : marker.start()]))
            html.append(_marker(exchange.number, int(marker[1])))
            at = marker.end()
    return "".join(html) + escape(exchange.draft[at:])


def _marker(turn: int, number: int, citation: Citation | None = None, anchor: bool = False) -> str:
    about = f"Passage {number}"
    if citation is not None:
        about += f": {_source(citation.passage.article)}: “{citation.quote}”"
    name = f" id='cite-{turn}-{number}'" if anchor else ""
    return (
        f"<sup class='cite'><a{name} href='#evidence-{turn}-{number}' title='{escape(about)}' "
        f"aria-label='{escape(about)}'>{number}</a></sup>"
    )


def _answer(turn: int, answer: Answer) -> str:
    anchored: set[int] = set()
    sentences = [_sentence(turn, sentence, anchored) for sentence in answer.sentences]
    kind = "answer refusal" if answer.abstained else "answer"
    cards = "".join(_disagreement(turn, d) for d in answer.disagreements)
    took = f"{answer.timings.total_ms / 1000:.1f} s"
    note = f"<p class='note' dir='auto'>{escape(answer.note)}</p>" if answer.note else ""
    read = count(len(answer.hits), "passage")
    said = f"Read {read} in {took}" if answer.abstained else f"Answered in {took} from {read}"
    understood = (
        f"<p class='note understood' dir='auto'>Understood as: {escape(answer.understood)}</p>"
        if answer.understood
        else ""
    )
    return (
        f"{understood}<p class='{kind}' dir='auto'>{' '.join(sentences)}</p>{note}{cards}"
        f"<p class='took'><span>{said}</span>{_key(answer)}</p>"
    )


def _key(answer: Answer) -> str:
    """What the marks of this answer mean, for eyes: each mark says it itself to a screen reader."""
    found = {sentence.verdict for sentence in answer.sentences}
    return "".join(
        f"<span class='key' aria-hidden='true'><i class='verdict {verdict}'></i>{meaning}</span>"
        for verdict, meaning in KEY.items()
        if verdict in found
    )


def _sentence(turn: int, sentence: Sentence, anchored: set[int]) -> str:
    markers = []
    for number, citation in {c.number: c for c in sentence.citations}.items():
        markers.append(_marker(turn, number, citation, anchor=number not in anchored))
        anchored.add(number)
    text = escape(sentence.text)
    if sentence.verdict is None:
        return f"<span class='sentence'>{text}</span>{''.join(markers)}"
    why = VERDICTS[sentence.verdict]
    if sentence.support is not None:
        why += f" ({sentence.support:.0%} of it)"
    return (
        f"<span class='sentence {sentence.verdict}' title='{why}'>{text}</span>{''.join(markers)}"
        f"<span class='verdict {sentence.verdict}' role='img' title='{why}' aria-label='{why}'>"
        "</span>"
    )


def _disagreement(turn: int, disagreement: Disagreement) -> str:
    """The values side by side, the newest first, each with its source and its sentence."""
    rows = "".join(
        f"<li><b>{escape(claim.value)}</b>{_marker(turn, claim.citation.number, claim.citation)} "
        f"<span class='source'>{source_html(claim.citation.passage.article)}{_note(claim)}</span>"
        f"<q dir='auto'>{escape(claim.citation.quote)}</q></li>"
        for claim in disagreement.claims
    )
    heading = difference_heading(disagreement)
    return (
        f"<aside class='disagreement {disagreement.kind}' aria-label='{heading}'><h3>{heading}: "
        f"<bdi>{escape(disagreement.about)}</bdi></h3><ul>{rows}</ul></aside>"
    )


def _note(claim: Claim) -> str:
    return f" · <em class='outdated'>{escape(claim.note)}</em>" if claim.note else ""


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
    quotes: dict[int, list[tuple[int, int]]] = {}
    for citation in _citations(exchange.answer):
        quotes.setdefault(citation.number, []).append((citation.quote_start, citation.quote_end))
    cited = [_card(exchange.number, n, hit, quotes[n]) for n, hit in numbered if n in quotes]
    others = [_card(exchange.number, n, hit, []) for n, hit in numbered if n not in quotes]
    if not (cited and others):
        return "".join(cited or others) or "<p class='note'>No passage was found.</p>"
    return (
        f"{''.join(cited)}<details class='uncited'><summary>{count(len(others), 'passage')} "
        f"read but not cited</summary>{''.join(others)}</details>"
    )


def _citations(answer: Answer | None) -> list[Citation]:
    if answer is None:
        return []
    stated = [c for sentence in answer.sentences for c in sentence.citations]
    return stated + [claim.citation for d in answer.disagreements for claim in d.claims]


def _card(turn: int, number: int, hit: Hit, quotes: Sequence[tuple[int, int]]) -> str:
    article, name = hit.passage.article, f"evidence-{turn}-{number}"
    title = f"<bdi>{escape(article.title)}</bdi>"
    if (url := web_address(article.url)) is not None:
        title = (
            f"<a href='{escape(url)}' target='_blank' rel='noopener noreferrer' "
            f"referrerpolicy='no-referrer'>{title}</a>"
        )
    badge = f"<span class='number'>{number}</span>"
    if quotes:
        badge = (
            f"<a class='number' href='#cite-{turn}-{number}' "
            f"aria-label='Passage {number}: back to the answer'>{number}</a>"
        )
    return (
        f"<article class='passage{' cited' if quotes else ''}' id='{name}' tabindex='-1' "
        f"aria-labelledby='{name}-title'>{badge}<h3 id='{name}-title'>{title}</h3>"
        f"<p class='source'>{source_html(article)}</p>{_notes(hit)}"
        f"<blockquote dir='auto'>{_marked(hit.passage, quotes)}</blockquote></article>"
    )


def _notes(hit: Hit) -> str:
    """Who else carried the passage, and what the outlet put right in its article."""
    others, notice = also_in(hit), hit.passage.article.correction
    html = f"<p class='source also'>Also in: <bdi>{escape(others)}</bdi></p>" if others else ""
    if notice:
        html += f"<p class='source correction' dir='auto'>{escape(notice)}</p>"
    return html


def _marked(passage: Passage, quotes: Sequence[tuple[int, int]]) -> str:
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


def web_address(url: str | None) -> str | None:
    """The address if a browser may follow it from here: http or https, nothing else."""
    try:
        parts = urlsplit((url or "").strip())
    except ValueError:  # such as an unclosed bracket of an IPv6 address
        return None
    return parts.geturl() if parts.scheme in ("http", "https") and parts.netloc else None


def _source(article: Article) -> str:
    known = (article.outlet, day(article.published_at), article.title)
    return ", ".join(part for part in known if part)


def source_html(article: Article) -> str:
    """The outlet and the day, as far as they are known."""
    outlet = f"<bdi>{escape(article.outlet)}</bdi>" if article.outlet else ""
    when = f"<time>{escape(day(article.published_at))}</time>" if article.published_at else ""
    return " · ".join(part for part in (outlet, when) if part) or "Source not stated"


def render_about(about: Description) -> str:
    """The foot of the page: which model and which articles stand behind the answers."""
    facts = [
        f"Model <b>{escape(about.model)}</b>",
        f"Index <b>{escape(about.index_version)}</b>",
        f"<b>{count(about.articles, 'article')}</b>",
        f"<b>{count(about.passages, 'passage')}</b>",
    ]
    if about.newest is not None:
        facts.append(f"Newest <b>{escape(day(about.newest))}</b>")
    if about.problem is not None:
        facts.append(escape(about.problem))
    return f"<footer>{''.join(f'<span>{fact}</span>' for fact in facts)}</footer>"


def render_status(text: str, kind: str = "notice") -> str:
    return f"<p role='status' class='{kind}'>{escape(text)}</p>"
