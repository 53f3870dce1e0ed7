"""Progress on stderr: a bar in a terminal, lines elsewhere."""

from __future__ import annotations

import io
import sys
import time
from pathlib import Path

import pytest

from rag.commands import terminal
from rag.commands.terminal import Line, counting, staged, telling


class Clock:
    """Seconds that pass when the test says so."""

    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(terminal, "time", clock)
    return clock


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_long_stage_is_told_every_few_seconds(
    clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    with staged() as show:
        for done in range(1, 11):
            show("embed", done, 10)
            clock.now += 2
    assert capsys.readouterr().err.splitlines() == [
        "embedding: 4 of 10, 40.0/min, 9 s left",
        "embedding: 7 of 10, 35.0/min, 5 s left",
        "embedding: 10 of 10, 33.3/min, 0 s left",
    ]


def test_a_short_stage_is_not_told(clock: Clock, capsys: pytest.CaptureFixture[str]) -> None:
    with staged() as show:
        for stage in ("chunk", "embed"):
            show(stage, 1, 2)
            clock.now += 0.4
            show(stage, 2, 2)
    assert capsys.readouterr().err == ""


def test_a_stage_that_comes_again_is_told_again(
    clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    with staged() as show:
        for _ in range(2):
            for stage in ("fetch", "embed"):
                show(stage, 0, 4)
                clock.now += 6
                show(stage, 3, 4)
    told = [line.split(":")[0] for line in capsys.readouterr().err.splitlines()]
    assert told == ["fetching pages", "embedding"] * 2


def test_a_stage_without_an_end_is_named(clock: Clock, capsys: pytest.CaptureFixture[str]) -> None:
    with counting("thinking") as count:
        clock.now += 6
        count(0, 0)
    assert capsys.readouterr().err.startswith("thinking")


def test_in_a_terminal_long_stages_leave_their_bar(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    screen = Terminal()
    monkeypatch.setattr(sys, "stderr", screen)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "120")
    with staged() as show:
        show("chunk", 1, 1)
        clock.now += 0.1
        show("embed", 1, 4)
        clock.now += 5
        show("embed", 4, 4)
    last = screen.getvalue().rpartition("\x1b[2K")[2]  # what was drawn in place of the rest
    assert "embedding" in last
    assert "4/4" in last
    assert "cutting" not in last


def followed(clock: Clock, usual: float | None, seconds: int) -> None:
    """A line over what goes on for so many seconds."""

    def over(waited: float) -> bool:
        clock.now += waited
        return clock.now > seconds

    Line("loading", usual).follow(over)


@pytest.mark.parametrize(
    ("usual", "told"),
    [
        (None, ["loading: 5 s", "loading: 10 s"]),
        (8.0, ["loading: 5 s, about 3 s left", "loading: 10 s, longer than last time"]),
    ],
)
def test_what_counts_nothing_is_told_every_few_seconds(
    clock: Clock, capsys: pytest.CaptureFixture[str], usual: float | None, told: list[str]
) -> None:
    followed(clock, usual, 12)
    assert capsys.readouterr().err.splitlines() == told


def test_in_a_terminal_it_is_one_line_that_goes_again(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    screen = Terminal()
    monkeypatch.setattr(sys, "stderr", screen)
    followed(clock, 3.0, 2)
    shown = screen.getvalue().split("\r\x1b[2K")
    assert shown == ["", "loading: 1 s, about 2 s left", "loading: 2 s, about 1 s left", ""]


def test_what_is_done_aside_has_the_screen_for_itself_and_does_not_count(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    screen = Terminal()
    monkeypatch.setattr(sys, "stderr", screen)
    line = Line("loading", None)

    def fetch(name: str, folder: Path) -> Path:
        clock.now += 60
        assert screen.getvalue().endswith("\r\x1b[2K")
        return folder / name

    clock.now += 2
    assert line.aside(fetch)("weights", Path("models")) == Path("models/weights")
    clock.now += 1
    assert line.seconds == 3


def test_a_stage_is_told_until_it_is_over(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(terminal, "_LINE_EVERY_S", 0.01)
    with telling("load", None):
        deadline = time.monotonic() + 20
        err = ""
        while not err and time.monotonic() < deadline:
            err = capsys.readouterr().err
    assert err.startswith("loading the language model: 0 s\n")
    capsys.readouterr()
    assert capsys.readouterr().err == ""
