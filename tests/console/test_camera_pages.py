"""Cameras: how they are, what they see, calibration and masks by requests as a page sends them."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import yaml
from calibration.test_grid import CAMERAS as GRID_CAMERAS
from calibration.test_grid import facade_picture
from console.conftest import Browser, Office
from known_bundles import record
from known_streets import car, pass_by
from sqlalchemy import select

from edgecv.calibration.control_points import MarkedPoint
from edgecv.config import load_box
from edgecv.console.accounts import Role
from edgecv.console.cameras.box_file_editor import BoxFileEditor
from edgecv.console.cameras.calibration_service import Marks, calibration_of, marked, solve
from edgecv.console.cameras.pictures import LivePictures
from edgecv.console.cameras.threshold_preview import findings_of, outcomes
from edgecv.console.intake.events import read_arrival
from edgecv.console.storage import EVERYTHING
from edgecv.console.storage.schema import AuditEntry
from edgecv.console.web.app import make_app
from edgecv.daemon.live_snapshots import SnapshotFiles
from edgecv.daemon.motion_map_store import motion_map_file
from edgecv.errors import ConfigError
from edgecv.geometry import FacadePlan, looking_at
from edgecv.incidents.cloudevents import device_event, encode
from edgecv.motion_map import MotionMap, to_npz
from edgecv.motion_map.overview import Overview
from edgecv.privacy import FacadeProjection, blurred, wall_mask
from edgecv.storage.database import DATABASE, Database
from edgecv.storage.incident_store import INCIDENTS, IncidentStore

SIZE = (640, 480)
WINDOWS = (("01", -6.0, -4.5), ("02", 0.0, 1.5), ("03", 5.0, 6.5))
PLAN = FacadePlan.of([3.0] * 12, WINDOWS)
CAMERA = looking_at((2.0, 1.6, 30.0), (0.0, 18.0, 0.0), 420.0, SIZE)
HERE = "/cameras/jialinglu-3/north-1"


@dataclass
class Box:
    """A box with one camera, whose source is a picture, and its console."""

    office: Office
    file: Path
    reloads: list[int] = field(default_factory=list)

    def browser(self, name: str = "boss") -> Browser:
        return self.office.browser(name)

    def send(self, path: str, body: object, browser: Browser | None = None) -> Any:
        browser = browser or self.browser()
        return browser.client.post(path, json=body, headers={"x-csrf-token": browser.csrf})


def _picture() -> np.ndarray:
    """Windows full of detail on a wall full of detail."""
    rng = np.random.default_rng(2)
    return rng.integers(0, 255, (SIZE[1], SIZE[0], 3)).astype(np.uint8)


@pytest.fixture
def box(office: Office, tmp_path: Path) -> Box:
    cv2.imwrite(str(tmp_path / "north.png"), _picture())
    windows = [{"name": name, "left": left, "right": right} for name, left, right in WINDOWS]
    camera = {"source": "north.png", "facade": "north"}
    content = {
        "site": "jialinglu-3",
        "facades": {"north": {"floors": 12, "windows": windows}},
        "cameras": {"north-1": camera, "south-1": {"source": "rtsp://192.0.2.1/x"}},
        "storage": {"directory": str(tmp_path / "state")},
    }
    file = tmp_path / "box.yaml"
    file.write_text("# kept\n" + yaml.safe_dump(content, sort_keys=False))
    made = Box(office, file)
    desk = BoxFileEditor(file, lambda: made.reloads.append(1))
    console = replace(office.console, live_pictures=LivePictures(desk))
    office.app = make_app(console, tls=True)
    office.add("boss", Role.ADMIN)
    return made


def _points(*, off: Callable[[int], float] = lambda _: 0.0) -> list[dict[str, Any]]:
    """Corners of windows, where the known camera shows them."""
    places = [(floor, n, side) for floor in (2, 6, 11) for n, side in ((0, "left"), (1, "right"), (2, "right"))]
    made = []
    for number, (floor, n, side) in enumerate(places):
        name, left, right = WINDOWS[n]
        x, y = CAMERA.project(np.array([left if side == "left" else right, 3.0 * (floor - 1) + 0.9, 0.0]))
        pixel = [float(x) + off(number), float(y)]
        made.append({"pixel": pixel, "floor": str(floor), "window": name, "side": side, "above": 0.9})
    return made


def _says(box: Box, kind: str, text: str, **details: object) -> None:
    event = device_event("jialinglu-3", "north-1", kind, text, details)
    box.office.take(read_arrival("jialinglu-3", "north-1", "device", encode(event).decode(), time.time()))


def test_the_page_tells_state_blind_minutes_and_the_daily_test(box: Box) -> None:
    state = '{"state": "degraded", "text": "the picture is covered"}'
    box.office.take(read_arrival("jialinglu-3", "north-1", "state", state, time.time()))
    hour = {"minutes": {"rain": 3.5}, "blind_minutes": 3.5, "noted_minutes": 60.0, "from_s": time.time() - 5000}
    _says(box, "blind_minutes", "blind for 3.5 of 60 minutes", **hour)
    _says(box, "sensitivity", "of 20 falls 18 were seen", drawn=20, seen=18)
    browser = box.browser("chen")
    for page in (browser.get("/cameras").text, browser.get(HERE).text):
        assert "Watching, with problems" in page and "the picture is covered" in page
        assert "3.5 min" in page and "90 %" in page
    page = browser.get(HERE).text
    assert "rain 3.5" in page and "of 20 falls 18 were seen" in page
    assert "Calibrate" not in page, "an official watches; an administrator calibrates"
    assert "south-1" in browser.get("/cameras").text, "a camera that has told nothing yet is listed"
    assert box.browser("river").get(HERE).status_code == 404


def test_the_page_shows_where_things_go_the_same_way_all_day(box: Box) -> None:
    browser, file = box.browser("chen"), motion_map_file(box.file.parent / "state", "north-1")
    assert "The camera is learning" in browser.get(HERE).text
    file.parent.mkdir(parents=True)
    file.write_bytes(to_npz(MotionMap()))
    assert "So far nothing goes the same way" in browser.get(HERE).text
    motion_map, now_s, rng = MotionMap(), 0.0, np.random.default_rng(3)
    for _ in range(90):
        now_s = pass_by(motion_map, car(rng, across=True), now_s, 20.0)
    file.write_bytes(to_npz(motion_map))
    page = browser.get(HERE).text
    assert "of the picture things go the same way all day, up to 1" in page
    assert page.count("fill-opacity") == page.count("translate(") == len(Overview.of(motion_map).cells) > 20
    file.write_bytes(b"torn")
    assert "The camera is learning" in browser.get(HERE).text
    assert "fill-opacity" not in browser.get("/cameras/jialinglu-3/south-1").text


def test_a_hub_has_states_but_no_pictures_and_no_calibration(office: Office) -> None:
    office.take(read_arrival("jialinglu-3", "north-1", "state", '{"state": "online", "text": "x"}', time.time()))
    office.add("boss", Role.ADMIN)
    browser = office.browser("boss")
    assert "on the console of the box itself" in browser.get(HERE).text
    for path in ("live.jpg", "calibration", "masks", "sensitivity"):
        assert browser.get(f"{HERE}/{path}").status_code == 404


def _detail(picture: np.ndarray) -> float:
    """How much neighbouring pixels differ."""
    return float(np.abs(np.diff(picture.astype(np.float64), axis=1)).mean())


def test_all_but_wall_is_blurred_and_without_a_calibration_everything() -> None:
    picture = _picture()
    size = (picture.shape[1], picture.shape[0])
    view, unlisted = FacadeProjection(CAMERA, PLAN), FacadeProjection(CAMERA, FacadePlan.of([3.0] * 12))
    assert _detail(blurred(picture, wall_mask(size, None), None)) < 0.2 * _detail(picture)
    shown = blurred(picture, wall_mask(size, view), view.nearest_px_per_m)
    corners = CAMERA.project(np.array([[0.0, 16.0, 0.0], [1.5, 17.5, 0.0]]))  # window 02 of floor 6
    (left, bottom), (right, top) = corners.round().astype(int)
    assert _detail(shown[top:bottom, left:right]) < 0.4 * _detail(picture)
    wall = CAMERA.project(np.array([[2.2, 16.0, 0.0], [4.2, 17.5, 0.0]])).round().astype(int)
    between = (slice(wall[1, 1], wall[0, 1]), slice(wall[0, 0], wall[1, 0]))
    np.testing.assert_array_equal(shown[between], picture[between])
    sky = CAMERA.project(np.array([[-12.0, 16.0, 0.0], [-9.0, 20.0, 0.0]])).round().astype(int)
    beside = (slice(sky[1, 1], sky[0, 1]), slice(max(0, sky[0, 0]), sky[1, 0]))
    assert shown[beside].size and _detail(shown[beside]) < 0.4 * _detail(picture), "the house next door"
    hidden = blurred(picture, wall_mask(size, unlisted), unlisted.nearest_px_per_m)
    assert _detail(hidden) < 0.2 * _detail(picture), "no windows listed"


def _decoded(content: bytes) -> np.ndarray:
    picture = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None
    return picture


def test_a_live_picture_is_blurred_and_asked_of_the_daemon(box: Box) -> None:
    browser = box.browser("chen")
    answer = browser.get(f"{HERE}/live.jpg")
    assert _detail(_decoded(answer.content)) < 0.2 * _detail(_picture())
    (box.file.parent / "state").mkdir()
    south = "/cameras/jialinglu-3/south-1/live.jpg"
    assert browser.get(south).status_code == 503  # nobody gives one, but it was asked for
    files = SnapshotFiles(box.file.parent / "state", "south-1")
    assert files.wish("small").exists()
    cv2.imwrite(str(files.picture("small")), _picture())
    answer = browser.get(south)
    assert answer.headers["content-type"] == "image/jpeg"
    assert _detail(_decoded(answer.content)) < 0.2 * _detail(_picture())


def test_points_are_solved_drawn_saved_and_the_daemon_is_told(box: Box) -> None:
    browser = box.browser()
    assert browser.get(f"{HERE}/calibration/picture.jpg").status_code == 404
    assert box.send(f"{HERE}/calibration/take", {}, browser).json() == {"size": list(SIZE)}
    assert browser.get(f"{HERE}/calibration/picture.jpg").headers["content-type"] == "image/jpeg"
    answer = box.send(f"{HERE}/calibration/solve", {"points": _points()}, browser).json()
    assert answer["rms_px"] < 0.01 and "very good" in answer["words"][0]
    assert [line["name"] for line in answer["floors"]] == [*(str(n) for n in range(1, 13)), ""]
    foot = CAMERA.project(np.array([-7.0, 15.0, 0.0]))  # of floor 6, at the left end of what is drawn
    np.testing.assert_allclose(answer["floors"][5]["path"][0], foot, atol=0.1)
    assert len(answer["frames"]) == 36
    version = json.loads(browser.get(f"{HERE}/calibration").text.split("data-setup='")[1].split("'>")[0])["version"]
    body = {"points": _points(), "version": version}
    saved = box.send(f"{HERE}/calibration/save", body, browser)
    assert saved.json()["file"] == "north-1.calibration.yaml" and saved.json()["told"] is True
    assert box.reloads == [1]
    made = load_box(box.file)
    assert len(made.calibrations["north-1"].points) == 9
    assert box.file.read_text().startswith("# kept\n")
    assert box.send(f"{HERE}/calibration/save", body, browser).json()["refused"].endswith("do it again")
    again = {"points": _points()[:5], "version": saved.json()["version"]}
    assert box.send(f"{HERE}/calibration/save", again, browser).status_code == 200
    assert len(load_box(box.file).calibrations["north-1"].points) == 5
    assert (box.file.parent / "north-1.calibration.yaml.bak").read_text().count("pixel") == 9
    with box.office.database.session(EVERYTHING) as session:
        actions = session.scalars(select(AuditEntry.action).where(AuditEntry.by == "boss")).all()
    assert [a for a in actions if a != "login"][:2] == ["clear camera picture taken", "camera calibrated"]


@pytest.mark.parametrize(
    ("points", "why"),
    [
        (_points()[:3], "four points or more"),
        (_points(off=lambda n: 40.0 if n == 4 else 0.0), "point 5 at pixel"),
        ([p for p in _points() if p["window"] == "01"] + [_points()[0] | {"floor": "9"}], "in a line|same"),
        ([*_points(), _points()[0] | {"floor": "99"}], "point 10: floor = 99"),
        ([*_points(), _points()[0] | {"window": "<b>"}], "no such window"),
        ([*_points(), {"pixel": [1e9, 0], "facade": [0, 0]}], "outside the picture"),
        ([*_points(), {"pixel": ["x", None]}], "pixel"),
    ],
)
def test_points_that_cannot_be_are_refused_with_the_solvers_reason(box: Box, points: list[Any], why: str) -> None:
    browser = box.browser()
    box.send(f"{HERE}/calibration/take", {}, browser)
    answer = box.send(f"{HERE}/calibration/solve", {"points": points}, browser)
    assert any(part in answer.json()["refused"] for part in why.split("|")), answer.json()
    assert not (box.file.parent / "north-1.calibration.yaml").exists()


def test_only_administrators_see_clear_pictures_calibrate_and_mask(box: Box) -> None:
    official = box.browser("chen")
    for path in ("calibration", "calibration/picture.jpg", "masks", "sensitivity"):
        assert official.get(f"{HERE}/{path}").status_code == 403, path
    for path in ("calibration/take", "calibration/solve", "calibration/find", "calibration/save", "masks/save"):
        assert box.send(f"{HERE}/{path}", {"points": [], "masks": []}, official).status_code == 403, path
    assert box.browser().client.post(f"{HERE}/masks/save", json={"masks": []}).status_code == 403, "no token"
    for body in (b"[]", b"{", b'"x"'):
        headers = {"x-csrf-token": (boss := box.browser()).csrf, "content-type": "application/json"}
        assert boss.client.post(f"{HERE}/masks/save", content=body, headers=headers).status_code == 400


def test_masks_go_into_the_box_file(box: Box) -> None:
    version = BoxFileEditor(box.file).version()
    masks = [{"reason": "flag", "polygon": [[0, 0], [100, 0], [100, 90.26]]}]
    saved = box.send(f"{HERE}/masks/save", {"masks": masks, "version": version})
    assert saved.json()["told"] is True and box.reloads == [1]
    assert load_box(box.file).settings.cameras["north-1"].masks[0].polygon[2] == (100.0, 90.3)
    assert "flag" in box.browser().get(f"{HERE}/masks").text
    for wrong in ([{"reason": " ", "polygon": masks[0]["polygon"]}], [{"reason": "x", "polygon": [[0, 0]]}], "x"):
        body = {"masks": wrong, "version": saved.json()["version"]}
        assert box.send(f"{HERE}/masks/save", body).status_code == 422
    assert box.send(f"{HERE}/masks/save", {"masks": [], "version": saved.json()["version"]}).status_code == 200
    assert load_box(box.file).settings.cameras["north-1"].masks == ()


def test_a_calibration_shown_and_sent_back_unchanged_is_the_same() -> None:
    points = (*(MarkedPoint.model_validate(p) for p in _points()), MarkedPoint(pixel=(3.0, 4.0), facade=(9.0, 50.0)))
    before = calibration_of(Marks(points), SIZE, PLAN)
    shown = marked(before, PLAN)
    assert [point.window for point in shown.points] == ["01", "02", "03"] * 3 + [None]
    assert calibration_of(shown, SIZE, PLAN).points == before.points


def test_a_point_marked_wrong_has_the_largest_error_in_the_list() -> None:
    points = tuple(MarkedPoint.model_validate(p) for p in _points(off=lambda n: 5.0 if n == 7 else 0.0))
    assert int(np.argmax(solve(Marks(points), SIZE, PLAN).errors_px)) == 7
    with pytest.raises(ConfigError, match="off by"):
        solve(Marks(tuple(MarkedPoint.model_validate(p) for p in _points(off=lambda n: 30.0 * (n % 2)))), SIZE, PLAN)


def _kept(store: IncidentStore, name: str, tier: str, ratio: float, *reasons: str) -> None:
    made = record(name)
    fit = made.fit.model_copy(update={"log_likelihood_ratio": ratio})
    verdict = made.verdict.model_copy(update={"reasons": reasons})
    store.add(made.model_copy(update={"tier": tier, "fit": fit, "verdict": verdict}))


def test_the_preview_counts_what_each_threshold_would_have_made_of_the_last_hour(box: Box) -> None:
    state = box.file.parent / "state"
    state.mkdir()
    path = state / DATABASE
    doubt = "gravity explains the path only 6.2 log units better than steady motion; 8 are needed"
    with closing(Database(path)) as database:
        store = IncidentStore(database, state / INCIDENTS)
        _kept(store, "sure", "incident", 40.0)
        _kept(store, "near", "incident", 9.0)
        _kept(store, "faint", "candidate", 6.2, doubt)
        _kept(store, "drip", "candidate", 30.0, "so faint, and as fast, that it may be a drop of water")
    made = {o.threshold: (o.incidents, o.candidates) for o in outcomes(findings_of(path, "north-1"))}
    assert made[4.0] == (3, 1) and made[8.0] == (2, 2) and made[10.0] == (1, 3) and made[30.0] == (1, 3)
    assert findings_of(path, "another") == []
    assert findings_of(path, "north-1", time.time() + 3700.0) == []
    page = box.browser().get(f"{HERE}/sensitivity").text
    assert "drop of water" in page and "8 · as it is" in page and "Paths below 4 are forgotten" in page


def test_a_window_grid_is_found_and_its_windows_are_written_where_none_were_listed(box: Box) -> None:
    camera = GRID_CAMERAS["square"]
    cv2.imwrite(str(box.file.parent / "north.png"), facade_picture(camera, supersample=1))
    content = yaml.safe_load(box.file.read_text())
    content["facades"]["north"] = {"floors": 18}
    box.file.write_text(yaml.safe_dump(content, sort_keys=False))
    browser = box.browser()
    box.send(f"{HERE}/calibration/take", {}, browser)
    # the lowest whole row in that picture, by the camera that made it
    lowest = next(floor for floor in range(1, 18) if camera.project(np.array([0.0, 3.0 * floor - 2.6, 0.0]))[1] < 715)
    found = box.send(f"{HERE}/calibration/find", {"lowest": str(lowest)}, browser).json()
    assert len(found["windows"]) == 5 and found["rms_px"] < 2.0
    foot = camera.project(np.array([0.0, 27.0, 0.0]))[1]  # of floor 10
    drawn = next(line for line in found["floors"] if line["name"] == "10")["path"]
    assert abs(np.mean([y for _, y in drawn]) - foot) < 12.0, "a floor there is 45 pixels high"
    desk = BoxFileEditor(box.file)
    version = desk.version(desk.calibration_file(desk.box(), "north-1"))
    body = {**found["marks"], "windows": found["windows"], "version": version}
    assert box.send(f"{HERE}/calibration/save", body, browser).json()["told"] is True
    made = load_box(box.file)
    assert [w.name for w in made.settings.facades["north"].windows] == ["01", "02", "03", "04", "05"]
    assert len(made.calibrations["north-1"].points) > 20
