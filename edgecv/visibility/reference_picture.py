"""The picture a camera is compared with: how it looked when it was calibrated, or in its first hour."""

from __future__ import annotations

import io
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from edgecv.errors import InputError
from edgecv.stored_arrays import stored_arrays
from edgecv.visibility.settings import BLOCK
from edgecv.visibility.sharpness import clarity, sample_rows
from edgecv.visibility.thumbnail import Complex64, Float32, UInt8, blocks, edges, spectrum, thumbnail, window

_VERSION = 1
_LARGEST_BYTES = 4 * 4096**2
"""Unpacked: three bytes a pixel of the largest picture that is accepted, and headers."""
_ENTRIES = {"version", "size_px", "picture", "field", "sharpness"}


@dataclass(frozen=True, eq=False)
class Reference:
    """A small picture of the scene, as one can look at it and as edge directions.

    Attributes:
        size_px: ``(width, height)`` of the camera's full picture.
        picture: ``(h, w) uint8`` thumbnail.
        field: ``(h, w) complex64`` edge directions, averaged over the pictures it was learnt from: what moves is faint.
        sharpness: of the full picture, see :class:`~edgecv.visibility.sharpness.Clarity`; None where not measured.
    """

    size_px: tuple[int, int]
    picture: UInt8
    field: Complex64
    sharpness: float | None = None

    @classmethod
    def of(cls, luma: UInt8) -> Reference:
        """The reference of one picture ``(h, w) uint8``, such as the still a camera was calibrated on."""
        small = thumbnail(luma)
        measured = clarity(sample_rows(luma), 0.0)
        return cls((luma.shape[1], luma.shape[0]), small, edges(small)[0], measured.sharpness)

    @property
    def brightness(self) -> float:
        """Median brightness, grey levels."""
        return float(np.median(self.picture))

    @cached_property
    def texture(self) -> Float32:
        """Mean gradient of each block, grey levels a thumbnail pixel."""
        return edges(self.picture)[1]

    @cached_property
    def steady(self) -> Float32:
        """Mean strength of each block's edge directions: near 0 where leaves move."""
        return blocks(np.abs(self.field))

    @cached_property
    def spectrum(self) -> Complex64:
        """Fourier transform of the field, for registration."""
        return spectrum(self.field, window(self.field.shape))

    def to_npz(self) -> bytes:
        """The file's content; :meth:`from_npz` reads it."""
        file = io.BytesIO()
        np.savez_compressed(
            file,
            version=np.array(_VERSION),
            size_px=np.array(self.size_px),
            picture=self.picture,
            field=np.round(np.stack([self.field.real, self.field.imag]) * 127.0).astype(np.int8),
            sharpness=np.array(np.nan if self.sharpness is None else self.sharpness),
        )
        return file.getvalue()

    @classmethod
    def from_npz(cls, content: bytes) -> Reference:
        """Read what :meth:`to_npz` wrote.

        Raises:
            InputError: the content is damaged or something else.
        """
        try:
            return cls._checked(stored_arrays(content, _ENTRIES, _LARGEST_BYTES))
        except (ValueError, TypeError) as error:
            raise InputError("the stored reference picture is damaged; remove it and it is learnt anew") from error

    @classmethod
    def _checked(cls, entries: dict[str, NDArray[np.generic]]) -> Reference:
        picture, pair = entries["picture"], entries["field"]
        size = entries["size_px"].astype(int).ravel().tolist()
        sharpness = float(entries["sharpness"].astype(float))
        sides = all(side % BLOCK == 0 and 0 < side <= 4096 for side in picture.shape)
        is_valid = (
            int(entries["version"].astype(int)) == _VERSION and picture.dtype == np.uint8 and pair.dtype == np.int8
        )
        if not (is_valid and picture.ndim == 2 and sides and pair.shape == (2, *picture.shape) and len(size) == 2):
            raise ValueError
        parts = pair.astype(np.float32) / np.float32(127.0)
        field = np.asarray(parts[0] + 1j * parts[1], np.complex64)
        measured = None if np.isnan(sharpness) else sharpness
        return cls((size[0], size[1]), picture.astype(np.uint8), field, measured)
