"""Trees that move in the wind before the camera, and leaves that come down."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from edgecv.simulation.nuisances.layer import Canvas, Float32, Float64, arrivals, behind_pixel, px_per_m
from edgecv.simulation.scene import Parameters, Scene


@dataclass(frozen=True, slots=True, eq=False)
class _Leaf:
    start_s: float
    end_s: float
    position_m: Float64
    sink_mps: float
    swing_m: float
    rate_hz: float
    phase: float
    diameter_m: float
    grey: float


@dataclass(frozen=True, slots=True, eq=False)
class Leaves:
    """Light objects that sink slowly, swing, tumble and drift."""

    scene: Scene
    leaves: tuple[_Leaf, ...]

    @classmethod
    def sample(cls, scene: Scene, parameters: Parameters) -> Leaves:
        """One leaf every ``every_s`` at strength 1."""
        rng = scene.rng("leaves")
        starts = arrivals(rng, parameters["every_s"] / parameters["strength"], scene.duration_s, 4.0)
        return cls(scene, tuple(_leaf(scene, rng, t) for t in starts))

    def draw(self, canvas: Canvas) -> None:
        """See ``Layer``."""
        for number, leaf in enumerate(self.leaves):
            if not leaf.start_s <= canvas.t_s <= leaf.end_s:
                continue
            ends = self._path(leaf, canvas.t_s + canvas.exposure_s * np.array([-0.5, 0.5]))
            radius = float(px_per_m(self.scene.camera, ends[0])) * leaf.diameter_m / 2.0
            pixels = self.scene.camera.project(ends)
            if not np.isfinite(pixels).all():
                continue
            times = canvas.instants(float(np.hypot(*(pixels[1] - pixels[0]))), radius)
            centres = self.scene.camera.project(self._path(leaf, times))
            turn = 2.0 * np.pi * 1.7 * leaf.rate_hz * (canvas.t_s - leaf.start_s) + leaf.phase
            radii = radius * np.array([1.0, 0.3 + 0.6 * abs(np.cos(turn))])
            patch = canvas.put(centres, radii, turn / 3.0, leaf.grey * (1.0 + 0.2 * np.sin(turn)), 1.0, 0.0)
            if patch is not None:
                canvas.note("leaf", number, patch.sighting)

    def _path(self, leaf: _Leaf, times_s: Float64) -> Float64:
        since = times_s - leaf.start_s
        air = self.scene.air.drift(times_s) - self.scene.air.drift(np.array(leaf.start_s))
        swing = 2.0 * np.pi * leaf.rate_hz * since + leaf.phase
        own = np.stack(
            [
                leaf.swing_m * np.sin(swing),
                -leaf.sink_mps * since + 0.15 * leaf.swing_m * np.cos(2.0 * swing),
                0.5 * leaf.swing_m * np.cos(swing),
            ],
            axis=1,
        )
        return np.asarray(leaf.position_m + own + 0.7 * air, np.float64)


def _leaf(scene: Scene, rng: np.random.Generator, start_s: float) -> _Leaf:
    width, height = scene.size
    at = (float(rng.uniform(0.0, width)), float(rng.uniform(-0.2, 0.4) * height))
    start = behind_pixel(scene.camera, at, float(rng.uniform(3.0, 15.0)))
    return _Leaf(
        start_s, start_s + float(rng.uniform(4.0, 9.0)), start, float(rng.uniform(0.8, 2.0)),
        float(rng.uniform(0.1, 0.5)), float(rng.uniform(0.5, 1.6)), float(rng.uniform(0.0, 6.3)),
        float(rng.uniform(0.03, 0.09)), float(rng.uniform(120.0, 200.0) if scene.night else rng.uniform(40.0, 150.0)),
    )  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class _Crown:
    x0: int
    y0: int
    leaves: Float32  # (h, w) luma
    cover: Float32  # (h, w) 0 to 1
    modes: Float32  # (m, 2, h, w) displacement, pixels
    rates_hz: Float64
    phases: Float64


@dataclass(frozen=True, slots=True, eq=False)
class Trees:
    """Branches in the corners of the picture, in front of everything that falls behind them."""

    scene: Scene
    crowns: tuple[_Crown, ...]

    @classmethod
    def sample(cls, scene: Scene, parameters: Parameters) -> Trees:
        """Two crowns; the wind moves them by ``sway_px`` at strength 1 in 720 lines."""
        rng = scene.rng("trees")
        sway = parameters["sway_px"] * parameters["strength"] * scene.size[1] / 720.0
        corners = rng.permutation(4)[: max(1, int(parameters["crowns"]))]
        return cls(scene, tuple(_crown(scene, rng, int(corner), sway) for corner in corners))

    def draw(self, canvas: Canvas) -> None:
        """See ``Layer``."""
        gust = 0.55 + 0.45 * np.sin(0.7 * canvas.t_s + self.scene.air.phase_rad)
        for crown in self.crowns:
            wave = gust * np.sin(2.0 * np.pi * crown.rates_hz * canvas.t_s + crown.phases)
            h, w = crown.cover.shape
            dx, dy = (np.tensordot(wave.astype(np.float32), crown.modes[:, axis], 1) for axis in (0, 1))
            dx += np.arange(w, dtype=np.float32)[None, :]
            dy += np.arange(h, dtype=np.float32)[:, None]
            leaves = cv2.remap(crown.leaves, dx, dy, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
            cover = cv2.remap(crown.cover, dx, dy, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
            region = canvas.picture[crown.y0 : crown.y0 + h, crown.x0 : crown.x0 + w]
            region += cover * (leaves - region)

    def hides(self, x_px: float, y_px: float) -> bool:
        """Whether a place in the picture lies behind leaves, at rest."""
        for crown in self.crowns:
            h, w = crown.cover.shape
            x, y = int(x_px) - crown.x0, int(y_px) - crown.y0
            if 0 <= x < w and 0 <= y < h and crown.cover[y, x] > 0.6:
                return True
        return False


def _crown(scene: Scene, rng: np.random.Generator, corner: int, sway_px: float) -> _Crown:
    width, height = scene.size
    w, h = int(width * rng.uniform(0.13, 0.26)), int(height * rng.uniform(0.2, 0.42))
    right, low = corner % 2 == 1, corner // 2 == 1
    xs = (np.arange(w, dtype=np.float32) / w)[None, :]
    ys = (np.arange(h, dtype=np.float32) / h)[:, None]
    inward = np.hypot(1.0 - xs if right else xs, 1.0 - ys if low else ys)
    cover = np.zeros((h, w), np.float32)
    leaves = np.full((h, w), 30.0, np.float32)
    unit = height / 720.0
    for _ in range(int(900 * w * h / (300.0 * 250.0) / unit**2)):
        x, y = rng.uniform(0, w), rng.uniform(0, h)
        if inward[int(y), int(x)] > 0.95 * rng.random() ** 0.35:
            continue
        axes = (max(1, int(rng.uniform(3.0, 9.0) * unit)), max(1, int(rng.uniform(1.5, 4.0) * unit)))
        turn, place = float(rng.uniform(0.0, 180.0)), (int(x), int(y))
        grey = float(rng.uniform(15.0, 75.0) * (1.6 if scene.night else 1.0))
        cv2.ellipse(leaves, place, axes, turn, 0.0, 360.0, grey, -1)
        cv2.ellipse(cover, place, axes, turn, 0.0, 360.0, 1.0, -1)
    modes = np.empty((4, 2, h, w), np.float32)
    for mode in modes:
        for field in mode:
            coarse = rng.standard_normal((4, 5)).astype(np.float32)
            field[:] = sway_px * cv2.resize(coarse, (w, h), interpolation=cv2.INTER_CUBIC)
    return _Crown(
        width - w if right else 0,
        height - h if low else 0,
        np.asarray(cv2.GaussianBlur(leaves, (0, 0), 0.6), np.float32),
        np.asarray(cv2.GaussianBlur(cover, (0, 0), 0.7), np.float32),
        modes,
        rng.uniform(0.4, 2.4, 4),
        rng.uniform(0.0, 6.3, 4),
    )
