"""What a camera sends, judged."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from edgecv.doctor.check_result import CheckResult
from edgecv.doctor.stream_check import stream_findings
from edgecv.doctor.stream_probe import StreamProbe

PICTURE = np.zeros((1080, 1920), np.uint8)
GOOD = StreamProbe(
    "h264", (1920, 1080), 25.0, 25.0, 5.0, 2.0, False, 500e3, 0.004, 0, None, (PICTURE, PICTURE)
)  # fmt: skip


def beyond_the_first(look: StreamProbe, calibrated: tuple[int, int] | None = (1920, 1080)) -> list[CheckResult]:
    found = stream_findings("camera a", look, calibrated)
    assert found[0].level == "ok"
    return found[1:]


def test_a_good_stream_is_one_line_with_its_numbers() -> None:
    assert beyond_the_first(GOOD) == []
    assert beyond_the_first(GOOD, None) == []
    (line,) = stream_findings("camera a", GOOD, None)
    assert line.text == "sends h264 1920x1080, 25.0 frames/s, 4.0 Mbit/s"


@pytest.mark.parametrize(
    ("look", "level", "words"),
    [
        (replace(GOOD, size_px=(1280, 720)), "problem", "1280x720, but the calibration was made at 1920x1080"),
        (replace(GOOD, keyframe_s=6.0), "warning", "key frames are 6.0 s apart"),
        (replace(GOOD, keyframe_s=None), "warning", "no second key frame"),
        (replace(GOOD, b_frames=True), "warning", "B-frames"),
        (replace(GOOD, compressing_s=0.006), "warning", "takes the box 6 ms each, 15 % of a core"),
        (replace(GOOD, fps=6.0), "problem", "only 6.0 frames/s"),
        (replace(GOOD, fps=18.0), "warning", "18.0 frames/s come of the 25"),
        (replace(GOOD, damaged=3), "warning", "3 packets could not be decoded"),
        (replace(GOOD, notice="vaapi cannot decode h264 here"), "warning", "vaapi cannot decode"),
        (replace(GOOD, fps=12.5, nominal_fps=None, by_arrival=True), "warning", "carries no time stamps"),
        (
            replace(GOOD, fps=12.5, nominal_fps=None, by_arrival=True, stamp_rate=2.0),
            "warning",
            "run 2.00 times",
        ),
        (replace(GOOD, codec="theora"), "warning", "theora has not been tried"),
    ],
)
def test_each_fault_is_told_once_with_what_to_do(look: StreamProbe, level: str, words: str) -> None:
    (finding,) = beyond_the_first(look)
    assert (finding.level, finding.where) == (level, "camera a")
    assert words in finding.text
    assert finding.advice


def test_a_rate_that_was_measured_by_arrival_is_said_to_be() -> None:
    (line, _) = stream_findings("camera a", replace(GOOD, fps=12.5, nominal_fps=None, by_arrival=True), None)
    assert line.text == "sends h264 1920x1080, 12.5 frames/s by arrival, 4.0 Mbit/s"


def test_a_look_too_short_to_see_two_key_frames_blames_nobody() -> None:
    assert beyond_the_first(replace(GOOD, keyframe_s=None, seconds=2.0)) == []
