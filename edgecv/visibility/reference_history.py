"""What a camera usually shows: the fixed reference, and the recent past that follows light and season."""

from __future__ import annotations

import numpy as np

from edgecv.visibility.frame_comparison import Comparison, SceneSample, compare
from edgecv.visibility.reference_picture import Reference
from edgecv.visibility.settings import COMPARABLE_LIGHT, REFRESH_LOOKS, VisibilitySettings
from edgecv.visibility.thumbnail import Complex64, Float32, Shift, moved_back


class ReferenceHistory:
    """The pictures and habits that looks are compared with, for one size of picture.

    Args:
        reference: fixed from the start, or None to learn it.
        size_px: ``(width, height)`` of the full picture.
        settings: the numbers.

    Attributes:
        reference: the fixed picture, or the one being learnt, or None.
        final: the reference will not change any more.
        usual_agreement: share of the blocks that usually are where they were; None while unknown.
        last_well: media time and brightness of the last look at which all was well.
    """

    def __init__(self, reference: Reference | None, size_px: tuple[int, int], settings: VisibilitySettings) -> None:
        self._settings = settings
        self._size_px = size_px
        self.reference = reference
        self.final = reference is not None
        self.usual_agreement: float | None = None
        self.last_well: tuple[float, float] | None = None
        # sharpness counts in pixels: that of another resolution says nothing
        self._sharpness = reference.sharpness if reference is not None and reference.size_px == size_px else None
        self._recent: Reference | None = None
        self._learning: tuple[Complex64, Float32] | None = None
        self._scene_known = reference is not None
        self._looks = 0
        self._well_looks = 0

    def compare(self, sample: SceneSample, shift: Shift | None) -> Comparison | None:
        """Compare with the recent picture; with the reference where there is none yet and the light is alike."""
        if self._recent is not None:
            return compare(sample, self._recent, shift, self._settings)
        if self.reference is None or not self._scene_known:
            return None
        low, high = COMPARABLE_LIGHT
        if not low < (sample.brightness + 1.0) / (self.reference.brightness + 1.0) < high:
            return None
        return compare(sample, self.reference, shift, self._settings)

    def sharpness_of(self, sample: SceneSample) -> float | None:
        """Sharpness in units of the camera's own past; None where it cannot be told."""
        if sample.clarity.sharpness is None or not self._sharpness:
            return None
        return sample.clarity.sharpness / self._sharpness

    def adopt(self) -> None:
        """Another scene has lasted: learn it as the usual one. What a turned camera is told by stays."""
        self._scene_known, self._recent, self._learning = False, None, None
        self._looks, self.usual_agreement = 0, None

    def learn_scene(self, sample: SceneSample, comparison: Comparison | None, shift: Shift | None) -> None:
        """Follow the scene, kept in the place where the reference has it."""
        s = self._settings
        field = sample.field if shift is None else moved_back(sample.field, shift)
        picture = sample.picture.astype(np.float32)
        self._looks += 1
        if self._learning is None:
            self._learning = field.copy(), picture
        else:
            rate = np.float32(max(1.0 / self._looks, s.look_every_s / s.memory_s))
            learnt_field, learnt_picture = self._learning
            learnt_field += rate * (field - learnt_field)
            learnt_picture += rate * (picture - learnt_picture)
        if comparison is not None and comparison.comparable:
            usual = comparison.agreement if self.usual_agreement is None else self.usual_agreement
            self.usual_agreement = usual + max(0.01, 1.0 / self._looks) * (comparison.agreement - usual)
        if self._looks >= s.first_looks and (self._recent is None or self._looks % REFRESH_LOOKS == 0):
            field, picture = self._learning
            self._recent = Reference(self._size_px, np.round(picture).astype(np.uint8), field.copy(), self._sharpness)

    def learn_habits(self, sample: SceneSample) -> None:
        """All is well: follow the sharpness, and make the recent picture the reference while that is being learnt."""
        s = self._settings
        self.last_well = (sample.t_s, sample.brightness)
        self._well_looks += 1
        if sample.clarity.sharpness is not None:
            usual = sample.clarity.sharpness if self._sharpness is None else self._sharpness
            rate = max(1.0 / self._well_looks if not self.final else 0.0, s.look_every_s / s.sharpness_memory_s)
            self._sharpness = usual + rate * (sample.clarity.sharpness - usual)
        if not self.final and self._recent is not None:
            self.reference = self._recent
            self.final = self._well_looks * s.look_every_s >= s.learn_s
