"""Titles of chats in the form that is searched, which no database folds as Python does."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    column = sa.Column("folded", sa.Text, nullable=False, server_default="")
    op.add_column("conversations", column)
    table = sa.table("conversations", sa.column("id"), sa.column("title"), sa.column("folded"))
    connection = op.get_bind()
    for id_, title in connection.execute(sa.select(table.c.id, table.c.title)).all():
        change = sa.update(table).where(table.c.id == id_).values(folded=title.casefold())
        connection.execute(change)
