"""Commands whose output nobody reads: no traceback, and an exit code that means something."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

BOX = "site: home\ncameras: {north-1: {source: 'rtsp://10.0.0.5/x'}}\n"


@pytest.fixture
def box(tmp_path: Path) -> Path:
    path = tmp_path / "box.yaml"
    path.write_text(BOX)
    return path


def shell(script: str, box: Path) -> subprocess.CompletedProcess[str]:
    """A line of bash, where EDGECV stands for the command."""
    command = script.replace("EDGECV", f"'{sys.executable}' -m edgecv").replace("BOX", f"'{box}'")
    return subprocess.run(
        ["bash", "-c", f"set -o pipefail; {command}"], capture_output=True, text=True, timeout=120, check=False
    )


@pytest.mark.parametrize("command", ["check --config BOX", "--help", "handlers"])
def test_a_reader_that_has_gone_away_costs_no_traceback(box: Path, command: str) -> None:
    gone, end = os.pipe()
    os.close(gone)
    words = [str(box) if word == "BOX" else word for word in command.split()]
    done = subprocess.run(
        [sys.executable, "-m", "edgecv", *words],
        stdout=end,
        stderr=subprocess.PIPE,
        text=True,
        timeout=120,
        check=False,
    )
    os.close(end)
    assert done.stderr == ""
    assert done.returncode in {0, 1}


@pytest.mark.parametrize("closed", [">&-", ">&- 2>&-", "<&- >&- 2>&-"])
def test_closed_streams_change_nothing_but_what_is_read(box: Path, closed: str) -> None:
    done = shell(f"EDGECV check --config BOX {closed}", box)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert shell(f"EDGECV check --config BOX.none {closed}", box).returncode == 2


def test_no_file_takes_the_number_of_a_closed_stream(box: Path) -> None:
    """What is printed then would be written into it."""
    box.write_text(f"{BOX}storage: {{directory: state}}\n")
    add = "EDGECV console user add someone --role admin --password-file - --config BOX"
    assert shell(f"echo 'a long enough passphrase 1' | {add} >&- 2>&-", box).returncode == 0
    listed = shell("EDGECV console user list --config BOX", box)
    assert listed.stdout.startswith("someone")


def test_a_full_disk_behind_standard_output_is_one_line(box: Path) -> None:
    done = shell("unset PYTHONUNBUFFERED; EDGECV check --config BOX > /dev/full", box)
    assert done.returncode == 1
    assert done.stderr == (
        "edgecv: standard output: cannot be written (No space left on device); nothing else is wrong\n"
    )
