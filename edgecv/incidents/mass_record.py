"""How heavy, as the record says it, with the light that it was measured by."""

from __future__ import annotations

import numpy as np

from edgecv.incidents.record import Interval, LightPoint, Mass, ObjectRecord, PhotometryRecord, coded
from edgecv.incidents.record_limits import LIGHT_POINTS
from edgecv.incidents.thing_in_words import thing_in_words
from edgecv.messages import mass as messages
from edgecv.photometry import Photometry
from edgecv.trajectory.impact import hazard_in_words
from edgecv.trajectory.mass import MassEstimate
from edgecv.trajectory.quantiles import Quantiles

_SHARES = (0.05, 0.5, 0.95)


def mass_record(estimate: MassEstimate, photometry: Photometry | None = None) -> Mass:
    """Return the record's section.

    Args:
        estimate: class, kilograms, energy and what it may be.
        photometry: what the pictures said of its size, where they were looked at.
    """
    hazard = hazard_in_words(estimate.impact_energy_j)
    assumed = messages.ASSUMED() if photometry is None else messages.ASSUMED_DRAG()
    kg, diameter_m = interval(estimate.kg), interval(estimate.diameter_m)
    things = tuple(ObjectRecord(name=name, p=round(p, 3)) for name, p in estimate.things)
    words = None if photometry is None else thing_in_words(diameter_m, kg, things, photometry.posterior.luma_at(0.5))
    return Mass(
        class_=estimate.mass_class,
        p=estimate.p,
        terminal_velocity=interval(estimate.terminal_velocity),
        kg=kg,
        impact_energy_j=interval(estimate.impact_energy_j),
        hazard=hazard,
        hazard_code=coded(hazard),
        diameter_m=diameter_m,
        things=things,
        assumed=assumed,
        assumed_code=coded(assumed),
        reason=estimate.reason,
        reason_code=coded(estimate.reason),
        words=words,
        words_code=coded(words),
        photometry=None if photometry is None else photometry_record(photometry),
    )


def photometry_record(photometry: Photometry) -> PhotometryRecord:
    """Return what was measured, with the points of its line: all, or as many as a record takes."""
    data, line, posterior = photometry.data, photometry.line, photometry.posterior
    low, median, high = (float(np.exp(posterior.log_area_at(share))) for share in _SHARES)
    dark, middle, bright = (posterior.luma_at(share) for share in _SHARES)
    count = len(data.flux_m2)
    shown = np.unique(np.linspace(0, count - 1, min(count, LIGHT_POINTS)).round().astype(int))
    used = line.weights > 0.0
    points = tuple(
        LightPoint(
            t=round(float(data.t_s[n]), 4),
            background=round(float(data.background[n]), 4),
            flux_m2=significant(float(data.flux_m2[n])),
            sd_m2=significant(float(line.sd_m2[n])),
            weight=round(float(min(line.weights[n], 1.0)), 3),
        )
        for n in shown
    )
    return PhotometryRecord(
        area_m2=interval(Quantiles(median, low, high)),
        luma=interval(Quantiles(middle, dark, bright)),
        gamma=photometry.gamma,
        gamma_p=round(photometry.gamma_p, 3),
        scatter=round(line.tumbling, 3),
        background_sd=round(photometry.background_sd, 4),
        line_m2=(significant(float(line.coefficients[0])), significant(float(line.coefficients[1]))),
        places=count,
        used=int(np.count_nonzero(used)),
        points=points,
    )


def interval(quantiles: Quantiles) -> Interval:
    """Median and 90 % interval, three digits each."""
    return Interval(
        median=significant(quantiles.median), low=significant(quantiles.low), high=significant(quantiles.high)
    )


def significant(value: float) -> float:
    """Three digits: what the estimate does not know it should not seem to."""
    return float(f"{value:.3g}")
