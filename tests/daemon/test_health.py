from __future__ import annotations

import pytest
from daemon.healths import beat, box, camera

from edgecv.daemon.health import CameraHealth
from edgecv.storage.outbox import Depth
from edgecv.upstream.target_sender import TargetStatus


@pytest.mark.parametrize(
    ("found", "state", "settled"),
    [
        (camera(), {"state": "offline", "text": "starting"}, False),
        (camera(heard=beat("connecting", "connecting to rtsp://c")), {"state": "offline"}, False),
        (camera(heard=beat()), {"state": "online", "text": "1280x720 h264"}, True),
        (camera(heard=beat(degraded=("covered", "late"))), {"state": "degraded", "text": "covered; late"}, True),
        (camera(heard=beat("unreachable", "no answer")), {"state": "offline", "text": "no answer"}, True),
        (camera(heard=beat("login_refused", "refuses")), {"state": "offline", "text": "refuses"}, True),
        (camera(death="by signal SIGKILL"), {"state": "offline", "text": "by signal SIGKILL"}, True),
        (camera(finished=True), {"state": "finished"}, True),
    ],
)
def test_a_cameras_state_and_whether_it_is_settled(found: CameraHealth, state: dict[str, str], settled: bool) -> None:
    assert found.state() | state == found.state()
    assert found.settled is settled


def test_a_recorded_file_that_is_over_was_never_lost() -> None:
    """Its worker says so a moment before it ends; between the two it must not be told as offline."""
    assert camera(heard=beat("finished", "the recorded file is over")).state()["state"] == "finished"


def test_the_boxs_state_names_its_problems() -> None:
    well = box(camera(heard=beat())).state()
    assert well == {"state": "online", "text": "all is well", "version": "1.2.3", "cameras": ["north-1"]}
    ill = box(camera(heard=beat()), problems=("the disk is full",)).state()
    assert (ill["state"], ill["text"]) == ("degraded", "the disk is full")


def test_the_line_for_systemctl_says_what_is_not_as_it_should_be() -> None:
    assert box(camera(heard=beat())).line() == "1 of 1 cameras watching"
    line = box(
        camera(heard=beat()),
        camera("south-1", beat("unreachable", "no answer")),
        camera("file", finished=True),
        targets={"mqtt": TargetStatus("mqtt", problem="broker b cannot be reached")},
        depths={"mqtt": Depth(3, 60.0, 0)},
        problems=("the disk is full",),
    ).line()
    assert line == (
        "1 of 3 cameras watching; south-1: no answer; broker b cannot be reached".replace("; broker", "; mqtt: broker")
        + "; 3 waiting for mqtt; the disk is full"
    )
