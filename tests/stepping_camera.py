"""A camera whose clock is set while it sends: RTSP with RTP in one connection (RFC 2326, 3550, 6184)."""

from __future__ import annotations

import base64
import re
import socket
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import av

_MOST_PAYLOAD = 1400
_START_CODE = re.compile(rb"\x00\x00\x01")
_CLOCK_HZ = 90_000


class SteppingCamera:
    """Sends a video once, in real time, to whoever plays it; then it is gone.

    Args:
        video: H.264.
        steps: seconds of the video, and by how much the stamps step there.

    Attributes:
        url: where it is.
        began_s: when its first picture was sent, seconds since 1970.
    """

    def __init__(self, video: Path, steps: dict[float, float]) -> None:
        self._pictures = list(_pictures_of(video))
        self._steps = steps
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"rtsp://127.0.0.1:{self._listening.getsockname()[1]}/1"
        self.began_s: float | None = None
        self.is_over = threading.Event()
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        self._listening.close()

    def _serve(self) -> None:
        try:
            while not self.is_over.is_set():
                client, _ = self._listening.accept()
                with closing(client):
                    self._answer(client)
        except OSError:
            pass

    def _answer(self, client: socket.socket) -> None:
        received = b""
        while chunk := client.recv(65536):
            received += chunk
            while b"\r\n\r\n" in received:
                request, _, received = received.partition(b"\r\n\r\n")
                method, address = request.split(b" ")[:2]
                number = re.search(rb"CSeq: *(\d+)", request)
                assert number is not None
                headers, body = self._reply(method.decode(), address.decode())
                length = f"Content-Length: {len(body)}\r\n" if body else ""
                head = f"RTSP/1.0 200 OK\r\nCSeq: {number[1].decode()}\r\nSession: 1\r\n{headers}{length}\r\n"
                client.sendall(head.encode() + body.encode())
                if method == b"PLAY":
                    self._play(client)
                    self.is_over.set()
                    self.close()
                    return

    def _reply(self, method: str, address: str) -> tuple[str, str]:
        if method == "OPTIONS":
            return "Public: OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN\r\n", ""
        if method == "SETUP":
            return "Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n", ""
        if method != "DESCRIBE":
            return "", ""
        units = self._pictures[0][1]
        sets = ",".join(base64.b64encode(unit).decode() for kind in (7, 8) for unit in units if unit[0] & 31 == kind)
        lines = [
            "v=0",
            "o=- 1 1 IN IP4 127.0.0.1",
            "s=-",
            "t=0 0",
            "m=video 0 RTP/AVP 96",
            f"a=rtpmap:96 H264/{_CLOCK_HZ}",
            f"a=fmtp:96 packetization-mode=1;sprop-parameter-sets={sets}",
            "a=control:track1",
        ]
        return f"Content-Type: application/sdp\r\nContent-Base: {address}/\r\n", "\r\n".join([*lines, ""])

    def _play(self, client: socket.socket) -> None:
        self.began_s, begun, number = time.time(), time.monotonic(), 0
        for sent_s, units in self._pictures:
            time.sleep(max(0.0, begun + sent_s - time.monotonic()))
            stepped_s = sent_s + sum(by_s for at_s, by_s in self._steps.items() if sent_s >= at_s)
            stamp = (1_000_000 + round(stepped_s * _CLOCK_HZ)) & 0xFFFFFFFF
            payloads = [payload for unit in units for payload in _payloads(unit)]
            for payload in payloads:
                number = (number + 1) & 0xFFFF
                kind = 96 | (0x80 if payload is payloads[-1] else 0)  # the marker ends a picture
                packet = struct.pack(">BBHII", 0x80, kind, number, stamp, 1) + payload
                client.sendall(b"$\x00" + struct.pack(">H", len(packet)) + packet)


def _pictures_of(video: Path) -> Iterator[tuple[float, list[bytes]]]:
    """Seconds and NAL units of each picture."""
    with av.open(str(video)) as reader:
        stream = reader.streams.video[0]
        to_annex_b = av.BitStreamFilterContext("h264_mp4toannexb", stream)
        for packet in reader.demux(stream):
            if packet.size:
                for filtered in to_annex_b.filter(packet):
                    assert filtered.pts is not None and stream.time_base is not None
                    units = [unit.rstrip(b"\x00") for unit in _START_CODE.split(bytes(filtered))]
                    yield float(filtered.pts * stream.time_base), [unit for unit in units if unit]


def _payloads(unit: bytes) -> list[bytes]:
    """A NAL unit as it is, or in fragments (FU-A)."""
    if len(unit) <= _MOST_PAYLOAD:
        return [unit]
    parts = [unit[at : at + _MOST_PAYLOAD] for at in range(1, len(unit), _MOST_PAYLOAD)]
    marks = [0x80, *[0] * (len(parts) - 2), 0x40]
    return [bytes([unit[0] & 0xE0 | 28, unit[0] & 31 | mark]) + part for mark, part in zip(marks, parts, strict=True)]
