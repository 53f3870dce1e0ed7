"""What holds of a database, the same for SQLite and for a real PostgreSQL."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from collections import Counter
from contextlib import closing
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from commandline import Byline, one_sentence
from postgresserver import PASSWORD, PostgresServer
from sqlalchemy import select, text
from writing_at_once import OWNER

from corpus.errors import BylineError
from page.conversations import Conversations
from rag.database.connect import MIGRATIONS, Database, DatabaseError
from rag.database.tables import CONVERSATIONS, METADATA, NEWEST
from rag.people import PREFIX, People
from rag.upkeep.owners import NotYours, Owners
from rag.who import Who

WORDS = "correct horse battery"
ALONE = Path(__file__).with_name("writing_at_once.py")
Place = Path | str


def writing(place: Place, threads: int, turns: int) -> subprocess.Popen[str]:
    command = [sys.executable, str(ALONE), str(place), str(threads), str(turns)]
    return subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ALONE.parent.parent)},
    )


def turns_of(database: Database, told: list[str]) -> tuple[Counter[str], Counter[str]]:
    """How many turns each chat was told to have, and has."""
    said = Counter(line.split()[0] for line in told if line.split()[0] != "ended")
    kept = Conversations(database)
    found = {id_: kept.open(OWNER, id_) for id_ in said}
    return said, Counter({id_: len(one.turns) for id_, one in found.items() if one is not None})


class TestWhoeverOpensIt:
    def test_its_tables_are_those_of_the_newest_migration(self, database: Database) -> None:
        assert ScriptDirectory(str(MIGRATIONS)).get_current_head() == NEWEST
        with database.writing() as connection:
            context = MigrationContext.configure(connection)
            assert context.get_current_revision() == NEWEST
            assert compare_metadata(context, METADATA) == []

    def test_that_of_a_newer_byline_is_left_alone(self, place: Place) -> None:
        with closing(Database(place)) as database, database.writing() as connection:
            connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
        with pytest.raises(BylineError, match=r"newer Byline \(revision 9999") as error:
            Database(place)
        assert PASSWORD not in str(error.value)

    def test_a_migration_that_fails_leaves_nothing_behind(
        self, place: Place, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def half(config: object, revision: str) -> None:
            command_upgrade(config, "0001")
            raise DatabaseError("the disk is full")

        command_upgrade = command.upgrade
        monkeypatch.setattr(command, "upgrade", half)
        with pytest.raises(DatabaseError, match="disk is full"):
            Database(place)
        monkeypatch.undo()
        with closing(Database(place)) as database, database.reading() as connection:
            assert connection.execute(select(CONVERSATIONS)).all() == []

    def test_what_was_kept_is_there_again(self, place: Place) -> None:
        with closing(Database(place)) as database:
            key = People(database).add_key("ada", "write", 7)
        with closing(Database(place)) as database:
            who = People(database).of_key(key)
        assert who == Who("ada", "write", key.split("_")[1], 7)

    def test_nul_and_half_a_character_are_left_out(self, database: Database) -> None:
        kept = Conversations(database)
        id_ = kept.keep(OWNER, None, 1, "a\0b \ud800", "Who\0?", "\0\ud800")
        assert kept.open(OWNER, f"{id_}\0") == kept.open(OWNER, id_)
        assert [one.title for one in kept.entries(OWNER, "ab")] == ["Who?"]
        assert People(database).of_key(f"{PREFIX}_\0_x") is None

    def test_an_error_takes_all_of_a_transaction_back(self, database: Database) -> None:
        kept = Conversations(database)
        with pytest.raises(BylineError, match="not there any more"):
            kept.keep("another", kept.keep(OWNER, None, 1, "", "One?", "1"), 2, "", "Two?", "2")
        assert kept.entries("another") == []


class TestManyAtOnce:
    def test_eight_threads_in_each_of_two_processes_lose_nothing(self, place: Place) -> None:
        """Nor do they hinder each other when they migrate it first."""
        both = [writing(place, threads=8, turns=6) for _ in range(2)]
        told = [process.communicate(timeout=120) for process in both]
        assert [err for _, err in told] == ["", ""]
        with closing(Database(place)) as database:
            said, found = turns_of(database, [line for out, _ in told for line in out.splitlines()])
            assert len(People(database).keys()) == 16
        assert said == found
        assert list(found.values()) == [6] * 16

    def test_what_was_acknowledged_outlives_a_process_that_is_killed(self, place: Place) -> None:
        process = writing(place, threads=2, turns=10_000)
        assert process.stdout is not None
        told = [process.stdout.readline() for _ in range(20)]
        process.kill()
        told += process.communicate(timeout=60)[0].splitlines(keepends=True)
        with closing(Database(place)) as database:
            said, found = turns_of(database, [line for line in told if line.endswith("\n")])
        assert all(found[id_] >= number for id_, number in said.items())
        assert said.total() >= 20


class TestLogIn:
    def test_a_key_that_is_revoked_meanwhile_opens_nothing(self, database: Database) -> None:
        class Revoked(People):
            def of_key(self, token: str) -> Who | None:
                who = super().of_key(token)
                self.revoke(who.key if who else "")
                return who

        key = People(database).add_key("ada", "read")
        assert Revoked(database).log_in("ada", key) is None

    def test_a_password_that_is_changed_meanwhile_opens_nothing(self, database: Database) -> None:
        class Changed(People):
            def _of_password(self, name: str, password: str) -> tuple[Who | None, str]:
                found = super()._of_password(name, password)
                self.add_person(name, f"{password} staple", "read")
                return found

        people = People(database)
        people.add_person("ada", WORDS, "write")
        assert Changed(database).log_in("ada", WORDS) is None
        session = people.log_in("ada", f"{WORDS} staple")
        assert session is not None
        assert people.of_session(session) == Who("ada", "read", logged_in=True)
        people.log_out(session)
        assert people.of_session(session) is None

    def test_each_is_known_by_their_own(self, database: Database) -> None:
        people = People(database)
        assert not people.any()
        key = people.add_key("eve", "read")
        assert people.any()
        people.add_person("ada", WORDS, "write")
        by_key, by_word = people.log_in("eve", key), people.log_in("ada", WORDS)
        people.revoke(people.keys()[0].id)
        people.remove_person("ada")
        assert by_key is not None
        assert by_word is not None
        assert people.of_session(by_key) is people.of_session(by_word) is None
        assert people.of_key(key) is None
        listed = people.keys()
        assert [one.revoked is None for one in listed] == [False]
        with pytest.raises(BylineError, match="no key"):
            people.revoke(key.split("_")[1])


class TestOwners:
    def test_what_is_new_is_theirs_and_what_is_held_must_be(self, database: Database) -> None:
        owners, many = Owners(database), [f"article {n}" for n in range(1200)]
        ada, eve, root = Who("ada", "write"), Who("eve", "write"), Who("root", "admin")
        owners.claim(many, [], ada)
        assert owners.of([*many, "another"]) == dict.fromkeys(many, "ada")
        owners.claim(many, many, ada)
        owners.claim(many, many, root)
        for ids in (many[:1], ["another"], many):
            with pytest.raises(NotYours):
                owners.claim(ids, ids, eve)
        assert owners.of(many[:1]) == {"article 0": "ada"}
        owners.forget(many[:2])
        owners.claim(many[:1], [], eve)
        owners.claim(many[1:2], [], Who())
        owners.check(many, None)
        assert owners.of(many[:2]) == {"article 0": "eve"}


OLD = {
    "people.sqlite": """
