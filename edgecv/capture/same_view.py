"""Do two recordings show the same view? What tells two cameras of one model apart where nothing else does."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import av
import cv2
import numpy as np
from av.error import FFmpegError
from numpy.typing import NDArray

from edgecv.capture.open_container import largest_video, open_file

_SIZE = (96, 54)
_BLUR_PX = 9.0
"""Light changes slowly over a picture; what is finer are edges of what stands there."""
_LEAST_CORRELATION = 0.35
"""Views of one camera an hour apart have 0.6 and more, of two cameras 0.2 at most, of like facades up to 0.3."""
_FLAT = 1.0
"""Grey levels: a picture with less contrast (fog, a covered lens) shows no view."""


def shows_same_view(before: Path, after: Path) -> bool:
    """Whether the end of one recording and the begin of another show the same place; True where neither tells."""
    one, other = _picture(before, _changed(before), at_end=True), _picture(after, _changed(after), at_end=False)
    if one is None or other is None:
        return True
    details = [_details(picture) for picture in (one, other)]
    contrasts = [float(detail.std()) for detail in details]
    if min(contrasts) < _FLAT:
        return True
    return float((details[0] * details[1]).mean()) / (contrasts[0] * contrasts[1]) >= _LEAST_CORRELATION


def _details(picture: NDArray[np.float32]) -> NDArray[np.float32]:
    details = picture - cv2.GaussianBlur(picture, (0, 0), _BLUR_PX)
    return np.asarray(details - details.mean(), np.float32)


def _changed(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0


@lru_cache(maxsize=128)  # a file is held against the recordings of several cameras
def _picture(path: Path, changed_ns: int, *, at_end: bool) -> NDArray[np.float32] | None:  # noqa: ARG001 - of the cache
    """A key frame's small grey picture, or None."""
    try:
        with open_file(path) as container:
            stream = largest_video(container)
            if stream is None:
                return None
            if at_end and stream.duration is not None:
                container.seek((stream.start_time or 0) + stream.duration, stream=stream)
            elif at_end and container.duration is not None:
                container.seek((container.start_time or 0) + container.duration)
            for frame in container.decode(stream):
                grey = frame.to_ndarray(format="gray")
                return np.asarray(cv2.resize(grey, _SIZE, interpolation=cv2.INTER_AREA), np.float32)
    except (FFmpegError, av.FFmpegError, ValueError, OSError):
        return None
    return None
