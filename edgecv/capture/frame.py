"""The picture as it flows into the pipeline."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Frame:
    """One decoded picture of one camera.

    Attributes:
        index: 0-based number of the frame in decoding order.
        t_s: media time in seconds since the first frame, from the presentation time stamp, never the wall clock.
        luma: ``(height, width) uint8`` luma plane, upright (display rotation applied). It may be a view of the
            decoder's own memory: valid until the next frame is asked for; copy it to keep it.
    """

    index: int
    t_s: float
    luma: NDArray[np.uint8]
