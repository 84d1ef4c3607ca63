"""NumPy archives that may be damaged: bounded before they are unpacked, and one kind of error for all damage."""

from __future__ import annotations

import io
import zlib
from collections.abc import Iterable
from tokenize import TokenError
from typing import Any
from zipfile import BadZipFile, ZipFile

import numpy as np
from numpy.typing import NDArray

_DAMAGE = (TypeError, KeyError, SyntaxError, TokenError, OSError, EOFError, BadZipFile, NotImplementedError, zlib.error)
"""What NumPy and the zip reader raise at bytes that are none of theirs; a header is parsed as Python is."""


def stored_arrays(content: bytes, names: Iterable[str], largest_bytes: int) -> dict[str, NDArray[Any]]:
    """Return the arrays of these names of an ``npz`` archive.

    Args:
        content: the archive's bytes, from a file that others may have damaged.
        names: of the arrays.
        largest_bytes: of all arrays unpacked: a few bytes may unpack to gigabytes.

    Raises:
        ValueError: it is damaged, too large, or lacks an array.
    """
    try:
        with ZipFile(io.BytesIO(content)) as archive:
            if sum(entry.file_size for entry in archive.infolist()) > largest_bytes:
                raise ValueError("the arrays are larger than any that are stored")
        with np.load(io.BytesIO(content), allow_pickle=False) as stored:
            return {name: np.asarray(stored[name]) for name in names}
    except _DAMAGE as error:
        raise ValueError(f"the arrays are damaged: {error}") from error
