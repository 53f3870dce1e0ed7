"""`byline bench serve`: many clients at the real server, and what is counted of them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import httpx
import pytest
from commandline import Byline

from rag.bench.clients import Seen
from rag.bench.scripted_model import answer_from, scripted_model
from rag.bench.serving import Held, Served, Spread, _environment, spread
from rag.commands.bench import served_text
from rag.engines.openai_client import OpenAIClient
from rag.engines.openai_compatible import OpenAIGenerator
from rag.settings import load_settings
from rag.types import Message

CLIENTS = 20


@pytest.mark.model
def test_twenty_clients_of_the_real_server(byline: Byline, articles: Path) -> None:
    assert byline("index", "build", articles).code == 0
    options = ["--clients", str(CLIENTS), "--seconds", "2", "--tokens", "1000", "--json"]
    found = byline("bench", "serve", *options).json
    assert found["errors"] == {}
    assert found["busy"] == 0
    assert found["answers"] >= CLIENTS
    assert found["most"] - found["fewest"] <= 2
    assert found["fewest"] >= 1
    for what in ("files", "threads"):
        assert found["end"][what] < found["start"][what] + CLIENTS / 2
    assert found["first_event"]["p50"] <= found["whole"]["p50"]


def test_the_server_has_no_other_setting_of_the_users(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BYLINE_DATABASE", "postgresql://me:secret@127.0.0.1/mine")
    monkeypatch.setenv("BYLINE_AUTHENTICATION", "on")
    settings = load_settings(index=tmp_path / "mine", embedder="other")
    own = {k: v for k, v in _environment(settings, tmp_path).items() if k.startswith("BYLINE_")}
    assert own["BYLINE_INDEX"] == str(tmp_path / "mine")
    assert own["BYLINE_EMBEDDER"] == "other"
    assert own["BYLINE_CHATS"] == str(tmp_path / "chats.sqlite")
    assert not {"BYLINE_DATABASE", "BYLINE_AUTHENTICATION"} & set(own)


class TestScriptedModel:
    CHAT: Sequence[Message] = (
        Message("user", "Passages:\n[1] Other (2024)\nNot this one."),
        Message("user", "Question: q\n\nPassages:\n[1] Title\nVell has 2 ships. More.\n[2] x\ny."),
    )

    def test_it_says_the_first_sentence_of_the_first_passage(self) -> None:
        with scripted_model(10_000) as model:
            generator = OpenAIGenerator(OpenAIClient(model.url))
            assert "".join(generator.generate(self.CHAT)) == "Vell has 2 ships. [1]"
            assert generator.usage.new_tokens == 5
            assert generator.read([self.CHAT], "yes")[0].probability == pytest.approx(0.95)
        assert model.written == 1

    def test_without_a_passage_it_refuses(self) -> None:
        assert answer_from("Question: q") == "The passages do not answer the question."

    def test_it_listens_to_this_machine_only(self) -> None:
        with scripted_model(10_000) as model:
            assert httpx.URL(model.url).host == "127.0.0.1"


def test_the_kinds_of_errors_are_bounded() -> None:
    seen = Seen()
    for number in range(30):
        seen.error(f"error {number}")
    assert len(seen.errors) == 11
    assert seen.errors["others"] == 20


def test_a_spread_of_nothing_and_of_some() -> None:
    assert spread([]) == Spread(None, None, None)
    # of 0 to 100 the percentiles are their own numbers
    assert spread([float(n) for n in range(101)]) == Spread(50.0, 95.0, 100.0)


def test_the_lines_hold_the_figures() -> None:
    some, none = Spread(0.5, 1.25, 2.0), Spread(None, None, None)
    held = Held(500_000_000, 30, 20)
    found = Served(
        50, 120.4, 60.2, 100, 30, 4, {"status 500: no": 2}, some, some, some, none,
        1, 2.5, 3, held, held, Held(510_000_000, 31, 21),
    )  # fmt: skip
    assert served_text(found).splitlines() == [
        "50 clients, 120 s: 100 answers, 30 searches, 2 errors, told 4 times to come back later; "
        "60 s of the processor",
        "  2 times: status 500: no",
        "  first event  p50 0.50 s, p95 1.25 s, longest 2.00 s",
        "  whole answer p50 0.50 s, p95 1.25 s, longest 2.00 s",
        "  with waits   p50 0.50 s, p95 1.25 s, longest 2.00 s",
        "  search       none",
        "  a client     1 to 3 answers, median 2.5",
        "  held         500 MB of memory, 30 open files, 20 threads before",
        "               500 MB of memory, 30 open files, 20 threads at half time",
        "               510 MB of memory, 31 open files, 21 threads after",
    ]
