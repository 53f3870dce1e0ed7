"""The command line `byline`: the contract that scripts rely on. No logic of its own."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Annotated, Any

import typer

from corpus.errors import BylineError
from rag.commands.bench import bench_app
from rag.commands.check import check_command
from rag.commands.index import index_app
from rag.commands.options import (
    AsJson,
    AsOf,
    DatabaseUrl,
    IndexDir,
    Store,
    print_json,
    settings_with,
)
from rag.commands.people import keys_app, people_app
from rag.commands.story import story
from rag.commands.sync import sync_command

if TYPE_CHECKING:
    from rag.settings import Settings

app = typer.Typer(
    name="byline",
    help="Ask the news and get a cited answer, from a local model, on your own machine.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.add_typer(index_app, name="index")
app.add_typer(bench_app, name="bench")
app.command("sync")(sync_command)
index_app.command("sync")(sync_command)  # beside the other changes of the index, too
app.command("story")(story)
app.add_typer(keys_app, name="keys")
app.add_typer(people_app, name="people")
app.command("check")(check_command)

Engine = Annotated[
    str | None, typer.Option(help="auto, llama.cpp, transformers or openai, a server.")
]
BaseUrl = Annotated[
    str | None,
    typer.Option(metavar="URL", help="Of a server with OpenAI's API, which answers then."),
]
Model = Annotated[
    str | None, typer.Option(help="A name of the catalogue, a GGUF file, a folder or a hub id.")
]


@app.callback()
def _options(
    debug: Annotated[  # read by `main`, wherever it stands
        bool, typer.Option("--debug", help="Show the traceback of an error.")
    ] = False,
) -> None:
    """Ask the news and get a cited answer, from a local model, on your own machine."""


@app.command()
def fetch(
    name: Annotated[str | None, typer.Argument(help="Default: what answering needs.")] = None,
) -> None:
    """Bring the weights to this machine, and check them."""
    from rag.commands.terminal import bringing

    settings = settings_with()
    bring = bringing(settings)
    for model in [name] if name else dict.fromkeys([settings.embedder, *_catalogued(settings)]):
        typer.echo(f"{model}: ready in {bring(model, settings.models_dir)}")


@app.command()
def ask(
    question: Annotated[str | None, typer.Argument()] = None,
    batch: Annotated[
        Path | None, typer.Option(metavar="FILE.jsonl", help="One question a line.")
    ] = None,
    as_of: AsOf = None,
    as_json: AsJson = False,
    index: IndexDir = None,
    store: Store = None,
    engine: Engine = None,
    base_url: BaseUrl = None,
    model: Model = None,
) -> None:
    """Answer one question, or a file of them with the model loaded once."""
    if (question is None) == (batch is None):
        raise typer.BadParameter("give a QUESTION or --batch FILE.jsonl")
    settings = settings_with(
        index=index, store=store, engine=engine, base_url=base_url, model=model
    )
    from rag.answer_json import answer_json
    from rag.commands.batch import answer_all, read_batch
    from rag.commands.output import answer_text

    if batch is not None:
        rows = read_batch(batch)
        failed = 0
        for row in answer_all(_pipeline(settings), rows, as_of):
            failed += "error" in row
            print_json(row, indent=None)
        if failed:
            raise BylineError(f"{failed} of {len(rows)} questions of {batch} had no answer.")
        return
    assert question is not None
    answer = _pipeline(settings).ask(question, as_of=as_of)
    if as_json:
        print_json(answer_json(answer))
    else:
        typer.echo(answer_text(answer))


@app.command()
def search(
    question: str,
    k: Annotated[int, typer.Option("-k", min=1, max=1000, help="How many passages.")] = 10,
    explained: Annotated[
        bool, typer.Option("--explain", help="Say of each passage what every stage said of it.")
    ] = False,
    judged: Annotated[
        bool, typer.Option("--judge", help="With --explain: ask the language model, too.")
    ] = False,
    as_of: AsOf = None,
    as_json: AsJson = False,
    index: IndexDir = None,
    store: Store = None,
    engine: Engine = None,
    base_url: BaseUrl = None,
    model: Model = None,
) -> None:
    """Find passages only, without a language model."""
    from index.search import Index
    from rag.answer_json import hits_json
    from rag.commands.output import hits_text
    from rag.explain import explain, explained_json, explained_text
    from rag.load import load_embedder, load_generator, milvus_of

    if not question.strip():
        raise BylineError("The question is empty: write what you would like to find.")
    if judged and not explained:
        raise typer.BadParameter("--judge goes with --explain")
    settings = settings_with(
        index=index, store=store, engine=engine, base_url=base_url, model=model
    )
    embedder = load_embedder(settings)
    found = Index.open(settings.index, embedder, milvus_of(settings))
    try:
        hits = found.search(question, k, as_of=as_of)
    finally:
        found.close()
    told = []
    if explained:
        generator = load_generator(settings) if judged else None
        told = explain(question, hits, embedder, as_of, generator)
    if as_json:
        day = as_of.isoformat() if as_of else None
        rows = hits_json(hits)
        for row, one in zip(rows, told, strict=False):
            row["explain"] = explained_json(one)
        print_json({"question": question, "as_of": day, "passages": rows})
    else:
        typer.echo(hits_text(hits, [explained_text(one) for one in told]))


@app.command()
def chat(
    as_of: AsOf = None,
    index: IndexDir = None,
    store: Store = None,
    engine: Engine = None,
    base_url: BaseUrl = None,
    model: Model = None,
) -> None:
    """Chat in the terminal, the sources below each answer."""
    from rag.commands.chat import chat_in_terminal

    chat_in_terminal(
        _pipeline(
            settings_with(index=index, store=store, engine=engine, base_url=base_url, model=model)
        ),
        as_of,
    )


@app.command()
def serve(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535)] = 7860,
    articles: Annotated[
        list[Path] | None, typer.Option(metavar="DIR", help="Index these articles first.")
    ] = None,
    index: IndexDir = None,
    store: Store = None,
    database: DatabaseUrl = None,
    engine: Engine = None,
    base_url: BaseUrl = None,
    model: Model = None,
) -> None:
    """Open the page and the API; the index is built first when it is missing or out of date."""
    settings = settings_with(
        index=index, store=store, database=database, engine=engine, base_url=base_url, model=model
    )
    from corpus.fetch import Fetcher
    from rag.api.logs import write_log
    from rag.api.metrics import Metrics
    from rag.api.serving import access_of, options_of
    from rag.commands.terminal import embedder_with_bar, ensure_index
    from rag.feedback import Feedback
    from rag.load import open_database, warm_up
    from rag.loopback import Addresses
    from rag.narrow import Narrowing
    from rag.spans import begin as begin_tracing
    from rag.upkeep.audit import Audit
    from rag.upkeep.library import Library
    from rag.upkeep.loads import loads_of
    from rag.upkeep.owners import Owners

    access = access_of(settings, host)
    write_log(settings.log_questions)
    begin_tracing(settings)
    ensure_index(settings, articles)
    from app import launch
    from page.conversations import Conversations

    fetcher = partial(Fetcher, only_web=access is not None)
    owners = Owners(access.people.database) if access else None
    library = Library(settings, lambda: embedder_with_bar(settings), fetcher, owners)
    conversations = Conversations(open_database(settings, settings.chats))
    metrics = Metrics()
    typer.echo(f"Byline is on http://{host}:{port} (Ctrl-C ends it).")

    def load() -> Narrowing:
        pipeline = _pipeline(settings)
        Thread(target=warm_up, args=(pipeline,), name="warming up", daemon=True).start()
        return Narrowing(pipeline, metrics.counted)

    launch(
        load,
        host,
        port,
        library=library,
        conversations=conversations,
        feedback=Feedback(settings.feedback),
        examples=_examples(settings),
        usual_load=loads_of(settings).usual,
        api=options_of(settings, access),
        access=access,
        audit=Audit(settings.audit),
        root_path=settings.root_path,
        trusted=Addresses(settings.trusted_proxies),
        metrics=metrics,
    )


@app.command()
def mcp(
    how: Annotated[
        bool, typer.Option("--how", help="Say how to add it to the usual clients.")
    ] = False,
    index: IndexDir = None,
    engine: Engine = None,
    model: Model = None,
) -> None:
    """Answer an agent over stdin and stdout, by the Model Context Protocol."""
    from rag.commands.agents import how as how_to_add

    if how:
        typer.echo(how_to_add())
        return
    settings = settings_with(index=index, engine=engine, model=model)
    from rag.api.parts import Parts
    from rag.api.serving import options_of
    from rag.api.tools import mcp_server
    from rag.commands.terminal import embedder_with_bar, ensure_index
    from rag.line import Line
    from rag.loading import Loading
    from rag.narrow import Narrowing
    from rag.upkeep.changes import Changes
    from rag.upkeep.library import Library

    loading = Loading(lambda: Narrowing(_pipeline(settings)))
    library = Library(settings, lambda: embedder_with_bar(settings))
    server = mcp_server(Parts(loading, Line(), library, Changes(), options_of(settings, None)))
    ensure_index(settings)
    loading.begin()
    server.run()


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line. Errors are one sentence on stderr with exit code 1 (usage: 2)."""
    from eval.commands import bench_answer_command, eval_app

    given = list(sys.argv[1:] if arguments is None else arguments)
    _write_utf8()
    if all(group.name != "eval" for group in app.registered_groups):
        app.add_typer(eval_app, name="eval")  # here, since the floor above knows this one
        bench_app.command("answer")(bench_answer_command)
    try:
        app(args=[argument for argument in given if argument != "--debug"], prog_name="byline")
    except BylineError as error:
        if "--debug" in given:
            raise
        typer.echo(f"byline: {error}", err=True)
        raise SystemExit(1) from None
    except (KeyboardInterrupt, BrokenPipeError):
        # Python would complain once more when it flushes stdout on the way out.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(130) from None


