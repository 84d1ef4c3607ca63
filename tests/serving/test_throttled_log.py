"""Lines that somebody outside can cause: one a minute of each kind."""

from __future__ import annotations

import logging

import pytest

from edgecv.serving.throttled_log import INTERVAL_S, MOST_KINDS, ThrottledLog

LOG = logging.getLogger("edgecv.test")


def test_one_line_a_minute_of_each_kind_with_the_count_of_those_left_out(caplog: pytest.LogCaptureFixture) -> None:
    now_s = 1000.0
    throttled = ThrottledLog(LOG, lambda: now_s)
    for n in range(500):
        throttled.warning("token", "refused %s", n)
        throttled.warning("size", "too large %d%%", n)
    assert [record.getMessage() for record in caplog.records] == ["refused 0", "too large 0%"]
    now_s += INTERVAL_S
    throttled.warning("token", "refused %s", 500)
    assert caplog.records[-1].getMessage() == "refused 500 (499 more like this in the minutes before)"
    now_s += INTERVAL_S
    throttled.warning("token", "refused %s", 501)
    assert caplog.records[-1].getMessage() == "refused 501"


def test_kinds_that_are_made_up_take_no_memory() -> None:
    throttled = ThrottledLog(LOG, lambda: 1.0)
    for n in range(10 * MOST_KINDS):
        throttled.warning(n, "x")
    assert len(throttled._last) == MOST_KINDS
