"""Nearest vectors: a contract for every VectorIndex, and the file format."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from milvusserver import a_manifest

from corpus.errors import BylineError
from index.milvus import Milvus
from index.sizes import FaissKind, kind_for
from index.types import VectorIndex, silent
from index.vectors import Batch, FlatVectors, ListedVectors

IDS = [5, 7, 9]
ROWS = np.eye(3, 4, dtype=np.float32)  # 5 is (1,0,0,0), 7 is (0,1,0,0), 9 is (0,0,1,0)
QUESTION = np.array([0.6, 0.8, 0, 0], dtype=np.float32)
LISTS = FaissKind("IVF2,SQ8", 1)
Make = Callable[[Sequence[int], np.ndarray], VectorIndex]
MakeFile = Callable[[Sequence[int], np.ndarray], FlatVectors | ListedVectors]


def flat(ids: Sequence[int], rows: np.ndarray) -> FlatVectors:
    return FlatVectors(rows.shape[1], [(np.array(ids), rows)])


def exact(ids: Sequence[int], rows: np.ndarray) -> Callable[[Sequence[int]], Batch]:
    place = {id_: at for at, id_ in enumerate(ids)}
    return lambda wanted: (np.array(wanted), rows[[place[id_] for id_ in wanted]])


def listed(ids: Sequence[int], rows: np.ndarray, kind: FaissKind = LISTS) -> ListedVectors:
    """Of which one list in two is looked into, unless that finds too few."""
    return ListedVectors(kind, rows.shape[1], rows, [(np.array(ids), rows)], exact(ids, rows))


def of_milvus(milvus: Milvus, kind: FaissKind) -> Make:
    """By collections that compare every vector, or look through a graph of them."""

    def make(ids: Sequence[int], rows: np.ndarray) -> VectorIndex:
        manifest = a_manifest(len(rows), rows.shape[1], kind)
        batch = [
            {"id": id_, "vector": row, "words": {0: 1.0}}
            for id_, row in zip(ids, rows, strict=True)
        ]
        milvus.write(manifest, [batch], silent)
        known = frozenset(ids)
        return milvus.open(
            manifest,
            frozenset(),
            lambda wanted: exact(ids, rows)([i for i in wanted if i in known]),
        )[0]

    return make


@pytest.fixture(params=["flat", "listed", "milvus, flat", "milvus, listed"])
def make(request: pytest.FixtureRequest) -> Make:
    kind = LISTS if "listed" in request.param else FaissKind()
    if "milvus" in request.param:
        return of_milvus(request.getfixturevalue("milvus"), kind)
    return listed if kind.lists else flat


@pytest.fixture
def vectors(make: Make) -> VectorIndex:
    return make(IDS, ROWS)


def around(centres: int, each: int, seed: int = 0) -> np.ndarray:
    """Unit vectors of width 16, `each` around every one of so many centres."""
    rng = np.random.default_rng(seed)
    middles = np.repeat(rng.standard_normal((centres, 16)), each, axis=0)
    rows = (middles + 0.6 * rng.standard_normal(middles.shape)).astype(np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


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


def test_a_part_of_which_the_nearest_list_holds_none(make: Make) -> None:
    rows = around(8, 50)
    index = make(range(400), rows)
    far = int((rows @ rows[0]).argmin())  # in another list than the question
    assert index.search(rows[0], 2, allow=[far]) == [(far, pytest.approx(rows[far] @ rows[0]))]


def test_a_small_part_keeps_its_recall(make: Make) -> None:
    rows, questions = around(40, 50), around(40, 1, seed=1)
    index, part = make(range(2000), rows), frozenset(range(0, 2000, 100))
    for question in questions:
        best = sorted(part, key=lambda id_: -float(rows[id_] @ question))[:10]
        assert [id_ for id_, _ in index.search(question, 10, part)] == best


def test_one_part_after_another(vectors: VectorIndex) -> None:
    for part in ({5}, {7, 9}, {5}):
        assert {id_ for id_, _ in vectors.search(QUESTION, 3, allow=part)} == part


def test_file_there_and_back(tmp_path: Path) -> None:
    rows = around(8, 50)
    flat(range(400), rows).write(tmp_path / "flat")
    listed(range(400), rows).write(tmp_path / "listed")
    opened = ListedVectors.open(tmp_path / "listed", LISTS, exact(range(400), rows))
    for question in rows[::40]:
        assert FlatVectors.open(tmp_path / "flat").search(question, 9) == flat(
            range(400), rows
        ).search(question, 9)
        assert opened.search(question, 9) == listed(range(400), rows).search(question, 9)


@pytest.mark.parametrize("make", [flat, listed])
def test_the_same_vectors_give_the_same_bytes(make: MakeFile, tmp_path: Path) -> None:
    for name in ("one", "other"):
        make(range(400), around(8, 50)).write(tmp_path / name)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "other").read_bytes()


@pytest.mark.parametrize("make", [flat, listed])
def test_a_full_disk_is_an_error(make: MakeFile) -> None:
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("there is no disk here that is always full")
    with pytest.raises(OSError, match="No space left"):
        make(IDS, ROWS).write(full)


def test_an_empty_index_finds_nothing() -> None:
    assert FlatVectors(4, []).search(QUESTION, 3) == []


def test_as_many_ids_as_vectors() -> None:
    with pytest.raises(ValueError, match="2 ids"):
        FlatVectors(4, [(np.array([1, 2]), ROWS)])


@pytest.mark.parametrize("kept", [0, 20, 40])
def test_a_damaged_file_raises(kept: int, tmp_path: Path) -> None:
    flat(IDS, ROWS).write(tmp_path / "flat")
    (tmp_path / "cut").write_bytes((tmp_path / "flat").read_bytes()[:kept])
    with pytest.raises(RuntimeError):
        FlatVectors.open(tmp_path / "cut")


class TestListedVectors:
    """What holds of lists alone."""

    def test_products_are_those_of_the_exact_vectors(self) -> None:
        rows = around(8, 50)
        for id_, product in listed(range(400), rows).search(rows[3], 20):
            assert product == pytest.approx(float(rows[id_] @ rows[3]), abs=1e-6)

    def test_recall_where_one_list_in_four_is_looked_into(self) -> None:
        rows, questions = around(40, 50), around(100, 1, seed=1)
        index = listed(range(2000), rows, FaissKind("IVF32,SQ8", 8))
        whole = flat(range(2000), rows)
        found = [
            len({i for i, _ in index.search(q, 10)} & {i for i, _ in whole.search(q, 10)})
            for q in questions
        ]
        assert sum(found) / (10 * len(questions)) > 0.9

    def test_more_is_asked_for_than_the_lists_hold(self) -> None:
        rows = around(8, 50)
        index = listed(range(400), rows, FaissKind("IVF8,SQ8", 1))
        assert len(index.search(rows[0], 300)) == 300


class TestKind:
    def test_exact_up_to_a_bound(self) -> None:
        assert kind_for(100_000) == FaissKind("Flat")
        assert kind_for(3, exact_passages=3) == FaissKind("Flat")

    def test_lists_beyond(self) -> None:
        assert kind_for(1_000_000) == FaissKind("IVF2048,SQ8", 128)

    @pytest.mark.parametrize("passages", [1, 2, 3, 10, 1000])
    def test_no_more_lists_than_passages(self, passages: int) -> None:
        kind = kind_for(passages, exact_passages=0)
        assert 1 <= kind.probes <= kind.lists <= passages

    @pytest.mark.parametrize(("factory", "probes"), [("HNSW32", 0), ("IVF8,SQ8", 9), ("Flat", 1)])
    def test_what_is_no_kind(self, factory: str, probes: int) -> None:
        with pytest.raises(ValueError, match="no kind"):
            FaissKind(factory, probes)
