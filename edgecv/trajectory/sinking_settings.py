"""What is likely of things that sink, and of what else goes slowly down a facade. Metres, m/s, seconds."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SinkingSettings:
    """Priors of the motions that explain a slow descent."""

    standoff_m: float = 0.7
    """Plane on which it is measured: a hand's breadth to a balcony's depth before the wall; at 20 m a metre more or
    less changes speeds by 5 %."""

    most_points: int = 96
    """Sightings that the evidence is computed from: a few for each swing, and the work grows by the cube."""

    sink_mps: tuple[float, ...] = (0.6, 0.9, 1.3, 1.8, 2.4, 3.1)
    """Mean speeds of descent, all as likely: tissue and film at the slow end, crumpled paper at the fast one."""

    sink_spread_mps: float = 0.25
    """Spread about each: they lie twice that apart."""

    drift_mps: float = 2.0
    """Mean wind along the facade: a fresh breeze is 9 m/s, but towers shelter each other."""

    gust: tuple[float, float] = (0.5, 2.0)
    """Slow changes of that wind: spread, and memory in seconds: a gust of some metres."""

    gust_shares: tuple[float, float] = (0.4, 0.8)
    """Of that, up and down, and to and from the wall: looking up at 60 degrees the latter seem to go up and down by
    nearly twice as much."""

    flutter: tuple[tuple[float, float], ...] = ((0.15, 0.25), (0.4, 0.25), (0.9, 0.25), (0.5, 0.7), (1.0, 0.7))
    """Sideways speed of flutter and its memory in seconds, all as likely: a sheet slides as fast as it sinks, a filled
    bag hardly; a third of a swing of two a second, or of one in two."""

    calm_gust: tuple[float, float] = (0.1, 2.0)
    """Gusts in a courtyard or on a still day: with those of a breeze alone a sheet that goes steadily for twenty
    seconds must be a machine."""

    calm_flutter: tuple[tuple[float, float], ...] = ((0.15, 0.25), (0.4, 0.25))
    """What flutters hardly, in such air; who flutters more hides the gusts."""

    swings: tuple[tuple[float, tuple[float, ...]], ...] = (
        (0.03, (0.5, 0.7, 1.0, 1.4)),
        (0.1, (0.7, 1.0, 1.4, 2.0)),
        (0.25, (1.4, 2.0, 2.8)),
    )
    """Swings about a way that is straight in the long run, all as likely: spread of the place, and periods. A strip
    that sinks in still air swings evenly, by some of its own length, and slides back from the side that it slid to
    (Belmonte, Eisenberg & Moses, "From flutter to tumble", Phys. Rev. Lett. 81, 1998). A velocity that only fluctuates
    leads half a metre astray in twenty seconds, and what goes straight for so long had to be a machine."""

    swing_periods: float = 3.0
    """For how many periods a swing keeps its beat."""

    still_gust: tuple[float, float] = (0.03, 2.0)
    """Gusts in which swings are seen."""

    edge_errors: tuple[float, float, float] = (0.3, 2.0, 0.1)
    """Errors that neighbouring sightings of a machine share: the wall's edges pull its box. Spread, in errors of one;
    period, seconds, and periods for which they last: 0.2 s, and no beat. Of things of 3 to 9 pixels whose place is
    known the shared error is 0.1-0.3."""

    flutter_shares: tuple[float, float] = (0.6, 0.6)
    """The same of the flutter: it sinks faster while it slides on its edge, and turns about the vertical."""

    hand: tuple[float, float] = (2.0, 0.3)
    """Speed with which it may have left the hand, and how soon the air has taken it: terminal velocity over gravity,
    and a little more at less than that speed. What else is compared may begin like that as well."""

    steady_mps: float = 3.0
    """Spread of the speeds of lifts, gondolas, blinds and lights that pass a facade."""

    steady_drift_mps2: float = 0.08
    """How far such a speed changes in a second, steadily: perspective, and starts and stops of machines."""

    flight_mps: float = 6.0
    """Spread of the mean speed of what flies past, each direction: a pigeon 15, an insect near the lens anything."""

    roaming: tuple[tuple[float, float], ...] = ((1.0, 0.5), (1.0, 1.5), (3.0, 0.5), (3.0, 1.5))
    """Speeds of what flies to and fro with no way of its own, all as likely: spread and memory."""

    noise_factors: tuple[float, ...] = (0.3, 0.6, 1.2)
    """Errors of sightings against what is assumed of them, which is on the large side; all as likely."""
