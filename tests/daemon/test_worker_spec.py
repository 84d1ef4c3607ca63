"""Which changes of a box file a camera's worker is restarted for."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from edgecv.config import load_box
from edgecv.daemon.worker_spec import WorkerSpec, spec_of


@pytest.fixture
def folder(demo_run, tmp_path: Path) -> Path:
    shutil.copytree(demo_run.files.box.parent, tmp_path / "box")
    return tmp_path / "box"


def orders(folder: Path, demo_run: object) -> WorkerSpec:
    files = demo_run.files  # type: ignore[attr-defined]
    return spec_of(load_box(folder / files.box.name), files.camera_id, folder)[0]


def test_a_comment_is_no_new_order_though_it_changes_the_files_hash(folder: Path, demo_run) -> None:
    before = orders(folder, demo_run)
    box = folder / demo_run.files.box.name
    box.write_text(box.read_text() + "\n# looked after by the caretaker\n")
    after = orders(folder, demo_run)
    assert after.camera.config_sha256 != before.camera.config_sha256
    assert after == before


def test_another_site_is_another_order(folder: Path, demo_run) -> None:
    before = orders(folder, demo_run)
    box = folder / demo_run.files.box.name
    box.write_text(box.read_text().replace("site: ", "site: new-", 1))
    assert orders(folder, demo_run) != before


def test_another_calibration_is_another_order(folder: Path, demo_run) -> None:
    before = orders(folder, demo_run)
    (calibration,) = folder.glob("*calibration*")
    calibration.write_text(calibration.read_text() + "\ndistortion: [-0.01, 0.0, 0.0, 0.0, 0.0]\n")
    assert orders(folder, demo_run) != before


def test_the_replay_setup_names_the_clip_that_was_written(folder: Path, demo_run) -> None:
    files = orders(folder, demo_run).replay_setup.files("clip.mkv")
    assert "source: clip.mkv" in files["box.yaml"]
    assert set(files) == {"box.yaml", "calibration.yaml"}
