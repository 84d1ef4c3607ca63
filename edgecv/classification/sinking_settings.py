"""Where the lines are drawn for things that sink, each with its reason. Metres, m/s, seconds."""

from __future__ import annotations

from dataclasses import dataclass, field

from edgecv.trajectory.sinking_settings import SinkingSettings
from edgecv.trajectory.size import BLUR_PX


@dataclass(frozen=True, slots=True)
class SinkingRules:
    """Joining of pieces, and limits of the verdict."""

    evidence: SinkingSettings = field(default_factory=SinkingSettings)
    """Priors of the motions."""

    # --- pieces of one descent ---

    piece_mps: tuple[float, float] = (0.2, 5.0)
    """Mean speeds of descent of a piece: gusts and the way to and from the wall make 1-3 m/s look like this."""

    piece_points: int = 6
    """A track of fewer is no piece."""

    join_gap_s: float = 2.5
    """Longest time unseen between two pieces: a window of two metres is crossed in one to four."""

    join_m: tuple[float, float] = (0.6, 0.6)
    """How far the next piece may be from where the last one leads: at once, and more for each second."""

    join_size: float = 2.5
    """Ratio of their sizes: a sheet turns."""

    same_share: float = 0.3
    """Share of a track's sightings that are another's as well, from which both are one."""

    decide_after_s: float = 3.0
    """How long after the last sighting the descent is judged: pieces that go on have begun by then, and what else
    sinks here has been seen."""

    remembered_s: float = 20.0
    """How long after that a piece may still join: it is known only once it has ended."""

    most_descents: int = 128
    """Descents remembered: bounds the work in snow."""

    # --- verdict ---

    storeys: float = 2.7
    """Storeys that an incident went down: three, less a tenth that is not known of the plane it sank in."""

    candidate_storeys: float = 2.0
    """The same of a candidate."""

    storeys_to_the_end: float = 2.0
    """Storeys that suffice where it went down as far as it could be seen, to the ground or out at the picture's foot: a
    sheet from the third floor has no three before it. On real film behind invented facades what sank two storeys and
    was no thing stopped in the air, or was on its way when the camera began to look."""

    missing_storey_ratio: float = 5.0
    """Log odds, against an animal that flies to and fro, that make up for each storey that is missing to the three: it
    changes its mind within a second or two, and a storey takes two."""

    ground_m: float = 1.0
    """Height above the ground at which it has landed: it lies or is hidden there, out of the plane of its way down."""

    sink_mps: tuple[float, float] = (0.5, 3.5)
    """Mean speeds of paper, bags, tissue and film."""

    rise_m: float = 1.0
    """How far it may go up again: a swing, or a gust towards the camera at the top of a steep picture."""

    steady_ratio: float = 8.0
    """Log ratio against a steady machine or light: as for a fall."""

    roaming_ratio: float = 0.0
    """Log ratio against an insect or a bird that goes to and fro. That it never went up again in three storeys is asked
    for besides, so even odds are enough."""

    flight_ratio: float = 0.5
    """Log ratio against a bird that flies past; it cannot be large, for any place can be flown to from anywhere. What
    else must be so tells the rest: a bird comes from the picture's side, or is faster soon."""

    chance_ratio: float = 30.0
    """Log ratio against unrelated detections: as for a fall."""

    size_m: tuple[float, float] = (0.05, 0.8)
    """Diameters; smaller are leaves and flakes, larger people, cloths and shadows."""

    size_px: float = BLUR_PX
    """Side of a box in the picture below which nothing is known of a size: the detector's own blur is as large. What is
    far behind the building's place, as a bird in the sky, looks like that."""

    clear_size_px: float = 3.5
    """From which a size is known well enough to be taken as it is; between the two it may be twice or half as large."""

    beside_m: float = 1.5
    """A facade ends this far beyond its outermost windows."""

    out_m: float = 1.5
    """How far before the wall a thing may be that was just let go: from below it seems to be higher by this much times
    the slope of the view."""

    edge_px: float = 12.0
    """What is first seen nearer to the picture's edge came in there."""

    blind_s: float = 0.6
    """What is first seen so soon after the picture was learnt anew was on its way."""

    strays_s: float = 600.0
    """How long other sinking things are remembered: leaves come down all afternoon."""

    stray_descent_m: float = 3.0
    """What else went down by so much, by the facade's scale, is counted."""

    stray_mps: tuple[float, float] = (0.5, 20.0)
    """Its mean speed by that scale: a leaf or flake half way to the camera seems twice as fast."""

    stray_points: int = 10
    """A stray was seen so often at least, and in most frames: else it is clutter."""

    stray_share: float = 0.7
    """Share of the frames in which it was."""

    most_strays: int = 256
    """Strays remembered: enough for any snow to be known."""

    leaf_ratio: float = -1.0
    """Least log ratio of things to leaves, by size, speed and what else sinks there: where no leaf was seen for minutes
    one is the less likely."""

    small_leaf_ratio: float = 0.0
    """The same of what is so small that it is averaged over the sizes that it may have: no leaf may be as likely."""
