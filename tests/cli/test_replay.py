from __future__ import annotations

import json
import shutil
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from known_scenes import DemoRun, replayed

from edgecv.audit.verify import verify_bundle
from edgecv.capture import VideoFile
from edgecv.cli import main
from edgecv.evidence.bundle_files import PICTURES
from edgecv.evidence.manifest import verify_manifest
from edgecv.incidents.record import Incident
from edgecv.simulation.demo import demo_scene


@pytest.fixture(scope="module")
def whole_demo_run(tmp_path_factory: pytest.TempPathFactory) -> DemoRun:
    """What ``edgecv demo`` renders, in all its pixels."""
    return replayed(tmp_path_factory.mktemp("whole"), demo_scene())


def test_three_falls_are_three_incidents_and_the_bird_is_none(whole_demo_run: DemoRun) -> None:
    assert len(whole_demo_run.incidents) == 3
    for incident, event in zip(whole_demo_run.incidents, whole_demo_run.truth, strict=True):
        assert incident["media"]["start_s"] == pytest.approx(event["frames"][0][1], abs=0.3)


def test_floor_window_and_class_are_the_true_ones(whole_demo_run: DemoRun) -> None:
    for incident, event in zip(whole_demo_run.incidents, whole_demo_run.truth, strict=True):
        assert (incident["origin"]["floor"], incident["origin"]["window"]) == (event["floor"], event["window"])
        assert incident["origin"]["window_index"] == int(event["window"]) - 1
        assert event["floor"] not in incident["origin"]["excluded_floors"]
        velocity = incident["mass"]["terminal_velocity"]
        assert velocity["low"] <= event["terminal_velocity_mps"] <= velocity["high"]
    assert [i["mass"]["class"] for i in whole_demo_run.incidents] == ["light", "medium", "heavy"]


def test_the_track_is_where_the_object_was(whole_demo_run: DemoRun) -> None:
    for incident, event in zip(whole_demo_run.incidents, whole_demo_run.truth, strict=True):
        truth = {row[0]: row[2:4] for row in event["frames"]}
        near = [
            np.hypot(p["x"] - truth[f][0], p["y"] - truth[f][1]) < 3
            for p in incident["track"]
            if (f := round(p["t"] * 25)) in truth
        ]
        assert np.mean(near) > 0.95
        assert len(near) > 0.8 * len(truth)


def test_every_record_is_valid_and_its_evidence_complete(demo_run) -> None:
    for raw in demo_run.incidents:
        incident = Incident.model_validate(raw)
        folder = demo_run.out / incident.id
        assert verify_manifest(folder) == []
        names = {path.name for path in folder.iterdir()}
        assert names == {"clip.mp4", *PICTURES, "incident.json", "manifest.json"}
        assert json.loads((folder / "incident.json").read_text()) == raw
        with VideoFile(folder / "clip.mp4") as clip:
            assert sum(1 for _ in clip) > 100
            assert clip.decode_errors == 0


def test_the_report_shows_every_incident_and_asks_for_nothing(demo_run) -> None:
    page = (demo_run.out / "report.html").read_text()
    assert all(incident["id"] in page for incident in demo_run.incidents)
    assert page.count("data:image/jpeg;base64") == 6
    assert "<script" not in page
    assert "http://" not in page.replace("http://www.w3.org", "")


def test_the_same_file_replayed_again_gives_the_same_bytes(demo_run, tmp_path: Path) -> None:
    again = tmp_path / "again"
    assert main(["replay", str(demo_run.files.video), "--config", str(demo_run.files.box), "--out", str(again)]) == 0
    for name in ("incidents.jsonl", "candidates.jsonl", "report.html"):
        assert (again / name).read_bytes() == (demo_run.out / name).read_bytes(), name
    for incident in demo_run.incidents:
        for path in (demo_run.out / incident["id"]).iterdir():
            assert (again / incident["id"] / path.name).read_bytes() == path.read_bytes(), path.name


