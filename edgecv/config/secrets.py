"""Passwords and keys that stand in files or systemd credentials, never in the box file."""

from __future__ import annotations

import os
from pathlib import Path

from edgecv.errors import ConfigError

_LONGEST_BYTES = 64 * 1024


def read_secret(named: str, box_file: Path, at: str) -> str:
    """The secret a box file names: a file, or ``credential:NAME`` that systemd hands over (``LoadCredential=``).

    Args:
        named: a path, relative to the box file where it is not absolute, or ``credential:NAME``.
        box_file: the box file.
        at: the key in the box file, for the message.

    Raises:
        ConfigError: it cannot be read or is empty; the message never holds any of it.
    """
    if named.startswith("credential:"):
        folder = os.environ.get("CREDENTIALS_DIRECTORY")
        name = named.removeprefix("credential:")
        if folder is None:
            raise ConfigError(
                f"{box_file}: {at} = '{named}': systemd hands over no credentials here; "
                f"add LoadCredential={name}:/path to the unit, or name a file"
            )
        path = Path(folder) / name
    else:
        path = box_file.parent / named
    try:
        with path.open("rb") as file:
            raw = file.read(_LONGEST_BYTES)
        secret = raw.decode().strip("\r\n")
    except OSError as error:
        raise ConfigError(
            f"{box_file}: {at} = '{named}': cannot be read ({error.strerror}); put the secret there, readable for "
            "the user the daemon runs as"
        ) from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{box_file}: {at} = '{named}': is not text; write the secret in one line") from error
    if not secret:
        raise ConfigError(f"{box_file}: {at} = '{named}': is empty; write the secret in one line")
    return secret
