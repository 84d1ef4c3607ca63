"""The motion model's numbers as the C library takes them."""

from __future__ import annotations

import ctypes
from ctypes import c_double, c_int64
from functools import lru_cache

from edgecv.tracking.settings import TrackingSettings


class MotionInC(ctypes.Structure):
    """``Motion`` of edgecv/native/motion.h."""

    _fields_ = (
        *((name, c_double) for name in ("jerk", "speed", "position_sd", "position_sd_per_size")),
        *((name, c_double) for name in ("gate", "bonus", "detection_probability", "gravity")),
        ("first_sd", c_double * 6),
        ("min_points", c_int64),
    )


@lru_cache(maxsize=8)
def motion_in_c(settings: TrackingSettings, height_px: int) -> MotionInC:
    """Return the settings in pixels of a picture of this height."""
    s, h = settings, float(height_px)
    return MotionInC(
        s.jerk_h_s2_sqrt_s * h,
        s.jerk_doubles_at_h_s * h,
        s.position_sd_px,
        s.position_sd_per_size,
        s.gate,
        s.established_bonus,
        s.detection_probability,
        s.gravity_h_s2 * h,
        (c_double * 6)(*s.first_sd(h).ravel()),
        s.min_points,
    )
