"""What photometry assumes, each with its reason."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PhotometrySettings:
    """Limits and priors of the measurement. Pixels are those of the full frame."""

    margin_px: float = 3.0
    """How far beyond the object's own edge its light is summed: a lens and a codec spread a point over two
    pixels each way; every pixel more adds noise."""

    ring_px: float = 4.0
    """Width of the ring around it that tells how much brighter the picture has become as a whole: clouds, exposure."""

    longest_exposure: float = 1.0
    """Share of a picture's interval for which the shutter is open at most: all of it, by night."""

    usual_exposure: float = 0.5
    """The same by day, where less would do: what a streak has no light in only adds noise."""

    gammas: tuple[tuple[float, float], ...] = ((2.2, 0.7), (1.0, 0.3))
    """Tone curves that are compared and how usual each is: sRGB and BT.709 are near a power of 2.2 as a whole; pictures
    that were blended or denoised after the curve add up as if there were none."""

    losses: tuple[tuple[float, float], ...] = ((0.1, 0.5), (0.03, 0.2), (0.2, 0.3))
    """What a codec takes of a faint thing's light at most, and how usual that is: 25 grey levels times pixels at 4
    Mbit/s, 50 at 2 or where a camera's noise reduction took its part before, 8 at 10."""

    background_s: float = 1.2
    """Pictures this long before and after show what is behind the object, where it does not cover it."""

    neighbours: int = 24
    """Pictures of the background for each place: their median is good to a quarter of one picture's noise."""

    fewest_neighbours: int = 5
    """Fewer, and a bird or the object itself may stand in half of them."""

    largest_reach_px: float = 90.0
    """A streak or an object that is longer is no small thing whose sum needs a wall; its box shows its size."""

    most_stations: int = 100
    """Places along a path: of a long fall every second or third is taken. A hundred cost a quarter of a second, and
    what no number of places removes is as large as their error by then."""

    most_pixels: int = 100_000
    """Of all places together: of a large thing, which a few places weigh well, every second or third is taken."""

    enough_stations: int = 15
    """Places that are taken however large they are."""

    position_sd_px: float = 0.5
    """How far the fitted path is off where the object is: half a pixel, which matters at the edge of a window."""

    box_log_sd: float = 0.07
    """Error of a large object's box, of the logarithm of its diameter."""

    box_sd_px: float = 1.2
    """Error of a small one's: a threshold, a lens and a codec, measured on scenes of two renderers: of what
    shows 3 px a third of the boxes were off by half, mostly too small where the object is dark."""
