"""Pictures of a thing of known area and brightness that falls past dark windows and a bright wall."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from edgecv.photometry import CropCollector, Photometry, PhotometrySettings, Stations, measure

Float64 = NDArray[np.float64]
UInt8 = NDArray[np.uint8]
SIZE = (112, 420)
FPS = 25.0
PX_PER_M = 30.0
_FINE = 4  # parts of a pixel in which the thing is drawn


@dataclass(frozen=True, slots=True)
class Scene:
    """One fall; lengths in pixels, light from 0 to 1."""

    diameter_px: float = 3.0
    light: float = 0.1
    wall: tuple[float, float] = (0.05, 0.5)
    gamma: float = 2.2
    blur_px: float = 0.7
    exposure: float = 0.3
    noise: float = 1.5
    codec_step: float = 0.0
    dead_zone: float = 0.0
    turning: float = 0.0
    glints: int = 0
    hidden: tuple[int, int] = (0, 0)
    frames: int = 50
    top_px: float = 15.0
    fall_px_s2: float = 180.0
    levels: tuple[int, int] = (0, 255)
    beside_px: float | None = None

    def at(self, t_s: Float64) -> Float64:
        """Centres ``(n, 2)``."""
        return np.stack([48.0 + 14.0 * t_s, self.top_px + 0.5 * self.fall_px_s2 * t_s**2], axis=1)

    @property
    def times_s(self) -> Float64:
        """Of the pictures with the thing."""
        t = np.arange(self.frames) / FPS
        return t[self.at(t)[:, 1] < SIZE[1] - 10.0]

    def stations(self, box: float = 1.0) -> Stations:
        """Where it is, and a box that is off by a factor."""
        t = self.times_s
        velocity = np.stack([np.full(len(t), 14.0), self.fall_px_s2 * t], axis=1)
        sd = float(np.hypot(0.07, 1.2 / self.diameter_px))
        return Stations(
            t, self.at(t), velocity, np.full(len(t), PX_PER_M), 1.0 / FPS, box * self.diameter_px / PX_PER_M, sd
        )

    def background(self) -> Float64:
        """``(h, w)`` light: a wall of windows."""
        rows = np.arange(SIZE[1])
        dark = (rows // 17) % 3 == 0
        light = np.where(dark, self.wall[0], self.wall[1])
        return np.asarray(np.repeat(light[:, None], SIZE[0], axis=1), np.float64)

    def pictures(self, seed: int = 0) -> list[tuple[float, UInt8]]:
        """A second before, the fall, and a second after."""
        rng = np.random.default_rng(seed)
        background, out = self.background(), []
        still = self._luma(background)
        for number in range(-25, len(self.times_s) + 25):
            light = background.copy()
            t = number / FPS
            hidden = self.hidden[0] <= number < self.hidden[1]
            if 0 <= number < len(self.times_s) and not hidden:
                bright = 4.0 if self.glints and number % 9 < self.glints else self.light
                grown = 1.0 + self.turning * np.sin(0.9 * number)
                way = self.at(t + np.linspace(-0.5, 0.5, 7) * self.exposure / FPS)
                cover = _cover(way, self.diameter_px, grown)
                if self.beside_px is not None:
                    cover = np.maximum(cover, _cover(way + np.array([self.beside_px, 0.0]), self.diameter_px, grown))
                light += cover * (bright - light)
            luma = self._luma(light) + rng.normal(0.0, self.noise, light.shape)
            if self.dead_zone > 0.0:
                luma = still + _without_faint(luma - still, self.dead_zone)
            out.append((t, np.clip(np.round(_coded(luma, self.codec_step)), 0, 255).astype(np.uint8)))
        return out

    def _luma(self, light: Float64) -> Float64:
        """``(h, w)`` luma of light behind the lens."""
        blurred = np.asarray(cv2.GaussianBlur(light, (0, 0), self.blur_px), np.float64)
        black, white = self.levels
        return np.asarray(np.clip(blurred, 0.0, 1.0) ** (1.0 / self.gamma) * (white - black) + black, np.float64)

    def measured(self, seed: int = 0, box: float = 1.0) -> Photometry:
        """What photometry says of it."""
        settings, stations = PhotometrySettings(), self.stations(box)
        collector = CropCollector(stations, SIZE, settings, self.levels)
        for t_s, luma in self.pictures(seed):
            collector.add(t_s, luma)
        photometry = measure(collector.crops, stations, settings)
        assert photometry is not None
        return photometry

    @property
    def diameter_m(self) -> float:
        """Of the disc of its mean area."""
        return self.diameter_px / PX_PER_M


def diameters(photometry: Photometry) -> tuple[float, float, float]:
    """5 %, 50 % and 95 % quantiles, metres."""
    low, middle, high = (np.sqrt(4.0 / np.pi * np.exp(photometry.posterior.log_area_at(q))) for q in (0.05, 0.5, 0.95))
    return float(low), float(middle), float(high)


def _cover(centres_px: Float64, diameter_px: float, grown: float) -> Float64:
    """Share ``(h, w)`` of each pixel's light that the thing takes, smeared over the exposure."""
    low = np.floor(centres_px.min(axis=0) - diameter_px - 3).astype(int)
    high = np.ceil(centres_px.max(axis=0) + diameter_px + 3).astype(int)
    x = low[0] + (np.arange((high[0] - low[0]) * _FINE) + 0.5) / _FINE - 0.5
    y = low[1] + (np.arange((high[1] - low[1]) * _FINE) + 0.5) / _FINE - 0.5
    radius = diameter_px / 2.0 * np.sqrt(grown)
    fine: Float64 = np.mean([np.hypot(x[None] - cx, y[:, None] - cy) < radius for cx, cy in centres_px], axis=0)
    coarse = fine.reshape(high[1] - low[1], _FINE, high[0] - low[0], _FINE).mean(axis=(1, 3))
    cover = np.zeros((SIZE[1], SIZE[0]))
    top, bottom = max(0, low[1]), min(SIZE[1], high[1])
    cover[top:bottom, low[0] : high[0]] = coarse[top - low[1] : bottom - low[1]]
    return cover


def _coded(luma: Float64, step: float) -> Float64:
    """Quantised in blocks of 8 x 8 as a codec does, the finer the smoother."""
    if step <= 0.0:
        return luma
    out = luma.copy()
    weight = step * (1.0 + 0.25 * np.add.outer(np.arange(8), np.arange(8)))
    for top in range(0, luma.shape[0] - 7, 8):
        for left in range(0, luma.shape[1] - 7, 8):
            block = cv2.dct(luma[top : top + 8, left : left + 8])
            out[top : top + 8, left : left + 8] = cv2.idct(np.round(block / weight) * weight)
    return out


def _without_faint(change: Float64, step: float) -> Float64:
    """What a codec keeps of a change: in blocks of 8 x 8 coefficients are rounded down, the fine ones more."""
    out = np.zeros_like(change)
    steps = step * (0.7 + 0.15 * np.add.outer(np.arange(8), np.arange(8)))
    for top in range(0, change.shape[0] - 7, 8):
        for left in range(0, change.shape[1] - 7, 8):
            block = cv2.dct(change[top : top + 8, left : left + 8])
            levels = np.sign(block) * np.floor(np.abs(block) / steps + 1.0 / 6.0)
            out[top : top + 8, left : left + 8] = cv2.idct(levels * steps)
    return out
