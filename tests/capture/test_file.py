from __future__ import annotations

import os
from pathlib import Path

import av
import numpy as np
import pytest

from edgecv.capture import VideoFile, pictures_between
from edgecv.errors import InputError
from edgecv.evidence.clip import cut_clip


def test_frames_come_in_order_with_media_time_from_zero(write_video, noise_frames) -> None:
    path = write_video("a.mp4", noise_frames(30), fps=25)
    with VideoFile(path) as video:
        frames = [(f.index, f.t_s, f.luma.shape) for f in video]
    assert [f[0] for f in frames] == list(range(30))
    assert np.allclose([f[1] for f in frames], np.arange(30) / 25)
    assert frames[0][2] == (120, 160)
    assert video.ended_early is None
    assert video.decode_errors == 0


def test_luma_is_what_was_recorded(write_video) -> None:
    ramp = np.tile(np.linspace(20, 230, 160).astype(np.uint8), (120, 1))
    path = write_video("a.mp4", [ramp] * 3, options={"crf": "1"})
    with VideoFile(path) as video:
        seen = [f.luma.astype(int) for f in video]
    # the encoder keeps full-range grey as limited-range luma: 16 + 219/255 of it
    assert np.abs(seen[1] - (16 + ramp.astype(float) * 219 / 255)).max() <= 3


@pytest.mark.parametrize(
    ("name", "codec", "pix_fmt", "size"),
    [
        ("odd.mkv", "libx264", "yuv444p", (321, 243)),
        ("ten-bit.mp4", "libx265", "yuv420p10le", (160, 120)),
        ("grey.mkv", "ffv1", "gray", (160, 120)),
        ("motion-jpeg.avi", "mjpeg", "yuvj420p", (160, 120)),
        ("mpeg4.avi", "mpeg4", "yuv420p", (160, 120)),
        ("rgb.avi", "rawvideo", "bgr24", (160, 120)),
        ("nv12.mp4", "libx264", "nv12", (160, 120)),
    ],
)
def test_any_codec_and_pixel_format_is_read(write_video, noise_frames, name, codec, pix_fmt, size) -> None:
    frames = noise_frames(6, *size)
    options = {"x265-params": "log-level=none"} if codec == "libx265" else {}
    path = write_video(name, frames, codec=codec, pix_fmt=pix_fmt, options=options)
    with VideoFile(path) as video:
        seen = [f.luma.copy() for f in video]
    assert len(seen) == 6
    assert all(s.shape == (size[1], size[0]) and s.dtype == np.uint8 for s in seen)
    assert np.corrcoef(seen[0].ravel(), frames[0].ravel())[0, 1] > 0.9


def test_variable_frame_rate_keeps_its_time_stamps(write_video, noise_frames) -> None:
    stamps = [0, 1, 3, 4, 9, 10, 11, 30]
    path = write_video("vfr.mkv", noise_frames(8), pts=stamps, options={"bf": "0"})
    with VideoFile(path) as video:
        assert np.allclose([f.t_s for f in video], np.array(stamps) / 25, atol=2e-3)


def test_b_frames_come_in_the_order_they_are_shown(write_video) -> None:
    frames = [np.full((120, 160), 20 + 6 * n, np.uint8) for n in range(30)]
    path = write_video("b.mp4", frames, options={"bf": "3", "b_strategy": "0"})
    with VideoFile(path) as video:
        means = [float(f.luma.mean()) for f in video]
    assert len(means) == 30
    assert np.all(np.diff(means) > 0)


