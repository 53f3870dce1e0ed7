"""A whole index in Milvus: published, gone back, searched, and the server killed on the way.

The contracts of vectors and words run against it in test_index_vectors.py and
test_index_postings.py.
"""

from __future__ import annotations

import random
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from fakes import HashingEmbedder
from milvusserver import MilvusServer, a_manifest, milvus_server

from corpus.article import Article
from corpus.errors import Away, BylineError
from index import milvus as in_milvus
from index import versions
from index.build import build
from index.change import apply
from index.history import compact, rollback
from index.live import LiveIndex
from index.milvus import Milvus
from index.publishing import Upkeep
from index.search import Index
from index.sizes import FaissKind
from index.types import Hit, silent
from index.verify import verify
from index.versions import Keep

EMBEDDER = HashingEmbedder(64)
WORDS = [f"w{number}" for number in range(60)]
STORY = "The ferry of Vell runs once an hour and carries cars, people and bicycles over the bay."
ARTICLES = [
    Article("deal", "Meta pays for a stake", "Meta paid $14.3 billion. It holds 49%."),
    Article("chief", "A new chief", "Jason O’Brien leads the café.", outlet="Wire"),
    *(
        Article(
            f"r{n}",
            f"Title {n}",
            " ".join(random.Random(n).choices(WORDS, k=40)),
            outlet="Wire" if n % 2 else "Ledger",
            published_at=f"2025-06-{n % 28 + 1:02d}",
        )
        for n in range(80)
    ),
]
NEW = Article("new", "A ferry", STORY)


def ids(hits: list[Hit]) -> list[str]:
    return [hit.passage.article.id for hit in hits]


def in_use(directory: Path) -> str | None:
    return versions.current_version(directory)


@pytest.fixture
def upkeep(milvus: Milvus) -> Upkeep:
    return Upkeep(Keep(2), milvus=milvus)


@pytest.fixture(scope="module")
def both(
    tmp_path_factory: pytest.TempPathFactory, milvus_address: str
) -> Iterator[tuple[Index, Index]]:
    """The same version by its files and by Milvus."""
    directory = tmp_path_factory.mktemp("index")
    milvus = Milvus(f"{milvus_address}/searching")
    # All vectors are compared, and words are looked up as they are in a large index.
    build(ARTICLES, EMBEDDER, directory, upkeep=Upkeep(fts_passages=0, milvus=milvus))
    with (
        closing(Index.open(directory, EMBEDDER)) as by_files,
        closing(Index.open(directory, EMBEDDER, milvus)) as by_milvus,
    ):
        yield by_files, by_milvus


