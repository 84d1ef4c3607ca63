"""What a handler stored of a device: the fields of a state by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


def stored_fields(stored: Any, names: Sequence[str]) -> Mapping[str, Any] | None:
    """The fields of a state as JSON keeps them, or as a list of all fields, the form until 0.2; None for None.

    Args:
        stored: what was read.
        names: of all fields, in the order of that list.

    Raises:
        ValueError, TypeError: it is of no such form.
    """
    if stored is None or isinstance(stored, Mapping):
        return stored
    return dict(zip(names, stored, strict=True))
