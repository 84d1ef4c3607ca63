"""Every number that was chosen for judging how well a camera sees, each with its reason."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class VisibilitySettings:
    """Settings of the scene monitor; times in seconds of media time, brightness in grey levels."""

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


# Causes of blindness
CAUSE_WINDOW_S = 5.0
"""Rain and webs are judged over so many seconds: a single frame full of people looks like rain."""
CAUSE_CELLS = 8
"""The picture is divided into 8 x 8 cells to tell detections everywhere from those in one place."""
CROWDED_DETECTIONS = 24
"""A frame, all over the picture: from here it is weather that makes them."""
CROWDED_FRAMES_SHARE = 0.6
"""Share of crowded frames that is rain: 0.92 in real rain, at most 0.57 for people, birds and cars."""
RAIN_CELLS = 30.0
"""Cells of 64 that share the detections evenly in rain: 37-43 in real rain, 23 for a tree in a corner."""
WEB_CELLS = 10.0
"""The same of what hangs before the lens, at most; people on a lawn spread over 15 and more."""
WEB_DETECTIONS = 6.0
"""Mean detections a frame of a web in the wind, at least; fewer are insects that fly past."""
WEB_WINDOWS = 3
"""A web hangs on for so many windows; a person passes on."""
WEB_AREA_SHARE = 1e-3
"""Share of the picture of a web's median blob: a thread 5 cm from the lens looks large."""

# Scene monitor
ABRUPT_S = 5.0
"""A picture that becomes black within this time was covered: nightfall takes minutes."""
JUMP_S = 30.0
"""A step of media time beyond this is another connection: durations begin anew."""
MAX_NOISE_STEP = 5.0
"""Grey levels by which the noise may grow from one look to the next: a lamp that is switched is no noise."""
CLOCK_SHARE = 0.002
"""Share of the pixels that may change in a picture that still counts as repeated: a burned-in clock ticks."""

# Comparison of a look with the reference
GLARE = 250.0
"""Brightness of a block from which its missing edges are glare and not a cover."""
STEADY = 0.15
"""Mean strength of a block's edge directions over the looks; moving leaves cancel out below it."""

# What a camera usually shows
REFRESH_LOOKS = 10
"""So many more looks make the recent picture worth rebuilding."""
COMPARABLE_LIGHT = (0.5, 2.0)
"""Brightness relative to the reference's within which their scenes can be compared."""

# Sensitivity test
WARM_UP_S = 10.0
"""Twice the time constant of the noise: the second pipeline must know what is usual."""
PAUSE_S = 1.5
"""Between two drawn falls: a track ends within a second, and falls apart in time are told apart."""
CLARITY_EVERY_S = 2.0
"""Light and focus change slower than this."""
MATCH_PX = 6.0
"""A track belongs to a drawn fall within this distance..."""
MATCH_SIZES = 1.0
"""...and so many diameters of the object: its blob may show one end of it only."""
MATCH_MIN_POINTS = 5
"""Sightings below which a track and a drawn fall may agree by chance."""
RESTART_S = 10.0
"""A step of media time beyond this begins the test anew, with the background to be learnt."""

# Sharpness
ROW_STEP = 8
"""Every eighth row is enough for a median over some hundred tiles, at an eighth of the cost."""
TILES_ACROSS = 16
"""A burned-in clock is then one or two tiles of a hundred, which a median ignores."""
MIN_TILES = 6
"""Tiles with an edge below which sharpness cannot be told."""
MIN_EDGE_STEP = 12.0
"""Grey levels of an edge that can be judged; fainter ones are noise and compression."""
NOISE_EXTREME = 3.6
"""The largest difference of two pixels among a hundred pairs, in units of the noise."""
SHARP_RATIO = 0.75
"""Sharpness of a picture in focus; a blur with standard deviation s px gives 0.8 / s."""

# Synthetic falls
SIZES_PX = (3.0, 8.0)
"""Diameters, pixels: those that a loss of focus or light hides first."""
CONTRASTS = (15.0, 40.0)
"""Grey levels against the background: from faint to clear; every contrast gets its share of the falls."""
DURATION_S = (1.5, 2.5)
"""A fall of 10 to 30 m, which is what a camera sees of one."""
MIN_DURATION_S = 0.8
"""A camera close to the wall sees no fall for longer."""
MIN_HEIGHT_SHARE = 0.15
"""Of the picture's height that a fall must cross: less of one proves little."""
MAX_PLACEMENTS = 300
"""Random places tried before the masks are said to leave no room."""
MARGIN_PX = 6.0
"""From the picture's edge: no object is drawn in half."""
PATH_STEP_S = 0.02
"""Between two points of a path: at 30 m/s that is 60 cm, and paths are smooth."""
EXPOSURE_S = 0.008
"""By which a drawn object is smeared: 1/125 s, as by day."""
SMEAR_STEPS = 5
"""Positions that a smear is made of: at 30 m/s they are 6 cm apart."""
MAX_BLUR_PX = 8.0
"""Largest blur that objects are drawn with: as wide as the largest of them."""
ASSUMED_DISTANCE_M = 30.0
"""Distance from the facade assumed without a calibration."""

# Thumbnails
LONGER_SIDE = 256
"""Pixels of a thumbnail's longer side: 1 px is 7.5 px at 1080p, and registration is good to a tenth of it."""
BLOCK = 16
"""Pixels of a block's side: large enough for a window with its frame, and some 140 blocks a picture."""
SOFTNESS = 2.0
"""Grey levels a thumbnail pixel: fainter gradients are noise and rounding."""
NEAR = 3
"""Thumbnail pixels: as wide as the correlation's own peak."""
