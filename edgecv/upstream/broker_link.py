"""A target that is an MQTT 5 broker: messages under way side by side, retained states, a last will."""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from edgecv.config.box import BOX
from edgecv.config.broker import parse_broker_url
from edgecv.config.upstream import Profile as ProfileName
from edgecv.config.upstream import Target
from edgecv.incidents.cloudevents import UNSENDABLE
from edgecv.mqtt import BrokerConnectionError, ConnectOptions, Publication, Publisher, ReasonCode, read_credentials
from edgecv.mqtt.publisher import UNFIT
from edgecv.storage.outbox import Message
from edgecv.upstream.homeassistant import HomeAssistantProfile
from edgecv.upstream.inflight_window import InflightWindow
from edgecv.upstream.link_protocol import Answer, UndeliveredError
from edgecv.upstream.profiles import CloudEventsProfile, Profile
from edgecv.upstream.thingsboard import ThingsBoardProfile

log = logging.getLogger("edgecv.upstream")

MAX_INFLIGHT = 20
"""Messages sent before the first is answered: a mobile link's round trip of 200 ms then still carries 100 a second."""
ANSWER_S = 30.0
"""Longest wait for an answer. It is more than the keep-alive, which finds a dead connection first."""
_TICK_S = 0.05
_SUSPECTED_AFTER, _REFUSED_AFTER = 2, 5
"""So often in a row the broker hangs up with the same message under way and no reason: it is sent alone, then set aside
for later, for others wait behind it. Networks fail so often, but not each time before the same message is answered."""
_LONGEST_RECORD_BYTES = 320_000
"""What the record of a thing takes that is seen for a minute at 50 pictures a second."""
_UNSPECIFIED = 0x80  # MQTT 5 section 2.4
_POSTPONED = frozenset({0x91, 0x97})  # packet number in use, quota exceeded: not the message's fault

PROFILES: dict[ProfileName, type[CloudEventsProfile] | type[ThingsBoardProfile]] = {
    "cloudevents": CloudEventsProfile,
    "homeassistant": HomeAssistantProfile,
    "thingsboard": ThingsBoardProfile,
}


