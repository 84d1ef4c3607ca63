"""Secrets that systemd hands over: to the service, and to root beside it."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgecv.config import secrets
from edgecv.errors import ConfigError

BOX = Path("/etc/edgecv/box.yaml")
AT = "cameras.north-1.login.password_file"


@pytest.fixture
def services(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the running service has its credentials; none for this process."""
    folder = tmp_path / "edgecv.service"
    monkeypatch.setattr(secrets, "SERVICE_CREDENTIALS", folder)
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)
    return folder


def test_root_beside_the_service_reads_what_the_service_has(services: Path) -> None:
    services.mkdir()
    (services / "north-1").write_text("hunter22\n")
    assert secrets.read_secret("credential:north-1", BOX, AT) == "hunter22"


def test_the_process_own_credentials_come_first(
    services: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    services.mkdir()
    (services / "north-1").write_text("of the service")
    (tmp_path / "north-1").write_text("of this process")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    assert secrets.read_secret("credential:north-1", BOX, AT) == "of this process"


def test_where_the_service_does_not_run_the_message_says_so(services: Path) -> None:
    with pytest.raises(ConfigError, match=r"does not run; add LoadCredential=north-1:/path to the unit and start it"):
        secrets.read_secret("credential:north-1", BOX, AT)


def test_a_credential_that_the_unit_does_not_name_is_told(services: Path) -> None:
    services.mkdir()
    with pytest.raises(ConfigError, match=r"No such file or directory\); add LoadCredential=north-1:/path to the unit"):
        secrets.read_secret("credential:north-1", BOX, AT)
