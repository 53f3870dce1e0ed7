"""Changing the index from files and folders: what the command line and the page both do."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from corpus.article import Article
from corpus.errors import BylineError
from corpus.read import Reading, read_articles
from index import versions
from index.ahead import embedding_ahead
from index.change import Change, apply
from index.readings import recalling
from index.store import Held, content_hash, store_in_use
from index.types import Embedder, Progress
from rag import load
from rag.load import full, upkeep
from rag.settings import Settings

Claim = Callable[[Collection[str], Collection[str]], None]
"""Hears of the ids that are new or changed, and of all that the index holds, before they are put
into it; raises BylineError so that they are not."""
HANDED_IN = "handed-in://"
"""What the origin of an article begins with that came in a file which nobody can read again."""


@dataclass(frozen=True, slots=True)
class Renewal:
    """What came of putting files into the index: what was read, what changed, and which of the
    places are not there any more."""

    reading: Reading
    change: Change
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Removal:
    """What came of removing articles; `files` are those they were read from that are still there,
    so that the next update would read them again."""

    change: Change
    files: tuple[str, ...]


def add(
    settings: Settings,
    paths: Sequence[Path],
    embedder: Embedder,
    on_progress: Progress | None = None,
) -> Renewal:
    """Put the articles of files and folders into the index, and note these as sources of it."""
    with recalling(settings.index) as recall:
        with embedding_ahead(settings.index, lambda: embedder) as ahead:
            reading = read_articles(paths, recall, on_progress, ahead)
        return Renewal(reading, _put(settings, reading, (), paths, embedder, on_progress))


def hand_in(
    settings: Settings,
    files: Sequence[Path],
    embedder: Embedder,
    on_progress: Progress | None = None,
    claim: Claim | None = None,
) -> Renewal:
    """Put the articles of files into the index that will not be there any more, such as uploads.

    They are noted by name and are no source, so no later `update` looks for them or takes their
    articles away; the index itself is what holds these, as it does those from the web. What the
    index holds already, word for word, stays noted as it was.
    """
    with embedding_ahead(settings.index, lambda: embedder) as ahead:
        reading = read_articles(files, None, on_progress, ahead)
    held = _held(settings.index)
    hashes = {id_: one.content_hash for id_, one in held.items()}
    new = {a.id for a in reading.articles if hashes.get(a.id) != content_hash(a)}
    origins = {
        id_: HANDED_IN + str(path.relative_to(file.parent))
        for id_, path in reading.origins.items()
        for file in files
        if id_ in new and (file == path or file in path.parents)
    }
    if claim is not None:
        claim(new, held)
    change = apply(
        settings.index,
        embedder,
        reading.articles,
        on_progress=on_progress,
        origins=origins,
        upkeep=upkeep(settings),
    )
    return Renewal(reading, change)


def update(
    settings: Settings,
    paths: Sequence[Path],
    embedder: Embedder,
    on_progress: Progress | None = None,
) -> Renewal:
    """Make the index hold what is in `paths` now; in all its files and folders, if there are none.

    What was read from these places and is not in them now is removed; nothing else is. Raises
    BylineError, and changes nothing, where they are there and hold no article at all.
    """
    places = list(paths) or local_sources(versions.read_manifest(settings.index).sources)
    if not places:
        raise BylineError(
            f"The index in {settings.index} was not made from files or folders: name those that it "
            "is to hold: byline index update PATH"
        )
    there = [place for place in places if place.exists()]
    if not paths and not there:
        raise BylineError(
            f"None of what the index in {settings.index} was made from is there any more "
            f"({', '.join(map(str, places))}), so nothing was changed: bring it back, or use "
            "byline index remove"
        )
    missing = [full(place) for place in places if not place.exists()]
    held = _held(settings.index)
    unknown = [place for place in missing if not _read_from([place], held)]
    if paths and unknown:
        raise BylineError(
            f"{unknown[0]} does not exist and the index holds nothing that was read from it: give "
            "a file or a folder of articles"
        )
    with recalling(settings.index) as recall:
        reading = Reading((), (), 0)
        if there:
            with embedding_ahead(settings.index, lambda: embedder) as ahead:
                reading = read_articles(there, recall, on_progress, ahead)
        gone = [id_ for id_ in _read_from(map(full, places), held) if id_ not in reading.origins]
        change = _put(settings, reading, gone, there, embedder, on_progress)
    return Renewal(reading, change, tuple(missing))


def remove(
    settings: Settings,
    names: Sequence[str],
    on_progress: Progress | None = None,
) -> Removal:
    """Take the articles with these ids or addresses out of the index.

    Raises BylineError, and removes nothing, when one of them is not there.
    """
    ids: list[str] = []
    _, store = store_in_use(settings.index)
    with closing(store):
        for name in names:
            found = store.named(name)
            if not found:
                raise BylineError(
                    f"No article in {settings.index} has the id or the address {name}, so nothing "
                    "was removed: byline index export FILE.jsonl writes all that there are"
                )
            ids += found
    return take_out(settings, ids, on_progress)


def take_out(
    settings: Settings, ids: Collection[str], on_progress: Progress | None = None
) -> Removal:
    """Take the articles with these ids out of the index, in one version; others are passed over."""
    held = _held(settings.index)
    # It embeds nothing, so its weights need not be here.
    embedder = load.load_embedder(settings, lambda name, folder: folder / name)
    change = apply(
        settings.index, embedder, (), ids, on_progress=on_progress, upkeep=upkeep(settings)
    )
    origins = {held[id_].origin for id_ in ids if id_ in held}
    return Removal(change, tuple(sorted(o for o in origins if o and Path(o).exists())))


def into_index(
    settings: Settings,
    embedder: Callable[[], Embedder],
    on_progress: Progress | None = None,
    claim: Claim | None = None,
) -> Callable[[Sequence[Article], Collection[str], Mapping[str, str]], str]:
    """What `sync` changes the index by; the embedder is asked for when it is first needed."""

    def change(
        articles: Sequence[Article], remove: Collection[str], origins: Mapping[str, str]
    ) -> str:
        if claim is not None:
            held = _held(settings.index)
            hashes = {id_: one.content_hash for id_, one in held.items()}
            claim({a.id for a in articles if hashes.get(a.id) != content_hash(a)}, held)
        done = apply(
            settings.index,
            embedder(),
            articles,
            remove,
            on_progress=on_progress,
            origins=origins,
            upkeep=upkeep(settings),
        )
        return done.manifest.version

    return change


def local_sources(sources: Iterable[str]) -> list[Path]:
    """The files and folders among the sources of an index."""
    return [Path(source) for source in sources if "://" not in source]


def _put(
    settings: Settings,
    reading: Reading,
    gone: Sequence[str],
    sources: Sequence[Path],
    embedder: Embedder,
    on_progress: Progress | None,
) -> Change:
    return apply(
        settings.index,
        embedder,
        reading.articles,
        gone,
        on_progress=on_progress,
        sources=[full(source) for source in sources],
        origins={id_: full(path) for id_, path in reading.origins.items()},
        upkeep=upkeep(settings),
    )


def _held(directory: Path) -> dict[str, Held]:
    _, store = store_in_use(directory)
    with closing(store):
        return store.held()


def _read_from(places: Iterable[str], held: dict[str, Held]) -> list[str]:
    """The ids of the articles that were read from files at or below these places."""
    roots = {Path(place) for place in places}
    names = set(map(str, roots))

    @cache  # as a folder may hold thousands of files, and a file thousands of articles
    def is_within(folder: str) -> bool:
        return not roots.isdisjoint((Path(folder), *Path(folder).parents))

    return [
        id_
        for id_, article in held.items()
        if article.origin is not None
        and "://" not in article.origin
        and (article.origin in names or is_within(os.path.dirname(article.origin)))
    ]
