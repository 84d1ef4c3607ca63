"""One finding has one id, wherever it is analysed, and two findings on one path have two."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from known_paths import facade_camera
from known_sheets import PLAN, sheet

from edgecv.classification import Finding
from edgecv.classification.sinking_monitor import SinkingMonitor
from edgecv.incidents.record_builder import Provenance, build_incident
from edgecv.trajectory import TrajectorySettings, View
from edgecv.trajectory.fit import fit_fall

PROVENANCE = Provenance("site", "camera", "clip.mp4", datetime(2026, 11, 30, tzinfo=UTC), "option", PLAN)


def test_a_sheet_that_was_a_candidate_as_a_fall_has_an_id_of_its_own_as_a_thing_that_sinks() -> None:
    monitor = SinkingMonitor(facade_camera(), PLAN)
    monitor.add(sheet(1.8), is_fall=False)
    ((sunk, verdict),) = monitor.due(float("inf"))
    view = View.calibrated(facade_camera())
    fallen = replace(sunk, fit=fit_fall(sunk.path, view, TrajectorySettings(), float(max(sunk.track.picture_size_px))))
    ids = [build_incident(Finding(fall, verdict), PROVENANCE).id for fall in (sunk, sunk, fallen)]
    assert ids[0] == ids[1]
    assert ids[0] != ids[2]
