"""What several threads want at once is made together, and each gets its own."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from index.together import MOST, Together

PATIENCE_S = 60.0


class Doubling:
    """Doubles numbers and notes which came together; the first batch waits to be let go."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.began, self.go = threading.Event(), threading.Event()

    def make(self, numbers: list[int]) -> list[int]:
        self.batches.append(sorted(numbers))
        self.began.set()
        assert self.go.wait(PATIENCE_S)
        if 13 in numbers:
            raise ValueError("thirteen")
        return [2 * number for number in numbers]


def wanted(together: Together[int, int], count: int) -> None:
    """So many wait for the next batch."""
    for _ in range(int(PATIENCE_S / 0.01)):
        if len(together._wanted) == count:
            return
        threading.Event().wait(0.01)
    pytest.fail(f"{len(together._wanted)} of {count} wait")


def test_one_alone_goes_at_once() -> None:
    doubling = Doubling()
    doubling.go.set()
    together = Together(doubling.make)
    assert [together.one(3), together.one(4)] == [6, 8]
    assert doubling.batches == [[3], [4]]


def test_what_comes_meanwhile_is_made_together() -> None:
    doubling = Doubling()
    together = Together(doubling.make)
    with ThreadPoolExecutor(10) as threads:
        first = threads.submit(together.one, 0)
        assert doubling.began.wait(PATIENCE_S)
        others = [threads.submit(together.one, number) for number in range(1, 8)]
        wanted(together, 7)
        doubling.go.set()
        assert first.result() == 0
        assert [other.result() for other in others] == [2, 4, 6, 8, 10, 12, 14]
    assert doubling.batches == [[0], [1, 2, 3, 4, 5, 6, 7]]


def test_no_more_than_some_at_once() -> None:
    doubling = Doubling()
    together = Together(doubling.make)
    with ThreadPoolExecutor(2 * MOST) as threads:
        first = threads.submit(together.one, 0)
        assert doubling.began.wait(PATIENCE_S)
        others = [threads.submit(together.one, number + 100) for number in range(MOST + 5)]
        wanted(together, MOST + 5)
        doubling.go.set()
        assert first.result() == 0
        assert [other.result() for other in others] == [2 * (n + 100) for n in range(MOST + 5)]
    assert [len(batch) for batch in doubling.batches] == [1, MOST, 5]


def test_an_error_is_that_of_all_who_came_together_and_of_nobody_else() -> None:
    doubling = Doubling()
    together = Together(doubling.make)
    with ThreadPoolExecutor(4) as threads:
        first = threads.submit(together.one, 1)
        assert doubling.began.wait(PATIENCE_S)
        others = [threads.submit(together.one, number) for number in (12, 13)]
        wanted(together, 2)
        doubling.go.set()
        assert first.result() == 2
        for other in others:
            with pytest.raises(ValueError, match="thirteen"):
                other.result()
    assert together.one(14) == 28
