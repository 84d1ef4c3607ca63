"""Web servers that send what nobody asked for, and events that cannot be sent: the queue behind them goes on."""

from __future__ import annotations

import socket
import time
from pathlib import Path

import httpx
import pytest
from brokers import running_broker
from raw_server import raw_server
from small_box import Box, numbered
from waiting import wait_for

from edgecv.upstream.http_target import MAX_ANSWER_BYTES as MAX_BODY_BYTES
from edgecv.upstream.http_target import exchange, refusal


def test_an_endless_answer_of_a_web_server_is_cut_off(tmp_path: Path) -> None:
    sent = [0]

    def speak(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 " + b"O" * 5000 + b"\r\nContent-Type: text/plain\r\n\r\n")
        while True:
            sent[0] += connection.send(b"x" * 65536)

    with raw_server(speak) as port, httpx.Client() as client:
        began_s = time.monotonic()
        answer = exchange(client, "POST", f"http://127.0.0.1:{port}/", content=b"{}")
        assert refusal(answer, "host") is None
        assert time.monotonic() - began_s < 60.0
    assert sent[0] < 100 * MAX_BODY_BYTES  # what the network holds, and not what the server would send


def test_what_a_server_says_in_its_refusal_is_short_and_in_one_line() -> None:
    answer = httpx.Response(400, extensions={"reason_phrase": b"no\x1b[2J" + b"x" * 5000})
    said = refusal(answer, "host")
    assert said is not None
    assert len(said) < 200
    assert said.isprintable()


@pytest.mark.parametrize("event", ["{", "[" * 100_000, '"text"', '{"data": "\\ud800"}', '{"data": NaN}'])
@pytest.mark.service
def test_an_event_that_cannot_be_sent_does_not_hold_up_those_behind_it(
    box: Box, short_pauses: None, tmp_path: Path, event: str
) -> None:
    del short_pauses
    box.add(*numbered(5))
    with box.outbox() as outbox, outbox._database.transaction() as connection:
        connection.execute("UPDATE messages SET event = ? WHERE id = 'id-2'", (event,))
    with running_broker(tmp_path, "allow_anonymous true") as broker, box.courier(mqtt=f"mqtt://{broker.host_port}"):
        wait_for(lambda: box.depth("mqtt").waiting == 0, "what is behind it")
    assert box.depth("mqtt").parked == 1
