"""Nothing that FFmpeg opens names another file, and no picture is larger than any camera's."""

from __future__ import annotations

import ast
import struct
import threading
import zlib
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pytest
from av.error import FFmpegError

import edgecv
from edgecv.calibration.picture import first_picture
from edgecv.capture import VideoFile, pictures_between
from edgecv.capture.open_container import open_stream
from edgecv.capture.picture_size import PictureError, decode_picture, picture_size
from edgecv.capture.stream import LiveStream, StreamError, StreamSettings
from edgecv.errors import InputError

PACKAGE = Path(edgecv.__file__).parent


def playlists(target: Path) -> dict[str, str]:
    """Every way FFmpeg knows of naming another file, each in its own words."""
    segments = f"<SegmentURL media='{target}'/>"
    return {
        "hls": f"#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:1,\n{target}\n#EXT-X-ENDLIST\n",
        "hls with a scheme": f"#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:1,\nfile://{target}\n#EXT-X-ENDLIST\n",
        "ffconcat": f"ffconcat version 1.0\nfile '{target}'\n",
        "dash": "<?xml version='1.0'?><MPD xmlns='urn:mpeg:dash:schema:mpd:2011' mediaPresentationDuration='PT1S'>"
        f"<Period><AdaptationSet><Representation id='1' mimeType='video/mp4'><SegmentList>{segments}</SegmentList>"
        "</Representation></AdaptationSet></Period></MPD>",
        "sdp": "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 5004 RTP/AVP 96\n"
        "a=rtpmap:96 H264/90000\n",
        "itself": "ffconcat version 1.0\nfile clip.mp4\n",
    }


@pytest.mark.parametrize("ending", [".mp4", ".m3u8", ".mpd", ".sdp", ".ffconcat", ".mkv"])
@pytest.mark.parametrize("kind", list(playlists(Path("/x"))))
def test_no_playlist_is_opened_under_any_name(tmp_path: Path, clips: Path, kind: str, ending: str) -> None:
    path = tmp_path / f"clip{ending}"
    path.write_text(playlists(clips / "office1.mp4")[kind])
    with pytest.raises(InputError, match=f"clip{ending}: cannot be opened as video"):
        VideoFile(path)
    with pytest.raises(InputError):
        list(pictures_between(path, 0.0, 1.0))
    with pytest.raises(StreamError), LiveStream(StreamSettings(str(path))):
        pass


def test_a_refused_playlist_is_named_as_one(tmp_path: Path) -> None:
    path = tmp_path / "clip.m3u8"
    path.write_text(playlists(tmp_path / "a.mp4")["hls"])
    with pytest.raises(InputError, match="playlists and lists of files; name the video itself"):
        VideoFile(path)


@pytest.mark.parametrize("name", ["http:/x.mp4", "concat:a|b.mp4", "data:video.mp4"])
def test_a_file_named_like_an_address_is_a_file(tmp_path: Path, clips: Path, name: str) -> None:
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes((clips / "office1.mp4").read_bytes())
    with VideoFile(path) as video:
        assert video.info.width > 0


@pytest.mark.parametrize("address", ["file:///etc/passwd", "concat:/etc/passwd", "subfile:,,:/etc/passwd", "x"])
def test_a_camera_s_address_names_no_file(address: str) -> None:
    with pytest.raises(ValueError, match="is not a scheme of a camera"):
        open_stream(address, {}, (1.0, 1.0))


@pytest.fixture
def answering() -> Iterator[tuple[str, dict[str, tuple[str, bytes]]]]:
    """A camera over HTTP that redirects where a ``Location`` is put, or answers with a body."""
    answers: dict[str, tuple[str, bytes]] = {}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            location, body = answers.get(self.path, ("", b""))
            self.send_response(302 if location else 200)
            if location:
                self.send_header("Location", location)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", answers
    server.shutdown()
    server.server_close()


def test_a_camera_s_answer_leads_to_no_file(
    answering: tuple[str, dict[str, tuple[str, bytes]]], write_video: Callable[..., Path], noise_frames: Any
) -> None:
    url, answers = answering
    own = write_video("own.mkv", noise_frames(5))
    answers["/plain"] = ("", own.read_bytes())
    with open_stream(f"{url}/plain", {}, (5.0, 5.0)) as opened:
        assert opened.streams.video
    answers["/redirect"] = (f"file://{own}", b"")
    answers["/playlist"] = ("", playlists(own)["hls"].encode())
    answers["/list"] = ("", playlists(own)["ffconcat"].encode())
    for path in ("redirect", "playlist", "list"):
        with pytest.raises((FFmpegError, ValueError)):
            open_stream(f"{url}/{path}", {}, (5.0, 5.0))


