"""The tutorial's pictures, made by following the tutorial: the demo's scene, the daemon, the console, a browser."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
from playwright.sync_api import sync_playwright

from documentation.tree import ROOT

PICTURES = ROOT / "docs" / "pictures"
CHROMIUM = Path("/usr/bin/chromium")
_WIDTH = 960
"""Pixels: as wide as a page of the site shows a picture."""
_QUALITY = 72
"""JPEG: letters in screenshots stay clean, and a picture stays below 150 kB."""
_CUT = 640
"""Pixels of a picture's width that are shown of the strobe picture."""
_HIGH, _LOW = 1240, 480
"""Pixels: the browser's window where a page is full, and where it has a few lines."""
_SEALED_S = 180.0
"""The clip lasts 14 s, evidence is whole 10 s later; the rest is for a slow machine."""
_PASSWORD = "a tutorial's password"

_SETTINGS = """
storage:
  directory: state
service:
  listen: 127.0.0.1:{service}
console:
  listen: 127.0.0.1:{console}
  language: en
"""


def make_pictures(folder: Path = PICTURES) -> None:
    """Render, watch, judge, photograph; about two minutes."""
    folder.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as made:
        work = Path(made)
        _edgecv("demo", "--out", "demo-out", cwd=work)
        box = work / "demo-out/scene/box.yaml"
        video = work / "demo-out/scene/demo.mp4"
        options = ("--config", box, "--lowest-floor", "4", "--out", "c.yaml", "--yes")
        _edgecv("calibrate", "still", video, *options, cwd=work)
        _copy(work / "check.jpg", folder / "calibration-check.jpg")
        heavy = _heaviest(work / "demo-out/incidents.jsonl")
        bundle = work / "demo-out" / heavy
        _copy(bundle / "still.jpg", folder / "still.jpg")
        _cut_out(bundle / "strobe.jpg", bundle / "incident.json", folder / "strobe.jpg")
        with _free_port() as service, _free_port() as console:
            pass
        with box.open("a") as file:
            file.write(_SETTINGS.format(service=service, console=console))
        (work / "password").write_text(_PASSWORD)
        chosen = ("--role", "admin", "--config", box, "--password-file", "password")
        _edgecv("console", "user", "add", "chen", *chosen, cwd=work)
        with _daemon(box, work):
            _wait_until_sealed(box, work)
            _photograph(f"http://127.0.0.1:{console}", heavy, folder)


def _edgecv(*arguments: str | Path, cwd: Path) -> str:
    command = [sys.executable, "-m", "edgecv", *map(str, arguments)]
    environment = os.environ | {"PYTHONPATH": f"{ROOT}:{os.environ.get('PYTHONPATH', '')}"}
    done = subprocess.run(command, cwd=cwd, env=environment, check=True, capture_output=True, text=True)
    return done.stdout


def _heaviest(lines: Path) -> str:
    records = [json.loads(line) for line in lines.read_text().splitlines()]
    return str(next(record["id"] for record in records if record["mass"]["class"] == "heavy"))


def _read(source: Path) -> Any:
    picture = cv2.imread(str(source))
    assert picture is not None, f"{source} is no picture"
    return picture


def _copy(source: Path, target: Path) -> None:
    picture = _read(source)
    height = round(picture.shape[0] * _WIDTH / picture.shape[1])
    small = cv2.resize(picture, (_WIDTH, height), interpolation=cv2.INTER_AREA)
    cv2.imwrite(str(target), small, [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])


def _cut_out(source: Path, record: Path, target: Path) -> None:
    """The part of a picture in which the thing fell, at full size: its sightings are a few pixels large."""
    across = [point["x"] for point in json.loads(record.read_text())["track"]]
    left = max(0, round(sum(across) / len(across)) - _CUT // 2)
    cv2.imwrite(str(target), _read(source)[:, left : left + _CUT], [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])


@contextlib.contextmanager
def _free_port() -> Iterator[int]:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield held.getsockname()[1]


@contextlib.contextmanager
def _daemon(box: Path, work: Path) -> Iterator[None]:
    environment = os.environ | {"PYTHONPATH": f"{ROOT}:{os.environ.get('PYTHONPATH', '')}"}
    command = [sys.executable, "-m", "edgecv", "run", "--config", str(box)]
    process = subprocess.Popen(command, cwd=work, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)


def _wait_until_sealed(box: Path, work: Path) -> None:
    until = time.monotonic() + _SEALED_S
    while time.monotonic() < until:
        with contextlib.suppress(subprocess.CalledProcessError):  # nothing is kept before the first start
            if _edgecv("incidents", "list", "--config", box, cwd=work).count("(sealed)") >= 3:
                return
        time.sleep(2.0)
    raise TimeoutError("the evidence of the demo's three falls was not sealed")


def _photograph(address: str, incident: str, folder: Path) -> None:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=["--headless", "--no-sandbox"])
        page = browser.new_page(viewport={"width": 1180, "height": _LOW}, locale="en-GB")
        _log_in(page, address)
        for name in ("cameras", "statistics", "incidents"):
            page.goto(f"{address}/{name}")
            page.wait_for_load_state("load")
            _shoot(page, folder / f"console-{name}.jpg")
        page.set_viewport_size({"width": 1180, "height": _HIGH})
        page.locator(f"a[href*='{incident}']").first.click()
        page.wait_for_load_state("load")
        page.locator("img").first.wait_for()
        time.sleep(3.0)  # blurred pictures are made when they are first asked for
        _shoot(page, folder / "console-incident.jpg")
        browser.close()
    for path in folder.glob("console-*.jpg"):
        _copy(path, path)


def _log_in(page: Any, address: str) -> None:
    until = time.monotonic() + 60.0
    while True:
        try:
            page.goto(f"{address}/login")
            break
        except (
            Exception
        ):  # Playwright's errors share no public base below Exception; the console starts after the cameras
            if time.monotonic() > until:
                raise
            time.sleep(1.0)
    page.locator("input[name=name]").fill("chen")
    page.locator("input[name=password]").fill(_PASSWORD)
    page.locator("main button").click()
    page.locator(".top .name").wait_for()


def _shoot(page: Any, path: Path) -> None:
    page.screenshot(path=str(path), type="jpeg", quality=_QUALITY)
