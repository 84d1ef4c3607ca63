"""Passwords and keys that stand in files or systemd credentials, never in the box file."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

from edgecv.config.known_secrets import register_secret
from edgecv.config.problems import redacted_file_name
from edgecv.errors import ConfigError

SERVICE_CREDENTIALS = Path("/run/credentials/edgecv.service")  # systemd.exec(5): for root and the service's user
MAX_SECRET_BYTES = 64 * 1024
"""Passwords, tokens and keys are lines, certificates some pages; more is another file named by mistake."""


def credentials_folder() -> Path | None:
    """Where systemd put credentials: for this process, else for the service while it runs; None where nowhere.

    So ``edgecv doctor`` or ``edgecv calibrate``, run by root beside the service, have what the service has.
    """
    if own := os.environ.get("CREDENTIALS_DIRECTORY"):
        return Path(own)
    return SERVICE_CREDENTIALS if SERVICE_CREDENTIALS.is_dir() else None


def read_bounded(path: Path, max_bytes: int) -> bytes:
    """A regular file's bytes; a pipe, a device or a longer file is refused without waiting for its end.

    Raises:
        OSError: it cannot be read, is no regular file, or is longer; ``strerror`` says so.
    """
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    with os.fdopen(handle, "rb") as file:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise OSError(errno.EINVAL, "it is no regular file", str(path))
        raw = file.read(max_bytes + 1)
    if len(raw) > max_bytes:
        raise OSError(errno.EFBIG, f"it is longer than {max_bytes // 1024} KB", str(path))
    return raw


def read_secret(reference: str, box_file: Path, at: str) -> str:
    """The secret a box file names: a file, or ``credential:NAME`` that systemd hands over (``LoadCredential=``).

    Args:
        reference: a path, relative to the box file where it is not absolute, or ``credential:NAME``.
        box_file: the box file.
        at: the key in the box file, for the message.

    Raises:
        ConfigError: it cannot be read or is empty; the message never holds any of it.
    """
    if reference.startswith("credential:"):
        folder = credentials_folder()
        name = reference.removeprefix("credential:")
        if folder is None:
            raise ConfigError(
                f"{box_file}: {at} = '{reference}': systemd hands over no credentials here, and the service, which "
                f"would have them, does not run; add LoadCredential={name}:/path to the unit and start it, or name "
                "a file"
            )
        path = folder / name
        to_do = f"add LoadCredential={name}:/path to the unit and restart it; beside the service only root may read it"
    else:
        path = box_file.parent / reference
        to_do = "put the secret there, readable for the user the daemon runs as"
    try:
        secret = read_bounded(path, MAX_SECRET_BYTES).decode().strip("\r\n")
    except OSError as error:
        raise ConfigError(
            f"{box_file}: {at} = '{redacted_file_name(reference)}': cannot be read ({error.strerror}); {to_do}"
        ) from error
    except UnicodeDecodeError as error:
        raise ConfigError(
            f"{box_file}: {at} = '{redacted_file_name(reference)}': is not text; write the secret in one line"
        ) from error
    if not secret:
        raise ConfigError(
            f"{box_file}: {at} = '{redacted_file_name(reference)}': is empty; write the secret in one line"
        )
    register_secret(secret)
    return secret
