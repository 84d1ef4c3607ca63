"""Bringing a day to a box: to a broker or a web hook, as fast as it takes it, each message with the time it came."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import yaml

from edgecv.config.broker import BrokerAddress
from edgecv.errors import EdgecvError
from edgecv.handlers.sources.mqtt import ARRIVED, REHEARSAL_TOPIC
from edgecv.mqtt import BrokerConnectionError, ConnectOptions, Credentials, Publication, Publisher
from edgecv.mqtt.connection import TICK_S
from edgecv.simulation.devices.device_trace import DAY_S, MIDNIGHT_S, Day, stamp_text
from edgecv.simulation.devices.lossy_channel import Arrived

CLOCK_EVERY_S = 60.0
"""How often a replay tells the time: silence is noticed no finer."""
_ANSWER_S = 60.0
_MAX_INFLIGHT = 100
"""Packets sent before the first is confirmed: a rehearsal is to be fast, and mosquitto takes 20 to 65,535."""


def with_clock(arrived: Sequence[Arrived]) -> Iterator[Arrived | float]:
    """Messages in order, and between them the time, to the end of the day."""
    clock_s = MIDNIGHT_S
    for message in arrived:
        while clock_s <= message.at_s:
            yield clock_s
            clock_s += CLOCK_EVERY_S
        yield message
    while clock_s <= MIDNIGHT_S + DAY_S:
        yield clock_s
        clock_s += CLOCK_EVERY_S


def publish(arrived: Sequence[Arrived], address: BrokerAddress) -> int:
    """Publish a day, QoS 1, as fast as the broker confirms; return how many messages.

    Raises:
        EdgecvError: the broker cannot be reached or confirms nothing.
    """
    unconfirmed: set[int] = set()
    options = ConnectOptions(credentials=Credentials.of_address(address), max_inflight=_MAX_INFLIGHT, clean_start=True)
    count = 0
    try:
        with closing(Publisher(address, options, lambda packet, _: unconfirmed.discard(packet))) as publisher:
            for item in with_clock(arrived):
                unconfirmed.add(publisher.publish(_publication(item)))
                count += not isinstance(item, float)
                _await_confirmed(publisher, unconfirmed, _MAX_INFLIGHT - 1, address)
            _await_confirmed(publisher, unconfirmed, 0, address)
    except BrokerConnectionError as error:
        raise EdgecvError(f"{error}; is it running?") from error
    return count


def _publication(item: Arrived | float) -> Publication:
    at_s = item if isinstance(item, float) else item.at_s
    return Publication(
        topic=REHEARSAL_TOPIC if isinstance(item, float) else item.sent.topic,
        payload=b"" if isinstance(item, float) else item.sent.raw(),
        content_type=None,
        user_properties=((ARRIVED, f"{at_s:.3f}"),),
    )


def _await_confirmed(publisher: Publisher, unconfirmed: set[int], most: int, address: BrokerAddress) -> None:
    """Wait until at most so many packets are unconfirmed."""
    deadline_s = time.monotonic() + _ANSWER_S
    while len(unconfirmed) > most:
        if time.monotonic() > deadline_s:
            raise EdgecvError(
                f"broker {address}: confirmed nothing for {_ANSWER_S:.0f} s; check its limits and its log"
            )
        publisher.pump(TICK_S)


def post(arrived: Sequence[Arrived], hook: str, token: str | None) -> int:
    """Send a day to a web hook, one request after the other; return how many.

    Raises:
        EdgecvError: the hook cannot be reached or refuses.
    """
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    own = {"Content-Type": "application/fhir+json"}
    count = 0
    with httpx.Client(base_url=hook.rstrip("/"), headers=headers, timeout=30.0) as client:
        for item in with_clock(arrived):
            try:
                if isinstance(item, float):
                    answer = client.post("/rehearsal/time", headers=own | {ARRIVED: f"{item:.3f}"})
                else:
                    method, path = item.sent.method or "POST", item.sent.topic
                    arrived_at = {ARRIVED: f"{item.at_s:.3f}"}
                    answer = client.request(method, path, content=item.sent.raw(), headers=own | arrived_at)
                    count += 1
            except httpx.HTTPError as error:
                raise EdgecvError(f"hook {hook}: cannot be reached ({error}); is the box running?") from error
            if answer.is_error and answer.status_code not in {400, 422}:  # what is unreadable is for the box to count
                raise EdgecvError(f"hook {hook}: refuses with {answer.status_code}; check --hook and --token-file")
    return count


def write_day(day: Day, arrived: Sequence[Arrived], folder: Path) -> None:
    """Write ``traffic.jsonl``, ``truth.jsonl`` and ``box.yaml`` into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "traffic.jsonl").open("w", encoding="utf-8") as file:
        for message in arrived:
            file.write(json.dumps(_line(message), ensure_ascii=False) + "\n")
    with (folder / "truth.jsonl").open("w", encoding="utf-8") as file:
        for expected in day.truth:
            line = {
                "kind": expected.kind,
                "subject": expected.subject,
                "started_at": stamp_text(expected.started_s),
                "slack_s": expected.slack_s,
                "planned": expected.planned,
                "ended": expected.ended,
            }
            file.write(json.dumps(line, ensure_ascii=False) + "\n")
    box: dict[str, Any] = {"site": "simulated", "devices": {day.device: dict(day.settings)}}
    (folder / "box.yaml").write_text(yaml.safe_dump(box, allow_unicode=True, sort_keys=False), encoding="utf-8")


def _line(message: Arrived) -> dict[str, Any]:
    line: dict[str, Any] = {"arrived_at": stamp_text(message.at_s), "sent_at": stamp_text(message.sent.at_s)}
    line["topic"] = message.sent.topic
    if message.sent.method is not None:
        line["method"] = message.sent.method
    line["payload"] = message.sent.raw().decode("utf-8", "backslashreplace")
    return line
