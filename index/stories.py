"""Which articles tell one story: copies of a wire report in several outlets, and its updates."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from typing import Protocol

import numpy as np

from index.near import Fingerprint, contained, covered, fingerprint, word_list

LEAST_SHARED = 8  # shingles, under which nothing is alike
LEAST_CONTAINED = 0.2
"""Of the shorter text's shingles in the longer; a third are left with every fifth word replaced."""
LEAST_OF_UPDATE = 0.15  # under the same headline, within HEADLINE_DAYS
LEAST_COVERED = 0.6  # of the shorter text's stretches
LEAST_DETAILS = 0.6
"""Of the names and numbers of one text in the other: what one template makes has other ones."""
LEAST_DETAILS_OF_UPDATE = 0.4
LEAST_DETAILS_OF_FEW = 0.8  # of a text of under 2 * SHORT shingles
SAME = 0.8  # containment that needs no nearness in time
SHORT = 40  # shingles; under it a text must be the same and have a like headline
DAYS, HEADLINE_DAYS = 7, 3
BRIEF, LEAST_OF_BRIEF = 0.5, 0.25
"""A text of under half the length must begin as the longer one does, and have this much of it."""
COMMON, COMMON_DAYS = 10, 30
"""A shingle of as many articles over as many days is boilerplate, and does not count."""
MOST = 200
"""Articles beyond which a shingle does not count, however near their days: it bounds the work."""
_AT_ONCE = 2000  # rows of the table of pairs

_MARKER = re.compile(
    r"^(?:(?:UPDATED?|WRAPUP|CORRECTED|CORRECTION|REFILE|RPT|REPEAT|CLARIFICATION|RETRACTION|"
    r"WITHDRAWN)\b[\s\d()/]*[-–—:]\s*)+",
    re.IGNORECASE,
)
_RETRACTED = re.compile(r"\b(?:retract\w*|withdr[ae]wn?|taken back|takes back)\b", re.IGNORECASE)


