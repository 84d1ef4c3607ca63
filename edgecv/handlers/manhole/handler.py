"""Covers that were moved, damaged or stolen; water, gas, battery, silence; crews that are allowed to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from pydantic import BaseModel

from edgecv.handlers.handler import Handler, Input
from edgecv.handlers.handler_context import HandlerContext, stamp
from edgecv.handlers.manhole.cover_state import alarm_id, blows, distance_m, place, planned_from
from edgecv.handlers.manhole.events import EVENTS
from edgecv.handlers.manhole.maintenance import Maintenance, Window
from edgecv.handlers.manhole.payload_codecs import Readings, reader
from edgecv.handlers.manhole.settings import CHIRPSTACK_TOPICS, ManholeSettings
from edgecv.handlers.manhole.uplink import Uplink, read_chirpstack
from edgecv.handlers.payload_values import a_counter, a_name, a_number, a_time_s, finder, read_json
from edgecv.handlers.sensor_monitor import Observation, SensorMonitor
from edgecv.handlers.sources.mqtt import MqttSource
from edgecv.handlers.sources.source import Source
from edgecv.handlers.thresholds import Limit, LimitState
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
        identity = context.identity
        own_topic = device_topic(identity.site, identity.device, "command")
        self._commands = settings.maintenance_commands.topic or own_topic
        self._displaced = Limit(equals=True, for_s=settings.debounce_s, back_for_s=settings.debounce_s)
        self._steady = Limit(equals=True, for_s=settings.debounce_s)
        self._open = {key.removeprefix("open/") for key, _ in context.items("open/")}
        plain = settings.plain
        paths = {} if plain is None else {"id": plain.id, "time": plain.time, "counter": plain.counter}
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
        if uplink.what == "join":
            self._monitor.restarts(uplink.cover, uplink.stamp_s)
            return
        if uplink.what == "status":
            self._status(uplink)
            return
        port = self.config.decoder.port
        speaks = port is None or uplink.port is None or uplink.port == port
        readings = self._read(uplink.raw, uplink.document) if speaks and (uplink.raw or uplink.document) else {}
        seen = self._monitor.observe(uplink.cover, uplink.stamp_s, uplink.counter)
        if seen is not None:
            self._judge(uplink.cover, readings, seen)

    def tick(self) -> None:
        """Who was stolen, who is silent, which crews have gone."""
        self.context.run_for_each("looking after an open cover", sorted(self._open), self._while_open)
        self._monitor.tick(self._is_accounted_for)
        self._maintenance.tick()

    def notices(self) -> tuple[str, ...]:
        """Which covers are muted, until when and by whom."""
        return self._maintenance.notices()

    def _is_accounted_for(self, cover: str) -> bool:
        return self.context.get(f"stolen/{cover}") is not None or self._window(cover) is not None

    def _plain(self, message: Input) -> Uplink:
        document = read_json(message.payload)
        found = {name: find(document) for name, find in self._find.items()}
        cover = a_name(found["id"], "the id").lower()
        stamp_s, counter = a_time_s(found.get("time")), a_counter(found.get("counter"))
        return Uplink(cover, "up", stamp_s, counter, None, b"", document)

    def _status(self, uplink: Uplink) -> None:
        level = uplink.document.get("batteryLevel") if isinstance(uplink.document, dict) else None
        if level is None or self.config.battery is None:
            return
        self._monitor.register(uplink.cover)
        percent = a_number(level, "batteryLevel")
        self._level(uplink.cover, "battery", self.config.battery, percent, self.context.now_s, "% of the battery left")

    def _judge(self, cover: str, readings: Readings, seen: Observation) -> None:
        """Hold a cover's readings against what may be: states only where they are the newest, shocks always."""
        config = self.config
        if readings.get("shock", 0.0) >= config.shock_g:
            self._shock(cover, readings["shock"], seen.event_s)
        if not seen.is_newest or not readings:
            return
        at_s = seen.event_s
        if "open" in readings or "tilt_deg" in readings:
            is_off = readings.get("open", 0.0) > 0.0 or readings.get("tilt_deg", 0.0) > config.tilt_deg
            self._moved(cover, is_off, readings, at_s)
        for name, cause in (("loop_broken", "loop"), ("fault", "sensor")):
            if name in readings:
                self._broken(cover, cause, readings[name] > 0.0, at_s)
        if "latitude" in readings and "longitude" in readings:
            self._placed(cover, (readings["latitude"], readings["longitude"]), at_s)
        for name, key, limit, unit in (
            ("water_cm", "water", config.water, "cm of water"),
            ("gas_percent", "gas", config.gas, "% of the explosive limit"),
            ("battery_percent", "battery", config.battery, "% of the battery left"),
            ("battery_v", "battery", config.battery, "V of the battery"),
        ):
            if limit is not None and name in readings:
                self._level(cover, key, limit, readings[name], at_s, unit)

    def _level(self, cover: str, key: str, limit: Limit, value: float, at_s: float, unit: str) -> None:
        subject = self._name(cover)
        text = f"{subject}: {value:g} {unit}"
        self._monitor.judge(f"{cover}/{key}", limit, value, at_s, f"manhole_{key}", subject, text, {"cover": cover})

    def _moved(self, cover: str, is_off: bool, readings: Readings, at_s: float) -> None:
        key = f"level/{cover}/moved"
        before = self.context.restore(key, LimitState.of)
        after, change = before.step(self._displaced, is_off, at_s)
        if change == "raised" and after.since_s is not None:
            after = self._raise_moved(cover, after, readings.get("tilt_deg"))
        elif before.since_s is not None and after.since_s is None:
            self._closed(cover, before, at_s)
        self.context.put(key, after.kept())
        self._note_open(cover, after.since_s is not None)

    def _raise_moved(self, cover: str, level: LimitState, tilt_deg: float | None) -> LimitState:
        assert level.since_s is not None
        subject, window = self._name(cover), self._window(cover, level.since_s)
        text = f"{subject} was moved" + ("" if window is None else f" in the planned work of {window.by}")
        details = {
            "cover": cover,
            "tilt_deg": None if tilt_deg is None else round(tilt_deg, 1),
            "planned_by": None if window is None else window.by,
            "left_open": False,
        }
        planned = window is not None
        raised = self.context.alarm("manhole_moved", subject, level.since_s, text, details, planned=planned)
        if window is not None:
            self._maintenance.muted(window)
            self.context.put(f"planned/{cover}", [raised, window.by])
        return LimitState(level.since_s, level.last_s, level.worst, raised)

    def _closed(self, cover: str, before: LimitState, at_s: float) -> None:
        """It lies in its place again."""
        for alarm in (before.alarm, self.context.restore(f"stolen/{cover}", alarm_id)):
            if alarm is not None:
                self.context.update(alarm, f"{self._name(cover)} is in its place again", ended_s=at_s)
        planned = self.context.restore(f"planned/{cover}", planned_from)
        if planned is not None and planned[0] != before.alarm:
            self.context.update(planned[0], ended_s=at_s)
        for key in ("stolen", "planned"):
            self.context.put(f"{key}/{cover}", None)

    def _note_open(self, cover: str, is_open: bool) -> None:
        if is_open != (cover in self._open):
            (self._open.add if is_open else self._open.discard)(cover)
            self.context.put(f"open/{cover}", True if is_open else None)

    def _while_open(self, cover: str) -> None:
        """What time alone makes of a cover that is off its place."""
        context, key = self.context, f"level/{cover}/moved"
        level = context.restore(key, LimitState.of)
        since_s = level.since_s
        if since_s is None:
            self._open.discard(cover)
            return
        silence_s = self._monitor.silence_s(cover)
        if self.config.reports_changes and level.alarm is None and silence_s >= self.config.debounce_s:
            level = self._raise_moved(cover, level, None)
            context.put(key, level.kept())
        planned = context.restore(f"planned/{cover}", planned_from)
        if planned is not None and self._window(cover) is None:
            subject, window = self._name(cover), self._window(cover, since_s)
            left_s = context.now_s if window is None else window.to_s
            details = {"cover": cover, "tilt_deg": None, "planned_by": planned[1], "left_open": True}
            text = f"{subject} was left open after the planned work of {planned[1]}"
            raised = context.alarm("manhole_moved", subject, left_s, text, details)
            context.update(planned[0], ended_s=left_s)
            context.put(f"planned/{cover}", None)
            context.put(key, LimitState(since_s, level.last_s, level.worst, raised).kept())
        if silence_s >= self.config.stolen_after_s and not self._is_at_work_on(cover, context.now_s):
            self._stolen(cover, since_s, "open, then silent")

    def _stolen(self, cover: str, since_s: float, why: str, moved_m: float | None = None) -> None:
        if self.context.get(f"stolen/{cover}") is not None:
            return
        subject = self._name(cover)
        details = {"cover": cover, "why": why, "moved_m": None if moved_m is None else round(moved_m)}
        raised = self.context.alarm("manhole_stolen", subject, since_s, f"{subject} was stolen: {why}", details)
        self.context.put(f"stolen/{cover}", raised)

    def _placed(self, cover: str, where: tuple[float, float], at_s: float) -> None:
        listed = self._listed.get(cover)
        home = self.context.restore(f"home/{cover}", place)
        if listed is not None and listed.latitude is not None and listed.longitude is not None:
            home = (listed.latitude, listed.longitude)
        if home is None:
            self.context.put(f"home/{cover}", list(where))
            return
        away_m = distance_m(home, where)
        key = f"level/{cover}/place"
        before = self.context.restore(key, LimitState.of)
        after, change = before.step(self._steady, away_m > self.config.stolen_m, at_s)
        if change == "raised" and after.since_s is not None and not self._is_at_work_on(cover, at_s):
            self._stolen(cover, after.since_s, "carried away", away_m)
            after = LimitState(
                after.since_s, after.last_s, after.worst, self.context.restore(f"stolen/{cover}", alarm_id)
            )
        elif change == "cleared" and before.alarm is not None:
            self.context.update(before.alarm, f"{self._name(cover)} is in its place again", ended_s=at_s)
            self.context.put(f"stolen/{cover}", None)
        self.context.put(key, after.kept())

    def _shock(self, cover: str, shock: float, at_s: float) -> None:
        """Blows close in time are one alarm, in whatever order they come to be known."""
        key = f"shock/{cover}"
        kept = self.context.restore(key, blows)
        if kept is not None and kept[0] - self.config.quiet_s <= at_s <= kept[1] + self.config.quiet_s:
            self.context.put(key, [min(kept[0], at_s), max(kept[1], at_s), kept[2]])
            return
        if kept is not None and at_s < kept[0]:
            self.context.count("late")  # of an alarm before the last, which was told
            return
        raised = self._damaged(cover, "shock", at_s, round(shock, 2), ended_s=at_s)
        self.context.put(key, [at_s, at_s, raised])

    def _broken(self, cover: str, cause: str, is_broken: bool, at_s: float) -> None:
        key = f"level/{cover}/{cause}"
        before = self.context.restore(key, LimitState.of)
        after, change = before.step(self._displaced, is_broken, at_s)
        if change == "raised" and after.since_s is not None:
            raised = self._damaged(cover, cause, after.since_s, None)
            after = LimitState(after.since_s, after.last_s, after.worst, raised)
        elif change == "cleared" and before.alarm is not None:
            self.context.update(before.alarm, ended_s=at_s)
        self.context.put(key, after.kept())

    def _damaged(self, cover: str, cause: str, at_s: float, shock_g: float | None, ended_s: float | None = None) -> str:
        subject, window = self._name(cover), self._window(cover, at_s)
        what = {"shock": "was struck", "loop": "has a broken loop", "sensor": "has a sensor that fails"}[cause]
        details = {
            "cover": cover,
            "cause": cause,
            "shock_g": shock_g,
            "planned_by": None if window is None else window.by,
        }
        if window is not None:
            self._maintenance.muted(window)
        return self.context.alarm(
            "manhole_damaged",
            subject,
            at_s,
            f"{subject} {what}",
            details,
            planned=window is not None,
            ended_s=ended_s,
            content=f"{cause} {stamp(at_s)}",
        )

    def _window(self, cover: str, at_s: float | None = None) -> Window | None:
        return self._maintenance.window((cover, self._name(cover)), self.context.now_s if at_s is None else at_s)

    def _is_at_work_on(self, cover: str, at_s: float) -> bool:
        """Whether a crew has a window for this very cover: nothing less excuses a cover that is gone."""
        return self._maintenance.window((cover, self._name(cover)), at_s, by_name=True) is not None

    def _name(self, cover: str) -> str:
        listed = self._listed.get(cover)
        return cover if listed is None else listed.name
