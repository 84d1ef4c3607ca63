"""Recorded video from anywhere: damaged files are read as far as they go, and none leads to another file."""

from __future__ import annotations

import random
from fractions import Fraction
from functools import cache
from io import BytesIO
from itertools import islice
from pathlib import Path
from typing import Any, ClassVar

import av
import numpy as np
from av.video.frame import VideoFrame

from edgecv.capture import VideoFile
from edgecv.errors import InputError
from edgecv.replay import replay
from fuzzer.entrance import Case, Entrance, expect
from fuzzer.mutation import mutated_bytes

_MOST_FRAMES = 400
_FORMS = (("mp4", "libx264"), ("mpegts", "libx264"), ("matroska", "libx264"), ("avi", "mpeg4"), ("mp4", "libx265"))
_OTHER = "other.mp4"
_PLAYLISTS = (
    "#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\n{}\n#EXT-X-ENDLIST\n",
    "ffconcat version 1.0\nfile '{}'\n",
    "ffconcat version 1.0\n" + "file 'video.mp4'\n" * 50,
    "[playlist]\nFile1={}\n",
    "<?xml version='1.0'?><MPD><Period><AdaptationSet><Representation><BaseURL>{}</BaseURL></Representation>"
    "</AdaptationSet></Period></MPD>",
    "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nm=video 9 RTP/AVP 96\na=rtpmap:96 H264/90000\n",
    "concat:{}|{}",
    "file '{}'\n",
)


class Videos(Entrance):
    """``edgecv replay VIDEO``, and clips in evidence."""

    name = "videos"
    remembers: ClassVar[bool] = False
    weight: ClassVar[float] = 2.0
    smoke = 60
    good_every = 30

    def open(self, folder: Path) -> None:
        """Another video beside the one that is given."""
        self._folder = folder
        (folder / _OTHER).write_bytes(_clip("mp4", "libx264"))

    def make(self, rng: random.Random) -> Case:
        """A file."""
        whole = rng.random() < 0.15
        if rng.random() < 0.15:
            text = rng.choice(_PLAYLISTS).format(*(rng.choice((_OTHER, "file:" + _OTHER, "./" + _OTHER)),) * 2)
            return {"content": text, "ending": rng.choice((".mp4", ".m3u8", ".mpd", ".txt", "")), "replay": False}
        raw = _clip(*rng.choice(_FORMS))
        header = rng.randrange(len(raw)) if rng.random() < 0.5 else 200
        raw = mutated_bytes(rng, raw[:header]) + raw[header:] if rng.random() < 0.6 else mutated_bytes(rng, raw)
        return {"content": raw.decode("latin-1"), "ending": ".mp4", "replay": whole}

    def attempt(self, case: Case) -> None:
        """Read pictures, or replay it."""
        path = self._folder / f"video{case['ending']}"
        raw = case["content"].encode("latin-1")
        path.write_bytes(raw)
        count = 0
        try:
            if case["replay"]:
                replay([path], self._folder / "out")
            with VideoFile(path) as video:
                for frame in islice(video, _MOST_FRAMES):
                    count += 1
                    expect(frame.luma.ndim == 2, "a picture has no rows")
        except InputError as error:
            expect("\n" not in str(error), "an error is not one line")
        finally:
            path.unlink()
        leads = raw.isascii() and _OTHER.encode() in raw
        expect(not (leads and count), "a playlist leads to the pictures of another file")

    def good(self) -> None:
        """A good clip is read whole."""
        path = self._folder / "good.mp4"
        path.write_bytes(_clip("mp4", "libx264"))
        with VideoFile(path) as video:
            expect(sum(1 for _ in video) == 12, "a good clip is not read whole")


@cache
def _clip(container: str, codec: str) -> bytes:
    """Twelve small pictures with something that moves."""
    written = BytesIO()
    with av.open(written, "w", format=container) as output:
        stream: Any = output.add_stream(codec, rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        stream.codec_context.thread_count = 1
        stream.time_base = Fraction(1, 25)
        if codec == "libx265":
            stream.codec_context.options = {"x265-params": "log-level=none:pools=none:frame-threads=1"}
        for n in range(12):
            picture = np.full((48, 64, 3), 90, np.uint8)
            picture[3 * n : 3 * n + 4, 30:34] = 200
            output.mux(stream.encode(VideoFrame.from_ndarray(picture, format="rgb24")))
        output.mux(stream.encode(None))
    return written.getvalue()
