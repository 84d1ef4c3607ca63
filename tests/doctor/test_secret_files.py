"""Files with secrets: there, readable for the daemon, closed to others."""

from __future__ import annotations

import os
import pwd
import stat
from pathlib import Path

import pytest

from edgecv.config import Box, load_box
from edgecv.doctor.check_result import CheckResult
from edgecv.doctor.secret_files import readable_by, secret_findings

BOX = """
site: estate-1
cameras:
  north-1:
    source: rtsp://192.0.2.10/stream1
    login: {user: edgecv, password_file: north-1.password}
"""


def box_with(folder: Path, text: str = BOX, mode: int = 0o640) -> Box:
    path = folder / "box.yaml"
    path.write_text(text)
    path.chmod(mode)
    return load_box(path)


def findings(folder: Path, secret: str | None, mode: int = 0o600) -> list[CheckResult]:
    if secret is not None:
        (folder / "north-1.password").write_text(secret)
        (folder / "north-1.password").chmod(mode)
    return secret_findings(box_with(folder))


def test_a_secret_for_the_daemon_alone_is_well(tmp_path: Path) -> None:
    assert [finding.level for finding in findings(tmp_path, "hunter22\n")] == ["ok"]


def test_a_secret_that_everybody_can_read_is_told_without_saying_it(tmp_path: Path) -> None:
    (finding,) = findings(tmp_path, "hunter22\n", 0o644)
    assert finding.level == "warning"
    assert "chmod 0640" in finding.advice
    assert "hunter22" not in f"{finding}"


@pytest.mark.parametrize(("secret", "why"), [(None, "No such file"), ("\n", "is empty")])
def test_a_secret_that_is_not_there_is_a_problem(tmp_path: Path, secret: str | None, why: str) -> None:
    (finding,) = findings(tmp_path, secret)
    assert finding.level == "problem"
    assert "cameras.north-1.login.password_file" in finding.text
    assert why in finding.text


def test_a_credential_of_systemd_is_not_missed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = BOX.replace("north-1.password", "credential:north-1")
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)
    assert [finding.level for finding in secret_findings(box_with(tmp_path, text))] == ["ok"]
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    assert [finding.level for finding in secret_findings(box_with(tmp_path, text))] == ["problem"]
    (tmp_path / "north-1").write_text("hunter22")
    assert [finding.level for finding in secret_findings(box_with(tmp_path, text))] == ["ok"]


def test_a_password_in_a_box_file_that_everybody_can_read_is_told(tmp_path: Path) -> None:
    text = "site: s\ncameras:\n  a: {source: 'rtsp://u:hunter22@192.0.2.1/x'}\n"
    assert [f.level for f in secret_findings(box_with(tmp_path, text, 0o644))] == ["warning"]
    assert [f.level for f in secret_findings(box_with(tmp_path, text, 0o640))] == ["ok"]


def test_who_may_read_a_file_follows_its_mode_and_its_folders(tmp_path: Path) -> None:
    if os.geteuid() != 0 or "nobody" not in {account.pw_name for account in pwd.getpwall()}:
        pytest.skip("needs root and the user nobody")
    nobody = pwd.getpwnam("nobody")
    place = tmp_path / "open" / "secret"
    place.parent.mkdir()
    place.write_text("x")
    for folder in place.parents:
        if folder.stat().st_mode & stat.S_ISVTX:  # the folder for temporary files of all users
            break
        folder.chmod(0o755)
    place.chmod(0o604)
    assert readable_by(place, "nobody") is True
    place.chmod(0o600)
    assert readable_by(place, "nobody") is False
    os.chown(place, nobody.pw_uid, 0)
    assert readable_by(place, "nobody") is True
    place.parent.chmod(0o700)
    assert readable_by(place, "nobody") is False
    assert readable_by(place, "root") is True
    assert readable_by(place, "no such user") is None
