"""Who added an article through the page or the API."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_table(
        "owners",
        sa.Column("article", sa.Text, primary_key=True),
        sa.Column("owner", sa.Text, nullable=False),
    )
