"""Opens a database, migrates it, and turns whatever fails there into one sentence."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext
from pathlib import Path
from typing import Any

from filelock import FileLock
from sqlalchemy import Connection, Engine, Table, create_engine, event, inspect, pool, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError

from corpus.errors import Away, BylineError
from rag.database.tables import NEWEST

MIGRATIONS = Path(__file__).parent / "migrations"
_WAIT_S = 30
"""For another process that writes the same file, or migrates it."""
_SERVER = {"connect_timeout": "5", "tcp_user_timeout": "15000", "application_name": "byline"}
"""Of a PostgreSQL, where its address says nothing else: seconds, and milliseconds of silence."""
_CONNECTIONS = 5
_KEY = 0x62796C696E65
"""Under which processes that migrate one PostgreSQL wait for each other."""
_DRIVERS = {
    "postgresql": "postgresql+psycopg",
    "postgres": "postgresql+psycopg",
    "sqlite": "sqlite",
}
_migrating = threading.Lock()  # Alembic has one context a process


class DatabaseError(Away):
    """The database cannot be used now; it may be there again by the next try."""

    def __init__(self, told: str) -> None:
        super().__init__("database", told)


class Database:
    """One database, from any thread; all raise DatabaseError where it cannot be used.

    A server that was away is found again by the next transaction.
    """

    def __init__(self, place: Path | str | None = None) -> None:
        """A SQLite file, the URL of a database, or none, which lasts as long as this; migrated to
        the newest revision. Raises BylineError also for a database of a newer Byline."""
        self._url = _url(place)
        file = self._url.database if self._is_sqlite else None
        self._file = Path(file) if file and file != ":memory:" else None
        with self._told():
            if self._file is not None:
                self._file.parent.mkdir(parents=True, exist_ok=True)
                self._file.touch(mode=0o600)
            self._engine = self._opened()
            try:
                self._migrate()
            except BaseException:
                self._engine.dispose()
                raise

    def close(self) -> None:
        self._engine.dispose()

    def reading(self) -> AbstractContextManager[Connection]:
        """A transaction that changes nothing."""
        return self._transaction(writes=False)

    def writing(self) -> AbstractContextManager[Connection]:
        """A transaction, which an error takes back. In SQLite nobody else writes meanwhile."""
        return self._transaction(writes=True)

    def insert(self, table: Table) -> Any:
        """An `INSERT` that can say what to do `ON CONFLICT`."""
        return (sqlite if self._is_sqlite else postgresql).insert(table)

    @contextmanager
    def _transaction(self, writes: bool) -> Iterator[Connection]:
        with self._told(), self._engine.connect() as connection:
            connection = connection.execution_options(writes=writes)
            with connection.begin():
                yield connection

    @property
    def _is_sqlite(self) -> bool:
        return self._url.get_backend_name() == "sqlite"

    def _opened(self) -> Engine:
        if not self._is_sqlite:
            options = {name: told for name, told in _SERVER.items() if name not in self._url.query}
            try:
                return create_engine(
                    self._url,
                    connect_args=options,
                    pool_pre_ping=True,
                    pool_size=_CONNECTIONS,
                    max_overflow=0,
                    hide_parameters=True,
                )
            except ImportError as error:
                raise BylineError(
                    f"{self._name} needs psycopg, which is not installed: pip install "
                    "'byline[postgres]', or leave BYLINE_DATABASE out."
                ) from error
        # What is in memory is in one connection, for which threads wait.
        engine = create_engine(
            self._url,
            connect_args={"check_same_thread": False, "timeout": _WAIT_S},
            poolclass=pool.QueuePool,
            pool_size=_CONNECTIONS if self._file else 1,
            max_overflow=0,
            hide_parameters=True,
        )
        event.listen(engine, "connect", _set_up)
        event.listen(engine, "begin", _begin)
        return engine

    def _migrate(self) -> None:
        """To the newest revision, as one transaction, while no other process does so."""
        alone = FileLock(f"{self._file}.lock", _WAIT_S) if self._file else nullcontext()
        with _migrating, alone:
            if self._file is not None:
                with closing(sqlite3.connect(self._file, timeout=_WAIT_S)) as file:
                    file.execute("PRAGMA journal_mode = WAL")
            with self._transaction(writes=True) as connection:
                if not self._is_sqlite:
                    connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _KEY})
                revision = _revision(connection)
                if revision != NEWEST:
                    self._upgrade(connection, revision)

    def _upgrade(self, connection: Connection, revision: str | None) -> None:
        from alembic import command
        from alembic.config import Config

        if revision is not None and revision > NEWEST:
            raise BylineError(
                f"{self._name} is of a newer Byline (revision {revision}, this one knows "
                f"{NEWEST}): install that one, or name another database."
            )
        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
        config.set_main_option("path_separator", "os")
        config.attributes["connection"] = connection
        command.upgrade(config, "head")

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except (SQLAlchemyError, sqlite3.Error, OSError) as error:
            raise DatabaseError(self._sentence(error)) from error

    @property
    def _name(self) -> str:
        place = self._file or (self._url.render_as_string() if not self._is_sqlite else "memory")
        return f"The database {place}"

    def _sentence(self, error: Exception) -> str:
        cause = error.orig if isinstance(error, DBAPIError) and error.orig else error
        reason = " ".join(str(cause).splitlines()[:1]).strip().rstrip(".") or type(cause).__name__
        if self._url.password:
            reason = reason.replace(str(self._url.password), "***")
        if self._is_sqlite:
            mend = "make room or mend the rights there, or name another file in the settings"
        else:
            mend = "see that it runs and lets Byline in, or mend BYLINE_DATABASE, and try again"
        return f"{self._name} cannot be used ({reason}): {mend}."


def _url(place: Path | str | None) -> URL:
    if place is None or isinstance(place, Path):
        return URL.create("sqlite", database=str(place) if place else None)
    wrong = BylineError(
        "BYLINE_DATABASE is no address of a database: write postgresql://USER:PASSWORD@HOST/NAME, "
        "or leave it out."
    )
    try:
        url = make_url(place)
    except (ArgumentError, ValueError):
        raise wrong from None  # which would tell the password
    if url.drivername not in _DRIVERS:
        raise wrong
    return url.set(drivername=_DRIVERS[url.drivername])


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return None if found is None else str(found)


def _set_up(connection: Any, record: object) -> None:
    connection.isolation_level = None  # or the driver would begin and commit by itself
    connection.execute("PRAGMA foreign_keys = ON")


def _begin(connection: Connection) -> None:
    """A transaction that is to write waits for its turn now: later it could only fail."""
    writes = connection.get_execution_options().get("writes")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
