"""An incident in plain English: the sentences a guard or a property manager reads first."""

from __future__ import annotations

from edgecv.incidents.alarm import Alarm, Record
from edgecv.incidents.record import Interval, Mass, Origin

_WEIGHT = {"light": "light", "medium": "of medium weight", "heavy": "heavy"}
_NO_REASON = "no reason was recorded"


def percent(p: float) -> str:
    """A probability as a reader expects it, never rounded to a certainty: ``"91 %"``, ``"< 1 %"``, ``"> 99 %"``."""
    if p > 0.995:
        return "> 99 %"
    if p < 0.005:
        return "< 1 %"
    return f"{100 * p:.0f} %"


def number(value: float, digits: int = 3) -> str:
    """A measured value with ``digits`` significant digits and no exponent: ``1234.5`` is ``"1230"``."""
    return f"{float(f'{value:.{digits}g}'):.10f}".rstrip("0").rstrip(".") if value else "0"


def interval_in_words(interval: Interval | None, unit: str) -> str | None:
    """Median with its 90 % interval, ``"12.3 m/s (10.1 to 15.2)"``; None stays None."""
    if interval is None:
        return None
    return f"{number(interval.median)} {unit} ({number(interval.low)} to {number(interval.high)})"


def headline(incident: Record) -> str:
    """The one sentence on top: what it was like, where it came from, how sure we are; an alarm has its own."""
    if isinstance(incident, Alarm):
        return incident.text
    weight = _WEIGHT.get(incident.mass.class_)
    thing = f"Something {weight}" if weight else "Something"
    return f"{thing} fell from {origin_in_words(incident.origin)}"


def origin_in_words(origin: Origin) -> str:
    """The place as it follows the word "from": floor and window with probability, else a pixel and the reason."""
    if origin.floor is None:
        place = "an unknown place"
        if origin.pixel is not None:
            place = f"pixel ({origin.pixel[0]:.0f}, {origin.pixel[1]:.0f})"
        return f"{place}; the floor is unknown: {_reason(origin.reason)}"
    window = f", window {origin.window}" if origin.window else ""
    face = f" of the {origin.facade} facade" if origin.facade else ""
    p = _probability(origin)
    chance = "" if p is None else f" ({percent(p)})"
    missing = "" if origin.window or not origin.reason else f"; the window is unknown: {_reason(origin.reason)}"
    return f"floor {floor_in_words(origin)}{window}{face}{chance}{missing}"


def floor_in_words(origin: Origin) -> str:
    """The floor as people call it, with its number from the ground where that is another."""
    name = origin.floor_name
    return (
        str(origin.floor)
        if name is None or name == str(origin.floor)
        else f"{name} (no. {origin.floor} from the ground)"
    )


def mass_in_words(mass: Mass) -> str:
    """How heavy, with the reason where it could not be told or was not turned into kilograms."""
    weight = _WEIGHT.get(mass.class_)
    if weight is None:
        return f"How heavy it was could not be told: {_reason(mass.reason)}"
    p = mass.p.get(mass.class_)
    parts = [weight[0].upper() + weight[1:] + ("" if p is None else f" ({percent(p)})")]
    terminal = interval_in_words(mass.terminal_velocity, "m/s")
    if terminal:
        parts.append(f"terminal velocity {terminal}")
    kilograms = interval_in_words(mass.kg, "kg")
    parts.append(kilograms if kilograms else f"not given in kilograms: {_reason(mass.reason)}")
    energy = interval_in_words(mass.impact_energy_j, "J")
    if energy:
        parts.append(f"impact energy {energy}")
    if mass.words:
        parts.append(mass.words)
    return "; ".join(parts)


def _probability(origin: Origin) -> float | None:
    """Probability of the named window, or of the whole floor where only the floor is known."""
    matching = [c.p for c in origin.candidates if c.floor == origin.floor and origin.window in (None, c.window)]
    return min(sum(matching), 1.0) if matching else None


def _reason(reason: str | None) -> str:
    return (reason or "").strip().rstrip(".") or _NO_REASON
