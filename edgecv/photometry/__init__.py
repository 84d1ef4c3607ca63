"""Photometry: how large and how bright a small thing is, by the light it adds to what is behind it.

A thing of area A and luminance L before a background B changes the sum of a picture's light by ``F = A (L - B)``. Along
a fall B changes while A and L stay, so F over B is a straight line of slope -A, however blurred, streaked or compressed
the thing is. Pictures of a fall come in (:class:`CropCollector`, along :func:`stations_of` its fit), a
:class:`Photometry` comes out of :func:`measure`, and :func:`light_draws` hands it to whoever weighs.
"""

from edgecv.photometry.crops import Crop, CropCollector
from edgecv.photometry.fall_stations import stations_of
from edgecv.photometry.light import light_draws
from edgecv.photometry.measure import Photometry, measure
from edgecv.photometry.settings import PhotometrySettings
from edgecv.photometry.stations import Stations

__all__ = [
    "Crop",
    "CropCollector",
    "Photometry",
    "PhotometrySettings",
    "Stations",
    "light_draws",
    "measure",
    "stations_of",
]
