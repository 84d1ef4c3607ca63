"""Edge directions and registration are right to a tenth of a thumbnail pixel, whatever the light."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from visibility.facades import Picture, Sensor, facade, moved, street

from edgecv.errors import InputError
from edgecv.visibility import Reference
from edgecv.visibility.sharpness import clarity, noise_between, sample_rows
from edgecv.visibility.thumbnail import (
    Shift,
    block_agreement,
    edges,
    register,
    spectrum,
    thumbnail,
    thumbnail_size,
    window,
)

WALL = facade()
REFERENCE = Reference.of(np.round(WALL).astype(np.uint8))


def _register(picture: Picture) -> Shift:
    field, _ = edges(thumbnail(Sensor(picture.shape).read(picture)))
    return register(spectrum(field, window(field.shape)), REFERENCE.spectrum)


@settings(max_examples=20, deadline=None)
@given(dx=st.floats(-60.0, 60.0), dy=st.floats(-25.0, 25.0), gain=st.floats(0.4, 1.3), offset=st.floats(-20.0, 20.0))
def test_any_shift_is_found_in_any_light(dx: float, dy: float, gain: float, offset: float) -> None:
    found = _register(moved(WALL, dx, dy) * np.float32(gain) + np.float32(offset))
    across, down = thumbnail_size((WALL.shape[1], WALL.shape[0]))
    expected = (dx * across / WALL.shape[1], dy * down / WALL.shape[0])
    assert (found.x, found.y) == pytest.approx(expected, abs=0.2)


def test_windows_lit_from_inside_do_not_move_the_picture() -> None:
    night = 255.0 - WALL  # every edge is bright where it was dark
    found = _register(moved(night, 15.0, -11.0) * 0.5)
    assert (found.x, found.y) == pytest.approx((4.0, -2.91), abs=0.2)


def test_another_scene_does_not_register() -> None:
    assert _register(street()).peak < 0.12


def test_noise_agrees_with_nothing() -> None:
    noise = np.random.default_rng(2).normal(30.0, 6.0, WALL.shape).astype(np.float32)
    field, _ = edges(thumbnail(Sensor(WALL.shape).read(noise)))
    assert float(np.abs(block_agreement(field, REFERENCE.field)).mean()) < 0.15


@pytest.mark.parametrize("size", [(1920, 1080), (368, 640), (320, 240), (3840, 2160), (64, 48)])
def test_a_thumbnail_keeps_the_picture_s_shape(size: tuple[int, int]) -> None:
    width, height = thumbnail_size(size)
    assert max(width, height) == 256
    assert width / height == pytest.approx(size[0] / size[1], rel=0.06)
    assert thumbnail(np.zeros((size[1], size[0]), np.uint8)).shape == (height, width)


def test_noise_is_measured_beside_things_that_move() -> None:
    sensor = Sensor(WALL.shape, 3.0)
    first, second = sensor.read(WALL), sensor.read(WALL)
    second[100:200, 100:300] = 255
    assert noise_between(sample_rows(first), sample_rows(second)) == pytest.approx(3.0, rel=0.15)


@pytest.mark.parametrize("noise_sd", [0.5, 3.0])
def test_the_blur_of_a_picture_is_told_in_pixels(noise_sd: float) -> None:
    for sd_px in (2.0, 4.0):
        soft = Sensor(WALL.shape, noise_sd).read(np.asarray(cv2.GaussianBlur(WALL, (0, 0), sd_px), np.float32))
        assert clarity(sample_rows(soft), noise_sd).blur_px == pytest.approx(sd_px, rel=0.3)
    sharp = Sensor(WALL.shape, noise_sd).read(WALL)
    assert clarity(sample_rows(sharp), noise_sd).blur_px < 0.8


def test_a_burned_in_clock_does_not_pass_for_a_sharp_picture() -> None:
    soft = np.clip(cv2.GaussianBlur(WALL, (0, 0), 6.0), 0.0, 255.0).astype(np.uint8)
    plain = clarity(sample_rows(soft), 0.5).sharpness
    cv2.putText(soft, "2024-05-01 12:34:56", (20, 40), cv2.FONT_HERSHEY_SIMPLEX, 1.2, (255,), 3)
    assert clarity(sample_rows(soft), 0.5).sharpness == pytest.approx(plain, rel=0.25)


def test_a_reference_comes_back_from_its_file_as_it_was() -> None:
    back = Reference.from_npz(REFERENCE.to_npz())
    assert back.size_px == REFERENCE.size_px
    assert np.array_equal(back.picture, REFERENCE.picture)
    assert np.allclose(back.field, REFERENCE.field, atol=0.01)
    assert back.sharpness == pytest.approx(REFERENCE.sharpness)
    assert len(REFERENCE.to_npz()) < 150_000


@settings(max_examples=40, deadline=None)
@given(at=st.integers(0, 60_000), byte=st.integers(0, 255), cut=st.booleans())
def test_a_damaged_reference_is_refused_in_one_line_or_read_as_a_reference(at: int, byte: int, cut: bool) -> None:
    content = bytearray(REFERENCE.to_npz())
    at %= len(content)
    if cut:
        del content[at:]
    else:
        content[at] = byte
    try:
        assert Reference.from_npz(bytes(content)).picture.shape == REFERENCE.picture.shape
    except InputError as error:
        assert "\n" not in str(error)
