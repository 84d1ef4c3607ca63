"""Do two analyses of the same pictures agree? The record of an incident against what its clip gives when replayed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgecv.incidents.record import Incident
from edgecv.incidents.summary_text import percent
from edgecv.messages import replay

_SAME_PLACE_PX = 1.0  # the replay learns its background from fewer pictures: centres move by tenths of a pixel
_SAME_PATH_PX = 0.25  # replays of simulated falls came within 0.01 px, of a shaking camera within 0.2 to 0.7
_SAME_PATH = 0.9
_NEAR_PX = 5.0  # nearer than this two tracks are of one object; what falls beside it is farther away
_MATCHED_SHARE = 0.5  # of the record's sightings: the weakest ones come and go with the learned background
_IMPOSSIBLE = 0.05  # a floor or mass that the clip makes less likely than this was not read from it
_SAME_TIME = 0.25  # of the time between two sightings

_Track = NDArray[np.float64]
"""``(n, 3) float64``: seconds, x and y in pixels."""


@dataclass(frozen=True, slots=True)
class Match:
    """The replayed incident that is most likely the recorded one.

    Attributes:
        replayed: its record, in the clip's own time.
        clip_start_s: what to add to the clip's time to get the record's.
        matched: how many of the record's sightings the replay has at the same time.
        median_px: how far apart the two are at those times; the median, in pixels.
        near: how many of them are nearer than a few pixels.
    """

    replayed: Incident
    clip_start_s: float
    matched: int
    median_px: float
    near: int

    def is_same_path_as(self, record: Incident) -> bool:
        """Whether floor and mass have to come out the same, for they come from the same sightings."""
        sightings = max(len(record.track), len(self.replayed.track))
        return self.median_px <= _SAME_PATH_PX and self.matched >= _SAME_PATH * sightings


def best_match(record: Incident, replayed: Sequence[Incident], clip_start_s: float | None) -> Match | None:
    """The replayed incident whose track lies nearest to the record's; None where none overlaps it in time.

    Args:
        record: the incident as it was recorded.
        replayed: what the clip gave, in the clip's time.
        clip_start_s: media time of the clip's first picture; None where nobody wrote it down: the tracks tell it then.
    """
    track = _track(record)
    matches = [
        match
        for other in replayed
        for start_s in ([clip_start_s] if clip_start_s is not None else _possible_starts(track, _track(other)))
        if (match := _match(track, other, start_s)) is not None
    ]
    return max(matches, key=lambda m: (m.near, m.matched, -m.median_px), default=None)


def disagreements(record: Incident, match: Match, *, same_setup: bool) -> list[str]:
    """What the replay says otherwise, in plain words.

    Args:
        record: the incident as it was recorded.
        match: its counterpart of the replay.
        same_setup: whether the replay had the record's calibration; where not, it knows no floor and another mass.
    """
    problems: list[str] = []
    if match.matched < _MATCHED_SHARE * len(record.track):
        problems.append(replay.SEEN_LESS(seen=match.matched, count=len(record.track)))
    if match.median_px > _SAME_PLACE_PX:
        problems.append(replay.OTHER_TRACK(distance=match.median_px))
    if same_setup:
        problems += [*_floor_difference(record, match.replayed), *_mass_difference(record, match.replayed)]
    return problems


def contradictions(record: Incident, seen: int, reanalysed: Incident | None, *, same_setup: bool) -> list[str]:
    """What a second look at the clip, led by the record's track, rules out; in plain words.

    Args:
        record: the incident as it was recorded.
        seen: at how many of its sightings the clip shows something.
        reanalysed: what physics makes of these; None where that is no fall.
        same_setup: as for :func:`disagreements`.
    """
    if seen < _MATCHED_SHARE * len(record.track):
        return [replay.MOVING_LESS(seen=seen, count=len(record.track))]
    if not same_setup:
        return []
    if reanalysed is None:
        return [replay.NO_FALL()]
    problems = []
    floor, mass = record.origin.floor, record.mass.class_
    if floor is not None and _probability(reanalysed, floor) < _IMPOSSIBLE:
        problems += _floor_difference(record, reanalysed)
    if reanalysed.mass.p.get(mass, 1.0) < _IMPOSSIBLE:
        problems += _mass_difference(record, reanalysed)
    return problems


def _probability(incident: Incident, floor: int) -> float:
    return sum(c.p for c in incident.origin.candidates if c.floor == floor)


def _floor_difference(record: Incident, replayed: Incident) -> list[str]:
    recorded, seen = record.origin.floor, replayed.origin.floor
    if recorded == seen:
        return []
    if recorded is None:
        assert seen is not None, "the two floors differ"
        return [replay.FLOOR_NOT_RECORDED(floor=seen)]
    # an auditor can weigh a floor that was nearly even
    p = percent(_probability(replayed, recorded))
    if seen is None:
        return [replay.NO_FLOOR(floor=recorded, p=p)]
    return [replay.OTHER_FLOOR(other=seen, floor=recorded, p=p)]


def _mass_difference(record: Incident, replayed: Incident) -> list[str]:
    if record.mass.class_ == replayed.mass.class_:
        return []
    return [replay.OTHER_MASS(mass=replayed.mass.class_, other=record.mass.class_)]


def _match(track: _Track, replayed: Incident, start_s: float) -> Match | None:
    replayed_track = _track(replayed) + np.array([start_s, 0.0, 0.0])
    nearest = np.abs(replayed_track[:, 0][None, :] - track[:, 0][:, None]).argmin(axis=1)
    simultaneous = np.abs(replayed_track[nearest, 0] - track[:, 0]) <= _same_time_s(track)
    if not simultaneous.any():
        return None
    distances_px = np.hypot(*(replayed_track[nearest, 1:] - track[:, 1:])[simultaneous].T)
    return Match(
        replayed,
        start_s,
        int(simultaneous.sum()),
        float(np.median(distances_px)),
        int((distances_px <= _NEAR_PX).sum()),
    )


def _possible_starts(track: _Track, replayed_track: _Track) -> list[float]:
    """Each sighting of the replay may be the record's middle one."""
    return [float(track[len(track) // 2, 0] - t) for t in replayed_track[:, 0]]


def _same_time_s(track: _Track) -> float:
    steps = np.diff(track[:, 0])
    return _SAME_TIME * float(np.median(steps)) if len(steps) else 0.01


def _track(incident: Incident) -> _Track:
    return np.array([[p.t, p.x, p.y] for p in incident.track], np.float64).reshape(-1, 3)
