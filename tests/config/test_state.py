"""A state directory of the service's user, and root who works beside it."""

from __future__ import annotations

import os
import pwd
from pathlib import Path

import pytest

from edgecv.config.state import leave_to_owner, refuse_root
from edgecv.console.storage import ConsoleDatabase
from edgecv.console.storage.database import CONSOLE_DATABASE, sqlite_url
from edgecv.daemon.instance_lock import take_state
from edgecv.errors import ConfigError

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root can make files for others")


@pytest.fixture
def nobodys(tmp_path: Path) -> Path:
    """A state directory that belongs to nobody."""
    account = pwd.getpwnam("nobody")
    os.chown(tmp_path, account.pw_uid, account.pw_gid)
    return tmp_path


def test_no_daemon_of_root_writes_where_another_user_does(nobodys: Path) -> None:
    with pytest.raises(ConfigError, match=r"belongs to the user nobody.*sudo -u 'nobody' edgecv"):
        take_state(nobodys)
    assert list(nobodys.iterdir()) == []


def test_a_user_without_a_name_is_told_by_number(nobodys: Path) -> None:
    os.chown(nobodys, 54321, 54321)
    with pytest.raises(ConfigError, match="belongs to the user #54321"):
        refuse_root(nobodys)


def test_root_serves_what_is_roots_or_not_there_yet(tmp_path: Path) -> None:
    refuse_root(tmp_path)
    refuse_root(tmp_path / "later")


def test_the_consoles_database_is_the_services_whoever_made_it(nobodys: Path) -> None:
    owner = nobodys.stat()
    ConsoleDatabase(sqlite_url(nobodys)).close()
    made = (nobodys / CONSOLE_DATABASE).stat()
    assert (made.st_uid, made.st_gid, made.st_mode & 0o777) == (owner.st_uid, owner.st_gid, 0o600)


def test_what_root_made_for_itself_stays_so(tmp_path: Path) -> None:
    (tmp_path / "x").touch()
    leave_to_owner(tmp_path / "x")
    assert (tmp_path / "x").stat().st_uid == 0