def test_a_cut_file_is_read_as_far_as_it_goes_and_says_where_it_ended(
    write_video, noise_frames, tmp_path: Path
) -> None:
    whole = write_video("whole.mp4", noise_frames(100), container={"movflags": "+faststart"}, options={"g": "10"})
    cut = tmp_path / "cut.mp4"
    cut.write_bytes(whole.read_bytes()[: whole.stat().st_size * 6 // 10])
    with VideoFile(cut) as video:
        count = sum(1 for _ in video)
    assert 20 < count < 90
    assert video.ended_early is not None
    assert "of 4.00 s" in video.ended_early


def test_a_fragmented_file_that_is_cut_says_so_wherever_it_was_cut(write_video, noise_frames, tmp_path: Path) -> None:
    movflags = {"movflags": "+frag_keyframe+empty_moov"}
    whole = write_video("whole.mp4", noise_frames(100), container=movflags, options={"g": "10", "bf": "0"})
    content = whole.read_bytes()
    with VideoFile(whole) as video:
        assert sum(1 for _ in video) == 100
    assert video.ended_early is None
    for share in (0.35, 0.5, 0.52, 0.8):
        cut = tmp_path / f"{share}.mp4"
        cut.write_bytes(content[: int(len(content) * share)])
        with VideoFile(cut) as video:
            count = sum(1 for _ in video)
        assert 100 * share - 11 < count <= 100 * share + 1
        assert video.ended_early is not None


def test_a_fragment_without_its_pictures_and_an_end_of_zeros_are_cut(write_video, noise_frames, tmp_path: Path) -> None:
    """A file system fills with zeros what had not been written when power failed."""
    movflags = {"movflags": "+frag_keyframe+empty_moov"}
    content = write_video("whole.mp4", noise_frames(50), container=movflags, options={"g": "10"}).read_bytes()
    last = content.rindex(b"moof") - 4
    index = int.from_bytes(content[last : last + 4], "big")
    cut = tmp_path / "cut.mp4"
    for left in (content[: last + index], content[:last] + bytes(4096)):
        cut.write_bytes(left)
        with VideoFile(cut) as video:
            assert sum(1 for _ in video) == 40
        assert video.ended_early is not None


def test_of_two_video_tracks_the_larger_is_meant(noise_frames, tmp_path: Path) -> None:
    path = tmp_path / "two.mp4"
    with av.open(str(path), "w") as out:
        streams = []
        for width, height in ((80, 60), (320, 240)):
            stream = out.add_stream("libx264", rate=25)
            stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
            streams.append((stream, noise_frames(10, width, height)))
        for stream, pictures in streams:
            for n, luma in enumerate(pictures):
                frame = av.VideoFrame.from_ndarray(luma, format="gray").reformat(format="yuv420p")
                frame.pts = n
                out.mux(stream.encode(frame))
            out.mux(stream.encode(None))
    with VideoFile(path) as video:
        assert (video.info.width, video.info.height) == (320, 240)
        assert sum(1 for _ in video) == 10
    clip = cut_clip(path, tmp_path / "clip.mp4", 0.0, 1.0)
    with VideoFile(clip.path) as video:
        assert (video.info.width, video.info.height) == (320, 240)


def test_pictures_of_another_size_are_a_part_of_their_own_in_the_same_time(
    write_video, noise_frames, tmp_path: Path
) -> None:
    large = write_video("large.ts", noise_frames(20), options={"bf": "0"})
    small = write_video("small.ts", noise_frames(15, 80, 60), options={"bf": "0"})
    both = tmp_path / "both.ts"
    both.write_bytes(large.read_bytes() + small.read_bytes())
    parts = []
    with VideoFile(both) as video:
        while True:
            times_s = [frame.t_s for frame in video]
            parts.append((video.info.width, times_s))
            if not video.next_part():
                break
    assert [(width, len(times_s)) for width, times_s in parts] == [(160, 20), (80, 15)]
    assert np.allclose(np.concatenate([times_s for _, times_s in parts]), np.arange(35) / 25, atol=1e-3)
    assert video.ended_early is None


def test_a_segment_that_keeps_its_recorders_stamps_is_whole_and_a_cut_one_is_not(
    write_video, noise_frames, tmp_path: Path
) -> None:
    stamps = list(range(1000, 1100))
    segment = write_video("segment.mkv", noise_frames(100), pts=stamps, options={"bf": "0", "g": "10"})
    with VideoFile(segment) as video:
        assert sum(1 for _ in video) == 100
        assert video.info.duration_s == pytest.approx(4.0, abs=0.1)
    assert video.ended_early is None
    cut = tmp_path / "cut.mkv"
    cut.write_bytes(segment.read_bytes()[: segment.stat().st_size // 2])
    with VideoFile(cut) as video:
        assert sum(1 for _ in video) < 60
    assert video.ended_early is not None


def test_without_time_stamps_the_rate_is_declared_assumed_or_told(write_video, noise_frames) -> None:
    declared = write_video("declared.h264", noise_frames(10), fps=20, options={"bf": "0"})
    assumed = write_video("assumed.mjpeg", noise_frames(10), codec="mjpeg", pix_fmt="yuvj420p")
    with VideoFile(declared) as video:
        assert [frame.t_s for frame in video] == pytest.approx([n / 20 for n in range(10)])
        assert (video.info.timing, video.info.average_fps) == ("declared", 20.0)
    with VideoFile(assumed) as video:
        assert [frame.t_s for frame in video] == pytest.approx([n / 25 for n in range(10)])
        assert (video.info.timing, video.info.average_fps) == ("assumed", None)
    with VideoFile(assumed, fps=12.5) as video:
        assert [frame.t_s for frame in video] == pytest.approx([n / 12.5 for n in range(10)])
        assert (video.info.timing, video.info.average_fps) == ("told", 12.5)


def test_a_damaged_stretch_costs_itself_and_not_the_rest(write_video, noise_frames, tmp_path: Path) -> None:
    whole = write_video("whole.ts", noise_frames(100), options={"g": "10"})
    raw = bytearray(whole.read_bytes())
    middle = len(raw) // 2
    raw[middle : middle + 4000] = bytes(4000)
    broken = tmp_path / "broken.ts"
    broken.write_bytes(raw)
    with VideoFile(broken) as video:
        times = [f.t_s for f in video]
    assert len(times) > 60
    assert times[-1] > 3.5
    assert np.all(np.diff(times) > 0)


def _text(path: Path) -> Path:
    path.write_text("this is no video\n" * 50)
    return path


def _sound(path: Path) -> Path:
    with av.open(str(path), "w") as out:
        stream = out.add_stream("aac", rate=44100)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
        frame.rate, frame.pts = 44100, 0
        out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    return path


def _pipe(path: Path) -> Path:
    os.mkfifo(path)
    return path


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda folder: folder / "missing.mp4", "no such file"),
        (lambda folder: folder, "is a directory"),
        (lambda folder: _pipe(folder / "pipe.mp4"), "is no regular file"),
        (lambda folder: _text(folder / "text.mp4"), "cannot be opened as video"),
        (lambda folder: _sound(folder / "sound.m4a"), "no video stream"),
    ],
)
def test_what_is_no_video_is_refused_in_one_line_that_names_it(tmp_path: Path, make, words) -> None:
    path = make(tmp_path)
    with pytest.raises(InputError) as refused:
        VideoFile(path)
    assert str(path) in str(refused.value)
    assert words in str(refused.value)
    assert "\n" not in str(refused.value)


def test_an_mp4_cut_before_its_index_is_refused(write_video, noise_frames, tmp_path: Path) -> None:
    whole = write_video("whole.mp4", noise_frames(60))
    cut = tmp_path / "cut.mp4"
    cut.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    with pytest.raises(InputError, match="cut before its index"):
        VideoFile(cut)


def test_pictures_between_are_the_frames_of_that_time(write_video) -> None:
    frames = [np.full((120, 160), 40 + 2 * n, np.uint8) for n in range(80)]
    path = write_video("a.mp4", frames, options={"g": "25"})
    found = list(pictures_between(path, 1.6, 1.8))
    assert [round(t * 25) for t, _ in found] == [40, 41, 42, 43, 44, 45]
    assert all(picture.shape == (120, 160, 3) for _, picture in found)
    assert abs(float(found[0][1].mean()) - 120) < 4


def test_every_real_clip_is_read_to_its_end(clips: Path) -> None:
    for path in sorted([*clips.glob("*.mp4"), *clips.glob("*.avi")]):
        with VideoFile(path) as video:
            count = sum(1 for _ in video)
        assert count > 30, path.name
        assert video.ended_early is None, path.name
        assert video.decode_errors == 0, path.name