class TestSearching:
    @pytest.mark.parametrize(
        "narrowed",
        [
            {},
            {"as_of": date(2025, 6, 9)},
            {"within": [a.id for a in ARTICLES if a.outlet == "Wire"]},
            {"within": [a.id for a in ARTICLES if (a.published_at or "") >= "2025-06-20"]},
            {"within": ["deal"]},
        ],
        ids=["all", "as of a day", "an outlet", "days", "an article"],
    )
    def test_the_same_is_found(
        self, both: tuple[Index, Index], narrowed: dict[str, object]
    ) -> None:
        for number in range(8):
            question = "Meta " + " ".join(random.Random(number).choices(WORDS, k=4))
            # So many that what equal scores leave out at the end is no matter.
            by_files, by_milvus = (
                index.search(question, 200, depth=200, **narrowed)  # type: ignore[arg-type]
                for index in both
            )
            assert by_files
            scores, others = ({h.passage.article.id: h for h in s} for s in (by_files, by_milvus))
            assert scores.keys() == others.keys()
            for id_, hit in scores.items():
                assert others[id_].similarity == pytest.approx(hit.similarity, abs=1e-6)
                assert (others[id_].bm25 or 0.0) == pytest.approx(hit.bm25 or 0.0, rel=0.01)

    def test_a_large_part_is_chosen_from_more(
        self, both: tuple[Index, Index], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """No list of ids is sent, until more is wanted than Milvus gives at once."""
        part = [a.id for a in ARTICLES if a.outlet == "Wire"]
        wanted = [ids(both[1].search(f"w{n} w{n + 1}", 5, within=part)) for n in range(6)]
        monkeypatch.setattr(in_milvus, "_LISTED", 0)
        assert [ids(both[1].search(f"w{n} w{n + 1}", 5, within=part)) for n in range(6)] == wanted
        monkeypatch.setattr(in_milvus, "_MOST", 12)
        assert ids(both[1].search("w1", 3, depth=3, within=["deal", "chief"]))

    def test_what_a_copy_says_is_found_once(self, milvus: Milvus, tmp_path: Path) -> None:
        copies = [Article(f"copy{n}", "A ferry", STORY, outlet=f"Outlet {n}") for n in range(5)]
        build(copies, EMBEDDER, tmp_path, upkeep=Upkeep(milvus=milvus))
        with closing(Index.open(tmp_path, EMBEDDER, milvus)) as index:
            (hit,) = index.search("When does the ferry run?")
            assert len(hit.copies) == 4
            assert hit.ranks.keys() == {"dense", "lexical"}


class TestVersions:
    def test_publishing_and_going_back_move_the_alias(
        self, milvus: Milvus, upkeep: Upkeep, tmp_path: Path
    ) -> None:
        assert milvus.current() is None
        first = build(ARTICLES[:3], EMBEDDER, tmp_path, upkeep=upkeep).version
        with closing(LiveIndex(tmp_path, EMBEDDER, milvus)) as live:
            assert "new" not in ids(live.search("When does the ferry run?"))
            second = apply(tmp_path, EMBEDDER, [NEW], upkeep=upkeep).manifest.version
            assert milvus.current() == second
            assert ids(live.search("When does the ferry run?"))[0] == "new"
            rollback(tmp_path, upkeep=upkeep)
            assert milvus.current() == in_use(tmp_path) == first
            assert "new" not in ids(live.search("When does the ferry run?"))
            assert milvus.versions() == {first, second}

    def test_versions_that_are_gone_have_no_collection(
        self, milvus: Milvus, milvus_address: str, upkeep: Upkeep, tmp_path: Path
    ) -> None:
        other = Milvus(f"{milvus.address}_b")  # its name begins as this one's
        build(ARTICLES[:1], EMBEDDER, tmp_path / "other", upkeep=Upkeep(milvus=other))
        for number in range(1, 5):
            build(ARTICLES[:number], EMBEDDER, tmp_path / "own", upkeep=upkeep)
        assert milvus.versions() == set(versions.version_ids(tmp_path / "own"))
        assert len(milvus.versions()) == 2
        compacted = compact(tmp_path / "own", upkeep=Upkeep(Keep(1), milvus=milvus)).version
        assert milvus.versions() == {compacted}
        assert milvus.current() == compacted
        assert other.versions() == {other.current()}

    def test_an_index_that_was_built_without_it(
        self, milvus: Milvus, upkeep: Upkeep, tmp_path: Path
    ) -> None:
        build(ARTICLES[:2], EMBEDDER, tmp_path)
        with pytest.raises(BylineError, match=r"no version of an index.*byline index verify"):
            Index.open(tmp_path, EMBEDDER, milvus)
        assert len(verify(tmp_path, upkeep=upkeep).repaired) == 2
        assert verify(tmp_path, upkeep=upkeep).repaired == ()
        with closing(Index.open(tmp_path, EMBEDDER, milvus)) as index:
            assert ids(index.search("Who pays?"))[0] == "deal"

    def test_going_back_to_a_version_that_was_built_without_it(
        self, milvus: Milvus, upkeep: Upkeep, tmp_path: Path
    ) -> None:
        first = build(ARTICLES[:2], EMBEDDER, tmp_path).version
        build(ARTICLES[:3], EMBEDDER, tmp_path, upkeep=upkeep)
        rollback(tmp_path, upkeep=upkeep)
        with closing(Index.open(tmp_path, EMBEDDER, milvus)) as index:
            assert index.manifest.version == first
            assert len(index.search("Meta", 9)) == 2

    def test_a_collection_that_is_not_whole(
        self, milvus: Milvus, upkeep: Upkeep, tmp_path: Path
    ) -> None:
        manifest = build(ARTICLES[:3], EMBEDDER, tmp_path, upkeep=upkeep)
        with milvus._asked() as client:
            client.delete(milvus._collection(manifest.version), ids=[1])
        with pytest.raises(BylineError, match=r"or not all of it: byline index verify"):
            Index.open(tmp_path, EMBEDDER, milvus)
        repaired = verify(tmp_path, upkeep=upkeep).repaired
        assert repaired[0].startswith("its collection in milvus://")
        with closing(Index.open(tmp_path, EMBEDDER, milvus)) as index:
            assert len(index.search("Meta", 9)) == 3

    @pytest.mark.parametrize("step", ["write", "point_to"])
    def test_a_death_on_the_way_leaves_the_version_before(
        self,
        milvus: Milvus,
        upkeep: Upkeep,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
        step: str,
    ) -> None:
        first = build(ARTICLES[:3], EMBEDDER, tmp_path, upkeep=upkeep).version

        def dies(*_: object) -> None:
            raise BylineError("Milvus went away")

        with monkeypatch.context() as patch:
            patch.setattr(Milvus, step, dies)
            with pytest.raises(BylineError, match="went away"):
                apply(tmp_path, EMBEDDER, [NEW], upkeep=upkeep)
        with closing(Index.open(tmp_path, EMBEDDER, milvus)) as index:
            assert index.manifest.version == first
            assert len(index.search("Meta", 9)) == 3
        # Once more: what was written is used, and the alias moves.
        apply(tmp_path, EMBEDDER, [NEW], upkeep=upkeep)
        verify(tmp_path, upkeep=upkeep)
        with closing(Index.open(tmp_path, EMBEDDER, milvus)) as index:
            assert ids(index.search("When does the ferry run?"))[0] == "new"

    def test_a_run_that_did_not_end_is_no_matter(
        self, milvus: Milvus, upkeep: Upkeep, tmp_path: Path
    ) -> None:
        left = a_manifest(5, 64, FaissKind())
        row = {"id": 1, "vector": np.ones(64, dtype=np.float32), "words": {0: 1.0}}
        with pytest.raises(BylineError, match="holds 1 of the 5 passages"):
            milvus.write(left, [[row]], silent)
        assert not milvus.holds(left)
        build(ARTICLES[:2], EMBEDDER, tmp_path, upkeep=upkeep)
        assert left.version not in milvus.versions()


class TestAServerThatGoesAway:
    @pytest.fixture
    def server(self, tmp_path: Path) -> Iterator[MilvusServer]:
        with milvus_server(tmp_path) as server:
            yield server

    def test_killed_and_started_again_nothing_is_lost(
        self, server: MilvusServer, tmp_path: Path
    ) -> None:
        milvus = Milvus(server.address, timeout_s=5)
        upkeep, directory = Upkeep(milvus=milvus), tmp_path / "index"
        build(ARTICLES[:3], EMBEDDER, directory, upkeep=upkeep)
        second = apply(directory, EMBEDDER, [NEW], upkeep=upkeep).manifest.version
        with closing(LiveIndex(directory, EMBEDDER, milvus)) as live:
            before = live.search("When does the ferry run?")
            server.kill()
            for _ in range(2):
                with pytest.raises(BylineError, match=r"could not be asked .* and ask again\.$"):
                    live.search("When does the ferry run?")
            assert live.problem is not None
            with pytest.raises(BylineError, match="could not be asked"):
                apply(directory, EMBEDDER, [], ["deal"], upkeep=upkeep)
            assert in_use(directory) == second
            server.start()
            time.sleep(in_milvus._AGAIN_S)  # until then the failure is told again
            after = live.search("When does the ferry run?")
            assert [(h.passage, h.score) for h in after] == [(h.passage, h.score) for h in before]
            assert live.problem is None
        assert verify(directory, upkeep=upkeep).repaired == ()

    def test_who_asks_right_after_a_failure_is_told_at_once(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        milvus, opened, before = Milvus("milvus://127.0.0.1:9", timeout_s=0.2), [0], Milvus._opened

        def counted(self: Milvus) -> object:
            opened[0] += 1
            return before(self)

        monkeypatch.setattr(Milvus, "_opened", counted)
        monkeypatch.setattr(in_milvus, "_AGAIN_S", 1000.0)
        for _ in range(5):
            with pytest.raises(Away, match=r"127\.0\.0\.1:9 could not be asked"):
                milvus.current()
        assert opened == [1]
        monkeypatch.setattr(in_milvus, "_AGAIN_S", 0.0)
        with pytest.raises(Away):
            milvus.current()
        assert opened == [2]

    def test_one_that_takes_connections_and_says_nothing(self) -> None:
        with socket.socket() as silent_one:
            silent_one.bind(("127.0.0.1", 0))
            silent_one.listen()
            milvus = Milvus(f"milvus://127.0.0.1:{silent_one.getsockname()[1]}", timeout_s=0.5)
            began = time.monotonic()
            with pytest.raises(BylineError, match="could not be asked"):
                milvus.current()
            assert time.monotonic() - began < 10


class TestAddresses:
    @pytest.mark.parametrize(
        ("address", "parsed"),
        [
            ("milvus://db", ("http://db:19530", "byline")),
            ("milvus://10.0.0.7:19531/news", ("http://10.0.0.7:19531", "news")),
            ("milvus://[::1]:1/a_b", ("http://[::1]:1", "a_b")),
        ],
    )
    def test_read(self, address: str, parsed: tuple[str, str]) -> None:
        milvus = Milvus(address)
        assert (milvus._uri, milvus._alias) == parsed

    @pytest.mark.parametrize(
        "address",
        [
            *("", "db:19530", "http://db:19530", "milvus://", "milvus://db:x", "milvus://db/a-b"),
            *("milvus://db/a/b", "milvus://me:secret@db", "milvus://db/1a", "milvus://[::1"),
        ],
    )
    def test_what_is_none(self, address: str) -> None:
        with pytest.raises(BylineError, match=r"give milvus://HOST:PORT") as error:
            Milvus(address)
        assert "secret" not in str(error.value)

    def test_without_the_library(self, monkeypatch: pytest.MonkeyPatch) -> None:
        in_milvus._library.cache_clear()
        monkeypatch.setitem(sys.modules, "pymilvus", None)
        with pytest.raises(BylineError, match=r"pip install .*\[milvus\]"):
            Milvus("milvus://127.0.0.1:9").current()
