"""JSON out of the database: what cannot be read there does not keep the other rows from being shown."""

from __future__ import annotations

import json
from typing import Any

from edgecv.messages import records


class Unreadable(dict[str, Any]):
    """Stands, empty, for JSON that cannot be read: nested too deep, or with a number of thousands of digits.

    Attributes:
        reason: in plain words.
    """

    def __init__(self, reason: str) -> None:
        super().__init__()
        self.reason = reason


def read_stored(text: str | bytes) -> Any:
    """Parse a JSON column; :class:`Unreadable` where that is not possible."""
    try:
        return json.loads(text)
    except RecursionError:
        return Unreadable(records.TOO_DEEP())
    except ValueError:
        return Unreadable(records.NO_JSON())
