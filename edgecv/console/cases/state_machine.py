"""The states of a case and the changes between them. Pure: says what is allowed, stores nothing."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from edgecv.console.accounts.roles import Capability


class State(StrEnum):
    """Where a case stands."""

    NEW = "new"
    CONFIRMED = "confirmed"
    FALSE_ALARM = "false_alarm"
    ASSIGNED = "assigned"
    INVESTIGATED = "investigated"
    CLOSED = "closed"


OPEN = frozenset(State) - {State.CLOSED, State.FALSE_ALARM}
"""States in which somebody still has to do something."""


@dataclass(frozen=True, slots=True)
class Change:
    """A change that is allowed.

    Attributes:
        needs: what somebody must be allowed to do to make it.
        note: whether it must be explained.
        assignee: whether it names who is sent.
    """

    needs: Capability = Capability.JUDGE
    note: bool = False
    assignee: bool = False


_S = State
_CHANGES: dict[tuple[State, State], Change] = {
    (_S.NEW, _S.CONFIRMED): Change(),
    (_S.NEW, _S.FALSE_ALARM): Change(note=True),  # the reason is training data
    (_S.CONFIRMED, _S.ASSIGNED): Change(assignee=True),
    (_S.ASSIGNED, _S.INVESTIGATED): Change(Capability.INVESTIGATE, note=True),
    (_S.INVESTIGATED, _S.CLOSED): Change(),
    # Judgements can be wrong, workers fall ill, and neighbours come forward later.
    (_S.CONFIRMED, _S.FALSE_ALARM): Change(note=True),
    (_S.FALSE_ALARM, _S.CONFIRMED): Change(note=True),
    (_S.ASSIGNED, _S.ASSIGNED): Change(assignee=True),
    (_S.ASSIGNED, _S.FALSE_ALARM): Change(note=True),
    (_S.INVESTIGATED, _S.ASSIGNED): Change(note=True, assignee=True),
    (_S.INVESTIGATED, _S.FALSE_ALARM): Change(note=True),
    (_S.CLOSED, _S.CONFIRMED): Change(note=True),
}


def change(before: State, after: State) -> Change | None:
    """The change between two states, or None where there is none."""
    return _CHANGES.get((before, after))


def next_states(before: State) -> tuple[State, ...]:
    """What a case can become."""
    return tuple(after for earlier, after in _CHANGES if earlier is before)
