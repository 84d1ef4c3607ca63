"""In a real browser: a camera is calibrated by clicks, masks are drawn, statistics read; axe finds nothing serious."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import yaml
from console.browsing import PASSWORD, barriers, complaints_of, log_in
from known_bundles import record

from edgecv.cli import main
from edgecv.config import load_box
from edgecv.console.server import ConsoleServer
from edgecv.geometry import looking_at
from edgecv.storage.database import DATABASE, Database
from edgecv.storage.incident_store import INCIDENTS, IncidentStore

SCREENS = os.environ.get("EDGECV_SCREENSHOTS")
"""A folder for screenshots, for whoever wants to look at them."""

Mark = tuple[tuple[float, float], str, str, str, str]
"""Pixel, floor, window, side, metres above the floor."""


@contextmanager
def _console(folder: Path, picture: Path, facade: dict[str, Any]) -> Iterator[tuple[str, Path]]:
    """A box whose camera shows a picture, its console at work; address and box file."""
    file = folder / "box.yaml"
    content = {
        "site": "jialinglu-3",
        "facades": {"north": facade},
        "cameras": {"north-1": {"source": str(picture), "facade": "north"}},
        "storage": {"directory": str(folder / "state")},
        "console": {"listen": "127.0.0.1:0"},
    }
    file.write_text(yaml.safe_dump(content, sort_keys=False, allow_unicode=True))
    password = folder / "password"
    password.write_text(PASSWORD + "\n")
    made = ["console", "user", "add", "chen", "--role", "admin", "--config", str(file)]
    assert main([*made, "--password-file", str(password)]) == 0
    server = ConsoleServer(load_box(file))
    server.start()
    try:
        yield server.address, file
    finally:
        server.stop()


def _page(chromium: Any, address: str, **options: Any) -> tuple[Any, list[str]]:
    page = chromium.new_page(locale="en-GB", **options)
    complaints = complaints_of(page)
    log_in(page, address)
    return page, complaints


def _shoot(page: Any, name: str) -> None:
    if SCREENS:
        page.screenshot(path=str(Path(SCREENS) / f"{name}.png"), full_page=True)


def _click(page: Any, pixel: tuple[float, float]) -> None:
    """Click a pixel of the camera's picture."""
    overlay = page.locator(".stage svg")
    overlay.scroll_into_view_if_needed()
    box, size = overlay.bounding_box(), overlay.get_attribute("viewBox").split()
    across, down = ((pixel[n] + 0.5) * box[side] / float(size[2 + n]) for n, side in enumerate(("width", "height")))
    page.mouse.click(box["x"] + across, box["y"] + down)


def _mark(page: Any, marks: list[Mark]) -> None:
    for pixel, floor, window, side, above in marks:
        _click(page, pixel)
        page.locator("[data-field=floor]").select_option(floor)
        page.locator("[data-field=window]").select_option(window)
        page.locator("[data-field=side]").select_option(side)
        page.locator("[data-field=above]").fill(above)


SIZE = (1280, 720)
WINDOWS = [("01", -7.0, -5.0), ("02", -1.0, 1.5), ("03", 5.0, 7.0)]
CAMERA = looking_at((3.0, 1.6, 28.0), (0.0, 20.0, 0.0), 800.0, SIZE)


def _facade(path: Path) -> dict[str, Any]:
    """A picture of dark windows on a bright wall, and the facade it shows."""
    shown = np.full((SIZE[1], SIZE[0], 3), 190, np.uint8)
    for floor in range(14):
        for _, left, right in WINDOWS:
            corners = [[x, 3.0 * floor + y, 0.0] for x, y in ((left, 0.9), (right, 0.9), (right, 2.4), (left, 2.4))]
            pixels = CAMERA.project(np.array(corners))
            cv2.fillConvexPoly(shown, pixels.round().astype(np.int32), (70, 60, 50), cv2.LINE_AA)
    cv2.imwrite(str(path), shown)
    return {"floors": 14, "windows": [{"name": n, "left": a, "right": b} for n, a, b in WINDOWS]}


