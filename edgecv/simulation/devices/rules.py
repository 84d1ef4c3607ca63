"""Water sensors in basements, for the generic rules: JSON over MQTT, one message a minute, clocks that may be off."""

from __future__ import annotations

from typing import Any

import numpy as np

from edgecv.simulation.devices.device_trace import DAY_S, MIDNIGHT_S, Day, Expected, Sent, stamp_text

_EVERY_S = 60.0
_LIMIT_CM, _BACK_CM, _FOR_S, _SILENT_S = 10.0, 8.0, 180.0, 3600.0


def water_day(count: int, seed: int, broker: str, skewed: float = 0.0) -> Day:
    """A day of water sensors: floods, splashes too short for an alarm, wobbling at the limit, one that dies.

    Args:
        count: how many sensors.
        seed: the same seed gives the same day.
        broker: where they speak, for the box file's section.
        skewed: share of them whose clock is up to a day off.
    """
    rng = np.random.default_rng(seed)
    sent: list[Sent] = []
    truth: list[Expected] = []
    for number in range(count):
        name = f"basement-{number + 1:03d}"
        skew_s = float(rng.uniform(-DAY_S, DAY_S)) if rng.random() < skewed else float(rng.normal(0.0, 2.0))
        dies_s = DAY_S * float(rng.uniform(0.4, 0.8)) if number % 10 == 7 else DAY_S
        level, floods = _levels(rng, dies_s)
        phase_s = float(rng.uniform(0.0, _EVERY_S))
        for index, cm in enumerate(level):
            at_s = MIDNIGHT_S + phase_s + index * _EVERY_S
            payload: dict[str, Any] = {"id": name, "time": stamp_text(at_s + skew_s), "cm": round(float(cm), 1)}
            sent.append(Sent(at_s, f"sensors/{name}/water", payload))
        truth += [
            Expected("rule_broken", name, MIDNIGHT_S + phase_s + first * _EVERY_S, 6 * _EVERY_S, ended=True)
            for first in floods
        ]
        if dies_s < DAY_S:
            last_s = MIDNIGHT_S + phase_s + (len(level) - 1) * _EVERY_S
            truth.append(Expected("rule_silent", name, last_s, 6 * _EVERY_S, ended=False))
    settings = {
        "kind": "rules",
        "mqtt": {"url": broker},
        "topics": ["sensors/+/water"],
        "subject": "$.id",
        "time": "$.time",
        "silent_after_s": _SILENT_S,
        "alarms_per_hour": 1000,
        "rules": [{"name": "water", "value": "$.cm", "above": _LIMIT_CM, "back": _BACK_CM, "for_s": _FOR_S}],
    }
    return Day(settings, sorted(sent, key=lambda message: message.at_s), truth)


def _levels(rng: np.random.Generator, until_s: float) -> tuple[np.ndarray[Any, np.dtype[np.float64]], list[int]]:
    """Centimetres, one a minute, and the indices where floods begin."""
    minutes = int(until_s / _EVERY_S)
    level = np.clip(rng.normal(1.0, 0.5, minutes), 0.0, 5.0)
    floods: list[int] = []
    hour = 60
    for start in range(hour, minutes - 3 * hour, 4 * hour):
        at = start + int(rng.integers(0, hour))
        what = rng.random()
        if what < 0.3:  # a flood, wobbling about the limit at its end, which is the same flood
            long = int(rng.integers(25, 90))
            level[at : at + long] = rng.uniform(11.0, 40.0, long)
            level[at + long : at + long + 10] = rng.uniform(8.2, 11.5, 10)
            floods.append(at)
        elif what < 0.7:  # a splash
            level[at : at + int(rng.integers(1, 2))] = 25.0
    return level, floods
