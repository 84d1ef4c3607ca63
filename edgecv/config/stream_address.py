"""The kind of a camera's source by its address: the network, a device of the box, or recorded video."""

from __future__ import annotations

import re
from pathlib import Path

from edgecv.config.addresses import is_address

_LIKE_HOST = re.compile(r"(?:\d{1,3}(?:\.\d{1,3}){3}|[\w.-]+:\d{1,5})(?::\d+)?(?:/\S*)?")


def is_device(address: str) -> bool:
    """Whether it is a device file, such as ``/dev/video0``; what lies in ``/dev/shm`` are plain files, in memory."""
    return address.startswith("/dev/") and not address.startswith("/dev/shm/")


def is_recorded(address: str) -> bool:
    """Whether it is recorded video: neither of the network, however that is misspelt, nor a device."""
    return not is_address(address) and not is_device(address)


def resolved_address(address: str, box_file: Path) -> str:
    """The address as everybody may open it: recorded video is named relative to the box file."""
    path = (box_file.parent / address).absolute()
    # what looks like a host and is no file stays as it is, to be told so
    return str(path) if is_recorded(address) and not (lacks_scheme(address) and not path.exists()) else address


def lacks_scheme(address: str) -> bool:
    """Whether what would be a file looks like a host: ``10.0.0.5:554/live``; a name that ends as files do does not."""
    return _LIKE_HOST.fullmatch(address) is not None and re.search(r"\.[A-Za-z]\w{1,4}$", address) is None
