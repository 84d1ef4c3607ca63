"""What of a picture may be seen by everybody: a picture and what is known of it come in, a blurred copy goes out.

One room for all pictures that are shown or leave the box: evidence (:func:`visible_mask`), what a camera sees now
(:func:`wall_mask`), and the blurring of both (:func:`blurred`). :class:`FacadeProjection` is how a camera sees its
facade.
"""

from edgecv.privacy.blur import blurred
from edgecv.privacy.facade_projection import FacadeProjection, quad
from edgecv.privacy.redaction_mask import Outlines, Sighting, outlines_of, scale_of, sightings, visible_mask, wall_mask

__all__ = [
    "FacadeProjection",
    "Outlines",
    "Sighting",
    "blurred",
    "outlines_of",
    "quad",
    "scale_of",
    "sightings",
    "visible_mask",
    "wall_mask",
]
