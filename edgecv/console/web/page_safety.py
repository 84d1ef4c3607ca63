"""Records and states from the database that cannot be shown: of an older version, or of a console that checked less.

A page never fails for one of them: it says why, and shows what stands in the columns.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from edgecv.console.storage.schema import Device, DeviceEvent
from edgecv.console.storage.stored_json import Unreadable
from edgecv.messages import records
from edgecv.untrusted import UntrustedError, check_value

Shown = TypeVar("Shown")
_CODE_CHARS = 64
_log = logging.getLogger("edgecv.console")


def showable(record: Mapping[str, Any], view: Callable[[dict[str, Any]], Shown]) -> tuple[Shown, str | None]:
    """What ``view`` makes of a record; where it cannot, what it makes of an empty one, and why.

    Args:
        record: the contract's JSON, as it is stored.
        view: makes what is shown; it can make it of an empty record.
    """
    try:
        checked = _checked(record)
    except UntrustedError as error:
        return view({}), error.text
    try:
        return view(checked), None
    except (ValueError, TypeError, LookupError, AttributeError, ArithmeticError, RecursionError) as error:
        _log.info("a record cannot be shown", exc_info=error)
        return view({}), records.NO_INCIDENT()


def state_code(device: Device) -> str:
    """The state a device told; a dash where it told none in words."""
    code = device.state.get("state") if isinstance(device.state, dict) else None
    return code[:_CODE_CHARS] if isinstance(code, str) and code else "–"


def state_text(device: Device) -> str:
    """What it said of its state; empty where it said nothing."""
    text = device.state.get("text") if isinstance(device.state, dict) else None
    return text if isinstance(text, str) else ""


def state_message(device: Device) -> object:
    """Code and parameters of that text, unchecked; None where it sent none."""
    return device.state.get("text_code") if isinstance(device.state, dict) else None


def event_message(event: DeviceEvent) -> object:
    """Code and parameters of an event's text, unchecked; None where it sent none."""
    return event.data.get("text_code") if isinstance(event.data, dict) else None


def _checked(record: object) -> dict[str, Any]:
    if isinstance(record, Unreadable):
        raise UntrustedError(record.reason)
    if not isinstance(record, dict):
        raise UntrustedError(records.NO_OBJECT())
    check_value(record)
    return record
