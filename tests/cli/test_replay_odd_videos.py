"""Recordings as people have them: the falls are found at their times, each with a clip that shows it."""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest
from odd_videos import copied, encoded, joined

from edgecv.audit.verify import verify_bundle
from edgecv.cli import main
from edgecv.evidence.bundle_files import PICTURES
from edgecv.incidents.record import Incident

SPLIT_S = 5.6
"""Between two falls."""


def _stepped(by_s: float) -> Callable[[Path, Path], Path]:
    """A recorder kept a camera's stamps, whose clock was set."""

    def make(video: Path, folder: Path) -> Path:
        before = copied(video, folder / "before.ts", "mpegts", (0.0, SPLIT_S))
        after = copied(video, folder / "after.ts", "mpegts", (SPLIT_S, 99.0), lambda _n, t_s: t_s + by_s)
        return joined(folder / "stepped.ts", before, after)

    return make


def _raw(video: Path, folder: Path) -> Path:
    return copied(video, folder / "raw.h264", "h264")


def _wrong_stamp(video: Path, folder: Path) -> Path:
    """One stamp is 26 h ahead, and FFmpeg squeezed the others behind it."""
    return copied(
        video,
        folder / "wrong.mkv",
        "matroska",
        stamp=lambda n, t_s: t_s if n < 140 else SPLIT_S + 93_600.0 + (n - 140) / 1000.0,
    )


def _wrapped(video: Path, folder: Path) -> Path:
    """The 33 bits of a transport stream's clock are over after 6.7 s."""
    return copied(video, folder / "wrapped.ts", "mpegts", stamp=lambda _n, t_s: t_s + 95_437.0)


def _overlapping(video: Path, folder: Path) -> Path:
    before = copied(video, folder / "before.ts", "mpegts", (0.0, 7.0))
    return joined(folder / "overlap.ts", before, copied(video, folder / "after.ts", "mpegts", (SPLIT_S, 99.0)))


def _half_a_day_late(video: Path, folder: Path) -> Path:
    return copied(video, folder / "late.mkv", "matroska", stamp=lambda _n, t_s: t_s + 43_200.0)


def _resized(video: Path, folder: Path) -> Path:
    before = copied(video, folder / "before.ts", "mpegts", (0.0, SPLIT_S))
    return joined(folder / "resized.ts", before, encoded(video, folder / "after.ts", (960, 540), (SPLIT_S, 99.0)))


def replayed(videos: list[Path], box: Path, out: Path) -> tuple[int, list[Incident]]:
    code = main(["replay", *map(str, videos), "--config", str(box), "--out", str(out)])
    return code, [Incident.model_validate_json(line) for line in (out / "incidents.jsonl").read_text().splitlines()]


@pytest.mark.parametrize(
    "make",
    [
        _stepped(-0.5),
        _stepped(-3.0),
        _stepped(-0.04),
        _raw,
        _wrong_stamp,
        _wrapped,
        _overlapping,
        _half_a_day_late,
        _resized,
    ],
    ids=["back-0.5", "back-3", "twice", "raw", "wrong-stamp", "wrapped", "overlapping", "half-a-day-late", "resized"],
)
def test_an_odd_recording_has_its_falls_at_their_times_and_clips_that_show_them(
    make: Callable[[Path, Path], Path], demo_run, tmp_path: Path
) -> None:
    code, incidents = replayed([make(demo_run.files.video, tmp_path)], demo_run.files.box, tmp_path / "out")
    assert code == 0
    true_s = [event["frames"][0][1] for event in demo_run.truth]
    assert [incident.media.start_s for incident in incidents] == pytest.approx(true_s, abs=0.3)
    for incident in incidents:
        folder = tmp_path / "out" / incident.id
        assert {path.name for path in folder.glob("*.jpg")} == set(PICTURES)
    assert verify_bundle(tmp_path / "out" / incidents[1].id, None).problems == ()


