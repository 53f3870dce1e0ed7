"""Changing an index: what is embedded, what is found afterwards, and what stays as it was."""

from __future__ import annotations

import sqlite3
import tempfile
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from fakes import HashingEmbedder
from hypothesis import given, settings
from hypothesis import strategies as st

from corpus.article import Article, content_id
from corpus.errors import BylineError
from index import versions
from index.build import build, build_again
from index.change import apply
from index.chunk import Chunking
from index.history import compact, rollback
from index.live import LiveIndex
from index.publishing import Upkeep
from index.search import Index
from index.store import Store
from index.verify import verify
from index.versions import Keep

DEAL = Article("deal", "Meta buys a stake", "Meta paid $14.3 billion. It holds 49%.")
CHIEF = Article("chief", "A new chief", "Jason Droege leads Scale AI.", url="https://x.org/chief")
POWER = Article("power", "Reactor deal", "Meta buys nuclear power for 20 years.")


@pytest.fixture
def embedder() -> HashingEmbedder:
    return HashingEmbedder()


@pytest.fixture
def directory(tmp_path: Path, embedder: HashingEmbedder) -> Path:
    """An index of DEAL and CHIEF; the embedder has forgotten what it was asked for."""
    build([DEAL, CHIEF], embedder, tmp_path, sources=["/news"], origins={"deal": "/news/deal.txt"})
    embedder.embedded.clear()
    return tmp_path


def store_of(directory: Path) -> Store:
    manifest = versions.read_manifest(directory)
    return Store(versions.version_folder(directory, manifest.version) / versions.STORE)


def held(directory: Path) -> dict[str, Article]:
    with closing(store_of(directory)) as store:
        return {article.id: article for article, _ in store.all_articles()}


def found(directory: Path, question: str) -> set[str]:
    with closing(Index.open(directory, HashingEmbedder())) as index:
        return {hit.passage.article.id for hit in index.search(question) if len(hit.ranks) == 2}


def test_it_tells_what_became_of_each(directory: Path, embedder: HashingEmbedder) -> None:
    newer = replace(DEAL, body="Meta paid $15 billion.")
    change = apply(directory, embedder, [newer, POWER], ["chief", "nobody"])
    assert (change.added, change.updated) == (("power",), ("deal",))
    assert (change.removed, change.unchanged) == (("chief",), ())
    assert change.manifest == versions.read_manifest(directory)
    assert held(directory) == {"deal": newer, "power": POWER}


def test_nothing_changed_publishes_nothing(directory: Path, embedder: HashingEmbedder) -> None:
    before = versions.read_manifest(directory)
    change = apply(directory, embedder, [CHIEF, DEAL], ["nobody"], sources=["/news"])
    assert change.unchanged == ("chief", "deal")
    assert change.manifest == before
    assert versions.version_ids(directory) == [before.version]


def test_an_unchanged_article_is_not_embedded(directory: Path, embedder: HashingEmbedder) -> None:
    apply(directory, embedder, [DEAL, CHIEF, POWER])
    assert embedder.embedded == [f"{POWER.title}\n{POWER.body}"]


def test_a_change_that_no_passage_shows_is_not_embedded(
    directory: Path, embedder: HashingEmbedder
) -> None:
    change = apply(directory, embedder, [replace(DEAL, outlet="The Daily")])
    assert change.updated == ("deal",)
    assert embedder.embedded == []
    assert held(directory)["deal"].outlet == "The Daily"


def test_only_the_passages_that_changed_are_embedded(
    tmp_path: Path, embedder: HashingEmbedder
) -> None:
    long = Article("long", "T", "One line of words.\nAnother line of words.\nThe third of them.")
    apply(tmp_path, embedder, [long], chunking=Chunking(25, 0))
    embedder.embedded.clear()
    apply(tmp_path, embedder, [replace(long, body=long.body.replace("Another", "No other"))])
    assert embedder.embedded == ["T\nNo other line of words."]


