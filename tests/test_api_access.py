"""Who may ask: keys, log-in, a trusted proxy; what each may, how often, and what is noted."""

from __future__ import annotations

import hmac
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from commandline import Byline, one_sentence
from counter import Counter, counter
from fakes import ScriptedPipeline
from openai import AuthenticationError, OpenAI

from app import launch
from corpus.errors import BylineError
from rag import people as people_module
from rag.api.access import COOKIE, Proxy, SignedIn
from rag.api.login import WRONG
from rag.api.parts import Options
from rag.api.serving import access_of
from rag.database.connect import Database
from rag.people import People
from rag.settings import load_settings
from rag.upkeep.audit import Audit
from rag.upkeep.changes import Changes
from rag.who import RIGHTS, Right, Who

ASKS = Options(asks_who=True)
POWER = {"articles": [{"title": "A reactor", "text": "Orrin buys the power of the reactor."}]}
PASSWORD = "correct horse battery"


@pytest.fixture
def people(tmp_path: Path) -> Iterator[People]:
    one = People(Database(tmp_path / "people.sqlite"))
    yield one
    one.close()


@pytest.fixture
def served(tmp_path: Path, people: People) -> Iterator[Counter]:
    audit = Audit(tmp_path / "audit.jsonl")
    proxy = Proxy("X-Forwarded-User", ["127.0.0.1"], "read")
    access = SignedIn(people, proxy)
    changes = Changes(audit.change)
    with counter(tmp_path, options=ASKS, access=access, changes=changes) as one:
        yield one


