"""Segments of one recording are joined with their times, whatever their container records; a cut one is named."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from edgecv.capture import VideoFile
from edgecv.capture.segments import join, recordings_in

PICTURES = 50
FPS = 25


@pytest.fixture
def segments(write_video, noise_frames, tmp_path: Path):
    """Three segments in a row; ``write(suffix, keeps)``: whether they keep the recorder's stamps."""

    def write(suffix: str, keeps: bool) -> Path:
        (tmp_path / "segments").mkdir()
        frames = noise_frames(3 * PICTURES)
        for n in range(3):
            first = n * PICTURES
            stamps = [25 + first + k if keeps else k for k in range(PICTURES)]
            write_video(
                f"segments/cam-{n}{suffix}",
                frames[first : first + PICTURES],
                pts=stamps,
                options={"bf": "2", "b_strategy": "0", "g": "25", "preset": "veryfast"},
            )
        return tmp_path / "segments"

    return write


@pytest.mark.parametrize("keeps", [True, False], ids=["recorders-stamps", "from-zero"])
@pytest.mark.parametrize("suffix", [".mkv", ".ts", ".mp4"])
def test_segments_whose_pictures_refer_to_later_ones_are_joined_in_time(
    suffix: str, keeps: bool, segments, tmp_path: Path
) -> None:
    """Matroska records no decoding order, and FFmpeg has not learnt it at the begin of each."""
    (recording,) = recordings_in(segments(suffix, keeps))
    assert join(recording, tmp_path / "joined") == []
    with VideoFile(tmp_path / "joined") as video:
        times_s = [frame.t_s for frame in video]
    assert np.allclose(times_s, np.arange(3 * PICTURES) / FPS, atol=2e-3)


def test_a_segment_that_is_cut_costs_the_rest_of_itself_and_is_named(segments, tmp_path: Path) -> None:
    (recording,) = recordings_in(segments(".mkv", True))
    recording[1].write_bytes(recording[1].read_bytes()[: recording[1].stat().st_size // 4])
    assert join(recording, tmp_path / "joined") == [recording[1]]
    with VideoFile(tmp_path / "joined") as video:
        times_s = [frame.t_s for frame in video]
    assert times_s[-PICTURES:] == pytest.approx([(2 * PICTURES + n) / FPS for n in range(PICTURES)], abs=2e-3)


@pytest.mark.parametrize("suffix", [".mkv", ".ts"])
def test_a_recorder_that_counts_from_zero_again_is_read_in_the_order_of_its_stamps(suffix: str, segments) -> None:
    folder = segments(suffix, True)
    for before, after in ((0, 8), (1, 9), (2, 0)):
        (folder / f"cam-{before}{suffix}").rename(folder / f"cam-{after}{suffix}")
    (recording,) = recordings_in(folder)
    assert [path.stem for path in recording] == ["cam-8", "cam-9", "cam-0"]


def test_a_recorder_that_was_started_again_is_read_in_the_order_of_names(segments) -> None:
    folder = segments(".mkv", True)
    for before, after in ((0, 8), (2, 7)):
        (folder / f"cam-{before}.mkv").rename(folder / f"cam-{after}.mkv")
    (folder / "cam-1.mkv").unlink()
    (recording,) = recordings_in(folder)
    assert [path.stem for path in recording] == ["cam-7", "cam-8"]


@pytest.mark.parametrize("days", [1, -1])
def test_clips_of_other_days_are_no_recording_in_a_row(days: int, write_video, noise_frames, tmp_path: Path) -> None:
    """Each begins at zero, and their names differ by numbers alone."""
    (tmp_path / "clips").mkdir()
    clips = []
    for n in range(2):
        created = datetime(2026, 11, 20, 12, tzinfo=UTC) + timedelta(days=n * days)
        clips.append(write_video(f"clips/{n}.mp4", noise_frames(20), metadata={"creation_time": created.isoformat()}))
    assert recordings_in(tmp_path / "clips") == [(clip,) for clip in clips]


def test_clips_without_a_time_of_their_own_go_by_the_dates_of_their_files(segments) -> None:
    folder = segments(".mkv", False)
    for n in range(3):
        os.utime(folder / f"cam-{n}.mkv", (1.8e9 + 86_400 * (n == 2),) * 2)
    assert [len(recording) for recording in recordings_in(folder)] == [2, 1]
