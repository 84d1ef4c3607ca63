"""Files of several cameras in one folder are told apart, copies are left out, and both is said."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from edgecv.capture.mp4_boxes import is_cut
from edgecv.capture.segment_names import begin_by_name_s, name_of_recording
from edgecv.capture.segments import recordings_in

FPS = 5
LENGTH_S = 12
_DATE_S = 1.8e9


def view(camera: int) -> NDArray[np.uint8]:
    """What a camera sees: a facade of its own."""
    blocks = np.random.default_rng(camera).integers(60, 200, (15, 20))
    return np.kron(blocks, np.ones((6, 6))).astype(np.uint8)


@pytest.fixture
def folder(write_video, tmp_path: Path):
    """A folder; ``put(name, camera, begin_s, date_s)`` writes a clip of a camera into it."""
    (tmp_path / "all").mkdir()

    def put(name: str, camera: int = 1, begin_s: float = 0.0, date_s: float = 0.0) -> Path:
        rng = np.random.default_rng(round(begin_s + date_s))
        still = view(camera).astype(float)
        pictures = [np.clip(still + rng.normal(0, 2, still.shape), 0, 255).astype(np.uint8) for _ in range(4)]
        pictures = [pictures[n % 4] for n in range(LENGTH_S * FPS)]
        stamps = [round(begin_s * FPS) + n for n in range(len(pictures))]
        path = write_video(f"all/{name}", pictures, fps=FPS, pts=stamps, options={"preset": "ultrafast", "g": "10"})
        os.utime(path, (_DATE_S + date_s,) * 2)
        return tmp_path / "all"

    return put


def found(folder: Path, notes: list[str] | None = None) -> list[list[str]]:
    return [[path.name for path in recording] for recording in recordings_in(folder, notes)]


def test_two_cameras_whose_names_differ_by_a_number_alone_are_told_apart_by_what_they_show(folder) -> None:
    notes: list[str] = []
    folder("cam-1.mkv", camera=1)
    assert found(folder("cam-2.mkv", camera=2, date_s=1.0), notes) == [["cam-1.mkv"], ["cam-2.mkv"]]
    assert len(notes) == 1 and "cam-2.mkv: shows another view than" in notes[0]


def test_segments_of_one_camera_stay_one_recording_though_their_dates_are_those_of_copying(folder) -> None:
    notes: list[str] = []
    folder("cam-1.mkv")
    assert found(folder("cam-2.mkv", date_s=1.0), notes) == [["cam-1.mkv", "cam-2.mkv"]]
    assert notes == []


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("cam1_2026-11-30_12-00-{}.mkv", "cam2_2026-11-30_12-00-{}.mkv"),
        ("20261130_1200{}_ch01.mkv", "20261130_1200{}_ch02.mkv"),
        ("192.168.1.10_20261130T1200{}.mkv", "192.168.1.11_20261130T1200{}.mkv"),
        ("ACCC8E0A1B2C-20261130-1200{}.mkv", "ACCC8E0A1B2D-20261130-1200{}.mkv"),
        ("gate 20261130 1200{}.mkv", "yard 20261130 1200{}.mkv"),
        ("20261130_1200{}_D1.mkv", "20261130_1200{}_D2.mkv"),
        ("2026-11-30 12.00.{} tower 1.mkv", "2026-11-30 12.00.{} tower 2.mkv"),
        ("A01_202611301200{}.mkv", "A02_202611301200{}.mkv"),
    ],
)
def test_cameras_with_a_name_number_address_or_serial_of_their_own_are_told_apart(
    first: str, second: str, folder
) -> None:
    """Of the same view, so that only the name tells; segments of both in turn."""
    names = [[camera.format(f"{n * LENGTH_S:02d}") for n in range(2)] for camera in (first, second)]
    for n in range(2):
        for camera in names:
            path = folder(camera[n], date_s=n * LENGTH_S)
    assert sorted(found(path)) == sorted(names)


def test_a_camera_that_another_one_of_a_number_follows_in_time_is_not_joined_with_it(folder) -> None:
    notes: list[str] = []
    folder("D1_20261130120000_20261130120012.mkv")
    path = folder("D2_20261130120012_20261130120024.mkv", camera=2, date_s=12.0)
    assert len(found(path, notes)) == 2
    assert "shows another view than" in notes[0]


@pytest.mark.parametrize(("camera", "recordings"), [(1, 1), (2, 2)])
def test_clips_by_hand_a_few_seconds_apart_are_one_where_they_show_the_same(
    camera: int, recordings: int, folder
) -> None:
    folder("VID_20261130_120000.mkv")
    assert len(found(folder("VID_20261130_120016.mkv", camera=camera, date_s=16.0))) == recordings


@pytest.mark.parametrize(
    "names",
    [
        ("RecM01_20261130_120000_120012_0_2A14808_1A2B3C", "RecM01_20261130_120012_120024_0_2A14808_41B09E7"),
        ("20261130_120000_1A2B_ACCC8E012345", "20261130_120012_1A2C_ACCC8E012345"),
        ("Hof_2026-11-30 12-59-48 PM", "Hof_2026-11-30 01-00-00 PM"),
        (
            "IPCamera 01_Front_20261130120000_20261130120012_12345",
            "IPCamera 01_Front_20261130120012_20261130120024_12346",
        ),
    ],
)
def test_segments_that_cards_and_recorders_name_by_sizes_counts_and_halves_of_days_are_one_recording(
    names: tuple[str, str], folder
) -> None:
    for n, name in enumerate(names):
        path = folder(f"{name}.mkv", date_s=n * LENGTH_S)
    assert found(path) == [[f"{name}.mkv" for name in names]]


def test_files_of_one_time_are_of_two_cameras_whatever_their_names_count(folder) -> None:
    notes: list[str] = []
    folder("1_20261130120000.mkv")
    assert len(found(folder("2_20261130120003.mkv"), notes)) == 2
    assert "was recorded at the same time as" in notes[0]


def test_segments_whose_clock_goes_on_are_one_recording_whatever_they_show(folder) -> None:
    folder("rec-1.mkv", begin_s=100.0)
    assert len(found(folder("rec-2.mkv", camera=2, begin_s=112.0))) == 1  # the camera was turned


def test_the_same_segment_twice_is_read_once_and_said(folder) -> None:
    notes: list[str] = []
    path = folder("cam-1.mkv") / "cam-1.mkv"
    folder("cam-2.mkv", date_s=12.0)
    shutil.copy(path, path.with_name("cam-1 (1).mkv"))
    shutil.copy(path, path.with_name("cam-3.mkv"))
    left = [name for recording in found(path.parent, notes) for name in recording]
    assert len(left) == 2 and len(notes) == 2
    assert all("is the same as" in note and "is left out" in note for note in notes)


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        ("cam-07", "cam-#"),  # the only number: a segment's as well as a camera's
        ("cam7-0001", "cam7-#"),
        ("ch02_20261130120000_20261130121000", "ch02_#_#"),
        ("DS2CD2043G2 1130 001", "DS2CD2043G2 # #"),
        ("2026-11-30 12.00.00", "#"),
    ],
)
def test_what_counts_in_a_name_is_told_from_what_names_the_camera(name: str, plain: str) -> None:
    assert name_of_recording(name) == plain


def test_the_time_of_a_name_is_read_in_its_usual_forms() -> None:
    forms = (
        "2026-11-30_12-00-05",
        "x20261130120005y",
        "20261130T120005Z",
        "2026.11.30 12.00.05",
        "2026_11_30@12h00h05",
        "2026-11-30 12.00.05 PM",
        "20261130_120005pm_x",
    )
    moments = {begin_by_name_s(form) for form in forms}
    assert len(moments) == 1 and None not in moments
    assert begin_by_name_s("20261399126100") is None
    assert begin_by_name_s("2026-11-30 01-10-00 PM") == begin_by_name_s("2026-11-30 13-10-00")
    assert begin_by_name_s("2026-11-30 12-10-00 AM") == begin_by_name_s("2026-11-30 00-10-00")


def test_a_fragmented_file_cut_before_its_first_pictures_is_cut(write_video, noise_frames, tmp_path: Path) -> None:
    whole = write_video("f.mp4", noise_frames(20), container={"movflags": "frag_keyframe+empty_moov"}).read_bytes()
    fragment = whole.index(b"moof") - 4
    for size in (fragment, fragment + 3, fragment + 8, fragment + 20, fragment + 60):
        (tmp_path / "cut.mp4").write_bytes(whole[:size])
        assert is_cut(tmp_path / "cut.mp4"), size - fragment
    assert not is_cut(tmp_path / "f.mp4")
    assert not is_cut(write_video("plain.mp4", noise_frames(20)))
