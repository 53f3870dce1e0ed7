"""The timeline of a story."""

from dataclasses import replace

import pytest
from wires import article, report

from corpus.article import Article
from index.timeline import timeline, what_changed

WIRE = report(1)
FIRST = article("a", WIRE, "2025-06-13T09:00:00+00:00", outlet="Wire")


def kinds(*articles: Article) -> list[tuple[str, str]]:
    return [(entry.article.id, entry.kind) for entry in timeline(articles)]


def test_the_first_report_and_who_carried_it() -> None:
    copy = article("b", WIRE, "2025-06-13T08:30:00-02:00", outlet="Herald")  # 10:30 in UTC
    assert kinds(copy, FIRST) == [("a", "first"), ("b", "copy")]


def test_what_has_no_date_comes_last() -> None:
    assert kinds(article("b", WIRE, None, outlet="Herald"), FIRST)[-1] == ("b", "copy")


def test_an_update_says_what_is_new() -> None:
    update = replace(
        FIRST, id="b", published_at="2025-06-13T11:00:00+00:00", body=WIRE + "\nThe mayor left."
    )
    *_, entry = timeline([FIRST, update])
    assert (entry.kind, entry.change) == ("update", "3 words added: “The mayor left.”")


def test_a_correction_is_told_in_its_own_words() -> None:
    notice = "Correction: the sum\nis 12 million."
    update = replace(FIRST, id="b", published_at="2025-06-14", correction=notice)
    *_, entry = timeline([FIRST, update])
    assert (entry.kind, entry.change) == ("correction", "Correction: the sum is 12 million.")


def test_a_retraction() -> None:
    notice = "The Wire has withdrawn this article."
    assert kinds(replace(FIRST, correction=notice)) == [("a", "retraction")]


def test_what_stood_at_an_address_before() -> None:
    now = replace(FIRST, body=WIRE.replace(".", "!"), updated_at="2025-06-13T12:00:00+00:00",
                  title="Council rejects the harbour")  # fmt: skip
    entries = timeline([now], {"a": [FIRST]})
    assert [(e.kind, e.replaced) for e in entries] == [("first", True), ("update", False)]
    assert entries[1].change == "new headline, before: “Council votes on the harbour”"


def test_a_copy_of_an_updated_article_is_a_copy() -> None:
    update = replace(FIRST, id="b", published_at="2025-06-14")
    copy = article("c", WIRE, "2025-06-15", outlet="Herald")
    assert kinds(FIRST, update, copy)[-1] == ("c", "copy")


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("One two.", "One two three.", "1 word added: “One two three.”"),
        ("One two. Three four.", "One two.", "2 words taken out"),
        ("Ten died.", "Twelve died.", "1 word added, 1 word taken out: “Twelve died.”"),
        ("One two.", "One  two!", "the same words"),
    ],
)
def test_what_changed(before: str, after: str, expected: str) -> None:
    assert what_changed(article("a", before), article("a", after)) == expected


def test_a_long_new_sentence_is_cut() -> None:
    line = what_changed(article("a", "x"), article("a", "x. " + "word " * 200))
    assert line.endswith("word…”")
    assert len(line) < 250
