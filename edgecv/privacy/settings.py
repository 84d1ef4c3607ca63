"""Numbers of blurring that were chosen, each with its reason."""

from __future__ import annotations

BLUR_SHARE = 1 / 36
"""Blurring averages blocks of this share of the picture's height: 30 px at 1080 lines..."""
BLUR_M = 0.5
"""...and never less than this on the facade: a face is half as wide, and what is left of a window is its colour."""
FACE_M = 0.16
FACE_PX = 12
"""A face of so many pixels across tells nobody who it is (EN 62676-4 asks for 40 to recognise somebody known)."""
UNKNOWN_BLOCK_PX = 3.0
"""How coarse what is shown is made where no scale is known."""
THING_MARGIN = 1.2
"""A thing is shown in its box times this, for the box misses its rim; more would show what is behind it."""
WINDOW_MARGIN_M = 0.4
"""Windows are blurred so far beyond their edges: frames and open casements stand out beside the glass, people lean out,
and calibrations are right to some centimetres. On a real tower 0.2 cost 19 %, 0.4 17 % of the picture shown as wall."""
ORIGIN_REACH_M = 1.5
"""Without a calibration, so much around the origin is shown: a window's width..."""
ORIGIN_REACH_SHARE = 0.06
"""...and never more than this of the picture's height, for the scale may be wrong."""
