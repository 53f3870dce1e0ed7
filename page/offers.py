"""What stands under an answer to be pressed: thumbs, another reading, questions to ask instead."""

from __future__ import annotations

from page.chat import Exchange
from rag.feedback import GOOD, REASONS
from rag.reading.untrusted import escape

MOST = 3  # questions to ask instead
_THUMB = (
    "<svg viewBox='0 0 24 24' aria-hidden='true'><path d='M7 10v10H3V10zm2 10V9l4-7c1.5 0 2.5 1 "
    "2.5 2.5L14.5 9H20a2 2 0 0 1 2 2.3l-1.2 7a2 2 0 0 1-2 1.7z'/></svg>"
)


def question_on(title: str) -> str:
    """A question that an article of this title answers: the title itself, if it is one."""
    title = " ".join(title.split())
    return (
        title if title.endswith("?") else f"What do the articles say about “{title.rstrip('.')}”?"
    )


def instead(exchange: Exchange) -> list[str]:
    """What could be asked in the place of a question that was refused: of the closest articles."""
    if exchange.answer is None or not exchange.answer.abstained:
        return []
    titles = dict.fromkeys(hit.passage.article.title for hit in exchange.answer.hits)
    return [question_on(title) for title in titles if title.strip()][:MOST]


def render_offers(exchange: Exchange) -> str:
    """All of them for an answer that is complete; each is a button that names its turn."""
    if exchange.answer is None or exchange.stage != "settled":
        return ""
    html = ""
    if (questions := instead(exchange)) and exchange.answer.abstained:
        asks = "".join(
            f"<li><button type='button' data-choose='ask:{exchange.number}:{place}'>"
            f"<bdi>{escape(question)}</bdi></button></li>"
            for place, question in enumerate(questions)
        )
        html = f"<section class='instead'><h3>You could ask instead</h3><ul>{asks}</ul></section>"
    return html + _judging(exchange)


def render_undo(exchange: Exchange) -> str:
    """The way back from what was understood to what was asked."""
    return (
        f" <button type='button' class='undo' data-choose='literal:{exchange.number}'>"
        "Read it as I wrote it</button>"
    )


def _judging(exchange: Exchange) -> str:
    n, judged = exchange.number, exchange.judged
    bad = judged is not None and judged != GOOD
    thumbs = (
        f"<button type='button' class='thumb' data-choose='judge:{n}:{GOOD}' "
        f"aria-pressed='{str(judged == GOOD).lower()}' aria-label='A good answer'>{_THUMB}</button>"
        f"<button type='button' class='thumb down' data-choose='why:{n}' "
        f"aria-pressed='{str(bad).lower()}' aria-label='Not a good answer'>{_THUMB}</button>"
    )
    reasons = ""
    if exchange.judging or bad:
        reasons = "".join(
            f"<button type='button' class='reason' data-choose='judge:{n}:{reason}' "
            f"aria-pressed='{str(judged == reason).lower()}'>{words}</button>"
            for reason, words in REASONS.items()
        )
    told = "<span class='thanks'>Kept, on this machine.</span>" if judged else ""
    return (
        f"<div class='judging' role='group' aria-label='What do you think of this answer?'>{thumbs}"
        f"{reasons}{told}</div>"
    )
