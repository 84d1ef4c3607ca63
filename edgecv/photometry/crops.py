"""Pictures pass once, in order; of each only the small parts that some place of the path needs are kept."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from edgecv.photometry.apertures import Aperture, aperture_at
from edgecv.photometry.settings import PhotometrySettings
from edgecv.photometry.stations import Stations

UInt8 = NDArray[np.uint8]
_CLOCK_S, _CLOCK_SHARE = 0.004, 0.2
"""Containers round times to the millisecond; a picture nearer by less than this, or by that share of an interval, to a
place's instant is not another one."""
FULL_RANGE = (0, 255)


@dataclass(slots=True, eq=False)
class Crop:
    """One place: the picture of its instant, and what is seen there at other times.

    Attributes:
        station: its number among the stations.
        aperture: its shape.
        levels: luma of black and of white.
        picture: ``(h, w) uint8`` luma of the nearest picture, None before it came.
        off_s: how far that is from the instant.
        background: luma of other pictures.
    """

    station: int
    aperture: Aperture
    levels: tuple[int, int] = FULL_RANGE
    picture: UInt8 | None = None
    off_s: float = np.inf
    background: list[UInt8] = field(default_factory=list)
    _median: tuple[int, UInt8] | None = field(default=None, repr=False)
    """Of so many pictures: it is asked for several times, and is most of what a measurement costs."""

    def stack(self) -> UInt8:
        """``(1 + n, h, w)``: the picture, then those of the background."""
        assert self.picture is not None
        return np.stack([self.picture, *self.background])

    def behind(self) -> UInt8:
        """``(h, w)`` what is behind the object: the median of the background."""
        count = len(self.background)
        if self._median is None or self._median[0] != count:
            self._median = count, np.partition(np.stack(self.background), count // 2, axis=0)[count // 2].copy()
        return self._median[1]


class CropCollector:
    """Keeps what the measurement needs of pictures that pass.

    Args:
        stations: the places.
        picture_px: width and height of the pictures.
        settings: limits.
        levels: luma of black and of white in them.
    """

    def __init__(
        self,
        stations: Stations,
        picture_px: tuple[int, int],
        settings: PhotometrySettings,
        levels: tuple[int, int] = FULL_RANGE,
    ) -> None:
        self._stations = stations
        self._settings = settings
        reach = stations.radius_px() + settings.margin_px + settings.ring_px + 1.5
        streaks = stations.streak_px(settings.longest_exposure)
        self.crops: list[Crop] = []
        self._away: list[NDArray[np.bool_]] = []
        for n, centre in enumerate(stations.centre_px):
            if reach[n] + float(np.abs(streaks[n]).max()) > settings.largest_reach_px:
                continue
            aperture = aperture_at(centre, streaks[n], float(reach[n]), picture_px)
            if aperture is not None:
                self.crops.append(Crop(n, aperture, levels))
                away = np.abs(stations.centre_px - centre) > np.abs(streaks[n]) + np.abs(streaks) + 2.0 * reach[n, None]
                self._away.append(away.any(axis=1))
        pixels = sum(crop.aperture.shape[0] * crop.aperture.shape[1] for crop in self.crops)
        few = max(1, min(-(-pixels // settings.most_pixels), len(self.crops) // settings.enough_stations))
        self.crops, self._away = self.crops[::few], self._away[::few]
        self._times = stations.t_s[[crop.station for crop in self.crops]] if self.crops else np.empty(0)
        self._clock_s = min(_CLOCK_S, _CLOCK_SHARE * stations.interval_s)
        self._count = 0
        self._every = max(1, round(2.0 * settings.background_s / stations.interval_s / settings.neighbours))

    def add(self, t_s: float, luma: UInt8) -> None:
        """Show the next picture."""
        self._count += 1
        is_background = self._count % self._every == 0
        first, last = np.searchsorted(
            self._times, [t_s - self._settings.background_s, t_s + self._settings.background_s]
        )
        for number in range(int(first), int(last)):
            crop = self.crops[number]
            off_s = abs(float(self._times[number]) - t_s)
            is_nearest = off_s < min(crop.off_s, self._stations.interval_s / 2.0) - self._clock_s
            if not is_nearest and not (is_background and self._is_away(number, t_s)):
                continue
            height, width = crop.aperture.shape
            part = luma[crop.aperture.top : crop.aperture.top + height, crop.aperture.left : crop.aperture.left + width]
            if is_nearest:
                crop.picture, crop.off_s = part.copy(), off_s
            else:
                crop.background.append(part.copy())

    def _is_away(self, number: int, t_s: float) -> bool:
        """Whether the object is elsewhere then; before the first and after the last place it may rest there."""
        times = self._stations.t_s
        at = int(np.clip(np.searchsorted(times, t_s), 0, len(times) - 1))
        near = self._away[number][max(0, at - 1) : at + 1]
        return bool(near.all())
