"""The area of a thing of a few pixels follows from the light it adds before dark windows and a bright wall."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from known_light import SIZE, Scene, diameters

from edgecv.photometry import CropCollector, Photometry, PhotometrySettings, Stations, measure
from edgecv.photometry.stations import instants

DARK = Scene()
PALE = Scene(light=0.75)


@pytest.mark.parametrize("diameter_px", [2.0, 3.0, 6.0])
@pytest.mark.parametrize("light", [0.08, 0.25, 0.8])
def test_a_diameter_is_known_to_a_tenth_though_the_box_is_off_by_a_third(diameter_px: float, light: float) -> None:
    scene = Scene(diameter_px=diameter_px, light=light)
    low, middle, high = diameters(scene.measured(box=0.7))
    assert middle == pytest.approx(scene.diameter_m, rel=0.1)
    assert 0.96 * low < scene.diameter_m < 1.04 * high  # of nine 90 % intervals one may miss, narrowly


@pytest.mark.parametrize("scene", [DARK, PALE])
def test_blur_takes_nothing_from_the_light(scene: Scene) -> None:
    sharp, soft = (diameters(replace(scene, blur_px=blur).measured())[1] for blur in (0.4, 1.2))
    assert soft == pytest.approx(sharp, rel=0.08)


@pytest.mark.parametrize("exposure", [0.1, 0.5, 0.9])
def test_a_streak_is_summed_whole(exposure: float) -> None:
    # at the end it goes 14 px from one picture to the next
    assert diameters(replace(DARK, exposure=exposure).measured())[1] == pytest.approx(DARK.diameter_m, rel=0.1)


@pytest.mark.parametrize("scene", [DARK, PALE])
def test_coarse_blocks_of_a_codec_change_little(scene: Scene) -> None:
    coded = replace(scene, codec_step=6.0, diameter_px=4.0)
    low, middle, high = diameters(coded.measured())
    assert middle == pytest.approx(coded.diameter_m, rel=0.12)
    assert low < coded.diameter_m < high


def test_a_camera_without_a_tone_curve_is_told_by_what_a_pale_thing_adds() -> None:
    plain = replace(PALE, gamma=1.0, wall=(0.1, 0.6))
    measured = plain.measured()
    assert diameters(measured)[1] == pytest.approx(plain.diameter_m, rel=0.1)
    assert measured.gamma == 1.0


@pytest.mark.parametrize("light", [0.05, 0.4, 0.9])
def test_black_and_white_of_broadcasting_change_nothing(light: float) -> None:
    full, limited = (Scene(diameter_px=4.0, light=light, levels=levels) for levels in ((0, 255), (16, 235)))
    assert diameters(limited.measured())[1] == pytest.approx(diameters(full.measured())[1], rel=0.05)
    assert limited.measured().posterior.luma_at(0.5) == pytest.approx(full.measured().posterior.luma_at(0.5), abs=0.05)


@pytest.mark.parametrize("levels", [(0, 255), (16, 235)])
def test_what_is_brighter_than_white_is_not_taken_for_larger(levels: tuple[int, int]) -> None:
    sunlit = Scene(diameter_px=2.0, light=2.0, levels=levels)
    measured = sunlit.measured(box=0.8)
    assert measured.data.is_saturated.sum() > 5
    low, middle, high = diameters(measured)
    assert middle == pytest.approx(sunlit.diameter_m, rel=0.15)
    assert low < sunlit.diameter_m < high
    assert measured.posterior.luma_at(0.95) <= 1.0


def test_pictures_in_which_it_is_not_say_nothing() -> None:
    settings, stations = PhotometrySettings(), DARK.stations()
    collector = CropCollector(stations, SIZE, settings)
    for t_s, luma in replace(DARK, hidden=(0, 99)).pictures():
        collector.add(t_s, luma)
    assert measure(collector.crops, stations, settings) is None


@pytest.mark.parametrize(("places", "box_m"), [(5000, 0.1), (100, 1.5), (20, 4.0)])
def test_neither_long_paths_nor_large_things_cost_more_than_some_places(places: int, box_m: float) -> None:
    settings, t = PhotometrySettings(), np.arange(places) / 25.0
    seen = instants(t, 1.0 / 25.0, settings)
    centre = np.stack([np.full(len(seen), 960.0), np.linspace(200.0, 880.0, len(seen))], axis=1)
    still = np.zeros((len(seen), 2))
    stations = Stations(seen, centre, still, np.full(len(seen), 30.0), 1.0 / 25.0, box_m, 0.1)
    crops = CropCollector(stations, (1920, 1080), settings).crops
    pixels = sum(crop.aperture.shape[0] * crop.aperture.shape[1] for crop in crops)
    assert 15 <= len(crops) <= settings.most_stations
    assert pixels <= settings.most_pixels or len(crops) < 2 * settings.enough_stations


def test_at_120_pictures_a_second_no_picture_is_left_out() -> None:
    faster, settings, usual = 4.8, PhotometrySettings(), DARK.stations()
    stations = replace(
        usual,
        t_s=usual.t_s / faster,
        velocity_px_s=usual.velocity_px_s * faster,
        interval_s=usual.interval_s / faster,
    )
    collector = CropCollector(stations, SIZE, settings)
    for t_s, luma in DARK.pictures():
        collector.add(round(t_s / faster, 3), luma)  # as containers keep times
    assert all(crop.picture is not None for crop in collector.crops)


@pytest.mark.parametrize("beside_px", [7.0, 9.0])
def test_another_thing_that_falls_beside_it_is_left_out(beside_px: float) -> None:
    scene = replace(DARK, diameter_px=4.0, beside_px=beside_px)
    low, middle, high = diameters(scene.measured(box=0.8))
    assert middle == pytest.approx(scene.diameter_m, rel=0.12)
    assert low < scene.diameter_m < high


def test_pictures_in_which_it_is_hidden_are_left_out() -> None:
    scene = replace(DARK, diameter_px=4.0, hidden=(20, 26))
    assert diameters(scene.measured())[1] == pytest.approx(scene.diameter_m, rel=0.1)


def test_glints_beyond_white_are_left_out() -> None:
    scene = replace(DARK, diameter_px=4.0, glints=2)
    assert diameters(scene.measured())[1] == pytest.approx(scene.diameter_m, rel=0.15)


def test_what_tumbles_holds_the_line_less_well_and_is_known_less_well() -> None:
    steady, tumbling = (replace(DARK, diameter_px=5.0, turning=turning).measured() for turning in (0.0, 0.6))
    assert steady.line is not None and tumbling.line is not None
    assert tumbling.line.tumbling > steady.line.tumbling
    assert _width(tumbling) > _width(steady)


def test_before_an_even_wall_the_error_says_that_only_a_product_is_known() -> None:
    even = replace(DARK, wall=(0.5, 0.5), light=0.3)
    measured = even.measured(box=0.7)
    low, _, high = diameters(measured)
    assert _width(measured) > 2.0 * _width(DARK.measured())
    assert low < even.diameter_m < high


def test_what_darkens_a_wall_is_at_least_as_large_as_the_light_it_hides() -> None:
    black = replace(DARK, wall=(0.5, 0.5), light=0.0, diameter_px=4.0)
    low, _, _ = diameters(black.measured(box=0.4))
    assert low > 0.75 * black.diameter_m


def test_brightness_is_measured_beside_the_area() -> None:
    posterior = PALE.measured().posterior
    assert posterior.luma_at(0.5) == pytest.approx(0.75 ** (1 / 2.2), abs=0.08)


def test_a_fall_cut_short_still_gives_a_bound() -> None:
    short = replace(DARK, frames=24)
    low, _, high = diameters(short.measured(box=0.8))
    assert low < short.diameter_m < high


def test_the_same_pictures_give_the_same_numbers() -> None:
    first, second = (DARK.measured().posterior.p for _ in range(2))
    assert np.array_equal(first, second)


def _width(measured: Photometry) -> float:
    low, _, high = diameters(measured)
    return float(np.log(high / low))
