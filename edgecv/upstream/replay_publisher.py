"""Incidents to an MQTT 5 broker, each acknowledged before the next is sent."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from edgecv.config.broker import BrokerAddress, parse_broker_url
from edgecv.errors import ConfigError, EdgecvError
from edgecv.incidents.cloudevents import CONTENT_TYPE, encode, incident_event
from edgecv.incidents.record import Incident
from edgecv.mqtt import (
    BrokerConnectionError,
    ConnectOptions,
    Credentials,
    Publication,
    Publisher,
    ReasonCode,
    device_topic,
)
from edgecv.mqtt.connection import TICK_S

TIMEOUT_S = 10.0
"""Longest wait for each answer of the broker. A broker on a slow mobile link answers within 2-3 s."""


class BrokerError(EdgecvError):
    """Incidents could not be handed to the broker; ``pushed`` holds the ids of those that were."""

    exit_code = 1

    def __init__(self, message: str, pushed: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.pushed = pushed


@dataclass(frozen=True, slots=True)
class PushResult:
    """What the broker confirmed.

    Attributes:
        broker: its address, without user and password.
        pushed: ids of the incidents it acknowledged, in order.
        unheard: those of them that it said nobody had subscribed to.
    """

    broker: str
    pushed: tuple[str, ...]
    unheard: tuple[str, ...] = ()


def incident_topic(incident: Incident) -> str:
    """The topic an incident is published on.

    Raises:
        ConfigError: site or device do not fit into one level of a topic.
    """
    for name in (incident.site, incident.device):
        if not name or any(c in "/+#\0" for c in name):
            raise ConfigError(
                f"'{name}' cannot be one level of an MQTT topic; rename the site or camera in the box file"
            )
    return device_topic(incident.site, incident.device, "incident")


def publish_incidents(
    url: str,
    incidents: Sequence[Incident],
    *,
    timeout_s: float = TIMEOUT_S,
    kept_in: Path | None = None,
) -> PushResult:
    """Publish incidents to ``mqtt://[user:password@]HOST[:PORT]`` (``mqtts`` for TLS), MQTT 5, QoS 1, in order.

    Returns when the broker has acknowledged every one; with no incidents it does not connect at all.

    Args:
        url: address of the broker.
        incidents: what to publish; only ``tier == "incident"``, since candidates are never alarms.
        timeout_s: longest wait for each answer of the broker, seconds.
        kept_in: folder that holds the incidents, for the message when they could not be pushed.

    Raises:
        ConfigError: the address is wrong.
        BrokerError: the broker cannot be reached, refuses, or goes away; one line that says what was not pushed.
        ValueError: a candidate is among the incidents.
    """
    address = parse_broker_url(url)
    candidates = [incident.id for incident in incidents if incident.tier != "incident"]
    if candidates:
        raise ValueError(f"candidates are never pushed, but {', '.join(candidates)} would be; pass incidents only")
    publications = [(incident.id, _publication(incident)) for incident in incidents]
    pushed: list[str] = []
    unheard: list[str] = []
    refused: list[str] = []
    if not publications:
        return PushResult(str(address), ())
    try:
        with closing(_AcknowledgedPublisher(address, timeout_s)) as publisher:
            for incident_id, publication in publications:
                try:
                    answer = publisher.publish(publication)
                except ValueError as error:
                    refused.append(str(error))
                    continue
                if answer.is_failure:
                    refused.append(str(answer))
                    continue
                pushed.append(incident_id)
                if answer.getName() == "No matching subscribers":
                    unheard.append(incident_id)
    except BrokerConnectionError as error:
        raise BrokerError(
            _message(address, error.problem, len(publications), len(pushed), kept_in), tuple(pushed)
        ) from None
    if refused:
        why = f"refused incidents ({', '.join(dict.fromkeys(refused))})"
        raise BrokerError(_message(address, why, len(publications), len(pushed), kept_in), tuple(pushed))
    return PushResult(str(address), tuple(pushed), tuple(unheard))


def _publication(incident: Incident) -> Publication:
    return Publication(incident_topic(incident), encode(incident_event(incident)), content_type=CONTENT_TYPE)


def _message(address: BrokerAddress, why: str, total: int, pushed: int, kept_in: Path | None) -> str:
    not_pushed = total - pushed
    count = (
        f"{not_pushed} {'incident' if not_pushed == 1 else 'incidents'}"
        if not pushed
        else f"{not_pushed} of {total} incidents"
    )
    is_or_are, was_or_were = ("is", "was") if not_pushed == 1 else ("are", "were")
    where = f" {is_or_are} on disk in {kept_in} but" if kept_in is not None else ""
    return f"broker {address} {why}; {count}{where} {was_or_were} not pushed"


class _AcknowledgedPublisher:
    """Publishes one message after the other, each acknowledged before the next is sent."""

    def __init__(self, address: BrokerAddress, timeout_s: float) -> None:
        self._address = address
        self._timeout_s = timeout_s
        self._answers: dict[int, ReasonCode] = {}
        # the keep-alive bounds how long a network that went silent can hold it up
        options = ConnectOptions(
            credentials=Credentials.of_address(address),
            keepalive_s=max(1, round(timeout_s)),
            timeout_s=timeout_s,
            clean_start=True,
        )
        self._publisher = Publisher(address, options, self._answers.__setitem__)

    def publish(self, publication: Publication) -> ReasonCode:
        """Send one message and wait for the broker's answer, which may be a refusal.

        Raises:
            ValueError: it cannot be sent: it has more bytes than the broker takes.
            BrokerConnectionError: the connection is gone, or no answer comes.
        """
        packet = self._publisher.publish(publication)
        deadline_s = time.monotonic() + self._timeout_s
        while packet not in self._answers:
            if time.monotonic() > deadline_s:
                raise BrokerConnectionError(self._address, f"gave no answer within {self._timeout_s:g} s")
            self._publisher.pump(TICK_S)
        return self._answers.pop(packet)

    def close(self) -> None:
        """Disconnect."""
        self._publisher.close()
