"""Manhole covers behind ChirpStack: uplinks of bytes or Cayenne LPP, opened, struck, stolen, flooded, worked on."""

from __future__ import annotations

import base64
import struct
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from cayennelpp import LppFrame

from edgecv.simulation.devices.device_trace import DAY_S, MIDNIGHT_S, Day, Expected, Sent, stamp_text

EVERY_S = 300.0
_SLACK_S = 7 * EVERY_S
_HOME = (30.25, 120.16)
_AWAY_DEG = 0.02
_APPLICATION = "6f6b1d1e-0c5e-4b0e-9c52-1f0d6c1f7a10"
_BYTES = [
    {"name": "tilt_deg", "at": 0, "type": "i16", "scale": 0.1},
    {"name": "open", "at": 2, "bit": 0},
    {"name": "loop_broken", "at": 2, "bit": 1},
    {"name": "shock", "at": 3, "scale": 0.1},
    {"name": "water_cm", "at": 4, "type": "u16"},
    {"name": "gas_percent", "at": 6},
    {"name": "battery_percent", "at": 7},
    {"name": "latitude", "at": 8, "type": "i32", "scale": 1e-6},
    {"name": "longitude", "at": 12, "type": "i32", "scale": 1e-6},
]
_CHANNELS = {
    "1": "acceleration",
    "2": "open",
    "3": "loop_broken",
    "4": "shock",
    "5": "water_cm",
    "6": "gas_percent",
    "7": "battery_percent",
    "8": "position",
}


@dataclass(frozen=True, slots=True)
class CoverState:
    """What a cover's sensor feels: tilt in degrees, shock in g, water in cm, the rest as it says."""

    tilt_deg: float = 1.0
    is_open: bool = False
    loop_broken: bool = False
    shock_g: float = 0.0
    water_cm: int = 5
    gas_percent: int = 0
    battery_percent: int = 90
    place: tuple[float, float] = _HOME

    def as_bytes(self) -> bytes:
        """In the layout of ``_BYTES``."""
        flags = self.is_open | self.loop_broken << 1
        return struct.pack(
            ">hBBHBBii",
            round(self.tilt_deg * 10),
            flags,
            round(self.shock_g * 10),
            self.water_cm,
            self.gas_percent,
            self.battery_percent,
            round(self.place[0] * 1e6),
            round(self.place[1] * 1e6),
        )

    def as_cayenne(self) -> bytes:
        """As Cayenne LPP."""
        frame = LppFrame()
        tilt = np.radians(self.tilt_deg)
        frame.add_accelerometer(1, float(np.sin(tilt)), 0.0, float(np.cos(tilt)))
        frame.add_digital_input(2, int(self.is_open))
        frame.add_digital_input(3, int(self.loop_broken))
        frame.add_analog_input(4, self.shock_g)
        frame.add_analog_input(5, float(self.water_cm))
        frame.add_analog_input(6, float(self.gas_percent))
        frame.add_analog_input(7, float(self.battery_percent))
        frame.add_gps(8, *self.place, 4.0)
        return bytes(frame)


@dataclass(slots=True)
class _Plan:
    """One cover's day: its states, one an uplink, and its truth."""

    states: list[CoverState]
    truth: list[Expected]
    maintenance: list[dict[str, str]]
    struck: set[int]


def dev_eui(number: int) -> str:
    """The id of a simulated cover."""
    return f"24e124fffe{number:06x}"


def uplink(eui: str, counter: int, at_s: float, raw: bytes) -> dict[str, Any]:
    """ChirpStack v4's event of an uplink, as its MQTT integration publishes it; a counter of 0 is left out."""
    event: dict[str, Any] = {
        "deduplicationId": f"{eui}-{counter}-{at_s:.0f}",
        "time": stamp_text(at_s),
        "deviceInfo": {"applicationId": _APPLICATION, "deviceName": f"cover {eui[-4:]}", "devEui": eui},
        "devAddr": eui[-8:],
        "adr": True,
        "dr": 5,
        "fPort": 2,
        "data": base64.b64encode(raw).decode(),
        "rxInfo": [{"gatewayId": "0016c001ff10a235", "rssi": -93, "snr": 7.5, "crcStatus": "CRC_OK"}],
        "txInfo": {"frequency": 868100000},
    }
    return event | ({"fCnt": counter} if counter else {})


