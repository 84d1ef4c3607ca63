"""A street of food shops: refrigerators that defrost or fail, damp rooms, greasy hoods, sensors that lie or die."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgecv.simulation.devices.device_trace import DAY_S, MIDNIGHT_S, Day, Expected, Sent

_EVERY_S = 60.0
_FRIDGE = {"name": "cold chain", "basis": "kept at 0 to 8 °C", "above": 8.0, "back": 6.5, "for_s": 1800.0}
_DAMP = {"name": "damp", "above": 80.0, "back": 70.0, "for_s": 3600.0}
_GREASE = {"name": "hood", "above": 70.0, "back": 50.0, "for_s": 300.0}
_KINDS: tuple[tuple[str, dict[str, Any], float, float, float], ...] = (
    # quantity, rule, usual value, spread, value when it is wrong
    ("temperature_c", _FRIDGE, 4.0, 0.4, 13.0),
    ("humidity_percent", _DAMP, 55.0, 3.0, 90.0),
    ("grease_percent", _GREASE, 20.0, 4.0, 85.0),
)


def hygiene_day(count: int, seed: int, broker: str, skewed: float = 0.0) -> Day:
    """A day of shops' sensors over MQTT.

    Args:
        count: how many sensors.
        seed: the same seed gives the same day.
        broker: where they speak, for the box file's section.
        skewed: share of them whose clock is up to a day off.
    """
    rng = np.random.default_rng(seed)
    sent: list[Sent] = []
    truth: list[Expected] = []
    points: dict[str, Any] = {}
    for number in range(count):
        quantity, rule, usual, spread, wrong = _KINDS[number % len(_KINDS)]
        name = f"{quantity.split('_')[0]}-{number:03d}"
        minutes = int(DAY_S / _EVERY_S)
        values = rng.normal(usual, spread, minutes)
        begins = _troubles(values, number // len(_KINDS) % 4, rule["for_s"], wrong, usual, rng)
        phase_s = MIDNIGHT_S + float(rng.uniform(0.0, _EVERY_S))
        skew_s = float(rng.uniform(-DAY_S, DAY_S)) if rng.random() < skewed else 0.0
        for index in range(minutes):
            if not np.isnan(values[index]):
                at_s = phase_s + index * _EVERY_S
                value = round(float(values[index]), 2)
                payload = {"value": value, "t": round((at_s + skew_s) * 1000), "n": index}
                sent.append(Sent(at_s, f"shop/{name}", payload))
        for kind, index in begins:
            ended = kind != "hygiene_silent"
            truth.append(Expected(kind, name, phase_s + index * _EVERY_S, 6 * _EVERY_S, ended=ended))
        points[name] = {
            "quantity": quantity,
            "topic": f"shop/{name}",
            "time": "$.t",
            "counter": "$.n",
            "valid": [-60.0, 100.0],
            "rules": [rule],
        }
    settings = {"kind": "hygiene", "mqtt": {"url": broker}, "points": points, "alarms_per_hour": 1000}
    return Day(settings, sorted(sent, key=lambda message: message.at_s), truth)


def _troubles(
    values: NDArray[np.float64], fate: int, for_s: float, wrong: float, usual: float, rng: np.random.Generator
) -> list[tuple[str, int]]:
    """Change a day's values, and say which alarms are right and at which index they begin."""
    least = int(for_s / _EVERY_S)
    start = int(rng.integers(120, 600))
    if fate == 0:  # too long, with a dip on the way that is not good yet
        long = 2 * least + 30
        values[start : start + long] = wrong
        values[start + least + 5] = usual + 0.7 * (wrong - usual)
        return [("hygiene_limit", start)]
    if fate == 1:  # defrosting, a shower: often, never for long enough
        for index in range(start, len(values) - 120, 180):
            values[index : index + max(1, least - 4)] = wrong
        return []
    if fate == 2:  # a broken wire reads what cannot be, then what was
        values[start : start + 60] = -127.0
        return [("hygiene_sensor", start)]
    values[start:] = np.nan
    return [("hygiene_silent", start - 1)]
