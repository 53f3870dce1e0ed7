"""What of an index was known on a day: no later article, no later text, no later copy.

An article counts from the day that its outlet states, as the outlet wrote it, without time zones;
one without a date counts always, since nothing says that it is later. Where the text in use is from
after the day, the text that stood at its address before is given if the index has kept it, and
otherwise the article is not seen, as nobody can tell what it said then.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from corpus.article import Article
from index.chunk import Chunking, chunk
from index.near import word_list
from index.repeats import find_repeats
from index.store import Store, day_stated
from index.story_tables import Stories
from index.types import Copy, Passage


@dataclass(frozen=True, slots=True)
class Seen:
    """`there` are the ids of all passages, and `passages` those to search in: the ones that repeat
    none of the others. `earlier` are the passages to give in place of one whose
    article read otherwise on the day, by its id; it is found by its words of now. `copies` are
    those known on the day, for the passages of all stories that went on after it."""

    day: date
    there: frozenset[int]
    passages: frozenset[int]
    earlier: Mapping[int, tuple[Passage, ...]]
    copies: Mapping[int, tuple[Copy, ...]]


def seen_on(day: date, store: Store, chunking: Chunking) -> Seen:
    """What was known at the end of `day`."""
    late = _late_articles(day, store)
    ids: dict[str, list[int]] = defaultdict(list)
    for id_, article_id in store.query("SELECT id, article_id FROM passages ORDER BY id"):
        ids[article_id].append(id_)
    stories = Stories(store)
    earlier: dict[int, tuple[Passage, ...]] = {}
    for article_id in late:
        state = _state_on(day, stories.earlier(article_id))
        if state is not None:
            now = store.passages(ids[article_id])
            earlier |= _in_the_place_of(now, chunk(state, chunking.max_chars, chunking.overlap))
    hidden = {id_ for article_id in late for id_ in ids[article_id]}.difference(earlier)
    open_ = {id_ for of_article in ids.values() for id_ in of_article} - hidden
    repeated = set(stories.repeats())
    copies: dict[int, tuple[Copy, ...]] = {}
    for members in _stories_of(late, store):
        story_ids = [id_ for article_id in members for id_ in ids[article_id] if id_ in open_]
        passages = {i: _whole(earlier[i]) for i in story_ids if i in earlier}
        passages |= store.passages([i for i in story_ids if i not in earlier])
        found = find_repeats(passages)
        repeated = repeated.difference(story_ids) | found.repeated
        articles = {p.article.id: p.article for p in passages.values()}
        for id_ in story_ids:
            copies[id_] = _copies([articles[other] for other in found.carried.get(id_, ())])
    return Seen(day, frozenset(open_), frozenset(open_ - repeated), earlier, copies)


def day_known(published_at: str | None, updated_at: str | None) -> date | None:
    """The day from which a text could be read: that of its last change; None where none is stated.

    A text that is not ISO 8601 states none.
    """
    stated = (day_stated(published_at), day_stated(updated_at))
    return max((day for day in stated if day is not None), default=None)


def _late_articles(day: date, store: Store) -> list[str]:
    """The articles whose text in use is from after `day`."""
    rows = store.query("SELECT id, published_at, updated_at FROM articles ORDER BY id")
    return [id_ for id_, *stated in rows if (known := day_known(*stated)) and known > day]


def _state_on(day: date, earlier: Sequence[Article]) -> Article | None:
    """The last of an article's earlier texts, the oldest first, that was there on `day`."""
    for article in reversed(earlier):
        known = day_known(article.published_at, article.updated_at)
        if known is None or known <= day:
            return article
    return None


def _in_the_place_of(
    now: Mapping[int, Passage], then: Sequence[Passage]
) -> dict[int, tuple[Passage, ...]]:
    """Each of an earlier text's passages beside that passage of now which has most of its words:
    the vectors and the word index know the text of now only."""
    words = {id_: frozenset(word_list(passage.text)) for id_, passage in now.items()}
    found: dict[int, tuple[Passage, ...]] = {}
    for passage in then if words else ():
        own = frozenset(word_list(passage.text))
        nearest = max(words, key=lambda id_: (len(own & words[id_]), -id_))
        found[nearest] = (*found.get(nearest, ()), passage)
    return found


def _whole(passages: Sequence[Passage]) -> Passage:
    return Passage(passages[0].article, passages[0].start, passages[-1].end)


def _stories_of(late: Collection[str], store: Store) -> list[list[str]]:
    """The articles of each story that goes on after the day."""
    members: dict[str, list[str]] = defaultdict(list)
    story_of: dict[str, str] = dict(store.query("SELECT article_id, story_id FROM stories"))
    for article_id, story in sorted(story_of.items()):
        members[story].append(article_id)
    told = {story_of[id_] for id_ in late if id_ in story_of}
    return [members[story] for story in sorted(told) if len(members[story]) > 1]


def _copies(articles: Sequence[Article]) -> tuple[Copy, ...]:
    """The first to publish first, those without a date last."""
    ordered = sorted(articles, key=lambda a: (a.published_at is None, a.published_at or "", a.id))
    return tuple(Copy(a.id, a.title, a.outlet, a.published_at, a.url) for a in ordered)
