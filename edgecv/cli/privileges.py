"""As whom a command goes on that root has started: whoever may change the files that it is about to touch."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from edgecv.config import load_box, load_hub
from edgecv.config.state import state_directory
from edgecv.errors import ConfigError
from edgecv.privileges import Account, become_controller_of, controller_of


def become_owner_of_box(box_file: Path) -> None:
    """Become who may write the box file, else who owns the state directory that it names; else stay root.

    Where the box file is wrong it names no directory: root alone wrote it, and root is told what is wrong.

    Raises:
        ConfigError: the user cannot be told or become.
    """
    become_controller_of(box_file)
    if os.geteuid() != 0:
        return
    try:
        state = state_directory(load_box(box_file, with_calibrations=False))
    except ConfigError:
        return
    become_controller_of(state)


def become_owner_of_hub(hub_file: Path) -> None:
    """The same for a hub file and the directory that it names.

    Raises:
        ConfigError: the user cannot be told or become, or the hub file is wrong.
    """
    become_controller_of(hub_file)
    if os.geteuid() == 0:
        become_controller_of(load_hub(hub_file).state)


def prepare_output(out: Path, touched: Path) -> None:
    """Before root becomes another user: make a missing output folder in root's name and give it to that user.

    A folder that is there stays as it is: what of root's a service may write is for root to say.

    Args:
        out: the folder for results.
        touched: whose controller the command becomes.
    """
    if os.geteuid() != 0 or controller_of(out) != 0 or (uid := controller_of(touched)) == 0:
        return
    with suppress(OSError):  # the command says what is in its way
        out.mkdir(mode=0o700)
        os.chown(out, uid, Account.of(uid).gid, follow_symlinks=False)
