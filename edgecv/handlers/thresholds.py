"""A limit with duration and hysteresis: when a measured value becomes an alarm, and when the alarm is over."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Annotated, Any, Literal

from pydantic import Field, StrictBool, StrictStr

from edgecv.config.base import Conflict, Number, Section, number, number_pair
from edgecv.handlers.stored_fields import stored_fields
from edgecv.messages import handlers as messages

LONGEST_GAP_S = 900.0
"""Two readings farther apart than this, and than the limit's duration, prove nothing of the time between them."""

Change = Literal["raised", "cleared"]
_ABOVE = (messages.ABOVE, messages.ABOVE_MINUTES, messages.ABOVE_SECONDS)
_BELOW = (messages.BELOW, messages.BELOW_MINUTES, messages.BELOW_SECONDS)
_FIELDS = ("since_s", "last_s", "worst", "alarm", "good_s")


class Limit(Section):
    """What a value must not be, and for how long."""

    above: Number | None = Field(default=None, description="the value that must not be exceeded")
    below: Number | None = Field(default=None, description="the value that must be reached")
    equals: StrictBool | StrictStr | Number | None = Field(default=None, description="the value that must not be")
    outside: tuple[Number, Number] | None = Field(
        default=None, description="what the value must stay within, [least, most], such as [-15, 15] of an angle"
    )
    back: Number | None = Field(
        default=None, description="the value that ends the alarm, on the good side of the limit; by default the limit"
    )
    for_s: Annotated[Number, Field(ge=0, le=7 * 86400)] = Field(
        default=0.0, description="how long it may last before it is an alarm, seconds"
    )
    back_for_s: Annotated[Number, Field(ge=0, le=7 * 86400)] = Field(
        default=0.0, description="how long it must be good again before the alarm is over, seconds"
    )

    @classmethod
    def conflicts(cls, values: Mapping[str, object]) -> Iterable[Conflict]:
        """Exactly one bound, and a way back that lies on its good side."""
        bounds = [key for key in ("above", "below", "equals", "outside") if values.get(key) is not None]
        if len(bounds) != 1:
            text = f"({', '.join(bounds)}) exclude each other; keep one" if bounds else "is missing; give one of them"
            yield Conflict(
                (bounds[1] if bounds else "above",), f"or below, equals or outside {text}" if not bounds else text
            )
        outside = number_pair(values.get("outside"))
        if outside is not None and outside[0] >= outside[1]:
            yield Conflict(("outside",), "must be [least, most]")
        if outside is not None and values.get("back") is not None:
            yield Conflict(("back",), "is of one side only; leave it out beside 'outside'")
        back, above, below = (number(values.get(key)) for key in ("back", "above", "below"))
        if back is not None and above is not None and back > above:
            yield Conflict(("back",), "must not be more than 'above': the alarm would end before it began")
        if back is not None and below is not None and back < below:
            yield Conflict(("back",), "must not be less than 'below': the alarm would end before it began")

    def is_beyond(self, value: Any) -> bool:
        """Whether a value breaks the limit."""
        if self.above is not None:
            return bool(value > self.above)
        if self.below is not None:
            return bool(value < self.below)
        if self.outside is not None:
            return bool(not self.outside[0] <= value <= self.outside[1])
        return bool(value == self.equals)

    def is_good(self, value: Any) -> bool:
        """Whether a value ends what broke it; between the two is neither."""
        if self.above is not None:
            return bool(value <= (self.above if self.back is None else self.back))
        if self.below is not None:
            return bool(value >= (self.below if self.back is None else self.back))
        return not self.is_beyond(value)

    def worse(self, one: Any, other: Any) -> Any:
        """Which of two values is farther beyond the limit; the newer where that says nothing.

        Args:
            one: the older.
            other: the newer.
        """
        if one is None or self.equals is not None:
            return other
        if self.outside is None:
            return max(one, other) if self.above is not None else min(one, other)
        middle = sum(self.outside) / 2.0
        return max(one, other, key=lambda value: abs(value - middle))

    def in_words(self) -> str:
        """Such as ``above 8 for 30 min``."""
        value: str | float = str(self.equals)
        at_once, minutes, seconds = None, messages.EQUALS_MINUTES, messages.EQUALS_SECONDS
        if self.outside is not None:
            return self._outside_in_words(*self.outside)
        if self.above is not None:
            value, (at_once, minutes, seconds) = self.above, _ABOVE
        elif self.below is not None:
            value, (at_once, minutes, seconds) = self.below, _BELOW
        if not self.for_s:
            return str(value) if at_once is None else at_once(value=value)
        if self.for_s >= 60.0:
            return minutes(value=value, time=self.for_s / 60.0)
        return seconds(value=value, time=self.for_s)

    def _outside_in_words(self, least: float, most: float) -> str:
        if not self.for_s:
            return messages.OUTSIDE(least=least, most=most)
        if self.for_s >= 60.0:
            return messages.OUTSIDE_MINUTES(least=least, most=most, time=self.for_s / 60.0)
        return messages.OUTSIDE_SECONDS(least=least, most=most, time=self.for_s)


