"""One daemon a state directory, and one process that prepares evidence in it."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from edgecv.config.state import refuse_root
from edgecv.durable_files import FULL_ERRORS
from edgecv.errors import ConfigError, EdgecvError


def take_state(state: Path) -> int:
    """Take the state directory for this process alone; the lock ends with it.

    Raises:
        ConfigError: it cannot be written, is another user's and this is root, or another daemon uses it.
    """
    refuse_root(state)
    try:
        state.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle = os.open(state / "lock", os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    except OSError as error:
        advice = "give it to the user edgecv runs as, or name another"
        if error.errno in FULL_ERRORS:
            advice = "make room: remove what is not edgecv's"
        raise ConfigError(f"storage.directory = {state}: cannot be written ({error.strerror}); {advice}") from error
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        raise ConfigError(f"storage.directory = {state}: another edgecv uses it; stop that one first") from None
    return handle


def take_evidence(state: Path) -> int:
    """Prepare evidence in a state directory for this process alone; the lock ends with it, or when it is closed.

    The supervisor that starts after a kill may be ready before the evidence process of the one before is gone.

    Raises:
        EdgecvError: another process prepares evidence there.
        OSError: the directory cannot be opened.
    """
    handle = os.open(state, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        raise EdgecvError(f"{state}: another evidence process is still at work there") from None
    return handle
