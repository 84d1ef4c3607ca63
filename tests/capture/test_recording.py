"""Recordings: every packet as it came, in files that say which connection they are of."""

from __future__ import annotations

from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path

import av
import pytest
from waiting import wait_for

from edgecv.capture import recording
from edgecv.capture.recording import Recording, recorded_session
from edgecv.capture.stream import LiveStream, StreamSettings

BEGAN = datetime(2026, 5, 1, 12, 0, 0, 250_000, tzinfo=UTC)


@pytest.fixture
def video(write_video, noise_frames) -> Path:
    return write_video("a.mp4", noise_frames(60), options={"g": "10", "bf": "0"})


def recorded(video: Path, folder: Path) -> list[Path]:
    with LiveStream(StreamSettings(str(video))) as stream:
        keeper = Recording(folder, stream.template, stream.base, "a-session", BEGAN)
        keeper.start()
        for packet in stream.packets():
            keeper.put(packet)
        keeper.finish(60.0)
        assert keeper.problem is None
    return sorted(folder.iterdir())


def packets_of(path: Path) -> list[tuple[Fraction, bytes]]:
    with av.open(str(path)) as reader:
        stream = reader.streams.video[0]
        assert stream.time_base is not None
        return [(p.pts * stream.time_base, bytes(p)) for p in reader.demux(stream) if p.size and p.pts is not None]


def test_a_recording_holds_every_packet_as_it_came_and_its_session(video: Path, tmp_path: Path) -> None:
    (path,) = recorded(video, tmp_path / "kept")
    assert path.name == "20260501T120000.250Z.mp4"
    assert packets_of(path) == packets_of(video)
    with av.open(str(path)) as reader:
        found = recorded_session(reader.metadata["comment"])
    assert found is not None
    assert (found.session, found.part, found.epoch) == ("a-session", 0, BEGAN)


def test_long_ones_are_cut_at_key_frames_into_files_that_each_begin_at_zero(
    video: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recording, "SEGMENT_S", 0.7)  # ten pictures are 0.4 s: every second key frame
    paths = recorded(video, tmp_path / "kept")
    assert [path.name[9:19] for path in paths] == ["120000.250", "120001.050", "120001.850"]
    parts = [packets_of(path) for path in paths]
    assert [data for part in parts for _, data in part] == [data for _, data in packets_of(video)]
    assert [len(part) for part in parts] == [20, 20, 20]
    assert all(part[0][0] == 0 for part in parts)
    comments = []
    for path in paths:
        with av.open(str(path)) as reader:
            comments.append(recorded_session(reader.metadata["comment"]))
    assert [found.part for found in comments if found is not None] == [0, 1, 2]


def test_a_disk_that_fails_is_told_and_holds_nobody_up(video: Path, tmp_path: Path) -> None:
    (tmp_path / "kept").write_text("a file where the folder should be")
    with LiveStream(StreamSettings(str(video))) as stream:
        keeper = Recording(tmp_path / "kept", stream.template, stream.base, "a-session", BEGAN)
        keeper.start()
        for packet in stream.packets():
            keeper.put(packet)
        keeper.finish(60.0)
    assert not keeper.is_alive()
    assert keeper.problem is not None
    assert keeper.problem.startswith("the recording stopped (")


def test_a_packet_that_the_container_refuses_costs_itself(video: Path, tmp_path: Path) -> None:
    with LiveStream(StreamSettings(str(video))) as stream:
        keeper = Recording(tmp_path / "kept", stream.template, stream.base, "a-session", BEGAN)
        keeper.start()
        for n, packet in enumerate(stream.packets()):
            if n == 25:
                packet.dts = packet.pts = 0  # long over
            keeper.put(packet)
        keeper.finish(60.0)
    assert (keeper.problem, keeper.refused_packets) == (None, 1)
    (path,) = (tmp_path / "kept").iterdir()
    assert len(packets_of(path)) == 59


def test_a_recording_that_stopped_says_so_at_once_and_begins_anew_at_a_key_frame(
    video: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recording, "RETRY_S", 0.0)
    monkeypatch.setattr(recording, "SOUND_S", 1.0)
    folder = tmp_path / "kept"
    folder.write_text("a file where the folder should be")
    with LiveStream(StreamSettings(str(video))) as stream:
        keeper = Recording(folder, stream.template, stream.base, "a-session", BEGAN)
        keeper.start()
        packets = list(stream.packets())
        for packet in packets[:5]:
            keeper.put(packet)
        wait_for(lambda: keeper.problem is not None, "the problem")
        folder.unlink()
        for packet in packets[5:]:
            keeper.put(packet)
        keeper.finish(60.0)
    assert keeper.problem is None
    (path,) = folder.iterdir()
    assert path.name == "20260501T120000.650Z.mp4", "the second key frame is 0.4 s later"
    assert [data for _, data in packets_of(path)] == [data for _, data in packets_of(video)[10:]]


def test_packets_that_the_disk_cannot_follow_are_left_out_and_told(video: Path, tmp_path: Path) -> None:
    with LiveStream(StreamSettings(str(video))) as stream:
        keeper = Recording(tmp_path / "kept", stream.template, stream.base, "a-session", BEGAN)  # never started
        (packet, *_) = stream.packets()
        for _ in range(2000):
            keeper.put(packet)
        assert keeper.problem is None
        keeper.put(packet)
    assert keeper.problem == "the disk is too slow for the recording; a part of it is missing"


@pytest.mark.parametrize(
    "comment", [None, "", "holiday", "edgecv session= part=0 epoch=x", "edgecv session=a part=0 epoch=never"]
)
def test_other_videos_are_no_recordings_of_ours(comment: str | None) -> None:
    assert recorded_session(comment) is None