def test_containers_are_opened_in_one_place() -> None:
    """Elsewhere ``av.open`` only writes, and OpenCV opens no file and decodes nothing."""
    wrong = []
    for path in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
                continue
            name = ast.unparse(node.func)
            writes = any(isinstance(a, ast.Constant) and a.value == "w" for a in node.args[1:2])
            reads = name == "av.open" and not writes and path.name != "open_container.py"
            if reads or (name in {"cv2.imread", "cv2.imdecode", "cv2.VideoCapture"} and path.name != "picture_size.py"):
                wrong.append(f"{path.relative_to(PACKAGE)}:{node.lineno}")
    assert wrong == []


def png_of(width: int, height: int) -> bytes:
    """A PNG of zeros: a few kilobytes, whatever it promises."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    pressed = zlib.compressobj(9)
    row = b"\x00" * (1 + (width + 7) // 8)
    rows = b"".join(pressed.compress(row) for _ in range(height)) + pressed.flush()
    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def jpeg_of(width: int, height: int) -> bytes:
    """A small JPEG whose header promises another size."""
    data = bytearray(cv2.imencode(".jpg", np.zeros((16, 16, 3), np.uint8))[1].tobytes())
    at = data.index(b"\xff\xc0")
    data[at + 5 : at + 9] = struct.pack(">HH", height, width)
    return bytes(data)


@pytest.mark.parametrize("make", [png_of, jpeg_of])
@pytest.mark.parametrize("size", [(20_000, 20_000), (8193, 10), (10, 8193), (8000, 8000)])
def test_a_picture_larger_than_any_camera_s_is_refused_by_its_header(
    tmp_path: Path, make: object, size: tuple[int, int]
) -> None:
    data = png_of(*size) if make is png_of else jpeg_of(*size)
    assert picture_size(data) == size
    with pytest.raises(PictureError, match=f"has {size[0]}x{size[1]} pixels"):
        decode_picture(data, "strobe.jpg")
    path = tmp_path / "still.png"
    path.write_bytes(data)
    with pytest.raises(InputError, match=f"still.png: has {size[0]}x{size[1]} pixels"):
        first_picture(path)


def test_pictures_as_they_are_taken_are_read(tmp_path: Path) -> None:
    picture = np.random.default_rng(1).integers(0, 255, (90, 160, 3), np.uint8)
    for ending in (".png", ".bmp", ".tiff", ".webp"):
        path = tmp_path / f"a{ending}"
        cv2.imwrite(str(path), picture, [cv2.IMWRITE_WEBP_QUALITY, 101] if ending == ".webp" else [])
        assert np.abs(first_picture(path).astype(int) - picture).mean() < 3.0, ending
    for options in ([], [cv2.IMWRITE_JPEG_PROGRESSIVE, 1]):
        data = cv2.imencode(".jpg", picture, options)[1].tobytes()
        assert picture_size(data) == (160, 90) and decode_picture(data, "x").shape == (90, 160, 3)
        assert decode_picture(data, "x", grey=True).shape == (90, 160)


@pytest.mark.parametrize(
    "data", [b"", b"\xff\xd8", b"\xff\xd8\xff\xc0\x00", b"\x89PNG\r\n\x1a\n", b"GIF89a", b"\xff" * 99]
)
def test_what_is_no_picture_is_said_to_be_none(data: bytes) -> None:
    with pytest.raises(PictureError, match=r"x\.jpg: is neither a JPEG nor a PNG"):
        decode_picture(data, "x.jpg")


def test_a_bomb_inside_a_video_is_not_decoded(tmp_path: Path) -> None:
    """A QuickTime file whose one frame is a PNG of 20,000 x 20,000."""
    path, bomb = tmp_path / "bomb.mov", png_of(20_000, 20_000)
    with av.open(str(path), "w") as out:
        stream = out.add_stream("png", rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 64, "monob"
        out.start_encoding()
        packet = av.Packet(bomb)
        packet.stream, packet.pts, packet.dts = stream, 0, 0
        packet.is_keyframe = True
        out.mux(packet)
    with pytest.raises(InputError):
        VideoFile(path)
