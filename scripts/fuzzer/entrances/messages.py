"""What boxes publish: stored or kept aside, shown on every page of the community, and never in the way of the next."""

from __future__ import annotations

import random
import time
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import quote

from sqlalchemy import delete, select

from edgecv.console.intake.event_ingest import receive
from edgecv.console.intake.events import read_arrival
from edgecv.console.intake.site_registry import set_communities
from edgecv.console.storage import EVERYTHING
from edgecv.console.storage.schema import Device, DeviceEvent, Evidence, Incident, QuarantinedEvent
from fuzzer.asgi import expect_no_failure, request
from fuzzer.console import Office
from fuzzer.dictionary import TEXTS
from fuzzer.entrance import Case, Entrance, expect
from fuzzer.mutation import json_text, mutated_bytes, mutated_document
from fuzzer.pages import expect_no_markup
from fuzzer.seeds import DEVICE, SITE, messages

PAGES = ("/incidents", "/statistics", "/cameras", "/work", "/api/v1/incidents", "/statistics/months.csv")
_GOOD = "good-incident"
_LEVELS = tuple(t for t in TEXTS if len(t) < 300 and not set(t) & set("/+#\0") and t.isascii())
"""What a broker lets through as a level of a topic."""


class Messages(Entrance):
    """``edgecv/v1/SITE/DEVICE/…`` as the hub takes it from its broker."""

    name = "messages"
    remembers: ClassVar[bool] = False
    weight: ClassVar[float] = 3.0
    smoke = 60
    good_every = 5

    def open(self, folder: Path) -> None:
        """A hub's console."""
        self._office = Office(folder)
        self._headers = self._office.headers("admin")
        self._good = 0
        self._late_sites = 0

    def make(self, rng: random.Random) -> Case:
        """A topic and a payload."""
        level = rng.choice(("incident", "incident", "incident", "update", "evidence", "device", "state"))
        topic = [SITE, DEVICE if level != "update" else "covers", level]
        document = messages()[level]
        _name(document, f"case-{rng.randrange(10**9)}")  # what is known already would be left as it is
        if rng.random() < 0.8:
            part = document if rng.random() < 0.2 or "data" not in document else document["data"]
            mutated = mutated_document(rng, part)
            if "data" in document and part is document["data"]:
                document["data"] = mutated
                _follow(rng, document, topic)
            else:
                document = mutated
        payload = json_text(rng, document).encode("utf-8", "surrogatepass")
        if rng.random() < 0.1:
            payload = mutated_bytes(rng, payload)
        if rng.random() < 0.1:
            topic[rng.randrange(3)] = rng.choice(_LEVELS)
        if rng.random() < 0.05:
            topic[0] = "later"  # a site that belongs to a community only afterwards
        return {"topic": topic, "payload": payload.decode("latin-1"), "pages": rng.sample(PAGES, 2)}

    def attempt(self, case: Case) -> None:
        """Store it, then look at everything that could show it."""
        try:
            self._take(case)
        finally:
            self._forget()

    def _take(self, case: Case) -> None:
        site, device, level = (*case["topic"], "", "", "")[:3]
        self._receive(site, device, level, case["payload"].encode("latin-1"))
        if site == "later":
            self._late_sites += 1
            name = f"late-{self._late_sites}"
            if self._late_sites == 1:
                set_communities(self._office.database, {name: ("Late", ["later"])})
        for path in (*case.get("pages", PAGES), *self._own_pages()):
            answer = request(self._office.app, "GET", path.encode(), self._headers)
            if answer.status >= 500:
                expect(False, f"{path.split('/')[1]}/… answers {answer.status}")
            expect_no_failure(answer)
            expect_no_markup(answer)

    def good(self) -> None:
        """A good incident is stored."""
        self._good += 1
        document = messages()["incident"]
        document["id"] = document["data"]["id"] = f"{_GOOD}-{self._good}"
        self._receive(SITE, DEVICE, "incident", json_text(random.Random(3), document).encode())
        with self._office.database.session(EVERYTHING) as session:
            found = session.scalar(select(Incident.id).where(Incident.id == f"{_GOOD}-{self._good}"))
        expect(found is not None, "a good incident is not stored")

    def close(self) -> None:
        """Close the database."""
        self._office.close()

    def _receive(self, site: str, device: str, level: str, payload: bytes) -> None:
        text: Any = payload.decode(errors="replace")
        receive(self._office.database, [read_arrival(site, device, level, text, time.time())])

    def _forget(self) -> None:
        """Take all rows away, so that each case stands for itself."""
        with self._office.database.session(EVERYTHING, writes=True) as session:
            for table in (Incident, Evidence, DeviceEvent, Device, QuarantinedEvent):
                session.execute(delete(table))

    def _own_pages(self) -> list[str]:
        """The pages of what is stored and not good."""
        with self._office.database.session(EVERYTHING) as session:
            ids = session.scalars(select(Incident.id).where(~Incident.id.startswith(_GOOD))).all()
            cameras = session.execute(select(Device.site, Device.name)).all()
        paths = []
        for each in ids[-2:]:
            at = quote(each, safe="", errors="replace")
            paths += [f"/incidents/{at}", f"/work/{at}", f"/api/v1/incidents/{at}"]
        for site, name in cameras[-2:]:
            paths.append(f"/cameras/{quote(site, safe='', errors='replace')}/{quote(name, safe='', errors='replace')}")
        return paths


def _name(document: dict[str, Any], identity: str) -> None:
    if "data" in document:
        document["id"] = identity
        document["data"]["incident" if "incident" in document["data"] else "id"] = identity


def _follow(rng: random.Random, document: dict[str, Any], topic: list[str]) -> None:
    """Mostly the envelope and the topic go with the content, as an attacker would make them."""
    data = document["data"]
    if rng.random() < 0.2 or not isinstance(data, dict):
        return
    identity = data.get("incident", data.get("id", document["id"]))
    document["id"] = identity
    for n, name in enumerate(("site", "device")):
        if isinstance(data.get(name), str) and data[name] and rng.random() < 0.7:
            topic[n] = data[name]
