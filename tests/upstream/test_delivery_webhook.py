from __future__ import annotations

import hashlib
import hmac
import json
import logging
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from receivers import WebReceiver
from small_box import Box, event_of
from waiting import wait_for

pytestmark = pytest.mark.usefixtures("short_pauses")


def hook(web: WebReceiver, **more: Any) -> dict[str, Any]:
    return {"name": "estate", "url": f"{web.url}/hooks/edgecv?tenant=7"} | more


def ids(web: WebReceiver) -> list[str]:
    return [json.loads(request.body)["id"] for request in list(web.requests)]


def test_each_message_is_one_signed_post_in_order(box: Box, web: WebReceiver) -> None:
    box.write("secret", "k3y\n")
    box.write("token", "t0ken\n")
    box.add("a", "b")
    box.add("ä", kind="device")
    with box.courier(targets=[hook(web, secret_file="secret", token_file="token")]) as courier:
        wait_for(lambda: courier.status()["estate"].delivered == 3)
        assert courier.status()["estate"].connected
    assert ids(web) == ["a", "b", "ä"]
    first = web.requests[0]
    assert (first.method, first.path) == ("POST", "/hooks/edgecv?tenant=7")
    assert json.loads(first.body) == event_of("a", "north-1")
    assert first.headers["content-type"] == "application/cloudevents+json"
    assert first.headers["authorization"] == "Bearer t0ken"
    assert first.headers["x-edgecv-signature"] == "sha256=" + hmac.new(b"k3y", first.body, hashlib.sha256).hexdigest()
    assert [request.headers["idempotency-key"] for request in web.requests] == [
        "incident:a",
        "incident:b",
        "device:%C3%A4",
    ]


def test_without_a_secret_there_is_no_signature(box: Box, web: WebReceiver) -> None:
    box.add("a")
    with box.courier(targets=[hook(web)]) as courier:
        wait_for(lambda: courier.status()["estate"].delivered == 1)
    assert not {"x-edgecv-signature", "authorization"} & set(web.requests[0].headers)


def test_states_are_not_sent_to_webhooks(box: Box, web: WebReceiver) -> None:
    box.set_state("box", {"state": "online"})
    box.add("a")
    with box.courier(targets=[hook(web)]) as courier:
        wait_for(lambda: courier.status()["estate"].delivered == 1)
    assert ids(web) == ["a"]


@pytest.mark.parametrize("form", ["seconds", "date"])
def test_an_overloaded_server_is_left_alone_for_as_long_as_it_asks(box: Box, web: WebReceiver, form: str) -> None:
    # a date has whole seconds: one that is 2 s ahead is more than 1 s away
    date = format_datetime(datetime.now(UTC) + timedelta(seconds=2), usegmt=True)
    web.answers = [(503, {"Retry-After": "1" if form == "seconds" else date})]
    box.add("a", "b")
    with box.courier(targets=[hook(web)]) as courier:
        wait_for(lambda: courier.status()["estate"].problem)
        assert "answers 503 (Service Unavailable)" in str(courier.status()["estate"].problem)
        wait_for(lambda: courier.status()["estate"].delivered == 2)
        assert courier.status()["estate"].problem is None
    assert ids(web) == ["a", "a", "b"]
    assert web.requests[1].at_s - web.requests[0].at_s > 0.7


def test_waiting_as_asked_does_not_hold_up_the_stop(box: Box, web: WebReceiver) -> None:
    web.answers = [(503, {"Retry-After": "3000"})] * 2
    box.add("a")
    with box.courier(drain_s=5, targets=[hook(web)]) as courier:
        wait_for(lambda: courier.status()["estate"].problem)
        begun_s = time.monotonic()
        assert courier.stop(5)
        assert time.monotonic() - begun_s < 4
    assert ids(web) == ["a", "a"]  # tried once more before the end
    assert box.depth("estate").waiting == 1


def test_a_message_it_will_not_have_is_parked_and_the_next_goes_on(box: Box, web: WebReceiver) -> None:
    web.always = lambda request: 400 if b'"bad"' in request.body else None
    box.add("a", "bad", "b")
    with box.courier(targets=[hook(web)]) as courier:
        wait_for(lambda: courier.status()["estate"].delivered == 2)
    assert ids(web) == ["a", "bad", "b"]
    assert (box.depth("estate").waiting, box.depth("estate").parked) == (0, 1)


def test_a_server_that_does_not_know_us_blocks_and_the_status_tells(
    box: Box, web: WebReceiver, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    box.write("token", "0ld")
    web.always = lambda request: None if request.headers["authorization"] == "Bearer n3w" else 401
    box.add("a", "b")
    with box.courier(targets=[hook(web, token_file="token")]) as courier:
        wait_for(lambda: len(web.requests) > 2)
        problem = str(courier.status()["estate"].problem)
        assert "answers 401 (Unauthorized); check token_file" in problem
        assert not courier.status()["estate"].connected
        assert set(ids(web)) == {"a"}
        assert (box.depth("estate").waiting, box.depth("estate").parked) == (2, 0)
        box.write("token", "n3w")
        wait_for(lambda: courier.status()["estate"].delivered == 2)
    assert "0ld" not in caplog.text
    assert "n3w" not in caplog.text
    assert "tenant" not in caplog.text


def test_a_redirect_is_not_followed(box: Box, web: WebReceiver) -> None:
    web.answers = [(307, {"Location": f"{web.url}/elsewhere"})] * 1000
    box.add("a")
    with box.courier(drain_s=0, targets=[hook(web)]) as courier:
        wait_for(lambda: courier.status()["estate"].problem)
        assert "redirects are not followed" in str(courier.status()["estate"].problem)
    assert {request.path for request in web.requests} == {"/hooks/edgecv?tenant=7"}


def test_a_token_of_two_lines_is_told_and_not_shown(box: Box, web: WebReceiver) -> None:
    box.write("token", "hunter2\nhunter3")
    box.add("a")
    with box.courier(drain_s=0, targets=[hook(web, token_file="token")]) as courier:
        wait_for(lambda: courier.status()["estate"].problem)
        problem = str(courier.status()["estate"].problem)
    assert "targets[0].token_file = 'token': is not a token" in problem
    assert "hunter" not in problem


def test_a_server_that_is_not_there_is_told_in_plain_words(box: Box) -> None:
    box.add("a")
    targets = [{"name": "estate", "url": "http://127.0.0.1:1/hook?key=k3y"}]
    with box.courier(drain_s=0, targets=targets) as courier:
        wait_for(lambda: courier.status()["estate"].problem)
        assert str(courier.status()["estate"].problem).startswith("http://127.0.0.1:1 cannot be reached (")
        assert "k3y" not in str(courier.status()["estate"].problem)


def test_a_server_that_comes_back_gets_everything(box: Box, web: WebReceiver) -> None:
    web.answers = [(500, {}), (502, {}), (429, {}), (408, {})]
    box.add("a", "b", "c")
    with box.courier(targets=[hook(web)]) as courier:
        wait_for(lambda: courier.status()["estate"].delivered == 3)
    assert ids(web) == ["a"] * 5 + ["b", "c"]
