"""Text of somebody else's as every database and log can hold it."""

from __future__ import annotations


def storable(text: str, most: int) -> str:
    """One line of at most ``most`` characters: half surrogate pairs and control characters are written out."""
    shown = text[:most].encode("utf-8", "backslashreplace").decode()
    return "".join(c if c.isprintable() or c == " " else repr(c)[1:-1] for c in shown)[:most]
