"""What one look at the picture shows, compared with the reference and with the recent past."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgecv.visibility.reference_picture import Reference
from edgecv.visibility.settings import GLARE, STEADY, VisibilitySettings
from edgecv.visibility.sharpness import Clarity
from edgecv.visibility.thumbnail import Complex64, Float32, Shift, UInt8, block_agreement, blocks, edges, moved_back


@dataclass(frozen=True, slots=True, eq=False)
class SceneSample:
    """One small picture and its clarity.

    Attributes:
        t_s: media time.
        picture: thumbnail.
        field: edge directions.
        texture: mean gradient of each block.
        clarity: contrast and sharpness of the full picture.
        noise: standard deviation, grey levels.
    """

    t_s: float
    picture: UInt8
    field: Complex64
    texture: Float32
    clarity: Clarity
    noise: float

    @classmethod
    def at(cls, t_s: float, picture: UInt8, clarity: Clarity, noise: float) -> SceneSample:
        """Work out the edges of a thumbnail."""
        return cls(t_s, picture, *edges(picture), clarity, noise)

    @property
    def brightness(self) -> float:
        """Median brightness, grey levels."""
        return float(np.median(self.picture))

    def shows(self, settings: VisibilitySettings) -> float:
        """Share of the blocks in which there is more than noise."""
        # averaging over the thumbnail's pixel leaves a fraction of the noise, codecs leave it in lumps
        least = max(0.6 * settings.textured, 0.5 * self.noise)
        return float(np.mean(self.texture > least))


@dataclass(frozen=True, slots=True)
class Comparison:
    """A look against a reference.

    Attributes:
        comparable: blocks of the reference that have steady edges.
        agreement: share of them whose edges are where they were.
        hidden: share of them whose edges are gone.
    """

    comparable: int
    agreement: float
    hidden: float


def comparable_blocks(reference: Reference, settings: VisibilitySettings) -> NDArray[np.bool_]:
    """Which blocks have edges that are steady enough to be found again."""
    return np.asarray((reference.texture > settings.textured) & (reference.steady > STEADY), np.bool_)


def compare(sample: SceneSample, reference: Reference, shift: Shift | None, settings: VisibilitySettings) -> Comparison:
    """Compare block by block, after undoing a known shift."""
    field = sample.field if shift is None else moved_back(sample.field, shift)
    is_comparable = comparable_blocks(reference, settings)
    count = int(is_comparable.sum())
    if count == 0:
        return Comparison(0, 0.0, 0.0)
    agrees = block_agreement(field, reference.field) > settings.block_agrees
    fainter = sample.texture < settings.lost_texture * reference.texture
    white = blocks(sample.picture.astype(np.float32)) >= GLARE  # glare, not a cover
    gone = ~agrees & fainter & ~white
    return Comparison(count, float(agrees[is_comparable].mean()), float(gone[is_comparable].mean()))
