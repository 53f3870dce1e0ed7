"""`byline index`: building the index, changing it and looking at it. No logic of its own."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from corpus.errors import BylineError
from rag.commands.options import AsJson, IndexDir, Store, print_json, settings_with

if TYPE_CHECKING:
    from index.change import Change
    from index.versions import Manifest
    from rag.upkeep.indexing import Renewal

index_app = typer.Typer(help="Build the index, change it and look at it.", no_args_is_help=True)

Paths = Annotated[list[Path], typer.Argument(metavar="PATH ...", help="Files and folders.")]
SomePaths = Annotated[
    list[Path] | None, typer.Argument(metavar="[PATH ...]", help="Files and folders.")
]


@index_app.command("build")
def index_build(
    paths: SomePaths = None,
    again: Annotated[
        bool, typer.Option("--again", help="Of the articles in the index, by this embedder.")
    ] = False,
    index: IndexDir = None,
    store: Store = None,
    ray: Annotated[
        str | None,
        typer.Option(metavar="HOST:PORT", help="A Ray cluster whose nodes do the work; or auto."),
    ] = None,
    work: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR", help="Where the nodes put what they made (default: in the index's)."
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Publish a new version of the index from scratch (default: the sample articles)."""
    from rag.commands.terminal import build_again_with_bar, build_on_nodes, build_with_bar
    from rag.settings import SAMPLE_ARTICLES

    if again and (paths or ray):
        raise typer.BadParameter("give paths or --again, which embeds here")
    if work and not ray:
        raise typer.BadParameter("--work is for --ray")
    settings = settings_with(index=index, store=store)
    if again:
        manifest = build_again_with_bar(settings)
    elif ray:
        manifest = build_on_nodes(settings, paths or [SAMPLE_ARTICLES], ray, work)
    else:
        manifest = build_with_bar(settings, paths or [SAMPLE_ARTICLES])
    _print_manifest(manifest, as_json)


@index_app.command("add")
def index_add(
    paths: Paths, index: IndexDir = None, store: Store = None, as_json: AsJson = False
) -> None:
    """Put the articles of files and folders into the index."""
    from rag.commands.terminal import embedder_with_bar, staged
    from rag.upkeep import indexing

    settings = settings_with(index=index, store=store)
    with staged() as on_progress:
        renewal = indexing.add(settings, paths, embedder_with_bar(settings), on_progress)
    _print_renewal(renewal, as_json)


@index_app.command("update")
def index_update(
    paths: SomePaths = None, index: IndexDir = None, store: Store = None, as_json: AsJson = False
) -> None:
    """Make the index hold what files and folders hold now (default: all it was made of)."""
    from rag.commands.terminal import embedder_with_bar, staged
    from rag.upkeep import indexing

    settings = settings_with(index=index, store=store)
    with staged() as on_progress:
        renewal = indexing.update(settings, paths or [], embedder_with_bar(settings), on_progress)
    _print_renewal(renewal, as_json)


@index_app.command("remove")
def index_remove(
    names: Annotated[list[str], typer.Argument(metavar="ID_OR_URL ...")],
    index: IndexDir = None,
    store: Store = None,
    as_json: AsJson = False,
) -> None:
    """Take articles out of the index."""
    from rag.commands.terminal import staged
    from rag.upkeep import indexing

    settings = settings_with(index=index, store=store)
    with staged() as on_progress:
        removal = indexing.remove(settings, names, on_progress)
    for file in removal.files:
        typer.echo(
            f"{file} is still there: what it holds comes back with the next update.", err=True
        )
    _print_change(removal.change, as_json)


@index_app.command("versions")
def index_versions(index: IndexDir = None, store: Store = None, as_json: AsJson = False) -> None:
    """The versions that are kept, the newest first, and the disk they take."""
    from index.history import bytes_of, kept_versions
    from rag.load import milvus_of

    settings = settings_with(index=index, store=store)
    directory, milvus = settings.index, milvus_of(settings)
    kept = kept_versions(directory)
    total = bytes_of(directory)
    held = milvus.versions() if milvus else set()
    if as_json:
        rows = [
            {
                "version": one.version,
                "in_use": one.in_use,
                "bytes": one.bytes,
                "damaged": one.manifest is None,
                **({"in_milvus": one.version in held} if milvus else {}),
                **(_of_interest(one.manifest) if one.manifest else {}),
            }
            for one in kept
        ]
        print_json({"directory": str(directory), "bytes": total, "versions": rows})
        return
    for one in kept:
        what = "cannot be read: damaged, or of another schema"
        if one.manifest:
            m = one.manifest
            what = f"{m.articles:,} articles, {m.passages:,} passages; {m.note}"
        what += "; in Milvus" if one.version in held else ""
        typer.echo(f"{'*' if one.in_use else ' '} {one.version}  {_size(one.bytes):>10}  {what}")
    typer.echo(f"{len(kept)} kept; {directory} takes {_size(total)} in all. * is in use.")


@index_app.command("rollback")
def index_rollback(
    version: Annotated[str | None, typer.Argument(help="Default: the one before.")] = None,
    index: IndexDir = None,
    store: Store = None,
    as_json: AsJson = False,
) -> None:
    """Go back to an earlier version, or forward again to a later one."""
    from index.history import rollback
    from rag.commands.terminal import staged
    from rag.load import upkeep

    settings = settings_with(index=index, store=store)
    with staged() as on_progress:
        manifest = rollback(settings.index, version, on_progress, upkeep(settings))
    if manifest.embedder != settings.embedder:
        typer.echo(
            f"It was built with the embedder {manifest.embedder}: choose that one in the settings, "
            "or run: byline index build --again",
            err=True,
        )
    _print_manifest(manifest, as_json)