def by(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


class TestKeys:
    def test_without_one_only_health_is_told(self, served: Counter) -> None:
        assert served.client.get("/health").status_code == 200
        assert served.client.get("/ready").status_code == 200
        for path in ("/v1/models", "/v1/articles", "/metrics", "/openapi.json"):
            refused = served.client.get(path)
            assert refused.status_code == 401
            assert refused.headers["www-authenticate"] == "Bearer"
            assert refused.headers["content-type"] == "application/problem+json"

    def test_the_openai_client_shows_its_key(self, served: Counter, people: People) -> None:
        base = f"{served.url}/v1"
        with OpenAI(base_url=base, api_key=people.add_key("ada", "read")) as client:
            assert client.models.list().data[0].id == "byline"
        with (
            OpenAI(base_url=base, api_key="guessed", max_retries=0) as client,
            pytest.raises(AuthenticationError),
        ):
            client.models.list()

    @pytest.mark.parametrize("right", RIGHTS)
    def test_each_may_what_its_right_says(
        self, served: Counter, people: People, right: Right
    ) -> None:
        head = by(people.add_key("ada", right))
        read = served.client.get("/v1/articles", headers=head)
        write = served.client.post("/v1/index/sync", headers=head)
        body = {"version": "none"}
        admin = served.client.post("/v1/index/rollback", headers=head, json=body)
        may = [
            status in (200, 202, 409) for status in (r.status_code for r in (read, write, admin))
        ]
        assert may == [one in RIGHTS[: RIGHTS.index(right) + 1] for one in RIGHTS]

    def test_a_reader_cannot_write_by_any_route(self, served: Counter, people: People) -> None:
        head = by(people.add_key("ada", "read"))
        schema = served.client.get("/openapi.json", headers=head).json()
        changing = [
            (method, path)
            for path, operations in schema["paths"].items()
            for method in operations
            if method != "get" and path not in ("/v1/chat/completions", "/v1/search", "/v1/check")
        ]
        assert len(changing) == 10
        bodies = {"/v1/articles:fetch": {"url": "https://x.example"}, "/v1/articles": POWER}
        bodies |= {"/v1/articles:remove": {"ids": ["deal"]}, "/v1/index/rollback": {"version": "1"}}
        for method, path in changing:
            sent: dict[str, Any] = {"json": bodies.get(path, POWER["articles"][0])}
            if path == "/v1/articles:upload":
                sent = {"files": {"files": ("a.txt", b"words")}}
            url = path.replace("{article_id}", "deal")
            answer = served.client.request(method, url, headers=head, **sent)
            assert answer.status_code == 403, f"{method} {path}: {answer.text}"
        assert served.parts.changes.recent() == []

    def test_one_that_was_revoked_opens_nothing_from_then_on(
        self, served: Counter, people: People
    ) -> None:
        head = by(people.add_key("ada", "read"))
        assert served.client.get("/v1/models", headers=head).status_code == 200
        people.revoke(people.keys()[0].id)
        assert served.client.get("/v1/models", headers=head).status_code == 401

    def test_a_guess_is_compared_as_long_as_a_key(
        self, people: People, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Whatever is wrong with it: one look by its public part, one comparison."""
        key = people.add_key("ada", "read")
        compared: list[int] = []
        really = hmac.compare_digest

        def compare(one: bytes, other: bytes) -> bool:
            compared.append(len(one))
            assert len(one) == len(other) == 32
            return really(one, other)

        monkeypatch.setattr(people_module.hmac, "compare_digest", compare)
        for guess in ("", "x", "byline_0_0", key[:-1] + "~", key[:16], f"{key}x"):
            assert people.of_key(guess) is None
        assert len(compared) == 6
        assert people.of_key(key) == Who("ada", "read", people.keys()[0].id)

    def test_it_is_nowhere_in_the_file(self, people: People, tmp_path: Path) -> None:
        secret = people.add_key("ada", "read").split("_", 2)[2].encode()
        assert not any(secret in file.read_bytes() for file in tmp_path.glob("people*"))
        assert (tmp_path / "people.sqlite").stat().st_mode & 0o077 == 0

    def test_how_often_it_may_ask(self, served: Counter, people: People) -> None:
        head, other = by(people.add_key("ada", "read", 3)), by(people.add_key("eve", "read"))
        statuses = [served.client.get("/v1/models", headers=head).status_code for _ in range(4)]
        assert statuses == [200, 200, 200, 429]
        late = served.client.get("/v1/models", headers=head)
        assert 0 < int(late.headers["retry-after"]) <= 21
        assert served.client.get("/v1/models", headers=other).status_code == 200

    def test_who_guesses_too_often_has_to_wait(self, served: Counter) -> None:
        guesses = [served.client.get("/v1/models", headers=by("x")).status_code for _ in range(21)]
        assert guesses == [401] * 20 + [429]

    def test_nothing_inside_is_fetched_for_one(self, served: Counter, people: People) -> None:
        head = by(people.add_key("ada", "write"))
        for url in ("http://127.0.0.1:9/x", "http://169.254.169.254/meta", "http://[::1]/"):
            body = {"url": url}
            refused = served.client.post("/v1/articles:fetch", headers=head, json=body)
            assert refused.status_code == 400


class TestWhoDidWhat:
    def test_changes_are_noted_and_each_sees_their_own(
        self, served: Counter, people: People, tmp_path: Path
    ) -> None:
        ada, eve = by(people.add_key("ada", "write")), by(people.add_key("eve", "write"))
        root = by(people.add_key("root", "admin"))
        served.client.headers.update(ada)
        assert served.ended(served.client.post("/v1/articles", json=POWER))["state"] == "done"
        assert served.client.get("/v1/jobs/1", headers=root).status_code == 200
        assert served.client.get("/v1/jobs/1", headers=eve).status_code == 404
        assert served.client.get("/v1/jobs", headers=eve).json() == {"jobs": []}
        rows = [json.loads(line) for line in (tmp_path / "audit.jsonl").read_text().splitlines()]
        told = [(row["who"], row["what"], row["state"], row["said"]) for row in rows]
        assert told == [
            ("ada", "Adding an article", "begun", None),
            ("ada", "Adding an article", "done", "1 added."),
        ]

    def test_what_cannot_be_noted_is_not_done(self, tmp_path: Path) -> None:
        audit = Audit(tmp_path)  # a folder
        with (
            counter(tmp_path / "api", changes=Changes(audit.change)) as one,
        ):
            refused = one.client.post("/v1/articles", json=POWER)
            assert "audit log" in refused.json()["detail"]
            assert one.client.get("/v1/articles").json()["total"] == 4
            again = one.client.post("/v1/articles", json=POWER)
            assert again.status_code == refused.status_code  # and nothing is under way


class TestWhoseAnArticleIs:
    @pytest.fixture
    def heads(self, people: People) -> dict[str, dict[str, str]]:
        rights: dict[str, Right] = {"ada": "write", "eve": "write", "root": "admin"}
        return {name: by(people.add_key(name, right)) for name, right in rights.items()}

    def begun(
        self, served: Counter, head: dict[str, str], method: str, path: str, **sent: Any
    ) -> str:
        """What became of a change: the sentence of its refusal, of its failure or of its end."""
        served.client.headers.update(head)
        answer = served.client.request(method, path, **sent)
        if answer.status_code != 202:
            assert answer.status_code == 403, answer.text
            return str(answer.json()["detail"])
        job = served.ended(answer)
        return str(job["error"] or job["said"])

    def owners(self, served: Counter, head: dict[str, str]) -> dict[str, str | None]:
        rows = served.client.get("/v1/articles", headers=head).json()["articles"]
        return {row["id"]: row["owner"] for row in rows}

    def test_only_who_added_it_or_an_admin_replaces_or_removes_it(
        self, served: Counter, heads: dict[str, dict[str, str]]
    ) -> None:
        row = {**POWER["articles"][0], "id": "power"}
        add = ("POST", "/v1/articles")
        assert self.begun(served, heads["ada"], *add, json={"articles": [row]}) == "1 added."
        for head, owner in ((heads["ada"], "ada"), (heads["root"], "ada"), (heads["eve"], None)):
            assert self.owners(served, head)["power"] == owner
        other = {**row, "text": "Eve writes over it."}
        line = f"{json.dumps(other)}\n".encode()
        mine = {k: v for k, v in other.items() if k != "id"}
        tries: list[tuple[str, str, dict[str, Any]]] = [
            (*add, {"json": {"articles": [other]}}),
            ("PUT", "/v1/articles/power", {"json": mine}),
            ("DELETE", "/v1/articles/power", {}),
            ("POST", "/v1/articles:remove", {"json": {"ids": ["power"]}}),
            ("POST", "/v1/articles:upload", {"files": {"files": ("a.jsonl", line)}}),
        ]
        for method, path, sent in tries:
            told = self.begun(served, heads["eve"], method, path, **sent)
            assert "which you did not add" in told, path
        assert served.client.get("/v1/articles/power").json()["body"] == row["text"]
        assert self.begun(served, heads["root"], *tries[1][:2], **tries[1][2]) == "1 updated."
        assert self.owners(served, heads["ada"])["power"] == "ada"
        assert self.begun(served, heads["ada"], *tries[2][:2]) == "1 removed."
        assert self.begun(served, heads["eve"], *tries[0][:2], **tries[0][2]) == "1 added."
        assert self.owners(served, heads["eve"])["power"] == "eve"

    def test_what_came_from_the_command_line_is_an_admins(
        self, served: Counter, heads: dict[str, dict[str, str]]
    ) -> None:
        remove = ("DELETE", "/v1/articles/deal")
        assert "which you did not add" in self.begun(served, heads["ada"], *remove)
        assert self.owners(served, heads["root"])["deal"] is None
        assert self.begun(served, heads["root"], *remove) == "1 removed."


class TestThePage:
    def log_in(self, served: Counter, name: str, password: str, **headers: str) -> httpx.Response:
        form = {"name": name, "password": password}
        return served.client.post("/login", data=form, headers=headers)

    def test_nobody_sees_it_before_logging_in(self, served: Counter) -> None:
        shown = served.client.get("/", headers={"Accept": "text/html"})
        assert (shown.status_code, shown.headers["location"]) == (303, "/login")
        assert served.client.get("/config").status_code == 401
        assert "Log in" in served.client.get("/login").text

    def test_in_by_a_password_and_out_again(self, served: Counter, people: People) -> None:
        people.add_person("ada", PASSWORD, "write")
        wrong = self.log_in(served, "ada", "correct horse battery?")
        assert wrong.status_code == 401
        assert WRONG in wrong.text
        assert self.log_in(served, "eve", PASSWORD).status_code == 401
        done = self.log_in(served, "ada", PASSWORD)
        assert (done.status_code, done.headers["location"]) == (303, "/")
        cookie = done.headers["set-cookie"]
        assert all(word in cookie for word in (COOKIE, "HttpOnly", "SameSite=lax", "Path=/"))
        assert served.client.get("/").text == "the page"
        assert "Log out" in served.client.get("/logout").text
        assert served.client.post("/logout").status_code == 303
        assert served.client.get("/").status_code == 401

    def test_in_by_a_key_until_it_is_revoked(self, served: Counter, people: People) -> None:
        key = people.add_key("ada", "read")
        assert self.log_in(served, "eve", key).status_code == 401
        assert self.log_in(served, "ada", key).status_code == 303
        assert served.client.get("/").status_code == 200
        people.revoke(people.keys()[0].id)
        assert served.client.get("/").status_code == 401

    def test_passwords_need_a_library_that_is_named(
        self, people: People, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setitem(sys.modules, "argon2", None)
        with pytest.raises(BylineError, match=r"pip install 'byline\[serve\]'"):
            people.add_person("ada", PASSWORD, "read")

    def test_another_password_ends_what_was_begun_with_the_last(
        self, served: Counter, people: People
    ) -> None:
        people.add_person("ada", PASSWORD, "write")
        self.log_in(served, "ada", PASSWORD)
        people.add_person("ada", f"{PASSWORD} staple", "write")
        assert served.client.get("/").status_code == 401

    def test_who_tries_too_often_has_to_wait_right_or_wrong(
        self, served: Counter, people: People
    ) -> None:
        key = people.add_key("ada", "read")
        assert {self.log_in(served, "ada", f"byline_{n}_x").status_code for n in range(20)} == {401}
        assert self.log_in(served, "ada", key).status_code == 429

    def test_another_site_changes_nothing_by_its_cookie(
        self, served: Counter, people: People
    ) -> None:
        self.log_in(served, "ada", people.add_key("ada", "admin"))
        evil = {"Origin": "https://evil.example"}
        assert served.client.post("/v1/articles", json=POWER, headers=evil).status_code == 403
        assert served.client.post("/gradio_api/upload", headers=evil).status_code == 403
        assert self.log_in(served, "ada", "x", **evil).status_code == 403
        own = {"Origin": served.url}
        assert served.client.post("/v1/articles", json=POWER, headers=own).status_code == 202


USER = {"X-Forwarded-User": "ada@news.example"}


class TestBehindAProxy:
    def test_it_says_who_was_let_in(self, served: Counter) -> None:
        assert served.client.get("/", headers=USER).text == "the page"
        assert served.client.post("/v1/articles", json=POWER, headers=USER).status_code == 403

    def test_from_elsewhere_nobody_believes_it(self, tmp_path: Path, people: People) -> None:
        access = SignedIn(people, Proxy("X-Forwarded-User", ["10.0.0.1"], "admin"))
        with counter(tmp_path, options=ASKS, access=access) as one:
            assert one.client.get("/v1/models", headers=USER).status_code == 401

    def test_under_a_prefix_and_behind_tls(self, tmp_path: Path, people: People) -> None:
        """As nginx and Caddy pass a request on that came to https://news.example/byline/."""
        people.add_person("ada", PASSWORD, "read")
        proxied = {
            "Host": "news.example",
            "X-Forwarded-Proto": "https",
            "X-Forwarded-Host": "news.example",
            "X-Forwarded-For": "203.0.113.7",
        }
        options: dict[str, Any] = {"root_path": "/byline", "proxy_headers": False}
        trusted = ("127.0.0.1",)
        with counter(
            tmp_path, options=ASKS, access=SignedIn(people), trusted=trusted, server=options
        ) as one:
            one.client.headers.update(proxied)
            shown = one.client.get("/", headers={"Accept": "text/html"})
            assert shown.headers["location"] == "/byline/login"
            form = {"name": "ada", "password": PASSWORD}
            done = one.client.post("/login", data=form, headers={"Origin": "https://news.example"})
            assert done.headers["location"] == "/byline/"
            assert all(w in done.headers["set-cookie"] for w in ("Secure", "Path=/byline/"))
            head = by(people.add_key("ada", "read"))
            schema = one.client.get("/openapi.json", headers=head).json()
            assert schema["servers"] == [{"url": "/byline"}]
            body = {"model": "byline", "messages": [{"role": "user", "content": "Who leads it?"}]}
            answer = one.client.post("/v1/chat/completions", json=body, headers=head).json()
            urls = [
                a["url_citation"]["url"] for a in answer["choices"][0]["message"]["annotations"]
            ]
            assert all(url.startswith("https://news.example/") for url in urls)


class TestWhereOthersCouldAsk:
    def test_it_does_not_start_before_anybody_can_say_who_they_are(self, tmp_path: Path) -> None:
        settings = load_settings(people=tmp_path / "people.sqlite")
        assert access_of(settings, "127.0.0.1") is None
        with pytest.raises(BylineError, match="byline keys add NAME"):
            access_of(settings, "0.0.0.0")
        with pytest.raises(BylineError, match=r"On 127\.0\.0\.1"):
            access_of(settings.model_copy(update={"authentication": "on"}), "127.0.0.1")
        people = People(Database(settings.people))
        people.add_key("ada", "read")
        access = access_of(settings, "0.0.0.0")
        assert access is not None
        access.people.close()
        people.revoke(people.keys()[0].id)
        with pytest.raises(BylineError, match="nobody can say"):
            access_of(settings, "news.example")
        people.close()

    def test_nor_does_the_page_by_itself(self) -> None:
        with pytest.raises(BylineError, match=r"On 0\.0\.0\.0"):
            launch(lambda: ScriptedPipeline({}), host="0.0.0.0", block=False)


class TestCommands:
    @pytest.fixture(autouse=True)
    def _files(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("BYLINE_PEOPLE", str(tmp_path / "people.sqlite"))
        monkeypatch.setenv("BYLINE_AUDIT", str(tmp_path / "audit.jsonl"))

    def test_a_key_is_made_listed_and_revoked(self, byline: Byline, tmp_path: Path) -> None:
        token = byline("keys", "add", "ada", "--scope", "write").out.strip()
        listed = byline("keys", "list").out
        assert "write" in listed
        assert "in use  ada" in listed
        assert token not in listed
        id_ = listed.split()[0]
        assert byline("keys", "revoke", id_).code == 0
        assert "revoked" in byline("keys", "list").out
        assert "no key" in one_sentence(byline("keys", "revoke", id_))
        rows = [json.loads(line) for line in (tmp_path / "audit.jsonl").read_text().splitlines()]
        assert [row["what"] for row in rows] == ["key added: ada write", f"key revoked: {id_}"]

    def test_a_person_is_added_listed_and_removed(
        self, byline: Byline, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("rag.commands.people._password", lambda: PASSWORD)
        assert byline("people", "add", "ada").code == 0
        assert byline("people", "list").out.endswith("ada\n")
        assert byline("people", "remove", "ada").code == 0
        assert "Nobody" in one_sentence(byline("people", "remove", "ada"))
        monkeypatch.setattr("rag.commands.people._password", lambda: "short")
        assert "10 characters" in one_sentence(byline("people", "add", "ada"))
        assert "A name has" in one_sentence(byline("keys", "add", "a\nb"))