class Head(Protocol):
    """What `group` reads of an article beside its signature."""

    @property
    def id(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def url(self) -> str | None: ...
    @property
    def outlet(self) -> str | None: ...
    @property
    def published_at(self) -> str | None: ...


@dataclass(frozen=True, slots=True)
class _Text:
    """Articles of the same text, compared once. `day` is None where the first has no date."""

    articles: tuple[Head, ...]
    prints: Fingerprint
    day: float | None
    headline: frozenset[str]

    @property
    def size(self) -> int:
        return len(self.prints.shingles)


def group(
    articles: Sequence[Head],
    signatures: Mapping[str, bytes],
    on_done: Callable[[int, int], None] = lambda done, total: None,
) -> dict[str, str]:
    """The story of each article, by article id; a story has the id of its first article.

    The order of `articles` does not matter. Each text is compared with the longest of a story and
    never with another member, so that a story does not drift. Articles at one address are one story
    whatever they say. `on_done` hears how many texts were compared, and of how many.
    """
    texts = _texts(articles, signatures)
    leader: dict[int, int] = {}
    alike = _alike(texts, on_done)
    for i, text in enumerate(texts):  # the longest first
        best = max(
            (
                (shared, -j)
                for j, shared in alike[i]
                if leader[j] == j and _one_story(text, texts[j], shared / text.size)
            ),
            default=(0, -i),
        )
        leader[i] = -best[1]
    members: dict[int, list[Head]] = defaultdict(list)
    root = _joined_by_address(texts, leader)
    for i, text in enumerate(texts):
        members[root[i]] += text.articles
    return {a.id: min(story, key=_age).id for story in members.values() for a in story}


def headline(title: str) -> str:
    """A title without case, punctuation and the marks of a wire, such as `UPDATE 2-`."""
    return " ".join(word_list(_MARKER.sub("", title.strip())))


def is_marked(title: str) -> bool:
    """Whether a wire's mark says that the report came before."""
    return _MARKER.match(title.strip()) is not None


def is_retraction(notice: str) -> bool:
    """Whether a notice takes an article back, and does not merely put it right."""
    return _RETRACTED.search(notice) is not None


def updates(later: Head, earlier: Head) -> bool:
    """Whether an article of a story is a newer state of another one, by the same hand.

    That is at the same address, of the same outlet or, where one of them has no outlet, under a
    wire's mark or the same headline. Without both dates nothing is known to be newer.
    """
    after, before = moment(later.published_at), moment(earlier.published_at)
    if after is None or before is None or after <= before:
        return False
    if later.url is not None and later.url == earlier.url:
        return True
    if later.outlet and earlier.outlet:
        return later.outlet.casefold() == earlier.outlet.casefold()
    return is_marked(later.title) or headline(later.title) == headline(earlier.title)


def moment(published_at: str | None) -> datetime | None:
    """An ISO 8601 date or time in UTC, to be ordered by; without a zone it is taken for UTC."""
    try:
        time = datetime.fromisoformat(published_at or "")
    except ValueError:
        return None
    return time.replace(tzinfo=timezone.utc) if time.tzinfo is None else time


def _age(article: Head) -> tuple[bool, float, str]:
    """The first to publish comes first, those without a date last."""
    time = moment(article.published_at)
    return time is None, time.timestamp() if time else 0.0, article.id


def _texts(articles: Sequence[Head], signatures: Mapping[str, bytes]) -> list[_Text]:
    """The longest first. Short texts are the same only under one headline on one day."""
    same: dict[tuple[bytes, str, str], list[Head]] = defaultdict(list)
    for article in articles:
        signed = signatures[article.id]
        key = (signed, "", "")
        count = int.from_bytes(signed[:4], "little")
        if count == 0:
            key = (signed, "", article.id)
        elif count < SHORT:
            key = (signed, headline(article.title), (article.published_at or "")[:10])
        same[key].append(article)
    texts = []
    for (signed, *_), group_ in same.items():
        members = sorted(group_, key=_age)
        time = moment(members[0].published_at)
        texts.append(
            _Text(
                tuple(members),
                fingerprint(signed),
                time.timestamp() / 86_400 if time else None,
                frozenset(headline(members[0].title).split()),
            )
        )
    texts = _without_boilerplate(texts)
    return sorted(texts, key=lambda text: (-text.size, _age(text.articles[0])))


def _without_boilerplate(texts: list[_Text]) -> list[_Text]:
    if not texts:
        return []
    flat, rows = _flat(texts)
    at, column, count = _shared(flat)
    if not len(at):
        return texts
    days = np.array([np.nan if text.day is None else text.day for text in texts])[rows[at]]
    order = np.argsort(column, kind="stable")
    starts = np.concatenate([[0], np.cumsum(count)[:-1]])
    spread = np.fmax.reduceat(days[order], starts) - np.fmin.reduceat(days[order], starts)
    dull = (count > MOST) | ((count >= COMMON) & (spread > COMMON_DAYS))
    stays = np.ones(len(flat), dtype=bool)
    stays[at] = ~dull[column]
    pieces = np.split(stays, np.cumsum([text.size for text in texts])[:-1])
    return [
        text
        if piece.all()
        else replace(text, prints=replace(text.prints, shingles=text.prints.shingles[piece]))
        for text, piece in zip(texts, pieces, strict=True)
    ]


def _flat(texts: Sequence[_Text]) -> tuple[np.ndarray, np.ndarray]:
    """The shingles of all texts in a row, and of each the place of its text."""
    flat = np.concatenate([text.prints.shingles for text in texts])
    return flat, np.repeat(np.arange(len(texts)), [text.size for text in texts])


def _shared(flat: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Of the hashes that are there more than once: where they stand, which one stands there,
    numbered from 0, and how often each is there. Most are there once, and are told apart first."""
    ordered = np.sort(flat)
    twice = np.unique(ordered[1:][ordered[1:] == ordered[:-1]])
    begins = np.zeros(1 << 24, dtype=bool)
    begins[twice >> 8] = True
    at = np.flatnonzero(begins[flat >> 8])
    column = np.searchsorted(twice, flat[at])
    found = twice[np.minimum(column, len(twice) - 1)] == flat[at]
    at, column = at[found], column[found]
    return at, column, np.bincount(column, minlength=len(twice))


def _alike(
    texts: Sequence[_Text], on_done: Callable[[int, int], None]
) -> dict[int, list[tuple[int, int]]]:
    """For each text those before it, longer ones, that hold enough of its shingles to be looked at
    closely, each with how many they share."""
    from scipy.sparse import csr_matrix

    found: dict[int, list[tuple[int, int]]] = defaultdict(list)
    if not texts:
        return found
    sizes = np.array([text.size for text in texts])
    flat, rows = _flat(texts)
    at, column, count = _shared(flat)
    ones = np.ones(len(at), dtype=np.int32)
    table = csr_matrix((ones, (rows[at], column)), shape=(len(texts), len(count)))
    turned = table.T.tocsr()
    for start in range(0, len(texts), _AT_ONCE):
        pairs = (table[start : start + _AT_ONCE] @ turned).tocoo()
        i, j, shared = pairs.row + start, pairs.col, pairs.data
        near = (j < i) & (shared >= np.maximum(LEAST_SHARED, LEAST_OF_UPDATE * sizes[i]))
        for row, other, n in zip(
            i[near].tolist(), j[near].tolist(), shared[near].tolist(), strict=True
        ):
            found[row].append((other, n))
        on_done(min(start + _AT_ONCE, len(texts)), len(texts))
    return found


def _one_story(text: _Text, longer: _Text, share: float) -> bool:
    """Whether `text` is a copy, a part or another state of the longest text of a story.

    `share` is the containment of its shingles.
    """
    part, whole = text.prints.shingles, longer.prints.shingles
    apart = 0.0 if text.day is None or longer.day is None else abs(text.day - longer.day)
    if text.size < SHORT:
        return (
            share >= SAME
            and apart <= DAYS
            and _like_headlines(text, longer)
            and _same_details(text, longer)
        )
    same_headline = text.headline == longer.headline and apart <= HEADLINE_DAYS
    if share < (LEAST_OF_UPDATE if same_headline else LEAST_CONTAINED):
        return False
    if share < SAME and apart > DAYS:
        return False
    if text.size < BRIEF * longer.size and not (
        share >= LEAST_OF_BRIEF and (_like_headlines(text, longer) or _same_opening(part, whole))
    ):
        return False
    if same_headline:
        return _same_details(text, longer, LEAST_DETAILS_OF_UPDATE)
    if covered(part, whole) < LEAST_COVERED:
        return False
    few = text.size < 2 * SHORT and share < SAME
    return _same_details(text, longer, LEAST_DETAILS_OF_FEW if few else LEAST_DETAILS)


def _same_details(text: _Text, longer: _Text, least: float = LEAST_DETAILS) -> bool:
    """Either way round: a text in capitals has more names than it says."""
    one, other = text.prints.details, longer.prints.details
    return max(contained(one, other), contained(other, one)) >= least


def _like_headlines(one: _Text, other: _Text) -> bool:
    """Whether half the words of the shorter headline are in the other."""
    fewer = min(len(one.headline), len(other.headline))
    return fewer > 0 and len(one.headline & other.headline) >= fewer / 2


def _same_opening(part: np.ndarray, whole: np.ndarray) -> bool:
    """A report that was cut short keeps its beginning; one of a round-up's items is further in."""
    return contained(part[:SHORT], whole[: 2 * SHORT]) >= LEAST_CONTAINED


def _joined_by_address(texts: Sequence[_Text], leader: Mapping[int, int]) -> dict[int, int]:
    """`leader` with the stories joined whose articles lie at one address."""
    root = {i: i for i in set(leader.values())}

    def find(i: int) -> int:
        while root[i] != i:
            i = root[i]
        return i

    at: dict[str, int] = {}
    for i, text in enumerate(texts):
        for url in (a.url for a in text.articles if a.url):
            one, other = find(leader[i]), find(leader[at.setdefault(url, i)])
            root[max(one, other)] = min(one, other)
    return {i: find(leader[i]) for i in leader}
