"""The size of a picture by its header alone, so that a few bytes that promise gigabytes are never decoded."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from edgecv.errors import InputError
from edgecv.messages import calibration

MAX_SIDE = 8192
"""Pixels; 8K is 7680 wide. Detection keeps some twenty bytes for every pixel."""
MAX_PIXELS = 36_000_000
"""8K is 33.2 million; one such picture takes 108 MB when it is decoded."""
MAX_PICTURE_BYTES = 64 * 1024 * 1024
"""A file; a PNG of 8K that nothing compresses has 100 MB, one of a camera a third of that."""
_HEADER_BYTES = 1024 * 1024
"""In which a JPEG's size stands behind its thumbnails and profiles; each segment has 64 KB at most."""
_PNG, _JPEG = b"\x89PNG\r\n\x1a\n", b"\xff\xd8"
_ALONE = {0x01, *range(0xD0, 0xD9)}  # JPEG markers without a length
_FRAMES = set(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}  # markers of a frame, which tell its size


class PictureError(InputError):
    """A picture that is not decoded; one line that says why."""


def picture_size(data: bytes) -> tuple[int, int] | None:
    """Width and height, pixels, as the header of a JPEG or PNG tells; None where it is neither."""
    if data.startswith(_PNG):
        if len(data) < 24 or data[12:16] != b"IHDR":
            return None
        return int.from_bytes(data[16:20]), int.from_bytes(data[20:24])
    return _jpeg_size(data) if data.startswith(_JPEG) else None


def is_picture(path: Path) -> bool:
    """Whether a file's header is that of a JPEG or PNG.

    Raises:
        OSError: it cannot be read.
    """
    with path.open("rb") as file:
        return picture_size(file.read(_HEADER_BYTES)) is not None


def check_size(size: tuple[int, int], name: str) -> None:
    """Raises:
    PictureError: a picture of that size is larger than any that is decoded.
    """
    width, height = size
    if not (0 < width <= MAX_SIDE and 0 < height <= MAX_SIDE and width * height <= MAX_PIXELS):
        most = MAX_PIXELS // 1_000_000
        raise PictureError(calibration.LARGE_PICTURE(file=name, size=f"{width}x{height}", side=MAX_SIDE, count=most))


def decode_picture(data: bytes, name: str, *, grey: bool = False) -> NDArray[np.uint8]:
    """Decode a JPEG or PNG that others made.

    Args:
        data: the file's content.
        name: names it in errors.
        grey: luma alone.

    Returns:
        ``(h, w, 3) uint8`` BGR, or ``(h, w)``.

    Raises:
        PictureError: it is no such picture, is damaged, or is larger than any that is decoded.
    """
    size = picture_size(data)
    if size is None:
        raise PictureError(calibration.NO_PICTURE(file=name))
    check_size(size, name)
    try:
        decoded = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_GRAYSCALE if grey else cv2.IMREAD_COLOR)
    except cv2.error:
        decoded = None
    if decoded is None:
        raise PictureError(calibration.DAMAGED_PICTURE(file=name))
    return np.asarray(decoded, np.uint8)


def read_picture(path: Path, *, grey: bool = False) -> NDArray[np.uint8]:
    """Read a file as :func:`decode_picture` does.

    Raises:
        PictureError: as there.
        OSError: it cannot be read.
    """
    if path.stat().st_size > MAX_PICTURE_BYTES:
        raise PictureError(f"{path}: has more than {MAX_PICTURE_BYTES // 2**20} MB; make it smaller")
    return decode_picture(path.read_bytes(), str(path), grey=grey)


def _jpeg_size(data: bytes) -> tuple[int, int] | None:
    at = 2
    while at + 9 <= len(data):
        if data[at] != 0xFF:
            return None
        marker = data[at + 1]
        if marker == 0xFF:  # padding
            at += 1
        elif marker in _ALONE:
            at += 2
        elif marker in _FRAMES:
            return int.from_bytes(data[at + 7 : at + 9]), int.from_bytes(data[at + 5 : at + 7])
        else:
            at += 2 + max(2, int.from_bytes(data[at + 2 : at + 4]))
    return None
