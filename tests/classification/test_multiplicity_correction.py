"""Much that goes down in the picture makes one of them look like a throw: the evidence must be better by the log."""

from __future__ import annotations

import numpy as np
import pytest

from edgecv.classification import ClassificationSettings, MultiplicityCorrection

SETTINGS = ClassificationSettings()


def _last(hz: float, seconds: float = 60.0, settings: ClassificationSettings = SETTINGS) -> float:
    correction = MultiplicityCorrection(settings)
    return [correction.penalty(float(t)) for t in np.arange(0.0, seconds, 1.0 / hz)][-1]


@pytest.mark.parametrize("times", [2.0, 5.0, 20.0])
def test_n_times_as_many_paths_ask_for_a_ratio_n_times_as_high(times: float) -> None:
    assert _last(times * SETTINGS.usual_path_rate_hz) == pytest.approx(np.log(times), abs=0.05)


def test_a_usual_scene_costs_nothing() -> None:
    assert _last(0.9 * SETTINGS.usual_path_rate_hz) == 0.0


def test_ten_objects_thrown_at_once_are_no_snowfall() -> None:
    correction = MultiplicityCorrection(SETTINGS)
    assert [correction.penalty(100.0 + 0.05 * n) for n in range(10)] == [0.0] * 10


def test_it_is_forgotten_when_the_snow_stops() -> None:
    correction = MultiplicityCorrection(SETTINGS)
    for t in np.arange(0.0, 60.0, 0.1):
        correction.penalty(float(t))
    assert correction.penalty(60.0) > 2.0
    assert correction.penalty(60.0 + SETTINGS.path_rate_window_s) == 0.0
