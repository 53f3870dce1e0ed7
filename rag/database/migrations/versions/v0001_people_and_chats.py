"""Keys, people, sessions, chats and shares; tables of a file from before migrations stay."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """A file from before has the tables of people or those of chats, and gets the others."""
    op.create_table(
        "keys",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("hash", sa.LargeBinary, nullable=False),
        sa.Column("owner", sa.Text, nullable=False),
        sa.Column("may", sa.Text, nullable=False),
        sa.Column("per_minute", sa.Integer, nullable=False),
        sa.Column("created", sa.Float, nullable=False),
        sa.Column("revoked", sa.Float),
        if_not_exists=True,
    )
    op.create_table(
        "people",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("hash", sa.Text, nullable=False),
        sa.Column("may", sa.Text, nullable=False),
        sa.Column("created", sa.Float, nullable=False),
        if_not_exists=True,
    )
    op.create_table(
        "sessions",
        sa.Column("hash", sa.LargeBinary, primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("may", sa.Text, nullable=False),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("ends", sa.Float, nullable=False),
        if_not_exists=True,
    )
    _chats()


def _chats() -> None:
    op.create_table(
        "conversations",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("owner", sa.Text, nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("changed", sa.Float, nullable=False),
        if_not_exists=True,
    )
    op.create_index("conversations_of", "conversations", ["owner", "changed"], if_not_exists=True)
    op.create_table(
        "turns",
        _of_conversation(primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("searched", sa.Text, nullable=False),
        sa.Column("turn", sa.Text, nullable=False),
        if_not_exists=True,
    )
    op.create_table(
        "shares",
        sa.Column("token", sa.Text, primary_key=True),
        sa.Column("turns", sa.Integer, nullable=False),
        _of_conversation(unique=True, nullable=False),
        if_not_exists=True,
    )


def _of_conversation(**options: bool) -> sa.Column[str]:
    key = sa.ForeignKey("conversations.id", ondelete="CASCADE")
    return sa.Column("conversation", sa.Text, key, **options)  # type: ignore[arg-type]
