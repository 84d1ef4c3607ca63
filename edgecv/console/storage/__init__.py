"""Where the console keeps what it knows: tables, sessions, and what a session may see."""

from edgecv.console.storage.database import ConsoleDatabase
from edgecv.console.storage.scope import EVERYTHING, Scope

__all__ = ["EVERYTHING", "ConsoleDatabase", "Scope"]
