"""`/v1/jobs`: the changes of the index that go on in the background; and `/v1/index`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Response
from fastapi import Path as InPath

from index.types import Progress
from rag.api import schemas
from rag.api.parts import Admin, Parts, Reader, Writer
from rag.api.problems import Problem, documented
from rag.upkeep.changes import Change
from rag.upkeep.library import Holdings, Outcome
from rag.who import Who


def job_json(change: Change) -> schemas.Job:
    outcome = change.outcome
    return schemas.Job(
        id=change.number,
        what=change.what,
        state="running" if change.running else "failed" if change.error else "done",
        stage=change.stage,
        done=change.pace.done,
        total=change.pace.total,
        said=outcome.said if outcome else None,
        error=change.error,
        remarks=[
            schemas.Remark(what=what, place=place, reason=reason)
            for what, place, reason in (outcome.remarks if outcome else ())[:100]
        ],
    )


def begun(change: Change, response: Response) -> schemas.Job:
    """A change that has begun; the response says where to look at it."""
    response.headers["Location"] = f"/v1/jobs/{change.number}"
    return job_json(change)


def job_routes(parts: Parts) -> APIRouter:
    router = APIRouter(tags=["jobs"])

    def theirs(change: Change, who: Who) -> bool:
        return who.may("admin") or change.owner == who.name

    @router.get("/v1/jobs", responses=documented())
    async def jobs(who: Writer) -> schemas.Jobs:
        """Your last changes, the newest first; for an admin everybody's."""
        return schemas.Jobs(
            jobs=[job_json(one) for one in parts.changes.recent() if theirs(one, who)]
        )

    @router.get("/v1/jobs/{job_id}", responses=documented(404))
    async def job(job_id: Annotated[int, InPath(ge=1, le=2**31)], who: Writer) -> schemas.Job:
        """How far a change is, and what it came to."""
        for change in parts.changes.recent():
            if change.number == job_id and theirs(change, who):
                return job_json(change)
        raise Problem(404, f"There is no job {job_id}, or it is not yours or long over.")

    return router


def index_routes(parts: Parts) -> APIRouter:
    router = APIRouter(tags=["index"])
    library = parts.library

    def start(
        what: str, work: Callable[[Progress], Outcome], who: Who, response: Response
    ) -> schemas.Job:
        return begun(parts.changes.start(what, work, who.name), response)

    @router.get("/v1/index", response_model=schemas.IndexStatus, responses=documented(503))
    async def status(who: Reader) -> Any:
        """What the index is made of."""
        return _status(await parts.read(library.holdings))

    @router.get("/v1/index/versions", response_model=schemas.Versions, responses=documented(503))
    async def versions(who: Reader) -> Any:
        """The versions that are kept, the newest first."""
        holdings = await parts.read(library.holdings)
        return {
            "versions": [
                {
                    "version": kept.version,
                    "in_use": kept.in_use,
                    "bytes": kept.bytes,
                    **{
                        name: getattr(kept.manifest, name, None)
                        for name in ("articles", "passages", "created_at", "note")
                    },
                }
                for kept in holdings.kept
            ]
        }

    @router.post("/v1/index/rollback", status_code=202, responses=documented(409, 503))
    async def rollback(
        body: schemas.RollbackRequest, response: Response, who: Admin
    ) -> schemas.Job:
        """Make another version the one in use."""
        return start(
            f"Going to version {body.version}",
            lambda on_progress: library.rollback(body.version, on_progress),
            who,
            response,
        )

    @router.post("/v1/index/update", status_code=202, responses=documented(409, 503))
    async def update(response: Response, who: Writer) -> schemas.Job:
        """Read the files and folders again that the index was made from."""
        return start("Reading the files again", library.update, who, response)

    @router.post("/v1/index/sync", status_code=202, responses=documented(409, 503))
    async def sync(response: Response, who: Writer) -> schemas.Job:
        """Fetch what is new at the feeds and sitemaps that are noted."""
        return start("Fetching what is new", library.look_again, who, response)

    @router.post("/v1/index/rebuild", status_code=202, responses=documented(409, 503))
    async def rebuild(response: Response, who: Admin) -> schemas.Job:
        """Publish the same articles anew."""
        return start("Building the index again", library.build_again, who, response)

    return router


def _status(holdings: Holdings) -> dict[str, Any]:
    used = next((kept for kept in holdings.kept if kept.in_use), None)
    manifest = used.manifest if used else None
    return {
        "version": used.version if used else None,
        **{
            name: getattr(manifest, name, None)
            for name in ("articles", "passages", "embedder", "created_at")
        },
        "places": list(holdings.places),
        "sources": [source.place for source in holdings.sources],
        "bytes": holdings.bytes,
    }