def test_a_removed_article_is_found_by_no_search(
    directory: Path, embedder: HashingEmbedder
) -> None:
    question = "Who leads Scale AI?"
    assert "chief" in found(directory, question)
    apply(directory, embedder, (), ["chief"])
    with closing(Index.open(directory, embedder)) as index:
        assert {hit.passage.article.id for hit in index.search(question)} == {"deal"}
        assert index.article("chief") is None
    with closing(store_of(directory)) as store:
        assert store.search("Droege", 10) == []


def test_its_words_are_not_left_in_the_file(directory: Path, embedder: HashingEmbedder) -> None:
    manifest = apply(directory, embedder, (), ["chief"]).manifest
    file = versions.version_folder(directory, manifest.version) / versions.STORE
    assert b"Droege leads" not in file.read_bytes()


def test_the_room_of_many_removed_is_given_back(directory: Path, embedder: HashingEmbedder) -> None:
    def size() -> int:
        version = str(versions.current_version(directory))
        return (versions.version_folder(directory, version) / versions.STORE).stat().st_size

    many = [Article(str(n), f"T{n}", f"Words {n}. " * 200) for n in range(40)]
    apply(directory, embedder, many)
    full = size()
    apply(directory, embedder, (), [article.id for article in many[:30]])
    assert size() < full / 2
    assert verify(directory).problems == ()


def test_a_replaced_passage_is_found_by_its_new_words_only(
    directory: Path, embedder: HashingEmbedder
) -> None:
    apply(directory, embedder, [replace(CHIEF, body="Maria Lopez heads the company.")])
    with closing(store_of(directory)) as store:
        assert store.search("Droege", 10) == []
        assert len(store.search("Lopez", 10)) == 1


def test_a_changed_index_finds_what_one_from_scratch_finds(
    directory: Path, tmp_path: Path, embedder: HashingEmbedder
) -> None:
    newer = replace(DEAL, body="Meta paid $15 billion for nuclear power.")
    apply(directory, embedder, [newer, POWER], ["chief"])
    build([newer, POWER], embedder, tmp_path / "scratch")
    question = "What does Meta pay for nuclear power?"
    with (
        closing(Index.open(directory, embedder)) as changed,
        closing(Index.open(tmp_path / "scratch", embedder)) as scratch,
    ):
        assert changed.search(question) == scratch.search(question)
        assert changed.manifest.source_digest == scratch.manifest.source_digest


def test_everything_can_be_removed_and_come_back(
    directory: Path, embedder: HashingEmbedder
) -> None:
    change = apply(directory, embedder, (), ["deal", "chief"])
    assert (change.manifest.articles, change.manifest.passages) == (0, 0)
    assert found(directory, "Meta") == set()
    apply(directory, embedder, [DEAL, CHIEF])
    assert found(directory, "Who leads Scale AI?") >= {"chief"}
    assert embedder.embedded == []  # an earlier version has the vectors


def test_an_id_in_both_is_put(directory: Path, embedder: HashingEmbedder) -> None:
    change = apply(directory, embedder, [DEAL], ["deal"])
    assert (change.removed, change.unchanged) == ((), ("deal",))


def of_outlet(outlet: str | None = "Wire", body: str = "The reactor runs again.") -> Article:
    return Article(content_id("Power", body, outlet), "Power", body, outlet=outlet)


def with_earlier_id(article: Article) -> Article:
    """As it was when an id that was made of words left the outlet out."""
    return replace(article, id=content_id(article.title, article.body))


def test_an_earlier_form_of_a_made_id_gives_way(directory: Path, embedder: HashingEmbedder) -> None:
    earlier = with_earlier_id(of_outlet())
    apply(directory, embedder, [earlier])
    embedder.embedded.clear()
    change = apply(directory, embedder, [of_outlet()])
    assert (change.added, change.removed) == ((of_outlet().id,), (earlier.id,))
    assert embedder.embedded == []
    assert set(held(directory)) == {"deal", "chief", of_outlet().id}


@pytest.mark.parametrize("other", [of_outlet(None), with_earlier_id(of_outlet("Herald"))])
def test_the_same_words_without_that_outlet_stay(
    directory: Path, embedder: HashingEmbedder, other: Article
) -> None:
    apply(directory, embedder, [other])
    assert apply(directory, embedder, [of_outlet()]).removed == ()


