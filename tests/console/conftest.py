"""A console with two communities, over SQLite and over a real PostgreSQL, and browsers' requests to it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from console.browsing import running_chromium
from known_bundles import record
from postgres import running_postgres
from sqlalchemy import create_engine, text
from starlette.testclient import TestClient

from edgecv.console.accounts.passwords import hash_password
from edgecv.console.accounts.roles import Role
from edgecv.console.accounts.users import add_user, find_community
from edgecv.console.evidence.box_store import BoxStore
from edgecv.console.evidence.bundle_verifier import Verifier
from edgecv.console.evidence.evidence_paths import EvidencePaths
from edgecv.console.evidence.pictures import Pictures
from edgecv.console.intake.event_ingest import receive
from edgecv.console.intake.events import Arrival, read_arrival
from edgecv.console.intake.site_registry import set_communities
from edgecv.console.storage import EVERYTHING, ConsoleDatabase
from edgecv.console.storage.database import sqlite_url
from edgecv.console.web.app import make_app
from edgecv.console.web.request_context import Console
from edgecv.console.web.server_sent_events import EventBroadcaster
from edgecv.incidents.cloudevents import encode, incident_event

PASSWORD = "correct horse battery"
COMMUNITIES = {"jialing": ("嘉陵路小区", ["jialinglu-3"]), "riverside": ("Riverside towers", ["riverside-1"])}


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    with running_postgres() as address:
        yield address


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.service)])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[ConsoleDatabase]:
    """An empty console database with two communities; of each kind in turn."""
    if request.param == "sqlite":
        made = ConsoleDatabase(sqlite_url(tmp_path))
    else:
        address = request.getfixturevalue("postgres_server")
        engine = create_engine(address.replace("postgresql://", "postgresql+psycopg://"))
        with engine.begin() as connection:
            connection.execute(text("DROP SCHEMA public CASCADE"))
            connection.execute(text("CREATE SCHEMA public"))
        engine.dispose()
        made = ConsoleDatabase(address)
    set_communities(made, COMMUNITIES)
    yield made
    made.close()


@pytest.fixture(scope="session")
def hashed() -> str:
    """The hash of ``PASSWORD``, made once: hashing is slow on purpose."""
    return hash_password(PASSWORD)


def arrival_of(incident_id: str, site: str = "jialinglu-3", **fields: Any) -> Arrival:
    """An incident as it comes over the wire."""
    content = json.loads(record(incident_id).to_json()) | {"site": site, **fields}
    if "started_at" in fields and "ended_at" not in fields:
        content["ended_at"] = content["started_at"]
    made = record(incident_id).model_validate(content)
    return read_arrival(site, made.device, "incident", encode(incident_event(made)).decode(), 1.8e9)


@dataclass
class Browser:
    """Somebody's browser: keeps cookies, follows redirects, and sends the page's token."""

    client: TestClient
    csrf: str = ""

    def log_in(self, name: str, password: str = PASSWORD) -> int:
        answer = self.client.post("/login", data={"name": name, "password": password})
        found = re.search(r'name="csrf" value="([^"]+)"', answer.text)
        self.csrf = "" if found is None else found[1]
        return answer.status_code

    def get(self, path: str, **headers: str) -> Any:
        return self.client.get(path, headers=headers)

    def post(self, path: str, **form: str) -> Any:
        return self.client.post(path, data={"csrf": self.csrf, **form})


@dataclass
class Office:
    """A console at work."""

    database: ConsoleDatabase
    shelf: Path
    hashed: str
    live: EventBroadcaster = field(default_factory=EventBroadcaster)
    problems: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        shelf = EvidencePaths(self.shelf)
        self.console = console = Console(
            database=self.database,
            shelf=shelf,
            live=self.live,
            language="en",
            timezone=ZoneInfo("Asia/Shanghai"),
            problems=lambda: self.problems,
            pictures=Pictures(shelf, self.shelf.parent / "blurred"),
            verifier=Verifier(shelf),
            box=BoxStore(self.shelf.parent, keep_days=30.0),
        )
        self.app = make_app(console, tls=True)

    def add(self, name: str, role: Role = Role.OFFICIAL, community: str = "jialing") -> int:
        """A user with ``PASSWORD``; the key."""
        with self.database.session(EVERYTHING, writes=True) as session:
            user = add_user(session, name, PASSWORD, role, find_community(session, community), by="test")
            return user.key

    def take(self, *arrivals: Arrival) -> None:
        self.live.tell(receive(self.database, arrivals))

    def browser(self, name: str | None = None, language: str = "en") -> Browser:
        headers = {"accept-language": language}
        client = TestClient(self.app, base_url="https://console", headers=headers, raise_server_exceptions=False)
        made = Browser(client)
        if name is not None:
            assert made.log_in(name) == 200
        return made


@pytest.fixture
def office(tmp_path: Path, hashed: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Office]:
    """A console over SQLite with an official of each community."""
    from edgecv.console.accounts import users  # noqa: PLC0415

    monkeypatch.setattr(users, "hash_password", lambda _: hashed)
    database = ConsoleDatabase(sqlite_url(tmp_path))
    set_communities(database, COMMUNITIES)
    made = Office(database, tmp_path / "incidents", hashed)
    made.add("chen")
    made.add("river", community="riverside")
    yield made
    database.close()


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """A real browser."""
    with running_chromium() as browser:
        yield browser
