"""What every child does first: it ends with its supervisor, whatever process ids there are."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from soak_test.kills import is_running
from waiting import wait_for

_SUPERVISOR = """
import multiprocessing, os, sys
from edgecv.daemon.process import begin_child

def child(pipe):
    stop = begin_child()
    pipe.send(os.getppid())
    stop.wait(60)

if __name__ == "__main__":
    here, there = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=child, args=(there,))
    process.start()
    assert here.poll(60), "the child ended before it did anything"
    print("child of", here.recv(), "alive", flush=True)
    if sys.argv[1] == "stop":
        process.terminate()
        process.join(60)
        print("ended with", process.exitcode)
    else:
        print(process.pid, flush=True)
        os.kill(os.getpid(), 9)
"""


@pytest.fixture
def supervisor(tmp_path: Path) -> list[str]:
    path = tmp_path / "supervisor.py"
    path.write_text(_SUPERVISOR)
    return [sys.executable, str(path)]


def run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


def test_a_child_hears_sigterm_and_ends_by_itself(supervisor: list[str]) -> None:
    told = run(*supervisor, "stop")
    assert told.stdout.splitlines()[-1] == "ended with 0", told.stderr


def test_a_child_dies_with_its_supervisor(supervisor: list[str]) -> None:
    told = run(*supervisor, "die")  # returns when nobody holds its output any more: the child did
    assert told.returncode == -9
    wait_for(lambda: not is_running(int(told.stdout.splitlines()[-1])), "its end")


def test_a_supervisor_that_is_a_containers_first_process_has_children_too(supervisor: list[str]) -> None:
    if shutil.which("unshare") is None or run("unshare", "-pf", "--mount-proc", "true").returncode != 0:
        pytest.skip("cannot make a process namespace here")
    told = run("unshare", "-pf", "--mount-proc", *supervisor, "stop")
    assert told.stdout.splitlines() == ["child of 1 alive", "ended with 0"], told.stderr


_FREED = """
from pathlib import Path
from edgecv.daemon.process import give_back_memory

def resident_mb():
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / 2**20

held = [bytearray(100_000) for _ in range(1000)]
pins = [bytearray(1000) for _ in range(1000)]  # above what is freed, so that it is not given back by itself
del held
before = resident_mb()
give_back_memory()
print(before - resident_mb())
"""


def test_what_was_freed_is_given_back_to_the_system() -> None:
    told = subprocess.run([sys.executable, "-c", _FREED], capture_output=True, text=True, check=True, timeout=120)
    assert float(told.stdout) > 50.0
