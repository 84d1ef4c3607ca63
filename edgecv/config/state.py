"""Where a box keeps its state."""

from __future__ import annotations

import os
from pathlib import Path

from edgecv.config.box import Box

USUAL_STATE = Path("/var/lib/edgecv")


def state_directory(box: Box | None) -> Path:
    """As the box file says, else systemd's state directory, else /var/lib/edgecv."""
    if box is not None and box.settings.storage.directory is not None:
        return box.path.parent / box.settings.storage.directory
    first, _, _ = os.environ.get("STATE_DIRECTORY", "").partition(":")  # systemd may give several
    return Path(first) if first else USUAL_STATE
