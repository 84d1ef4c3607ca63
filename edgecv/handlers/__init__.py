"""The other device handlers: in go messages of devices, out come alarms of the incident's shape.

A handler derives :class:`Handler`, reads its section of the box file, and is found by an entry point of the group
``edgecv.handlers``. The daemon runs each in a process of its own; see :class:`Handler` for what it can rely on.
"""

from __future__ import annotations

import warnings
from typing import Any

from edgecv.config.devices import DeviceSettings, MqttInput
from edgecv.handlers.handler import Details, Handler, Input, Kind, MalformedError, schemas
from edgecv.handlers.handler_context import HandlerContext
from edgecv.handlers.registry import all_kinds, find_handler, find_kind

__all__ = [
    "Details",
    "DeviceSettings",
    "Handler",
    "HandlerContext",
    "Input",
    "Kind",
    "MalformedError",
    "MqttInput",
    "all_kinds",
    "find_handler",
    "find_kind",
    "schemas",
]


def __getattr__(name: str) -> Any:
    if name == "Desk":  # until 0.2
        warnings.warn("edgecv.handlers.Desk is called HandlerContext now", DeprecationWarning, stacklevel=2)
        return HandlerContext
    raise AttributeError(f"module 'edgecv.handlers' has no attribute '{name}'")