def test_without_a_calibration_the_falls_are_found_and_the_floor_is_null(demo_run, tmp_path: Path) -> None:
    out = tmp_path / "out"
    told = ["--recorded-at", "2026-05-01T22:14:00+08:00"]
    assert main(["replay", str(demo_run.files.video), "--out", str(out), *told]) == 0
    incidents = [json.loads(line) for line in (out / "incidents.jsonl").read_text().splitlines()]
    assert len(incidents) == 3
    for incident in incidents:
        assert incident["origin"]["floor"] is None
        assert "calibration" in incident["origin"]["reason"]
        assert incident["media"]["clock"] == "option"
    assert incidents[0]["started_at"].startswith("2026-05-01T22:14:02")
    assert incidents[0]["started_at"].endswith("+08:00")


def test_a_recording_cut_in_the_middle_keeps_what_was_before(demo_run, tmp_path: Path, capsys) -> None:
    whole = tmp_path / "whole.mkv"  # Matroska can be read without its end
    with av.open(str(demo_run.files.video)) as source, av.open(str(whole), "w") as target:
        stream = target.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(source.streams.video[0]):
            if packet.dts is not None:
                packet.stream = stream
                target.mux(packet)
    cut = tmp_path / "cut.mkv"
    cut.write_bytes(whole.read_bytes()[: whole.stat().st_size * 55 // 100])
    out = tmp_path / "out"
    assert main(["replay", str(cut), "--out", str(out)]) == 3
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "of 13.5" in said
    assert "could be read" in said
    assert len((out / "incidents.jsonl").read_text().splitlines()) >= 1
    assert "could be read" in (out / "report.html").read_text()


def test_two_videos_share_one_folder_and_a_missing_one_does_not_stop_the_other(
    demo_run, tmp_path: Path, capsys
) -> None:
    copy = tmp_path / "copy.mp4"
    shutil.copyfile(demo_run.files.video, copy)
    out = tmp_path / "out"
    assert main(["replay", str(tmp_path / "missing.mp4"), str(copy), "--out", str(out)]) == 3
    assert "missing.mp4: there is no such file" in capsys.readouterr().err
    assert len((out / "incidents.jsonl").read_text().splitlines()) == 3


def _encoded_as(source: Path, target: Path, group: int) -> Path:
    """The same pictures with a key frame every so many."""
    with av.open(str(source)) as reader, av.open(str(target), "w") as writer:
        template = reader.streams.video[0]
        out = writer.add_stream("libx264", rate=25)
        out.width, out.height, out.pix_fmt = template.width, template.height, "yuv420p"
        out.options = {
            "g": str(group),
            "keyint_min": str(group),
            "sc_threshold": "0",
            "crf": "16",
            "preset": "veryfast",
        }
        for n, frame in enumerate(reader.decode(video=0)):
            frame.pts, frame.time_base, frame.pict_type = n, Fraction(1, 25), 0
            writer.mux(out.encode(frame))
        writer.mux(out.encode(None))
    return target


@pytest.mark.parametrize("group", [250, 600])
def test_a_transport_stream_with_rare_key_frames_loses_no_incident(
    whole_demo_run: DemoRun, tmp_path: Path, group: int
) -> None:
    video, out = _encoded_as(whole_demo_run.files.video, tmp_path / "rare.ts", group), tmp_path / "out"
    assert main(["replay", str(video), "--config", str(whole_demo_run.files.box), "--out", str(out)]) == 0
    incidents = [Incident.model_validate_json(line) for line in (out / "incidents.jsonl").read_text().splitlines()]
    assert len(incidents) == len(whole_demo_run.incidents)
    for incident in incidents:
        assert incident.evidence.clip_start_s is not None
        assert incident.evidence.clip_start_s <= max(0.0, incident.media.start_s - 10.0) + 0.01
        assert {path.name for path in (out / incident.id).glob("*.jpg")} == set(PICTURES)


def test_an_incident_whose_clip_cannot_be_cut_is_a_record_that_says_why(
    demo_run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edgecv.evidence.clip._MOST_BYTES", 1000)
    out = tmp_path / "out"
    assert main(["replay", str(demo_run.files.video), "--config", str(demo_run.files.box), "--out", str(out)]) == 0
    incidents = [Incident.model_validate_json(line) for line in (out / "incidents.jsonl").read_text().splitlines()]
    assert [incident.id for incident in incidents] == [incident["id"] for incident in demo_run.incidents]
    for incident in incidents:
        assert incident.evidence.clip is None
        assert "no clip could be cut" in (incident.evidence.reason or "")
        assert verify_manifest(out / incident.id) == []
    assert all(incident.id in (out / "report.html").read_text() for incident in incidents)


def test_a_recording_whose_time_stamps_begin_again_gives_its_results_with_clips(
    whole_demo_run: DemoRun, tmp_path: Path
) -> None:
    """Two files of a recorder put together by hand; FFmpeg cannot seek by time in what follows the second begin."""
    one = _encoded_as(whole_demo_run.files.video, tmp_path / "one.ts", 250)
    both, out = tmp_path / "both.ts", tmp_path / "out"
    both.write_bytes(one.read_bytes() * 2)
    with VideoFile(one) as video:
        frames = sum(1 for _ in video)
    assert main(["replay", str(both), "--config", str(whole_demo_run.files.box), "--out", str(out)]) == 0
    incidents = [Incident.model_validate_json(line) for line in (out / "incidents.jsonl").read_text().splitlines()]
    once_s = [incident["media"]["start_s"] for incident in whole_demo_run.incidents]
    expected_s = [*once_s, *(start_s + frames / 25 for start_s in once_s)]
    assert [incident.media.start_s for incident in incidents] == pytest.approx(expected_s, abs=0.1)
    for incident in incidents:
        assert {path.name for path in (out / incident.id).glob("*.jpg")} == set(PICTURES)
        assert verify_bundle(out / incident.id, None).ok


def test_a_picture_beyond_any_camera_is_refused_before_it_is_analysed(write_video, tmp_path: Path, capsys) -> None:
    video = write_video("wide.mkv", [np.zeros((64, 8200), np.uint8)] * 3, codec="ffv1")
    assert main(["replay", str(video), "--out", str(tmp_path / "out")]) == 3
    assert "has 8200x64 pixels; 8192 a side" in capsys.readouterr().err


def test_footage_of_a_camera_that_pans_says_that_nothing_could_be_judged(write_video, tmp_path: Path, capsys) -> None:
    wide = np.kron(np.random.default_rng(2).integers(20, 220, (40, 300), np.uint8), np.ones((8, 8), np.uint8))
    frames = [np.ascontiguousarray(wide[:, 32 * n : 32 * n + 480]) for n in range(50)]
    out = tmp_path / "out"
    assert main(["replay", str(write_video("pan.mkv", frames, codec="ffv1")), "--out", str(out)]) == 0
    summary = json.loads((out / "run.json").read_text())
    assert summary["coverage"]["judged_frames"] == 0 and summary["coverage"]["frames"] == 50
    assert {loss["cause"] for loss in summary["coverage"]["lost"]} & {"shake", "light"}
    said = capsys.readouterr()
    assert "warning" in said.err and "Nothing of this recording could be judged" in said.err
    assert "Nothing of these" not in (page := (out / "report.html").read_text())
    assert "Nothing of this recording could be judged" in page
    assert (out / "incidents.jsonl").read_text() == ""


def test_the_run_summary_says_how_much_could_be_judged_and_lines_stay_incidents(demo_run) -> None:
    summary = json.loads((demo_run.out / "run.json").read_text())
    assert summary["incidents"] == len(demo_run.incidents)
    assert summary["videos"][0]["coverage"] == summary["coverage"]
    assert 0.9 < summary["coverage"]["judged_share"] < 1.0
    for line in (demo_run.out / "incidents.jsonl").read_text().splitlines():
        Incident.model_validate_json(line)
