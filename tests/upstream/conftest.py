"""Brokers of all kinds, a box, a web server."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from brokers import PASSWORD, USER, Broker, running_broker, tool
from receivers import WebReceiver
from running import free_port
from small_box import Box

from edgecv.upstream import target_sender


@pytest.fixture
def mosquitto_broker(tmp_path: Path) -> Iterator[Broker]:
    with running_broker(tmp_path, "allow_anonymous true") as broker:
        yield broker


class MortalBroker:
    """A broker that keeps sessions on disk and can be killed and started again on the same port."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._running: ExitStack | None = None
        self.port = free_port()
        self.url = f"mqtt://127.0.0.1:{self.port}"

    def has_saved(self) -> bool:
        """Whether its sessions are on the disk."""
        return (self._folder / "mosquitto.db").exists()

    def forget(self) -> None:
        """Lose everything it kept."""
        (self._folder / "mosquitto.db").unlink(missing_ok=True)

    def up(self) -> None:
        """Start it; it listens when this returns."""
        kept = [f"persistence_location {self._folder}/", "autosave_on_changes true", "autosave_interval 1"]
        settings = ["allow_anonymous true", "persistence true", "queue_qos0_messages true", *kept]
        self._running = ExitStack()
        self._running.enter_context(running_broker(self._folder, *settings, port=self.port))

    def down(self) -> None:
        """Kill it (SIGKILL)."""
        if self._running is not None:
            self._running.close()
        self._running = None


@pytest.fixture
def mortal_broker(tmp_path: Path) -> Iterator[MortalBroker]:
    """Not started yet."""
    broker = MortalBroker(tmp_path)
    yield broker
    broker.down()


@pytest.fixture
def mutual_tls_broker(tmp_path: Path) -> Iterator[tuple[Broker, dict[str, str]]]:
    """Speaks TLS and asks for a certificate and a password; comes with what a target of the box file needs."""
    made = {
        name: str(tmp_path / name) for name in ("ca.pem", "ca.key", "broker.pem", "broker.key", "box.pem", "box.key")
    }
    _issue(["-x509", "-subj", "/CN=authority"], made["ca.key"], made["ca.pem"])
    signed = ["-x509", "-CA", made["ca.pem"], "-CAkey", made["ca.key"]]
    _issue(
        [*signed, "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"],
        made["broker.key"],
        made["broker.pem"],
    )
    _issue([*signed, "-subj", "/CN=box"], made["box.key"], made["box.pem"])
    passwords = tmp_path / "passwords"
    subprocess.run([tool("mosquitto_passwd"), "-c", "-b", str(passwords), USER, PASSWORD], check=True)
    tls = [f"cafile {made['ca.pem']}", f"certfile {made['broker.pem']}", f"keyfile {made['broker.key']}"]
    tls += ["require_certificate true", "allow_anonymous false", f"password_file {passwords}"]
    with running_broker(tmp_path, *tls) as broker:
        yield broker, {"ca_file": made["ca.pem"], "certificate_file": made["box.pem"], "key_file": made["box.key"]}


def _issue(how: list[str], key: str, certificate: str) -> None:
    command = [tool("openssl"), "req", "-newkey", "rsa:2048", "-nodes", "-days", "2", *how]
    subprocess.run([*command, "-keyout", key, "-out", certificate], check=True, capture_output=True)


@pytest.fixture
def small_packet_broker(tmp_path: Path) -> Iterator[Broker]:
    """Hangs up on whoever sends it a packet of more than 6000 bytes."""
    with running_broker(tmp_path, "allow_anonymous true", "max_packet_size 6000") as broker:
        yield broker


@pytest.fixture
def narrow_broker(tmp_path: Path) -> Iterator[Broker]:
    """Says that it wants no more than three packets under way."""
    with running_broker(tmp_path, "allow_anonymous true", "max_inflight_messages 3") as broker:
        yield broker


@pytest.fixture
def guarded_broker(tmp_path: Path) -> Iterator[Broker]:
    """Wants a password, and takes incidents of the site `home` only."""
    passwords = tmp_path / "passwords"
    subprocess.run([tool("mosquitto_passwd"), "-c", "-b", str(passwords), USER, PASSWORD], check=True)
    rules = tmp_path / "rules"
    rules.write_text(f"user {USER}\ntopic write edgecv/v1/home/#\ntopic read #\n")
    with running_broker(tmp_path, "allow_anonymous false", f"password_file {passwords}", f"acl_file {rules}") as broker:
        yield broker


@pytest.fixture
def tls_broker(tmp_path: Path) -> Iterator[tuple[Broker, Path]]:
    """Speaks TLS with a certificate for 127.0.0.1 that nobody trusts yet; comes with that certificate."""
    certificate, key = tmp_path / "broker.pem", tmp_path / "broker.key"
    command = [
        tool("openssl"),
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-days",
        "2",
        "-subj",
        "/CN=127.0.0.1",
    ]
    command += ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out", str(certificate)]
    subprocess.run(command, check=True, capture_output=True)
    with running_broker(tmp_path, "allow_anonymous true", f"certfile {certificate}", f"keyfile {key}") as broker:
        yield broker, certificate


@pytest.fixture
def box(tmp_path: Path) -> Box:
    """A box with an empty outbox."""
    made = Box(tmp_path)
    made.add()
    return made


@pytest.fixture
def web() -> Iterator[WebReceiver]:
    """A web server of ours."""
    receiver = WebReceiver()
    yield receiver
    receiver.close()


@pytest.fixture
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Couriers try again after tens of milliseconds instead of up to a minute."""
    monkeypatch.setattr(target_sender, "SHORTEST_PAUSE_S", 0.02)
    monkeypatch.setattr(target_sender, "LONGEST_PAUSE_S", 0.1)
