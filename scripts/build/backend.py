"""setuptools, plus a C compiler from PyPI where the machine has none: every box gets the compiled kernel.

Named in pyproject.toml as the build backend; pip calls these functions.
"""

from __future__ import annotations

import os
import shutil
from typing import Any

from setuptools.build_meta import *  # noqa: F403
from setuptools.build_meta import get_requires_for_build_editable as _for_editable
from setuptools.build_meta import get_requires_for_build_wheel as _for_wheel

_COMPILER = "ziglang>=0.13"


def _compiler() -> list[str]:
    found = "CC" in os.environ or any(shutil.which(name) for name in ("cc", "gcc", "clang"))
    return [] if found else [_COMPILER]


def get_requires_for_build_wheel(config_settings: Any = None) -> list[str]:
    """What a wheel needs to be built."""
    return [*_for_wheel(config_settings), *_compiler()]


def get_requires_for_build_editable(config_settings: Any = None) -> list[str]:
    """What an editable install needs to be built."""
    return [*_for_editable(config_settings), *_compiler()]
