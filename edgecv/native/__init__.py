"""The compiled part: ``lib`` holds the functions of ``interface.h``, ``ffi`` makes the structures that they take.

NumPy arrays go in by :func:`pointer`; results stand in arrays that the caller made. Calls run without the
interpreter's lock. The part is optional: where no compiler was at hand when edgecv was installed, ``AVAILABLE`` is
False and the NumPy code of the rooms does the same.
"""

from __future__ import annotations

from importlib import import_module
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

_ARRAYS = {
    np.dtype(dtype).char: f"{ctype}[]"
    for dtype, ctype in (
        (np.float64, "double"),
        (np.float32, "float"),
        (np.int8, "int8_t"),
        (np.uint8, "uint8_t"),
        (np.bool_, "uint8_t"),
        (np.int16, "int16_t"),
        (np.int32, "int32_t"),
        (np.int64, "int64_t"),
    )
}


def _load() -> tuple[Any, Any]:
    """Return ``(ffi, lib)`` of the extension module, else of the plain library, else ``(None, None)``."""
    try:
        module = import_module("edgecv.native._kernel_ffi")
    except ImportError:  # no compiler, no Python headers, or built for another machine
        return _load_library()
    return module.ffi, module.lib


def _load_library() -> tuple[Any, Any]:
    try:
        ffi = import_module("edgecv.native._kernel_abi").ffi
    except ImportError:
        return None, None
    for suffix in EXTENSION_SUFFIXES:
        path = Path(__file__).parent / f"_kernel_library{suffix}"
        if path.exists():
            try:
                return ffi, ffi.dlopen(str(path))
            except OSError:  # built for another machine
                return None, None
    return None, None


ffi, lib = _load()
AVAILABLE = lib is not None
"""Whether the compiled part was built here."""


def pointer(array: NDArray[Any]) -> Any:
    """Return the C array that a C-contiguous NumPy array is; it keeps the NumPy array alive.

    Raises:
        ValueError: the array is not contiguous.
    """
    return ffi.from_buffer(_ARRAYS[array.dtype.char], array)


def rows_pointer(luma: NDArray[np.uint8]) -> tuple[Any, int]:
    """Return the first pixel and the bytes from one row to the next of ``(height, width)`` pixels.

    Rows may lie apart, as those of a decoder do; the pixels of one row may not.
    """
    return ffi.cast("uint8_t *", luma.ctypes.data), luma.strides[0]
