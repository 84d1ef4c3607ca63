"""Motion and measurement model as C's ``MotionModel``, in pixels of one picture."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from edgecv.native import ffi
from edgecv.tracking.settings import TrackingSettings


@lru_cache(maxsize=8)
def compiled_motion_model(settings: TrackingSettings, height_px: int) -> Any:
    """Return C's ``MotionModel`` for a picture of this height."""
    s, h = settings, float(height_px)
    return ffi.new(
        "MotionModel *",
        {
            "jerk": s.jerk_h_s2_sqrt_s * h,
            "jerk_doubling_speed": s.jerk_doubles_at_h_s * h,
            "position_sd": s.position_sd_px,
            "position_sd_per_size": s.position_sd_per_size,
            "gate": s.gate,
            "established_bonus": s.established_bonus,
            "detection_probability": s.detection_probability,
            "gravity": s.gravity_h_s2 * h,
            "initial_sd": s.initial_sd(h).tolist(),
            "log_area_sd": s.log_area_sd,
            "contrast_flip_cost": s.contrast_flip_cost,
            "max_dissimilarity": s.max_dissimilarity,
            "feature_rate": s.feature_rate,
            "same_object_px": s.same_object_px,
            "min_points": s.min_points,
        },
    )
