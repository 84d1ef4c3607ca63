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
from argon2 import PasswordHasher
from console.browsing import running_chromium
from console.prepared_databases import copied_postgres, copied_sqlite, prepare_postgres, prepare_sqlite
from known_bundles import record
from postgres import running_postgres
from starlette.testclient import TestClient

from edgecv.console.accounts import passwords
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
from edgecv.console.web.app import make_app
from edgecv.console.web.request_context import Console
from edgecv.console.web.server_sent_events import EventBroadcaster
from edgecv.incidents.cloudevents import encode, incident_event

PASSWORD = "correct horse battery"
COMMUNITIES = {"jialing": ("嘉陵路小区", ["jialinglu-3"]), "riverside": ("Riverside towers", ["riverside-1"])}


@pytest.fixture(scope="session", autouse=True)
def strong_hasher() -> Iterator[PasswordHasher]:
    """The product's password hasher; tests log in hundreds of times and hash with one of 32 KiB and one pass."""
    quick = PasswordHasher(time_cost=1, memory_cost=32, parallelism=1)
    strong = passwords._hasher
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords, "_hasher", quick)
        patch.setattr(passwords, "_NOBODY", quick.hash("nobody"))
        yield strong


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    with running_postgres() as address:
        yield address


@pytest.fixture(scope="session")
def prepared_postgres(postgres_server: str) -> str:
    """The server, with a template of two communities."""
    prepare_postgres(postgres_server, _two_communities)
    return postgres_server


@pytest.fixture(scope="session")
def prepared_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database file of two communities."""
    return prepare_sqlite(tmp_path_factory.mktemp("prepared") / "empty", _two_communities)


@pytest.fixture(scope="session")
def prepared_office(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database file of two communities with an official each."""
    return prepare_sqlite(tmp_path_factory.mktemp("prepared") / "office", _two_officials)


def _two_communities(database: ConsoleDatabase) -> None:
    set_communities(database, COMMUNITIES)


def _two_officials(database: ConsoleDatabase) -> None:
    _two_communities(database)
    for name, community in (("chen", "jialing"), ("river", "riverside")):
        _add_user(database, name, Role.OFFICIAL, community)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.service)])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[ConsoleDatabase]:
    """A console database with two communities and nothing else; of each kind in turn."""
    if request.param == "sqlite":
        made = copied_sqlite(request.getfixturevalue("prepared_sqlite"), tmp_path)
        yield made
        made.close()
    else:
        with copied_postgres(request.getfixturevalue("prepared_postgres")) as made:
            yield made


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
        return _add_user(self.database, name, role, community)

    def take(self, *arrivals: Arrival) -> None:
        self.live.tell(receive(self.database, arrivals))

    def browser(self, name: str | None = None, language: str = "en") -> Browser:
        headers = {"accept-language": language}
        client = TestClient(self.app, base_url="https://console", headers=headers, raise_server_exceptions=False)
        made = Browser(client)
        if name is not None:
            assert made.log_in(name) == 200
        return made


def _add_user(database: ConsoleDatabase, name: str, role: Role, community: str) -> int:
    with database.session(EVERYTHING, writes=True) as session:
        return add_user(session, name, PASSWORD, role, find_community(session, community), by="test").key


@pytest.fixture
def office(tmp_path: Path, prepared_office: Path) -> Iterator[Office]:
    """A console over SQLite with an official of each community."""
    database = copied_sqlite(prepared_office, tmp_path)
    yield Office(database, tmp_path / "incidents")
    database.close()


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """A real browser."""
    with running_chromium() as browser:
        yield browser
