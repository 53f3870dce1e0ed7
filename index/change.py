"""Changing what the index holds: articles added, replaced and removed, by the hash of each."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

from corpus.article import Article, content_id, has_content_id
from corpus.errors import BylineError
from index import versions
from index.chunk import Chunking
from index.guard import check_embedder
from index.publishing import Draft, Upkeep, changing, check_articles, publish
from index.store import Held, Store, content_hash
from index.types import Embedder, Progress, silent
from index.versions import Manifest


@dataclass(frozen=True, slots=True)
class Change:
    """What became of the articles that were put and removed, by their ids, and the version in use
    since. An article that was to be removed and was not there is in none of them."""

    added: tuple[str, ...]
    updated: tuple[str, ...]
    removed: tuple[str, ...]
    unchanged: tuple[str, ...]
    manifest: Manifest

    def __str__(self) -> str:
        kinds = ("added", "updated", "removed", "unchanged")
        counts = {kind: len(getattr(self, kind)) for kind in kinds}
        return ", ".join(f"{n:,} {kind}" for kind, n in counts.items() if n) or "nothing changed"


def apply(
    directory: Path,
    embedder: Embedder,
    put: Sequence[Article],
    remove: Collection[str] = (),
    *,
    chunking: Chunking | None = None,
    on_progress: Progress | None = None,
    sources: Sequence[str] = (),
    origins: Mapping[str, str] | None = None,
    upkeep: Upkeep = Upkeep(),  # noqa: B008 (frozen)
) -> Change:
    """Add the articles of `put`, each in the place of the one with its id, and take out the ids of
    `remove`; an id in both is put.

    Publishes one new version, or none where nothing differs from what the index holds. Of articles
    with the same content nothing is read by the embedder again; of others, only passages that are
    new. `chunking` cuts the whole index anew where it differs from the index's, None leaves it.
    `sources` are noted in the manifest beside those that are there; `origins` are the files or
    addresses that articles were read from, by id, and where it says nothing the earlier stays.
    Without an index in `directory` the first version is built.

    Raises BylineError, and leaves the version before in use, when it was built with another
    embedder, two articles share an id, another process is writing, or the disk is full.
    """
    on_progress = on_progress or silent
    check_articles(put)
    with changing(directory, upkeep, on_progress):
        if versions.current_version(directory) is None:
            return _first(directory, embedder, put, chunking, sources, origins, upkeep, on_progress)
        base = versions.read_manifest(directory)
        check_embedder(directory, base, embedder)
        folder = versions.version_folder(directory, base.version)
        with closing(Store(folder / versions.STORE)) as store:
            held = store.held()
            change, draft = _compared(base, held, put, remove, origins or {}, sources)
            if chunking is not None and chunking != base.chunking:
                draft = _cut_anew(draft, store, chunking)
            elif not (draft.put or draft.gone or draft.moved or draft.sources != base.sources):
                return change
        manifest = publish(directory, draft, embedder, upkeep, on_progress)
        return replace(change, manifest=manifest)


def _first(
    directory: Path,
    embedder: Embedder,
    put: Sequence[Article],
    chunking: Chunking | None,
    sources: Sequence[str],
    origins: Mapping[str, str] | None,
    upkeep: Upkeep,
    on_progress: Progress,
) -> Change:
    if not put:
        raise BylineError(f"There is no index in {directory} yet; run: byline index build")
    ids = tuple(article.id for article in put)
    draft = Draft(
        base=None,
        put=put,
        chunking=chunking or Chunking(),
        sources=sources,
        note="built from scratch",
        origins=origins or {},
    )
    manifest = publish(directory, draft, embedder, upkeep, on_progress)
    return Change(ids, (), (), (), manifest)


def _compared(
    base: Manifest,
    held: Mapping[str, Held],
    put: Sequence[Article],
    remove: Collection[str],
    origins: Mapping[str, str],
    sources: Sequence[str],
) -> tuple[Change, Draft]:
    """What differs from the index, and the draft of the version that would hold it."""
    put_ids = {article.id for article in put}
    new: list[Article] = []
    added: list[str] = []
    updated: list[str] = []
    unchanged: list[str] = []
    for article in put:
        before = held.get(article.id)
        if before is not None and before.content_hash == content_hash(article):
            unchanged.append(article.id)
            continue
        new.append(article)
        (updated if before else added).append(article.id)
    renamed = [_earlier_id(article, held) for article in new]
    leaving = dict.fromkeys((*remove, *(id_ for id_ in renamed if id_ is not None)))
    removed = [id_ for id_ in leaving if id_ in held and id_ not in put_ids]
    change = Change(tuple(added), tuple(updated), tuple(removed), tuple(unchanged), base)
    earlier = {id_: held[id_].origin for id_ in updated}
    draft = Draft(
        base=base,
        put=new,
        chunking=base.chunking,
        sources=tuple(dict.fromkeys((*base.sources, *sources))),
        note=str(replace(change, unchanged=())),
        gone=[*updated, *removed],
        origins={**{id_: o for id_, o in earlier.items() if o is not None}, **origins},
        moved={
            id_: origins[id_]
            for id_ in unchanged
            if id_ in origins and origins[id_] != held[id_].origin
        },
    )
    return change, draft


def _earlier_id(article: Article, held: Mapping[str, Held]) -> str | None:
    """The id by which the index holds this very article if it was read when ids made of words did
    not tell outlets apart; None where it holds no such."""
    if article.outlet is None or not has_content_id(article):
        return None
    earlier = replace(article, id=content_id(article.title, article.body))
    before = held.get(earlier.id)
    return earlier.id if before and before.content_hash == content_hash(earlier) else None


def _cut_anew(draft: Draft, store: Store, chunking: Chunking) -> Draft:
    """The same articles without a base, as each passage of it would differ."""
    gone = set(draft.gone)
    staying = [(a, origin) for a, origin in store.all_articles() if a.id not in gone]
    origins = {a.id: origin for a, origin in staying if origin is not None}
    return replace(
        draft,
        base=None,
        put=[*(article for article, _ in staying), *draft.put],
        chunking=chunking,
        note=f"{draft.note}; passages cut anew",
        gone=(),
        origins={**origins, **draft.moved, **draft.origins},
        moved={},
    )
