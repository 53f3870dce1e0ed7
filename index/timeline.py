"""How a story went on: who carried it when, what was changed, put right and taken back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from corpus.article import Article
from index.near import word_list
from index.sentences import sentence_spans
from index.stories import is_retraction, moment, updates

Kind = Literal["first", "copy", "update", "correction", "retraction"]
_SHOWN = 160  # characters of a new sentence


@dataclass(frozen=True, slots=True)
class Entry:
    """One state of one article. `replaced` tells that a newer text stands at its address now.

    `change` says in a line what is new against the state before: of a correction its own sentence,
    of an update words and the first new sentence; None where there is nothing to compare with.
    """

    article: Article
    kind: Kind
    replaced: bool = False
    change: str | None = None


def timeline(
    articles: Sequence[Article], earlier: Mapping[str, Sequence[Article]] | None = None
) -> list[Entry]:
    """The states of a story's articles in the order of their time, those without one last.

    `earlier` holds what stood at the address of an article before, the oldest first, by its id.
    """
    entries: list[Entry] = []
    for article in articles:
        before: Article | None = None
        for state in (*(earlier or {}).get(article.id, ()), article):
            entry = Entry(state, "copy", replaced=state is not article)
            entries.append(_following(entry, before) if before else entry)
            before = state
    entries.sort(key=_time)
    return [_told(entry, entries[:i]) for i, entry in enumerate(entries)]


def _told(entry: Entry, before: Sequence[Entry]) -> Entry:
    """The entry with its kind, in the light of those before it."""
    if entry.kind == "copy":
        base = next((e for e in reversed(before) if updates(entry.article, e.article)), None)
        if base is not None:
            entry = _following(entry, base.article)
        elif not before:
            entry = replace(entry, kind="first")
    if (notice := entry.article.correction) and (entry.change is None or entry.kind == "first"):
        kind: Kind = "retraction" if is_retraction(notice) else "correction"
        return replace(entry, kind=kind, change=" ".join(notice.split()))
    return entry


def _following(entry: Entry, before: Article) -> Entry:
    """The entry with its kind and its change, as its article followed on another state."""
    notice = entry.article.correction
    if notice and notice != before.correction:
        kind: Kind = "retraction" if is_retraction(notice) else "correction"
        return replace(entry, kind=kind, change=" ".join(notice.split()))
    return replace(entry, kind="update", change=what_changed(before, entry.article))


def what_changed(before: Article, after: Article) -> str:
    """One line: the words added and taken out, and the first sentence that is new."""
    old, new = Counter(word_list(before.body)), Counter(word_list(after.body))
    added, removed = (new - old).total(), (old - new).total()
    if not added and not removed:
        if before.title != after.title:
            return f"new headline, before: “{before.title}”"
        return "the same words"
    parts = [
        f"{n:,} {'word' if n == 1 else 'words'} {what}"
        for n, what in ((added, "added"), (removed, "taken out"))
        if n
    ]
    known = set(_sentences(before))
    fresh = next((s for s in _sentences(after) if s not in known), None)
    line = ", ".join(parts)
    if fresh is None:
        return line
    return f"{line}: “{fresh if len(fresh) <= _SHOWN else fresh[:_SHOWN].rsplit(' ', 1)[0] + '…'}”"


def _sentences(article: Article) -> list[str]:
    spans = sentence_spans(article.body, article.language or "en")
    return [" ".join(article.body[start:end].split()) for start, end in spans]


def _time(entry: Entry) -> tuple[bool, float, str, bool]:
    """When a state was published: of a newer state of an article the time of its change."""
    article = entry.article
    times = [t for t in (moment(article.updated_at), moment(article.published_at)) if t]
    return (
        not times,
        times[0].timestamp() if times else 0.0,
        article.id,
        not entry.replaced,
    )
