"""The incident's page over real evidence: blurred for all, untouched for those who may and say why."""

from __future__ import annotations

import io
import shutil
import zipfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import cv2
import numpy as np
import pytest
from console.conftest import Browser, Office, arrival_of
from console.seen_bundle import SIZE, cell, facade, keep_evidence, record_of
from receivers import wait_for
from sqlalchemy import select

from edgecv.audit.verify import verify_bundle
from edgecv.console.accounts import Role
from edgecv.console.evidence import access
from edgecv.console.intake.events import read_arrival
from edgecv.console.storage import EVERYTHING
from edgecv.console.storage.schema import AccessEntry, Incident
from edgecv.evidence.keys import BoxKey
from edgecv.incidents.cloudevents import encode, incident_event
from edgecv.storage.database import DATABASE, Database
from edgecv.storage.incident_store import INCIDENTS, IncidentStore


@pytest.fixture(scope="module")
def sealed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A state directory with one sealed incident, made once; tests work on copies."""
    state = tmp_path_factory.mktemp("state")
    with closing(Database(state / DATABASE)) as database:
        keep_evidence(IncidentStore(database, state / INCIDENTS), BoxKey.load_or_create(state), record_of())
    return state


@pytest.fixture
def seen(office: Office, sealed: Path) -> Iterator[Office]:
    """An office that has that incident and its evidence."""
    shutil.copytree(sealed, office.shelf.parent, dirs_exist_ok=True)
    event = encode(incident_event(record_of())).decode()
    office.take(read_arrival("jialinglu-3", "north-1", "incident", event, 1.8e9))
    office.add("vera", Role.VIEWER)
    yield office
    office.console.verifier.close()


def _decoded(content: np.ndarray) -> np.ndarray:
    picture = cv2.imdecode(content, cv2.IMREAD_COLOR)
    assert picture is not None
    return picture


def _picture(browser: Browser, path: str) -> np.ndarray:
    answer = browser.get(path)
    assert answer.status_code == 200, path
    return _decoded(np.frombuffer(answer.content, np.uint8))


def _accesses(office: Office) -> list[tuple[str, str, str]]:
    with office.database.session(EVERYTHING) as session:
        rows = session.execute(select(AccessEntry.action, AccessEntry.what, AccessEntry.why).order_by(AccessEntry.key))
        return [(action, subject, reason) for action, subject, reason in rows]


@pytest.mark.parametrize("name", ["strobe.jpg", "still.jpg"])
def test_everybody_gets_pictures_in_which_other_windows_are_blurred(seen: Office, name: str) -> None:
    shown, sharp = _picture(seen.browser("vera"), f"/incidents/seen/pictures/{name}"), facade()
    assert shown.shape == (SIZE[1], SIZE[0], 3)
    for window, kept in (("02", True), ("03", False)):
        mask = np.zeros(shown.shape[:2], np.uint8)
        cv2.fillPoly(mask, [cell(6, window)], 255)
        inside = cv2.erode(mask, np.ones((3, 3), np.uint8)) > 0
        assert bool(shown[inside].std() > 0.7 * sharp[inside].std()) is kept, window
    assert _accesses(seen) == [], "a blurred picture needs no reason"


def test_a_blurred_picture_goes_with_its_evidence(seen: Office) -> None:
    browser = seen.browser("vera")
    _picture(browser, "/incidents/seen/pictures/strobe.jpg")
    kept = list((seen.shelf.parent / "blurred").rglob("*.jpg"))
    assert len(kept) == 1
    assert seen.console.pictures.sweep() == 0
    for name in ("strobe.jpg", "clip.mp4"):
        (seen.shelf / "seen" / name).unlink()
    (seen.shelf / "seen" / "still.jpg").unlink()
    assert browser.get("/incidents/seen/pictures/strobe.jpg").status_code == 404
    assert seen.console.pictures.sweep() == 1
    assert not kept[0].exists()


def test_the_page_says_what_is_known_and_till_when_it_is_kept(seen: Office) -> None:
    page = seen.browser("vera").get("/incidents/seen").text
    for text in ("86 %", "12 %", "1–3", "0.62 kg", "can kill", "full bottle or can", "height above the ground"):
        assert text in page, text
    assert "Kept until" in page and "twice the usual time" in page
    assert page.count('class="frame likely"') == page.count('class="frame runner-up"') == 1
    assert "may not open untouched evidence" in page
    assert "Play the untouched clip" not in page


def test_the_untouched_clip_opens_for_a_named_role_with_a_reason(seen: Office) -> None:
    chen, vera = seen.browser("chen"), seen.browser("vera")
    assert vera.post("/incidents/seen/open", why="curious").status_code == 403
    assert chen.post("/incidents/seen/open", why="  ").status_code == 422
    assert _accesses(seen) == []
    opened = chen.post("/incidents/seen/open", why="police file 17")
    assert opened.status_code == 200 and "police file 17" in opened.text
    clip = f"{opened.url.path}/clip.mp4"
    part = chen.get(clip, range="bytes=0-99")
    assert part.status_code == 206 and part.content == (seen.shelf / "seen" / "clip.mp4").read_bytes()[:100]
    assert _accesses(seen) == [("view", "clip and pictures", "police file 17")]
    assert vera.get(clip).status_code == 403
    seen.add("li")
    assert seen.browser("li").get(clip).status_code == 404, "a reason is its own user's"
    assert chen.get(f"{opened.url.path}/incident.json").status_code == 404
    assert "police file 17" in chen.get("/incidents/seen").text, "who opened it stands on the page"


def test_a_reason_does_not_stand_for_ever(seen: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    chen = seen.browser("chen")
    clip = chen.post("/incidents/seen/open", why="police file 17").url.path + "/clip.mp4"
    assert chen.get(clip).status_code == 200
    monkeypatch.setattr(access, "OPENING_S", 0.0)
    assert chen.get(clip).status_code == 404


def test_a_print_is_written_down_and_blurred_unless_the_role_may_more(seen: Office) -> None:
    chen, vera = seen.browser("chen"), seen.browser("vera")
    sheet = vera.post("/incidents/seen/print", why="for the notice board", untouched="yes")
    assert "/pictures/strobe.jpg" in sheet.text and "for the notice board" in sheet.text
    assert vera.get(f"{sheet.url.path}/strobe.jpg").status_code == 403
    full = chen.post("/incidents/seen/print", why="for the court", untouched="yes")
    picture = _picture(chen, f"{full.url.path}/strobe.jpg")
    assert np.array_equal(picture, _decoded(np.fromfile(seen.shelf / "seen" / "strobe.jpg", np.uint8)))
    assert chen.get(f"{full.url.path}/clip.mp4").status_code == 404, "a print is no clip"
    assert [(action, what) for action, what, _ in _accesses(seen)] == [
        ("print", "blurred page"),
        ("print", "untouched page"),
    ]


def test_everything_in_one_file_can_be_verified_elsewhere(seen: Office, tmp_path: Path) -> None:
    answer = seen.browser("chen").post("/incidents/seen/evidence/all.zip", why="for the court")
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        archive.extractall(tmp_path / "there")
    key = BoxKey.load_or_create(seen.shelf.parent).public
    assert (tmp_path / "there" / "box.pub").read_bytes() == key.pem
    assert verify_bundle(tmp_path / "there" / "seen", key, replay=False).ok
    assert _accesses(seen) == [("export", "all.zip", "for the court")]


def test_the_page_tells_evidence_that_was_changed_and_no_path_of_the_machine(seen: Office) -> None:
    browser = seen.browser("chen")
    assert "Every file is what the box sealed" in browser.get("/incidents/seen/verification").text
    (seen.shelf / "seen" / "clip.mp4").write_bytes(b"other pictures")
    found = browser.get("/incidents/seen/verification").text
    assert "Not to be trusted" in found and "clip.mp4: has been changed" in found
    assert str(seen.shelf.parent) not in found
    assert "clip.mp4：已被改动" in seen.browser("chen", "zh-CN").get("/incidents/seen/verification").text


@pytest.mark.parametrize(("floor", "said"), [(6, "the clip shows what"), (3, "the clip does not show what")])
def test_a_replay_on_demand_says_whether_the_clip_bears_the_record_out(office: Office, floor: int, said: str) -> None:
    """The record of floor 3 is sealed with the right key: only looking at the clip again can tell."""
    state = office.shelf.parent
    origin = {
        "floor": floor,
        "window": "02",
        "window_index": 1,
        "candidates": [{"floor": floor, "window": "02", "p": 1}],
    }
    incident = record_of("shown", origin=record_of().origin.model_dump() | origin)
    with closing(Database(state / DATABASE)) as database:
        keep_evidence(IncidentStore(database, state / INCIDENTS), BoxKey.load_or_create(state), incident)
    event = encode(incident_event(incident)).decode()
    office.take(read_arrival("jialinglu-3", "north-1", "incident", event, 1.8e9))
    browser = office.browser("chen")
    page = "/incidents/shown/verification"
    assert "Every file is what the box sealed" in browser.get(page).text
    assert "is being replayed" in browser.post(page).text
    wait_for(lambda: "is being replayed" not in browser.get(page).text, seconds=120)
    found = browser.get(page).text
    assert said in found
    assert str(state) not in found


def test_evidence_without_the_boxs_key_is_not_called_genuine(seen: Office) -> None:
    (seen.shelf.parent / "box.pub").unlink()
    found = seen.browser("chen").get("/incidents/seen/verification").text
    assert "nobody has signed it" in found and "✓" not in found


@pytest.mark.parametrize(("kind", "told"), [("thrown_object", "Floor unknown"), ("fire", "Lasts")])
def test_records_of_other_makers_break_no_page(seen: Office, kind: str, told: str) -> None:
    odd = {"track": [{"t": "x"}], "origin": {"candidates": [], "pixel": ["a"], "excluded_floors": "all", "reason": 5}}
    odd |= {"mass": {"p": 3, "kg": {"median": 1}, "things": "many", "hazard": ["x"]}, "motion": {"release": []}}
    seen.take(arrival_of("odd"))
    with seen.database.session(EVERYTHING, writes=True) as session:  # as an edgecv stored it that asked less
        incident = session.scalars(select(Incident).where(Incident.id == "odd")).one()
        incident.record = {"id": "odd", "started_at": "2026-05-01T14:00:00Z"} | odd
        incident.kind, incident.floor, incident.ended_s = kind, None, None
    page = seen.browser("chen").get("/incidents/odd")
    assert page.status_code == 200 and told in page.text