@dataclass(frozen=True, slots=True)
class LimitState:
    """One limit, as far as readings have gone.

    Attributes:
        since_s: event time of the first reading beyond it, or None.
        last_s: event time of the last reading.
        worst: the worst value since then.
        alarm: the id of the alarm it raised, or None.
        good_s: event time since which it is good again though the alarm is not over, or None.
    """

    since_s: float | None = None
    last_s: float | None = None
    worst: Any = None
    alarm: str | None = None
    good_s: float | None = None

    @classmethod
    def from_stored(cls, stored: Any) -> LimitState:
        """As ``to_stored`` gave it, or as a list of all fields, the form until 0.2; a new one for None.

        Raises:
            ValueError, TypeError, KeyError: it is of no such form.
        """
        fields = stored_fields(stored, _FIELDS)
        if fields is None:
            return cls()
        values: dict[str, Any] = {name: fields.get(name) for name in _FIELDS}
        worst, alarm = values["worst"], values["alarm"]
        if not isinstance(alarm, str | None) or not isinstance(worst, float | int | str | None):
            raise TypeError("is no state of a limit")
        seconds = (None if values[name] is None else float(values[name]) for name in ("since_s", "last_s", "good_s"))
        since_s, last_s, good_s = seconds
        return cls(since_s, last_s, worst, alarm, good_s)

    def to_stored(self) -> dict[str, Any]:
        """As JSON, without what is None."""
        return {name: value for name in _FIELDS if (value := getattr(self, name)) is not None}

    def step(
        self, limit: Limit, value: Any, at_s: float, longest_gap_s: float = LONGEST_GAP_S
    ) -> tuple[LimitState, Change | None]:
        """Take the newest reading.

        Args:
            limit: the limit.
            value: the reading.
            at_s: its event time, not before that of the reading before.
            longest_gap_s: readings farther apart prove nothing of the time between them, seconds: of a sensor that
                speaks rarely it is the time after which it is missed.

        Returns:
            The state now, and what has changed: after ``"raised"`` the caller sets ``alarm``.
        """
        gap_s = 0.0 if self.last_s is None else at_s - self.last_s
        if limit.is_good(value):
            good_s = at_s if self.good_s is None else self.good_s
            if self.alarm is None or at_s - good_s >= limit.back_for_s:
                return LimitState(last_s=at_s), "cleared" if self.alarm is not None else None
            return replace(self, last_s=at_s, good_s=good_s), None
        state = replace(self, last_s=at_s, good_s=None)
        if self.alarm is not None:
            return replace(state, worst=limit.worse(self.worst, value)), None
        if self.since_s is None or gap_s > max(longest_gap_s, LONGEST_GAP_S, limit.for_s):
            if not limit.is_beyond(value):
                return LimitState(last_s=at_s), None
            state = LimitState(since_s=at_s, last_s=at_s, worst=value)
        elif limit.is_beyond(value):
            state = replace(state, worst=limit.worse(self.worst, value))
        if state.since_s is not None and limit.is_beyond(value) and at_s - state.since_s >= limit.for_s:
            return state, "raised"
        return state, None
