"""Two real processes of Byline with one PostgreSQL, behind a balancer."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import deal
import httpx
import pytest
from counter import TOLD
from fakes import HashingEmbedder
from frontdoor import frontdoor
from playwright.sync_api import Browser, Page, expect
from postgresserver import PASSWORD, PostgresServer
from served import ask

from index.build import build
from page.history_view import GONE
from rag.api.access import COOKIE
from rag.database.connect import Database
from rag.people import People

pytestmark = pytest.mark.postgres

ROOT = Path(__file__).parent.parent
ASKED = "What stake did Meta buy in Scale AI?"
AGAIN = "And what did Meta pay for it?"


@dataclass(frozen=True)
class Both:
    """Two processes, the address of the balancer, and who may ask."""

    ports: tuple[int, int]
    url: str
    people: People
    postgres: PostgresServer

    def get(self, port: int, path: str, key: str) -> httpx.Response:
        return self._asked("GET", f"http://127.0.0.1:{port}{path}", key)

    def ask(self, key: str, *said: str) -> httpx.Response:
        """The next message of a chat, through the balancer."""
        roles = ("user", "assistant")
        messages = [{"role": roles[n % 2], "content": text} for n, text in enumerate(said)]
        body = {"model": "byline", "messages": messages}
        return self._asked("POST", f"{self.url}v1/chat/completions", key, json=body)

    def _asked(self, method: str, url: str, key: str, **more: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {key}"}
        return httpx.request(method, url, headers=headers, trust_env=False, timeout=60, **more)


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory, postgres: PostgresServer) -> Iterator[Both]:
    folder, url = tmp_path_factory.mktemp("both"), postgres.new_database()
    build([deal.DEAL, deal.CHIEF], HashingEmbedder(), folder / "built")
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "OMP_NUM_THREADS": "1",
        "BYLINE_DATABASE": url,
        "BYLINE_AUTHENTICATION": "on",
        "BYLINE_INDEX": str(folder / "built"),
        "BYLINE_MODELS_DIR": str(folder / "models"),
        "BYLINE_SUPPORT": "rules",
    }
    with ExitStack() as stack:
        people = People(stack.enter_context(closing(Database(url))))
        people.add_key("root", "admin")
        ports = (free_port(), free_port())
        for port in ports:
            own = {"AUDIT": "audit.jsonl", "FEEDBACK": "feedback.jsonl"}
            own = {f"BYLINE_{name}": str(folder / f"{port}{file}") for name, file in own.items()}
            command = [sys.executable, str(ROOT / "tests" / "served_by_command.py"), str(port)]
            log = stack.enter_context((folder / f"{port}.log").open("wb"))
            process = subprocess.Popen(
                command, env={**environment, **own}, cwd=folder, stdout=log, stderr=log
            )
            stack.callback(process.wait)
            stack.callback(process.kill)
        for port in ports:
            wait_for(f"http://127.0.0.1:{port}/ready", folder / f"{port}.log")
        yield Both(ports, stack.enter_context(frontdoor("", *ports)), people, postgres)


def wait_for(url: str, log: Path) -> None:
    """Until a server says that it is ready."""
    end = time.monotonic() + 240
    while time.monotonic() < end:
        try:
            if httpx.get(url, trust_env=False).status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.1)
        time.sleep(0.1)
    pytest.fail(f"Nothing is served on {url}: {log.read_text()}")


def test_a_chat_goes_on_through_whichever_process(both: Both) -> None:
    key = both.people.add_key("ada", "read")
    first = both.ask(key, ASKED)
    told = first.json()["choices"][0]["message"]["content"]
    second = both.ask(key, ASKED, told, AGAIN)
    assert {first.headers["x-door"], second.headers["x-door"]} == {"0", "1"}
    assert told == TOLD
    assert second.status_code == 200


def test_a_key_that_is_revoked_is_refused_by_all(both: Both) -> None:
    key = both.people.add_key("ada", "read")
    assert [both.get(port, "/v1/models", key).status_code for port in both.ports] == [200, 200]
    both.people.revoke(key.split("_")[1])
    assert [both.get(port, "/v1/models", key).status_code for port in both.ports] == [401, 401]


def test_while_the_database_is_away_all_say_so_and_go_on_by_themselves(both: Both) -> None:
    key = both.people.add_key("ada", "read")
    both.postgres.kill()
    try:
        for port in both.ports:
            refused = both.get(port, "/v1/models", key)
            assert refused.status_code == 503
            assert int(refused.headers["retry-after"]) > 0
            assert refused.headers["content-type"] == "application/problem+json"
            assert "cannot be used" in refused.json()["detail"]
            assert PASSWORD not in refused.text
            ready = both.get(port, "/ready", key)
            assert (ready.status_code, ready.json()["part"]) == (503, "database")
            shown = httpx.get(
                f"http://127.0.0.1:{port}/",
                headers={"Accept": "text/html", "Cookie": f"{COOKIE}=x"},
                trust_env=False,
            )
            assert shown.status_code == 503
            assert '<p role="alert">The database' in shown.text
    finally:
        both.postgres.start()
    assert [both.get(port, "/v1/models", key).status_code for port in both.ports] == [200, 200]


def log_in(page: Page, both: Both, name: str, key: str) -> None:
    page.goto(both.url)
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(key)
    page.get_by_role("button", name="Log in").click()
    expect(page.locator("#about")).to_contain_text("2 articles")


def elsewhere(page: Page, url: str) -> str:
    """Open a page through the other process, as the same person; gives which it is now."""
    page.context.clear_cookies(name="door")
    page.goto("about:blank")
    page.goto(url)
    expect(page.locator("#about")).to_contain_text("2 articles")
    return {one["name"]: one["value"] for one in page.context.cookies()}["door"]


@pytest.mark.browser
def test_a_person_goes_on_through_the_other_process(both: Both, browser: Browser) -> None:
    key = both.people.add_key("ada", "read")
    with closing(browser.new_context()) as context:
        page = context.new_page()
        log_in(page, both, "ada", key)
        expect(page.locator("#person")).to_contain_text("ada")
        ask(page, ASKED)
        expect(page.locator("#chat-list button")).to_contain_text(ASKED)
        page.locator("#share-chat").click()
        link = page.locator("#share-link :is(input, textarea)")
        expect(link).to_have_value(re.compile("#share="))
        address = link.input_value()
        before = {one["name"]: one["value"] for one in context.cookies()}["door"]
        after = elsewhere(page, page.url)
        for _ in range(3):  # other requests may have come in between
            after = elsewhere(page, page.url) if after == before else after
        assert {before, after} == {"0", "1"}
        expect(page.locator("#chat .answer").first).to_contain_text("49%")
        ask(page, AGAIN)
        expect(page.locator("#chat .turn")).to_have_count(2)
        expect(page.locator("#send")).to_be_visible()
        with closing(browser.new_context()) as others:
            other = others.new_page()
            log_in(other, both, "eve", both.people.add_key("eve", "read"))
            expect(other.locator("#chat-list button")).to_have_count(0)
            for _ in both.ports:
                elsewhere(other, address)
                expect(other.locator("#chat .answer").first).to_contain_text("49%")
                elsewhere(other, f"{both.url}#share=guessed")
                expect(other.locator("#chat-note")).to_have_text(GONE)
                elsewhere(other, page.url)  # which names the chat that is open there
                expect(other.locator("#chat-note")).to_have_text(GONE)
        page.get_by_role("button", name="Log out").click()
        expect(page.get_by_role("button", name="Log in")).to_be_visible()
        page.goto(both.url)
        expect(page.get_by_role("button", name="Log in")).to_be_visible()
