"""What a reader sees of the chat: functions from data to HTML.

Questions, articles and the model's words are data: `escape` is the only way they reach the
page, so none of them is ever read as HTML or Markdown.
"""

from __future__ import annotations

from urllib.parse import quote, urlsplit

from corpus.article import Article
from index.browse import day
from page.chat import Description, Exchange
from page.offers import render_offers, render_undo
from rag.commands.output import difference_heading
from rag.judging.confidence import in_words
from rag.markers import MARKER, split_draft
from rag.reading.untrusted import escape, visible
from rag.types import Answer, Citation, Claim, Disagreement, Sentence
from rag.who import Who
from rag.wording import count

MASTHEAD = (
    "<header><h1>Byline</h1><p>Ask the news. Every sentence of the answer says where it comes "
    "from.</p></header>"
)
WELCOME = (
    "<section class='welcome'><h2>What would you like to know?</h2><p>Byline reads the articles "
    "on this machine and answers with a language model that runs here too.</p></section>"
)
STOPPED = "You stopped this answer. What is written above was not checked."
STOPPED_EARLY = "You stopped this answer before its first word."

VERDICTS = {
    "supported": "The cited passages say this",
    "partly": "The cited passages say only a part of this",
    "unsupported": "The cited passages do not say this",
}
KEY = {"supported": "Supported", "partly": "Partly supported", "unsupported": "Not supported"}
DROPPED = "The passages do not say this: it is left out of the answer"
_WHOLE = 8  # words of a quote that an address holds as they are


def render_exchange(exchange: Exchange, own: bool = True) -> str:
    """One question with its answer, draft or error, as HTML; with what its own reader can do."""
    body = ""
    if exchange.answer is not None:
        body = _answer(exchange.number, exchange.answer, render_undo(exchange) if own else "")
        body += render_offers(exchange) if own else ""
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
        f"<h2 class='asked' dir='auto'>{escape(exchange.question)}</h2>{_chips(exchange)}{body}"
        "</article>"
    )


def _chips(exchange: Exchange) -> str:
    """What the question was narrowed down to."""
    scope = exchange.scope
    days = (("From", scope.first), ("To", scope.last), ("As known on", scope.as_of))
    named = (article.title or "Untitled" for article in scope.articles)
    told = [
        *scope.outlets,
        *named,
        *(f"{word} {day(one.isoformat())}" for word, one in days if one),
    ]
    if scope.literal:
        told.append("Read as it is written")
    chips = "".join(f"<li><bdi>{escape(one)}</bdi></li>" for one in told)
    return f"<ul class='chips' aria-label='Narrowed down to'>{chips}</ul>" if told else ""


def _draft(exchange: Exchange) -> str:
    """The draft with its markers as links, and its first sentences as they were checked so far.
    Text between markers is escaped, whatever it holds."""
    if not exchange.checked:
        return _linked(exchange, exchange.draft)
    hits = exchange.hits or ()
    html = []
    for position, sentence in enumerate(split_draft(exchange.draft, len(hits))):
        if position not in exchange.checked:
            markers = "".join(f"[{number}]" for number in sentence.numbers)
            html.append(_linked(exchange, f"{sentence.text} {markers}"))
        elif (checked := exchange.checked[position]) is not None:
            html.append(_sentence(exchange.number, checked, set()))
        else:
            html.append(f"<s class='dropped' title='{DROPPED}'>{escape(sentence.text)}</s>")
    return " ".join(html)


def _linked(exchange: Exchange, text: str) -> str:
    hits = exchange.hits or ()
    html, at = [], 0
    for marker in MARKER.finditer(text):
        if 1 <= int(marker[1]) <= len(hits):
            article = hits[int(marker[1]) - 1].passage.article
            html.append(escape(text[at : marker.start()]))
            html.append(_marker(exchange.number, int(marker[1]), article))
            at = marker.end()
    return "".join(html) + escape(text[at:])


def _marker(turn: int, number: int, article: Article, said: str = "", anchor: bool = False) -> str:
    """A superscript number that leads to its passage. Its card is made of its `data-` words."""
    about = f"Passage {number}: {_source(article)}" + (f": “{said}”" if said else "")
    name = f" id='cite-{turn}-{number}'" if anchor else ""
    known = (article.outlet, day(article.published_at))
    source = " · ".join(part for part in known if part) or "Source not stated"
    return (
        f"<sup class='cite'><a{name} href='#evidence-{turn}-{number}' aria-label='{escape(about)}' "
        f"data-source='{escape(source)}' data-title='{escape(article.title)}' "
        f"data-quote='{escape(said)}'>{number}</a></sup>"
    )


