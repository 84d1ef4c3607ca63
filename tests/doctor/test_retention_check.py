"""Whether the doctor sees that evidence does not age."""

from __future__ import annotations

import json
import re
import subprocess
import time
from pathlib import Path

import pytest

from edgecv.doctor.retention import retention_findings
from edgecv.storage.retention_clock import RETENTION_CLOCK, RetentionClock

DAY_S = 86400.0
BEGIN_S = 1_780_000_000.0


def findings(state: Path, now_s: float, *, synchronised: bool = False) -> list[str]:
    return [finding.text for finding in retention_findings(state, synchronised=lambda: synchronised, now=lambda: now_s)]


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """A box whose daemon ran when the clock was right."""
    RetentionClock(tmp_path / RETENTION_CLOCK, realtime=lambda: BEGIN_S, synchronised=lambda: False).now_s()
    return tmp_path


def test_a_clock_that_jumped_ahead_and_that_nobody_keeps_stops_the_deletion(state: Path) -> None:
    (what,) = findings(state, BEGIN_S + 40.0 * DAY_S)
    assert "not deleted by its age" in what
    assert "40.0 days ahead" in what


def test_what_the_doctor_advises_lets_evidence_age_again(state: Path) -> None:
    now_s = time.time()
    path = state / RETENTION_CLOCK

    def evidence_now_s() -> float:
        return RetentionClock(path, lambda: BEGIN_S, lambda: False, lambda: now_s).now_s()

    path.write_text(json.dumps({"agreed_s": now_s - 40.0 * DAY_S}))
    assert evidence_now_s() < now_s - 39.0 * DAY_S
    (finding,) = retention_findings(state, synchronised=lambda: False)
    (command,) = re.findall(r"date .* > \S+", finding.advice.removesuffix(", and start it"))
    subprocess.run(command, shell=True, check=True)
    assert evidence_now_s() == pytest.approx(now_s, abs=60.0)
    assert retention_findings(state, synchronised=lambda: False) == []


def test_a_clock_that_somebody_keeps_is_well_however_long_the_box_was_off(state: Path) -> None:
    assert findings(state, BEGIN_S + 40.0 * DAY_S, synchronised=True) == []


@pytest.mark.parametrize("ahead_days", [-40.0, 0.0, 0.9])
def test_a_weekday_without_power_and_a_clock_set_back_stop_nothing(state: Path, ahead_days: float) -> None:
    assert findings(state, BEGIN_S + ahead_days * DAY_S) == []


@pytest.mark.parametrize("content", [None, "", "[]", "[" * 2000, json.dumps({"agreed_s": "soon"})])
def test_a_box_that_never_ran_or_whose_file_is_damaged_has_nothing_to_tell(tmp_path: Path, content: str | None) -> None:
    if content is not None:
        (tmp_path / RETENTION_CLOCK).write_text(content)
    assert findings(tmp_path, BEGIN_S) == []
