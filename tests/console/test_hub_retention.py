"""Evidence on a hub goes in its time, provably, and not while somebody holds it."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from console.conftest import COMMUNITIES, Office, arrival_of
from console.hub_server import running_hub
from console.older_databases import older_postgres, older_sqlite
from known_bundles import SEALED_AT, sealed_bundle, write_files
from sqlalchemy import delete, select, update
from sqlalchemy.exc import DBAPIError
from waiting import wait_for

from edgecv.audit.verify import verify_bundle
from edgecv.cli import main
from edgecv.console.accounts import Role, Viewer
from edgecv.console.evidence.bundle_verifier import Verifier
from edgecv.console.evidence.evidence_paths import EvidencePaths
from edgecv.console.evidence.hub_retention import HubRetention, newest_received_s
from edgecv.console.intake.event_ingest import receive
from edgecv.console.intake.evidence_upload import EvidenceFiles
from edgecv.console.intake.site_registry import set_communities
from edgecv.console.settings import UNFINISHED_S
from edgecv.console.storage import EVERYTHING, ConsoleDatabase
from edgecv.console.storage.database import sqlite_url
from edgecv.console.storage.schema import EvidenceEntry, Incident
from edgecv.console.web.app import make_app
from edgecv.evidence.keys import BOX_PUB, BoxKey
from edgecv.evidence.manifest import DELETION, MANIFEST
from edgecv.evidence.sealing import delete_evidence
from edgecv.storage.retention_clock import RetentionClock

SITE = "jialinglu-3"
DAY_S = 86400.0


class Hub:
    """A hub's retention over a database and a folder; evidence is kept 30 days."""

    def __init__(self, database: ConsoleDatabase, folder: Path) -> None:
        self.database = database
        self.shelf = EvidencePaths(folder / "hub" / "evidence", by_site=True)
        self.key = BoxKey.load_or_create(folder / "hub")
        self.box_key = BoxKey.load_or_create(folder / "box")
        self.keeping = HubRetention(database, self.shelf, self.key, 30.0)

    def take(self, incident: str, days_ago: float, state: str = "new", site: str = SITE) -> Path:
        """An incident with its evidence, as boxes sent both."""
        receive(self.database, [arrival_of(incident, site=site)])
        with self.database.session(EVERYTHING, writes=True) as session:
            came = {"received_s": time.time() - days_ago * DAY_S, "state": state}
            session.execute(update(Incident).where(Incident.id == incident).values(**came))
        return sealed_bundle(self.shelf.root / site, self.box_key, incident_id=incident)

    def log(self) -> list[tuple[str, str, str]]:
        with self.database.session(EVERYTHING) as session:
            lines = session.scalars(select(EvidenceEntry).order_by(EvidenceEntry.key))
            return [(line.incident_id, line.action, line.by) for line in lines]


@pytest.fixture
def hub(database: ConsoleDatabase, tmp_path: Path) -> Hub:
    return Hub(database, tmp_path)


def _has_clip(folder: Path) -> bool:
    return (folder / "clip.mp4").exists()


def test_evidence_goes_at_its_age_that_of_an_open_case_twice_as_late_and_records_stay(hub: Hub) -> None:
    gone = [hub.take("closed", 31, "closed"), hub.take("false", 31, "false_alarm"), hub.take("open", 61, "assigned")]
    kept = [hub.take("young", 29, "closed"), hub.take("waiting", 59), hub.take("sent", 31, "investigated")]
    told = hub.keeping.apply()
    assert [_has_clip(folder) for folder in gone] == [False] * 3
    assert [_has_clip(folder) for folder in kept] == [True] * 3
    assert sorted(hub.log()) == [(name, "delete", "retention") for name in ("closed", "false", "open")]
    assert len(told) == 3 and f"evidence of open from {SITE} deleted: older than 60 days" in told
    with hub.database.session(EVERYTHING) as session:
        assert len(session.scalars(select(Incident.id)).all()) == 6
    assert hub.keeping.apply() == [], "what is done is not done again"


def test_what_is_on_hold_and_not_complete_makes_room_for_no_upload(hub: Hub) -> None:
    files = EvidenceFiles(hub.shelf, {SITE: "a" * 64}, hub.keeping.is_held)
    content = b"\xff\xd8\xff\xe0 a picture"

    async def body() -> AsyncIterator[bytes]:
        yield content

    def send(incident: str) -> None:
        asyncio.run(files.take(SITE, incident, "still.jpg", hashlib.sha256(content).hexdigest(), None, body()))

    receive(hub.database, [arrival_of("held"), arrival_of("left")])
    with hub.database.session(EVERYTHING, writes=True) as session:
        incident = session.scalars(select(Incident).where(Incident.id == "held")).one()
        viewer = Viewer(1, "chen", "Chen", Role.OFFICIAL, incident.community_id, "Jialing", "token")
        hub.keeping.hold(session, viewer, incident, "court file 7")
    for name in ("held", "left"):
        send(name)
        week_ago = time.time() - UNFINISHED_S - 60
        os.utime(hub.shelf.root / SITE / name, (week_ago, week_ago))
    send("next")
    assert {path.name for path in (hub.shelf.root / SITE).iterdir()} == {"held", "next"}