def _write_utf8() -> None:
    """Titles are in any language and scripts expect UTF-8, whatever the locale says.

    Half a character becomes its escape, which JSON reads back.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")


def _pipeline(settings: Settings) -> Any:
    from rag.answer_cache import AnswerCache
    from rag.commands.terminal import load_with_bars
    from rag.spans import begin as begin_tracing

    begin_tracing(settings)
    return load_with_bars(settings, AnswerCache(settings.kept_answers))


def _catalogued(settings: Settings) -> list[str]:
    from rag.fetching.catalogue import load_catalogue
    from rag.load import is_elsewhere

    is_here = settings.model in load_catalogue() and not is_elsewhere(settings)
    return [settings.model] if is_here else []


def _examples(settings: Settings) -> list[str]:
    """Questions to begin with: written for the sample articles, drawn from any others' titles."""
    from contextlib import closing

    from index.browse import all_rows
    from index.store import store_in_use
    from page.offers import question_on
    from rag.settings import SAMPLE_ARTICLES

    manifest, store = store_in_use(settings.index)
    with closing(store):
        if manifest.sources != (str(SAMPLE_ARTICLES),):
            titles = dict.fromkeys(row.title for row in all_rows(store) if row.title.strip())
            return [question_on(title) for title in titles][:4]
    return [
        "What stake did Meta take in Scale AI?",
        "Who is the new CEO of Scale AI?",
        "How much power will Meta buy from the Clinton plant?",
        "Which deal brought the founders of Character.AI back to Google?",
    ]


if __name__ == "__main__":
    main()
