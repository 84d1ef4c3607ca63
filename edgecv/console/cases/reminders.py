"""Reminding of cases that are late: once for each state they are late in."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
from sqlalchemy import select, update

from edgecv.config.console import ConsoleSection
from edgecv.config.secrets import read_secret
from edgecv.console.settings import REMINDERS_AT_ONCE
from edgecv.console.storage import EVERYTHING, ConsoleDatabase
from edgecv.console.storage.schema import Community, Incident
from edgecv.incidents.cloudevents import CONTENT_TYPE, encode, now_text
from edgecv.upstream.http_target import refusal, shown_host, unreached, web_client
from edgecv.upstream.link_protocol import UndeliveredError
from edgecv.upstream.webhook import SIGNATURE, signature

_log = logging.getLogger("edgecv.console")
REMINDER_TYPE = "io.edgecv.case.overdue.v1"
_CONNECT_S = 10.0


@dataclass(frozen=True, slots=True)
class ReminderWebhook:
    """Where reminders are sent: each a CloudEvent, POSTed like those of a webhook upstream.

    Attributes:
        url: the address.
        key: what signs them, or None.
        file: the box or hub file.
        public_url: the console's address as browsers have it, or None.
    """

    url: str
    key: bytes | None
    file: Path
    public_url: str | None = None

    @classmethod
    def of(cls, settings: ConsoleSection, file: Path) -> ReminderWebhook | None:
        """The hook of a box or hub file; None where it names none.

        Raises:
            ConfigError: its secret cannot be read.
        """
        if settings.reminder_url is None:
            return None
        key = None
        if settings.reminder_secret_file is not None:
            key = read_secret(settings.reminder_secret_file, file, "console.reminder_secret_file").encode()
        return cls(settings.reminder_url, key, file, settings.public_url)

    def send(self, event: dict[str, Any]) -> str | None:
        """POST one; None when it was taken, else why it never will be.

        Raises:
            UndeliveredError: it may be taken later.
        """
        body, host = encode(event), shown_host(self.url)
        headers = {"Content-Type": CONTENT_TYPE, "Idempotency-Key": str(event["id"])}
        if self.key is not None:
            headers[SIGNATURE] = signature(self.key, body)
        with web_client(self.file, "console", ca_file=None, token_file=None, timeout_s=_CONNECT_S) as client:
            try:
                return refusal(client.post(self.url, content=body, headers=headers), host)
            except httpx.HTTPError as error:
                raise unreached(error, host) from None


def remind(database: ConsoleDatabase, hook: ReminderWebhook | None) -> set[int]:
    """Tell of cases that have become late; return the communities they are of.

    A case is told of once in each state; one that the hook did not take is told of again the next time.
    """
    now = time.time()
    with database.session(EVERYTHING) as session:
        late = session.execute(
            select(Incident, Community)
            .join(Community, Community.key == Incident.community_id)
            .where(Incident.due_s < now, Incident.reminded_s.is_(None))
            .order_by(Incident.due_s)
            .limit(REMINDERS_AT_ONCE)
        ).all()
    reminded: set[int] = set()
    for incident, community in late:
        if hook is not None and not _send(hook, incident, community):
            break  # the others would wait for the same silence
        with database.session(EVERYTHING, writes=True) as session:
            session.execute(
                update(Incident)
                .where(Incident.key == incident.key, Incident.state_s == incident.state_s)
                .values(reminded_s=now)
                .execution_options(synchronize_session=False)
            )
        _log.info("%s: overdue as %s", incident.id, incident.state)
        reminded.add(incident.community_id)
    return reminded


def _send(hook: ReminderWebhook, incident: Incident, community: Community) -> bool:
    try:
        refused = hook.send(event_of(incident, community, hook.public_url))
    except UndeliveredError as error:
        _log.warning("a reminder is not delivered yet: %s", error)
        return False
    if refused is not None:
        _log.warning("%s: its reminder is refused: %s", incident.id, refused)
    return True


def event_of(incident: Incident, community: Community, public_url: str | None = None) -> dict[str, Any]:
    """The reminder as a CloudEvent; it says which case and how late, and nobody's name."""
    path = f"/incidents/{quote(incident.id, safe='')}"
    return {
        "specversion": "1.0",
        "id": f"{incident.id}:{incident.state}:{incident.state_s:.3f}",
        "source": f"urn:edgecv:console:{community.name}",
        "type": REMINDER_TYPE,
        "subject": incident.state,
        "time": now_text(),
        "datacontenttype": "application/json",
        "data": {
            "incident": incident.id,
            "site": incident.site,
            "building": incident.building,
            "state": incident.state,
            "since_s": incident.state_s,
            "due_s": incident.due_s,
            "path": path,
        }
        | ({} if public_url is None else {"url": public_url + path}),
    }
