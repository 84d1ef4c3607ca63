"""Small animals on a shop's floor: a night on video with its truth, and hours in which nobody minds."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rehearsing import Rehearsal
from waiting import wait_for

from edgecv.capture import VideoFile
from edgecv.detection import Detector
from edgecv.handlers.floor_paths import FLOOR_DETECTION, FloorRule
from edgecv.simulation.devices.animals import ANIMALS, OTHERS, SLOT_S, Act, settings_of, write_floor
from edgecv.tracking import Tracker

ACTS = [*(act for pair in zip(OTHERS, ANIMALS, strict=False) for act in pair), *OTHERS[3:]]


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_floor(tmp_path_factory.mktemp("night"), ACTS, 5)


def rule_of(settings: dict[str, Any]) -> FloorRule:
    return FloorRule(settings["floor"], (3.0, 60.0), 0.8)


def paths_of(video: Path, rule: FloorRule) -> Iterator[tuple[float, dict[str, Any]]]:
    """When each path began, seconds of the video, and the path."""
    with VideoFile(video) as opened:
        detector, tracker = Detector(FLOOR_DETECTION), Tracker((640, 360))
        for frame in opened:
            for track in tracker.update(detector.detect(frame)):
                if (path := rule.path_of(track)) is not None:
                    yield track.start_s, path
        for track in tracker.flush():
            if (path := rule.path_of(track)) is not None:
                yield track.start_s, path


def test_what_runs_over_the_floor_is_seen_and_what_flickers_falls_walks_or_sways_is_not(night: Path) -> None:
    found: dict[int, list[dict[str, Any]]] = {}
    for start_s, path in paths_of(night, rule_of(settings_of(night))):
        found.setdefault(int(start_s // SLOT_S) - 1, []).append(path)
    said = {index: ACTS[index].what for index in found}
    assert set(found) == {index for index, act in enumerate(ACTS) if act.is_animal}, said
    assert all(len(paths) <= 2 for paths in found.values())
    rat = max(found[ACTS.index(Act("rat", True))], key=lambda path: path["seconds"])
    xs = [x for x, _ in rat["points"]]
    assert np.all(np.diff(xs) > 0)
    speed = (xs[-1] - xs[0]) / rat["seconds"]
    assert speed == pytest.approx(150.0, rel=0.1)  # as it was drawn


def test_the_handler_raises_one_alarm_a_visit_from_a_video_played_at_its_own_pace(tmp_path: Path) -> None:
    video = write_floor(tmp_path / "short", [Act("rat", True)], 3)
    shop = Rehearsal(tmp_path, settings_of(video), live=True)
    shop.runner._sources = type(shop.runner.handler).sources(shop.runner.handler)

    def seen() -> bool:
        shop.runner.step(0.05)
        return bool(shop.records())

    wait_for(seen, "the alarm")
    (alarm,) = shop.records()
    assert (alarm.kind, alarm.subject, alarm.details["sightings"]) == ("hygiene_animal", "dev", 1)
    shop.runner._sources[0].close()


def test_in_open_hours_paths_are_counted_only_and_a_night_is_one_alarm(tmp_path: Path) -> None:
    settings = settings_of(Path("none.mp4")) | {
        "closed": {"begins": "22:00", "ends": "06:00"},
        "time_zone": "Asia/Shanghai",
        "quiet_s": 3600,
    }
    shop = Rehearsal(tmp_path, settings)
    path = {"points": [[1.0, 2.0]], "size_px": 8.0, "seconds": 2.0}
    for local in ("2026-03-02T21:59", "2026-03-02T22:01", "2026-03-02T22:40", "2026-03-03T05:59", "2026-03-03T06:00"):
        at = datetime.fromisoformat(f"{local}:00+08:00").astimezone(UTC)
        shop.feed("path", path, at.timestamp())
    shop.work()
    first, second = shop.records()
    assert first.details["sightings"] == 2
    assert first.details["closed_from"] == "2026-03-02T14:00:00.000Z"
    assert second.details["sightings"] == 1
    assert shop.runner.context.counts["paths_in_open_hours"] == 2
