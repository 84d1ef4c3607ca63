"""The camera's motion and the picture's brightness, on walls whose every shift is known exactly."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from edgecv.detection.difference_history import DifferenceHistory
from edgecv.detection.planes import UNIT, Planes, Registration, Thresholds
from edgecv.detection.reference import ReferenceKernel
from edgecv.detection.settings import DetectionSettings
from edgecv.detection.stabilisation import Stabiliser

S = DetectionSettings(texture_cell_px=12)  # 500 points in a small picture, as many as a camera has
SIZE = (320, 256)
COARSE, FINE = (24.0, 80.0), (5.0, 8.0)  # wavelengths; px; half of a fine one is less than a bump
NOISE = 1.5
Picture = NDArray[np.float64]


class Kernel(ReferenceKernel):
    """The NumPy kernel, which notes what it is asked for."""

    def __init__(self, binning: int) -> None:
        planes = Planes.empty(SIZE[0] * binning, SIZE[1] * binning, binning)
        history = DifferenceHistory((SIZE[1], SIZE[0]), binning, S.lag_frames, S.history_s, S.history_bytes)
        super().__init__(planes, history, Thresholds(S.grow_threshold, S.noise_floor, S.min_noise_level))
        self.chosen: list[float] = []
        self.rounds: list[int] = []

    def choose_points(self, cell: int, min_gradient: float) -> int:
        self.chosen.append(min_gradient)
        return super().choose_points(cell, min_gradient)

    def register(
        self, luma: NDArray[np.uint8], start: Registration, rounds: int, *, turning: bool = False
    ) -> Registration:
        self.rounds.append(rounds)
        return super().register(luma, start, rounds, turning=turning)


class Scene:
    """A textured wall before a camera that knows it already and has followed it for five frames."""

    def __init__(self, wavelengths_px: tuple[float, float] = COARSE, binning: int = 1, seed: int = 0) -> None:
        self._rng = np.random.default_rng(seed)
        size = (SIZE[1] * binning, SIZE[0] * binning)
        self._fy, self._fx = np.meshgrid(np.fft.fftfreq(size[0]), np.fft.fftfreq(size[1]), indexing="ij")
        waves_per_px = np.hypot(self._fx, self._fy) * binning
        band = (waves_per_px > 1.0 / wavelengths_px[1]) & (waves_per_px < 1.0 / wavelengths_px[0])
        spectrum = np.fft.fft2(self._rng.normal(0.0, 1.0, size)) * band
        self._spectrum = spectrum * 25.0 / max(float(np.fft.ifft2(spectrum).real.std()), 1e-9)
        self.kernel = Kernel(binning)
        self.stabiliser = Stabiliser(self.kernel, S)
        self.kernel.begin(self.wall().round().astype(np.uint8), NOISE)
        for _ in range(5):
            self.stabiliser.register(self.frame())

    def wall(self, dx: float = 0.0, dy: float = 0.0) -> Picture:
        """What the camera sees when its picture has moved by ``(dx, dy)`` pixels: by the shift theorem, exactly."""
        turned = self._spectrum * np.exp(-2j * np.pi * (self._fx * dx + self._fy * dy))
        return np.clip(125.0 + np.fft.ifft2(turned).real, 20.0, 230.0)

    def turned(self, dx: float, roll_rad: float, zoom: float) -> Picture:
        """What it sees when it has also turned clockwise about its centre and come nearer."""
        h, w = self.wall().shape
        x0, y0 = (w - 1) / 2, (h - 1) / 2
        grow, turn = 1.0 + zoom, roll_rad
        matrix = np.array(
            [[grow, -turn, x0 - grow * x0 + turn * y0 + dx], [turn, grow, y0 - turn * x0 - grow * y0]], np.float64
        )
        return np.asarray(
            cv2.warpAffine(self.wall(), matrix, (w, h), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
        )

    def noisy(self, picture: Picture) -> NDArray[np.uint8]:
        return np.clip(picture + self._rng.normal(0, NOISE, picture.shape), 0, 255).round().astype(np.uint8)

    def frame(self, dx: float = 0.0, dy: float = 0.0) -> NDArray[np.uint8]:
        return self.noisy(self.wall(dx, dy))

    @property
    def background(self) -> Picture:
        """What the kernel takes for the background, grey levels."""
        return self.kernel.planes.mean / float(UNIT)


def shift_of(scene: Scene, luma: NDArray[np.uint8]) -> tuple[float, float]:
    """Motion of the picture's centre, as the stabiliser measures it."""
    motion = scene.stabiliser.register(luma)
    assert motion is not None
    return motion.shift_px