def _corner(floor: int, window: int, side: str) -> Mark:
    name, left, right = WINDOWS[window]
    place = [left if side == "left" else right, 3.0 * (floor - 1) + 0.9, 0.0]
    x, y = CAMERA.project(np.array(place))
    return (float(x), float(y)), str(floor), name, side, "0.9"


def test_a_camera_is_calibrated_by_clicks_and_by_keys(chromium: Any, tmp_path: Path) -> None:
    facade = _facade(tmp_path / "north.png")
    with _console(tmp_path, tmp_path / "north.png", facade) as (address, file):
        page, complaints = _page(chromium, address, viewport={"width": 1400, "height": 1000})
        page.get_by_role("link", name="Cameras").click()
        page.get_by_role("link", name="north-1").click()
        page.locator(".live img[src^='blob:']").wait_for()
        _shoot(page, "camera")
        assert barriers(page) == []
        page.get_by_role("link", name="Calibrate").click()
        page.get_by_text("Points so far: 0").wait_for()
        _mark(page, [_corner(4, 0, "left"), _corner(4, 2, "right"), _corner(12, 0, "left")])
        page.get_by_text("Points so far: 3").wait_for()
        assert page.locator(".lines .floor").count() == 0
        assert page.get_by_role("button", name="Save").is_disabled()
        _mark(page, [_corner(12, 2, "right"), _corner(8, 1, "left")])
        page.get_by_text("Reprojection error").wait_for()
        assert page.locator(".lines .floor").count() == 15  # fourteen floors and the roof
        assert page.locator(".lines text").all_text_contents() == [str(n) for n in range(1, 15)]
        # the foot of floor 8 is where the true camera sees it, to the half pixel of a click
        drawn = page.locator(".lines .floor").nth(7).get_attribute("points").split()[0].split(",")
        true = CAMERA.project(np.array([WINDOWS[0][1] - 1.0, 21.0, 0.0]))
        assert np.hypot(float(drawn[0]) - true[0], float(drawn[1]) - true[1]) < 3.0
        before = page.locator(".result").text_content()
        page.get_by_role("button", name="Point 5: floor 8, window 02, left edge").nth(0).focus()
        for _ in range(2):
            page.keyboard.press("Shift+ArrowUp")  # twenty pixels off: refused, as the solver says it
        page.get_by_text("click it again").wait_for()
        assert page.locator(".lines .floor").count() == 0
        for _ in range(2):
            page.keyboard.press("Shift+ArrowDown")
        page.locator(".result").filter(has_text=before).wait_for()
        _shoot(page, "calibration")
        assert barriers(page) == []
        page.get_by_role("button", name="Save").click()
        page.get_by_text("Saved as north-1.calibration.yaml").wait_for()
        assert len(load_box(file).calibrations["north-1"].points) == 5
        assert complaints == []
        page.close()


# Read off facade_tower.jpg by eye: ends of the ledges below the narrow and the wide windows of two floors. Their places
# along the facade are those that the window grid has; nobody has measured the house.
_TOWER: list[Mark] = [
    ((967, 1152), "5", "1", "left", "0.7"),
    ((1051, 1157), "5", "1", "right", "0.7"),
    ((1710, 1179), "5", "3", "left", "0.7"),
    ((1877, 1177), "5", "3", "right", "0.7"),
    ((1132, 383), "10", "1", "left", "0.7"),
    ((1185, 383), "10", "1", "right", "0.7"),
    ((1581, 396), "10", "3", "left", "0.7"),
    ((1686, 400), "10", "3", "right", "0.7"),
]
_TOWER_WINDOWS = [("1", 0.11, 0.92), ("2", 5.52, 6.39), ("3", 6.80, 8.41)]


