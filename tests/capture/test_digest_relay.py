"""Cameras whose login FFmpeg cannot answer."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import pytest
from capture.digest_cameras import PASSWORD, USER, RtspCamera, http_camera
from doctor.test_targets import certificate

from edgecv.capture.digest_relay import DigestRelay, challenges_at
from edgecv.capture.stream import LiveStream, StreamError, StreamSettings


@pytest.fixture
def camera() -> Iterator[RtspCamera]:
    one = RtspCamera()
    yield one
    one.close()


@pytest.fixture
def relay(camera: RtspCamera) -> Iterator[DigestRelay]:
    address = f"rtsp://127.0.0.1:{camera.port}/ch1?sub=0"
    (challenge,) = challenges_at(address)
    one = DigestRelay(address, USER, PASSWORD, challenge)
    yield one
    one.close()


def connected(relay: DigestRelay) -> socket.socket:
    player = socket.create_connection(("127.0.0.1", urlsplit(relay.address).port or 0), 10)
    player.settimeout(10)
    return player


def ask(player: socket.socket, uri: str, number: int) -> bytes:
    player.sendall(f"DESCRIBE {uri} RTSP/1.0\r\nCSeq: {number}\r\n\r\n".encode())
    return player.recv(4096)


def test_requests_are_answered_for_and_reach_the_camera_under_its_own_address(
    camera: RtspCamera, relay: DigestRelay
) -> None:
    with connected(relay) as player:
        assert b"200 OK" in ask(player, relay.address, 1)
        assert b"200 OK" in ask(player, f"rtsp://127.0.0.1:{camera.port}/ch1/track1", 2)
    assert camera.uris == [
        f"rtsp://127.0.0.1:{camera.port}/ch1?sub=0",
        f"rtsp://127.0.0.1:{camera.port}/ch1/track1",
    ]


def test_a_challenge_that_is_out_of_date_is_answered_anew_unseen(camera: RtspCamera, relay: DigestRelay) -> None:
    with connected(relay) as player:
        assert b"200 OK" in ask(player, relay.address, 1)
        camera.nonce = "second"
        assert b"200 OK" in ask(player, relay.address, 2)
    assert len(camera.uris) == 2


def test_packets_pass_as_they_are_both_ways(relay: DigestRelay) -> None:
    packet = b"$\x00\x00\x08\r\n\r\n$\x00\xff\x00"
    with connected(relay) as player:
        ask(player, relay.address, 1)
        player.sendall(packet)
        assert player.recv(4096) == packet


@pytest.fixture
def secure_camera(tmp_path: Path) -> Iterator[RtspCamera]:
    own, key = (tmp_path / name for name in certificate(tmp_path, "camera"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(own, key)
    one = RtspCamera(context)
    yield one
    one.close()


def test_a_camera_over_tls_is_answered_for_while_it_sends(secure_camera: RtspCamera) -> None:
    """One thread waits for its packets, another one passes requests on: OpenSSL takes one at a time."""
    address = f"rtsps://127.0.0.1:{secure_camera.port}/ch1"
    (challenge,) = challenges_at(address)
    relay = DigestRelay(address, USER, PASSWORD, challenge)
    packet = b"$\x00\x20\x00" + bytes(range(256)) * 32
    try:
        with connected(relay) as player:
            for number in range(1, 6):
                assert b"200 OK" in ask(player, relay.address, number)
                player.sendall(packet * 20)
                answer = b""
                while len(answer) < 20 * len(packet):
                    answer += player.recv(65536)
                assert answer == packet * 20
    finally:
        relay.close()
    assert len(secure_camera.uris) == 5


def test_a_camera_over_tls_that_says_nothing_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edgecv.capture.digest_relay._CONNECT_S", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        assert challenges_at(f"rtsps://127.0.0.1:{silent.getsockname()[1]}/ch1") == ()


def test_who_does_not_know_the_relay_s_address_gets_nothing(camera: RtspCamera, relay: DigestRelay) -> None:
    port = urlsplit(relay.address).port
    with connected(relay) as player:
        assert ask(player, f"rtsp://127.0.0.1:{port}/{'0' * 32}/ch1", 1) == b""
    assert camera.uris == []


@pytest.fixture
def video(write_video: Callable[..., Path], noise_frames: Any) -> bytes:
    return write_video("clip.mp4", noise_frames(20), container={"movflags": "faststart"}).read_bytes()


@pytest.mark.parametrize("by", ["address", "login"])
def test_a_camera_over_http_that_asks_for_sha_256_is_opened(video: bytes, by: str) -> None:
    with http_camera(video) as port:
        login = f"{USER}:{quote(PASSWORD, safe='')}@" if by == "address" else ""
        settings = StreamSettings(
            f"http://{login}127.0.0.1:{port}/video", user=USER if not login else None, password=PASSWORD
        )
        with LiveStream(settings) as stream:
            assert sum(1 for _ in stream.packets()) >= 10


def test_a_wrong_password_is_refused_as_one(video: bytes) -> None:
    with http_camera(video) as port, pytest.raises(StreamError, match="refuses user and password") as raised:
        LiveStream(StreamSettings(f"http://{USER}:wrong@127.0.0.1:{port}/video"))
    assert raised.value.kind == "login"
