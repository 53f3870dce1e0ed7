"""Building a version of the index from articles, whatever the version before holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path

from corpus.article import Article
from corpus.errors import BylineError
from index import versions
from index.chunk import Chunking
from index.publishing import Draft, Upkeep, changing, check_articles, publish
from index.store import Store, content_hash, contents_digest
from index.types import Embedder, Progress, silent
from index.versions import Manifest

__all__ = ["Progress", "build", "build_again", "is_current", "source_digest"]


def build(
    articles: Sequence[Article],
    embedder: Embedder,
    directory: Path,
    chunking: Chunking = Chunking(),  # noqa: B008 (frozen)
    on_progress: Progress | None = None,
    sources: Sequence[str] = (),
    *,
    origins: Mapping[str, str] | None = None,
    upkeep: Upkeep = Upkeep(),  # noqa: B008 (frozen)
) -> Manifest:
    """Publish a new version that holds exactly these articles, and return its manifest.

    A passage whose embedding text a kept version holds keeps its vector, if the embedder is the
    same. `sources` are noted in the manifest; `origins` are the files or addresses that articles
    were read from, by id. Raises BylineError, and leaves the version before in use, when there is
    nothing to index, two articles share an id, another process is writing, or the disk is full.
    """
    on_progress = on_progress or silent
    if not articles:
        raise BylineError("There are no articles to index: name a file or a folder that holds some")
    check_articles(articles)
    draft = Draft(
        None, articles, chunking, sources, note="built from scratch", origins=origins or {}
    )
    with changing(directory, upkeep, on_progress):
        return publish(directory, draft, embedder, upkeep, on_progress)


def build_again(
    directory: Path,
    embedder: Embedder,
    chunking: Chunking = Chunking(),  # noqa: B008 (frozen)
    on_progress: Progress | None = None,
    upkeep: Upkeep = Upkeep(),  # noqa: B008 (frozen)
) -> Manifest:
    """Publish a new version of the articles in the index itself, by this embedder and chunker.

    Their files need not be there any more, and the version in use may be of another embedder or of
    an earlier schema. Raises BylineError, and leaves it in use, when it is damaged.
    """
    on_progress = on_progress or silent
    with changing(directory, upkeep, on_progress):
        version = versions.current_version(directory)
        if version is None:
            raise BylineError(f"There is no index in {directory} yet; run: byline index build")
        folder = versions.version_folder(directory, version)
        with closing(Store(folder / versions.STORE)) as store:
            held = list(store.all_articles())
        draft = Draft(
            base=None,
            put=[article for article, _ in held],
            chunking=chunking,
            sources=versions.sources_of(directory, version),
            note=f"built again out of {version}",
            origins={article.id: origin for article, origin in held if origin is not None},
        )
        return publish(directory, draft, embedder, upkeep, on_progress)


def source_digest(articles: Sequence[Article]) -> str:
    """SHA-256, 64 hex digits, over the articles' ids and contents, in whatever order they come."""
    return contents_digest((article.id, content_hash(article)) for article in articles)


def is_current(
    directory: Path,
    articles: Sequence[Article],
    embedder_name: str,
    weights_hash: str,
    chunking: Chunking = Chunking(),  # noqa: B008 (frozen)
) -> bool:
    """Whether the version in use is whole and was built from just these articles, in this way."""
    try:
        manifest = versions.read_manifest(directory)
    except BylineError:
        return False
    made_of = (manifest.embedder, manifest.weights_hash, manifest.chunking, manifest.source_digest)
    wanted = (embedder_name, weights_hash, chunking, source_digest(articles))
    store = versions.version_folder(directory, manifest.version) / versions.STORE
    return made_of == wanted and store.is_file()
