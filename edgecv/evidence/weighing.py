"""A thing is weighed where its pictures are drawn: they pass by anyway, and what its light says amends the record.

What weighing needs of the fit is handed over beside unfinished evidence, so that another process, or the next start
after a crash, can weigh and comes to the same numbers.
"""

from __future__ import annotations

import logging
from typing import Annotated

import numpy as np
from pydantic import Field

from edgecv.capture import LazyBgrFrame
from edgecv.incidents.mass_record import mass_record
from edgecv.incidents.record import Mass, Record
from edgecv.incidents.record_limits import Real
from edgecv.photometry import CropCollector, PhotometrySettings, Stations, light_draws, measure, stations_of
from edgecv.trajectory import Fall
from edgecv.trajectory.impact import Impact
from edgecv.trajectory.mass import PathDraws, weigh
from edgecv.trajectory.quantiles import Quantiles

_log = logging.getLogger("edgecv.evidence")
_MOST = 4000
_Column = Annotated[tuple[Real, ...], Field(max_length=_MOST)]
"""Numbers alone: what is none is no number any more when it is read again."""


class WeighingSpec(Record):
    """Places of the path and draws of what it says of the weight, a column a quantity."""

    t_s: _Column
    x_px: _Column
    y_px: _Column
    vx_px_s: _Column
    vy_px_s: _Column
    px_per_m: _Column
    interval_s: Real
    box_diameter_m: Real
    box_log_sd: Real
    log_terminal: _Column
    nearer: _Column
    path_diameter_m: Real
    path_diameter_log_sd: Real
    impact_speed_mps: tuple[Real, Real, Real]
    """Median and 90 % interval."""
    impact_height_m: Real | None
    impact_log_terminal: _Column
    impact_speeds_mps: _Column

    @classmethod
    def of(cls, fall: Fall, path: PathDraws) -> WeighingSpec:
        """All of it, of a fall and what its path says."""
        return cls.of_stations(stations_of(fall, PhotometrySettings()), path)

    @classmethod
    def of_stations(cls, stations: Stations, path: PathDraws) -> WeighingSpec:
        """The same of the places of a path."""
        speed = path.impact.speed
        return cls(
            t_s=_column(stations.t_s),
            x_px=_column(stations.centre_px[:, 0]),
            y_px=_column(stations.centre_px[:, 1]),
            vx_px_s=_column(stations.velocity_px_s[:, 0]),
            vy_px_s=_column(stations.velocity_px_s[:, 1]),
            px_per_m=_column(stations.px_per_m),
            interval_s=stations.interval_s,
            box_diameter_m=stations.box_diameter_m,
            box_log_sd=stations.box_log_sd,
            log_terminal=_column(path.log_terminal),
            nearer=_column(path.nearer),
            path_diameter_m=path.diameter_m,
            path_diameter_log_sd=path.diameter_log_sd,
            impact_speed_mps=(speed.median, speed.low, speed.high),
            impact_height_m=path.impact.height_m,
            impact_log_terminal=_column(path.impact.log_terminal),
            impact_speeds_mps=_column(path.impact.speeds),
        )

    def stations(self) -> Stations:
        """The places."""
        return Stations(
            np.array(self.t_s),
            np.stack([self.x_px, self.y_px], axis=1),
            np.stack([self.vx_px_s, self.vy_px_s], axis=1),
            np.array(self.px_per_m),
            self.interval_s,
            self.box_diameter_m,
            self.box_log_sd,
        )

    def path(self) -> PathDraws:
        """What the path says."""
        impact = Impact(
            Quantiles(*self.impact_speed_mps),
            self.impact_height_m,
            np.array(self.impact_log_terminal),
            np.array(self.impact_speeds_mps),
        )
        return PathDraws(
            np.array(self.log_terminal), np.array(self.nearer), self.path_diameter_m, self.path_diameter_log_sd, impact
        )


class Weigher:
    """Weighs one thing by pictures that pass; what goes wrong costs the weighing and nothing else.

    Args:
        spec: where to look and what the path says.
    """

    def __init__(self, spec: WeighingSpec) -> None:
        self._spec = spec
        self._settings = PhotometrySettings()
        self._collector: CropCollector | None = None
        self._failed = False

    @property
    def around_s(self) -> float:
        """How long before and after the fall pictures are wanted, seconds."""
        return self._settings.background_s

    def add(self, t_s: float, shot: LazyBgrFrame) -> None:
        """Show the next picture."""
        if self._failed:
            return
        try:
            if self._collector is None:
                height, width, _ = shot.shape
                self._collector = CropCollector(self._spec.stations(), (width, height), self._settings, shot.levels)
            self._collector.add(t_s, shot.luma())
        except Exception:
            self._fail()

    def mass(self, incident_id: str) -> Mass | None:
        """The record's section as amended; None where the pictures say nothing more."""
        if self._failed or self._collector is None:
            return None
        try:
            photometry = measure(self._collector.crops, self._spec.stations(), self._settings)
            if photometry is None:
                return None
            path = self._spec.path()
            return mass_record(weigh(path, light_draws(photometry, len(path.log_terminal))), photometry)
        except Exception:
            _log.exception(
                "incident %s cannot be weighed by its pictures; its record keeps the size of its boxes", incident_id
            )
            return None

    def _fail(self) -> None:
        self._failed = True
        _log.exception("pictures cannot be weighed by")


def _column(values: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> tuple[float, ...]:
    return tuple(round(float(value), 5) for value in values)
