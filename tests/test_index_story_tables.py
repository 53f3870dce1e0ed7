"""Stories in an index on disk: searched once, kept up to date, and readable."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from fakes import HashingEmbedder
from wires import article, cut, report

from corpus.article import Article
from corpus.errors import BylineError
from index import versions
from index.build import build
from index.change import apply
from index.search import Index
from index.store import Store
from index.story_tables import Stories, read_timeline
from index.types import Copy, Hit

DEAL = "Meta paid 14.3 billion dollars for 49 percent of Scale AI, the start-up said on Friday. "
WIRE = DEAL + report(1, 1)
OTHERS = [article(f"o{i}", f"Meta story number {i}. " + report(30 + i, 1)) for i in range(12)]


def copies(count: int) -> list[Article]:
    return [
        article(f"c{i:02}", f"CITY {word} — {WIRE}", f"2025-06-{10 + i}", outlet=f"Outlet {i}")
        for i, word in enumerate("Ba De Fi Go Lu Ma Ne Po Ri Sa Te Vo Ku Za".split()[:count])
    ]


def search(directory: Path, question: str, k: int = 10, depth: int = 60) -> list[Hit]:
    with closing(Index.open(directory, HashingEmbedder())) as index:
        return index.search(question, k, depth)


def change(directory: Path, put: Sequence[Article] = (), remove: Sequence[str] = ()) -> None:
    apply(directory, HashingEmbedder(), put, remove)


def stories_of(directory: Path) -> dict[str, list[str]]:
    with closing(Store(store_file(directory))) as store:
        rows = store.query("SELECT story_id, article_id FROM stories ORDER BY article_id")
    found: dict[str, list[str]] = {}
    for story, id_ in rows:
        found.setdefault(story, []).append(id_)
    return found


def store_file(directory: Path) -> Path:
    version = versions.current_version(directory)
    assert version is not None
    return versions.version_folder(directory, version) / versions.STORE


def tables(directory: Path) -> list[list[tuple[object, ...]]]:
    """All that is kept of stories, by article and place instead of by number."""
    place = 'p.article_id, p.start, p."end"'
    with closing(Store(store_file(directory))) as store:
        return [
            store.query("SELECT * FROM stories ORDER BY 1"),
            store.query(f"SELECT {place} FROM repeats r JOIN passages p ON p.id = r.passage_id"
                        " ORDER BY 1, 2"),
            store.query(f"SELECT {place}, c.article_id FROM carried c"
                        " JOIN passages p ON p.id = c.passage_id ORDER BY 1, 2, 4"),
        ]  # fmt: skip


def test_copies_are_one_hit_with_the_others_beside_it(tmp_path: Path) -> None:
    build([*copies(3), *OTHERS], HashingEmbedder(), tmp_path)
    first, *rest = search(tmp_path, "Meta paid for Scale AI")
    assert first.passage.article.id == "c00"
    assert first.copies == (
        Copy("c01", "Council votes on the harbour", "Outlet 1", "2025-06-11"),
        Copy("c02", "Council votes on the harbour", "Outlet 2", "2025-06-12"),
    )
    assert not {"c01", "c02"} & {hit.passage.article.id for hit in rest}


@pytest.mark.parametrize("depth", [1, 5, 60])
def test_copies_do_not_crowd_out_the_others(tmp_path: Path, depth: int) -> None:
    build([*copies(14), *OTHERS], HashingEmbedder(), tmp_path)
    hits = search(tmp_path, "Meta paid 14.3 billion dollars for Scale AI", 5, depth)
    found = [hit.passage.article.id for hit in hits]
    assert len(set(found)) == len(found) == (5 if depth > 1 else 1)
    assert sum(id_.startswith("c") for id_ in found) == 1


def test_a_hit_without_copies_has_none(tmp_path: Path) -> None:
    build(OTHERS, HashingEmbedder(), tmp_path)
    assert all(hit.copies == () for hit in search(tmp_path, "Meta story"))


def test_changes_give_what_a_build_of_all_gives(tmp_path: Path) -> None:
    """Copies come, change and go one by one; the stories are then as if built at once."""
    step, whole = tmp_path / "step", tmp_path / "whole"
    all_of_them = [*copies(4), *OTHERS[:3]]
    build([OTHERS[0], all_of_them[3]], HashingEmbedder(), step)
    change(step, put=[all_of_them[2], OTHERS[1]])
    change(step, put=[replace(all_of_them[0], body=report(50)), OTHERS[2]])
    change(step, put=[all_of_them[0], all_of_them[1]])
    change(step, put=[article("gone", WIRE, "2025-06-01")])
    assert "gone" in stories_of(step)
    change(step, remove=["gone"])
    build(all_of_them, HashingEmbedder(), whole)
    assert tables(step) == tables(whole)


def test_the_chosen_copy_is_removed_and_another_takes_its_place(tmp_path: Path) -> None:
    build([*copies(2), *OTHERS], HashingEmbedder(), tmp_path)
    change(tmp_path, remove=["c00"])
    first, *_ = search(tmp_path, "Meta paid for Scale AI")
    assert (first.passage.article.id, first.copies) == ("c01", ())


def test_an_update_replaces_and_the_earlier_text_stays_readable(tmp_path: Path) -> None:
    old = article("a", WIRE, url="https://x/a", outlet="Herald")
    new = replace(old, body=WIRE.replace("14.3", "15"), updated_at="2025-06-14")
    build([old, *OTHERS], HashingEmbedder(), tmp_path)
    change(tmp_path, put=[new])
    assert "15 billion" in search(tmp_path, "Meta paid for Scale AI")[0].passage.text
    story, entries = read_timeline(tmp_path, "https://x/a")
    assert story == "a"
    assert [(e.article, e.replaced) for e in entries] == [(old, True), (new, False)]


def test_the_earlier_text_of_a_removed_article_is_gone(tmp_path: Path) -> None:
    old = article("a", WIRE)
    build([old, *OTHERS], HashingEmbedder(), tmp_path)
    change(tmp_path, put=[replace(old, body=cut(report(9), 2))])
    change(tmp_path, remove=["a"])
    with closing(Store(store_file(tmp_path))) as store:
        assert Stories(store).all_earlier() == []


def test_a_build_from_scratch_keeps_earlier_texts(tmp_path: Path) -> None:
    old = article("a", WIRE)
    middle, new = replace(old, body=WIRE + "More."), replace(old, body=WIRE + "Most.")
    build([old], HashingEmbedder(), tmp_path)
    change(tmp_path, put=[middle])
    build([new, *OTHERS], HashingEmbedder(), tmp_path)
    _, entries = read_timeline(tmp_path, "a")
    assert [entry.article.body for entry in entries] == [old.body, middle.body, new.body]


def test_a_story_is_found_by_any_of_its_articles(tmp_path: Path) -> None:
    build(copies(3), HashingEmbedder(), tmp_path)
    assert read_timeline(tmp_path, "c02") == read_timeline(tmp_path, "c00")
    assert [e.kind for e in read_timeline(tmp_path, "c00")[1]] == ["first", "copy", "copy"]


def test_an_unknown_story_says_so(tmp_path: Path) -> None:
    build(copies(1), HashingEmbedder(), tmp_path)
    with pytest.raises(BylineError, match="has the id or address 'x'"):
        read_timeline(tmp_path, "x")
