"""The active tracks: one table, a row a track, laid out as C's ``Track``."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgecv.native import ffi
from edgecv.tracking.scan import Hit

Float64 = NDArray[np.float64]

TRACK = np.dtype(
    [
        ("state", np.float64, (2, 3)),
        ("covariance", np.float64, (2, 3, 3)),
        ("score", np.float64),
        ("best_score", np.float64),
        ("log_area", np.float64),
        ("contrast", np.float64),
        ("last_s", np.float64),
        ("count", np.int64),
    ]
)
"""``Track`` of edgecv/native/interface.h.

``state`` is position, velocity and acceleration of x and y in pixels and seconds; ``score`` the log-likelihood ratio
against clutter and ``best_score`` the highest it has been; ``log_area`` (log px²) and ``contrast`` (grey levels) are
recent; ``last_s`` is the time of the last of ``count`` detections.
"""


class ActiveTracks:
    """Tracks that have not ended.

    Attributes:
        table: ``(n,)`` of :data:`TRACK`.
        hits: detections of each, oldest first.
    """

    def __init__(self) -> None:
        self.table: NDArray[np.void] = np.zeros(0, TRACK)
        self.hits: list[list[Hit]] = []
        self._pointer: Any = None

    def __len__(self) -> int:
        return len(self.hits)

    @property
    def state(self) -> Float64:
        """``(n, 2, 3)``, a view."""
        return self.table["state"]

    @property
    def covariance(self) -> Float64:
        """``(n, 2, 3, 3)``, a view."""
        return self.table["covariance"]

    @property
    def score(self) -> Float64:
        """``(n,)``, a view."""
        return self.table["score"]

    @property
    def pointer(self) -> Any:
        """The table as C's ``Track`` array, valid until tracks are added or removed."""
        if self._pointer is None:
            self._pointer = ffi.from_buffer("Track[]", self.table)
        return self._pointer

    def add(self, table: NDArray[np.void], hits: Iterable[list[Hit]]) -> None:
        """Append tracks."""
        self.table = np.concatenate([self.table, table])
        self.hits.extend(hits)
        self._pointer = None

    def keep(self, rows: NDArray[np.intp]) -> None:
        """Keep these tracks, in this order, and remove all others."""
        self.table = self.table[rows]
        self.hits = [self.hits[i] for i in rows]
        self._pointer = None
