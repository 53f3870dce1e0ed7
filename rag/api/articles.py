"""`/v1/articles`: what the index holds; adding, changing and removing it in the background."""

from __future__ import annotations

import json
import re
import shutil
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Any

import anyio.to_thread
from fastapi import APIRouter, File, Query, Response, UploadFile
from fastapi import Path as InPath

from corpus.errors import BylineError
from corpus.hosts import is_inside
from index.types import Progress
from rag.api import schemas
from rag.api.jobs import begun
from rag.api.parts import Parts, Reader, Writer
from rag.api.problems import Problem, documented, problem_for
from rag.upkeep.changes import Uploads
from rag.upkeep.library import Outcome, Shown
from rag.who import Who

MOST_FILES = 100
_LONGEST_NAME = 120
ArticleId = Annotated[
    str, InPath(min_length=1, max_length=2000, description="Percent-encoded, as in a list")
]


def article_routes(parts: Parts) -> APIRouter:
    router = APIRouter(tags=["articles"])

    @router.get("/v1/articles", response_model=schemas.Rows, responses=documented(503))
    async def list_articles(
        who: Reader,
        q: Annotated[str, Query(max_length=500, description="Words of title or outlet")] = "",
        start: Annotated[int, Query(ge=0, le=100_000_000)] = 0,
        count: Annotated[int, Query(ge=1, le=100)] = 20,
    ) -> Any:
        """The articles, the newest first."""
        listing = await parts.read(parts.library.browse, q, start, count)
        owners = await parts.read(parts.library.owners, [row.id for row in listing.rows], who)
        names = schemas.Row.model_fields.keys() - {"owner"}
        rows = [
            {**{name: getattr(row, name) for name in names}, "owner": owners.get(row.id)}
            for row in listing.rows
        ]
        return {
            "articles": rows,
            "start": listing.start,
            "found": listing.found,
            "total": listing.total,
        }

    @router.post("/v1/articles", status_code=202, responses=documented(409, 503))
    async def add(body: schemas.AddRequest, response: Response, who: Writer) -> schemas.Job:
        """Put articles into the index: new ones, or others in the place of those that have their
        ids."""
        rows = [one.model_dump(exclude_none=True) for one in body.articles]
        await _check(parts, [row["id"] for row in rows if "id" in row], who)
        return await _hand_in(parts, rows, who, response)

    @router.post("/v1/articles:upload", status_code=202, responses=documented(409, 503))
    async def add_files(
        response: Response,
        files: Annotated[list[UploadFile], File(min_length=1, max_length=MOST_FILES)],
        who: Writer,
    ) -> schemas.Job:
        """Put the articles of files into the index, of the forms that Byline reads."""
        uploads = await anyio.to_thread.run_sync(_taken, files)
        first = uploads.files[0].name
        what = first if len(files) == 1 else f"{len(files)} files"
        return _read(parts, f"Adding {what}", uploads, who, response)

    @router.post("/v1/articles:fetch", status_code=202, responses=documented(409, 503))
    async def fetch(body: schemas.FetchRequest, response: Response, who: Writer) -> schemas.Job:
        """Fetch a page's article, or those of a feed or sitemap, which is then noted as a source.
        With a key nothing is fetched from the server's own network."""
        if parts.options.asks_who:
            await _refuse_inside(body.url)
        return _begin(
            parts,
            f"Adding {body.url[:200]}",
            lambda on_progress: parts.library.fetch(body.kind, body.url, on_progress, who),
            who,
            response,
        )

    @router.post("/v1/articles:remove", status_code=202, responses=documented(409, 503))
    async def remove(body: schemas.RemoveRequest, response: Response, who: Writer) -> schemas.Job:
        """Take articles out of the index, all in one version."""
        await _check(parts, body.ids, who)
        return _removing(parts, body.ids, who, response)

    @router.get(
        "/v1/articles/{article_id:path}",
        response_model=schemas.Article,
        responses=documented(404, 503),
    )
    async def read_article(article_id: ArticleId, who: Reader) -> Any:
        """One article, and how its story went on."""
        return article_json(await _shown(parts, article_id))

    @router.put("/v1/articles/{article_id:path}", status_code=202, responses=documented(409, 503))
    async def update(
        article_id: ArticleId, body: schemas.ArticleText, response: Response, who: Writer
    ) -> schemas.Job:
        """Put an article into the index by this id, in the place of the one that has it."""
        row = {**body.model_dump(exclude_none=True), "id": article_id}
        await _check(parts, [article_id], who)
        return await _hand_in(parts, [row], who, response)

    @router.delete(
        "/v1/articles/{article_id:path}", status_code=202, responses=documented(404, 409, 503)
    )
    async def delete(article_id: ArticleId, response: Response, who: Writer) -> schemas.Job:
        """Take one article out of the index."""
        await _shown(parts, article_id)
        await _check(parts, [article_id], who)
        return _removing(parts, [article_id], who, response)

    return router


