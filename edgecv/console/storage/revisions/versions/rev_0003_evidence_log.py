"""Holds and deletions of evidence on a hub."""

import sqlalchemy as sa
from alembic import op

from edgecv.console.storage.append_only import make_append_only

revision = "0003"
down_revision = "0002"

_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Add the append-only table ``evidence_log``."""
    op.create_table(
        "evidence_log",
        sa.Column("key", _KEY, primary_key=True),
        sa.Column("site", sa.String(), nullable=False),
        sa.Column("incident_id", sa.String(), nullable=False),
        sa.Column("at_s", sa.Double(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("why", sa.String(), nullable=False),
        sa.Column("community_id", _KEY, sa.ForeignKey("communities.key"), nullable=False),
    )
    op.create_index("evidence_log_by_incident", "evidence_log", ["community_id", "incident_id", "key"])
    make_append_only(op.get_bind(), "evidence_log")
