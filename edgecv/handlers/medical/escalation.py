"""Calls for the on-call doctor: asked, answered or passed on, closed with an outcome."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from edgecv.handlers.handler import Details, MalformedError
from edgecv.handlers.handler_context import HandlerContext, stamp
from edgecv.handlers.payload_values import a_name
from edgecv.messages import medical as messages

Outcome = Literal["guided", "taken", "skipped_on_advice", "emergency", "not_reached", "false_alarm"]
OUTCOMES: tuple[Outcome, ...] = ("guided", "taken", "skipped_on_advice", "emergency", "not_reached", "false_alarm")
"""How a call may end: of few words, so that nothing clinical can be written into it."""


class Call(Details):
    """One call."""

    state: Literal["requested", "unanswered", "answered", "closed"]
    doctor: str
    requested_at: str
    answer_by: str | None
    passed_on: int
    outcome: Outcome | None


class Calls:
    """All calls that are not closed.

    Args:
        context: keeps them.
        on_call: ids of the doctors, in the order they are asked.
        answer_s: how long one may take to answer, seconds.
    """

    def __init__(self, context: HandlerContext, on_call: Sequence[str], answer_s: float) -> None:
        self._context = context
        self._on_call = on_call
        self._answer_s = answer_s
        self._open = {key.removeprefix("call/"): call for key, call in context.restore_all("call/", _call)}

    def request(self) -> dict[str, Any]:
        """A new one, as an alarm's details hold it."""
        return self._requested(0)

    def opened(self, alarm: str, call: dict[str, Any]) -> None:
        """The alarm it belongs to is raised."""
        self._keep(alarm, call)

    def command(self, command: dict[str, Any]) -> None:
        """``{"command": "answer" | "close", "incident": ..., "doctor": ..., "outcome": ...}``.

        Raises:
            MalformedError: it is no such command, or of no open call.
        """
        alarm = a_name(command.get("incident"), "the incident of a command")
        call = self._open.get(alarm)
        if call is None:
            raise MalformedError("answers a call that is not open")
        if command["command"] == "answer":
            doctor = a_name(command.get("doctor"), "the doctor of a command")
            if doctor not in self._on_call:
                raise MalformedError("is answered by somebody who is not on call")
            self._change(
                alarm,
                call | {"state": "answered", "doctor": doctor, "answer_by": None},
                messages.ANSWERED(doctor=doctor),
            )
            return
        outcome = command.get("outcome")
        if outcome not in OUTCOMES:
            raise MalformedError("closes a call without an outcome that is known")
        self._change(
            alarm, call | {"state": "closed", "outcome": outcome, "answer_by": None}, messages.CLOSED(outcome=outcome)
        )

    def tick(self) -> None:
        """Who has not answered in time is passed over."""
        late = [
            alarm
            for alarm, call in self._open.items()
            if call["state"] == "requested" and self._context.now_s > call["by_s"]
        ]
        self._context.run_for_each(messages.PASSING_ON(), late, self._pass_on)

    def _pass_on(self, alarm: str) -> None:
        call = self._open[alarm]
        following = call["passed_on"] + 1
        if following < len(self._on_call):
            next_call = self._requested(following)
            self._change(alarm, next_call, messages.PASSED_ON(before=call["doctor"], doctor=next_call["doctor"]))
        else:
            self._change(alarm, call | {"state": "unanswered", "answer_by": None}, messages.UNANSWERED())

    def _requested(self, index: int) -> dict[str, Any]:
        by_s = self._context.now_s + self._answer_s
        return {
            "state": "requested",
            "doctor": self._on_call[index],
            "requested_at": stamp(self._context.now_s),
            "answer_by": stamp(by_s),
            "passed_on": index,
            "outcome": None,
            "by_s": by_s,
        }

    def _change(self, alarm: str, call: dict[str, Any], text: str) -> None:
        closed = call["state"] == "closed"
        self._context.update(
            alarm, text, ended_s=self._context.now_s if closed else None, details={"call": shown(call)}
        )
        self._keep(alarm, None if closed else call)

    def _keep(self, alarm: str, call: dict[str, Any] | None) -> None:
        self._context.put(f"call/{alarm}", call)
        if call is None:
            self._open.pop(alarm, None)
        else:
            self._open[alarm] = call


def shown(call: dict[str, Any]) -> dict[str, Any]:
    """A call as alarms show it."""
    return {name: call[name] for name in Call.model_fields}


def _call(stored: Any) -> dict[str, Any]:
    """A call as the context keeps it.

    Raises:
        ValueError, TypeError, KeyError: it is of no such form.
    """
    Call.model_validate(shown(stored))
    return {**stored, "by_s": float(stored["by_s"])}
