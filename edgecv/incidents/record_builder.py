"""From a finding to the record of the contract."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

import numpy as np

from edgecv._version import __version__
from edgecv.classification import Finding
from edgecv.geometry.facade import FacadePlan
from edgecv.incidents.mass_record import interval, mass_record
from edgecv.incidents.record import (
    Clock,
    EvidenceRecord,
    FitRecord,
    Incident,
    Media,
    Motion,
    Origin,
    OriginCandidate,
    Software,
    TrackPointRecord,
    VerdictRecord,
    coded,
)
from edgecv.messages import joined
from edgecv.messages import origin as origin_messages
from edgecv.trajectory import Launches, locate
from edgecv.trajectory.fit import FallFit
from edgecv.trajectory.impact import Impact
from edgecv.trajectory.mass import PathDraws, path_draws, weigh
from edgecv.trajectory.model import AHEAD, DOWN, RIGHT, apparent_gravity
from edgecv.trajectory.origin import OriginEstimate
from edgecv.trajectory.release_type import Release, release_of

_NAMESPACE = uuid.UUID("6f1c2c52-3c0b-5f0e-9d53-6a1f7f6f4c11")  # edgecv's own; never changes
_EDGE_PX = 12.0  # a first sighting nearer to the picture's top edge than this may come from above it


@dataclass(frozen=True, slots=True)
class Provenance:
    """Whose footage it is, and how media time becomes wall time.

    Attributes:
        site: name of the site.
        device: id of the camera.
        path: the file or stream, as the user named it.
        epoch: wall time of the first frame (timezone-aware).
        clock: where the epoch comes from.
        plan: floors and windows of the facade the camera sees, or None.
        config_sha256: hash of the box file and its calibrations, or None.
        scale_px_per_m: a known scale, or None.
        clock_error_s: how far the epoch may be off, seconds, where that is known.
        session: what tells one live connection from another, for media time begins at zero in each; None for files.
    """

    site: str
    device: str
    path: str
    epoch: datetime
    clock: Clock
    plan: FacadePlan | None = None
    config_sha256: str | None = None
    scale_px_per_m: float | None = None
    clock_error_s: float | None = None
    session: str | None = None


def build_incident(finding: Finding, provenance: Provenance) -> Incident:
    """Return the record of one finding; identical findings give identical records, ids included."""
    return build_weighable(finding, provenance)[0]


def build_weighable(finding: Finding, provenance: Provenance) -> tuple[Incident, PathDraws]:
    """Return the record of one finding, and what its path says of the weight, for who looks at the pictures."""
    fall, fit = finding.fall, finding.fall.fit
    points = fall.path.points
    track = tuple(
        TrackPointRecord(
            t=round(p.media_s, 4),
            x=round(p.detection.x_px + p.shift_px[0], 2),
            y=round(p.detection.y_px + p.shift_px[1], 2),
            w=round(p.detection.w_px, 1),
            h=round(p.detection.h_px, 1),
        )
        for p in points
    )
    first = (track[0].x, track[0].y)
    located = locate(fall, first, provenance.plan)
    launches, plan = located.launches, located.plan
    ground_m = 0.0 if plan is None else float(plan.floor_edges_m[0])
    path = path_draws(fall, launches, ground_m)
    mass = weigh(path)
    tier: Literal["incident", "candidate"] = "incident" if finding.verdict.tier == "incident" else "candidate"
    incident = Incident(
        id=_identity(provenance, track, fit.model),
        tier=tier,
        site=provenance.site,
        device=provenance.device,
        started_at=_wall(provenance.epoch, track[0].t),
        ended_at=_wall(provenance.epoch, track[-1].t),
        media=Media(
            source=provenance.path,
            start_s=track[0].t,
            end_s=track[-1].t,
            clock=provenance.clock,
            clock_error_s=provenance.clock_error_s,
        ),
        track=track,
        origin=origin_record(located.origin),
        fit=_fit(finding, provenance.scale_px_per_m, launches),
        motion=motion_record(fit, mass.impact, None if launches is None else release_of(launches)),
        mass=mass_record(mass),
        verdict=VerdictRecord(
            label=finding.verdict.label,
            p=round(finding.verdict.p, 4),
            labels=finding.verdict.labels,
            reasons=finding.verdict.reasons,
            reason_codes=tuple(coded(reason) for reason in finding.verdict.reasons),
        ),
        evidence=EvidenceRecord(),
        software=Software(version=__version__, config_sha256=provenance.config_sha256),
    )
    return incident, path


def _identity(provenance: Provenance, track: tuple[TrackPointRecord, ...], model: str) -> str:
    """The same recording gives the same id; what was a candidate as a fall is another finding as a thing that sinks."""
    content: list[object] = [provenance.site, provenance.device, [[p.t, p.x, p.y] for p in track]]
    if provenance.session is not None:
        content.append(provenance.session)
    if model != "fall":
        content.append(model)
    return str(uuid.uuid5(_NAMESPACE, json.dumps(content, separators=(",", ":"))))


def _wall(epoch: datetime, t_s: float) -> str:
    return (epoch + timedelta(seconds=t_s)).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def origin_record(estimate: OriginEstimate) -> Origin:
    """Return the record's section of an origin."""
    pixel = estimate.release_pixel or estimate.pixel
    reason = estimate.reason
    if estimate.floor is None and not estimate.candidates and estimate.pixel[1] < _EDGE_PX:
        reason = joined([origin_messages.FROM_EDGE(), *([reason] if reason else [])])
    return Origin(
        facade=estimate.facade or None,
        floor=estimate.floor,
        floor_name=estimate.floor_name,
        window=estimate.window,
        window_index=estimate.window_index,
        x_m=_rounded(estimate.x_m, 3),
        y_m=_rounded(estimate.y_m, 3),
        sd_m=None if estimate.sd_m is None else (round(estimate.sd_m[0], 3), round(estimate.sd_m[1], 3)),
        pixel=(round(pixel[0], 1), round(pixel[1], 1)),
        candidates=tuple(
            OriginCandidate(
                floor=c.floor,
                window=c.window,
                p=round(c.p, 4),
                facade=c.facade or None,
                floor_name=c.floor_name or None,
            )
            for c in estimate.candidates
        ),
        p_roof=round(estimate.p_roof, 4),
        lowest_floor=estimate.lowest_floor,
        excluded_floors=estimate.excluded_floors,
        reason=reason,
        reason_code=coded(reason),
    )


