"""Sensors that are sold most, by name: each is a decoder as a box file would write it."""

from collections.abc import Mapping
from typing import Any

from edgecv.handlers.manhole.presets import dragino, milesight, others

PRESETS: Mapping[str, Mapping[str, Any]] = {**milesight.PRESETS, **dragino.PRESETS, **others.PRESETS}
"""By name, lower case."""

__all__ = ["PRESETS"]