def test_a_hubs_clock_two_months_ahead_deletes_nothing(hub: Hub, tmp_path: Path) -> None:
    folder = hub.take("a", 1, "closed")
    ahead = RetentionClock(
        tmp_path / "clock.json",
        lambda: newest_received_s(hub.database),
        lambda: False,
        lambda: time.time() + 61 * DAY_S,
    )
    keeping = HubRetention(hub.database, hub.shelf, hub.key, 30.0, ahead)
    assert keeping.apply() == []
    assert _has_clip(folder)
    assert "days ahead" in (ahead.problem or "")


def test_a_deletion_is_proven_by_the_hubs_key_over_what_the_box_sealed(hub: Hub, tmp_path: Path) -> None:
    folder = hub.take("a", 31, "closed")
    hub.keeping.apply()
    assert json.loads((folder / DELETION).read_text())["files"].keys() == {"clip.mp4", "still.jpg", "strobe.jpg"}
    found = verify_bundle(folder, hub.box_key.public, hub=hub.key.public)
    assert found.ok and found.deleted, found.problems
    assert not verify_bundle(folder, hub.box_key.public).ok, "without the hub's key anybody could have deleted it"
    stranger = BoxKey.load_or_create(tmp_path / "stranger")
    assert not verify_bundle(folder, hub.box_key.public, hub=stranger.public).ok
    key_file = hub.shelf.root / SITE / BOX_PUB
    key_file.write_bytes(hub.box_key.public_pem)
    checked = Verifier(hub.shelf, hub.key.public).check(SITE, "a")
    assert checked is not None and checked.ok and checked.deleted
    verifier = Verifier(hub.shelf, hub.key.public)
    verifier.replay(SITE, "a")  # asked for before it was deleted
    wait_for(lambda: verifier.replayed(SITE, "a") not in {"running", None}, "the replay is over")
    assert verifier.replayed(SITE, "a") == checked
    words = ["incidents", "verify", str(folder), "--key", str(key_file)]
    assert main(words) == 1
    assert main([*words, "--hub-key", str(tmp_path / "hub" / BOX_PUB)]) == 0


def test_a_copy_that_the_box_itself_deleted_is_proven_by_the_boxs_key(hub: Hub) -> None:
    folder = hub.take("a", 1)
    delete_evidence(folder, hub.box_key, "older than 30 days", SEALED_AT)
    found = verify_bundle(folder, hub.box_key.public, hub=hub.key.public)
    assert found.ok and found.deleted, found.problems


def test_the_hubs_key_proves_a_deletion_and_no_evidence(hub: Hub) -> None:
    folder = sealed_bundle(hub.shelf.root / SITE, hub.key, incident_id="forged")
    assert not verify_bundle(folder, hub.box_key.public, replay=False, hub=hub.key.public).ok