class BrokerLink:
    """The way to one broker.

    Args:
        target: the broker's section of the box file.
        site: the box file's site.
        box_file: the box file, whose folder file names are relative to.
        at: where the target stands in it, for messages.
    """

    def __init__(self, target: Target, site: str, box_file: Path, at: str) -> None:
        self._target = target
        self._client_id = f"edgecv-{site}-{target.name}"
        self._box_file = box_file
        self._at = at
        self._address = parse_broker_url(target.url)
        self._profile: Profile = PROFILES[target.profile](site)
        self._one_by_one = False
        self._max_inflight = MAX_INFLIGHT
        self._box_state: Mapping[str, Any] = {}
        self._hung_up: tuple[int | None, int] = None, 0
        self._bound: int | None = None
        self._begin()

    def _begin(self) -> None:
        self._publisher: Publisher | None = None
        self._window = InflightWindow()
        self._introduced: set[str] = set()
        self._published_states: dict[str, Mapping[str, Any]] = {}
        self._unanswered: set[int] = set()
        self._postponed: str | None = None

    def open(self, timeout_s: float) -> None:
        """Connect; files are read anew each time, so that a corrected password is found."""
        self._begin()
        with _as_undelivered():
            publisher = Publisher(self._address, self._options(timeout_s), self._on_answer)
            if publisher.receive_maximum < self._max_inflight:  # paho cannot be told so on a connection that stands
                self._max_inflight = publisher.receive_maximum
                publisher.close()
                publisher = Publisher(self._address, self._options(timeout_s), self._on_answer)
        self._publisher = publisher
        bound = publisher.largest_packet
        if bound is not None and bound < _LONGEST_RECORD_BYTES and bound != self._bound:
            log.warning(
                "%s: broker %s takes packets of %d bytes at most; a record may have %d, and a longer one than it takes "
                "is not sent: raise the broker's limit",
                self._target.name,
                self._address,
                bound,
                _LONGEST_RECORD_BYTES,
            )
        self._bound = bound

    def _options(self, timeout_s: float) -> ConnectOptions:
        return ConnectOptions(
            client_id=self._client_id,
            credentials=read_credentials(self._target, self._address, self._box_file, self._at),
            session_s=self._target.session_hours * 3600.0,
            will=self._profile.offline({}),
            timeout_s=timeout_s,
            max_inflight=self._max_inflight,
        )

    def show(self, states: Mapping[str, Mapping[str, Any]]) -> None:
        """Publish the states that are not what the broker was last told on this connection."""
        self._box_state = states.get(BOX, {"state": "online"})  # the last will of earlier must not stand
        for device, state in {**states, BOX: self._box_state}.items():
            if self._published_states.get(device) != state:
                self._published_states[device] = state
                try:
                    for publication in self._showing(device, state):
                        self._unanswered.add(self._publish(publication))
                except UNSENDABLE as error:
                    log.warning("%s: the state of %s cannot be published: %s", self._target.name, device, error)

    def _showing(self, device: str, state: Mapping[str, Any]) -> list[Publication]:
        if state:
            return [*self._introduction(device), *self._profile.state(device, state)]
        self._introduced.discard(device)
        return self._profile.removal(device)

    def deliver(self, messages: Sequence[Message]) -> Iterator[list[Answer]]:
        """Publish, up to ``MAX_INFLIGHT`` at a time, and yield what the broker has confirmed."""
        ahead = deque(messages)
        limit = 1 if self._one_by_one else MAX_INFLIGHT
        answered_s = time.monotonic()
        while ahead or self._window:
            while ahead and len(self._window) < limit:
                self._send(ahead.popleft())
            if done := self._window.settled():
                self._hung_up = None, 0
                yield done
                answered_s = time.monotonic()
            elif time.monotonic() - answered_s > ANSWER_S:
                raise UndeliveredError(f"broker {self._address} gave no answer within {ANSWER_S:.0f} s")
            else:
                yield from self._wait()
        self._one_by_one = False

    def _wait(self) -> Iterator[list[Answer]]:
        try:
            self._open_publisher.pump(_TICK_S)
        except BrokerConnectionError as error:
            times = self._times_hung_up(error)
            is_unfit = error.reason_code in UNFIT
            if not is_unfit and times < _SUSPECTED_AFTER:
                raise UndeliveredError(str(error)) from error
            # one of those under way is unfit; the next connection finds out which by sending them one by one
            self._one_by_one = True
            if len(self._window) == 1 and (is_unfit or times >= _REFUSED_AFTER):
                self._window.refuse_only(str(error))
                yield self._window.settled()
            raise UndeliveredError(str(error)) from error
        if self._postponed is not None:
            raise UndeliveredError(f"broker {self._address} cannot take messages now ({self._postponed})")

    def _times_hung_up(self, error: BrokerConnectionError) -> int:
        """How often in a row the broker has hung up without a reason while the same message was the first under way."""
        first, before = self._window.first, self._hung_up
        if first is None or error.reason_code not in {None, _UNSPECIFIED}:
            return 0
        self._hung_up = first, before[1] + 1 if before[0] == first else 1
        return self._hung_up[1]

    def _send(self, message: Message) -> None:
        try:
            publications = [*self._introduction(message.device), *self._profile.message(message)]
            packets = [self._publish(publication) for publication in publications]
        except UNSENDABLE as error:
            self._window.refuse(message, f"cannot be sent: {error}")
        else:
            self._window.sent(message, packets)

    def _introduction(self, device: str) -> list[Publication]:
        if device in self._introduced or self._published_states.get(device) == {}:  # last words of one that is no more
            return []
        self._introduced.add(device)
        return self._profile.introduce(device)

    def idle(self, seconds: float) -> None:
        """Keep the connection alive."""
        with _as_undelivered():
            self._open_publisher.pump(seconds)

    def close(self, *, clean: bool, timeout_s: float) -> None:
        """Say that the box is off, if it is meant to be, and disconnect."""
        publisher, self._publisher = self._publisher, None
        if publisher is None:
            return
        try:
            last = self._profile.offline(self._box_state) if clean else None
            self._unanswered = set() if last is None else {publisher.publish(last)}
            until_s = time.monotonic() + timeout_s
            while self._unanswered and time.monotonic() < until_s:
                publisher.pump(_TICK_S)
            publisher.close(clean=clean and not self._unanswered)
        except (BrokerConnectionError, ValueError, OSError) as error:
            log.debug("%s: while disconnecting: %s", self._target.name, error)

    def _publish(self, publication: Publication) -> int:
        with _as_undelivered():
            return self._open_publisher.publish(publication)

    @property
    def _open_publisher(self) -> Publisher:
        if self._publisher is None:
            raise UndeliveredError(f"broker {self._address} is not connected")
        return self._publisher

    def _on_answer(self, packet: int, reason: ReasonCode) -> None:
        if reason.is_failure and reason.value in _POSTPONED:
            self._postponed = str(reason)
            return
        if self._window.answered(packet, str(reason) if reason.is_failure else None):
            return
        self._unanswered.discard(packet)
        if reason.is_failure:
            log.warning("%s: broker %s refuses a state (%s)", self._target.name, self._address, reason)


@contextmanager
def _as_undelivered() -> Iterator[None]:
    """A connection that failed keeps messages in the outbox, whatever the target speaks."""
    try:
        yield
    except BrokerConnectionError as error:
        raise UndeliveredError(str(error)) from error
