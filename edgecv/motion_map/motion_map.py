"""Where things go the same way all day: learnt from every track, asked for every fall.

A class of motion in a cell is a direction (eighths of a turn) and a speed (octaves). Each class holds how many objects
passed, in how many distinct minutes, and mean and spread of two more quantities: the place across the way, and the
light that the object moves. A fall is like the passages where all of them agree. So a drip makes falls usual in its own
column of a few pixels, at its own speed and faintness, and a brick in the same cell stays what it is; a street, whose
lanes and cars vary, makes usual what its cars do.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from edgecv.motion_map.passages import Float64, Passages, offsets, passages_of
from edgecv.motion_map.settings import COLUMNS, DIRECTIONS, ROWS, SPEEDS, MotionMapSettings
from edgecv.tracking.track import Track, TrackPoint

N, MINUTES, TRACKS, OFFSET, OFFSET2, LIGHT, LIGHT2 = range(7)
QUANTITIES: Final = 7
CELLS: Final = ROWS * COLUMNS
_TICK_S = 60.0
_LONGEST_STEP_S = 5.0
"""A longer step between frames is a break, in which nobody watched."""
_PRIOR_PASSAGES = 3.0
_PRIOR_SD = 0.3
"""Spread that a class is given before its own is known, in cells and in units of the logarithm of light."""


@dataclass(frozen=True, slots=True)
class UsualMotion:
    """How usual a path is.

    Attributes:
        share: part of its length that follows usual motion, 0 to 1.
        rate_per_hour: objects an hour that pass as it did, over nearly all of its length.
    """

    share: float
    rate_per_hour: float


class MotionMap:
    """The usual motion of one camera. About 2 MB, whatever it sees.

    Args:
        settings: the limits.

    Attributes:
        counts: ``(CELLS, DIRECTIONS, SPEEDS, QUANTITIES) float32``, faded sums.
        watched_s: time watched, faded as the counts are: passages over it are a rate.
        age_s: time watched, not faded.
        size_px: ``(width, height)`` of the pictures it was learnt from; None before the first track.
    """

    def __init__(self, settings: MotionMapSettings | None = None) -> None:
        self.settings = settings or MotionMapSettings()
        self.clear()

    def clear(self) -> None:
        """Begin anew: the camera has moved, or another one took its place."""
        self.restore(np.zeros((CELLS, DIRECTIONS, SPEEDS, QUANTITIES), np.float32), 0.0, 0.0, None)

    def restore(
        self, counts: NDArray[np.float32], watched_s: float, age_s: float, size_px: tuple[int, int] | None
    ) -> None:
        """Go on from what was stored."""
        self.counts = counts
        self.watched_s, self.age_s, self.size_px = watched_s, age_s, size_px
        self._last_pass_s = np.full((CELLS, DIRECTIONS), -np.inf)
        self._last_minute = np.full((CELLS, DIRECTIONS, SPEEDS), -1, np.int64)
        self._wide: NDArray[np.bool_] | None = None
        self._now_s: float | None = None
        self._second, self._counted = 0, 0
        self._next_tick_s = age_s + _TICK_S

    def watch(self, t_s: float) -> None:
        """A frame was analysed at this media time; a jump or a step back begins another recording."""
        step_s = 0.0 if self._now_s is None else t_s - self._now_s
        self._now_s = t_s
        if not 0.0 < step_s < _LONGEST_STEP_S:
            return
        self.watched_s += step_s
        self.age_s += step_s
        if self.age_s >= self._next_tick_s:
            self._fade()

    def learn(self, track: Track) -> None:
        """Count a track that has ended."""
        if len(track.points) < 3 or self._is_crowded(track.end_s):
            return
        if self.size_px != track.picture_size_px:
            if self.size_px is not None:
                self.clear()
            self.size_px = track.picture_size_px
        s, passages = self.settings, passages_of(track.points, track.picture_size_px)
        if passages.displacement < s.least_way or passages.straightness < s.straightness:
            return
        direction = np.round(passages.heading).astype(np.intp) % DIRECTIONS
        speed = passages.octave.astype(np.intp)
        # a track ends some frames before it is given up, so its times are told from now backwards
        passed_s = self.age_s + passages.t_s - (track.end_s if self._now_s is None else self._now_s)
        last_s = self._last_pass_s[passages.cell, direction]
        self._last_pass_s[passages.cell, direction] = np.maximum(last_s, passed_s)
        is_another = passed_s - last_s >= s.same_object_s
        where = passages.cell, direction, speed
        minute = (passed_s // _TICK_S).astype(np.int64)
        is_new_minute = is_another & (minute != self._last_minute[where])
        self._last_minute[where] = np.where(is_another, minute, self._last_minute[where])
        # parts and shadows of an object are no more objects, but they too pass here: they count for the spread alone
        offset, light, ones = offsets(passages.place, direction), passages.light, np.ones(len(speed))
        columns = (is_another, is_new_minute, ones, offset, offset**2, light, light**2)
        # each cell stands once in the passages, so that nothing is added twice to one place
        self.counts[where] += np.column_stack(columns).astype(np.float32)

    def _is_crowded(self, end_s: float) -> bool:
        """True where as many tracks have been counted this second as are worth it."""
        second = int(end_s // 1.0)
        if second != self._second:
            self._second, self._counted = second, 0
        self._counted += 1
        return self._counted > self.settings.max_tracks_hz

    def usual(self, points: Sequence[TrackPoint], size_px: tuple[int, int]) -> UsualMotion:
        """How usual the motion along a path is; the path itself must not have been learnt yet.

        Args:
            points: the path, at least two.
            size_px: ``(width, height)`` of the picture.
        """
        if self.watched_s <= 0.0 or size_px != self.size_px or len(points) < 2:
            return UsualMotion(0.0, 0.0)
        s, passages = self.settings, passages_of(points, size_px)
        number, minutes = self._alike(passages)
        rate = number / (self.watched_s / 3600.0)
        is_usual = (number >= s.passages) & (minutes >= s.minutes) & (rate >= s.rate_per_hour)
        whole = float(passages.way.sum())
        if whole <= 0.0:
            return UsualMotion(0.0, 0.0)
        share = float(passages.way[is_usual].sum()) / whole
        order = np.argsort(-rate, kind="stable")
        reached = int(np.searchsorted(np.cumsum(passages.way[order]), s.path_share * whole))
        return UsualMotion(share, float(rate[order][min(reached, len(order) - 1)]))

    def follows(self, usual: UsualMotion) -> bool:
        """Whether nearly all of a path goes the way that things go here."""
        return usual.share >= self.settings.path_share

    def usual_cells(self) -> NDArray[np.float32]:
        """Passages an hour of the classes that are usual, ``(ROWS, COLUMNS, DIRECTIONS)``; 0 where none is."""
        s, hours = self.settings, max(self.watched_s, 1e-9) / 3600.0
        number, minutes, tracks, light = (_pairs(self.counts[..., column]) for column in (N, MINUTES, TRACKS, LIGHT))
        usual = (number >= s.passages) & (minutes >= s.minutes) & (number / hours >= s.rate_per_hour)
        usual &= ~(self._wide_classes() & (light < np.log(s.faint_light) * tracks))
        rates = np.where(usual, number / hours, 0.0).max(axis=2)
        return np.asarray(rates, np.float32).reshape(ROWS, COLUMNS, DIRECTIONS)

    def _alike(self, passages: Passages) -> tuple[Float64, Float64]:
        """Passages of each cell that were as these are, and distinct minutes of them."""
        first = np.floor(passages.heading).astype(np.intp)
        slow = np.clip(np.floor(passages.octave - 0.5), 0, SPEEDS - 2).astype(np.intp)
        number, minutes = np.zeros(len(first)), np.zeros(len(first))
        for direction in (first % DIRECTIONS, (first + 1) % DIRECTIONS):
            offset = offsets(passages.place, direction)
            for speed in (slow, slow + 1):
                sums = self.counts[passages.cell, direction, speed].astype(np.float64)
                agree = self._agree(sums, offset, passages.light)
                number += agree * sums[:, N]
                minutes = np.maximum(minutes, agree * sums[:, MINUTES])
        is_faint = passages.light < np.log(self.settings.faint_light)
        number[is_faint & self._wide_classes()[first % DIRECTIONS, slow]] = 0.0
        return number, minutes

    def _agree(self, sums: Float64, offset: Float64, light: Float64) -> NDArray[np.bool_]:
        s = self.settings
        agrees = sums[:, N] > 0.0
        n = np.maximum(sums[:, TRACKS], 1e-6)
        for value, total, squares, least in (
            (offset, OFFSET, OFFSET2, s.least_offset),
            (light, LIGHT, LIGHT2, s.least_light),
        ):
            mean = sums[:, total] / n
            scatter = np.maximum(sums[:, squares] - n * mean**2, 0.0)
            sd = np.sqrt((scatter + _PRIOR_PASSAGES * _PRIOR_SD**2) / (n + _PRIOR_PASSAGES))
            agrees &= np.abs(value - mean) <= s.spread_sd * np.maximum(sd, least)
        return agrees

    def _wide_classes(self) -> NDArray[np.bool_]:
        """``(DIRECTIONS, SPEEDS - 1)``: pairs of classes of faint things that are usual in too much of the picture."""
        if self._wide is None:
            counts, s = self.counts, self.settings
            faint = counts[..., LIGHT] < np.log(s.faint_light) * counts[..., TRACKS]
            usual = _pairs(counts[..., N] * faint) >= s.passages
            self._wide = np.asarray(usual.mean(axis=0) > s.wide_share)
        return self._wide

    def _fade(self) -> None:
        """Once a minute: what is long ago counts less."""
        keep = float(np.exp(-_TICK_S / self.settings.memory_s))
        self.counts *= np.float32(keep)
        self.watched_s *= keep
        self._wide = None
        self._next_tick_s = self.age_s + _TICK_S


def _pairs(counts: NDArray[np.float32]) -> NDArray[np.float32]:
    """Sums over each direction with the next one and each octave with the next one, as falls are compared."""
    turned = counts + np.roll(counts, -1, axis=1)
    return np.asarray(turned[..., :-1] + turned[..., 1:], np.float32)
