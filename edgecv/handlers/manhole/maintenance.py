"""Windows in which a crew works on a cover: from the box file, or begun and ended by a command.

What is muted must be seen: the beginning, every change and the end of a window are told upstream, the end with the
number of alarms that were not pushed, and the device's state lists what is muted now.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from edgecv.config.secrets import read_secret
from edgecv.handlers.handler import MalformedError
from edgecv.handlers.handler_context import HandlerContext, stamp
from edgecv.handlers.manhole.maintenance_window import EVERY, Window
from edgecv.handlers.manhole.settings import MAX_MAINTENANCE_HOURS, MaintenanceCommands, Planned
from edgecv.handlers.payload_values import a_name, a_time_s
from edgecv.messages import covers

MAX_WINDOWS = 200
"""Begun by command and not over: more crews than a city has at once."""
_AHEAD_S = 7 * 86400.0
_REMEMBERED_S = 2 * 86400.0
_LISTED = 5
_SIGNED = ("command", "cover", "from", "to", "by")


_CHANGES = {"changed": covers.CHANGED, "called_off": covers.CALLED_OFF}


class Maintenance:
    """All windows of a device.

    Args:
        context: keeps those begun by command.
        planned: those of the box file.
        commands: what the box file allows commands.

    Raises:
        ConfigError: the commands' secret cannot be read.
    """

    def __init__(self, context: HandlerContext, planned: Iterable[Planned], commands: MaintenanceCommands) -> None:
        self._context = context
        self._allowed = commands
        self._planned = [
            Window(
                one.cover,
                datetime.fromisoformat(one.begins).timestamp(),
                datetime.fromisoformat(one.ends).timestamp(),
                one.by,
            )
            for one in planned
        ]
        ordered = [window for _, window in context.restore_all("maintenance/", self._stored)]
        self._ordered = {window.key: window for window in ordered[:MAX_WINDOWS]}
        self._muted = {key.removeprefix("muted/"): count for key, count in context.restore_all("muted/", _count)}
        self._spent = {key.removeprefix("signed/"): until_s for key, until_s in context.restore_all("signed/", float)}
        self._secret: bytes | None = None
        if commands.secret_file is not None:
            at = f"devices.{context.identity.device}.maintenance_commands.secret_file"
            self._secret = read_secret(commands.secret_file, context.identity.box_file, at).encode()

    def windows_of(self, *names: str) -> tuple[Window, ...]:
        """The windows for a cover, by its id and name."""
        return tuple(window for window in self._windows() if window.names(names))

    def muted(self, window: Window) -> None:
        """Count an alarm that is not pushed because of a window."""
        self._context.count("alarms_muted")
        if window.key in self._muted:
            self._note(window.key, self._muted[window.key] + 1)

    def notices(self) -> tuple[str, ...]:
        """Which windows there are now, in words."""
        on = [window for window in self._windows() if window.is_on(self._context.now_s)]
        listed = [covers.MUTED(name=w.cover, time=stamp(w.to_s), by=w.by) for w in on[:_LISTED]]
        return (*listed, *([covers.MORE(count=len(on) - _LISTED)] if len(on) > _LISTED else []))

    def command(self, order: Any) -> None:
        """``{"command": "maintenance", "cover": ..., "from": ..., "to": ..., "by": ...}``, or ``maintenance_end``.

        Raises:
            MalformedError: it is no such command, or one that the box file does not allow.
        """
        if not isinstance(order, dict) or order.get("command") not in ("maintenance", "maintenance_end"):
            raise MalformedError("is an unknown command")
        self._check_signature(order)
        cover = a_name(order.get("cover"), "the cover of a command")
        if order["command"] == "maintenance_end":
            self._end(cover)
        else:
            self._spend(order, self._begin(cover, order))

    def tick(self) -> None:
        """Tell what begins and ends; forget what is long over."""
        context = self._context
        on = {window.key: window for window in self._windows() if window.is_on(context.now_s)}
        for key, window in on.items():
            if key not in self._muted:
                self._note(key, 0)
                self._tell("begun", window)
        for key, count in list(self._muted.items()):
            if key not in on:
                self._note(key, None)
                cover = key.rpartition("/")[0]
                text = covers.OVER_UNPUSHED(name=cover, count=count) if count else covers.OVER(name=cover)
                context.send_event("maintenance_ended", text, cover=cover, alarms_muted=count)
        for key, window in list(self._ordered.items()):
            if window.to_s < context.now_s - _REMEMBERED_S:
                self._keep(key, None)
        for signature, until_s in list(self._spent.items()):
            if until_s < context.now_s:  # it is refused by its own end from now on
                self._remember(signature, None)

    def _stored(self, stored: Any) -> Window:
        """A window of an earlier run, which may have been allowed more."""
        cover, from_s, to_s, by = stored
        if cover == EVERY and not self._allowed.everything:
            raise ValueError("names every cover, which is not allowed")
        longest_s = MAX_MAINTENANCE_HOURS * 3600.0
        return Window(str(cover), float(from_s), min(float(to_s), float(from_s) + longest_s), str(by))

    def _windows(self) -> Iterable[Window]:
        return (*self._planned, *self._ordered.values())

    def _begin(self, cover: str, order: Mapping[str, Any]) -> float:
        """Carry the command out; when the window ends, seconds since 1970."""
        now_s, longest_s = self._context.now_s, self._allowed.longest_hours * 3600.0
        if cover == EVERY and not self._allowed.everything:
            raise MalformedError("names every cover, which maintenance_commands.everything does not allow")
        from_s, to_s = a_time_s(order.get("from"), "the start of a command"), a_time_s(order.get("to"), "its end")
        if from_s is None and order.get("from") is not None:
            raise MalformedError("begins at no time")
        from_s = now_s if from_s is None else from_s
        by = a_name(order.get("by"), "the crew of a command")
        if to_s is None or not max(from_s, now_s - longest_s) < to_s <= max(from_s, now_s) + longest_s:
            raise MalformedError(f"does not end within {self._allowed.longest_hours:g} h, or has ended")
        if from_s > now_s + _AHEAD_S:
            raise MalformedError("begins in more than a week")
        same = next((w for w in self._ordered.values() if w.cover == cover and w.is_on(from_s)), None)
        if same is not None:
            changed = replace(same, to_s=to_s, by=by)
            if changed != same:
                self._keep(same.key, changed)
                self._tell("changed", changed)
            return to_s
        if sum(window.to_s > now_s for window in self._ordered.values()) >= MAX_WINDOWS:
            raise MalformedError(f"is one window more than the {MAX_WINDOWS} there may be")
        window = Window(cover, max(from_s, now_s - longest_s), to_s, by)
        self._keep(window.key, window)
        if from_s > now_s:
            self._tell("planned", window)
        return to_s

    def _end(self, cover: str) -> None:
        now_s = self._context.now_s
        ahead = [w for w in self._ordered.values() if w.cover == cover and w.to_s > now_s]
        if not ahead:
            raise MalformedError("ends a maintenance that no command has begun")
        for window in ahead:
            if window.from_s < now_s:
                self._keep(window.key, replace(window, to_s=now_s))
            else:
                self._keep(window.key, None)
                self._tell("called_off", window)

    def _check_signature(self, order: Mapping[str, Any]) -> None:
        if self._secret is None:
            return
        identity = self._context.identity
        signature = order.get("signature")
        if not isinstance(signature, str) or not hmac.compare_digest(
            signature.encode("utf-8", "replace"), signed(self._secret, identity.site, identity.device, order).encode()
        ):
            raise MalformedError("is not signed with the secret of maintenance_commands.secret_file")
        if signature in self._spent:
            raise MalformedError("was carried out before; give another end or crew and sign it anew")

    def _spend(self, order: Mapping[str, Any], until_s: float) -> None:
        """A signed command counts once: whoever overheard it must not begin again what was called off."""
        if self._secret is not None:
            self._remember(str(order["signature"]), until_s)

    def _tell(self, change: str, window: Window) -> None:
        text = covers.BEGUN(by=window.by, name=window.cover)
        if change in _CHANGES:
            text = _CHANGES[change](name=window.cover)
        times = {"from": stamp(window.from_s), "until": stamp(window.to_s)}
        self._context.send_event(f"maintenance_{change}", text, cover=window.cover, by=window.by, **times)

    def _note(self, key: str, count: int | None) -> None:
        self._context.put(f"muted/{key}", count)
        if count is None:
            self._muted.pop(key, None)
        else:
            self._muted[key] = count

    def _remember(self, signature: str, until_s: float | None) -> None:
        self._context.put(f"signed/{signature}", until_s)
        if until_s is None:
            self._spent.pop(signature, None)
        else:
            self._spent[signature] = until_s

    def _keep(self, key: str, window: Window | None) -> None:
        if window is None:
            self._ordered.pop(key, None)
            self._context.put(f"maintenance/{key}", None)
        else:
            self._ordered[key] = window
            self._context.put(f"maintenance/{key}", [window.cover, window.from_s, window.to_s, window.by])


def signed(secret: bytes, site: str, device: str, order: Mapping[str, Any]) -> str:
    """The ``signature`` of a command: ``sha256=HEX``, the HMAC-SHA-256 of site, device and the command's ``command``,
    ``cover``, ``from``, ``to`` and ``by``, one a line, what is left out as an empty line.

    Raises:
        MalformedError: one of them is no text.
    """
    values = [site, device, *(order.get(name) or "" for name in _SIGNED)]
    if not all(isinstance(value, str) and "\n" not in value for value in values):
        raise MalformedError("has a field that is no text, and cannot be signed")
    return f"sha256={hmac.new(secret, chr(10).join(values).encode(), hashlib.sha256).hexdigest()}"


def _count(stored: Any) -> int:
    return int(stored)