async def _check(parts: Parts, ids: Sequence[str], who: Who) -> None:
    """Raises Problem for articles that are not theirs to be changed."""
    try:
        await anyio.to_thread.run_sync(parts.library.check, ids, who, limiter=parts.reading)
    except BylineError as error:
        raise problem_for(error) from error


def article_json(shown: Shown) -> dict[str, Any]:
    article = shown.article
    return {
        **{
            name: getattr(article, name) for name in schemas.Article.model_fields if name != "story"
        },
        "story": [
            {
                "article_id": entry.article.id,
                "kind": entry.kind,
                "title": entry.article.title,
                "outlet": entry.article.outlet,
                "published_at": entry.article.published_at,
                "replaced": entry.replaced,
                "change": entry.change,
            }
            for entry in shown.story
        ],
    }


async def _shown(parts: Parts, article_id: str) -> Shown:
    shown = await parts.read(parts.library.article, article_id)
    if shown is None:
        raise Problem(404, f"The index holds no article {article_id[:200]!r}.")
    return shown


async def _hand_in(
    parts: Parts, rows: Sequence[dict[str, Any]], who: Who, response: Response
) -> schemas.Job:
    """Articles as a file of JSON lines, which is read as any other."""

    def written() -> Uploads:
        folder = Path(tempfile.mkdtemp(prefix="byline-"))
        try:
            file = folder / "articles.jsonl"
            file.write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")
            return Uploads([str(file)])
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    uploads = await anyio.to_thread.run_sync(written)
    what = f"{len(rows)} articles" if len(rows) > 1 else "an article"
    return _read(parts, f"Adding {what}", uploads, who, response)


def _taken(files: Sequence[UploadFile]) -> Uploads:
    """Files that were sent, each by a name that leads nowhere else."""
    folder = Path(tempfile.mkdtemp(prefix="byline-"))
    try:
        paths = []
        for number, file in enumerate(files):
            path = folder / str(number) / safe_name(file.filename or "")
            path.parent.mkdir()
            with path.open("wb") as place:
                shutil.copyfileobj(file.file, place)
            paths.append(str(path))
        return Uploads(paths)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def safe_name(name: str) -> str:
    """A file's name without what leads elsewhere or steers anything; its ending stays."""
    plain = re.sub(r"[^\w.\- ]", "_", name.replace("\\", "/").rpartition("/")[2])
    return plain[-_LONGEST_NAME:].lstrip(". ") or "file"


async def _refuse_inside(address: str) -> None:
    """Whoever has a key may not look through this server at what only it can reach."""
    if await is_inside(address):
        raise Problem(400, f"{address[:200]} is no address on the web, so it is not fetched.")


def _read(parts: Parts, what: str, uploads: Uploads, who: Who, response: Response) -> schemas.Job:
    def work(on_progress: Progress) -> Outcome:
        try:
            return parts.library.hand_in(uploads.files, on_progress, who)
        finally:
            uploads.discard()

    try:
        return _begin(parts, what, work, who, response)
    except Exception:
        uploads.discard()
        raise


def _removing(parts: Parts, ids: Sequence[str], who: Who, response: Response) -> schemas.Job:
    what = ids[0][:200] if len(ids) == 1 else f"{len(ids)} articles"
    return _begin(
        parts,
        f"Removing {what}",
        lambda on_progress: parts.library.remove(ids, on_progress, who),
        who,
        response,
    )


def _begin(
    parts: Parts,
    what: str,
    work: Callable[[Progress], Outcome],
    who: Who,
    response: Response,
) -> schemas.Job:
    return begun(parts.changes.start(what, work, who.name), response)
