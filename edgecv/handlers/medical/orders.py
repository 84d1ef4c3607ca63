"""Which orders make doses due, and which carry out others: MedicationRequest.status, intent and basedOn.

https://hl7.org/fhir/R4/valueset-medicationrequest-intent.html
"""

from __future__ import annotations

from collections.abc import Callable, Container
from typing import Any

from edgecv.handlers.medical.fhir import reference_id
from edgecv.handlers.medical.schedule_state import Schedule
from edgecv.handlers.medical.timing_bounds import TimingError
from edgecv.messages import timing as messages

_ORDERS = frozenset({"order", "original-order", "reflex-order", "filler-order", "instance-order", "plan"})
"""A proposal and an option authorize nothing. A plan does not either, but people at home take what it says."""
_CARRIED_OUT = _ORDERS - {"reflex-order"}
"""A reflex order asks for more than the order that it follows."""


def is_due(request: Any) -> bool:
    """Whether an order makes doses due.

    Raises:
        TimingError: nobody says whether it does.
    """
    if request.intent not in _ORDERS:
        return False
    if request.status == "unknown":
        raise TimingError(messages.UNKNOWN_STATUS())
    if request.status == "active" and request.intent == "filler-order" and order_of(request) is None:
        raise TimingError(messages.NAMES_NO_ORDER())  # beside that order each dose would be due twice
    return bool(request.status == "active")


def order_of(request: Any, followed: Container[str] = ()) -> str | None:
    """The id of the order that this one carries out, first of those that are followed; or None."""
    if request.intent not in _CARRIED_OUT:
        return None
    references = (reference_id(one, "MedicationRequest") for one in request.basedOn or ())
    orders = [order for order in references if order is not None and order != request.id]
    return next((order for order in orders if order in followed), next(iter(orders), None))


class CarriedOut:
    """Orders that carry out others: a dose of either is one dose, so where the other is watched it is due once."""

    def __init__(self) -> None:
        self._order_of: dict[str, str] = {}
        self._watched: set[str] = set()

    def follow(self, name: str, schedule: Schedule) -> None:
        """A schedule came or changed."""
        self._order_of.pop(name, None)
        if schedule.carries_out is not None:
            self._order_of[name] = schedule.carries_out
        (self._watched.add if schedule.is_watched else self._watched.discard)(name)

    def watched_as(self, name: str) -> str:
        """The order that a schedule's doses count for: the first it carries out, or itself where none is watched."""
        chain = [name, *self._carried_out_by(name)]
        order = self._order_of.get(chain[-1])
        if order in chain:  # orders that name each other stand for one, and all must agree on which
            ring = chain[chain.index(order) :]
            chain = [*chain[: -len(ring)], *sorted(ring, reverse=True)]
        return next((order for order in reversed(chain) if order in self._watched), name)

    def change(self, name: str, change: Callable[[], None]) -> list[str]:
        """Make a change of a schedule; which others are due by themselves from now on."""
        parts = [part for part in self._order_of if part != name and self._is_part(part, name)]
        before = {part for part in parts if self.watched_as(part) != part}
        change()
        return [part for part in sorted(before) if self.watched_as(part) == part]

    def parts(self) -> list[str]:
        """The schedules that are watched as another."""
        return sorted(name for name in self._order_of if name in self._watched and self.watched_as(name) != name)

    def _is_part(self, part: str, name: str) -> bool:
        return name in self._carried_out_by(part)

    def _carried_out_by(self, name: str) -> list[str]:
        """The orders that one carries out, in turn, each once however many there are."""
        orders: dict[str, None] = {}
        while (order := self._order_of.get(name)) is not None and order not in orders:
            orders[order] = None
            name = order
        return list(orders)
