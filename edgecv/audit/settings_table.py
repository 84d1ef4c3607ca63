"""A report's tables of the pipeline's settings and of the versions of edgecv and its libraries."""

from __future__ import annotations

import platform
from dataclasses import fields
from importlib.metadata import version

from edgecv._version import __version__
from edgecv.pipeline import PipelineSettings

_PARTS = ("av", "filterpy", "numpy", "opencv-python-headless", "scipy")


def settings_table() -> tuple[tuple[str, str], ...]:
    """Name and value of every setting, room by room."""
    settings = PipelineSettings()
    return tuple(
        (f"{room.name}.{item.name}", str(getattr(getattr(settings, room.name), item.name)))
        for room in fields(settings)
        for item in fields(getattr(settings, room.name))
    )


def versions_table() -> tuple[tuple[str, str], ...]:
    """Name and version of the program, the interpreter and the libraries that decide the result."""
    return (
        ("edgecv", __version__),
        ("python", platform.python_version()),
        *((name, version(name)) for name in _PARTS),
    )
