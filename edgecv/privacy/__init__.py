"""What of a picture may be seen by everybody: a picture and what is known of it come in, a blurred copy goes out.

One room for all pictures that are shown or leave the box: evidence (:func:`shown_mask`), what a camera sees now
(:func:`shown_walls`), and the blurring of both (:func:`blurred`). :class:`View` is how a camera sees its facade.
"""

from edgecv.privacy.blur import blurred
from edgecv.privacy.facade_projection import View, quad
from edgecv.privacy.redaction_mask import Outlines, Sighting, outlines_of, scale_of, shown_mask, shown_walls, sightings

__all__ = [
    "Outlines",
    "Sighting",
    "View",
    "blurred",
    "outlines_of",
    "quad",
    "scale_of",
    "shown_mask",
    "shown_walls",
    "sightings",
]
