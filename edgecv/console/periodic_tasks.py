"""What a console does now and then: reminds of late cases, tells the box how cases ended, deletes what is too old."""

from __future__ import annotations

import logging
from collections.abc import Callable

from edgecv.console.background_thread import BackgroundThread
from edgecv.console.cases.reminders import ReminderWebhook, remind
from edgecv.console.evidence.box_store import BoxStore
from edgecv.console.evidence.hub_retention import HubRetention
from edgecv.console.evidence.pictures import Pictures
from edgecv.console.intake.event_ingest import News
from edgecv.console.settings import CHORES_EVERY_S
from edgecv.console.storage import ConsoleDatabase

_log = logging.getLogger("edgecv.console")
_SELDOM = 120  # rounds


class PeriodicTasks(BackgroundThread):
    """The thread that does it.

    Args:
        database: the console's.
        pictures: to tidy.
        box: the box's store; None on a hub.
        keeping: the hub's retention; None on a box, whose daemon has its own.
        hook: where reminders are sent, or None.
        tell: called with what changed.
    """

    def __init__(
        self,
        database: ConsoleDatabase,
        pictures: Pictures,
        box: BoxStore | None,
        keeping: HubRetention | None,
        hook: ReminderWebhook | None,
        tell: Callable[[News], None],
    ) -> None:
        super().__init__("chores")
        self._database = database
        self._pictures = pictures
        self._box = box
        self._keeping = keeping
        self._hook = hook
        self._tell = tell

    def _run(self) -> None:
        rounds = 0
        while not self._stopping.is_set():
            self._try(self._remind)
            if rounds % _SELDOM == 0:
                self._try(self._keep)
                self._try(self._pictures.sweep)
                self._try(self._reflect)
            rounds += 1
            self._stopping.wait(CHORES_EVERY_S)

    def _remind(self) -> None:
        late = remind(self._database, self._hook)
        if late:
            self._tell({(community, "incident") for community in late})

    def _keep(self) -> None:
        if self._keeping is not None:
            self._keeping.apply()

    def _reflect(self) -> None:
        if self._box is not None:
            self._box.reflect(self._database)

    @staticmethod
    def _try(chore: Callable[[], object]) -> None:
        try:
            chore()
        except Exception:
            _log.exception("a chore failed; it is tried again")