@index_app.command("compact")
def index_compact(
    keep: Annotated[
        int | None, typer.Option(min=1, help="Versions to keep, with the one in use.")
    ] = None,
    index: IndexDir = None,
    store: Store = None,
    as_json: AsJson = False,
) -> None:
    """Write the index once more as small as it goes, and delete what nobody needs."""
    from index.history import bytes_of, compact
    from index.versions import read_manifest, version_folder, version_ids
    from rag.commands.terminal import staged
    from rag.load import upkeep

    settings = settings_with(index=index, store=store, keep_versions=keep)
    before = bytes_of(settings.index)
    before_in_use = bytes_of(version_folder(settings.index, read_manifest(settings.index).version))
    with staged() as on_progress:
        manifest = compact(settings.index, on_progress, upkeep(settings))
    after = bytes_of(settings.index)
    in_use = bytes_of(version_folder(settings.index, manifest.version))
    if as_json:
        print_json({**asdict(manifest), "bytes_before": before, "bytes_after": after})
        return
    typer.echo(
        f"Version {manifest.version}: {_size(in_use)}, {_size(before_in_use)} before; all that is "
        f"kept: {_size(after)}, {_size(before)} before."
    )
    if others := len(version_ids(settings.index)) - 1:
        typer.echo(
            f"{others} of the versions are kept to go back to; byline index compact --keep 1 "
            "deletes them."
        )


@index_app.command("verify")
def index_verify(
    version: Annotated[str | None, typer.Argument(help="Default: the one in use.")] = None,
    every: Annotated[bool, typer.Option("--all", help="Every version that is kept.")] = False,
    index: IndexDir = None,
    store: Store = None,
    as_json: AsJson = False,
) -> None:
    """Check counts and hashes, and that FAISS holds what SQLite holds; mend FAISS from SQLite."""
    from index.verify import verify, whole
    from index.versions import version_ids
    from rag.commands.terminal import staged
    from rag.load import upkeep

    if every and version:
        raise typer.BadParameter("give a VERSION or --all")
    settings = settings_with(index=index, store=store)
    chosen = version_ids(settings.index) if every else [version]
    with staged() as on_progress:
        found = [verify(settings.index, one, on_progress, upkeep(settings)) for one in chosen]
    if as_json:
        print_json([asdict(one) for one in found])
    else:
        for one in found:
            state = "; ".join(one.problems or one.repaired) or "whole"
            typer.echo(
                f"{one.version}  {one.articles:,} articles, {one.passages:,} passages: {state}"
            )
    for one in found:
        whole(settings.index, one)


@index_app.command("export")
def index_export(
    file: Annotated[Path, typer.Argument(metavar="FILE.jsonl", help="Or FILE.jsonl.gz.")],
    index: IndexDir = None,
) -> None:
    """Write all articles as JSON lines, from which the same index can be built."""
    from index.export import export
    from rag.commands.terminal import staged

    if not file.name.lower().endswith((".jsonl", ".jsonl.gz")):
        raise BylineError(f"{file} would not be read again: give it the ending .jsonl or .jsonl.gz")
    with staged() as on_progress:
        count = export(settings_with(index=index).index, file, on_progress)
    typer.echo(f"{count:,} articles in {file}")


@index_app.command("status")
def index_status(index: IndexDir = None, as_json: AsJson = False) -> None:
    """Which version is in use and what it holds."""
    from index.history import bytes_of
    from index.versions import read_manifest, version_folder, version_ids

    directory = settings_with(index=index).index
    manifest = read_manifest(directory)
    fields = {
        "directory": str(directory),
        **asdict(manifest),
        "bytes": bytes_of(version_folder(directory, manifest.version)),
        "versions": len(version_ids(directory)),
        "bytes_of_all": bytes_of(directory),
    }
    if as_json:
        print_json(fields)
        return
    for key, value in fields.items():
        shown = _size(value) if key.startswith("bytes") else value
        typer.echo(f"{key:>14}  {shown}")


def _print_manifest(manifest: Manifest, as_json: bool) -> None:
    if as_json:
        print_json(asdict(manifest))
    else:
        typer.echo(
            f"Version {manifest.version}: {manifest.passages} passages of "
            f"{manifest.articles} articles."
        )


def _print_renewal(renewal: Renewal, as_json: bool) -> None:
    print(renewal.reading.summary(), file=sys.stderr)
    for place in renewal.missing:
        print(f"{place} is gone, and what was read from it with it.", file=sys.stderr)
    _print_change(renewal.change, as_json)


def _print_change(change: Change, as_json: bool) -> None:
    if as_json:
        print_json(asdict(change))
    else:
        typer.echo(f"{str(change).capitalize()}.")
        _print_manifest(change.manifest, as_json)


def _of_interest(manifest: Manifest) -> dict[str, Any]:
    fields = ("created_at", "articles", "passages", "embedder", "note")
    return {field: getattr(manifest, field) for field in fields}


def _size(count: float) -> str:
    return f"{count / 1e6:,.1f} MB"
