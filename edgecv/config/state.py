"""Where a box keeps its state."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from edgecv.config.box import Box
from edgecv.errors import ConfigError
from edgecv.privileges import Account, controller_of

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
        ConfigError: this is root, and somebody else may change the state directory or where its path leads.
    """
    if os.geteuid() != 0 or not state.is_dir():
        return
    owner = controller_of(state)
    if owner == 0:
        return
    name = Account.of(owner).name
    raise ConfigError(
        f"storage.directory = {state}: belongs to the user {name}, for whom files of root would be out of reach; run "
        f"this as that user: sudo -u '{name}' edgecv ..."
    )


def leave_to_owner(path: Path) -> None:
    """Give what root made in somebody's state directory to them, as SQLite does with its own files.

    Only a plain file of root's with no other name is given away: a link, or a file that somebody put there, is not.
    """
    if os.geteuid() != 0:
        return
    folder = os.open(path.parent, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        owner = os.fstat(folder)
        if owner.st_uid == 0:
            return
        handle = os.open(path.name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder)
        try:
            file = os.fstat(handle)
            if stat.S_ISREG(file.st_mode) and file.st_nlink == 1 and file.st_uid == 0:
                os.fchown(handle, owner.st_uid, owner.st_gid)
        finally:
            os.close(handle)
    finally:
        os.close(folder)
