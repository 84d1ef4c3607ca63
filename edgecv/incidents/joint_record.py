"""The record of a fall that several cameras saw: the first one's, with what all of them together say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from edgecv.classification.verdict import Verdict
from edgecv.geometry.facade import FacadePlan
from edgecv.incidents.mass_record import mass_record
from edgecv.incidents.record import EvidenceRecord, Incident, JointRecord, JointView, PlaceRecord, VerdictRecord
from edgecv.incidents.record_builder import motion_record, origin_record
from edgecv.joint.association import JointFall
from edgecv.joint.camera_path import CameraPath
from edgecv.joint.joint_verdict import support
from edgecv.trajectory.fall import Fall
from edgecv.trajectory.mass import PathDraws, path_draws, weigh
from edgecv.trajectory.origin import origin_of
from edgecv.trajectory.release_type import release_of

_PLACES = 24
"""Of the path in space: a drawing of three seconds bends no more."""


@dataclass(frozen=True, slots=True, eq=False)
class RecordedView:
    """One camera's record, and the path that it is of.

    Attributes:
        incident: its own record.
        path: in the shared facade's coordinates.
        number: its place among the paths that were joined.
        manifest_sha256: of its own evidence; None where that is the joint record's.
    """

    incident: Incident
    path: CameraPath
    number: int
    manifest_sha256: str | None = None


def joint_incident(
    views: Sequence[RecordedView], joint: JointFall, verdict: Verdict, plan: FacadePlan
) -> tuple[Incident, PathDraws]:
    """Return the joint record, and what the path says of the weight.

    Args:
        views: of all cameras; the first one's record is superseded, under its own id.
        joint: what they have in common.
        verdict: on all of them.
        plan: the facade that they share.
    """
    first = views[0]
    launches = joint.posterior.launches
    falls = [view.path.fall for view in views]
    fall = joint_falls(views, joint)[0]
    path = path_draws(fall, launches, float(plan.floor_edges_m[0]))
    mass = weigh(path)
    sighting = first.incident.track[0]
    record = first.incident.model_copy(
        update={
            "tier": "incident",
            "origin": origin_record(origin_of(launches, (sighting.x, sighting.y), plan, first.path.camera)),
            "fit": first.incident.fit.model_copy(
                update={
                    "chi2_reduced": round(launches.chi2_reduced, 3),
                    "points": sum(view.incident.fit.points for view in views),
                    "log_likelihood_ratio": round(support(falls, joint.ratio), 2),
                }
            ),
            "motion": motion_record(fall.fit, mass.impact, release_of(launches)),
            "mass": mass_record(mass),
            "verdict": VerdictRecord(label=verdict.label, p=verdict.p, labels=verdict.labels),
            "evidence": EvidenceRecord(),
            "joint": _section(views, joint),
        }
    )
    return record, path


def joint_falls(views: Sequence[RecordedView], joint: JointFall) -> list[Fall]:
    """Each camera's fall, as the joint path has it."""
    return [view.path.with_fit(joint.posterior.fit_of(view.path, view.number)) for view in views]


def alone(incident: Incident) -> Incident:
    """What the first camera of a joint record said by itself; other records as they are."""
    if incident.joint is None:
        return incident
    view = incident.joint.views[0]
    own = {name: getattr(view, name) for name in ("tier", "origin", "fit", "motion", "mass", "verdict")}
    return incident.model_copy(update={**own, "joint": None})


def _section(views: Sequence[RecordedView], joint: JointFall) -> JointRecord:
    first, posterior = views[0], joint.posterior
    clock, sd = posterior.clock_s(first.number)
    sections = []
    for view in views:
        own_clock, own_sd = posterior.clock_s(view.number)
        record = view.incident
        sections.append(
            JointView(
                device=record.device,
                id=record.id,
                tier=record.tier,
                started_at=record.started_at,
                media=record.media,
                track=record.track,
                origin=record.origin,
                fit=record.fit,
                motion=record.motion,
                mass=record.mass,
                verdict=record.verdict,
                evidence=record.evidence,
                clock_s=round(own_clock - clock, 4),
                clock_sd_s=round(float(np.hypot(own_sd, sd)) if view is not first else 0.0, 4),
                manifest_sha256=view.manifest_sha256,
            )
        )
    return JointRecord(
        views=tuple(sections),
        log_likelihood_ratio=round(joint.ratio, 2),
        angle_deg=round(joint.angle_deg, 1),
        path=_places(views, joint),
    )


def _places(views: Sequence[RecordedView], joint: JointFall) -> tuple[PlaceRecord, ...]:
    """Where it was from the first sighting by any camera to the last one, on the first view's media time."""
    clocks = [joint.posterior.clock_s(view.number)[0] for view in views]
    begin = min(view.path.start_s + clock for view, clock in zip(views, clocks, strict=True))
    end = max(view.path.end_s + clock for view, clock in zip(views, clocks, strict=True))
    times = np.linspace(begin, end, _PLACES)
    places = joint.posterior.states_at(times).positions_m
    to_media = views[0].path.ahead_s + clocks[0]
    middles, spreads = np.median(places, axis=0), np.std(places, axis=0)
    return tuple(
        PlaceRecord(t=round(float(t - to_media), 4), xyz_m=_metres(place), sd_m=_metres(sd))
        for t, place, sd in zip(times, middles, spreads, strict=True)
    )


def _metres(values: np.ndarray) -> tuple[float, float, float]:
    x, y, z = (round(float(value), 3) for value in values)
    return x, y, z
