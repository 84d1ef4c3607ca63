"""One connection: what it gives, and what it says when it cannot be had. Real cameras are in tests/daemon."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pytest
from web_camera import WebCamera

from edgecv.capture.stream import LiveStream, StreamError, StreamSettings


@pytest.mark.parametrize(
    ("address", "is_file"),
    [
        ("/videos/a.mp4", True),
        ("a.mp4", True),
        ("rtsp://camera/1", False),
        ("http://camera/stream", False),
        ("/dev/video0", False),
    ],
)
def test_only_recorded_video_has_an_end(address: str, is_file: bool) -> None:
    assert StreamSettings(address).is_file is is_file


def test_a_password_is_put_into_the_address_for_ffmpeg_alone() -> None:
    source = StreamSettings("rtsp://camera:8554/1?a=b", user="me@home", password="s3:cr/et@%")
    assert source.address_with_login() == "rtsp://me%40home:s3%3Acr%2Fet%40%25@camera:8554/1?a=b"
    assert source.shown == "rtsp://camera:8554/1?a=b"
    assert "s3" not in repr(source)
    assert StreamSettings("/videos/a.mp4", user="me", password="x").address_with_login() == "/videos/a.mp4"


@pytest.mark.parametrize(
    "address", ["rtsp://[2001:db8::1", "rtsp://camera]/1", "http://camera:１２/1", "rtsp://\ud800/1"]
)
def test_an_address_that_no_camera_can_have_is_unreachable_and_ends_nothing(address: str) -> None:
    with pytest.raises(StreamError) as refused:
        LiveStream(StreamSettings(address, user="me", password="s3cret\ud800"))
    assert refused.value.kind == "unreachable"
    assert "s3cret" not in str(refused.value)


def test_packets_and_pictures_of_a_file(write_video, noise_frames) -> None:
    path = write_video("a.mp4", noise_frames(12), options={"g": "5", "bf": "0"})
    with LiveStream(StreamSettings(str(path))) as stream:
        assert (stream.codec, stream.average_fps) == ("h264", 25.0)
        pictures = [picture for packet in stream.packets() for picture in stream.decode(packet)]
        pictures += stream.decode(None)
    assert len(pictures) == 12
    assert stream.decode_errors == 0


def test_packets_kept_in_memory_give_the_same_pictures_after_the_connection_is_gone(write_video, noise_frames) -> None:
    path = write_video("a.mp4", noise_frames(12), options={"g": "5", "bf": "2"})
    with LiveStream(StreamSettings(str(path))) as stream:
        packets = list(stream.packets())
        live_pictures = [p.to_ndarray() for packet in packets for p in stream.decode(packet)]
        live_pictures += [p.to_ndarray() for p in stream.decode(None)]
    again = list(stream.pictures_of(packets))
    assert len(again) == len(live_pictures) == 12
    assert all(np.array_equal(a.to_ndarray(), b) for a, b in zip(again, live_pictures, strict=True))
    assert [p.pts for p in again] == sorted(p.pts for p in again if p.pts is not None)


def test_a_damaged_packet_costs_itself(write_video, noise_frames) -> None:
    path = write_video("a.mp4", noise_frames(12), options={"g": "1"})
    with LiveStream(StreamSettings(str(path))) as stream:
        packets = list(stream.packets())
        spoilt: Any = av.Packet(b"\x00\x00\x00\x00")
        spoilt.pts, spoilt.time_base = packets[3].pts, packets[3].time_base
        packets[3] = spoilt
        pictures = [picture for packet in packets for picture in stream.decode(packet)] + stream.decode(None)
    assert len(pictures) == 11


def test_what_is_not_there_is_told_with_what_to_check(tmp_path: Path) -> None:
    with pytest.raises(StreamError, match="there is no such file; check its name") as told:
        LiveStream(StreamSettings(str(tmp_path / "none.mp4")))
    assert told.value.kind == "unreachable"
    with closing(socket.socket()) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(StreamError, match="cannot be opened") as told:
        LiveStream(StreamSettings(f"rtsp://127.0.0.1:{port}/1", user="me", password="s3cret"))
    assert told.value.kind == "unreachable"
    assert "s3cret" not in str(told.value)


def test_sound_alone_is_no_camera(tmp_path: Path) -> None:
    path = tmp_path / "sound.wav"
    with av.open(str(path), "w") as writer:
        stream = writer.add_stream("pcm_s16le", rate=8000)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 8000), np.int16), layout="mono")
        frame.sample_rate = 8000
        writer.mux(stream.encode(frame))  # type: ignore[attr-defined]
    with pytest.raises(StreamError, match="sends no video") as told:
        LiveStream(StreamSettings(str(path)))
    assert told.value.kind == "damaged"


def test_hardware_that_is_not_there_is_warned_of_and_software_decodes(write_video, noise_frames) -> None:
    path = write_video("a.mp4", noise_frames(5))
    with LiveStream(StreamSettings(str(path), decoding="v4l2m2m")) as stream:
        assert stream.hardware is None
        assert stream.warning is not None
        assert stream.warning.startswith("v4l2m2m cannot decode h264 here")
        pictures = [picture for packet in stream.packets() for picture in stream.decode(packet)]
        assert len(pictures + stream.decode(None)) == 5


@pytest.fixture
def web_camera() -> Iterator[tuple[str, list[bytes]]]:
    """A camera over HTTP that refuses whoever has no password, and answers with what is put in the list."""
    body: list[bytes] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if "Authorization" not in self.headers:
                self.send_response(401)
                self.send_header("WWW-Authenticate", 'Basic realm="camera"')
                self.end_headers()
                return
            answer = b"".join(body)
            self.send_response(200)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}/stream", body
    server.shutdown()
    server.server_close()


def test_a_camera_over_http_asks_for_a_password_and_ends(web_camera, write_video, noise_frames) -> None:
    address, body = web_camera
    body.append(write_video("a.ts", noise_frames(30), options={"g": "10"}).read_bytes())
    with pytest.raises(StreamError, match="asks for user and password") as told:
        LiveStream(StreamSettings(address))
    assert told.value.kind == "login"
    with LiveStream(StreamSettings(address, user="me", password="x")) as stream:
        pictures = [picture for packet in stream.packets() for picture in stream.decode(packet)]
        assert len(pictures + stream.decode(None)) == 30


def test_motion_jpeg_over_http_is_timed_by_arrival_and_not_by_an_invented_rate(noise_frames) -> None:
    pictures = [cv2.imencode(".jpg", luma)[1].tobytes() for luma in noise_frames(25)]
    camera = WebCamera(pictures, 12.5)
    try:
        with LiveStream(StreamSettings(camera.url)) as stream:
            assert stream.average_fps is None, "25 are FFmpeg's invention"
            times_s = []
            for packet in stream.packets():
                times_s += [float((picture.pts or 0) * stream.base) for picture in stream.decode(packet)]
                if len(times_s) > 40:
                    break
            assert stream.stamps.by_arrival
    finally:
        camera.close()
    assert np.all(np.diff(times_s) > 0.0)
    settled = times_s[15:]
    assert (settled[-1] - settled[0]) / (len(settled) - 1) == pytest.approx(0.08, rel=0.15)
