"""The tables as the newest migration leaves them (rag/database/migrations)."""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    TypeDecorator,
)
from sqlalchemy import Text as AnyText

NEWEST = "0003"
"""The revision that these tables are of."""
METADATA = MetaData()


class Text(TypeDecorator[str]):
    """Text without what PostgreSQL does not take: NUL, and halves of a character."""

    impl = AnyText
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Any) -> str | None:
        return value and value.replace("\0", "").encode("utf-8", "replace").decode()


def _text(name: str, *more: Any, **options: Any) -> Column[str]:
    return Column(name, Text, *more, nullable=False, **options)


def _of_conversation(**options: Any) -> Column[str]:
    return _text("conversation", ForeignKey("conversations.id", ondelete="CASCADE"), **options)


KEYS = Table(
    "keys",
    METADATA,
    _text("id", primary_key=True),
    Column("hash", LargeBinary, nullable=False),
    _text("owner"),
    _text("may"),
    Column("per_minute", Integer, nullable=False),
    Column("created", Float, nullable=False),
    Column("revoked", Float),
)
PEOPLE = Table(
    "people",
    METADATA,
    _text("name", primary_key=True),
    _text("hash"),
    _text("may"),
    Column("created", Float, nullable=False),
)
SESSIONS = Table(
    "sessions",
    METADATA,
    Column("hash", LargeBinary, primary_key=True),
    _text("name"),
    _text("may"),
    _text("key"),
    Column("ends", Float, nullable=False),
)
CONVERSATIONS = Table(
    "conversations",
    METADATA,
    _text("id", primary_key=True),
    _text("owner"),
    _text("title"),
    Column("changed", Float, nullable=False),
    _text("folded", server_default=""),  # the title, casefolded
    Index("conversations_of", "owner", "changed"),
)
TURNS = Table(
    "turns",
    METADATA,
    _of_conversation(primary_key=True),
    Column("number", Integer, primary_key=True),
    _text("searched"),
    _text("turn"),
)
SHARES = Table(
    "shares",
    METADATA,
    _text("token", primary_key=True),
    Column("turns", Integer, nullable=False),
    _of_conversation(unique=True),
)
OWNERS = Table("owners", METADATA, _text("article", primary_key=True), _text("owner"))
