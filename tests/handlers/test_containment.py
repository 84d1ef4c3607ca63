"""Bad handlers of another package beside a camera: they are restarted, bounded and told; the camera sees everything."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml
from daemon.conftest import daemon as daemon_fixture
from running import Daemon
from waiting import wait_for

daemon = daemon_fixture
HOW = ("raises", "hangs", "floods", "dies", "eats")


def install_package(folder: Path) -> None:
    """As pip would: the module and its entry point."""
    folder.mkdir()
    (folder / "bad_handlers.py").write_text(Path(__file__).with_name("bad_handlers.py").read_text())
    info = folder / "bad_handlers-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: bad-handlers\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[edgecv.handlers]\nbad = bad_handlers:BadHandler\n")


def test_handlers_that_raise_hang_flood_die_or_eat_memory_cost_the_camera_nothing(
    daemon: Callable[[dict[str, Any]], Daemon], demo_run: Any, tmp_path: Path
) -> None:
    install_package(tmp_path / "site")
    box = yaml.safe_load(demo_run.files.box.read_text())
    for camera in box["cameras"].values():
        camera["source"] = str(demo_run.files.video)
        camera["calibration"] = str(demo_run.files.box.parent / camera["calibration"])
    notes = {how: tmp_path / f"{how}.txt" for how in HOW}
    box["devices"] = {
        how: {"kind": "bad", "how": how, "note": str(notes[how]), "memory_mb": 200, "alarms_per_hour": 30}
        for how in HOW
    }
    one = daemon(box)
    one.environment["PYTHONPATH"] = str(tmp_path / "site")
    one.start()

    def starts(how: str) -> int:
        return notes[how].read_text().count("\n") if notes[how].exists() else 0

    for how in ("hangs", "dies", "eats"):
        wait_for(lambda bad=how: starts(bad) >= 2, f"the restart of the one that {how}")  # type: ignore[misc]
    wait_for(lambda: len(one.incidents_of("thrown_object")) == len(demo_run.truth), "every fall", 300.0)
    floors = [incident.origin.floor for incident in one.incidents_of("thrown_object")]
    assert floors == [event["floor"] for event in demo_run.truth]
    assert starts("raises") == 1
    answer = one.get("/readyz")
    assert answer is not None
    states = answer.json()["devices"]
    assert "fails at what is due (RuntimeError)" in states["raises"]["text"]
    dropped = "edgecv_device_alarms_dropped_total"
    wait_for(lambda: (one.metric(dropped, device="floods") or 0.0) > 1000, "a count of what was dropped")
    pushed = one.rows("SELECT count(*) AS n FROM messages WHERE device = 'floods' AND kind = 'incident'")[0]["n"]
    assert pushed == 30
    everything = one.rows("SELECT count(*) AS n FROM messages WHERE device = 'floods'")[0]["n"]
    assert everything <= 30 + 300 + 10
    log = one.log.read_text()
    assert "hangs gave no sign of life for" in log
    assert "eats used more than 200 MB of memory" in log or "MemoryError" in log
    assert one.stop() < 20.0