@pytest.mark.parametrize("suffix", [".mkv", ".ts", ".mp4"])
def test_segments_in_a_folder_are_one_recording_and_a_fall_across_the_cut_is_one_fall(
    suffix: str, demo_run, tmp_path: Path, capsys
) -> None:
    """Matroska and transport streams keep the recorder's stamps; each of the MP4 files begins at zero."""
    folder = tmp_path / "segments"
    folder.mkdir()
    cuts_s = [0.0, 3.0, 7.4, 99.0]  # the first two falls are cut
    for number, between_s in zip((8, 9, 10), pairwise(cuts_s), strict=True):
        encoded(demo_run.files.video, folder / f"cam-{number}{suffix}", None, between_s)
    (folder / "notes.txt").write_text("not a video")
    code, incidents = replayed([folder], demo_run.files.box, tmp_path / "out")
    assert code == 0
    true_s = [event["frames"][0][1] for event in demo_run.truth]
    assert [incident.media.start_s for incident in incidents] == pytest.approx(true_s, abs=0.3)
    assert [one.origin.floor for one in incidents] == [event["floor"] for event in demo_run.truth]
    assert {incident.media.source for incident in incidents} == {str(folder)}
    assert verify_bundle(tmp_path / "out" / incidents[1].id, None).problems == ()
    assert not list((tmp_path / "out").glob(".*"))
    assert "3 segments in a row are read as one recording" in capsys.readouterr().err


def test_without_any_frame_rate_neither_floor_nor_weight_are_told_until_somebody_tells_it(
    demo_run, tmp_path: Path, capsys
) -> None:
    raw, box = tmp_path / "raw.h264", str(demo_run.files.box)
    copied(demo_run.files.video, raw, "h264")
    _, guessed = replayed([raw], demo_run.files.box, tmp_path / "guessed")
    assert len(guessed) == len(demo_run.truth)
    for incident in guessed:
        assert (incident.origin.floor, incident.mass.class_) == (None, "undetermined")
        assert incident.origin.candidates == () and incident.motion.launch_speed_mps is None
        assert "--fps" in (incident.origin.reason or "")
        assert incident.evidence.clip == "clip.mp4"
    assert "give the rate of its camera with --fps" in capsys.readouterr().err
    out = tmp_path / "exact"
    assert main(["replay", str(raw), "--config", box, "--out", str(out), "--fps", "25"]) == 0
    exact = [Incident.model_validate_json(line) for line in (out / "incidents.jsonl").read_text().splitlines()]
    assert [one.origin.floor for one in exact] == [event["floor"] for event in demo_run.truth]


def test_a_fault_while_evidence_is_written_costs_that_evidence_alone(
    demo_run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys
) -> None:
    other = copied(demo_run.files.video, tmp_path / "other.mkv", "matroska")

    def broken(source: Path, *_arguments: object, **_options: object) -> None:
        if source == other:
            raise RuntimeError("nobody foresaw this")
        raise MemoryError

    monkeypatch.setattr("edgecv.evidence.bundle_files.cut_clip", broken)
    code, incidents = replayed([demo_run.files.video, other], demo_run.files.box, tmp_path / "out")
    assert (code, len(incidents)) == (0, 3)  # the same recording, named twice
    for incident in incidents:
        assert "no clip could be cut" in (incident.evidence.reason or "")
        assert {path.name for path in (tmp_path / "out" / incident.id).glob("*.jpg")} == set(PICTURES)
    assert json.loads((tmp_path / "out" / "run.json").read_text())["problems"] == []


def test_a_video_of_another_size_than_the_calibration_costs_no_other(demo_run, tmp_path: Path, capsys) -> None:
    small = encoded(demo_run.files.video, tmp_path / "small.mp4", (480, 270), (0.0, 1.0))
    code, incidents = replayed([small, demo_run.files.video], demo_run.files.box, tmp_path / "out")
    assert (code, len(incidents)) == (3, 3)
    assert "but the calibration" in capsys.readouterr().err
