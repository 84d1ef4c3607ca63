"""The compiled kernel and its NumPy reference give the same bits, on every instruction set this machine has."""

from __future__ import annotations

from dataclasses import astuple

import numpy as np
import pytest
from numpy.typing import NDArray

from edgecv.detection.camera_motion import CameraMotion
from edgecv.detection.compiled import CompiledKernel, instruction_sets
from edgecv.detection.difference_history import DifferenceHistory
from edgecv.detection.planes import Planes, Registration, Thresholds
from edgecv.detection.reference import ReferenceKernel

THRESHOLDS = Thresholds(grow=2.5, noise_floor=0.6, min_level=0.8)
SETS = instruction_sets() or ("none",)


def _kernels(w: int, h: int, binning: int, instruction_set: str) -> tuple[CompiledKernel, ReferenceKernel]:
    if not instruction_sets():
        pytest.skip("the compiled kernel was not built here: there was no C compiler")
    shape = (h // binning, w // binning)
    histories = [DifferenceHistory(shape, binning, lag=3, max_s=2.5, max_bytes=1 << 20) for _ in range(2)]
    compiled = CompiledKernel(Planes.empty(w, h, binning), histories[0], THRESHOLDS, instruction_set)
    reference = ReferenceKernel(Planes.empty(w, h, binning), histories[1], THRESHOLDS)
    seeds = np.random.default_rng(1).uniform(3.5, 4.5, compiled.planes.seed_threshold.shape)
    for kernel in (compiled, reference):
        kernel.planes.seed_threshold[:] = seeds
    return compiled, reference


def _frames(w: int, h: int, count: int, seed: int = 0) -> list[NDArray[np.uint8]]:
    """A textured wall with noise, flicker, a moving square and a flashing corner."""
    rng = np.random.default_rng(seed)
    wall = np.repeat(np.repeat(rng.uniform(20, 235, (h // 8 + 1, w // 8 + 1)), 8, 0), 8, 1)[:h, :w]
    frames = []
    for n in range(count):
        picture = wall + rng.normal(0, 2.0, wall.shape) + 6.0 * np.sin(n)
        x, y = (7 * n) % max(1, w - 6), (5 * n) % max(1, h - 6)
        picture[y : y + 4, x : x + 3] += 60.0
        if n % 7 == 0:
            picture[: h // 3, : w // 4] = 250.0
        frames.append(np.clip(picture, 0, 255).astype(np.uint8))
    return frames


@pytest.mark.parametrize("instruction_set", SETS)
@pytest.mark.parametrize(("w", "h", "binning"), [(96, 64, 1), (150, 71, 1), (201, 99, 2), (320, 200, 2), (40, 33, 1)])
def test_both_kernels_give_the_same_bits(w: int, h: int, binning: int, instruction_set: str) -> None:
    compiled, reference = _kernels(w, h, binning, instruction_set)
    rng = np.random.default_rng(5)
    frames = _frames(w, h, 30)
    compiled.begin(frames[0], 1.5)
    reference.begin(frames[0], 1.5)
    seen = 0
    for n, frame in enumerate(frames[1:]):
        motion = CameraMotion()
        if n % 3:
            roll, zoom = rng.uniform(-0.03, 0.03, 2) * (n % 3 - 1)
            dx, dy = rng.uniform(-5, 5, 2)
            motion = CameraMotion(dx, dy, roll, zoom, (w / 2.0, h / 2.0))
        rates = (max(0.02, 1.0 / (n + 2)), max(0.01, 1.0 / (n + 2)))
        if n % 5 == 4:
            compiled.brighten(1.04, -2.0)
            reference.brighten(1.04, -2.0)
        standing = [kernel.update(frame, motion, rates, n > 8) for kernel in (compiled, reference)]
        assert standing[0] == standing[1]
        for name in ("mean", "noise", "response", "mask", "offset", "level", "seeds"):
            ours, theirs = getattr(compiled.planes, name), getattr(reference.planes, name)
            np.testing.assert_array_equal(ours, theirs, err_msg=f"{name} of frame {n}")
        blobs = [kernel.blobs(frame, 200, 4, 2000) for kernel in (compiled, reference)]
        seen += len(blobs[0])
        assert len(blobs[0]) == len(blobs[1])
        np.testing.assert_array_equal(blobs[0], blobs[1])
    assert seen > 20


@pytest.mark.parametrize("turning", [False, True])
@pytest.mark.parametrize("binning", [1, 2])
def test_both_kernels_register_alike(binning: int, turning: bool) -> None:
    compiled, reference = _kernels(320, 240, binning, SETS[-1])
    frames = _frames(320, 240, 3, seed=2)
    moved = np.roll(frames[0], (2, -1), (0, 1))
    for kernel in (compiled, reference):
        kernel.begin(frames[0], 1.5)
    assert compiled.choose_points(12, 4.0) == reference.choose_points(12, 4.0) > 20
    ours, theirs = (kernel.register(moved, Registration(), 6, turning=turning) for kernel in (compiled, reference))
    assert turning or max(abs(ours.roll), abs(ours.zoom)) < 1e-9
    assert astuple(ours) == pytest.approx(astuple(theirs), abs=2e-3)
    assert (ours.roll, ours.zoom) == pytest.approx((theirs.roll, theirs.zoom), abs=2e-5)


@pytest.mark.parametrize("height", [1, 5, 8, 9, 120])
def test_both_kernels_measure_change_alike(height: int) -> None:
    compiled, reference = _kernels(200, 120, 1, SETS[-1])
    for n, whole in enumerate(_frames(200, 120, 4)):
        frame = np.ascontiguousarray(whole[:height])
        ours, theirs = compiled.change(frame), reference.change(frame)
        assert ours == pytest.approx(theirs, rel=1e-5)
        assert (ours == 255.0) == (n == 0)


@pytest.mark.parametrize("instruction_set", SETS)
def test_a_picture_wider_than_any_camera_gives_the_same_bits_and_stays_in_its_memory(instruction_set: str) -> None:
    """A row of tiles had room for 512 of them on the stack."""
    compiled, reference = _kernels(17_000, 40, 1, instruction_set)
    for n, luma in enumerate(_frames(17_000, 40, 5)):
        if n == 0:
            compiled.begin(luma, 1.5)
            reference.begin(luma, 1.5)
            continue
        compiled.update(luma, CameraMotion(), (0.1, 0.1), True)
        reference.update(luma, CameraMotion(), (0.1, 0.1), True)
        assert np.array_equal(compiled.planes.level, reference.planes.level)
        assert np.array_equal(compiled.planes.mask, reference.planes.mask)


def test_both_kernels_leave_out_what_only_the_filter_brought_to_a_place() -> None:
    compiled, reference = _kernels(48, 49, 1, SETS[-1])
    rng = np.random.default_rng(34)
    for n in range(6):
        frame = np.full((49, 48), 90, np.uint8)
        frame[rng.integers(0, 49, 9), rng.integers(0, 48, 9)] = 255
        found = []
        for kernel in (compiled, reference):
            if n == 0:
                kernel.begin(frame, 1.5)
            kernel.update(frame, CameraMotion(0.5, 7.0), (0.0, 0.0), n > 1)
            found.append(kernel.blobs(frame, 4000, 3, 100_000))
        np.testing.assert_array_equal(found[0], found[1])
