"""Small scenes with known truth for the tests of the watch: a facade with noise, and what may happen to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

from edgecv.capture.frame import Frame
from edgecv.visibility import Change, SceneMonitor

Picture = NDArray[np.float32]
UInt8 = NDArray[np.uint8]
Shown = Callable[[float], Picture]  # the scene at a moment, seconds


def facade(width: int = 960, height: int = 544, seed: int = 0) -> Picture:
    """Rows of windows that differ a little, uneven plaster, a corner of sky: grey levels ``(h, w)``."""
    rng = np.random.default_rng(seed)
    coarse = rng.normal(0.0, 10.0, (height // 40, width // 40)).astype(np.float32)
    picture = 130.0 + cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
    for y in range(30, height - 40, 60):
        for x in range(20, width - 50, 70):
            corner = (x + 36 + int(rng.integers(0, 10)), y + 34)
            cv2.rectangle(picture, (x, y), corner, float(rng.uniform(40.0, 90.0)), -1, cv2.LINE_AA)
    cv2.fillPoly(picture, [np.array([[0, 0], [width // 3, 0], [0, height // 4]])], (225.0,))
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), 0.6), np.float32)


def street(width: int = 960, height: int = 544, seed: int = 9) -> Picture:
    """Another scene: things of all shapes and sizes, nothing upright or level."""
    rng = np.random.default_rng(seed)
    picture = np.full((height, width), 110.0, np.float32)
    for _ in range(160):
        centre = rng.uniform((0.0, 0.0), (width, height))
        corners = centre + rng.uniform(-70.0, 70.0, (4, 2))
        hull = cv2.convexHull(corners.astype(np.int32).reshape(-1, 1, 2))
        cv2.fillPoly(picture, [hull], (float(rng.uniform(30.0, 220.0)),), cv2.LINE_AA)
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), 0.6), np.float32)


def blurred(picture: Picture, sd_px: float) -> Picture:
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), sd_px), np.float32)


def moved(picture: Picture, dx: float, dy: float) -> Picture:
    """The picture moved by a part of a pixel or many; what comes in at the border is mirrored."""
    matrix = np.array([[1.0, 0.0, dx], [0.0, 1.0, dy]])
    size = (picture.shape[1], picture.shape[0])
    return np.asarray(cv2.warpAffine(picture, matrix, size, borderMode=cv2.BORDER_REFLECT), np.float32)


class Sensor:
    """Noise and rounding; one noise field, shifted anew for every frame."""

    def __init__(self, shape: tuple[int, ...], noise_sd: float = 2.0, seed: int = 1) -> None:
        self._rng = np.random.default_rng(seed)
        self._noise = self._rng.normal(0.0, noise_sd, shape).astype(np.float32)

    def read(self, picture: Picture) -> UInt8:
        shift = (int(self._rng.integers(0, 500)), int(self._rng.integers(0, 900)))
        return np.clip(np.round(picture + np.roll(self._noise, shift, (0, 1))), 0.0, 255.0).astype(np.uint8)


def watched(
    watch: SceneMonitor,
    scene: Shown | Picture,
    until_s: float,
    *,
    begin_s: float = 0.0,
    fps: float = 4.0,
    noise_sd: float = 2.0,
) -> list[Change]:
    """Show a scene to a watch for a while; return what it told."""
    shown = scene if callable(scene) else lambda _: scene
    sensor = Sensor(shown(begin_s).shape, noise_sd)
    told: list[Change] = []
    for n in range(round((until_s - begin_s) * fps)):
        t_s = begin_s + n / fps
        told += watch.update(sensor.read(shown(t_s)), t_s, repeated=False)
    return told


def frames(picture: Picture, fps: float, count: int, noise_sd: float = 2.0) -> Iterator[Frame]:
    """A still scene as a camera sees it."""
    sensor = Sensor(picture.shape, noise_sd)
    for n in range(count):
        yield Frame(n, n / fps, sensor.read(picture))


def kinds(told: list[Change]) -> list[tuple[str, str]]:
    return [(change.kind, change.state) for change in told]
