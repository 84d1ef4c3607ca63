"""Other devices: do their brokers and Modbus units answer, when was the last one heard, and could it be read?"""

from __future__ import annotations

import json
import os
import sqlite3
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from edgecv.config import Box
from edgecv.config.broker import parse_broker_url
from edgecv.config.devices import DeviceSettings, MqttInput, is_installed
from edgecv.config.state import state_directory
from edgecv.doctor.check_result import CheckResult, ok, problem, warning
from edgecv.doctor.targets import Receiver, receiver_findings
from edgecv.errors import EdgecvError
from edgecv.handlers.hygiene.settings import HygieneSettings, ModbusServer, Register
from edgecv.handlers.manhole.settings import CHIRPSTACK_TOPICS, ManholeSettings
from edgecv.handlers.sources.modbus import ModbusSource
from edgecv.messages.handlers import NOT_REACHED
from edgecv.mqtt import ConnectOptions, ReceiveLimits, Subscriber, read_credentials
from edgecv.storage.database import DATABASE, Database
from edgecv.storage.device_state import read_device_state, read_unreadable

_ANSWER_S = 5.0
_LISTEN_S = 2.0
"""So long a broker is listened to: what it retains comes at once, and a busy one speaks."""
_MODBUS_S = 20.0
"""So long the units of a Modbus server are asked; one that does not answer takes its ``timeout_s``."""
_LIMITS = ReceiveLimits(100, 2**20)
_MANY_S = 26 * 3600.0
"""Most sensors speak once a day at least."""


def device_findings(box: Box) -> list[CheckResult]:
    """Judge every device of the box file; nothing is acknowledged, stored or changed."""
    devices = box.settings.devices
    with ThreadPoolExecutor(max_workers=min(8, len(devices)) or 1) as asking:
        judged = asking.map(lambda device: list(_of_device(box, *device)), devices.items())
        return [finding for findings in judged for finding in findings]


def _of_device(box: Box, device: str, section: DeviceSettings) -> Iterator[CheckResult]:
    where = f"device {device}"
    broker = getattr(section, "mqtt", None)
    if isinstance(broker, MqttInput):
        yield from _broker(box, where, f"devices.{device}.mqtt", broker, _topics(section))
    if isinstance(section, HygieneSettings):
        yield from _modbus(where, section)
    yield from _heard(state_directory(box), where, device)


def _topics(section: DeviceSettings) -> list[str]:
    """Every topic that a section names."""
    if isinstance(section, ManholeSettings) and section.plain is None:
        return list(CHIRPSTACK_TOPICS)
    return list(dict.fromkeys(_topics_in(section.model_dump(mode="json"))))


def _topics_in(value: Any, key: str = "") -> Iterator[str]:
    if isinstance(value, Mapping):
        for name, item in value.items():
            if name != "maintenance_commands":  # a topic that may not be there, and that nobody speaks on
                yield from _topics_in(item, str(name))
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _topics_in(item, key)
    elif isinstance(value, str) and (key == "topic" or key.endswith("topics")):
        yield value


def _broker(box: Box, where: str, at: str, broker: MqttInput, topics: list[str]) -> Iterator[CheckResult]:
    files = (broker.ca_file, broker.certificate_file, broker.key_file)
    reached = receiver_findings(box.path, Receiver(where, at, broker.url, *files))
    yield from (finding for finding in reached if finding.level != "ok")
    if any(finding.level == "problem" for finding in reached) or not topics:
        return
    address = parse_broker_url(broker.url)

    def options() -> ConnectOptions:
        client_id = f"edgecv-doctor-{os.getpid()}"  # a session of its own: the daemon's stays as it is
        credentials = read_credentials(broker, address, box.path, at)
        return ConnectOptions(client_id, credentials, timeout_s=_ANSWER_S, clean_start=True, manual_ack=True)

    subscriber = Subscriber(address, topics, options, _LIMITS, first_problem=f"{address} does not answer")
    try:
        end_s, messages = time.monotonic() + _ANSWER_S, 0
        while subscriber.problem is not None and time.monotonic() < end_s:
            messages += len(subscriber.take(0.2))
        if subscriber.problem is not None:
            yield _broker_problem(where, str(subscriber.problem))
            return
        messages += len(subscriber.take(_LISTEN_S))
        said = f"; {messages} messages came within {_LISTEN_S:g} s" if messages else ""
        yield ok(where, f"{address} takes the login and {len(topics)} topics{said}")
    except EdgecvError as error:
        yield _broker_problem(where, str(error))
    finally:
        subscriber.close()


def _broker_problem(where: str, text: str) -> CheckResult:
    """A problem of a broker with its own advice; one that says nothing at all says nothing of the password either."""
    cause, _, advice = text.partition("; ")
    return problem(where, cause, advice or "check that a broker for MQTT 5 listens there, and what its log says")


