"""The user that a command of root's becomes: whoever may change the files that it is about to touch."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from edgecv.config import load_box, load_hub
from edgecv.config.state import state_directory
from edgecv.errors import ConfigError
from edgecv.privileges import Account, become_controller_of, controller_of


def become_owner_of_box(box_file: Path) -> None:
    """Become who may write the box file, else who owns the state directory that it names; else stay root.

    Where the box file is wrong it names no directory: root alone wrote it, and root may read what is wrong.

    Raises:
        ConfigError: the user cannot be determined or become.
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
        ConfigError: the user cannot be determined or become, or the hub file is wrong.
    """
    become_controller_of(hub_file)
    if os.geteuid() == 0:
        become_controller_of(load_hub(hub_file).state)


def become_owner_of_videos(
    videos: Sequence[Path], *, box_file: Path | None = None, out: Path | None = None, written: Sequence[Path] = ()
) -> None:
    """Become who may write the box file, else the service where it may change a video, else who may write the results.

    Videos of other users are read as root: what is found in them stays in files that root alone may write.

    Args:
        videos: what is analysed: files, or folders of them.
        box_file: names the state directory, whose owner is the service; None for the usual one.
        out: the folder for results; see :func:`prepare_output`.
        written: files with results.

    Raises:
        ConfigError: the user cannot be determined or become.
    """
    if os.geteuid() != 0:
        return
    touched = _others_hold(videos, box_file)
    if touched is not None:
        if out is not None:
            prepare_output(out, touched)
        become_controller_of(touched)
    become_controller_of(*([] if out is None else [out]), *written)


def _others_hold(videos: Sequence[Path], box_file: Path | None) -> Path | None:
    """The box file where somebody besides root may change it, else the first video that the service may change."""
    box = None
    if box_file is not None:
        if controller_of(box_file) != 0:
            return box_file
        with suppress(ConfigError):  # the command says what is wrong with it
            box = load_box(box_file, with_calibrations=False)
    service = controller_of(state_directory(box))
    for video in videos:
        with suppress(ConfigError):  # a stick that everybody may write has no owner to become
            if service != 0 and controller_of(video) == service:
                return video
    return None


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
