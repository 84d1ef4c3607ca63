"""The detector's chosen numbers, each with its reason."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DetectionSettings:
    """Background model, thresholds, blobs, camera motion and repeated frames.

    Times in seconds, thresholds in units of the measured noise.
    """

    memory_s: float = 2.5
    """Time constant of the background mean. A fall lasts 1-4 s at any one pixel for a few frames only, so 2.5 s follows
    clouds and exposure without learning the object."""

    initial_noise: float = 1.5
    """Grey levels, until the noise is measured: that of an ordinary camera by day."""

    noise_memory_s: float = 5.0
    """Time constant of the noise estimate: twice the mean's, so that a passing object hardly raises it."""

    warm_up_frames: int = 12
    """Frames that only teach the background; before that the noise is unknown and everything would be a detection."""

    lag_frames: int = 3
    """A moving pixel differs from the background and, with the same sign, from the picture this many frames ago:
    that removes the ghost which an object leaves behind when it starts to move."""

    history_s: float = 3.5
    """How long the response of each frame stays in memory: a fall of 15 storeys takes 3 s, and a track ends a third of
    a second after its last sighting."""

    history_bytes: int = 48 << 20
    """Most memory for that, a camera: 3.5 s of 1080p at 25 frames a second need 43 MiB, eight cameras a third of a
    gigabyte. In 4K it holds a second."""

    seed_threshold: tuple[float, float] = (3.2, 7.0)
    """Response that starts a blob, between these; each part of the picture follows its own noise so that chance makes
    about the number below. In clear scenes less noise than that is left, and things of 1-2 px are below 4."""

    chance_detections: float = 2.0
    """Detections a frame made by noise that the threshold is steered to. Falls are detected 10-90 times, so weak
    detections may pass and the path decides; but tracking costs more than detecting, and 12 found one fall in 80 more
    than 3."""

    threshold_rate: float = 0.01
    """A frame, at which the threshold is steered there: within seconds, and slowly enough for the noise estimate."""

    crowd_detections: float = 12.0
    """Detections a frame of one sign above which its threshold rises, whatever makes them: each of the tracks of drops
    and flakes costs as much as a frame's detection."""

    crowd_threshold: float = 5.0
    """And up to where it does: what is brighter than most flakes must remain among them."""

    recent_rate: float = 0.1
    """A frame, at which the number of blobs in the whole picture is followed that stops thresholds from sinking: of
    Gaussian noise they have ten times as many within 20 frames."""

    grow_threshold: float = 3.0
    """Response at which a blob started by a seed ends."""

    noise_floor: float = 0.3
    """Smallest noise assumed, grey levels: flat saturated sky has none, and one rounding step would be a detection.
    This is the deviation of rounding to whole levels, 1 / sqrt(12); a codec leaves less than twice that by day."""

    min_noise_level: float = 0.8
    """Smallest noise level of a tile: in a quiet moment the threshold sinks by this much at most."""

    binning_above_px: int = 1_300_000
    """Frames with more pixels are analysed at half resolution: at 1080p a 2x2 mean followed by a 3x3 sum found as many
    3-8 px objects as anything at full resolution, at a third of the cost."""

    max_detections: int = 160
    """Most detections passed on per frame, the most unusual first: bounds the work in rain and moving trees. Snow makes
    100-150 a frame, whose tracks cost about as much as decoding; at 32 a frame a brick of 5 px went missing among the
    flakes in 64 of 65 frames."""

    max_per_cell: int = 6
    """Most detections of one sign passed on per 1/64 of the picture, fewer where many are usual, so that a tree cannot
    use up the whole budget."""

    usual_strength: tuple[float, float] = (0.02, 6.0)
    """Blobs a frame of one sign in a cell, and by how much the mean one exceeds the threshold, before any are seen: one
    in 50 frames, as strong as the seed threshold once more."""

    max_per_tile: int = 4
    """Most blobs that start in one tile of 32 analysis pixels."""

    max_area_fraction: float = 0.01
    """Blobs above this share of the picture are people, cars or light, not thrown objects."""

    quota_rate: float = 1.0 / 50.0
    """A frame, at which the usual number of blobs of a part of the picture is learnt: two seconds of rain are rain."""

    side_per_variance: float = 14.0
    """Square of a blob's side over its variance: 16 for a disc (its diameter), 12 for a bar; blobs lie between."""

    scene_change_fraction: float = 0.35
    """When more than this share of the picture differs from the background, the background is restarted."""

    max_shift_px: float = 6.0
    """Camera motion up to this is registered against the background; more is a moved camera and restarts it."""

    min_corner_px: float = 0.12
    """Least motion of a corner by roll and zoom that is taken out: less leaves no edges, and a shift is cheaper."""

    certain_corner_sd: float = 5.0
    """And the least in standard deviations: a background that learns by a roll that is none is turned by it."""

    max_turn: float = 0.006
    """Largest roll, rad, and zoom of a swaying camera: masts in wind turn by a milliradian or two."""

    turned_residual_ratio: float = 0.97
    """Share of a shift's residual that roll and zoom must leave less than: two more numbers always fit a bit better."""

    min_texture_points: int = 40
    """Fewer points do not give the motion: a plain wall, or fog."""

    registration_rounds: int = 3
    """Steps of the registration a frame: motion changes little from frame to frame."""

    lost_residual_ratio: float = 2.5
    """A residual this many times the usual means that the search for a small motion has lost its place."""

    unexplained_ratio: float = 1.3
    """How much worse still a residual must be that a wide search did not explain before it is searched again: key
    frames of a poor codec look lost, too."""

    unexplained_memory: float = 0.998
    """Share of that residual that is remembered a frame: 20 s."""

    accepted_residual_ratio: float = 0.8
    """A wide search is accepted where it leaves less than this share of the residual."""

    usual_residual_rate: float = 0.05
    """A frame, at which the usual residual follows, and never by more than its double: one passing bus changes
    little."""

    steady_levels: float = 0.3
    """Brightness changes below this, grey levels, are left to the background's own learning."""

    texture_cell_px: int = 32
    """The camera's motion is measured at the steepest point of every cell of this size (analysis pixels): 500 points
    give it to 0.02 px."""

    min_gradient: float = 4.0
    """Grey levels a pixel: a flatter cell has no such point."""

    texture_every_frames: int = 50
    """How often those points are chosen again, as light and shadow move."""

    first_gradient_ratio: float = 3.0
    """The first background is a single frame: only what is this many times steeper stands out of its noise."""

    repeat_threshold: float = 0.15
    """A frame whose mean absolute difference to the one before is below this share of the usual is a repeated frame."""

    moved_levels: float = 3.0
    """Difference of a mean of 4x4 pixels, grey levels, from which such a frame is a new one after all: codecs with
    noise reduction leave a quiet picture as it was but for what moves; copies compressed again differ by 1-2."""

    still_memory_frames: int = 50
    """Frames after the last such frame during which pictures are held to compare: two seconds."""

    usual_change_rate: float = 0.1
    """A frame, at which the usual difference between frames follows."""

    quieter_rate: float = 0.02
    """The same while frames count as repeated: a scene that has become quieter for good is not a frozen one, and the
    usual difference sinks within seconds."""

    max_change_ratio: float = 3.0
    """Times the usual difference that one frame may count for: a lamp that is switched changes every pixel once."""

    retiming_frames: tuple[int, int] = (8, 24)
    """Fewest and most pictures that tell an even beat: 24 are a second of them."""

    retiming_repeats: int = 30
    """Frames among which repeats are counted."""

    retiming_share: float = 0.15
    """Repeats below this share are a stuttering file, not another frame rate."""

    retiming_max_error: float = 0.6
    """Largest distance from the beat, in beats, that such a conversion makes."""
