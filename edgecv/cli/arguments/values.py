"""Values on the command line: numbers in a range, times, text; each raises what argparse turns into one clear line."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from datetime import UTC, datetime


def count(text: str) -> int:
    """A whole number of at least 0."""
    if not text.isascii() or not text.isdigit():
        raise argparse.ArgumentTypeError(f"'{text}' is not a whole number of at least 0")
    return int(text)


def positive_count(text: str) -> int:
    """A whole number above 0."""
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"'{text}' is not a whole number above 0")
    return int(text)


def fraction(text: str) -> float:
    """A fraction from 0 to below 1."""
    value = _number(text)
    if not 0.0 <= value < 1.0:
        raise argparse.ArgumentTypeError(f"'{text}' is not a share from 0 to below 1")
    return value


def seconds(low: float, high: float) -> Callable[[str], float]:
    """A duration of ``low`` to ``high`` seconds."""

    def parse(text: str) -> float:
        value = _number(text)
        if not low <= value <= high:
            raise argparse.ArgumentTypeError(f"'{text}' is not a number of seconds from {low:g} to {high:g}")
        return value

    return parse


def pixels_per_metre(text: str) -> float:
    """A scale above 0."""
    value = _number(text)
    if not 0.0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"'{text}' is not a number of pixels per metre above 0")
    return value


def frames_per_second(text: str) -> float:
    """A frame rate that a camera may have."""
    value = _number(text)
    if not 1.0 <= value <= 500.0:
        raise argparse.ArgumentTypeError(f"'{text}' is not a number of frames a second from 1 to 500")
    return value


def timestamp(text: str) -> datetime:
    """An RFC 3339 time; UTC where it names no offset."""
    try:
        time = datetime.fromisoformat(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"'{text}' is not a time like 2026-05-01T22:14:00+08:00") from error
    return time if time.tzinfo else time.replace(tzinfo=UTC)


def text_not_blank(text: str) -> str:
    """Text with something in it, without the space around it."""
    if not text.strip():
        raise argparse.ArgumentTypeError("is blank; write something")
    return text.strip()


def _number(text: str) -> float:
    """The number; NaN, which is in no range, where it is none."""
    try:
        return float(text)
    except ValueError:
        return float("nan")
