"""A moment on the command line."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime


def moment(text: str) -> datetime:
    """Read an RFC 3339 time; UTC where it names no offset.

    Raises:
        argparse.ArgumentTypeError: it is none.
    """
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is not a time like 2026-05-01T22:14:00+08:00") from error
    return found if found.tzinfo else found.replace(tzinfo=UTC)
