"""Ids are unique by their source: before, a box that used another's id had its messages dropped for it."""

import sqlalchemy as sa
from alembic import op

from edgecv.errors import EdgecvError

revision = "0004"
down_revision = "0003"

_UNIQUE_NAMES = {"uq": "%(table_name)s_%(column_0_N_name)s_key"}
"""PostgreSQL's own names of unique constraints, given to those of SQLite, which have none."""
# The console's settings of the day: a revision does not change with them.
_AHEAD_S = 86_400.0
"""A box's clock without a battery may be a day ahead."""
_LONGEST_MESSAGE = 1024 * 1024
_UNCLAIMED_CHARS = 64 * 1024
"""What stays of a message that nobody claimed and that is longer than any message may be."""


def upgrade() -> None:
    """Key incidents, device events and evidence by site and device; count dropped messages."""
    op.add_column("incidents", sa.Column("source_id", sa.String(), nullable=False, server_default=""))
    op.execute("UPDATE incidents SET source_id = id")
    op.create_index("incidents_of_source", "incidents", ["community_id", "site", "device", "source_id"], unique=True)
    _replace_unique("device_events", ["community_id", "id"], ["community_id", "site", "device", "id"])
    _replace_unique("evidence", ["community_id", "incident_id"], ["community_id", "site", "device", "incident_id"])
    # an update from a clock of year 9000 was the newest for ever
    op.execute(
        sa.text("UPDATE incidents SET as_of_s = received_s WHERE as_of_s > received_s + :ahead").bindparams(
            ahead=_AHEAD_S
        )
    )
    op.create_table(
        "dropped_messages",
        sa.Column("site", sa.String(), primary_key=True),
        sa.Column("kind", sa.String(), primary_key=True),
        sa.Column("count", sa.BigInteger(), nullable=False),
    )
    # what is longer than any message may be is never read again
    op.execute(
        sa.text(
            "UPDATE unclaimed SET event = substr(event, 1, :start), reason = reason || '; only its beginning is kept' "
            "WHERE length(event) > :longest"
        ).bindparams(start=_UNCLAIMED_CHARS, longest=_LONGEST_MESSAGE)
    )


def _replace_unique(table: str, before: list[str], after: list[str]) -> None:
    """Give a table, to which no other refers, another unique key; SQLite copies it into a new one."""
    try:
        with op.batch_alter_table(table, naming_convention=_UNIQUE_NAMES) as batch:
            batch.drop_constraint("_".join([table, *before, "key"]), type_="unique")
            batch.create_unique_constraint("_".join([table, *after, "key"]), after)
    except ValueError as error:  # there is no such constraint
        raise EdgecvError(
            f"console database: table {table} is not as edgecv made it; restore it from a backup"
        ) from error
