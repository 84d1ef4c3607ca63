"""Receivers: real sockets on loopback, real certificates made for the test."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from edgecv.config import load_box
from edgecv.doctor.check_result import CheckResult
from edgecv.doctor.targets import Receiver, receiver_findings, receivers_of, upstream_findings

NOW = datetime.now(UTC)
DAY = timedelta(days=1)
WHERE = "upstream district"


def certificate(
    folder: Path, name: str, ends: datetime = NOW + 90 * DAY, begins: datetime = NOW - DAY
) -> tuple[str, str]:
    """A certificate for localhost that signs itself; the names of its file and its key's."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW - DAY)
        .not_valid_after(NOW + 90 * DAY)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    (folder / f"{name}.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / f"{name}.key").write_bytes(private)
    return f"{name}.pem", f"{name}.key"


@contextmanager
def listening(identity: tuple[Path, Path] | None = None) -> Iterator[tuple[int, list[bytes]]]:
    """A receiver that writes down what it is sent; with TLS where it has a certificate and its key."""
    received: list[bytes] = []
    with socket.create_server(("localhost", 0)) as server:

        def serve() -> None:
            try:
                connection, _ = server.accept()
            except OSError:
                return
            with connection:
                connection.settimeout(5.0)
                try:
                    if identity is not None:
                        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                        context.load_cert_chain(*identity)
                        connection = context.wrap_socket(connection, server_side=True)
                    received.append(connection.recv(1000))
                except OSError:
                    received.append(b"")

        thread = threading.Thread(target=serve)
        thread.start()
        yield server.getsockname()[1], received
        thread.join(10.0)


def judged(folder: Path, url: str, *files: str, now: datetime | None = None) -> list[CheckResult]:
    return receiver_findings(folder / "box.yaml", Receiver(WHERE, "upstream.targets[0]", url, *files), now)


def test_a_receiver_that_answers_is_well_and_is_told_nothing(tmp_path: Path) -> None:
    with listening() as (port, received):
        (finding,) = judged(tmp_path, f"mqtt://box:hunter22@localhost:{port}")
    assert (finding.level, finding.where) == ("ok", WHERE)
    assert f"localhost:{port} answers" in finding.text
    assert received == [b""]


def test_a_receiver_that_is_not_there_is_a_problem_without_the_password(tmp_path: Path) -> None:
    with socket.create_server(("localhost", 0)) as server:
        port = server.getsockname()[1]
    (finding,) = judged(tmp_path, f"mqtt://box:hunter22@localhost:{port}")
    assert finding.level == "problem"
    assert "Connection refused" in finding.text
    assert "hunter22" not in f"{finding}"


def test_a_name_that_nobody_knows_is_a_problem(tmp_path: Path) -> None:
    (finding,) = judged(tmp_path, "https://nowhere.invalid/hooks")
    assert finding.level == "problem"
    assert "nowhere.invalid" in finding.text


def test_a_trusted_certificate_is_well(tmp_path: Path) -> None:
    pem, key = certificate(tmp_path, "server")
    with listening((tmp_path / pem, tmp_path / key)) as (port, received):
        (finding,) = judged(tmp_path, f"mqtts://localhost:{port}", pem)
    assert finding.level == "ok", finding
    assert received == [b""]


def test_a_certificate_nobody_vouches_for_is_a_problem(tmp_path: Path) -> None:
    pem, key = certificate(tmp_path, "server")
    other, _ = certificate(tmp_path, "other")
    with listening((tmp_path / pem, tmp_path / key)) as (port, _):
        (finding,) = judged(tmp_path, f"https://localhost:{port}/", other)
    assert finding.level == "problem"
    assert "not trusted" in finding.text


@pytest.mark.parametrize(
    ("moment", "level", "word"),
    [
        (NOW + 91 * DAY, "problem", "expired on"),
        (NOW + 80 * DAY, "warning", "expires on"),
        (NOW - 9 * DAY, "problem", "not valid before"),
    ],
)
def test_certificates_out_of_their_time_are_told_before_others_notice(
    tmp_path: Path, moment: datetime, level: str, word: str
) -> None:
    pem, key = certificate(tmp_path, "box")
    with listening() as (port, _):
        # over plain MQTT nothing else can be wrong
        found = judged(tmp_path, f"mqtt://localhost:{port}", pem, pem, key, now=moment)
    told = [finding for finding in found if finding.level == level and word in finding.text]
    assert len(told) == 2
    assert any("upstream.targets[0].certificate_file = box.pem" in finding.text for finding in told)


def test_a_key_of_another_certificate_is_a_problem(tmp_path: Path) -> None:
    pem, _ = certificate(tmp_path, "box")
    _, other_key = certificate(tmp_path, "other")
    finding = judged(tmp_path, "mqtts://localhost:1", pem, pem, other_key)[-1]
    assert finding.level == "problem"
    assert "does not go with key_file" in finding.text


def test_a_certificate_that_is_missing_is_a_problem(tmp_path: Path) -> None:
    finding = judged(tmp_path, "mqtts://localhost:1", "nothing.pem")[-1]
    assert finding.level == "problem"
    assert "nothing.pem" in finding.text


def test_every_receiver_of_the_box_file_is_asked(tmp_path: Path) -> None:
    box = tmp_path / "box.yaml"
    box.write_text(
        """
site: s
cameras: {a: {source: /dev/video0}}
upstream:
  mqtt: mqtt://localhost:1
  targets: [{name: estate, url: "http://localhost:1/hook"}]
  evidence: {url: "http://localhost:1/falls"}
"""
    )
    named = [receiver.where for receiver in receivers_of(load_box(box))]
    assert named == ["upstream mqtt", "upstream estate", "upstream evidence"]
    assert [finding.where for finding in upstream_findings(load_box(box))] == named
    box.write_text("site: s\ncameras: {a: {source: /dev/video0}}\n")
    assert [finding.level for finding in upstream_findings(load_box(box))] == ["ok"]


@pytest.mark.parametrize(
    ("url", "port"),
    [("mqtt://h", 1883), ("mqtts://h", 8883), ("http://h/x", 80), ("https://h", 443), ("mqtt://h:7", 7)],
)
def test_ports_that_are_left_out_are_the_usual_ones(url: str, port: int) -> None:
    assert Receiver(WHERE, "upstream.mqtt", url).port == port
