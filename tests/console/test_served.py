"""A hub as it is served: over real sockets, with the servers' limits and the proxies it believes."""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import httpx
import pytest
from console.conftest import PASSWORD, Office, arrival_of
from console.hub_server import running_hub
from sqlalchemy import select, update

from edgecv.console.accounts import Role
from edgecv.console.accounts.login import log_in
from edgecv.console.evidence.bundle_verifier import Verifier
from edgecv.console.settings import CHECKS_AT_ONCE, LOGIN_FAILURES_PER_ADDRESS, LOGIN_FAILURES_PER_NAME, SEEN_EVERY_S
from edgecv.console.storage import EVERYTHING
from edgecv.console.storage.schema import LoginSession, Membership, User
from edgecv.console.web import server_sent_events
from edgecv.serving import Limits, WebServer

THREADS = 40
"""That answer pages, by Starlette."""


@pytest.fixture
def quick_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Streams look at their login several times a second and say soon that they are there."""
    monkeypatch.setattr(server_sent_events, "LIVE_CHECK_S", 0.2)
    monkeypatch.setattr(server_sent_events, "LIVE_PING_S", 1.0)


@pytest.fixture
def served(office: Office) -> Iterator[str]:
    """The office's console over a real socket."""
    server = WebServer(office.app, "127.0.0.1:0", "console.listen", Limits())
    server.start()
    yield f"http://127.0.0.1:{server.port}"
    office.live.close()
    server.stop()


def _logged_in(served: str) -> tuple[httpx.Client, str]:
    client = httpx.Client(base_url=served, timeout=60.0)
    answer = client.post("/login", data={"name": "chen", "password": PASSWORD})
    cookie = answer.headers["set-cookie"].partition(";")[0]
    client.headers["cookie"] = cookie  # httpx sends no secure cookie over http
    found = re.search(r'name="csrf" value="([^"]+)"', client.get("/incidents").text)
    assert found is not None
    return client, found[1]


def _log_out(office: Office, client: httpx.Client, csrf: str) -> None:
    assert client.post("/logout", data={"csrf": csrf}).status_code == 303


def _disable(office: Office, client: httpx.Client, csrf: str) -> None:
    with office.database.session(EVERYTHING, writes=True) as session:
        session.execute(update(User).where(User.name == "chen").values(disabled=True))


def _give_another_role(office: Office, client: httpx.Client, csrf: str) -> None:
    with office.database.session(EVERYTHING, writes=True) as session:
        session.execute(update(Membership).values(role=Role.WORKER.value))


@pytest.mark.parametrize("end", [_log_out, _disable, _give_another_role])
def test_a_stream_ends_with_the_login_it_was_opened_with(
    office: Office, served: str, quick_looks: None, end: Callable[[Office, httpx.Client, str], None]
) -> None:
    client, csrf = _logged_in(served)
    with closing(client), client.stream("GET", "/live") as stream:
        pieces = stream.iter_bytes()
        assert b"hello" in next(pieces)
        end(office, client, csrf)
        office.live.tell({(1, "incident")})
        for _ in pieces:  # ends, or the client's timeout fails the test
            pass


def test_a_stream_goes_on_while_its_login_lasts_and_keeps_no_login_alive(
    office: Office, served: str, quick_looks: None
) -> None:
    client, _ = _logged_in(served)
    with office.database.session(EVERYTHING, writes=True) as session:
        session.execute(update(LoginSession).values(seen_s=LoginSession.seen_s - 2 * SEEN_EVERY_S))
    with closing(client), client.stream("GET", "/live") as stream:
        with office.database.session(EVERYTHING, writes=True) as session:
            session.execute(update(LoginSession).values(seen_s=LoginSession.seen_s - 2 * SEEN_EVERY_S))
            before = session.scalar(select(LoginSession.seen_s))
        pieces = stream.iter_bytes()
        assert b"hello" in next(pieces)
        assert b"still here" in next(pieces), "after some looks at the session"
    with office.database.session(EVERYTHING) as session:
        assert session.scalar(select(LoginSession.seen_s)) == before


def test_half_a_form_changes_nothing(office: Office, served: str) -> None:
    body = f"name=chen&password={PASSWORD.replace(' ', '+')}".encode()
    host, _, port = served.removeprefix("http://").partition(":")
    head = f"POST /login HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/x-www-form-urlencoded\r\n"
    with socket.create_connection((host, int(port))) as connection:
        connection.sendall(f"{head}Content-Length: {len(body) + 10}\r\n\r\n".encode() + body)
        connection.shutdown(socket.SHUT_WR)
        assert b"303" not in connection.recv(100)
    with office.database.session(EVERYTHING) as session:
        assert session.scalars(select(LoginSession)).all() == []


@pytest.mark.parametrize(
    ("console", "is_stopped"),
    [
        pytest.param({}, True, id="no proxy"),
        pytest.param({"behind_proxy": True, "trusted_proxies": ["192.0.2.7"]}, True, id="a proxy elsewhere"),
        pytest.param({"behind_proxy": True}, False, id="a proxy here"),
    ],
)
def test_only_a_trusted_proxy_tells_from_where_a_try_to_log_in_comes(
    tmp_path: Path, console: dict[str, object], is_stopped: bool
) -> None:
    with running_hub(tmp_path, console=console) as hub, httpx.Client(base_url=hub.url, timeout=60.0) as client:

        def guess(number: int) -> int:
            form = {"name": f"user{number}", "password": "a wrong password"}
            return client.post("/login", data=form, headers={"X-Forwarded-For": f"203.0.113.{number}"}).status_code

        for number in range(LOGIN_FAILURES_PER_ADDRESS):
            assert guess(number) == 403
        assert guess(LOGIN_FAILURES_PER_ADDRESS) == (429 if is_stopped else 403)


def test_a_network_of_ipv6_has_no_more_tries_than_one_address(office: Office) -> None:
    def guess(network: str, number: int) -> str:
        return log_in(office.database, "chen", "a wrong password", f"2001:db8:{network}::{number:x}").outcome

    for number in range(1, LOGIN_FAILURES_PER_NAME + 1):
        assert guess("1:2", number) == "wrong"
    assert guess("1:2", 0xFFFF) == "wait", "another address of whoever has guessed until now"
    assert guess("1:3", 1) == "wrong", "somebody else's network"


def test_whoever_asks_often_whether_evidence_is_genuine_keeps_nobody_from_the_other_pages(
    office: Office, served: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.take(arrival_of("a"))
    begun, go_on = threading.Semaphore(0), threading.Event()

    def slow(*_: object) -> None:
        begun.release()
        assert go_on.wait(60)

    monkeypatch.setattr(Verifier, "check", slow)
    client, _ = _logged_in(served)
    with closing(client), ThreadPoolExecutor(THREADS) as threads:
        asked = [threads.submit(client.get, "/incidents/a/verification") for _ in range(THREADS)]
        try:
            for _ in range(CHECKS_AT_ONCE):
                assert begun.acquire(timeout=60)
            assert client.get("/incidents", timeout=60).status_code == 200
            assert not begun.acquire(blocking=False), "no more at once"
        finally:
            go_on.set()
        assert {answer.result().status_code for answer in asked} == {200}
