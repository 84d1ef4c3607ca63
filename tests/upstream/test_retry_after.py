from __future__ import annotations

from datetime import UTC, datetime
from email.utils import format_datetime

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgecv.upstream.http_target import LONGEST_RETRY_AFTER_S, refusal, retry_after_s
from edgecv.upstream.link_protocol import UndeliveredError

NOW_S = 1_800_000_000.0


@given(st.integers(0, 10**30))
def test_seconds_are_taken_as_they_are_up_to_an_hour(seconds: int) -> None:
    assert retry_after_s(str(seconds), NOW_S) == min(seconds, LONGEST_RETRY_AFTER_S)


@given(st.integers(-100_000, 100_000))
def test_a_date_says_how_long_from_now(seconds: int) -> None:
    header = format_datetime(datetime.fromtimestamp(NOW_S + seconds, UTC), usegmt=True)
    assert retry_after_s(header, NOW_S) == min(max(seconds, 0), LONGEST_RETRY_AFTER_S)


def test_the_old_forms_of_a_date_are_read_as_greenwich_time() -> None:
    now_s = datetime(1994, 11, 6, 8, 49, 7, tzinfo=UTC).timestamp()
    assert retry_after_s("Sun Nov  6 08:49:37 1994", now_s) == 30
    assert retry_after_s("Sunday, 06-Nov-94 08:49:37 GMT", now_s) == 30


@given(
    st.one_of(st.none(), st.text(max_size=40), st.from_regex(r"[A-Z][a-z]{2}, \d{1,9} [A-Z][a-z]{2} \d{1,9} .{0,12}"))
)
def test_whatever_a_server_sends_the_wait_is_bounded(header: str | None) -> None:
    assert 0 <= retry_after_s(header, NOW_S) <= LONGEST_RETRY_AFTER_S


@pytest.mark.parametrize("code", [200, 201, 202, 204])
def test_success_takes_the_message(code: int) -> None:
    assert refusal(httpx.Response(code), "http://host") is None


@pytest.mark.parametrize("code", [400, 405, 409, 410, 413, 415, 422])
def test_a_fault_of_the_message_refuses_it(code: int) -> None:
    assert str(code) in (refusal(httpx.Response(code), "http://host") or "")


@pytest.mark.parametrize("code", [301, 307, 401, 403, 404, 407, 408, 425, 429, 500, 502, 503])
def test_anything_else_is_tried_again(code: int) -> None:
    response = httpx.Response(code, headers={"Location": "http://elsewhere/?key=hunter2"})
    with pytest.raises(UndeliveredError) as raised:
        refusal(response, "http://host")
    assert str(code) in str(raised.value)
    assert "hunter2" not in str(raised.value)


def test_retry_after_is_handed_on() -> None:
    with pytest.raises(UndeliveredError) as raised:
        refusal(httpx.Response(503, headers={"Retry-After": "120"}), "http://host")
    assert raised.value.retry_after_s == 120