def manhole_day(count: int, seed: int, broker: str, skewed: float = 0.0) -> Day:
    """A day of covers.

    Args:
        count: how many; each tenth has the same fate.
        seed: the same seed gives the same day; odd ones speak Cayenne LPP.
        broker: where ChirpStack publishes, for the box file's section.
        skewed: share of them behind a gateway whose clock is up to a day off.
    """
    rng = np.random.default_rng(seed)
    cayenne = seed % 2 == 1
    sent: list[Sent] = []
    truth: list[Expected] = []
    maintenance: list[dict[str, str]] = []
    gateway_skew_s = float(rng.uniform(0.3, 1.0)) * DAY_S * (1 if seed % 3 else -1)
    for number in range(count):
        eui = dev_eui(number)
        phase_s = MIDNIGHT_S + float(rng.uniform(0.0, EVERY_S))
        plan = _plan(number, eui, phase_s, rng)
        skew_s = gateway_skew_s if rng.random() < skewed else 0.0
        rejoins = len(plan.states) // 2 if number % 10 == 1 else None
        for index, state in enumerate(plan.states):
            at_s = phase_s + index * EVERY_S
            counter = index if rejoins is None or index < rejoins else index - rejoins
            where = f"application/{_APPLICATION}/device/{eui}/event"
            if index == rejoins:
                info = {"applicationId": _APPLICATION, "devEui": eui}
                sent.append(Sent(at_s - 5.0, f"{where}/join", {"time": stamp_text(at_s + skew_s), "deviceInfo": info}))
            raw = state.as_cayenne() if cayenne else state.as_bytes()
            event = uplink(eui, counter, at_s + skew_s, raw)
            sent.append(Sent(at_s, f"{where}/up", event, sure=index in plan.struck))
        truth += plan.truth
        maintenance += plan.maintenance
    settings: dict[str, Any] = {
        "kind": "manhole",
        "mqtt": {"url": broker},
        "decoder": {"form": "cayenne_lpp", "channels": _CHANNELS} if cayenne else {"form": "bytes", "fields": _BYTES},
        "stolen_after_s": 5 * EVERY_S,
        "silent_after_s": 3 * 3600.0,
        "water": {"above": 60, "back": 50, "for_s": 600},
        "gas": {"above": 10, "back": 5, "for_s": 300},
        "battery": {"below": 15, "back": 20, "for_s": 1800},
        "alarms_per_hour": 1000,
        "maintenance": maintenance,
    }
    return Day(settings, sorted(sent, key=lambda message: message.at_s), truth)


def _plan(number: int, eui: str, phase_s: float, rng: np.random.Generator) -> _Plan:
    count = int((DAY_S - EVERY_S) / EVERY_S)
    plan = _Plan([CoverState(tilt_deg=float(rng.uniform(0.0, 5.0))) for _ in range(count)], [], [], set())
    start = int(rng.integers(60, 180))
    fates = (_opened, _shaken, _stolen, _worked_on, _left_open, _struck, _flooded, _dies, _gassed, _carried_away)
    fates[number % 10](plan, eui, phase_s, start)
    if number % 20 == 11:
        _loop_broken(plan, eui, phase_s, start)
    return plan


def _change(plan: _Plan, first: int, last: int, **to: Any) -> None:
    for index in range(first, min(last, len(plan.states))):
        plan.states[index] = replace(plan.states[index], **to)


def _expect(plan: _Plan, kind: str, eui: str, at_s: float, *, planned: bool = False, ended: bool | None = None) -> None:
    plan.truth.append(Expected(kind, eui, at_s, _SLACK_S, planned, ended))


