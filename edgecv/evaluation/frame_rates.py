"""A clip as a poorer camera would have sent it: every other frame alone, or every third picture sent twice."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Literal, get_args

from edgecv.capture.frame import Frame

FrameRate = Literal["all", "half", "repeat-third"]
FRAME_RATES: tuple[FrameRate, ...] = get_args(FrameRate)


def at_rate(frames: Iterable[Frame], rate: FrameRate) -> Iterator[Frame]:
    """Yield the frames that arrive, with their own numbers and times.

    ``half`` leaves every other one out; ``repeat-third`` shows in every third the picture before it, as cameras do
    that cannot keep up with their own rate.
    """
    before: Frame | None = None
    for n, frame in enumerate(frames):
        if rate == "half":
            if n % 2 == 0:
                yield frame
            continue
        if rate == "repeat-third":
            if n % 3 == 2 and before is not None:
                yield replace(frame, luma=before.luma)
                continue
            # a frame's picture is the decoder's own memory: it is gone with the next one
            before = replace(frame, luma=frame.luma.copy()) if n % 3 == 1 else None
        yield frame
