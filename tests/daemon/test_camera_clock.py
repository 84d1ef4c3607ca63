"""A camera's clock is set again and again: every incident is where and when it was, and its own clip bears it out."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest
from stepping_camera import SteppingCamera
from waiting import SLOW_MACHINE_S, wait_for

from edgecv.audit.verify import verify_bundle
from edgecv.capture import VideoFile
from edgecv.daemon.evidence_worker import EvidenceProcessor
from edgecv.evidence.keys import BoxKey

STEPS_S = (
    {1.0: -0.5, 2.6: -0.04, 5.6: 3.0, 7.0: -3.0, 9.5: 0.5, 11.0: 20.0},
    {2.6: -0.5, 5.6: -3.0, 9.5: 20.0},
)
"""Each kind of step once while something falls: at 2.6, 5.6 and 9.5 s."""


@pytest.fixture(params=STEPS_S, ids=["-0.04, 3 and 0.5 s", "-0.5, -3 and 20 s"])
def camera(demo_run, request: pytest.FixtureRequest) -> Iterator[SteppingCamera]:
    made = SteppingCamera(demo_run.files.video, request.param)
    yield made
    made.close()


def test_a_camera_whose_clock_is_set_loses_no_time_no_clip_and_no_recording(
    daemon, demo_box, demo_run, camera: SteppingCamera
) -> None:
    for one in demo_box["cameras"].values():
        one["source"] = camera.url
    box = daemon(demo_box | {"storage": {"record_hours": 1.0}})
    box.start()
    wait_for(camera.is_over.is_set, "the end of the camera", SLOW_MACHINE_S + 20.0)
    wait_for(lambda: len(box.incidents()) >= len(demo_run.truth), "records", SLOW_MACHINE_S)
    notes = [event["data"]["text"] for event in box.told() if "clock" in str(event["data"])]
    box.stop()
    processor = EvidenceProcessor(box.state)  # here, where it has not to wait for a busy machine
    while processor.step():
        pass
    processor.close()
    incidents = box.incidents()
    assert len(incidents) == len(demo_run.truth)
    public = BoxKey.load_or_create(box.state).public
    assert camera.began_s is not None
    for incident, event in zip(incidents, demo_run.truth, strict=True):
        fell_s = event["frames"][0][1]
        assert incident.media.start_s == pytest.approx(fell_s, abs=0.3)
        assert datetime.fromisoformat(incident.started_at).timestamp() == pytest.approx(
            camera.began_s + fell_s, abs=0.8
        )
        assert (incident.origin.floor, incident.origin.window) == (event["floor"], event["window"])
        assert incident.evidence.clip == "clip.mp4"
        assert incident.evidence.reason is None
        assert verify_bundle(box.state / "incidents" / incident.id, public).problems == ()
    assert any("clock was set" in note for note in notes)
    (recording,) = sorted((box.state / "recordings").rglob("*.mp4"))
    assert _times_s(recording) == pytest.approx(_times_s(demo_run.files.video), abs=0.02)


def _times_s(video: Path) -> list[float]:
    with VideoFile(video) as opened:
        times_s = [frame.t_s for frame in opened]
    assert np.all(np.diff(times_s) > 0.0)
    return times_s
