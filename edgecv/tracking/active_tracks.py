"""The tracks being followed: one table, a row a track, in memory as the C library takes it."""

from __future__ import annotations

import ctypes
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from edgecv.native import LIBRARY, address, check_size
from edgecv.tracking.detection_frames import Hit

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
"""``Track`` of edgecv/native/tracks.c.

``state`` is position, velocity and acceleration of x and y in pixels and seconds; ``score`` the log-likelihood ratio
against clutter and ``best_score`` the highest it has been; ``log_area`` (log px²) and ``contrast`` (grey levels) are
recent; ``last_s`` is the time of the last of ``count`` sightings.
"""

if LIBRARY is not None:
    check_size("edgecv_track_size", TRACK.itemsize)


class LiveTracks:
    """Tracks being followed.

    Attributes:
        table: ``(n,)`` of :data:`TRACK`.
        hits: sightings of each, oldest first.
    """

    def __init__(self) -> None:
        self.table: NDArray[np.void] = np.zeros(0, TRACK)
        self.hits: list[list[Hit]] = []
        self._at: ctypes.c_void_p | None = None

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
    def address(self) -> ctypes.c_void_p:
        """Where the table is, until tracks are added or go."""
        if self._at is None:
            self._at = address(self.table)
        return self._at

    def add(self, table: NDArray[np.void], hits: Iterable[list[Hit]]) -> None:
        """Append tracks."""
        self.table = np.concatenate([self.table, table])
        self.hits.extend(hits)
        self._at = None

    def keep(self, rows: NDArray[np.intp]) -> None:
        """Keep these tracks, in this order."""
        self.table = self.table[rows]
        self.hits = [self.hits[i] for i in rows]
        self._at = None
