"""Who keeps the clock, told from what the kernel, chrony and systemd say."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgecv.doctor.clock import clock_findings
from edgecv.time_service import KernelClock, kernel_clock

NO_FILE = Path("/nonexistent/synchronized")


def levels(kernel: KernelClock | None, chrony: bool = False, stamp: Path = NO_FILE) -> list[str]:
    found = clock_findings(kernel=lambda: kernel, chrony=lambda: chrony, stamp=stamp)
    return [finding.level for finding in found]


def test_a_clock_that_the_kernel_calls_synchronised_is_well() -> None:
    assert levels(KernelClock(True, 0.02)) == ["ok"]


@pytest.mark.parametrize("kernel", [None, KernelClock(False, None)])
def test_a_clock_that_nobody_keeps_is_a_problem(kernel: KernelClock | None) -> None:
    (finding,) = clock_findings(kernel=lambda: kernel, chrony=lambda: False, stamp=NO_FILE)
    assert finding.level == "problem"
    assert "not synchronised" in finding.text
    assert "timedatectl" in finding.advice


def test_chrony_and_timesyncd_count_where_the_kernel_was_not_told(tmp_path: Path) -> None:
    stamp = tmp_path / "synchronized"
    stamp.touch()
    assert levels(KernelClock(False, None), chrony=True) == ["ok"]
    assert levels(KernelClock(False, None), stamp=stamp) == ["ok"]


def test_a_clock_that_lost_its_battery_is_told_though_the_kernel_is_content() -> None:
    (finding,) = clock_findings(1.7e9, kernel=lambda: KernelClock(True, 0.0), now=lambda: 3600.0)
    assert finding.level == "problem"
    assert "1970-01-01 01:00 UTC" in finding.text


def test_the_kernel_answers() -> None:
    told = kernel_clock()
    assert told is not None
    assert told.synchronised == (told.may_be_off_s is not None)