@settings(max_examples=12, deadline=None)
@given(st.floats(-5.5, 5.5), st.floats(-5.5, 5.5), st.sampled_from([1, 2]), st.integers(0, 5))
def test_any_small_motion_is_found_to_a_tenth_of_a_pixel(dx: float, dy: float, binning: int, seed: int) -> None:
    scene = Scene(binning=binning, seed=seed)
    assert shift_of(scene, scene.frame(dx, dy)) == pytest.approx((dx, dy), abs=0.1 * binning)


@settings(max_examples=12, deadline=None)
@given(st.floats(-0.005, 0.005), st.floats(-0.005, 0.005), st.floats(-2.0, 2.0), st.sampled_from([1, 2]))
def test_roll_and_zoom_of_a_swaying_camera_are_measured_everywhere_to_a_tenth_of_a_pixel(
    roll_rad: float, zoom: float, dx: float, binning: int
) -> None:
    # what moves a corner by less is hardly seen in the noise, and is left in
    assume(np.hypot(roll_rad, zoom) * np.hypot(*SIZE) / 2.0 > 0.6)
    scene = Scene(binning=binning)
    for n in range(S.warm_up_frames):
        scene.stabiliser.register(scene.frame(float(n % 2), 0.0))
    motion = scene.stabiliser.register(scene.noisy(scene.turned(dx, roll_rad, zoom)))
    assert motion is not None
    h, w = scene.wall().shape
    for x, y in ((0.0, 0.0), (w - 1.0, 0.0), (0.0, h - 1.0), (w - 1.0, h - 1.0), (w / 2.0, h / 2.0)):
        right, down = x - (w - 1) / 2, y - (h - 1) / 2
        expected = (dx + zoom * right - roll_rad * down, roll_rad * right + zoom * down)
        assert motion.at(x, y) == pytest.approx(expected, abs=0.15 * binning)


@pytest.mark.parametrize(
    "turned",
    [
        Registration(dx=40.0, roll=0.003, residual=0.1, corner_sd=0.01),
        Registration(dy=-40.0, roll=0.003, residual=0.1, corner_sd=0.01),
        Registration(dx=float("nan"), roll=float("nan"), residual=0.1, corner_sd=0.01),
        Registration(roll=0.2, residual=0.1, corner_sd=0.01),
    ],
)
def test_a_turn_beyond_what_can_be_undone_is_none(monkeypatch: pytest.MonkeyPatch, turned: Registration) -> None:
    scene = Scene()
    for n in range(6):
        scene.stabiliser.register(scene.frame(float(n % 2), 0.0))
    whole = Kernel.register

    def register(
        kernel: Kernel, luma: NDArray[np.uint8], start: Registration, rounds: int, *, turning: bool = False
    ) -> Registration:
        return turned if turning else whole(kernel, luma, start, rounds)

    monkeypatch.setattr(Kernel, "register", register)
    motion = scene.stabiliser.register(scene.frame(1.0, 0.0))
    assert motion is not None
    assert motion.corner_px == 0.0
    assert motion.shift_px == pytest.approx((1.0, 0.0), abs=0.15)


def test_what_crosses_half_of_the_picture_is_no_roll() -> None:
    scene = Scene()
    for n in range(8):
        picture = scene.wall()
        picture[:90, 20 + 3 * n : 180 + 3 * n] = 200.0  # a cloud's edge, an awning
        motion = scene.stabiliser.register(scene.noisy(picture))
        assert motion is not None
        assert motion.corner_px < 0.25


@pytest.mark.parametrize(("dx", "dy"), [(5.0, -4.0), (-4.0, 4.5), (0.0, 5.5)])
def test_a_bump_by_more_than_the_texture_repeats_in_is_found_at_once(dx: float, dy: float) -> None:
    scene = Scene(FINE)
    assert shift_of(scene, scene.frame(dx, dy)) == pytest.approx((dx, dy), abs=0.1)
    assert shift_of(scene, scene.frame(0.1, -0.1)) == pytest.approx((0.1, -0.1), abs=0.1)


