from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from edgecv.capture.frame import Frame
from edgecv.detection import DetectedFrame, DetectionSettings, Detector
from edgecv.detection.planes import UNIT
from edgecv.errors import InputError

SIZE = (240, 320)


def _wall(seed: int = 0) -> NDArray[np.float32]:
    rng = np.random.default_rng(seed)
    coarse = rng.uniform(80, 170, (SIZE[0] // 8, SIZE[1] // 8)).astype(np.float32)
    enlarged = cv2.resize(coarse, SIZE[::-1], interpolation=cv2.INTER_NEAREST)
    return cv2.GaussianBlur(enlarged, (0, 0), 1.0).astype(np.float32)


def translate(image: NDArray[np.float32], dx: float, dy: float) -> NDArray[np.float32]:
    """The picture whose pixel (x, y) is image(x + dx, y + dy)."""
    matrix = np.array([[1.0, 0.0, dx], [0.0, 1.0, dy]])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    moved = cv2.warpAffine(image, matrix, SIZE[::-1], flags=flags, borderMode=cv2.BORDER_REPLICATE)
    return moved.astype(np.float32)


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


def _a_frame(found: list[DetectedFrame]) -> float:
    return float(np.mean([len(f.detections) for f in found]))


def test_noise_makes_about_as_many_detections_as_wanted() -> None:
    # sensitivity comes from time, a few false blobs are what it costs; the threshold finds its place in some seconds
    found = _run([_wall()] * 250)
    # a picture so small has few pixels, and the threshold goes no lower
    assert 0.3 < _a_frame(found[100:]) < 2.0 * DetectionSettings().chance_detections


def test_a_noisier_camera_makes_no_more_detections() -> None:
    rng = np.random.default_rng(11)
    wall = _wall()
    found = _run([wall + rng.laplace(0, 4.0, SIZE) for _ in range(250)])
    assert _a_frame(found[150:]) < 2.0 * DetectionSettings().chance_detections


def test_what_the_first_frames_know_of_the_noise_makes_neither_a_flood_nor_seconds_of_blindness() -> None:
    # a codec's noise lasts for several frames, so a dozen tell little of it; a flood then would be taken for rain
    rng, wall = np.random.default_rng(3), _wall()
    lasting, pictures = np.zeros(SIZE), []
    for _ in range(130):
        fresh = cv2.GaussianBlur(rng.standard_normal(SIZE), (0, 0), 0.8)
        lasting = 0.8 * lasting + 0.6 * fresh * (3.0 / fresh.std())
        pictures.append(wall + lasting)
    where = [(60 + 2.0 * n, 30 + 5.0 * n) for n in range(36)]
    pictures[90:126] = [_with_dot(p, x, y, -14.0) for p, (x, y) in zip(pictures[90:126], where, strict=True)]
    found = _run(pictures)
    assert _a_frame(found[12:25]) < 4.0 * DetectionSettings().chance_detections
    seen = zip(found[90:126], where, strict=True)
    assert sum(any(np.hypot(d.x_px - x, d.y_px - y) < 3.0 for d in f.detections) for f, (x, y) in seen) >= 18


def test_a_step_of_brightness_over_the_whole_picture_is_no_detection() -> None:
    wall = _wall()
    found = _run([wall] * 50 + [np.clip(wall * 1.2 + 10, 0, 255)] * 30)
    # no more than noise alone makes
    assert _a_frame(found[50:]) < 1.5 * _a_frame(_run([wall] * 80)[50:])


def test_flicker_is_no_detection() -> None:
    wall = _wall()
    found = _run([wall + 8.0 * np.sin(2 * np.pi * n * 0.37) for n in range(250)])
    assert _a_frame(found[100:]) < 2.0 * DetectionSettings().chance_detections


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


def test_a_small_thing_is_seen_where_a_codec_leaves_all_the_rest_as_it_was() -> None:
    # noise for two seconds, then pictures that are the same but for a dot of 4 px: no frame of them is a repeated one
    rng, wall = np.random.default_rng(4), _wall()
    noisy = [np.clip(wall + rng.normal(0, 1.5, SIZE), 0, 255).astype(np.uint8) for _ in range(50)]
    still = [_with_dot(noisy[-1].astype(np.float64), 60 + 3.0 * n, 41.0 + 4.0 * n, 40.0) for n in range(30)]
    detector = Detector()
    seen = [
        detector.detect(Frame(n, n / 25, np.clip(picture, 0, 255).astype(np.uint8)))
        for n, picture in enumerate([*noisy, *still])
    ][50:]
    assert sum(frame.repeated for frame in seen) <= 1  # the first, while nothing is held to compare it with
    hits = [
        any(np.hypot(d.x_px - 60 - 3 * n, d.y_px - 41 - 4 * n) < 2 for d in f.detections) for n, f in enumerate(seen)
    ]
    assert sum(hits) >= 25


def test_a_frame_that_repeats_the_one_before_is_marked_and_no_evidence() -> None:
    detector = Detector()
    rng = np.random.default_rng(1)
    wall = _wall()
    picture = wall.astype(np.uint8)
    marked = []
    for n in range(60):
        if n % 3 != 2:
            picture = np.clip(wall + rng.normal(0, 1.5, SIZE), 0, 255).astype(np.uint8)
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


@pytest.mark.parametrize("shift", [(0.3, -0.2), (1.7, 0.9), (-3.2, 2.4), (4.8, -4.9)])
def test_the_cameras_motion_is_found_to_a_tenth_of_a_pixel(shift) -> None:
    wall = _wall()
    moved = translate(wall, -shift[0], -shift[1])
    found = _run([wall] * 30 + [moved] * 5)
    assert found[-1].shift_px == pytest.approx(shift, abs=0.1)
    assert found[30].shift_px == pytest.approx(shift, abs=0.2)  # at once, not after a while


def test_a_picture_without_texture_has_no_motion() -> None:
    flat = np.full(SIZE, 120.0, np.float32)
    assert {f.shift_px for f in _run([flat] * 20)} == {(0.0, 0.0)}


def test_a_camera_that_moved_far_suspends_detection_and_says_so() -> None:
    wall = _wall()
    moved = translate(wall, 14.0, 9.0)
    found = _run([wall] * 30 + [moved] * 40)
    assert found[29].blind is None
    assert found[30].blind == "shake"
    assert found[31].blind == "learning"
    assert all(not f.detections for f in found[30:40])
    assert found[-1].blind is None


def test_a_scene_that_changes_altogether_suspends_detection_and_says_so() -> None:
    found = _run([_wall(0)] * 30 + [_wall(1)] * 30)
    assert found[30].blind in ("light", "shake")
    assert found[-1].blind is None


@pytest.mark.parametrize("size", [3.0, 6.0, 12.0])
def test_the_box_of_a_blob_is_as_large_as_the_thing(size: float) -> None:
    wall = np.full(SIZE, 120.0, np.float32)
    pictures = [wall] * 40 + [_with_dot(wall, 60 + 2 * n, 30 + 5 * n, 50.0, size / 2.0) for n in range(30)]
    boxes = [f.detections[0] for f in _run(pictures)[43:] if f.detections]
    assert len(boxes) >= 25
    assert np.median([b.w_px for b in boxes]) == pytest.approx(size + 1.0, rel=0.25)
    assert np.median([b.h_px for b in boxes]) == pytest.approx(size + 1.0, rel=0.25)


def test_both_kernels_detect_the_same() -> None:
    wall = _wall()
    pictures = [wall] * 20 + [_with_dot(translate(wall, 0.3 * (n % 3), 0), 60, 30 + 5 * n, 40.0) for n in range(20)]
    compiled, reference = _run(pictures), _run(pictures, instruction_set="numpy")
    clear = 0
    for ours, theirs in zip(compiled, reference, strict=True):
        # registration is floating point, so a weak blob may lie just above the threshold in one only
        strong = [[d for d in f.detections if d.snr > 10.0] for f in (ours, theirs)]
        assert len(strong[0]) == len(strong[1])
        for a, b in zip(*strong, strict=True):
            clear += 1
            assert (a.x_px, a.y_px) == pytest.approx((b.x_px, b.y_px), abs=0.2)
    assert clear > 15


def test_a_lamp_that_is_switched_off_does_not_make_a_quiet_picture_look_frozen() -> None:
    rng = np.random.default_rng(5)
    wall = rng.integers(90, 200, (120, 160)).astype(np.float64)
    detector = Detector()
    repeated = []
    for n in range(200):
        # denoised by the camera's encoder: only a few pixels change from frame to frame
        picture = wall * (1.0 if n < 80 else 0.35)
        picture[rng.random(wall.shape) < 0.02] += 2.0
        detected = detector.detect(Frame(n, n / 25.0, picture.astype(np.uint8)))
        repeated.append(detected.repeated)
    assert not any(repeated[5:80])
    assert sum(repeated[80:]) < 12


def test_a_picture_larger_than_any_camera_is_refused() -> None:
    detector = Detector()
    with pytest.raises(InputError, match="8200x64 is too large"):
        detector.detect(Frame(0, 0.0, np.zeros((64, 8200), np.uint8)))


def test_shake_of_a_pixel_leaves_a_sharp_wall_its_contrast() -> None:
    # a background that shake has blurred looks like one of less contrast, which must not be taken for a darker lamp
    rng = np.random.default_rng(7)
    blocks = np.kron(rng.uniform(40, 200, (30, 40)), np.ones((12, 12)))
    detector = Detector()
    for n in range(100):
        dx, dy = 0.9 * np.sin(1.9 * n), 0.8 * np.sin(2.3 * n + 1.0)
        picture = cv2.warpAffine(
            blocks, np.array([[1.0, 0.0, dx], [0.0, 1.0, dy]]), (480, 360), borderMode=cv2.BORDER_REPLICATE
        )
        luma = np.clip(picture + rng.normal(0, 1.5, picture.shape), 0, 255).astype(np.uint8)
        found = detector.detect(Frame(n, n / 25.0, luma))
        assert found.blind is None or n < 12
    assert detector._kernel is not None
    assert detector._kernel.planes.mean.std() / UNIT > 0.95 * blocks.std()
    assert len(found.detections) < 10
