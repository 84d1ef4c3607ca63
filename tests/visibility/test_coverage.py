"""Every second of a recording is judged or lost to one cause, and the two add up to the whole."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgecv.capture import Frame
from edgecv.detection import Detector
from edgecv.detection.detector import DetectedFrame
from edgecv.visibility.coverage import IMPAIRMENTS, LOSSES, Coverage, CoverageMeter, Loss, masked_share

SIZE = (160, 120)
RNG = np.random.default_rng(5)
STILL = RNG.integers(40, 200, (SIZE[1], SIZE[0]), np.uint8)


def _frame(t_s: float, **changes: object) -> DetectedFrame:
    return replace(DetectedFrame(round(t_s * 25), t_s, ()), **changes)  # type: ignore[arg-type]


def _coverage(frames: list[DetectedFrame], declared_s: float | None = None) -> Coverage:
    meter = CoverageMeter(SIZE)
    for frame in frames:
        meter.look(STILL, frame)
    return meter.coverage(declared_s)


def test_a_camera_that_moves_in_most_frames_judges_the_few_others() -> None:
    coverage = _coverage([_frame(n / 25, blind=None if n < 5 else "shake") for n in range(87)])
    assert coverage.losses == (Loss("shake", pytest.approx(82 / 25), 82),)  # type: ignore[arg-type]
    assert (coverage.judged_frames, coverage.frames) == (5, 87)
    assert coverage.share == pytest.approx(4 / 86)


def test_what_is_learnt_again_after_a_bump_is_lost_to_the_bump() -> None:
    causes = ["learning"] * 12 + [None] * 50 + ["shake"] + ["learning"] * 11 + [None] * 50
    coverage = _coverage([_frame(n / 25, blind=cause) for n, cause in enumerate(causes)])
    assert {loss.cause: loss.frames for loss in coverage.losses} == {"learning": 12, "shake": 12}


def test_missing_pictures_are_a_gap_and_a_picture_shown_again_and_again_is_frozen() -> None:
    times = [n / 25 for n in range(50)] + [12.0 + n / 25 for n in range(50)]
    gap = _coverage([_frame(t) for t in times])
    assert [(loss.cause, loss.seconds) for loss in gap.losses] == [("gap", pytest.approx(12.0 - 49 / 25))]
    frozen = _coverage([_frame(n / 25, repeated=50 <= n < 150) for n in range(200)])
    assert [(loss.cause, loss.frames) for loss in frozen.losses] == [("frozen", 100)]
    assert _coverage([_frame(n / 25, repeated=n >= 50) for n in range(200)]).losses[0].cause == "frozen"


def test_every_third_frame_repeated_loses_nothing() -> None:
    coverage = _coverage([_frame(n / 25, repeated=n % 3 == 2) for n in range(200)])
    assert coverage.losses == () and coverage.share == 1.0 and coverage.judged_frames == 200


def test_what_the_file_promises_and_does_not_hold_is_not_read() -> None:
    coverage = _coverage([_frame(n / 25) for n in range(251)], declared_s=40.0)
    assert coverage.share == pytest.approx(0.25)
    assert coverage.losses == (Loss("not_read", 30.0, 0),)


CAUSES = st.sampled_from([None, None, None, "learning", "shake", "light"])
STEPS = st.tuples(st.sampled_from([0.02, 0.04, 0.2, 0.7, 5.0]), CAUSES, st.booleans())


@given(st.lists(STEPS, max_size=80))
def test_judged_and_lost_seconds_add_up_to_the_whole(steps: list[tuple[float, str | None, bool]]) -> None:
    t_s, frames = 0.0, [_frame(0.0, blind="learning")]
    for step_s, cause, repeated in steps:
        t_s += step_s
        frames.append(_frame(t_s, blind=None if repeated else cause, repeated=repeated))
    coverage = _coverage(frames)
    assert coverage.judged_s + sum(loss.seconds for loss in coverage.losses) == pytest.approx(t_s, abs=0.01)
    assert 0.0 <= coverage.share <= 1.0 and 0 <= coverage.judged_frames <= len(frames) == coverage.frames
    assert {loss.cause for loss in coverage.losses} <= set(LOSSES)
    assert {loss.cause for loss in coverage.impaired} <= set(IMPAIRMENTS)


def test_several_recordings_add_up() -> None:
    one = Coverage(10.0, 8.0, 250, 200, (Loss("shake", 2.0, 50),), (), 0.2)
    two = Coverage(30.0, 29.0, 750, 730, (Loss("light", 0.5, 10), Loss("shake", 0.5, 10)), (Loss("rain", 4.0, 9),))
    whole = Coverage.of_all([one, two])
    assert whole == Coverage(
        40.0, 37.0, 1000, 930, (Loss("shake", 2.5, 60), Loss("light", 0.5, 10)), (Loss("rain", 4.0, 9),), 0.05
    )
    assert Coverage.of_all([]).share == 0.0


def test_masks_count_by_the_area_that_they_cover() -> None:
    left = [(0.0, 0.0), (80.0, 0.0), (80.0, 120.0), (0.0, 120.0)]
    assert masked_share([left], SIZE) == pytest.approx(0.5, abs=0.01)
    assert masked_share([left, left], SIZE) == pytest.approx(0.5, abs=0.01)
    assert masked_share([], SIZE) == 0.0


def test_a_picture_that_pans_is_lost_to_the_camera_that_moved() -> None:
    wide = np.repeat(np.repeat(RNG.integers(20, 220, (60, 700), np.uint8), 8, axis=0), 8, axis=1)
    detector, meter = Detector(), CoverageMeter((640, 480))
    for n in range(60):
        luma = np.ascontiguousarray(wide[:, 40 * n : 40 * n + 640])
        meter.look(luma, detector.detect(Frame(n, n / 25, luma)))
    coverage = meter.coverage()
    assert coverage.losses[0].cause in ("shake", "light") and coverage.judged_frames == 0
