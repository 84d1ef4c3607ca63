"""A codec's dead zone takes light from faint things; how much is taken into account, and what is in doubt is said."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from known_light import SIZE, Scene, diameters

from edgecv.photometry import CropCollector, Photometry, PhotometrySettings
from edgecv.photometry.codec_loss import lost_m2, noise_correlation, possible_losses
from edgecv.photometry.crops import Crop
from edgecv.photometry.flux import Fluxes

FAINT = Scene(diameter_px=2.2, light=0.2, noise=0.8, dead_zone=12.0)
LOSS = 0.1


def test_a_faint_thing_is_not_taken_for_a_smaller_one() -> None:
    low, middle, high = diameters(FAINT.measured(box=0.8))
    assert middle == pytest.approx(FAINT.diameter_m, rel=0.1)
    assert low < FAINT.diameter_m < high


def test_a_coded_thing_is_known_less_well_than_one_as_it_was_taken() -> None:
    taken = replace(FAINT, dead_zone=0.0)
    assert _width(FAINT.measured()) > _width(taken.measured())


def test_white_noise_tells_pictures_that_no_codec_touched() -> None:
    noisy = replace(FAINT, noise=5.0)  # so that some of it gets through
    taken, coded = (noise_correlation(_crops(scene)) for scene in (replace(noisy, dead_zone=0.0), noisy))
    assert taken is not None and abs(taken) < 0.02
    assert coded is not None and coded > 0.03


def test_without_noise_nobody_knows_whether_a_codec_was_there() -> None:
    losses = possible_losses(_crops(replace(FAINT, noise=0.0, dead_zone=0.0)), ((0.1, 0.6), (0.3, 0.4)))
    assert losses == [(0.1, 0.6), (0.3, 0.4)]


@pytest.mark.parametrize("gamma", [1.0, 2.2])
@pytest.mark.parametrize("sign", [-1.0, 1.0])
def test_of_a_small_sum_nearly_all_is_lost_and_of_large_ones_the_same_amount(gamma: float, sign: float) -> None:
    data = _places(np.full(4, 0.4))
    flux = sign * np.array([0.0, 1e-3, 10.0, 20.0])
    lost = lost_m2(flux, data, gamma, LOSS)
    assert lost[0] == 0.0
    assert lost[1] == pytest.approx(flux[1], rel=0.05)
    # twice the sum, an eighth more at most: the tone curve is steeper in the dark
    assert abs(lost[3]) == pytest.approx(abs(lost[2]), rel=0.3)
    assert np.all(np.abs(lost) <= np.abs(flux))


def test_a_codec_that_takes_nothing_changes_nothing() -> None:
    assert not lost_m2(np.array([-1.0, 0.0, 2.0]), _places(np.full(3, 0.4)), 2.2, 0.0).any()


def _places(background: np.ndarray[tuple[int], np.dtype[np.float64]]) -> Fluxes:
    """Places of 1 px² a square metre, light spread over 50 px, 8 px from one picture to the next."""
    count = len(background)
    none = np.zeros(count)
    cut = np.zeros(count, bool)
    return Fluxes(
        np.arange(count), none, none, none + 1.0, background, none, cut, cut, none, none + 1.0,
        none + 1.0, none + 50.0, none + 8.0,
    )  # fmt: skip


def _crops(scene: Scene) -> list[Crop]:
    collector = CropCollector(scene.stations(), SIZE, PhotometrySettings(), scene.levels)
    for t_s, luma in scene.pictures():
        collector.add(t_s, luma)
    return collector.crops


def _width(measured: Photometry) -> float:
    low, _, high = diameters(measured)
    return float(np.log(high / low))
