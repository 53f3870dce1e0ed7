"""The peers: `setup` once, `run` for the table, `table` to print that of a run again."""

from __future__ import annotations

import argparse
import sys
from datetime import date
from pathlib import Path

from corpus.errors import BylineError
from eval.peers.client import WORKERS
from rag.settings import ROOT, load_settings


def main() -> None:
    """Errors are one sentence on stderr with exit code 1 (usage: 2)."""
    arguments = _parser().parse_args()
    try:
        if arguments.command == "setup":
            from eval.peers.environment import set_up

            set_up()
        elif arguments.command == "table":
            from eval.peers.run import render_file

            print(render_file(arguments.file))
        else:
            print(_run(arguments))
    except BylineError as error:
        raise SystemExit(f"byline: {error}") from error
    except KeyboardInterrupt:
        print("Stopped; the answers so far are in the file of the run.", file=sys.stderr)
        raise SystemExit(130) from None


def _run(arguments: argparse.Namespace) -> str:
    from eval.peers.run import run
    from eval.peers.task import news_task, own_task

    settings = load_settings(
        model=arguments.model, threads=arguments.threads, eval_data=arguments.data
    )
    if arguments.set:
        task = news_task(
            arguments.set, settings.eval_data, arguments.limit, arguments.seed, arguments.pool
        )
    else:
        task = own_task(
            arguments.questions,
            arguments.articles,
            arguments.limit,
            arguments.seed,
            arguments.split,
        )
    out = arguments.out or ROOT / "eval" / "reports" / f"peers-{task.name}-{date.today()}.json"
    table = run(task, settings, arguments.systems, out)
    left_out = f" ({task.left_out} follow-ups left out)" if task.left_out else ""
    head = (
        f"{task.name}: {len(task.questions)} questions{left_out} over {len(task.articles):,} "
        f"articles, {settings.model}; all answers in {out}"
    )
    return f"{head}\n\n{table}"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m eval.peers", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("setup", help="make the peers' environment")
    table = commands.add_parser("table", help="print the table of a run, whole or stopped")
    table.add_argument("file", type=Path)
    run = commands.add_parser("run", help="ask all systems and print the table")
    run.add_argument("--questions", type=Path, help="your own questions.jsonl (default: gold)")
    run.add_argument("--articles", type=Path, help="the articles of your own questions")
    run.add_argument("--set", choices=("realtimeqa", "linked"), help="a set of the data folder")
    run.add_argument("--data", type=Path, help="the folder of --set (or BYLINE_EVAL_DATA)")
    run.add_argument("--pool", type=int, help="with --set: at most so many articles")
    run.add_argument("--split", help="dev or test; default both")
    run.add_argument("--limit", type=int, help="at most so many questions")
    run.add_argument("--seed", type=int, default=0)
    run.add_argument("--model", help="of the catalogue, or a GGUF file")
    run.add_argument("--threads", type=int, help="of the language model, in every system")
    run.add_argument("--systems", nargs="+", choices=WORKERS, default=list(WORKERS))
    run.add_argument("--out", type=Path, help="the file of all records (JSON)")
    return parser


if __name__ == "__main__":
    main()
