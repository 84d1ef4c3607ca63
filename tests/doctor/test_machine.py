"""Memory and cores against the number of cameras."""

from __future__ import annotations

import pytest

from edgecv.doctor.machine import cores_finding, memory_finding


@pytest.mark.parametrize(("total_mb", "level"), [(8000.0, "ok"), (3200.0, "warning"), (2000.0, "problem")])
def test_eight_cameras_need_about_three_gigabytes(total_mb: float, level: str) -> None:
    assert memory_finding(8, total_mb).level == level


def test_the_memory_of_this_machine_is_asked_for() -> None:
    assert memory_finding(1).level == "ok"


@pytest.mark.parametrize(("used", "level"), [(1.0, "ok"), (1.6, "warning"), (2.4, "problem")])
def test_cores_are_judged_by_what_decoding_cost(used: float, level: str) -> None:
    finding = cores_finding(used, cores=2)
    assert finding.level == level
    assert f"{used:.1f} of 2 cores" in finding.text