def _opened(plan: _Plan, eui: str, phase_s: float, start: int) -> None:
    _change(plan, start, start + 15, tilt_deg=40.0, is_open=True)
    _expect(plan, "manhole_moved", eui, phase_s + start * EVERY_S, ended=True)


def _shaken(plan: _Plan, _eui: str, _phase_s: float, start: int) -> None:
    for index in range(start, start + 40, 10):  # lorries
        _change(plan, index, index + 1, tilt_deg=22.0)


def _stolen(plan: _Plan, eui: str, phase_s: float, start: int) -> None:
    _change(plan, start, start + 5, tilt_deg=85.0, is_open=True)
    del plan.states[start + 5 :]
    for kind in ("manhole_moved", "manhole_stolen"):
        _expect(plan, kind, eui, phase_s + start * EVERY_S, ended=False)


def _window(plan: _Plan, eui: str, phase_s: float, start: int, stop: int) -> float:
    """A planned window around some uplinks; when it ends."""
    from_s, to_s = phase_s + (start - 2) * EVERY_S, phase_s + stop * EVERY_S
    times = {"begins": stamp_text(from_s), "ends": stamp_text(to_s)}
    plan.maintenance.append({"cover": eui, **times, "by": f"crew {eui[-2:]}"})
    return to_s


def _worked_on(plan: _Plan, eui: str, phase_s: float, start: int) -> None:
    _window(plan, eui, phase_s, start, start + 20)
    _change(plan, start, start + 12, tilt_deg=60.0, is_open=True)
    _expect(plan, "manhole_moved", eui, phase_s + start * EVERY_S, planned=True, ended=True)


def _left_open(plan: _Plan, eui: str, phase_s: float, start: int) -> None:
    to_s = _window(plan, eui, phase_s, start, start + 12)
    _change(plan, start, start + 30, tilt_deg=60.0, is_open=True)
    _expect(plan, "manhole_moved", eui, phase_s + start * EVERY_S, planned=True, ended=True)
    _expect(plan, "manhole_moved", eui, to_s, ended=True)


def _struck(plan: _Plan, eui: str, phase_s: float, start: int) -> None:
    for index in (start, start + 2, start + 5):
        _change(plan, index, index + 1, shock_g=4.0)
        plan.struck.add(index)
    _expect(plan, "manhole_damaged", eui, phase_s + start * EVERY_S)


def _flooded(plan: _Plan, eui: str, phase_s: float, start: int) -> None:
    _change(plan, start, start + 20, water_cm=80)
    _change(plan, start + 20, start + 24, water_cm=55)  # neither high nor good
    _change(plan, start + 24, start + 30, water_cm=70)
    _expect(plan, "manhole_water", eui, phase_s + start * EVERY_S, ended=True)


def _dies(plan: _Plan, eui: str, phase_s: float, start: int) -> None:
    del plan.states[start:]
    _expect(plan, "manhole_silent", eui, phase_s + (start - 1) * EVERY_S, ended=False)


def _gassed(plan: _Plan, eui: str, phase_s: float, start: int) -> None:
    _change(plan, start, start + 12, gas_percent=25)
    _change(plan, start + 40, len(plan.states), battery_percent=12)
    _expect(plan, "manhole_gas", eui, phase_s + start * EVERY_S, ended=True)
    _expect(plan, "manhole_battery", eui, phase_s + (start + 40) * EVERY_S, ended=False)


def _carried_away(plan: _Plan, eui: str, phase_s: float, start: int) -> None:
    _change(plan, start, len(plan.states), tilt_deg=88.0, is_open=True, place=(_HOME[0] + _AWAY_DEG, _HOME[1]))
    for kind in ("manhole_moved", "manhole_stolen"):
        _expect(plan, kind, eui, phase_s + start * EVERY_S, ended=False)


def _loop_broken(plan: _Plan, eui: str, phase_s: float, start: int) -> None:
    _change(plan, start, start + 12, loop_broken=True)
    _expect(plan, "manhole_damaged", eui, phase_s + start * EVERY_S, ended=True)
