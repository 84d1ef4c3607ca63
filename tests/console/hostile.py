"""Rows that no box of today can send, as an older version may have stored them, and what a page makes of them."""

from __future__ import annotations

import time
from html.parser import HTMLParser
from typing import Any

from console.conftest import Office
from sqlalchemy import select, text

from edgecv.console.accounts.users import find_community
from edgecv.console.storage import EVERYTHING
from edgecv.console.storage.schema import Device, DeviceEvent, Incident

MARKUP = '\'"><evil hx-post="/users" evil=1 onclick=evil()></evil><script>evil()</script>%s %(p)s 100% {{7*7}}'
"""Leaves every quoting there is, and is no format."""
_URLS = {"href", "src", "action", "formaction", "hx-get", "sse-connect"}


class Page(HTMLParser):
    """What stands on a page that came from no template: ``strange`` is empty where nothing does."""

    def __init__(self, content: str) -> None:
        super().__init__()
        self.strange: list[str] = []
        self._tag = ""
        self.feed(content)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._tag = tag
        if "evil" in tag:
            self.strange.append(f"<{tag}>")
        for name, value in attrs:
            if "evil" in name or name.startswith("on") or name in {"hx-post", "hx-vals", "hx-headers", "srcdoc"}:
                self.strange.append(f"<{tag} {name}={value!r}>")
            if name in _URLS and not (value or "").startswith(("/", "#")) and value:
                self.strange.append(f"<{tag} {name}={value!r}> leads elsewhere")

    def handle_data(self, data: str) -> None:
        if self._tag in {"script", "style"} and data.strip():
            self.strange.append(f"<{self._tag}>{data}")

    def handle_endtag(self, tag: str) -> None:  # noqa: ARG002 - the parser names it
        self._tag = ""


def store(
    office: Office,
    incident_id: str,
    record: dict[str, Any] | str,
    *,
    community: str = "jialing",
    **columns: Any,
) -> int:
    """An incident as it stands in the database, whatever the record says; its key. A record may be JSON text."""
    content = record if isinstance(record, dict) else {}
    with office.database.session(EVERYTHING, writes=True) as session:
        values: dict[str, Any] = {
            "community_id": find_community(session, community).key,
            "id": incident_id,
            "kind": "thrown_object",
            "site": "jialinglu-3",
            "device": "north-1",
            "source_id": incident_id,
            "building": "jialinglu-3",
            "label": "thrown_object",
            "started_s": time.time() - 3600,
            "received_s": time.time() - 3600,
            "state_s": time.time() - 3600,
            "record": content,
        }
        incident = Incident(**values | columns)
        session.add(incident)
        session.flush()
        key = incident.key
        if isinstance(record, str):
            session.connection().execute(
                text("UPDATE incidents SET record = :record WHERE key = :key"), {"record": record, "key": key}
            )
    return key


def store_device(office: Office, name: str, state: Any, *events: tuple[str, str, Any]) -> None:
    """A device with its state and events ``(kind, text, data)``."""
    with office.database.session(EVERYTHING, writes=True) as session:
        community = find_community(session, "jialing").key
        now = time.time()
        session.add(Device(community_id=community, site="jialinglu-3", name=name, state=state, changed_s=now))
        taken = len(session.scalars(select(DeviceEvent.key)).all())
        for n, (kind, said, data) in enumerate(events):
            session.add(
                DeviceEvent(
                    community_id=community,
                    id=f"event-{taken + n}",
                    site="jialinglu-3",
                    device=name,
                    kind=kind,
                    text=said,
                    at_s=now - n,
                    data=data,
                )
            )
