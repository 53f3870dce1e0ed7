"""The API's changes of the articles and the index, each to its end in the background."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from counter import Counter, counter
from newsstand import newsstand, story

from index.types import Progress
from rag.api.articles import safe_name
from rag.upkeep.library import Outcome

POWER = {
    "title": "A reactor for Orrin",
    "text": "Orrin buys the power of the Clinton reactor for 20 years.",
    "url": "https://news.example/orrin power",
}


@pytest.fixture
def served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Counter]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with counter(tmp_path) as one:
        yield one


def ids(served: Counter) -> set[str]:
    return {row["id"] for row in served.client.get("/v1/articles").json()["articles"]}


def test_the_list_is_searched_and_told_in_parts(served: Counter) -> None:
    found = served.client.get("/v1/articles", params={"q": "scale", "count": 1}).json()
    assert [row["id"] for row in found["articles"]] == ["chief"]
    assert (found["start"], found["found"], found["total"]) == (0, 2, 4)
    assert served.client.get("/v1/articles", params={"count": 101}).status_code == 422


def test_an_article_is_added_read_changed_and_removed(served: Counter) -> None:
    row = {**POWER, "id": "https://news.example/a?b=1&c=2"}
    job = served.ended(served.client.post("/v1/articles", json={"articles": [row]}))
    assert (job["state"], job["said"]) == ("done", "1 added.")
    place = f"/v1/articles/{quote(row['id'], safe='')}"
    article = served.client.get(place).json()
    assert article["body"] == POWER["text"]
    assert [state["kind"] for state in article["story"]] == ["first"]
    changed = {**POWER, "text": "Orrin buys the power of the reactor for 25 years."}
    assert served.ended(served.client.put(place, json=changed))["said"] == "1 updated."
    assert "25 years" in served.client.get(place).json()["body"]
    assert served.ended(served.client.delete(place))["state"] == "done"
    assert served.client.get(place).status_code == 404
    assert served.client.delete(place).status_code == 404


def test_many_are_removed_at_once_and_the_version_can_be_gone_back_to(served: Counter) -> None:
    before = served.client.get("/v1/index").json()
    body = {"ids": ["deal", "chief", "none"]}
    job = served.ended(served.client.post("/v1/articles:remove", json=body))
    assert ids(served) == {"reactor", "hostile"}
    assert [row["place"] for row in job["remarks"]] == ["none"]
    versions = served.client.get("/v1/index/versions").json()["versions"]
    assert [row["in_use"] for row in versions] == [True, False]
    back = {"version": before["version"]}
    served.ended(served.client.post("/v1/index/rollback", json=back))
    assert served.client.get("/v1/index").json()["articles"] == 4
    failed = served.ended(served.client.post("/v1/index/rollback", json={"version": "none"}))
    assert failed["state"] == "failed"
    assert "no version none" in failed["error"]


def test_files_that_are_sent_are_read_as_those_of_a_folder(served: Counter) -> None:
    files = [
        ("files", ("power.txt", b"A reactor for Orrin\n\nOrrin buys the power.\n")),
        ("files", ("../../chess.md", b"# Chess\n\nIda Maron won the cup in Vell.\n")),
        ("files", ("tune.mp3", b"ID3")),
    ]
    job = served.ended(served.client.post("/v1/articles:upload", files=files))
    assert job["said"] == "2 added."
    assert [row["place"] for row in job["remarks"]] == ["tune.mp3"]
    assert served.client.get("/v1/articles", params={"q": "chess"}).json()["found"] == 1


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ("a b.txt", "a b.txt"),
        ("../../etc/passwd", "passwd"),
        ("..", "file"),
        ("c:\\x\\y.md", "y.md"),
        ("\0\n.pdf", "__.pdf"),
        ("", "file"),
        (".bashrc", "bashrc"),
    ],
)
def test_a_name_leads_nowhere_else(given: str, name: str) -> None:
    assert safe_name(given) == name


def test_a_page_is_fetched(served: Counter) -> None:
    with newsstand() as site:
        site.put("/harbour", story("The harbour of Vell"))
        body = {"url": f"{site.url}/harbour", "kind": "page"}
        assert served.ended(served.client.post("/v1/articles:fetch", json=body))["state"] == "done"
    assert served.client.get("/v1/articles", params={"q": "harbour"}).json()["found"] == 1


def test_what_cannot_be_done_is_told_by_the_job(served: Counter) -> None:
    for path in ("/v1/index/update", "/v1/index/sync"):
        job = served.ended(served.client.post(path))
        assert job["state"] == "failed"
        assert job["error"].endswith((".", "PATH"))
    assert served.ended(served.client.post("/v1/index/rebuild"))["state"] == "done"
    jobs = served.client.get("/v1/jobs").json()["jobs"]
    assert [job["id"] for job in jobs] == [3, 2, 1]
    assert served.client.get("/v1/jobs/4").status_code == 404


def test_one_change_at_a_time_whose_progress_is_told(served: Counter) -> None:
    begun, go = threading.Event(), threading.Event()

    def work(on_progress: Progress) -> Outcome:
        on_progress("embed", 3, 10)
        begun.set()
        assert go.wait(20)
        return Outcome("Done.")

    served.parts.changes.start("Adding by hand", work)
    assert begun.wait(20)
    refused = served.client.post("/v1/articles", json={"articles": [POWER]})
    assert refused.status_code == 409
    assert "Adding by hand" in refused.json()["detail"]
    told: dict[str, Any] = served.client.get("/v1/jobs/1").json()
    assert (told["state"], told["stage"], told["done"], told["total"]) == (
        "running",
        "embed",
        3,
        10,
    )
    go.set()


def test_an_article_without_words_is_told_by_the_job(served: Counter) -> None:
    body = {"articles": [{"title": "!!!", "text": "???"}]}
    job = served.ended(served.client.post("/v1/articles", json=body))
    assert job["state"] == "failed"
    assert "holds no words" in job["error"]
    assert "/tmp" not in job["error"]
