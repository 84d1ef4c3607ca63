"""The compiled part: one C library beside this file, loaded with ctypes; calls run without the interpreter's lock.

It is optional. Where no compiler was at hand when edgecv was installed, the NumPy code of the rooms does the same.
"""

from __future__ import annotations

import ctypes
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

_VERSION = 7  # of the functions' signatures, as in fall.c


def _load() -> Any:
    for suffix in EXTENSION_SUFFIXES:
        path = Path(__file__).parent / f"_kernel{suffix}"
        if path.exists():
            try:
                library = ctypes.CDLL(str(path))
                return library if library.edgecv_version() == _VERSION else None
            except (OSError, AttributeError):  # built for another machine, or from other sources
                return None
    return None


LIBRARY: Any = _load()
"""The loaded library, or None."""


def check_size(function: str, size: int) -> None:
    """Stop where a structure of ours is not the size that a function of the library gives for its own."""
    LIBRARY[function].restype = ctypes.c_int64
    assert LIBRARY[function]() == size, "the C library is of other sources; reinstall edgecv"


def address(array: NDArray[Any]) -> ctypes.c_void_p:
    """Where an array's data is; the array must stay alive and contiguous during the call."""
    return ctypes.c_void_p(array.ctypes.data)