def test_an_earlier_form_that_is_put_too_stays(directory: Path, embedder: HashingEmbedder) -> None:
    earlier = with_earlier_id(of_outlet())
    apply(directory, embedder, [earlier])
    assert apply(directory, embedder, [earlier, of_outlet()]).removed == ()


def test_the_first_version(tmp_path: Path, embedder: HashingEmbedder) -> None:
    change = apply(tmp_path, embedder, [DEAL], sources=["/news"])
    assert change.added == ("deal",)
    assert change.manifest.sources == ("/news",)


def test_no_index_and_nothing_to_put_names_the_build(
    tmp_path: Path, embedder: HashingEmbedder
) -> None:
    with pytest.raises(BylineError, match="byline index build"):
        apply(tmp_path, embedder, (), ["deal"])


def test_sources_and_origins_are_kept(directory: Path, embedder: HashingEmbedder) -> None:
    newer = replace(DEAL, body="Meta paid.")
    apply(directory, embedder, [newer, POWER], sources=["/more"], origins={"power": "/more/p.txt"})
    assert versions.read_manifest(directory).sources == ("/news", "/more")
    with closing(store_of(directory)) as store:
        origins = {id_: one.origin for id_, one in store.held().items()}
    assert origins == {"deal": "/news/deal.txt", "chief": None, "power": "/more/p.txt"}


def test_an_article_that_moved_is_noted(directory: Path, embedder: HashingEmbedder) -> None:
    change = apply(directory, embedder, [DEAL], origins={"deal": "/elsewhere/deal.txt"})
    assert change.unchanged == ("deal",)
    with closing(store_of(directory)) as store:
        assert store.held()["deal"].origin == "/elsewhere/deal.txt"


def test_another_chunker_cuts_everything_anew(directory: Path, embedder: HashingEmbedder) -> None:
    change = apply(directory, embedder, [POWER], chunking=Chunking(15, 0))
    assert change.added == ("power",)
    assert change.manifest.chunking == Chunking(15, 0)
    assert held(directory) == {"deal": DEAL, "chief": CHIEF, "power": POWER}
    assert change.manifest.passages == 4  # "It holds 49%." is now a passage of its own


@pytest.mark.parametrize(
    ("other", "message"),
    [
        (HashingEmbedder(name="e5"), "the embedder hashing, and this one is e5"),
        (HashingEmbedder(weights_hash="new"), "other weights of the embedder hashing"),
        (HashingEmbedder(dim=8), "vectors of width 512, and this embedder's have 8"),
    ],
    ids=["name", "weights", "width"],
)
def test_another_embedder_is_refused_with_the_command_that_rebuilds(
    directory: Path, other: HashingEmbedder, message: str
) -> None:
    before = versions.current_version(directory)
    with pytest.raises(BylineError, match=f"{message}: rebuild .* build --again"):
        apply(directory, other, [POWER])
    assert versions.current_version(directory) == before


def test_a_damaged_version_is_not_carried_on(directory: Path, embedder: HashingEmbedder) -> None:
    version = versions.read_manifest(directory).version
    file = versions.version_folder(directory, version) / versions.STORE
    data = bytearray(file.read_bytes())
    data[-1] ^= 1
    file.write_bytes(bytes(data))
    with pytest.raises(BylineError, match=r"has changed since it was written.*index rollback"):
        apply(directory, embedder, [POWER])
    assert versions.version_ids(directory) == [version]