CREATE TABLE keys (
    id TEXT PRIMARY KEY, hash BLOB NOT NULL, owner TEXT NOT NULL, may TEXT NOT NULL,
    per_minute INTEGER NOT NULL, created REAL NOT NULL, revoked REAL);
CREATE TABLE people (
    name TEXT PRIMARY KEY, hash TEXT NOT NULL, may TEXT NOT NULL, created REAL NOT NULL);
CREATE TABLE sessions (
    hash BLOB PRIMARY KEY, name TEXT NOT NULL, may TEXT NOT NULL, key TEXT NOT NULL,
    ends REAL NOT NULL);
""",
    "chats.sqlite": """
CREATE TABLE conversations (
    id TEXT PRIMARY KEY, owner TEXT NOT NULL, title TEXT NOT NULL, changed REAL NOT NULL);
CREATE INDEX conversations_of ON conversations (owner, changed);
CREATE TABLE turns (
    conversation TEXT NOT NULL REFERENCES conversations ON DELETE CASCADE,
    number INTEGER NOT NULL, searched TEXT NOT NULL, turn TEXT NOT NULL,
    PRIMARY KEY (conversation, number));
CREATE TABLE shares (
    token TEXT PRIMARY KEY, turns INTEGER NOT NULL,
    conversation TEXT NOT NULL UNIQUE REFERENCES conversations ON DELETE CASCADE);
