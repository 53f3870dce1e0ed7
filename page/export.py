"""A conversation as a file to take away: Markdown with footnotes, or JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence

from index.browse import day
from page.chat import Exchange
from page.render import web_address
from rag.answer_json import answer_json
from rag.commands.output import difference_heading
from rag.judging.confidence import in_words
from rag.reading.untrusted import visible
from rag.types import Answer, Citation

_SPECIAL = re.compile(r"([\\`*_\[\]<>&~$|^])")
_AT_A_START = re.compile(r"^(\d*)([-+#=.)])")


def as_json(title: str, exchanges: Sequence[Exchange]) -> str:
    """The title and the answers in the form of `byline ask --json`."""
    turns = [
        {"question": e.question, "answer": e.said, "stopped": True}
        if e.answer is None
        else answer_json(e.answer)
        for e in exchanges
    ]
    return json.dumps({"title": title, "turns": turns}, ensure_ascii=False, indent=2) + "\n"


def as_markdown(title: str, exchanges: Sequence[Exchange]) -> str:
    """Questions as headings, answers as paragraphs, each citation a footnote with its sentence.

    What comes from articles, the model or a person is escaped, so that it reads as it was.
    """
    notes: list[str] = []
    parts = [f"# {_plain(title)}"]
    for exchange in exchanges:
        parts.append(f"## {_plain(exchange.question)}")
        if exchange.answer is None:
            parts.append(f"{_plain(exchange.said)}\n\n*Stopped before it was checked.*")
        else:
            parts += _answer(exchange.answer, notes)
    return "\n\n".join([*parts, *notes]) + "\n"


def _answer(answer: Answer, notes: list[str]) -> Iterator[str]:
    if answer.as_of is not None:
        yield f"*As of {day(answer.as_of.isoformat())}.*"
    yield " ".join(
        _plain(sentence.text) + "".join(_footnote(c, notes) for c in sentence.citations)
        for sentence in answer.sentences
    )
    for one in answer.disagreements:
        rows = [
            f"- **{_plain(claim.value)}**{_footnote(claim.citation, notes)}"
            + (f" ({_plain(claim.note)})" if claim.note else "")
            for claim in one.claims
        ]
        yield "\n".join([f"{difference_heading(one)}: {_plain(one.about)}", "", *rows])
    if answer.confidence is not None:
        yield f"*Confidence: {in_words(answer.confidence)}.*"
    if answer.note:
        yield f"*{_plain(answer.note)}*"


def _footnote(citation: Citation, notes: list[str]) -> str:
    """The mark of a note; the same sentence of the same article has one note."""
    article = citation.passage.article
    known = (article.outlet, day(article.published_at), f"“{article.title}”")
    source = ", ".join(_plain(part) for part in known if part)
    url = web_address(article.url)
    link = f" <{url.replace('<', '%3C').replace('>', '%3E')}>" if url else ""
    told = f": {source}: “{_plain(citation.quote)}”{link}"
    number = next((n for n, note in enumerate(notes, start=1) if note.endswith(f"]{told}")), None)
    if number is None:
        number = len(notes) + 1
        notes.append(f"[^{number}]{told}")
    return f"[^{number}]"


def _plain(text: str) -> str:
    words = _SPECIAL.sub(r"\\\1", " ".join(visible(text).split()))
    return _AT_A_START.sub(r"\1\\\2", words)
