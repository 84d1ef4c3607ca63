"""The numbers by which a camera judges its own sight, each with its reason."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class VisibilitySettings:
    """Choices of the scene watch; times in seconds of media time, brightness in grey levels."""

    look_every_s: float = 1.0
    """One look a second: nothing told here is more urgent than the five seconds for which it must hold anyway."""

    covered_s: float = 5.0
    """A person or a car that passes close hides most of the picture for a second or two."""

    scene_change_s: float = 8.0
    """Longer than covered, which explains more, so that the better word is found first."""

    turned_s: float = 5.0
    """A gust swings a pole there and back within this time."""

    defocused_s: float = 30.0
    """Autofocus hunts for a few seconds at dusk; a drop on the dome runs off."""

    night_s: float = 30.0
    """An infrared lamp may take some seconds to follow the cut filter."""

    frozen_s: float = 10.0
    """Without a new picture; smart codecs send none for a few seconds of a still night."""

    clears_s: float = 5.0
    """A change ends when nothing of it was seen for this long."""

    dark: float = 20.0
    """Median brightness below which a picture may be night without light: infrared gives 40 and more."""

    shown_share: float = 0.25
    """A dark picture in which less than this share of the blocks shows anything is night: lit windows show."""

    abrupt_from: float = 50.0
    """Brightness from which a picture does not become black within seconds by nightfall, only by a cover."""

    textured: float = 2.5
    """Mean gradient, grey levels a thumbnail pixel, of a block that is worth comparing."""

    fewest_blocks: int = 6
    """Comparable blocks below which a picture (open sky) is not judged by its content."""

    block_agrees: float = 0.3
    """Correlation of a block's edge directions with the reference's: chance gives 0.0 ± 0.13."""

    lost_texture: float = 0.35
    """A block is hidden when its edges are gone and what is left is fainter than this share of what they were."""

    covered_share: float = 0.6
    """Share of the comparable blocks hidden at which the camera counts as covered."""

    scene_share: float = 0.4
    """Share of the usual agreement below which the scene is another one."""

    defocused_share: float = 0.5
    """Sharpness in units of the camera's own past: at a half, things of 3-8 px lose half their contrast."""

    peak: float = 0.18
    """Correlation at which a registration against the reference counts: 45 pairs of ten real scenes reach 0.125."""

    clearly: float = 0.1
    """By so much more must a far shift explain the picture than no shift at all: windows repeat, and one period along
    a drawn facade still gave 0.74 of 0.89."""

    tolerance_share: float = 0.007
    """Shift beyond which the camera has turned, share of the longer side, where no floor's height is known: 13 px at
    1080p. A tree that fills the picture and leans in the wind reached 0.0056."""

    tolerance_floors: float = 0.25
    """The same where a floor's height in pixels is known: a quarter of a floor names the wrong one now and then."""

    memory_s: float = 600.0
    """Time constant with which the recent picture follows shadows and dusk."""

    sharpness_memory_s: float = 21600.0
    """Time constant of the usual sharpness: it outlasts a wet evening."""

    learn_s: float = 3600.0
    """Where no reference is given, the first hour's picture becomes it; a scene that lasts as long is the usual one."""

    first_looks: int = 10
    """Looks before anything is compared with a picture that the watch learns itself."""