INSERT INTO conversations VALUES ('a chat', 'ada', 'Was kostet die Straße?', 1.5);
INSERT INTO turns VALUES ('a chat', 1, 'one', '1'), ('a chat', 2, 'two', '2');
INSERT INTO shares VALUES ('a link', 1, 'a chat');
""",
}
"""The files as they were before there were migrations."""


def test_files_from_before_migrations_lose_nothing(tmp_path: Path) -> None:
    with closing(Database(tmp_path / "new.sqlite")) as database:  # for its hashes
        people = People(database)
        key = people.add_key("ada", "write", 7)
        people.add_person("eve", WORDS, "read")
        session = people.log_in("ada", key) or ""
    for name, schema in OLD.items():
        with closing(sqlite3.connect(tmp_path / name)) as file:
            file.executescript(schema)
            if name == "people.sqlite":
                file.execute("ATTACH ? AS new", [str(tmp_path / "new.sqlite")])
                for table in ("keys", "people", "sessions"):
                    file.execute(f"INSERT INTO main.{table} SELECT * FROM new.{table}")
                file.commit()
    for _ in range(2):  # once more changes nothing
        with closing(Database(tmp_path / "people.sqlite")) as database:
            people = People(database)
            assert people.of_key(key) == Who("ada", "write", key.split("_")[1], 7)
            assert people.of_session(session) is not None
            assert people.log_in("eve", WORDS) is not None
            assert [one.name for one in people.people()] == ["eve"]
        with closing(Database(tmp_path / "chats.sqlite")) as database:
            kept = Conversations(database)
            found = kept.open("ada", "a chat")
            assert found is not None
            assert found.turns == ("1", "2")
            assert kept.shared("a link").turns == ("1",)  # type: ignore[union-attr]
            assert [one.id for one in kept.entries("ada", "STRASSE two")] == ["a chat"]
    with closing(Database(tmp_path / "chats.sqlite")) as database:
        Conversations(database).delete("ada", "a chat")
        assert Conversations(database).shared("a link") is None


@pytest.mark.postgres
class TestAServerThatDies:
    def test_whoever_asks_is_told_and_what_was_acknowledged_is_there_again(
        self, postgres: PostgresServer
    ) -> None:
        url = postgres.new_database()
        with closing(Database(url)) as database:
            key = People(database).add_key("ada", "read")
            process = writing(url, threads=8, turns=10_000)
            assert process.stdout is not None
            told = [process.stdout.readline() for _ in range(40)]
            postgres.kill()
            told += process.communicate(timeout=60)[0].splitlines()
            ended = [line for line in told if line.startswith("ended")]
            with pytest.raises(DatabaseError) as error:
                People(database).of_key(key)
            for sentence in (*ended, str(error.value)):
                assert "cannot be used (" in sentence
                assert "byline:***@127.0.0.1" in sentence
                assert PASSWORD not in sentence
            assert len(ended) == 8
            assert process.returncode == 0
            postgres.start()
            assert People(database).of_key(key) is not None
            said, found = turns_of(database, told)
        assert all(found[id_] >= number for id_, number in said.items())

    def test_one_that_is_not_there_is_one_sentence(
        self, byline: Byline, postgres: PostgresServer
    ) -> None:
        url = postgres.new_database()
        wrong = url.replace("quite%20secret", "guessed")
        for nowhere in (url.replace(str(postgres.port), "9"), wrong, f"{url}_none"):
            told = one_sentence(byline("keys", "list", "--database", nowhere))
            assert "cannot be used" in told
            assert "guessed" not in told
            assert PASSWORD not in told


def test_an_address_that_is_none_is_one_sentence(
    byline: Byline, monkeypatch: pytest.MonkeyPatch
) -> None:
    for wrong in ("postgresql//ada:secret@host/db", "mysql://ada:secret@host/db", "x"):
        monkeypatch.setenv("BYLINE_DATABASE", wrong)
        told = one_sentence(byline("keys", "list"))
        assert "no address of a database" in told
        assert "secret" not in told


def test_without_its_driver_that_is_said(byline: Byline, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    told = one_sentence(byline("keys", "list", "--database", "postgresql://ada:secret@host/db"))
    assert "pip install 'byline[postgres]'" in told
    assert "secret" not in told
