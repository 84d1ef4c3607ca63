"""A bundle on a hub is what somebody with a token sent: nothing in it leads out of its folder or costs too much."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from capture.test_open_container import png_of
from console.seen_bundle import CAMERA, SIZE, record_of, write_evidence

from edgecv.audit import bundle_replay as rerun_module
from edgecv.audit.bundle_calibration import QUICK_POINTS, camera_in
from edgecv.audit.bundle_replay import replay_bundle
from edgecv.calibration import camera as camera_module
from edgecv.console.evidence.bundle import read_bundle
from edgecv.console.evidence.evidence_paths import EvidencePaths
from edgecv.console.evidence.track_overlay import drawing_of, places
from edgecv.errors import ConfigError
from edgecv.incidents.record import Incident


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_evidence(tmp_path / "a", record_of())
    return tmp_path / "a"


def _names(folder: Path, clip: str) -> Incident:
    record = json.loads((folder / "incident.json").read_text())
    record["evidence"] |= {"clip": clip, "sha256": None}
    (folder / "incident.json").write_text(json.dumps(record))
    return Incident.model_validate(record)


@pytest.mark.parametrize("name", ["clip.m3u8", "clip.ffconcat", "../b/clip.mp4", "..", "strobe.jpg", "incident.json"])
def test_a_clip_has_one_of_the_names_that_boxes_write(folder: Path, name: str) -> None:
    (folder / "clip.m3u8").write_text("#EXTM3U\n")
    (folder / "clip.ffconcat").write_text("ffconcat version 1.0\n")
    record = _names(folder, name)
    bundle = read_bundle(folder)
    assert bundle is not None and bundle.clip is None
    (problem,) = replay_bundle(folder, record).problems
    assert "the record's clip is none of clip.mp4, clip.mkv, clip.avi" in problem


def test_a_clip_that_is_a_link_is_not_opened(folder: Path, tmp_path: Path) -> None:
    (folder / "clip.mp4").rename(tmp_path / "elsewhere.mp4")
    (folder / "clip.mp4").symlink_to(tmp_path / "elsewhere.mp4")
    (problem,) = replay_bundle(folder, _names(folder, "clip.mp4")).problems
    assert "no box writes that" in problem


def test_a_playlist_under_a_clip_s_name_is_refused(folder: Path, tmp_path: Path) -> None:
    (folder / "clip.mp4").rename(tmp_path / "secret.mp4")
    (folder / "clip.mp4").write_text(f"#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:1,\n{tmp_path}/secret.mp4\n")
    (problem,) = replay_bundle(folder, _names(folder, "clip.mp4")).problems
    assert "cannot be replayed" in problem and "cannot be opened as video" in problem


def test_a_clip_longer_than_any_box_cuts_is_not_replayed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rerun_module, "MOST_FRAMES", 10)
    (problem,) = replay_bundle(folder, _names(folder, "clip.mp4")).problems
    assert "is longer than any clip that a box cuts" in problem


def test_a_strobe_of_20_000_squared_has_no_size_to_draw_on(folder: Path) -> None:
    (folder / "strobe.jpg").write_bytes(png_of(20_000, 20_000))
    bundle = read_bundle(folder)
    assert bundle is not None and bundle.size is None
    assert drawing_of(record_of().model_dump(by_alias=True), bundle) is None


@pytest.mark.parametrize("name", ["../b/calibration.yaml", "/etc/hostname", "box.yaml"])
def test_a_box_file_names_no_file_outside_of_its_bundle(folder: Path, name: str) -> None:
    box = yaml.safe_load((folder / "box.yaml").read_text())
    box["cameras"]["north-1"]["calibration"] = name
    (folder / "box.yaml").write_text(yaml.safe_dump(box))
    with pytest.raises(ConfigError, match=r"names another calibration than the calibration\.yaml beside it"):
        camera_in(folder)
    bundle = read_bundle(folder)
    assert bundle is not None and bundle.view is None and bundle.size == SIZE


@pytest.mark.parametrize("name", ["box.yaml", "calibration.yaml"])
def test_a_box_file_longer_than_any_box_writes_is_not_parsed(folder: Path, name: str) -> None:
    with (folder / name).open("a") as file:
        file.write("# " + "x" * 300_000 + "\n")
    with pytest.raises(ConfigError, match=f"{name}: is not a plain file of 128 KB at most"):
        camera_in(folder)
    bundle = read_bundle(folder)
    assert bundle is not None and bundle.view is None


def test_a_calibration_of_many_points_is_solved_from_some_of_them_as_well(folder: Path) -> None:
    """500 points that fit, as a search of the picture may find them."""
    places = np.array([[x, y, 0.0] for x in np.linspace(-7, 7, 20) for y in np.linspace(2, 22, 25)])
    pixels = CAMERA.project(places)
    points = [
        {"pixel": pixel, "facade": place}
        for pixel, place in zip(pixels.round(3).tolist(), places[:, :2].round(6).tolist(), strict=True)
        if 0 <= pixel[0] < SIZE[0] and 0 <= pixel[1] < SIZE[1]
    ]
    assert len(points) > 3 * QUICK_POINTS
    calibration = {"image_size": list(SIZE), "points": points, "focal_px": 420.0}
    (folder / "calibration.yaml").write_text(yaml.safe_dump(calibration))
    quick = camera_in(folder, quick=True)
    assert quick is not None and quick.pinhole is not None
    assert np.abs(quick.pinhole.project(places) - pixels).max() < 0.1
    bundle = read_bundle(folder)
    assert bundle is not None and bundle.view is not None


def test_a_page_solves_no_more_points_than_are_quick(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[int] = []
    real = camera_module.solved_of

    def counted(calibration: Any, plan: Any) -> Any:
        seen.append(len(calibration.points) + len(calibration.verticals))
        return real(calibration, plan)

    monkeypatch.setattr(camera_module, "solved_of", counted)
    calibration = yaml.safe_load((folder / "calibration.yaml").read_text())
    first = calibration["points"][0]
    calibration["points"] += [
        {"pixel": [first["pixel"][0], first["pixel"][1] + n * 0.01], "facade": [first["facade"][0], 4.0 + n * 0.01]}
        for n in range(1, 500)
    ]
    (folder / "calibration.yaml").write_text(yaml.safe_dump(calibration))
    read_bundle(folder)
    assert seen and max(seen) <= 2 * QUICK_POINTS


@pytest.mark.parametrize("candidates", [5, "many", {"floor": 1}, [5], [{"floor": 10**400, "p": 1}], [{"floor": 1e400}]])
def test_candidates_that_are_none_are_left_out(candidates: Any) -> None:
    assert places({"origin": {"candidates": candidates}}) == []


@pytest.mark.parametrize("incident", ["box.pub", "BOX.PUB", "hub.pub", "box.key", ".", "..", "", "a/b", "a\n", "-a"])
def test_no_incident_is_called_like_a_key(tmp_path: Path, incident: str) -> None:
    assert EvidencePaths(tmp_path, by_site=True).folder("jialinglu-3", incident) is None


@pytest.mark.parametrize("site", ["", ".", "..", "a/b", "a\0b"])
def test_no_site_leads_elsewhere(tmp_path: Path, site: str) -> None:
    assert EvidencePaths(tmp_path, by_site=True).folder(site, "a") is None


def test_what_is_no_evidence_is_neither_listed_nor_shown(folder: Path) -> None:
    (folder / "clip.m3u8").write_text("#EXTM3U\n")
    (folder / "clip.html").write_text("<script>")
    shelf = EvidencePaths(folder.parent)
    assert "clip.m3u8" not in shelf.files("", "a") and "clip.html" not in shelf.files("", "a", pictures_only=True)
    assert shelf.file("", "a", "clip.m3u8") is None and shelf.file("", "a", "clip.mp4") is not None
