"""The numbers detection was given, each with its reason."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DetectionSettings:
    """Choices of the detector; times in seconds, thresholds in units of the measured noise."""

    memory_s: float = 2.5
    """Time constant of the background mean. A fall lasts 1-4 s at any one pixel for a few frames only, so 2.5 s follows
    clouds and exposure without learning the object."""

    noise_memory_s: float = 5.0
    """Time constant of the noise estimate: twice the mean's, so that a passing thing hardly raises it."""

    warm_up_frames: int = 12
    """Frames that only teach the background; before that the noise is unknown and everything would be a detection."""

    lag_frames: int = 3
    """A moving pixel differs from the background and, with the same sign, from the picture this many frames ago:
    that removes the ghost which a thing leaves behind when it starts to move."""

    seed_threshold: tuple[float, float] = (4.2, 7.0)
    """Response that starts a blob, between these; it follows the camera's noise so that chance makes about the number
    below."""

    chance_detections: float = 2.0
    """Detections a frame made by noise that the threshold is steered to. Falls are seen 10-90 times, so weak sightings
    may pass and the path decides; but linking costs more than detecting, and 12 found one fall in 80 more than 3."""

    grow_threshold: float = 3.0
    """Response at which a blob started by a seed ends."""

    noise_floor: float = 0.6
    """Smallest noise assumed, grey levels: flat saturated sky has none, and one rounding step would be a detection."""

    min_noise_level: float = 0.8
    """Smallest noise level of a tile: in a quiet moment the threshold sinks by this much at most."""

    binning_above_px: int = 1_300_000
    """Frames with more pixels are analysed at half resolution: at 1080p a 2x2 mean followed by a 3x3 box found as many
    3-8 px things as anything at full resolution, at a third of the cost."""

    max_detections: int = 32
    """Most detections passed on per frame, strongest first: bounds the work in rain and moving trees."""

    max_per_cell: int = 6
    """Most detections passed on per 1/64 of the picture, fewer where many are usual, so that a tree cannot use up the
    whole budget."""

    max_per_tile: int = 4
    """Most blobs that start in one tile of 32 analysis pixels."""

    max_area_fraction: float = 0.01
    """Blobs above this share of the picture are people, cars or light, not thrown things."""

    quota_rate: float = 1.0 / 50.0
    """A frame, at which the usual number of blobs of a part of the picture is learnt: two seconds of rain are rain."""

    side_per_variance: float = 14.0
    """Square of a blob's side over its variance: 16 for a disc (its diameter), 12 for a bar; blobs lie between."""

    scene_change_fraction: float = 0.35
    """When more than this share of the picture differs from the background, the background is learnt anew."""

    max_shift_px: float = 6.0
    """Camera motion up to this is registered against the background; more is a moved camera and starts it anew."""

    texture_cell_px: int = 32
    """The camera's motion is measured at the steepest point of every cell of this size (analysis pixels): 500 points
    give it to 0.02 px."""

    min_gradient: float = 4.0
    """Grey levels a pixel: a flatter cell has no such point."""

    texture_every_frames: int = 50
    """How often those points are chosen anew, as light and shadow move."""

    repeat_threshold: float = 0.15
    """A frame whose mean absolute difference to the one before is below this share of the usual is a repeated frame."""
