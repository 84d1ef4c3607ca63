"""What somebody typed, as it can be kept."""

from __future__ import annotations

from edgecv.console.settings import NOTE_CHARS


def plain(text: str) -> str:
    """Without what no log can hold, and no longer than a note is."""
    printable = "".join(c for c in text.replace("\r\n", "\n") if c.isprintable() or c == "\n")
    return printable.strip()[:NOTE_CHARS]