def _answer(turn: int, answer: Answer, undo: str) -> str:
    """The answer and, below it so that nothing moves when it is complete, what there is to say."""
    anchored: set[int] = set()
    sentences = [_sentence(turn, sentence, anchored) for sentence in answer.sentences]
    kind = "answer refusal" if answer.abstained else "answer"
    cards = "".join(_disagreement(turn, d) for d in answer.disagreements)
    took = f"{answer.timings.total_ms / 1000:.1f} s"
    note = f"<p class='note' dir='auto'>{escape(answer.note)}</p>" if answer.note else ""
    read = count(len(answer.hits), "passage")
    said = f"Read {read} in {took}" if answer.abstained else f"Answered in {took} from {read}"
    if answer.timings.cached:
        said = f"Kept from when it was asked before; from {read}"
    if answer.confidence is not None:
        said += f" · confidence: {in_words(answer.confidence)}"
    read_as = [f"Understood as: {escape(answer.understood)}"] if answer.understood else []
    if answer.preferred:
        read_as.append(f"Looked at first: {escape(answer.preferred)}")
    understood = ""
    if read_as:
        understood = f"<p class='note understood' dir='auto'>{'<br>'.join(read_as)}{undo}</p>"
    return (
        f"<p class='{kind}' dir='auto'>{' '.join(sentences)}</p>{understood}{note}{cards}"
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
        markers.append(_cited(turn, citation, anchor=number not in anchored))
        anchored.add(number)
    text, cites = escape(sentence.text), "".join(markers)
    if sentence.verdict is None:
        return f"<span class='sentence'>{text}</span><span class='marks'>{cites}</span>"
    why = VERDICTS[sentence.verdict]
    if sentence.support is not None:
        why += f" ({sentence.support:.0%} of it)"
    if sentence.why:
        why += f": {sentence.why}"
    return (
        f"<span class='sentence {sentence.verdict}'>{text}</span><span class='marks'>{cites}"
        f"<button type='button' class='verdict {sentence.verdict}' aria-label='{escape(why)}' "
        f"data-why='{escape(why)}'></button></span>"
    )


def _cited(turn: int, citation: Citation, anchor: bool = False) -> str:
    article = citation.passage.article
    return _marker(turn, citation.number, article, " ".join(citation.quote.split()), anchor)


def _disagreement(turn: int, disagreement: Disagreement) -> str:
    """The values side by side, the newest first, each with its source and its sentence."""
    rows = "".join(
        f"<li><b>{escape(claim.value)}</b>{_cited(turn, claim.citation)} "
        f"<span class='source'>{source_html(claim.citation.passage.article)}{_note(claim)}</span>"
        f"<q dir='auto'>{escape(claim.citation.quote)}</q></li>"
        for claim in disagreement.claims
    )
    heading = difference_heading(disagreement)
    return (
        f"<aside class='disagreement {disagreement.kind}' aria-label='{heading}'><h3>{heading}: "
        f"<bdi>{escape(disagreement.about)}</bdi></h3><ol>{rows}</ol></aside>"
    )


def _note(claim: Claim) -> str:
    return f" · <em class='outdated'>{escape(claim.note)}</em>" if claim.note else ""


def web_address(url: str | None) -> str | None:
    """The address if a browser may follow it from here: http or https, nothing else."""
    try:
        parts = urlsplit((url or "").strip())
    except ValueError:  # such as an unclosed bracket of an IPv6 address
        return None
    return parts.geturl() if parts.scheme in ("http", "https") and parts.netloc else None


def address_of_quote(url: str, said: str) -> str:
    """The address with a text fragment, so that a browser scrolls to the quote and marks it."""
    words = visible(said).split()
    ends = [words] if len(words) <= _WHOLE else [words[: _WHOLE // 2], words[-_WHOLE // 2 :]]
    # A dash would mean a prefix or a suffix; percent-encoding leaves it as it is.
    text = ",".join(quote(" ".join(end), safe="").replace("-", "%2D") for end in ends)
    return f"{url}{'' if '#' in url else '#'}:~:text={text}"


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


def render_person(who: Who | None) -> str:
    """Who is logged in, with the way out; whom a proxy has let in has none here."""
    if who is None:
        return ""
    out = "<button>Log out</button>" if who.logged_in else ""
    name = f"<bdi title='{escape(who.name)}'>{escape(who.name)}</bdi>"
    return f"<form method='post' action='logout'>{name}{out}</form>"


def render_status(text: str, kind: str = "notice", *, aloud: bool = True) -> str:
    """A line of what is going on, which a screen reader says, if it is to be said `aloud`."""
    role = "role='status' " if aloud else ""
    return f"<p {role}class='{kind}'>{escape(text)}</p>"