class TestBuildAgain:
    def test_by_another_embedder(self, directory: Path) -> None:
        other = HashingEmbedder(dim=64, name="other")
        manifest = build_again(directory, other)
        assert (manifest.embedder, manifest.dim) == ("other", 64)
        assert held(directory) == {"deal": DEAL, "chief": CHIEF}
        assert manifest.sources == ("/news",)

    def test_origins_stay(self, directory: Path, embedder: HashingEmbedder) -> None:
        build_again(directory, embedder)
        with closing(store_of(directory)) as store:
            assert store.held()["deal"].origin == "/news/deal.txt"

    def test_nothing_is_embedded_for_the_same_embedder(
        self, directory: Path, embedder: HashingEmbedder
    ) -> None:
        build_again(directory, embedder)
        assert embedder.embedded == []

    def test_out_of_an_earlier_schema(self, directory: Path, embedder: HashingEmbedder) -> None:
        version = versions.read_manifest(directory).version
        folder = versions.version_folder(directory, version)
        manifest = folder / versions.MANIFEST
        manifest.write_text(manifest.read_text().replace('"schema": 3', '"schema": 2'))
        with closing(sqlite3.connect(folder / versions.STORE)) as db:
            db.execute("DROP INDEX vectors_of_text")
            db.execute("ALTER TABLE articles DROP COLUMN origin")
            db.execute("ALTER TABLE articles DROP COLUMN correction")
        with pytest.raises(BylineError, match=r"schema 2.*byline index build --again"):
            apply(directory, embedder, [POWER])
        build_again(directory, embedder)
        assert held(directory) == {"deal": DEAL, "chief": CHIEF}
        assert embedder.embedded == []

    def test_the_version_before_serves_until_it_is_whole(self, directory: Path) -> None:
        before = versions.current_version(directory)

        class Failing(HashingEmbedder):
            def embed_passages(self, *_: object) -> object:  # type: ignore[override]
                raise OSError("the weights cannot be read")

        with pytest.raises(BylineError, match="cannot be read"):
            build_again(directory, Failing(name="other"))
        assert versions.current_version(directory) == before

    def test_without_an_index(self, tmp_path: Path, embedder: HashingEmbedder) -> None:
        with pytest.raises(BylineError, match="There is no index"):
            build_again(tmp_path, embedder)


IDS = ("a", "b", "c", "d")
OPERATIONS = st.one_of(
    st.tuples(
        st.just("apply"),
        st.dictionaries(st.sampled_from(IDS), st.integers(0, 3), max_size=3),
        st.sets(st.sampled_from(IDS), max_size=2),
    ),
    st.tuples(st.sampled_from(["rollback", "compact", "again"])),
)


def written(id_: str, number: int) -> Article:
    """Its word is its own, so that a search by words finds it and nothing else."""
    return Article(id_, f"title{id_}", f"word{id_}{number} stands here. And more of the same.")


@settings(max_examples=12, deadline=None)
@given(st.lists(OPERATIONS, min_size=1, max_size=7))
def test_it_holds_what_a_plain_dictionary_holds(operations: list[tuple[object, ...]]) -> None:
    """Whatever is done in whatever order; embedding each text once as long as a version has it."""
    embedder, upkeep = HashingEmbedder(dim=16), Upkeep(Keep(100))
    model = {"a": written("a", 0)}
    with tempfile.TemporaryDirectory() as folder:
        directory = Path(folder)
        past = [(apply(directory, embedder, list(model.values())).manifest.version, model)]
        with closing(LiveIndex(directory, embedder)) as live:
            for operation in operations:
                match operation:
                    case ("apply", dict(put), set(gone)):
                        new = {id_: written(id_, n) for id_, n in put.items()}
                        apply(directory, embedder, list(new.values()), gone, upkeep=upkeep)
                        model = {i: a for i, a in model.items() if i not in gone} | new
                    case ("rollback",):
                        current = versions.current_version(directory)
                        earlier = [entry for entry in past if entry[0] < str(current)]
                        if earlier:
                            assert rollback(directory).version == earlier[-1][0]
                            model = earlier[-1][1]
                    case ("compact",):
                        compact(directory, upkeep=upkeep)
                    case ("again",) if model:
                        build_again(directory, embedder, upkeep=upkeep)
                current = str(versions.current_version(directory))
                if current not in dict(past):
                    past.append((current, model))
                    past.sort()
                assert held(directory) == model
                assert {row.id for row in live.articles()} == set(model)
                for article in model.values():
                    hits = live.search(article.body.split()[0])
                    assert hits[0].passage.article == article
        assert verify(directory).problems == ()
    assert len(embedder.embedded) == len(set(embedder.embedded))