@pytest.mark.parametrize("binning", [1, 2])
@pytest.mark.parametrize("axis", [0, 1])
def test_motion_is_undone_up_to_the_limit_and_no_farther(binning: int, axis: int) -> None:
    for beyond in (False, True):
        shift = [0.0, 0.0]
        shift[axis] = -(S.max_shift_px + (0.5 if beyond else -0.5))
        scene = Scene(binning=binning)
        assert (scene.stabiliser.register(scene.frame(*shift)) is None) is beyond


def test_a_camera_that_swings_slowly_is_followed() -> None:
    scene = Scene(FINE)
    for n in range(40):
        where = (5.0 * np.sin(0.05 * n), 0.1 * n)
        assert shift_of(scene, scene.frame(*where)) == pytest.approx(where, abs=0.15)


def test_a_lorry_that_fills_an_eighth_of_the_picture_does_not_pull_the_estimate() -> None:
    scene = Scene()
    lorry = Scene(seed=9).wall()[:, :40]
    for n in range(10):
        picture = scene.wall(0.5, 0.0)
        picture[:, 25 * n : 25 * n + 40] = lorry + 40.0
        assert shift_of(scene, scene.noisy(picture)) == pytest.approx((0.5, 0.0), abs=0.15)


@settings(max_examples=8, deadline=None)
@given(st.floats(0.85, 1.15), st.floats(-15.0, 15.0))
def test_a_change_of_gain_and_brightness_is_put_into_the_background_once(gain: float, offset: float) -> None:
    scene = Scene()
    bright = gain * scene.background + offset
    for _ in range(3):
        shift_px = shift_of(scene, scene.noisy(gain * scene.wall() + offset))
        assert shift_px == pytest.approx((0.0, 0.0), abs=0.1)
    # the background is one noisy frame, so gain is known to some thousandths; what counts is that no step is left
    assert np.abs(scene.background - bright).mean() < 1.0


def test_steady_light_leaves_the_background_as_it_was() -> None:
    scene = Scene()
    for _ in range(5, S.warm_up_frames):
        scene.stabiliser.register(scene.frame())
    # a background of many pictures: that of one is steepest where rounding made it so, which looks like more light
    scene.kernel.planes.mean[:] = (UNIT * scene.wall()).round()
    before = scene.background.copy()
    for n in range(10):
        picture = scene.wall() + 0.02 * n  # dusk: left to the background's own learning
        scene.stabiliser.register(picture.round().astype(np.uint8))
    np.testing.assert_array_equal(scene.background, before)


def test_a_wall_without_texture_has_no_motion_and_is_not_searched_for_any() -> None:
    scene = Scene((4000.0, 9000.0))  # waves longer than the picture: none
    assert shift_of(scene, scene.frame(3.0, 3.0)) == (0.0, 0.0)
    assert scene.kernel.rounds == []


def test_points_are_chosen_strictly_at_first_then_after_the_warm_up_and_then_now_and_again() -> None:
    scene = Scene()  # has followed five frames
    chosen_before = []
    for _ in range(5, S.warm_up_frames + S.texture_every_frames + 1):
        chosen_before.append(len(scene.kernel.chosen))
        scene.stabiliser.register(scene.frame())
    assert scene.kernel.chosen == [3.0 * S.min_gradient, S.min_gradient, S.min_gradient]
    after = S.warm_up_frames - 5
    assert chosen_before == [1] * (after + 1) + [2] * S.texture_every_frames


def test_after_a_new_background_motion_is_measured_against_that() -> None:
    scene = Scene(FINE)
    scene.stabiliser.register(scene.frame(5.0, -4.0))
    scene.kernel.begin(scene.frame(5.0, -4.0), NOISE)
    scene.stabiliser.reset()
    scene.kernel.chosen.clear()
    assert shift_of(scene, scene.frame(5.2, -4.0)) == pytest.approx((0.2, 0.0), abs=0.1)
    assert scene.kernel.chosen == [3.0 * S.min_gradient]


def test_what_a_search_did_not_explain_is_not_searched_for_again() -> None:
    scene = Scene()
    thorough = 2 * max(scene.kernel.rounds)
    for n in range(30):
        picture = scene.wall()
        if n % 6 == 5:  # the key frame of a poor codec: worse everywhere, moved nowhere
            picture = picture + scene._rng.normal(0, 25.0, picture.shape)
        assert shift_of(scene, scene.noisy(picture)) == pytest.approx((0.0, 0.0), abs=0.8)
    assert scene.kernel.rounds.count(thorough) == 1
