"""What the console says of its own feeds, and what it notes in its audit log."""

from __future__ import annotations

from edgecv.messages.message import declare
from edgecv.messages.params import TEXT

NOT_CONNECTED = declare("console.not_connected", "not connected yet")
NOT_MADE = declare("console.not_made", "%(file)s: the daemon has not made it yet", file=TEXT)
DATABASE_TAKES_NOTHING = declare("console.database_takes_nothing", "the database takes nothing (%(kind)s)", kind=TEXT)
CLIP_AND_PICTURES = declare("console.clip_and_pictures", "clip and pictures")
BLURRED_PAGE = declare("console.blurred_page", "blurred page")
UNTOUCHED_PAGE = declare("console.untouched_page", "untouched page")
