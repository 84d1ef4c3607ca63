"""The height-time plot against a fall whose heights are known."""

from __future__ import annotations

import numpy as np
import pytest
from console.seen_bundle import CAMERA, PLAN, SIZE, record_of, the_fall

from edgecv.console.evidence.height_curves import heights_of
from edgecv.privacy import FacadeProjection

RECORD = record_of().model_dump(by_alias=True)
VIEW = FacadeProjection(CAMERA, PLAN)


def test_with_a_calibration_sightings_stand_at_their_true_heights() -> None:
    curves, fall = heights_of(RECORD, VIEW, SIZE[1]), the_fall()
    assert curves is not None and curves.above_ground
    times, heights = np.array(curves.seen).T
    assert times == pytest.approx(fall.times, abs=1e-3)
    # a hundredth of a pixel in the record is a few millimetres here
    assert np.abs(heights - fall.places_m[:, 1]).max() < 0.05
    flown = np.interp(fall.times, *np.array(curves.fall).T)
    assert np.abs(flown - fall.places_m[:, 1]).max() < 0.1


def test_a_fall_seen_late_is_carried_back_to_its_window() -> None:
    """The first half second was not seen: the curve begins at the launch all the same."""
    record = RECORD | {"track": RECORD["track"][12:]}
    curves = heights_of(record, VIEW, SIZE[1])
    assert curves is not None
    start_s, start_m = curves.fall[0]
    assert start_m == pytest.approx(16.5, abs=0.01)
    assert start_s == pytest.approx(the_fall().times[0], abs=0.03)


def test_a_launch_that_leads_elsewhere_is_not_shown_as_the_fall() -> None:
    record = RECORD | {"origin": RECORD["origin"] | {"x_m": 5.0}}
    curves = heights_of(record, VIEW, SIZE[1])
    assert curves is not None and not curves.above_ground


def test_what_sinks_and_drifts_stands_at_its_heights_before_the_facade() -> None:
    """Two metres a second down and one aside: no launch explains that without the wind."""
    t = np.arange(0.0, 4.0, 0.08)
    world = np.stack([1.0 + t, 16.0 - 2.0 * t, np.full(len(t), 0.7)], axis=1)
    track = [
        {"t": float(s), "x": float(x), "y": float(y), "w": 6.0, "h": 6.0}
        for s, (x, y) in zip(t, CAMERA.project(world), strict=True)
    ]
    record = RECORD | {"track": track, "fit": RECORD["fit"] | {"model": "sinking"}}
    curves = heights_of(record, VIEW, SIZE[1])
    assert curves is not None and curves.above_ground
    assert np.array(curves.seen)[:, 1] == pytest.approx(world[:, 1], abs=0.01)
    assert np.interp(t, *np.array(curves.fall).T) == pytest.approx(world[:, 1], abs=0.01)
    assert curves.vacuum[-1][1] < 0.0


def test_without_a_calibration_heights_are_roughly_right_and_said_to_be() -> None:
    curves, fall = heights_of(RECORD, None), the_fall()
    assert curves is not None and not curves.above_ground
    heights = np.array(curves.seen)[:, 1]
    true = fall.places_m[:, 1] - fall.places_m[-1, 1]
    assert heights[-1] == 0.0 and np.all(np.diff(heights[3:]) < 0)
    assert np.abs(heights - true).max() < 0.2 * true[0]
    vacuum, air = np.array(curves.vacuum)[:, 1], np.array(curves.fall)[:, 1]
    assert vacuum[-1] < air[-1], "without air it falls faster"


@pytest.mark.parametrize("track", [[], [{"t": 0, "x": 1, "y": 2, "w": 3, "h": 4}], [{"t": "x"}] * 5])
def test_what_cannot_be_plotted_is_left_out(track: list[dict[str, object]]) -> None:
    assert heights_of({"track": track}, None) is None
    assert heights_of({"track": track}, VIEW, SIZE[1]) is None


@pytest.mark.parametrize(
    "spoil",
    [
        {"t": 1e12},
        {"t": -1e300},
        {"t": 10**400},
        {"x": 1e300},
        {"w": 1e300},
    ],
)
@pytest.mark.parametrize("view", [None, VIEW])
def test_a_track_that_nothing_flies_is_not_flown(spoil: dict[str, float], view: FacadeProjection | None) -> None:
    """A track of 10^12 s would be integrated for years."""
    track = [*RECORD["track"][:-1], RECORD["track"][-1] | spoil]
    assert heights_of(RECORD | {"track": track}, view, SIZE[1]) is None


def test_a_track_of_more_sightings_than_a_camera_makes_is_not_flown() -> None:
    last = RECORD["track"][-1]
    track = [*RECORD["track"], *({**last, "t": last["t"] + 1e-4 * n} for n in range(10_000))]
    assert heights_of(RECORD | {"track": track}, None) is None


@pytest.mark.parametrize("velocity", [[1e300, 0.0, 0.0], [0.0], [10**400, 0, 0], "fast"])
def test_a_launch_that_is_none_is_not_flown(velocity: object) -> None:
    record = RECORD | {"motion": RECORD["motion"] | {"launch_velocity_mps": velocity}}
    curves = heights_of(record, VIEW, SIZE[1])
    assert curves is None or not curves.above_ground
