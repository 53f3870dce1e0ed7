"""The page and the API behind the real nginx and Caddy, with TLS and a path prefix, as `deploy/`
sets them up. nginx is unpacked by tools/test.sh; Caddy is run where it is installed."""

from __future__ import annotations

import json
import os
import re
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import deal
import httpx
import pytest
from exchanges import HITS, PAID, answer_of
from fakes import HashingEmbedder
from proxies import program, proxied
from served import QUESTION, scripted
from test_page_launch import loops_closed

from app import launch
from index.build import build
from page.conversations import Conversations
from rag.api.access import Proxy, SignedIn
from rag.api.parts import Options
from rag.database.connect import Database
from rag.loopback import Addresses
from rag.people import People
from rag.settings import load_settings
from rag.types import Done, Found
from rag.upkeep.library import Library


@dataclass
class Behind:
    """A page behind a proxy: a client of the proxy, one of the page itself, and a key."""

    front: httpx.Client
    back: httpx.Client
    key: str
    go: threading.Event

    @property
    def by_key(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.key}"}


@pytest.fixture(scope="module", params=["nginx", "caddy"])
def behind(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Behind]:
    name = request.param
    if program(name) is None:
        if name == "nginx" and os.environ.get("CI") == "true":
            pytest.fail("nginx is missing: see tools/test.sh")
        pytest.skip(f"{name} is not installed")
    folder = tmp_path_factory.mktemp(name)
    build([deal.DEAL], HashingEmbedder(), folder / "built")
    people, conversations = People(Database(folder / "people.sqlite")), Conversations()
    settings = load_settings(index=folder / "built")
    trusted = Addresses(settings.trusted_proxies)
    go = threading.Event()
    said = Done(answer_of(QUESTION, PAID, hits=HITS))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with loops_closed():
        page = launch(
            lambda: scripted({QUESTION: [Found(HITS), go, said]}),
            port=port,
            block=False,
            conversations=conversations,
            library=Library(settings, HashingEmbedder),
            api=Options(asks_who=True),
            access=SignedIn(people, Proxy("X-Forwarded-User", trusted, "read")),
            root_path="/byline",
            trusted=trusted,
        )
        direct = httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=60)
        with proxied(name, folder, port) as client, direct:
            yield Behind(client, direct, people.add_key("ada", "admin"), go)
        page.close(verbose=False)
    people.close()
    conversations.close()


def test_a_person_logs_in_and_gets_the_page(behind: Behind) -> None:
    front = behind.front
    front.cookies.clear()
    bare = front.get(str(front.base_url).rstrip("/"))
    assert (bare.status_code, bare.headers["location"]) == (308, "/byline/")
    asked = front.get("/", headers={"Accept": "text/html"})
    assert (asked.status_code, asked.headers["location"]) == (303, "/byline/login")
    form, origin = (
        {"name": "ada", "password": behind.key},
        f"https://{front.base_url.netloc.decode()}",
    )
    let_in = front.post("/login", data=form, headers={"Origin": origin})
    assert (let_in.status_code, let_in.headers["location"]) == (303, "/byline/")
    assert {"Secure", "HttpOnly", "Path=/byline/"} <= set(let_in.headers["set-cookie"].split("; "))
    page = front.get("/", headers={"Accept": "text/html"})
    assert page.status_code == 200
    assert f'"root":"{origin}/byline"' in page.text.replace('": "', '":"')
    files = re.findall(r'(?:src|href)="([^"#]+\.(?:js|css))"', page.text)
    assert files
    for file in files:
        assert front.get(httpx.URL(str(page.url)).join(file)).status_code == 200, file


def test_another_site_cannot_log_anybody_in(behind: Behind) -> None:
    form = {"name": "ada", "password": behind.key}
    refused = behind.front.post("/login", data=form, headers={"Origin": "https://evil.example"})
    assert refused.status_code == 403


def test_a_streamed_answer_arrives_in_pieces(behind: Behind) -> None:
    behind.go.clear()
    body = {
        "model": "byline",
        "messages": [{"role": "user", "content": QUESTION}],
        "stream": True,
        "byline": {"events": True},
    }
    with behind.front.stream(
        "POST", "/v1/chat/completions", json=body, headers=behind.by_key
    ) as answer:
        lines = answer.iter_lines()
        found = next(line for line in lines if '"event": "found"' in line)
        assert json.loads(found.removeprefix("data: "))["byline"]["passages"]
        assert not behind.go.is_set()  # the answer is not made yet, and its passages are here
        behind.go.set()
        rest = list(lines)
    assert "data: [DONE]" in rest
    assert any("$14.3 billion" in line for line in rest)


def test_nobody_says_from_outside_who_was_let_in(behind: Behind) -> None:
    behind.front.cookies.clear()
    head = {"X-Forwarded-User": "eve"}
    assert behind.back.get("/v1/models", headers=head).status_code == 200  # a proxy is believed
    assert behind.front.get("/v1/models", headers=head).status_code == 401
    assert behind.front.get("/v1/models", headers=behind.by_key).status_code == 200


def test_addresses_in_answers_are_those_of_outside(behind: Behind) -> None:
    schema = behind.front.get("/openapi.json", headers=behind.by_key).json()
    assert schema["servers"] == [{"url": "/byline"}]
    assert behind.front.get("/health").json() == {"status": "ok"}


def test_figures_are_not_told_outside(behind: Behind) -> None:
    assert behind.back.get("/metrics", headers=behind.by_key).status_code == 200
    assert behind.front.get("/metrics", headers=behind.by_key).status_code == 404


def test_a_large_file_gets_through(behind: Behind, tmp_path: Path) -> None:
    large = b"x" * 3_000_000  # nginx takes one megabyte where it is not told
    files = {"files": ("report.txt", large, "text/plain")}
    sent = behind.front.post("/v1/articles:upload", files=files, headers=behind.by_key)
    assert sent.status_code == 202