def test_a_deletion_that_a_crash_cut_off_is_finished_and_written_down(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = hub.take("a", 31, "closed")
    real = Path.unlink

    def crash(path: Path, missing_ok: bool = False) -> None:
        if path.name == "still.jpg":
            raise OSError(5, "the disk failed")
        real(path, missing_ok)

    monkeypatch.setattr(Path, "unlink", crash)
    with pytest.raises(OSError, match="the disk failed"):
        hub.keeping.apply()
    monkeypatch.undo()
    assert hub.log() == [] and (folder / "still.jpg").exists()
    hub.keeping.apply()
    assert not (folder / "still.jpg").exists() and hub.log() == [("a", "delete", "retention")]
    assert verify_bundle(folder, hub.box_key.public, hub=hub.key.public).ok


def test_what_never_became_whole_goes_after_a_week_and_may_come_again(hub: Hub) -> None:
    receive(hub.database, [arrival_of("half")])
    folder = write_files(hub.shelf.root / SITE / "half", "half")
    hub.keeping.apply(time.time() + 6 * DAY_S)
    assert folder.exists()
    hub.keeping.apply(time.time() + 8 * DAY_S)
    assert not folder.exists()
    sealed_bundle(hub.shelf.root / SITE, hub.box_key, incident_id="half")
    hub.keeping.apply(time.time() + 61 * DAY_S)
    assert (folder / DELETION).exists(), "what came late is no exception"


def test_evidence_of_an_incident_that_never_came_is_not_kept_for_ever(hub: Hub) -> None:
    folder = sealed_bundle(hub.shelf.root / SITE, hub.box_key, incident_id="unknown")
    elsewhere = sealed_bundle(hub.shelf.root / "no-such-site", hub.box_key, incident_id="other")
    hub.keeping.apply(time.time() + 59 * DAY_S)
    assert _has_clip(folder) and _has_clip(elsewhere)
    hub.keeping.apply(time.time() + 61 * DAY_S)
    assert not _has_clip(folder) and not _has_clip(elsewhere)
    assert (folder / MANIFEST).exists() and hub.log() == [("unknown", "delete", "retention")]


def test_one_communitys_hold_keeps_nothing_of_anothers_with_the_same_id(hub: Hub) -> None:
    mine, theirs = hub.take("same", 31, "closed"), hub.take("same", 31, "closed", "riverside-1")
    with hub.database.session(EVERYTHING, writes=True) as session:
        held = session.scalars(select(Incident).where(Incident.site == SITE)).one()
        line = EvidenceEntry(
            community_id=held.community_id, site=SITE, incident_id="same", at_s=1.0, by="chen", action="hold", why="x"
        )
        session.add(line)
    hub.keeping.apply()
    assert _has_clip(mine) and not _has_clip(theirs)


def test_the_log_is_never_changed(hub: Hub) -> None:
    hub.take("a", 31, "closed")
    hub.keeping.apply()
    for statement in (update(EvidenceEntry).values(why="other"), delete(EvidenceEntry)):
        with pytest.raises(DBAPIError, match="append-only"), hub.database.session(EVERYTHING, writes=True) as session:
            session.execute(statement)


def test_a_database_from_before_gets_the_log(database: ConsoleDatabase, tmp_path: Path) -> None:
    if database.dialect == "postgresql":
        url = older_postgres(database.name, 2)
    else:
        (tmp_path / "older").mkdir()
        url = older_sqlite(tmp_path / "older", 2)
    again = ConsoleDatabase(url)
    set_communities(again, COMMUNITIES)
    hub = Hub(again, tmp_path)
    hub.take("a", 31, "closed")
    hub.keeping.apply()
    assert hub.log() == [("a", "delete", "retention")]
    with pytest.raises(DBAPIError, match="append-only"), again.session(EVERYTHING, writes=True) as session:
        session.execute(delete(EvidenceEntry))
    again.close()


def _hub_office(office: Office, hub: Hub) -> None:
    office.console = replace(office.console, shelf=hub.shelf, box=None, keeping=hub.keeping)
    office.app = make_app(office.console, tls=True)


def test_an_official_sees_until_when_it_is_kept_holds_it_and_releases_it(office: Office, tmp_path: Path) -> None:
    hub = Hub(office.database, tmp_path)
    _hub_office(office, hub)
    office.add("looker", Role.VIEWER)
    folder = hub.take("a", 31, "new")
    chen, river, looker = (office.browser(name) for name in ("chen", "river", "looker"))
    page = chen.get("/incidents/a").text
    assert "Kept until" in page and "twice the usual time" in page and "Keep it longer" in page
    shown = looker.get("/incidents/a").text
    assert "Kept until" in shown and "Keep it longer" not in shown
    assert looker.post("/incidents/a/hold", why="mine", hold="yes").status_code == 403
    assert river.post("/incidents/a/hold", why="mine", hold="yes").status_code == 404
    assert chen.post("/incidents/a/hold", why=" ", hold="yes").status_code == 422
    assert hub.log() == []
    held = chen.post("/incidents/a/hold", why="court file 17/2026", hold="yes").text
    assert "On hold" in held and "court file 17/2026 (chen)" in held and "Kept until" not in held
    later = time.time() + 100 * DAY_S
    assert hub.keeping.apply(later) == [] and _has_clip(folder)
    assert "On hold" not in chen.post("/incidents/a/hold", why="the court is done", hold="no").text
    hub.keeping.apply(later)
    assert not _has_clip(folder)
    page = chen.get("/incidents/a").text
    assert "was deleted when its time was over" in page and "Keep it longer" not in page
    assert chen.post("/incidents/a/hold", why="too late", hold="yes").status_code == 409
    assert hub.log() == [
        ("a", "hold", "chen"),
        ("a", "release", "chen"),
        ("a", "delete", "retention"),
    ]


def test_a_box_console_has_no_such_form(office: Office) -> None:
    office.take(arrival_of("a"))
    chen = office.browser("chen")
    assert "Keep it longer" not in chen.get("/incidents/a").text
    assert chen.post("/incidents/a/hold", why="x", hold="yes").status_code == 404


def test_a_running_hub_deletes_what_is_older_than_its_file_says(tmp_path: Path) -> None:
    state = tmp_path / "hub"
    state.mkdir()
    database = ConsoleDatabase(sqlite_url(state))
    set_communities(database, COMMUNITIES)
    hub = Hub(database, tmp_path)
    old, young = hub.take("old", 4, "closed"), hub.take("young", 2, "closed")
    hub.take("newest", 0)  # so the hub's clock is no further ahead than what it got last
    with running_hub(tmp_path, keep_days=3) as server:
        wait_for(lambda: not _has_clip(old), "the old evidence is deleted")
        assert _has_clip(young)
        wait_for(lambda: "evidence of old" in server.log.read_text(), "it is told in the log")
    database.close()
