"""Is an MP4 file whole? Its boxes say how long they are, also those of fragments that no index counts."""

from __future__ import annotations

import struct
from pathlib import Path

_FRAGMENT = b"moof"
_HEADER = 8
_LARGE = 16
"""Bytes of a header whose size does not fit into 32 bits."""
_INDEX = b"moov"
_WILL_BE_FRAGMENTED = b"mvex"
_LONGEST_INDEX = 2**20
"""Bytes of an index that announces fragments: it counts no pictures."""
_TOP_LEVEL = frozenset({b"ftyp", b"styp", b"moov", b"moof", b"mdat", b"free", b"skip", b"sidx", b"wide", b"uuid"})


def is_cut(path: Path) -> bool:
    """Whether a fragmented MP4 (ISO/IEC 14496-12) ends within a box or a fragment; False for all other files.

    After a power cut a file system may have filled the end with zeros, and a fragment's index stands without its
    pictures. One that is not fragmented declares its duration, and is known by that.
    """
    fragmented, position, size, kind = False, 0, path.stat().st_size, b""
    with path.open("rb") as file:
        while position < size:
            file.seek(position)
            header = file.read(_LARGE)
            if len(header) < _HEADER:
                return fragmented
            length, kind = struct.unpack_from(">I4s", header)
            if position == 0 and kind not in _TOP_LEVEL:
                return False
            if kind == _INDEX:
                index = file.read(min(max(length - _LARGE, 0), _LONGEST_INDEX))
                fragmented = fragmented or _WILL_BE_FRAGMENTED in index
                kind = _FRAGMENT if fragmented else kind  # fragments with pictures must follow
            fragmented = fragmented or kind == _FRAGMENT
            if length == 1 and len(header) == _LARGE:
                (length,) = struct.unpack_from(">Q", header, _HEADER)
            elif length == 0:  # to the end of the file
                return fragmented and kind not in _TOP_LEVEL
            if length < _HEADER:
                return fragmented
            position += length
    return fragmented and (position > size or kind == _FRAGMENT)
