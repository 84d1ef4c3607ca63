"""The schema of the first edgecv with a console; a new database gets the tables of today at once."""

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Nothing to do: a database of this revision has its tables."""
