"""Where a box keeps its state."""

from __future__ import annotations

import os
import pwd
from pathlib import Path

from edgecv.config.box import Box
from edgecv.errors import ConfigError

USUAL_STATE = Path("/var/lib/edgecv")


def state_directory(box: Box | None) -> Path:
    """As the box file says, else systemd's state directory, else /var/lib/edgecv."""
    if box is not None and box.settings.storage.directory is not None:
        return box.path.parent / box.settings.storage.directory
    first, _, _ = os.environ.get("STATE_DIRECTORY", "").partition(":")  # systemd may give several
    return Path(first) if first else USUAL_STATE


def refuse_root(state: Path) -> None:
    """Keep root from serving where another user does: what it made there, that user could neither read nor delete.

    Raises:
        ConfigError: this is root, and the state directory belongs to somebody else.
    """
    if os.geteuid() != 0 or not state.is_dir() or (owner := state.stat().st_uid) == 0:
        return
    try:
        name = pwd.getpwuid(owner).pw_name
    except KeyError:
        name = f"#{owner}"
    raise ConfigError(
        f"storage.directory = {state}: belongs to the user {name}, for whom files of root would be out of reach; run "
        f"this as that user: sudo -u '{name}' edgecv ..."
    )


def leave_to_owner(made: Path) -> None:
    """Give what root made in somebody's state directory to them, as SQLite does with its own files."""
    folder = made.parent.stat()
    if os.geteuid() == 0 and folder.st_uid != 0:
        os.chown(made, folder.st_uid, folder.st_gid)
