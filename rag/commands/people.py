"""`byline keys` and `byline people`: who may ask a server. No logic of its own."""

from __future__ import annotations

import getpass
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from rag.commands.options import DatabaseUrl, settings_with
from rag.who import Right

if TYPE_CHECKING:
    from rag.people import People

keys_app = typer.Typer(help="Keys of the API.", no_args_is_help=True)
people_app = typer.Typer(help="People who log in to the page.", no_args_is_help=True)

Scope = Annotated[Right, typer.Option(help="What it may: each holds those before it.")]
_LINES = 1000  # of a list


@keys_app.command("add")
def add_key(
    owner: Annotated[str, typer.Argument(help="Whose it is.")],
    scope: Scope = "read",
    per_minute: Annotated[
        int, typer.Option(min=0, max=100_000, help="Requests; 0: as the settings say.")
    ] = 0,
    database: DatabaseUrl = None,
) -> None:
    """Make a key and print it, once."""
    with _people(database, "key added", f"{owner} {scope}") as people:
        token = people.add_key(owner, scope, per_minute)
    print("Keep it: it cannot be shown again.", file=sys.stderr)
    typer.echo(token)


@keys_app.command("list")
def list_keys(database: DatabaseUrl = None) -> None:
    """All keys, without what they open with."""
    with _people(database) as people:
        for key in people.keys()[-_LINES:]:
            state = f"revoked {_day(key.revoked)}" if key.revoked else "in use"
            typer.echo(f"{key.id}  {key.right:5}  {_day(key.created)}  {state}  {key.owner}")


@keys_app.command("revoke")
def revoke_key(
    id_: Annotated[str, typer.Argument(metavar="ID", help="As in the list.")],
    database: DatabaseUrl = None,
) -> None:
    """Let a key open nothing any more, at once."""
    with _people(database, "key revoked", id_) as people:
        people.revoke(id_)


@people_app.command("add")
def add_person(name: str, scope: Scope = "read", database: DatabaseUrl = None) -> None:
    """Give a person a password, or another one; it is asked for, or read from stdin."""
    with _people(database, "person added", f"{name} {scope}") as people:
        people.add_person(name, _password(), scope)


@people_app.command("list")
def list_people(database: DatabaseUrl = None) -> None:
    """All who have a password."""
    with _people(database) as people:
        for person in people.people()[-_LINES:]:
            typer.echo(f"{person.right:5}  {_day(person.created)}  {person.name}")


@people_app.command("remove")
def remove_person(name: str, database: DatabaseUrl = None) -> None:
    """Let a person in no more, at once."""
    with _people(database, "person removed", name) as people:
        people.remove_person(name)


@contextmanager
def _people(database: str | None, what: str = "", whom: str = "") -> Iterator[People]:
    """Whoever may ask; a change of them is noted in the audit log once it is done."""
    from rag.load import open_database
    from rag.people import People
    from rag.upkeep.audit import Audit

    settings = settings_with(database=database)
    people = People(open_database(settings, settings.people))
    try:
        yield people
    finally:
        people.close()
    if what:
        Audit(settings.audit).note(getpass.getuser(), f"{what}: {whom}", "done")


def _password() -> str:
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\n")
    return getpass.getpass("Password: ")


def _day(seconds: float) -> str:
    return datetime.fromtimestamp(seconds).date().isoformat()
