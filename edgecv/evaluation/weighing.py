"""How heavy and how large against the truth: one event's figures, with the pictures looked at once more."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from edgecv.capture import VideoFile
from edgecv.evaluation.truth import TruthEvent
from edgecv.photometry import CropCollector, Photometry, PhotometrySettings, light_draws, measure, stations_of
from edgecv.trajectory import Fall, Launches
from edgecv.trajectory.drag import drag_from_terminal, fall_positions
from edgecv.trajectory.impact import HEAD_M
from edgecv.trajectory.mass import path_draws, weigh
from edgecv.trajectory.model import fly
from edgecv.trajectory.object_prior import SOMETHING_ELSE
from edgecv.trajectory.quantiles import Quantiles
from edgecv.trajectory.release_type import release_of

KINDS = {
    "stone": "stone or piece of masonry",
    "full bottle": "full bottle or can",
    "empty bottle": "empty bottle, can or cup",
    "kitchen bag": "bag of rubbish",
    "cigarette": "cigarette end",
    "clothes": "clothing",
    "tissue": "paper",
    "leaflet": "paper",
    "newspaper": "paper",
    "thin bag": "plastic bag",
    "apple": "fruit",
    "bottle": "full bottle or can",
    "can": "full bottle or can",
    "paper_ball": "paper",
    "bag_full": "bag of rubbish",
    "thin_bag": "plastic bag",
    "sheet": "paper",
    **{name: name for name in ("brick", "egg", "fruit", "battery", "paper", "plastic bag", "shoe")},
}
"""What a record calls the things that scenes have."""
_FIRST = 2
_STEP_S, _LONGEST_S = 0.02, 40.0


@dataclass(frozen=True, slots=True)
class Weighed:
    """One event's size and weight; None where the truth does not say.

    Attributes:
        size_px: true diameter.
        sightings: of the finding.
        background_sd: how much the background varied along the path, 0 to 1; None where pictures said nothing.
        log_diameter: ``ln(estimated / true)``.
        log_box_diameter: the same of the boxes alone.
        diameter_covered: its 90 % interval holds the truth; likewise below.
        log_kg: of the mass.
        log_box_kg: of the mass by the boxes alone.
        kg_covered: of the mass.
        terminal_covered: of the terminal velocity.
        energy_covered: of the kinetic energy at a person's head.
        launch_covered: of the speed at the launch.
        height_covered: of the height of the launch.
        luma_error: estimated less true brightness, 0 to 1.
        is_named: its kind is among the first two.
    """

    size_px: float
    sightings: int
    background_sd: float | None
    log_diameter: float
    log_box_diameter: float
    diameter_covered: bool
    log_kg: float | None = None
    log_box_kg: float | None = None
    kg_covered: bool | None = None
    terminal_covered: bool | None = None
    energy_covered: bool | None = None
    launch_covered: bool | None = None
    height_covered: bool | None = None
    luma_error: float | None = None
    is_named: bool | None = None


def photometries(video: Path, falls: Sequence[Fall]) -> list[Photometry | None]:
    """Decode a video once more and measure the light of falls in it.

    Raises:
        InputError: the video cannot be read.
    """
    if not falls:
        return []
    settings = PhotometrySettings()
    collectors = []
    with VideoFile(video) as source:
        levels = source.levels
        for fall in falls:
            stations = stations_of(fall, settings)
            collectors.append((stations, CropCollector(stations, fall.track.picture_size_px, settings, levels)))
        end_s = max(float(stations.t_s[-1]) for stations, _ in collectors) + settings.background_s
        for frame in source:
            if frame.t_s > end_s:
                break
            for stations, collector in collectors:
                if -settings.background_s <= frame.t_s - stations.t_s[0]:
                    collector.add(frame.t_s, frame.luma)
    return [measure(collector.crops, stations, settings) for stations, collector in collectors]


def compare(
    fall: Fall, launches: Launches | None, photometry: Photometry | None, event: TruthEvent, ground_m: float
) -> Weighed:
    """Compare size and weight of one finding with its event."""
    path = path_draws(fall, launches, ground_m)
    box = weigh(path)
    best = box if photometry is None else weigh(path, light_draws(photometry, len(path.log_terminal)))
    true_m = true_diameter_m(fall, event)
    mps, kg, named = event.terminal_velocity_mps, event.mass_kg, KINDS.get(event.name)
    likeliest = [name for name, _ in best.things if name != SOMETHING_ELSE][:_FIRST]
    energy_j = true_energy_j(event, ground_m)
    return Weighed(
        size_px=event.size_px,
        sightings=len(fall.path.points),
        background_sd=None if photometry is None else photometry.background_sd,
        log_diameter=math.log(best.diameter_m.median / true_m),
        log_box_diameter=math.log(box.diameter_m.median / true_m),
        diameter_covered=_holds(best.diameter_m, true_m),
        log_kg=None if kg is None else math.log(best.kg.median / kg),
        log_box_kg=None if kg is None else math.log(box.kg.median / kg),
        kg_covered=None if kg is None else _holds(best.kg, kg),
        terminal_covered=None if mps is None else _holds(best.terminal_velocity, mps),
        energy_covered=None if energy_j is None else _holds(best.impact_energy_j, energy_j),
        launch_covered=_launch_covered(launches, event),
        height_covered=_height_covered(launches, event),
        luma_error=None if photometry is None or event.luma is None else photometry.posterior.luma_at(0.5) - event.luma,
        is_named=None if named is None else named in likeliest,
    )


def true_diameter_m(fall: Fall, event: TruthEvent) -> float:
    """The true diameter; where the truth has pixels only, where the fit has it: they say nothing of the distance."""
    if event.diameter_m is not None:
        return event.diameter_m
    times = event.path.t_s
    within = (times >= fall.path.t_s[0]) & (times <= fall.path.t_s[-1])
    times = times[within] if within.any() else times
    depth = fly(fall.fit.view, fall.fit.parameters[None], times - fall.fit.start_s).positions_m[0, :, 2]
    return event.size_px * float(np.median(depth)) / fall.fit.view.focal_px


def true_energy_j(event: TruthEvent, ground_m: float) -> float | None:
    """Kinetic energy at a person's head, in still air; None where the truth does not say enough."""
    if event.release_m is None or event.launch_mps is None or not event.mass_kg or not event.terminal_velocity_mps:
        return None
    times = np.arange(0.0, _LONGEST_S, _STEP_S)
    drag = drag_from_terminal(np.array([event.terminal_velocity_mps]))
    start, velocity = np.array([event.release_m]), np.array([event.launch_mps])
    states = fall_positions(start, velocity, drag, times, np.array([[0.0, -1.0, 0.0]]), np.zeros((1, 3)))
    target = ground_m + (HEAD_M if event.release_m[1] > ground_m + HEAD_M else 0.0)
    below = states.positions_m[0, :, 1] <= target
    arrived = int(np.argmax(below)) if below.any() else len(times) - 1
    return 0.5 * event.mass_kg * float(np.square(states.velocities_mps[0, arrived]).sum())


def _launch_covered(launches: Launches | None, event: TruthEvent) -> bool | None:
    if launches is None or event.launch_mps is None:
        return None
    return _holds(release_of(launches).speed, float(np.linalg.norm(event.launch_mps)))


def _height_covered(launches: Launches | None, event: TruthEvent) -> bool | None:
    if launches is None or event.release_m is None:
        return None
    return _holds(Quantiles.of(launches.position_m[:, 1]), event.release_m[1])


def _holds(interval: Quantiles, truth: float) -> bool:
    return interval.low <= truth <= interval.high