def _fit(finding: Finding, scale_px_per_m: float | None, launches: Launches | None) -> FitRecord:
    fit = finding.fall.fit
    spread = apparent_gravity(fit.view, fit.samples(200), (fit.end_s - fit.start_s) / 2.0)
    low, high = np.quantile(spread, [0.159, 0.841])
    gravity = fit.gravity_px_s2()
    return FitRecord(
        model=fit.model,
        chi2_reduced=round(fit.chi2_reduced if launches is None else launches.chi2_reduced, 3),
        points=fit.points,
        log_likelihood_ratio=round(finding.fall.likelihoods.ratio, 2),
        gravity_px_s2=round(gravity, 1),
        gravity_sd_px_s2=round(float(high - low) / 2.0, 1),
        gravity_mps2=None if scale_px_per_m is None else round(gravity / scale_px_per_m, 3),
    )


def motion_record(fit: FallFit, impact: Impact, release: Release | None) -> Motion:
    """Return the record's section of a motion.

    Args:
        fit: of the path.
        impact: how fast it arrives.
        release: how it left the building; None where that is not known.
    """
    if release is None:
        velocity = np.median(fit.samples(400)[:, [RIGHT, DOWN, AHEAD]], axis=0) * [1.0, -1.0, -1.0]
    else:
        velocity = np.array(release.velocity_mps)
    along, up, away = (round(float(v), 2) for v in velocity)
    return Motion(
        launch_velocity_mps=(along, up, away),
        launch_speed_mps=None if release is None else interval(release.speed),
        release=None if release is None else release.kind,
        impact_speed_mps=round(impact.speed.median, 1),
        impact_height_m=None if impact.height_m is None else round(impact.height_m, 2),
        duration_s=round(fit.end_s - fit.start_s, 4),
    )


def _rounded(value: float | None, digits: int) -> float | None:
    return None if value is None else round(value, digits)
