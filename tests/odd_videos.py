"""Recordings as people have them, made of one that is as it should be: packets copied, stamps changed."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av

ALL = (0.0, 1e9)


def copied(
    video: Path,
    target: Path,
    container: str,
    between_s: tuple[float, float] = ALL,
    stamp: Callable[[int, float], float] = lambda _n, t_s: t_s,
    options: dict[str, str] | None = None,
) -> Path:
    """Copy the packets of a part of a video.

    Args:
        video: of one stream, without B-frames.
        target: the copy.
        container: FFmpeg's name of its format.
        between_s: from when, until before when.
        stamp: the copy's stamp of a packet by number and seconds.
        options: of the container.
    """
    with av.open(str(video)) as reader, av.open(str(target), "w", format=container, options=options or {}) as writer:
        stream = reader.streams.video[0]
        out = writer.add_stream_from_template(stream)
        assert stream.time_base is not None
        for n, packet in enumerate(reader.demux(stream)):
            if packet.pts is None:
                continue
            t_s = float(packet.pts * stream.time_base)
            if between_s[0] - 1e-6 <= t_s < between_s[1] - 1e-6:
                packet.pts = packet.dts = round(stamp(n, t_s) / stream.time_base)
                packet.stream = out
                writer.mux(packet)
    return target


def joined(target: Path, *parts: Path) -> Path:
    """Files one after another, as ``cat`` does it."""
    target.write_bytes(b"".join(part.read_bytes() for part in parts))
    return target


def encoded(
    video: Path, target: Path, size_px: tuple[int, int] | None = None, between_s: tuple[float, float] = ALL
) -> Path:
    """A part of a video encoded again, with the recording's own stamps, beginning with a key frame."""
    with av.open(str(video)) as reader, av.open(str(target), "w") as writer:
        stream = reader.streams.video[0]
        out = writer.add_stream("libx264", rate=25)
        out.width, out.height = size_px or (stream.width, stream.height)
        out.pix_fmt, out.options = "yuv420p", {"preset": "ultrafast", "crf": "15", "bf": "0"}
        for n, picture in enumerate(reader.decode(stream)):
            if between_s[0] - 1e-6 <= n / 25 < between_s[1] - 1e-6:
                resized = picture.reformat(out.width, out.height, "yuv420p")
                resized.pts, resized.time_base = n, Fraction(1, 25)
                resized.pict_type = av.video.frame.PictureType.NONE
                writer.mux(out.encode(resized))
        writer.mux(out.encode(None))
    return target
