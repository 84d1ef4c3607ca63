"""The files that evidence consists of: a closed set of names, each with how its content begins and how long it may be.

Whatever else lies in a folder of evidence is none of it: it is not taken, not shown and never decoded.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from edgecv.evidence.manifest import DELETION, DELETION_SIGNATURE, MANIFEST, SIGNATURE, blurred_name
from edgecv.evidence.sealing import RECORD
from edgecv.untrusted import MAX_JSON_BYTES

CLIPS = ("clip.mp4", "clip.mkv", "clip.avi")
_PICTURES = ("still.jpg", "strobe.jpg")
PICTURES = frozenset({*_PICTURES, *map(blurred_name, _PICTURES)})
SET_UP = ("box.yaml", "calibration.yaml")

CLIP_BYTES = 1024**3
"""A minute of 4K video is 100 to 200 MB."""
PICTURE_BYTES = 32 * 1024 * 1024
"""A JPEG of 8K at the best quality has 20 MB."""
TEXT_BYTES = MAX_JSON_BYTES
"""What goes as a message may come as a file."""
SET_UP_BYTES = 128 * 1024
"""One camera with its facade and calibration has 10 KB; YAML is slow to read."""
SIGNATURE_BYTES = 1024
"""64 bytes in base64."""
HEAD_BYTES = 16
"""From the beginning of a file, to see what it is."""


@dataclass(frozen=True, slots=True)
class Kind:
    """What a file of evidence must be.

    Attributes:
        most_bytes: how long it may be.
        begins: whether a file may begin with these ``HEAD_BYTES`` bytes, or fewer where it is shorter.
        called: in words.
    """

    most_bytes: int
    begins: Callable[[bytes], bool]
    called: str


def _is_mp4(head: bytes) -> bool:
    return head[4:8] == b"ftyp"


def _is_matroska(head: bytes) -> bool:
    return head.startswith(b"\x1a\x45\xdf\xa3")


def _is_avi(head: bytes) -> bool:
    return head[:4] == b"RIFF" and head[8:12] == b"AVI "


def _is_jpeg(head: bytes) -> bool:
    return head.startswith(b"\xff\xd8\xff")


def _is_json(head: bytes) -> bool:
    return head.lstrip().startswith(b"{")


def _is_text(head: bytes) -> bool:
    return bool(head) and all(byte >= 0x20 or byte in b"\t\n\r" for byte in head)


_JSON = Kind(TEXT_BYTES, _is_json, "a JSON object")
_SIGNATURE = Kind(SIGNATURE_BYTES, _is_text, "a signature in base64")
KINDS: dict[str, Kind] = {
    "clip.mp4": Kind(CLIP_BYTES, _is_mp4, "an MP4 video"),
    "clip.mkv": Kind(CLIP_BYTES, _is_matroska, "a Matroska video"),
    "clip.avi": Kind(CLIP_BYTES, _is_avi, "an AVI video"),
    **{name: Kind(PICTURE_BYTES, _is_jpeg, "a JPEG picture") for name in PICTURES},
    **{name: Kind(SET_UP_BYTES, _is_text, "YAML text") for name in SET_UP},
    RECORD: _JSON,
    MANIFEST: _JSON,
    DELETION: _JSON,
    SIGNATURE: _SIGNATURE,
    DELETION_SIGNATURE: _SIGNATURE,
}
"""By name."""


def is_evidence(name: str) -> bool:
    """Whether a file of evidence may be called so."""
    return name in KINDS
