"""The commands below `byline eval`. No logic of its own."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from rag.commands.options import Support

if TYPE_CHECKING:
    from eval.records import Result

SUITES = {
    "gold": "The project's own questions on the sample articles.",
    "news": "RealTime QA: dated news questions over some thousand pooled articles.",
    "linked": "News questions whose gold article is known, in a pool of hundreds.",
    "abstain": "CLAP NQ and SQuAD 2.0: half of the questions have no answer.",
    "conflict": "RAMDocs and RGB: passages that disagree or state falsehoods.",
    "attribution": "AttributionBench: judges the citation checker itself.",
}
REPORTS = Path(__file__).with_name("reports")
SKIPPED = 3
"""The exit code of a suite whose question set is absent: neither passed (0) nor failed (1)."""


class GoldByDefault(TyperGroup):
    """`byline eval` without a name runs the gold set."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        named = args and (not args[0].startswith("-") or args[0] in ctx.help_option_names)
        return super().parse_args(ctx, args if named else ["gold", *args])


eval_app = typer.Typer(
    cls=GoldByDefault,
    help="Measure how well it answers; without a name, on the project's own questions.",
    add_completion=False,
    rich_markup_mode=None,
)

Limit = Annotated[int | None, typer.Option(min=1, help="Ask so many, chosen at random.")]
Seed = Annotated[int, typer.Option(help="Of what is chosen at random.")]
Engine = Annotated[str | None, typer.Option(help="auto, llama.cpp, transformers or openai.")]
Model = Annotated[
    str | None,
    typer.Option(help="A name of the catalogue, a GGUF file, a folder or a hub id."),
]
Data = Annotated[
    Path | None,
    typer.Option(metavar="DIR", help="Where the question sets lie (or BYLINE_EVAL_DATA)."),
]
IndexDir = Annotated[
    Path | None,
    typer.Option("--index", metavar="DIR", help="Where the index lies (default: a cache)."),
]
UserIndex = Annotated[
    Path | None, typer.Option("--index", metavar="DIR", help="Where the index lies.")
]
Split = Annotated[
    str | None, typer.Option(help="dev or test; default both. Only the gold set has them.")
]
Pool = Annotated[
    int | None,
    typer.Option(
        min=1,
        metavar="N",
        help="Of news and linked: search N articles only, those that the questions name first.",
    ),
]
Plain = Annotated[
    bool,
    typer.Option("--plain", help="Ask the plain recipe, with the same index and weights, instead."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print the summary as JSON on stdout.")]
Out = Annotated[Path, typer.Option(metavar="DIR", help="Where the run is kept.")]


def _suite_command(name: str) -> Callable[..., None]:
    def command(
        limit: Limit = None,
        seed: Seed = 0,
        split: Split = None,
        pool: Pool = None,
        engine: Engine = None,
        model: Model = None,
        data: Data = None,
        index: IndexDir = None,
        support: Support = None,
        plain: Plain = False,
        as_json: AsJson = False,
        out: Out = REPORTS,
    ) -> None:
        from eval.measure import Options
        from eval.sets import AbsentSetError
        from eval.suites import run_suite

        options = Options(limit, seed, engine, model, data, index, split, pool, support, plain)
        try:
            result = run_suite(name, options)
        except AbsentSetError as absent:
            typer.echo(f"{name}: skipped: {absent}.", err=True)
            if as_json:
                typer.echo(json.dumps({"suite": name, "skipped": str(absent)}))
            raise typer.Exit(SKIPPED) from None
        _finish(result, out, as_json)

    return command


def bench_answer_command(
    engine: Annotated[
        list[str] | None,
        typer.Option(help="transformers, llama.cpp or openai; give it for each to be measured."),
    ] = None,
    base_url: Annotated[
        str | None, typer.Option(metavar="URL", help="Of the server of the engine openai.")
    ] = None,
    questions: Annotated[int, typer.Option(min=2, help="How many, and one to warm up.")] = 20,
    from_file: Annotated[
        Path | None,
        typer.Option("--set", metavar="QUESTIONS.jsonl", help="Draw them from this file."),
    ] = None,
    seed: Seed = 0,
    model: Model = None,
    index: UserIndex = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON on stdout.")] = False,
) -> None:
    """Time whole answers by several engines and by the plain recipe, turn about."""
    from eval.side_by_side import as_text, measure
    from rag.commands.options import settings_with
    from rag.commands.terminal import counting, ensure_index, quiet

    quiet()
    chosen = {"index": index, "model": model, "base_url": base_url}
    ensure_index(settings_with(**chosen))
    with counting("answering by turns") as on_progress:
        found = measure(engine or ["auto"], chosen, questions, from_file, seed, on_progress)
    if as_json:
        typer.echo(json.dumps([asdict(one) for one in found], indent=2))
    else:
        typer.echo(as_text(found))


for _name, _about in SUITES.items():
    eval_app.command(_name, help=_about)(_suite_command(_name))


@eval_app.command()
def mine(
    questions: Annotated[Path, typer.Argument(metavar="QUESTIONS.jsonl")],
    limit: Limit = None,
    seed: Seed = 0,
    split: Split = None,
    engine: Engine = None,
    model: Model = None,
    index: UserIndex = None,
    as_json: AsJson = False,
    out: Out = REPORTS,
) -> None:
    """Your own questions over your own index."""
    from eval.measure import Options
    from eval.suites import run_mine

    options = Options(limit, seed, engine, model, index=index, split=split)
    _finish(run_mine(questions, options), out, as_json)


@eval_app.command()
def draft(
    limit: Annotated[int, typer.Option(min=1, help="Propose at most so many.")] = 20,
    seed: Seed = 0,
    engine: Engine = None,
    model: Model = None,
    index: UserIndex = None,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE.jsonl", help="A new file (default: stdout).")
    ] = None,
    from_feedback: Annotated[
        bool,
        typer.Option("--from-feedback", help="All that readers of the page judged, no model."),
    ] = False,
) -> None:
    """Propose questions on your own articles, as JSON lines to keep or cut."""
    if from_feedback:
        from eval.from_feedback import write_from_feedback
        from rag.settings import load_settings

        write_from_feedback(load_settings().feedback, out)
        return
    from eval.draft import write_drafts
    from eval.measure import Options

    write_drafts(Options(limit, seed, engine, model, index=index), out)


@eval_app.command()
def report(
    run: Annotated[Path, typer.Argument(metavar="RUN.json")],
) -> None:
    """Write the report of a kept run beside it, as one HTML file."""
    from eval.report import write_report

    typer.echo(f"The report is {write_report(run)}")


@eval_app.command()
def compare(
    first: Annotated[Path, typer.Argument(metavar="A.json")],
    second: Annotated[Path, typer.Argument(metavar="B.json")],
    out: Annotated[Path, typer.Option(metavar="DIR", help="Where the page is written.")] = REPORTS,
) -> None:
    """Compare two kept runs, question by question."""
    from eval.compare import main

    typer.echo(main(first, second, out))


@eval_app.command()
def gate(
    accept: Annotated[
        bool, typer.Option("--accept", help="Make this run the baseline, for review in git.")
    ] = False,
    engine: Engine = None,
    model: Model = None,
    index: IndexDir = None,
    out: Out = REPORTS,
) -> None:
    """Fail (exit code 1) when the fixed questions are answered worse than the baseline."""
    from eval.gate import main
    from eval.measure import Options

    text, passed = main(Options(engine=engine, model=model, index=index), accept, out)
    typer.echo(text)
    if not passed:
        raise typer.Exit(1)


def _finish(result: Result, out: Path, as_json: bool) -> None:
    """Keep the run and its report, and print its table or its summary."""
    from eval.records import write_result
    from eval.report import write_report
    from eval.table import render

    moment = result.run.created_at[:19].replace("T", "-").replace(":", "")
    path = out / f"{result.run.suite}-{moment}.json"
    write_result(result, path)
    page = write_report(path)
    if as_json:
        kept = {"file": str(path), "report": str(page)}
        shown = {"suite": result.run.suite, **kept, **asdict(result.summary)}
        typer.echo(json.dumps(shown, ensure_ascii=False, indent=2))
    else:
        typer.echo(f"{render(result)}\n\nKept in {path}\nThe report is {page}")
