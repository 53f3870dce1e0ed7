"""All systems over one task, question by question in turn."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import asdict
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from corpus.errors import BylineError
from eval.measure import processor
from eval.peers.client import WORKERS, ModelServer, SystemFailed, Worker
from eval.peers.scoring import PeerRecord, failed, score
from eval.peers.table import System, as_json, render
from eval.peers.task import Task, as_request
from eval.questions import Question
from rag.fetching.catalogue import load_catalogue
from rag.fetching.fetch import fetch_with_bar
from rag.settings import Settings

WARM_UP = "Reply with one word: are you there?"
"""Asked of every system before the first question: whatever loads on first use is loaded then."""


def run(task: Task, settings: Settings, names: Sequence[str], out: Path) -> str:
    """Ask every system every question and return the table. The records are written to `out` as
    they come, with what the systems print in a folder of logs beside it. Raises BylineError."""
    logs = out.with_suffix(".logs")
    logs.mkdir(parents=True, exist_ok=True)
    model = _model_path(settings)
    embedder = fetch_with_bar("minilm", settings.models_dir)
    with ExitStack() as stack:
        say("loading the model server")
        server = stack.enter_context(ModelServer(model, logs / "server.txt", settings.threads))
        workers = {
            name: stack.enter_context(Worker(name, WORKERS[name], logs / f"{_file(name)}.txt"))
            for name in names
        }
        load = {
            "embedder": str(embedder),
            "model": settings.model,
            "address": server.address,
            "key": server.key,
            "threads": settings.threads,
        }
        about = {name: _prepare(worker, task, load) for name, worker in workers.items()}

        def systems() -> list[System]:
            return [_system(workers[name], task, about[name], server) for name in names]

        records: list[PeerRecord] = []
        for record in ask_all(task.questions, workers, server):
            records.append(record)
            write(out, task, settings, systems(), records)
        return render(systems(), records)


def ask_all(
    questions: Sequence[Question], workers: dict[str, Worker], server: ModelServer
) -> Iterator[PeerRecord]:
    """Every system's record of each question; who begins changes from question to question."""
    names = list(workers)
    for done, question in enumerate(questions):
        for name in turns(names, done):
            record = ask(workers[name], question, server)
            say(f"{done + 1}/{len(questions)} {name}: {_brief(record)}")
            yield record


def turns(names: Sequence[str], done: int) -> list[str]:
    """The order for the question after `done` others: each system follows every place in turn."""
    first = done % len(names)
    return [*names[first:], *names[:first]]


def ask(worker: Worker, question: Question, server: ModelServer) -> PeerRecord:
    """One question to one system; a system that fails gets a record that says so."""
    before = server.prompt_tokens()
    worked = server.processor_s() + worker.processor_s
    try:
        reply = worker.call("ask", question=question.question)
    except SystemFailed as error:
        return failed(worker.name, question, str(error))
    prompts = reply["prompts"]
    worked = server.processor_s() + worker.processor_s - worked
    sent = server.prompt_tokens() - before
    counts: dict[str, int | None] = {
        "evidence": sum(server.tokens(evidence["text"]) for evidence in reply["evidence"]),
        "prompt": sent if prompts is None else sum(map(server.chat_tokens, prompts)),
        "answer": server.tokens(reply["answer"]),
    }
    return score(worker.name, question, reply, counts, worked)


def _prepare(worker: Worker, task: Task, load: dict[str, Any]) -> dict[str, Any]:
    say(f"{worker.name}: loading, indexing {len(task.articles):,} articles, warming up")
    about = worker.call("load", system=worker.name, **load)
    built = worker.call("build", articles=as_request(task.articles))
    worker.call("ask", question=WARM_UP)
    return {**about, **built}


def _system(worker: Worker, task: Task, about: dict[str, Any], server: ModelServer) -> System:
    shares = "HTTP" in about["engine"]
    return System(
        name=worker.name,
        version=about["version"],
        engine=about["engine"],
        source=about["source"],
        settings=about["settings"],
        articles=len(task.articles),
        passages=about["passages"],
        index_s=about["seconds"],
        peak_memory_mb=worker.peak_memory_mb,
        server_memory_mb=server.peak_memory_mb() if shares else None,
    )


def write(
    path: Path,
    task: Task,
    settings: Settings,
    systems: Sequence[System],
    records: Sequence[PeerRecord],
) -> None:
    """The whole run so far, replaced at once: a run that breaks leaves a file that can be read."""
    run_of = {
        "suite": f"peers-{task.name}",
        "created_at": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "model": settings.model,
        "processor": processor(),
        "articles": len(task.articles),
        "questions": len(task.questions),
        "follow_ups_left_out": task.left_out,
        "systems": [asdict(system) for system in systems],
    }
    whole = {
        "run": run_of,
        "summary": as_json(systems, records),
        "records": [asdict(record) for record in records],
    }
    draft = path.with_suffix(".part")
    draft.write_text(json.dumps(whole, ensure_ascii=False, indent=1), encoding="utf-8")
    draft.replace(path)


def render_file(path: Path) -> str:
    """The table of a run that was written, whole or stopped. Raises BylineError."""
    try:
        whole = json.loads(path.read_text(encoding="utf-8"))
        systems = [System(**system) for system in whole["run"]["systems"]]
        return render(systems, [PeerRecord(**record) for record in whole["records"]])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BylineError(
            f"{path} is no run of the peers that can be read ({error}): name a file that "
            "`python -m eval.peers run` has written."
        ) from error


def _model_path(settings: Settings) -> Path:
    """The GGUF file that all systems answer with."""
    if settings.model in load_catalogue():
        return fetch_with_bar(settings.model, settings.models_dir)
    return Path(settings.model)


def _file(name: str) -> str:
    return name.replace(" ", "-")


def _brief(record: PeerRecord) -> str:
    if record.error:
        return record.error
    outcome = {True: "right", False: "wrong", None: "answered"}[record.right]
    if record.refused:
        outcome = "refused"
    return f"{outcome}, {record.whole_s:.1f} s ({record.processor_s:.1f} s of processor)"


def say(text: str) -> None:
    """What is going on, for whoever waits."""
    print(text, file=sys.stderr, flush=True)
