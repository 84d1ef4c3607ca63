"""Incidents of devices other than cameras: alarms that last, of a subject, with a sentence."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add the columns of alarms."""
    for name, kind in (("ended_s", sa.Double()), ("subject", sa.String()), ("text", sa.String())):
        op.add_column("incidents", sa.Column(name, kind, nullable=True))
    op.add_column("incidents", sa.Column("as_of_s", sa.Double(), nullable=True))
