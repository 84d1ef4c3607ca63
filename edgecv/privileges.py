"""Root works beside the service: whoever may change a path decides as whom a command goes on.

A user who may write a folder may put a link to anything there. Root that follows it hands out, overwrites or sends what
that user could never open. So a command that root starts becomes that user, for good, before it touches such a path.
"""

from __future__ import annotations

import codecs
import os
import pwd
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from edgecv.errors import ConfigError

SERVICE_USER = "edgecv"
"""Whom `scripts/install` makes: who a box file that a whole group may write is read as."""
_CODECS = ("idna", "unicode-escape")  # of host names and templates: loaded late, from where Python lies, as in /root
_MOST_LINKS = 40  # as many as Linux follows


@dataclass(frozen=True, slots=True)
class Account:
    """A user of the machine, with or without a name."""

    uid: int
    gid: int
    name: str
    groups: tuple[int, ...]

    @classmethod
    def of(cls, uid: int) -> Account:
        """The account with that number; one without an entry has a group of the same number and no other."""
        try:
            entry = pwd.getpwuid(uid)
        except KeyError:
            return cls(uid, uid, f"#{uid}", ())
        return cls(uid, entry.pw_gid, entry.pw_name, tuple(os.getgrouplist(entry.pw_name, entry.pw_gid)))


def controller_of(path: Path) -> int:
    """Who besides root may change what a path leads to: a user's number, or 0 where only root may.

    Every folder on the way counts, and every symbolic link. Where several users may, it is the one nearest to the end.

    Raises:
        ConfigError: a group or everybody may write there, and no user can be told by it.
    """
    controller = 0
    for place in _on_the_way(path):
        try:
            status = place.lstat()
        except OSError:
            continue  # what is not there yet is made by whoever may write above it
        if status.st_uid != 0:
            controller = status.st_uid
        elif _others_may_write(status):
            controller = controller or _service_user(place)
    return controller


def become(uid: int) -> None:
    """Go on as another user, with that user's groups; there is no way back. Does nothing where this is not root.

    Raises:
        ConfigError: the system does not allow it.
    """
    if os.geteuid() != 0 or uid == 0:
        return
    account = Account.of(uid)
    for codec in _CODECS:
        codecs.lookup(codec)
    try:
        os.setgroups(account.groups)
        os.setresgid(account.gid, account.gid, account.gid)
        os.setresuid(account.uid, account.uid, account.uid)
    except OSError as error:
        raise ConfigError(
            f"cannot go on as the user {account.name} ({error.strerror}); run this as that user: "
            f"sudo -u '{account.name}' edgecv ..."
        ) from error
    if os.getresuid() != (uid, uid, uid) or os.getresgid() != (account.gid,) * 3:
        raise ConfigError(f"the system did not change the user to {account.name}; run this as that user")


def become_controller_of(*paths: Path) -> None:
    """Become whoever may change the first of these paths that root does not hold alone; else stay root.

    Raises:
        ConfigError: see :func:`controller_of` and :func:`become`.
    """
    if os.geteuid() != 0:
        return
    for path in paths:
        controller = controller_of(path)
        if controller != 0:
            become(controller)
            return


def _on_the_way(path: Path) -> Iterator[Path]:
    """Every folder and every link from the root down to a path, those behind links too."""
    place = Path("/")
    left = list(reversed(path.absolute().parts[1:]))  # as written: what ".." leads to depends on the links before it
    links = 0
    yield place
    while left:
        name = left.pop()
        if name == "..":
            place = place.parent
            continue
        yield place / name
        try:
            target = (place / name).readlink()
        except OSError:  # no link, or not there
            place /= name
            continue
        links += 1
        if links > _MOST_LINKS:
            return  # the system does not follow it to its end either
        left += [part for part in reversed(target.parts) if part != "/"]
        if target.is_absolute():
            place = Path("/")


def _others_may_write(status: os.stat_result) -> bool:
    if stat.S_ISLNK(status.st_mode):
        return False  # a link's mode says nothing
    group_may = status.st_gid != 0 and status.st_mode & stat.S_IWGRP
    all_may = status.st_mode & stat.S_IWOTH
    # in a folder with the sticky bit nobody replaces what belongs to others
    return bool(group_may or all_may) and not status.st_mode & stat.S_ISVTX


def _service_user(place: Path) -> int:
    try:
        return pwd.getpwnam(SERVICE_USER).pw_uid
    except KeyError:
        raise ConfigError(
            f"{place}: belongs to root, but others may write it, so root does not work with it; take their right: "
            f"chmod go-w {place}"
        ) from None
