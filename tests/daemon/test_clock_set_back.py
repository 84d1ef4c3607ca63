"""The box's clock is set while the daemon runs: by a time server after months, by hand, by a flat battery."""

from __future__ import annotations

import os
import shutil
import struct
import subprocess
from contextlib import closing
from pathlib import Path

import pytest
from soak_test.listener import Listener
from upstream.conftest import MortalBroker
from waiting import wait_for

from edgecv.cli import main
from edgecv.evidence.hash_chain import verify_chain


class SetClock:
    """The wall clock of a process and its children, off by what was last set; monotonic clocks stay true."""

    def __init__(self, folder: Path, library: Path) -> None:
        self._file = folder / "clock"
        self.environment = {"LD_PRELOAD": str(library), "SET_CLOCK": str(self._file)}
        self.set(0.0)

    def set(self, seconds: float) -> None:
        """Set it so far from the true time; at once, for the file is mapped."""
        with self._file.open("r+b" if self._file.exists() else "wb") as file:
            file.write(struct.pack("=q", round(seconds * 1e9)))


@pytest.fixture
def clock(tmp_path: Path) -> SetClock:
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        why = "there is no C compiler to build a clock with that can be set: run scripts/test"
        if os.environ.get("CI"):
            pytest.fail(why)
        pytest.skip(why)
    source = Path(__file__).parents[1] / "set_clock.c"
    library = tmp_path / "set_clock.so"
    subprocess.run([compiler, "-O1", "-shared", "-fPIC", "-o", str(library), str(source)], check=True)
    return SetClock(tmp_path, library)


def test_order_and_ids_hold_when_the_clock_is_set_back_an_hour(
    daemon, rtsp_server, demo_box, long_demo: Path, clock: SetClock, broker: MortalBroker, capsys
) -> None:
    server = rtsp_server()
    server.up(door=long_demo)
    broker.up()
    demo_box["cameras"]["demo-1"]["source"] = server.url("door")
    one = daemon(demo_box | {"upstream": {"mqtt": broker.url}})
    one.environment = clock.environment
    with closing(Listener(broker.port)) as listener:
        one.start()
        wait_for(lambda: len(listener.arrivals) >= 2, "two incidents")
        clock.set(-3600.0)
        before = len(one.incidents())
        wait_for(lambda: len(one.incidents()) >= before + 2, "two incidents after the step")
        wait_for(lambda: len(listener.arrivals) >= before + 2, "their arrival")
        assert one.metric("edgecv_worker_restarts_total", camera="demo-1") == 0.0
        assert one.metric("edgecv_connections_total", camera="demo-1") == 1.0
        assert one.stop() < 12.0
        kept = one.incidents()
        ids = [incident.id for incident in kept]
        wait_for(lambda: len({arrival.id for arrival in listener.arrivals}) == len(ids), "the last of them")
        # a busy machine leaves the last bundle to the next start, where no camera brings another incident
        server.down()
        one.start()
        wait_for(lambda: one.log.read_text().count("health and metrics on port") == 2, "the second start")
        wait_for(lambda: not one.rows("SELECT id FROM incidents WHERE evidence = 'pending'"), "every seal")
        assert one.stop() < 12.0
        assert [incident.id for incident in one.incidents()] == ids

    stored_s = [row["stored_s"] for row in one.rows("SELECT stored_s FROM incidents ORDER BY rowid")]
    assert stored_s[-1] < stored_s[0] - 3000.0  # the clock was set indeed
    assert [i.media.start_s for i in kept] == sorted(i.media.start_s for i in kept)
    assert len(set(ids)) == len(ids)
    assert list(dict.fromkeys(arrival.id for arrival in listener.arrivals)) == ids
    # the camera's clock was not set: what its reports say stands, and how far the box is from it is told
    assert [i.started_at for i in kept] == sorted(i.started_at for i in kept)
    assert {i.media.clock for i in kept} == {"rtcp"}
    assert (kept[0].media.clock_error_s or 0.0) < 5.0
    assert 3590.0 < (kept[-1].media.clock_error_s or 0.0) < 3610.0

    assert main(["incidents", "list", "--state", str(one.state)]) == 0
    listed = capsys.readouterr().out
    assert sorted(ids, key=listed.index) == ids[::-1]
    folders = list((one.state / "incidents").iterdir())
    assert {path.name for path in folders} == set(ids)
    assert verify_chain(folders, contiguous=True).problems == ()