def _modbus(where: str, section: HygieneSettings) -> Iterator[CheckResult]:
    if not section.modbus or not is_installed("pymodbus"):
        return
    for name, server in section.modbus.items():
        points = {one: point.modbus for one, point in section.points.items() if point.modbus is not None}
        asked = {one: register for one, register in points.items() if register.server == name}
        if not asked:
            yield warning(where, f"no point is read from the Modbus server {name}", "name it in a point, or remove it")
            continue
        answers, silent, left = _asked(name, server, asked)
        failed = {point: said["error"] for point, said in answers.items() if "error" in said}
        values = {point: said["value"] for point, said in answers.items() if "value" in said}
        if silent:
            units = ", ".join(str(unit) for unit in silent)
            advice = f"check the address of {name}, its cable and its unit numbers"
            why = next(iter(silent.values()))
            yield problem(where, why if NOT_REACHED() in why else f"{why} (unit {units})", advice)
        if left:
            text = (
                f"{len(left)} units of {name} were not asked: the others took {_MODBUS_S:g} s (unit {left[0]} is next)"
            )
            yield warning(where, text, "put right what does not answer, then run this again")
        for point, why in failed.items():
            advice = "check its address, kind and unit against the device's manual"
            yield problem(where, f"{point} is not read from {name}: {why}", advice)
        if values:
            shown = ", ".join(f"{point} = {_shown(value)}" for point, value in values.items())
            yield ok(where, f"{name} answers: {shown}; compare with what the sensors show")


def _asked(
    name: str, server: ModbusServer, registers: Mapping[str, Register]
) -> tuple[dict[str, dict[str, Any]], dict[int, str], list[int]]:
    """What points answer, which units do not and why, and which were not asked: a gateway may have 247 of them."""
    answers, silent, left = dict[str, dict[str, Any]](), dict[int, str](), list[int]()
    end_s = time.monotonic() + _MODBUS_S
    for unit in sorted({register.unit for register in registers.values()}):
        if time.monotonic() >= end_s:
            left.append(unit)
            continue
        source = ModbusSource(name, server, {at: one for at, one in registers.items() if one.unit == unit})
        try:
            answers |= {arrival.topic: json.loads(arrival.payload) for arrival in source.take(0.0)}
        finally:
            source.close()
        if source.problem is not None:
            silent[unit] = str(source.problem)
            if NOT_REACHED() in silent[unit]:
                break  # nor will it for the others
    return answers, silent, left


def _heard(state: Path, where: str, device: str) -> Iterator[CheckResult]:
    """When its sensors were last heard, and whether what came could be read, as the daemon has stored it."""
    if not (state / DATABASE).exists():
        return
    try:
        database = Database(state / DATABASE, read_only=True)
    except (EdgecvError, sqlite3.Error, OSError):
        return  # told by the check of the disk
    try:
        values = read_device_state(database.connection, device)
        unreadable = read_unreadable(database.connection, device)
    except sqlite3.Error:
        return
    finally:
        database.close()
    sensors = (text for key, text in values.items() if key.startswith("sensor/"))
    heard = [at_s for text in sensors if (at_s := _number(text)) is not None]
    last_s = max(heard, default=None)
    now_s = time.time()
    if last_s is not None:
        text = f"{len(heard)} sensors were heard, the last one {_ago(now_s - last_s)} ago"
        advice = "check the sensors, their gateway, and whether the daemon runs"
        yield ok(where, text) if now_s - last_s < _MANY_S else warning(where, text, advice)
    if unreadable:
        last = unreadable[0]
        count = sum(inputs.count for inputs in unreadable)
        text = f"{count} messages could not be read, the last one {_ago(now_s - last.seen_s)} ago: {last.reason}"
        advice = "compare the decoder or the paths in the box file with what the device sends"
        is_last = last_s is None or last.seen_s > last_s
        yield (problem if is_last and now_s - last.seen_s < _MANY_S else warning)(where, text, advice)


def _shown(value: bool | float | str) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _number(text: str) -> float | None:
    try:
        at_s = json.loads(text).get("at")
    except (ValueError, AttributeError):
        return None
    return float(at_s) if isinstance(at_s, int | float) and at_s > 0.0 else None


def _ago(seconds: float) -> str:
    if seconds < 120.0:
        return f"{max(0.0, seconds):.0f} s"
    if seconds < 2 * 3600.0:
        return f"{seconds / 60.0:.0f} min"
    return f"{seconds / 3600.0:.0f} h" if seconds < 2 * 86400.0 else f"{seconds / 86400.0:.0f} days"
