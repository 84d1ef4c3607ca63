"""When the frames of a scene are taken."""

from __future__ import annotations

from dataclasses import dataclass

from edgecv.simulation.scene import Scene


@dataclass(frozen=True, slots=True)
class Instant:
    """Media time of a frame, and whether it shows the picture before it once more."""

    t_s: float
    repeated: bool = False


def instants(scene: Scene) -> list[Instant]:
    """Return the frames of a scene in order, by its timing."""
    even = [n / scene.fps for n in range(scene.frame_count)]
    mode = scene.timing.mode
    if mode == "half_rate":
        return [Instant(t) for t in even[::2]]
    if mode == "repeated":
        return [Instant(t, n % 3 == 2) for n, t in enumerate(even)]
    if mode == "variable":
        rng = scene.rng("timing")
        # below half an interval the order stays; whole milliseconds, as cameras stamp them
        late = rng.uniform(0.0, min(scene.timing.jitter, 0.9) / scene.fps, len(even))
        keep = rng.random(len(even)) >= scene.timing.drop
        keep[0], late[0] = True, 0.0  # a file starts with its first frame
        return [Instant(round(t + d, 3)) for t, d, k in zip(even, late, keep, strict=True) if k]
    return [Instant(t) for t in even]
