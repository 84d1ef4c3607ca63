"""The compiled kernels with odd sizes, strides and numbers: no crash, and the answers of the NumPy code beside them."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from edgecv.detection.blobs import Quota
from edgecv.detection.camera_motion import CameraMotion
from edgecv.detection.compiled import CompiledKernel
from edgecv.detection.difference_history import DifferenceHistory
from edgecv.detection.planes import Planes, Registration, Thresholds
from edgecv.detection.reference import ReferenceKernel
from edgecv.detection.seed_thresholds import SeedThresholds
from edgecv.detection.settings import DetectionSettings
from edgecv.geometry.camera import PinholeCamera
from edgecv.native import AVAILABLE
from fuzzer.entrance import Case, Entrance, expect

_SIDES = (2, 3, 5, 7, 8, 9, 15, 16, 17, 31, 33, 48, 49, 50, 51, 53, 63, 64, 65, 66, 95, 97, 129, 130, 257)
_SMALLEST = 48
"""Pictures with a shorter side are refused before they come to a kernel; there it must only not crash."""
_THRESHOLDS = Thresholds(grow=2.0, noise_floor=1.0, min_level=0.5)


class Kernels(Entrance):
    """Pictures of every size, as cameras and files may have them."""

    name = "kernels"
    remembers: ClassVar[bool] = False
    weight: ClassVar[float] = 1.0
    smoke = 150
    good_every = 1000

    def open(self, folder: Path) -> None:
        """Nothing to open; without the library there is nothing to try."""

    def make(self, rng: random.Random) -> Case:
        """Sizes and settings."""
        return {
            "size": [rng.choice(_SIDES), rng.choice(_SIDES)],
            "binning": rng.choice((1, 2)),
            "wider": rng.choice((0, 0, 1, 13, 64)),
            "seed": rng.randrange(2**31),
            "pictures": rng.choice(("noise", "flat", "extreme", "spots")),
            "shift": [rng.choice((0.0, 0.5, -3.25, 8.0)), rng.choice((0.0, -0.5, 7.0))],
            "turn": [rng.choice((0.0, 0.001, -0.02)), rng.choice((0.0, 0.003, 0.05))],
            "rates": [rng.choice((0.0, 0.01, 0.49)), rng.choice((0.0, 0.02, 0.49))],
            "room": rng.choice((1, 2, 100, 4000)),
            "per_tile": rng.choice((1, 3, 1000)),
            "largest": rng.choice((1, 40, 100_000)),
            "cell": rng.choice((1, 3, 8, 16, 500)),
            "rows": rng.choice((0, 1, 7, 300)),
            "numbers": rng.choice(("usual", "extreme", "not_finite")),
        }

    def attempt(self, case: Case) -> None:
        """Run frames through both kernels, and numbers through the others."""
        if not AVAILABLE:
            return
        _detect(case)
        _select(case)
        _project(case)


def _detect(case: Case) -> None:
    width, height = case["size"]
    binning = case["binning"]
    if min(width, height) < 2 * binning:
        return
    rng = np.random.default_rng(case["seed"])
    kinds = (CompiledKernel, ReferenceKernel) if min(width, height) // binning >= _SMALLEST else (CompiledKernel,)
    shape = (height // binning, width // binning)
    kernels: list[Any] = [
        kind(Planes.empty(width, height, binning), DifferenceHistory(shape, binning, 3, 2.5, 1 << 24), _THRESHOLDS)
        for kind in kinds
    ]
    for number in range(4):
        luma = _picture(rng, case, number)
        if number == 0:
            for kernel in kernels:
                kernel.begin(luma, 1.5)
            continue
        (dx, dy), (roll, zoom) = case["shift"], case["turn"]
        motion = CameraMotion(dx, dy, roll, zoom, (width / 2.0, height / 2.0))
        standing = [kernel.update(luma, motion, tuple(case["rates"]), number > 1) for kernel in kernels]
        expect(len(set(standing)) == 1, "the kernels count differently")
        for name in ("mean", "noise", "mask", "response"):
            same = np.array_equal(getattr(kernels[0].planes, name), getattr(kernels[-1].planes, name))
            expect(same, f"the kernels differ in {name}")
        blobs = [kernel.blobs(luma, case["room"], case["per_tile"], case["largest"]) for kernel in kernels]
        expect(np.array_equal(blobs[0], blobs[-1]), "the kernels differ in their blobs")
        for kernel in kernels:
            kernel.brighten(1.01, -2.0)
            kernel.change(luma)
    compiled = kernels[0]
    compiled.choose_points(case["cell"], 0.5)
    compiled.register(_picture(rng, case, 5), Registration(), 5)


def _picture(rng: np.random.Generator, case: Case, number: int) -> NDArray[np.uint8]:
    width, height = case["size"]
    how = case["pictures"]
    room: NDArray[np.uint8] = np.full((height, width + case["wider"]), 90, np.uint8)
    if how == "noise":
        room = rng.integers(0, 256, room.shape).astype(np.uint8)
    elif how == "extreme":
        room[:] = 255 if number % 2 else 0
    elif how == "spots":
        room[rng.integers(0, height, 9), rng.integers(0, width, 9)] = 255
    return room[:, :width]


def _numbers(case: Case, shape: tuple[int, ...]) -> NDArray[np.float64]:
    rng = np.random.default_rng(case["seed"])
    if case["numbers"] == "usual":
        return rng.uniform(0.0, 64.0, shape)
    values = [1e300, -1e300, 1e-300, 0.0, 2.0**31, -(2.0**63)]
    if case["numbers"] == "not_finite":
        values += [float("nan"), float("inf"), float("-inf")]
    return rng.choice(values, shape)


def _select(case: Case) -> None:
    if case["numbers"] == "not_finite":
        return  # blobs come from the kernel above, which makes none
    width, height = case["size"]
    quota = Quota((width, height), DetectionSettings())
    with np.errstate(over="ignore"):
        blobs = np.clip(_numbers(case, (case["rows"], 8)), -1e30, 1e30).astype(np.float32)
    thresholds = SeedThresholds(DetectionSettings())
    quota.select(blobs, thresholds.cells)
    thresholds.steer(quota.usual, quota.count)
    expect(bool(np.isfinite(thresholds.cells).all()), "a threshold is not finite")


def _project(case: Case) -> None:
    camera = PinholeCamera(
        1500.0, (960.0, 540.0), np.eye(3), np.array([0.0, 10.0, 20.0]), np.array([-0.3, 0.1, 0, 0, 0.01])
    )
    with np.errstate(all="ignore"):
        camera.project(_numbers(case, (case["rows"], 3)))