def test_the_real_tower_is_calibrated_by_its_grid_and_then_by_clicks(
    chromium: Any, clips: Path, tmp_path: Path
) -> None:
    windows = [{"name": name, "left": left, "right": right} for name, left, right in _TOWER_WINDOWS]
    facade = {"floors": 30, "floor_height": 2.9, "windows": windows}
    with _console(tmp_path, clips / "facade_tower.jpg", facade) as (address, file):
        page, complaints = _page(chromium, address, viewport={"width": 1400, "height": 1000})
        page.goto(f"{address}/cameras/jialinglu-3/north-1/calibration")
        page.get_by_text("Points so far: 0").wait_for()
        page.locator("[data-lowest]").select_option("5")
        page.get_by_role("button", name="Find the window grid").click()
        page.get_by_text("windows found").wait_for()
        assert page.locator(".lines .floor").count() > 25
        _shoot(page, "tower-grid")
        page.get_by_role("button", name="Remove all points").click()
        page.get_by_text("Points so far: 0").wait_for()
        _mark(page, _TOWER)
        page.get_by_text("Reprojection error").wait_for()
        # the foot of floor 8 runs between the wide window's ledge above it and the window's head below: 612 and 674
        foot = page.locator(".lines .floor").nth(7).get_attribute("points").split()
        x, y = zip(*(map(float, pixel.split(",")) for pixel in foot), strict=True)
        assert 612 < np.interp(1620.0, x, y) < 674
        _shoot(page, "tower-clicks")
        page.get_by_role("button", name="Save").click()
        page.get_by_text("Saved as north-1.calibration.yaml").wait_for()
        saved = load_box(file).calibrations["north-1"]
        assert len(saved.points) == 8 and saved.image_size == (2560, 1440)
        assert any(saved.distortion), "what the grid told of the lens stays"
        assert complaints == []
        page.close()


def test_a_mask_is_drawn_by_keys_alone(chromium: Any, tmp_path: Path) -> None:
    facade = _facade(tmp_path / "north.png")
    with _console(tmp_path, tmp_path / "north.png", facade) as (address, file):
        page, complaints = _page(chromium, address)
        page.goto(f"{address}/cameras/jialinglu-3/north-1/masks")
        page.locator(".stage svg[viewBox]").wait_for()
        page.get_by_role("button", name="Add a mask").press("Enter")
        page.keyboard.press("ArrowLeft")
        page.get_by_label("Mask 1: Why it is not looked at").fill("旗")
        _shoot(page, "masks")
        assert barriers(page) == []
        page.get_by_role("button", name="Save").press("Enter")
        page.get_by_text("Saved.").wait_for()
        mask = load_box(file).settings.cameras["north-1"].masks[0]
        assert mask.reason == "旗"
        assert mask.polygon[0] == (0.4 * SIZE[0] - 1, 0.4 * SIZE[1])
        assert complaints == []
        page.close()


def test_statistics_are_read_on_a_screen_and_on_a_phone(chromium: Any, tmp_path: Path) -> None:
    facade = _facade(tmp_path / "north.png")
    with _console(tmp_path, tmp_path / "north.png", facade) as (address, _):
        with closing(Database(tmp_path / "state" / DATABASE)) as database:
            store = IncidentStore(database, tmp_path / "state" / INCIDENTS)
            begun = time.time() - 3 * 365 * 86400
            for n, day in enumerate((*range(1, 360, 5), *range(370, 700, 15), 790, 900, 1000)):
                moment = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(begun + day * 86400 + n * 7000))
                made = record(f"id-{n}", floor=1 + n % 14, mass=("heavy", "medium", "light")[n % 3])
                store.add(made.model_copy(update={"started_at": moment}))
        page, complaints = _page(chromium, address, viewport={"width": 1300, "height": 900})
        page.get_by_role("link", name="Statistics").click()
        for _ in range(120):  # until the feed has brought them all
            if page.locator(".trend-words").count() and "Fewer each year" in page.locator(".trend-words").inner_text():
                break
            page.wait_for_timeout(500)
            page.reload()
        page.get_by_text("Fewer each year").wait_for()
        _shoot(page, "statistics")
        assert barriers(page) == []
        page.emulate_media(media="print")
        _shoot(page, "statistics-print")
        assert not page.get_by_role("navigation").is_visible()
        page.emulate_media(media="screen", color_scheme="dark")
        page.set_viewport_size({"width": 390, "height": 844})
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        _shoot(page, "statistics-phone-dark")
        assert barriers(page) == []
        page.goto(f"{address}/cameras/jialinglu-3/north-1/sensitivity")
        page.get_by_text("What this cannot tell").wait_for()
        _shoot(page, "sensitivity-phone-dark")
        assert barriers(page) == []
        assert complaints == []
        page.close()
