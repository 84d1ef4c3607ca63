"""Covers that were moved, damaged or stolen; water, gas, battery, silence; crews that are allowed to."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import ClassVar

from pydantic import BaseModel

from edgecv.handlers.handler import Handler, Input
from edgecv.handlers.handler_context import HandlerContext
from edgecv.handlers.manhole.cover_events import CountInput, CoverEvent, CoverIdentity, UpdateAlarm
from edgecv.handlers.manhole.cover_rules import CoverRules
from edgecv.handlers.manhole.cover_state import CoverState
from edgecv.handlers.manhole.cover_transition import Report, Transition, let_time_pass, take_report
from edgecv.handlers.manhole.events import EVENTS
from edgecv.handlers.manhole.legacy_state import adopt_legacy_covers
from edgecv.handlers.manhole.maintenance import Maintenance
from edgecv.handlers.manhole.maintenance_window import Window, window_at
from edgecv.handlers.manhole.payload_codecs import reader, resolved
from edgecv.handlers.manhole.position import Position
from edgecv.handlers.manhole.settings import CHIRPSTACK_TOPICS, ManholeSettings
from edgecv.handlers.manhole.silence import Silence
from edgecv.handlers.manhole.uplink import Uplink, read_bytes, read_chirpstack, read_port
from edgecv.handlers.payload_values import a_counter, a_name, a_number, a_time_s, finder, read_json
from edgecv.handlers.sensor_monitor import SensorMonitor
from edgecv.handlers.sources.mqtt import MqttSource
from edgecv.handlers.sources.source import Source
from edgecv.messages import covers
from edgecv.mqtt import device_topic


class ManholeHandler(Handler[ManholeSettings]):
    """Thousands of covers."""

    kind = "manhole"
    settings = ManholeSettings
    events: ClassVar[Mapping[str, type[BaseModel]]] = EVENTS

    def __init__(self, settings: ManholeSettings, context: HandlerContext) -> None:
        super().__init__(settings, context)
        listed = {cover.lower(): about for cover, about in settings.covers.items()}
        self._listed = listed
        self._monitor = SensorMonitor(context, settings.silent_after_s, "manhole_silent", listed, self._name)
        self._maintenance = Maintenance(context, settings.maintenance, settings.maintenance_commands)
        self._read = reader(settings.decoder)
        self._port = resolved(settings.decoder).port
        identity = context.identity
        own_topic = device_topic(identity.site, identity.device, "command")
        self._commands = settings.maintenance_commands.topic or own_topic
        self._rules = CoverRules.of(settings)
        adopt_legacy_covers(context)
        stored = context.restore_all(_key(""), CoverState.from_stored)
        self._open = {key.removeprefix(_key("")) for key, state in stored if state.is_open}
        plain = settings.plain
        names = ("id", "time", "counter", "data", "port")
        paths = {} if plain is None else {name: getattr(plain, name) for name in names}
        self._find = {name: finder(path) for name, path in paths.items() if path is not None}

    def sources(self) -> Sequence[Source]:
        """The broker: uplinks, and commands for maintenance."""
        topics = CHIRPSTACK_TOPICS if self.config.plain is None else self.config.plain.topics
        return [MqttSource.of(self.context.identity, self.config.mqtt, [*topics, self._commands])]

    def receive(self, message: Input) -> None:
        """Take one message."""
        if message.topic == self._commands:
            self._maintenance.command(read_json(message.payload))
            return
        uplink = read_chirpstack(message.topic, message.payload) if self.config.plain is None else self._plain(message)
        if uplink is None:
            return
        if uplink.kind == "join":
            self._monitor.restart(uplink.cover, uplink.stamp_s)
            return
        if uplink.kind == "status":
            self._status(uplink)
            return
        is_decoded = self._port is None or uplink.port is None or uplink.port == self._port
        readings = self._read(uplink.raw, uplink.document) if is_decoded and (uplink.raw or uplink.document) else {}
        observation = self._monitor.observe(uplink.cover, uplink.stamp_s, uplink.counter)
        if observation is not None:
            self._take_report(uplink.cover, Report(readings, observation.event_s, observation.is_newest))

    def tick(self) -> None:
        """Which covers were stolen, which are silent, which maintenance is over."""
        self.context.run_for_each(covers.WATCHING_OPEN(), sorted(self._open), self._let_time_pass)
        self._monitor.tick(self._is_accounted_for)
        self._maintenance.tick()

    def notices(self) -> tuple[str, ...]:
        """Which covers are muted, until when and by whom."""
        return self._maintenance.notices()

    def _is_accounted_for(self, cover: str) -> bool:
        """Whether the silence of a cover is expected: it is stolen, or at work."""
        if self._state(cover).stolen is not None:
            return True
        return window_at(self._windows(cover), self.context.now_s) is not None

    def _plain(self, message: Input) -> Uplink:
        document = read_json(message.payload)
        values = {name: find(document) for name, find in self._find.items()}
        cover = a_name(values["id"], "the id").lower()
        stamp_s, counter = a_time_s(values.get("time")), a_counter(values.get("counter"))
        encoding = "base64" if self.config.plain is None else self.config.plain.encoding
        raw = read_bytes(values.get("data"), encoding)
        return Uplink(cover, "up", stamp_s, counter, read_port(values.get("port")), raw, document)

    def _status(self, uplink: Uplink) -> None:
        level = uplink.document.get("batteryLevel") if isinstance(uplink.document, dict) else None
        if level is None or self.config.battery is None:
            return
        self._monitor.register(uplink.cover)
        percent = a_number(level, "batteryLevel")
        self._take_report(uplink.cover, Report({"battery_percent": percent}, self.context.now_s))

    def _take_report(self, cover: str, report: Report) -> None:
        identity, windows = self._identity(cover), self._windows(cover)
        self._change(cover, lambda state: take_report(state, report, identity, self._rules, windows))

    def _let_time_pass(self, cover: str) -> None:
        now_s, silence_s = self.context.now_s, self._monitor.silence_s(cover)
        identity, windows, interval_s = self._identity(cover), self._windows(cover), self._monitor.interval_s(cover)
        silence = Silence(silence_s, interval_s)
        self._change(cover, lambda state: let_time_pass(state, now_s, silence, identity, self._rules, windows))

    def _change(self, cover: str, transition: Callable[[CoverState], Transition]) -> None:
        """Carry a transition out: raise and end alarms, and store the state."""
        before = self._state(cover)
        after, events = transition(before)
        for event in events:
            self._emit(event, self._name(cover))
        if after != before:
            self.context.put(_key(cover), after.to_stored())
        (self._open.add if after.is_open else self._open.discard)(cover)

    def _emit(self, event: CoverEvent, subject: str) -> None:
        if isinstance(event, UpdateAlarm):
            self.context.update(event.alarm, event.text, ended_s=event.ended_s, details=event.details)
        elif isinstance(event, CountInput):
            self.context.count(event.name)
        else:
            if event.window is not None:
                self._maintenance.muted(event.window)
            self.context.alarm(
                event.kind,
                subject,
                event.started_s,
                event.text,
                event.details,
                planned=event.window is not None,
                ended_s=event.ended_s,
                content=event.content,
            )

    def _state(self, cover: str) -> CoverState:
        return self.context.restore(_key(cover), CoverState.from_stored)

    def _identity(self, cover: str) -> CoverIdentity:
        device, listed = self.context.identity, self._listed.get(cover)
        position = None
        if listed is not None and listed.latitude is not None and listed.longitude is not None:
            position = Position(listed.latitude, listed.longitude)
        return CoverIdentity(device.site, device.device, cover, self._name(cover), position)

    def _windows(self, cover: str) -> Sequence[Window]:
        return self._maintenance.windows_of(cover, self._name(cover))

    def _name(self, cover: str) -> str:
        listed = self._listed.get(cover)
        return cover if listed is None else listed.name


def _key(cover: str) -> str:
    return f"cover/{cover}"
