"""The kind of a camera's source by its address: the network, a device of the box, or recorded video."""

from __future__ import annotations

from pathlib import Path

from edgecv.config.addresses import is_address


def is_device(address: str) -> bool:
    """Whether it is a device file, such as ``/dev/video0``."""
    return address.startswith("/dev/")


def is_recorded(address: str) -> bool:
    """Whether it is recorded video: neither of the network, however that is misspelt, nor a device."""
    return not is_address(address) and not is_device(address)


def resolved_address(address: str, box_file: Path) -> str:
    """The address as everybody may open it: recorded video is named relative to the box file."""
    return str((box_file.parent / address).absolute()) if is_recorded(address) else address
