from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from edgecv.capture.frame import Frame
from edgecv.detection import DetectedFrame, DetectionSettings, Detector
from edgecv.detection.stabilisation import estimate_shift, translate

SIZE = (240, 320)


def _wall(seed: int = 0) -> NDArray[np.float32]:
    rng = np.random.default_rng(seed)
    coarse = rng.uniform(80, 170, (SIZE[0] // 8, SIZE[1] // 8)).astype(np.float32)
    return cv2.GaussianBlur(cv2.resize(coarse, SIZE[::-1], interpolation=cv2.INTER_NEAREST), (0, 0), 1.0)


def _run(pictures, fps: float = 25.0, **kwargs) -> list[DetectedFrame]:
    detector = Detector(**kwargs)
    rng = np.random.default_rng(9)
    found = []
    for n, picture in enumerate(pictures):
        noisy = np.clip(picture + rng.normal(0, 1.5, SIZE), 0, 255).astype(np.uint8)
        found.append(detector.detect(Frame(n, n / fps, noisy)))
    return found


def _with_dot(wall, x: float, y: float, contrast: float, radius: float = 2.0):
    ys, xs = np.mgrid[0 : SIZE[0], 0 : SIZE[1]]
    cover = np.clip(radius + 0.5 - np.hypot(xs - x, ys - y), 0, 1)
    return wall + contrast * cover


@pytest.mark.parametrize("contrast", [-30.0, 30.0])
def test_a_moving_dot_of_four_pixels_is_found_where_it_is(contrast: float) -> None:
    wall = _wall()
    where = [(60 + 2.0 * n, 30 + 5.0 * n) for n in range(36)]
    pictures = [wall] * 40 + [_with_dot(wall, x, y, contrast) for x, y in where]
    found = _run(pictures)[40:]
    hits = 0
    for frame, (x, y) in zip(found[3:], where[3:], strict=True):
        near = [d for d in frame.detections if np.hypot(d.x_px - x, d.y_px - y) < 1.5]
        hits += bool(near) and np.sign(near[0].contrast) == np.sign(contrast)
    assert hits >= 30


def test_a_still_noisy_wall_gives_less_than_one_detection_a_frame() -> None:
    # the design's working point: sensitivity comes from time, a few false blobs are what it costs
    found = _run([_wall()] * 120)
    assert sum(len(f.detections) for f in found) < 108


def test_a_step_of_brightness_over_the_whole_picture_is_no_detection() -> None:
    wall = _wall()
    found = _run([wall] * 50 + [np.clip(wall * 1.2 + 10, 0, 255)] * 30)
    assert sum(len(f.detections) for f in found[50:]) <= 20


def test_flicker_is_no_detection() -> None:
    wall = _wall()
    found = _run([wall + 8.0 * np.sin(2 * np.pi * n * 0.37) for n in range(120)])
    assert sum(len(f.detections) for f in found) < 108


def test_a_shaking_camera_is_registered_and_the_dot_still_found() -> None:
    wall = np.pad(_wall(), 0)
    rng = np.random.default_rng(4)
    shifts = [(0.0, 0.0)] * 30 + [tuple(rng.uniform(-2.5, 2.5, 2)) for _ in range(40)]
    pictures, where = [], []
    for n, (dx, dy) in enumerate(shifts):
        x, y = 80 + 1.5 * (n - 30), 20 + 5.0 * (n - 30)
        picture = _with_dot(wall, x, y, 40.0) if n >= 30 else wall
        pictures.append(translate(picture.astype(np.float32), dx, dy))
        where.append((x, y))
    found = _run(pictures)
    hits = sum(
        any(np.hypot(d.x_px - x, d.y_px - y) < 2.0 for d in frame.detections)
        for frame, (x, y) in zip(found[33:], where[33:], strict=True)
    )
    assert hits >= 30
    errors = [
        np.hypot(f.shift_px[0] + s[0], f.shift_px[1] + s[1]) for f, s in zip(found[30:], shifts[30:], strict=True)
    ]
    assert np.median(errors) < 0.25


def test_a_frame_that_repeats_the_one_before_is_marked_and_no_evidence() -> None:
    detector = Detector()
    rng = np.random.default_rng(1)
    wall = _wall()
    last = None
    marked = []
    for n in range(60):
        picture = last if n % 3 == 2 else np.clip(wall + rng.normal(0, 1.5, SIZE), 0, 255).astype(np.uint8)
        last = picture
        marked.append(detector.detect(Frame(n, n / 30, picture)).repeated)
    assert marked[5::3] == [True] * 19
    assert not any(m for n, m in enumerate(marked) if n % 3 != 2)


def test_nothing_is_reported_inside_a_mask() -> None:
    wall = _wall()
    pictures = [wall] * 40 + [_with_dot(wall, 100, 10 + 5 * n, 60.0) for n in range(40)]
    mask = ((80.0, 0.0), (120.0, 0.0), (120.0, 239.0), (80.0, 239.0))
    inside = [d for f in _run(pictures) for d in f.detections if 80 < d.x_px < 120]
    assert len(inside) > 30
    assert not [d for f in _run(pictures, masks=(mask,)) for d in f.detections if 80 < d.x_px < 120]


def test_the_number_of_detections_is_bounded_however_cluttered_the_picture() -> None:
    rng = np.random.default_rng(2)
    wall = _wall()
    pictures = [wall] * 30
    for _ in range(20):
        picture = wall.copy()
        for x, y in rng.uniform((4, 4), (316, 236), (400, 2)):
            picture[int(y) : int(y) + 3, int(x) : int(x) + 3] += 60
        pictures.append(picture)
    settings = DetectionSettings(max_detections=100)
    assert max(len(f.detections) for f in _run(pictures, settings=settings)) <= 100


@pytest.mark.parametrize("shift", [(0.3, -0.2), (1.7, 0.9), (-3.2, 2.4)])
def test_the_shift_between_two_pictures_is_found_to_a_tenth_of_a_pixel(shift) -> None:
    wall = _wall()
    moved = translate(wall, -shift[0], -shift[1]) + 5.0
    assert estimate_shift(moved, wall) == pytest.approx(shift, abs=0.1)


def test_a_picture_without_texture_keeps_the_last_shift() -> None:
    flat = np.full(SIZE, 120.0, np.float32)
    assert estimate_shift(flat, flat, (0.4, 0.1)) == (0.4, 0.1)
