"""Nearest vectors: a contract for every VectorIndex, and the file format."""

import numpy as np
import pytest

from corpus.errors import BylineError
from index.types import VectorIndex
from index.vectors import FlatVectors

IDS = [5, 7, 9]
ROWS = np.eye(3, 4, dtype=np.float32)  # 5 is (1,0,0,0), 7 is (0,1,0,0), 9 is (0,0,1,0)
QUESTION = np.array([0.6, 0.8, 0, 0], dtype=np.float32)


@pytest.fixture(params=[FlatVectors])
def vectors(request: pytest.FixtureRequest) -> VectorIndex:
    index: VectorIndex = request.param(IDS, ROWS)
    return index


def test_best_first_with_its_inner_product(vectors: VectorIndex) -> None:
    (first, a), (second, b) = vectors.search(QUESTION, 2)
    assert (first, second) == (7, 5)
    assert (a, b) == pytest.approx((0.8, 0.6))


def test_fewer_than_asked_for_when_there_are_fewer(vectors: VectorIndex) -> None:
    assert [id_ for id_, _ in vectors.search(QUESTION, 50)] == [7, 5, 9]


def test_equal_products_are_ordered_by_id(vectors: VectorIndex) -> None:
    question = np.array([0, 0, 0, 1], dtype=np.float32)
    assert [id_ for id_, _ in vectors.search(question, 3)] == [5, 7, 9]


def test_only_among_the_allowed(vectors: VectorIndex) -> None:
    assert [id_ for id_, _ in vectors.search(QUESTION, 3, allow={5, 9})] == [5, 9]


def test_allowed_ids_that_are_not_there_are_no_matter(vectors: VectorIndex) -> None:
    assert [id_ for id_, _ in vectors.search(QUESTION, 3, allow=[9, 1000])] == [9]


def test_nothing_allowed_nothing_found(vectors: VectorIndex) -> None:
    assert vectors.search(QUESTION, 3, allow=[]) == []


def test_none_asked_for(vectors: VectorIndex) -> None:
    assert vectors.search(QUESTION, 0) == []


def test_another_width_names_the_rebuild(vectors: VectorIndex) -> None:
    with pytest.raises(BylineError, match=r"8 numbers and the index 4.*byline index build"):
        vectors.search(np.ones(8, dtype=np.float32), 3)


def test_an_empty_index_finds_nothing() -> None:
    assert FlatVectors([], np.zeros((0, 4), dtype=np.float32)).search(QUESTION, 3) == []


def test_as_many_ids_as_vectors() -> None:
    with pytest.raises(ValueError, match="2 ids"):
        FlatVectors([1, 2], ROWS)


def test_bytes_there_and_back() -> None:
    index = FlatVectors(IDS, ROWS)
    assert FlatVectors.from_bytes(index.to_bytes()).search(QUESTION, 3) == index.search(QUESTION, 3)


@pytest.mark.parametrize(
    "data", [b"", b"not an index at all", FlatVectors(IDS, ROWS).to_bytes()[:40]]
)
def test_damaged_bytes_raise(data: bytes) -> None:
    with pytest.raises(RuntimeError):
        FlatVectors.from_bytes(data)
