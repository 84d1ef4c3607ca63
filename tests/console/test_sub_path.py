"""The console below a path of a proxy's address: every address that leaves it has the path in front."""

from __future__ import annotations

import re
from collections.abc import Iterator

import httpx
import pytest
from console.conftest import PASSWORD, Office, arrival_of

from edgecv.config.console import ConsoleSection
from edgecv.serving import Limits, WebServer
from edgecv.serving.forwarded import Forwarded, TrustedProxies
from edgecv.serving.sub_path import SubPath, prefix_of

ATTRIBUTE = re.compile(r'([a-z-]+)="(/[^"]*)"')
PREFIX = "/estate/edgecv"


@pytest.fixture(params=["public_url", "proxy cuts it off", "proxy leaves it"])
def browser(request: pytest.FixtureRequest, office: Office) -> Iterator[httpx.Client]:
    """A browser whose every request goes through a proxy below the path."""
    how = request.param
    office.take(arrival_of("5f0c7f9e-2f3f-5d0a-9a53-0c8f2b7f9b11"))
    app = Forwarded(SubPath(office.app, PREFIX if how == "public_url" else ""), TrustedProxies(("127.0.0.0/8",)))
    server = WebServer(app, "127.0.0.1:0", "console.listen", Limits())
    server.start()

    def through_the_proxy(sent: httpx.Request) -> None:
        assert sent.url.path.startswith(f"{PREFIX}/"), f"{sent.url.path} is no address of the console's"
        if how != "public_url":
            sent.headers["x-forwarded-prefix"] = f"{PREFIX}/"
        if how == "proxy cuts it off":
            sent.url = sent.url.copy_with(raw_path=sent.url.raw_path.removeprefix(PREFIX.encode()))

    with httpx.Client(
        base_url=f"http://127.0.0.1:{server.port}", timeout=60.0, event_hooks={"request": [through_the_proxy]}
    ) as client:
        yield client
    office.live.close()
    server.stop()


def log_in(browser: httpx.Client) -> httpx.Response:
    answer = browser.post(f"{PREFIX}/login", data={"name": "chen", "password": PASSWORD})
    browser.headers["cookie"] = answer.headers["set-cookie"].partition(";")[0]  # httpx sends no secure cookie over http
    return answer


def test_who_is_not_logged_in_is_sent_to_the_login_below_the_path(browser: httpx.Client) -> None:
    assert browser.get(f"{PREFIX}/cameras").headers["location"] == f"{PREFIX}/login?next=%2Fcameras"
    fragment = browser.get(f"{PREFIX}/incidents", headers={"hx-request": "true"})
    assert fragment.headers["hx-redirect"] == f"{PREFIX}/login"
    assert log_in(browser).headers["location"] == f"{PREFIX}/incidents"


def test_every_address_of_every_page_leads_to_a_page_below_the_path(browser: httpx.Client) -> None:
    log_in(browser)
    ahead, seen = [f"{PREFIX}/incidents"], set()
    while ahead:
        path = ahead.pop()
        if path in seen or "/live" in path:  # events without an end
            continue
        seen.add(path)
        answer = browser.get(path)
        if answer.is_redirect:
            ahead.append(answer.headers["location"])
            continue
        assert answer.status_code == 200, path
        if not answer.headers["content-type"].startswith("text/html"):
            continue
        assert int(answer.headers["content-length"]) == len(answer.content)
        for name, address in ATTRIBUTE.findall(answer.text):
            if name == "value":
                continue
            assert address.startswith(f"{PREFIX}/"), f'{path}: {name}="{address}"'
            if name in {"href", "src"} and "#" not in address and "/language" not in address:
                ahead.append(address.replace("&amp;", "&"))
    pages = {path.removeprefix(PREFIX).partition("?")[0] for path in seen}
    assert {"/incidents", "/statistics", "/cameras", "/account", "/static/console.css"} <= pages
    assert any(page.startswith("/incidents/5f0c7f9e") for page in pages)


@pytest.mark.parametrize(
    "told", ["https://evil.example", "//evil.example", '/a"><script>', "/a b", "/../x", "evil", "/" + "a" * 99, "/"]
)
def test_what_is_no_plain_path_is_none(told: str) -> None:
    assert prefix_of(told) == ""


def test_a_public_url_may_have_a_plain_path() -> None:
    section = ConsoleSection(public_url="https://falls.example:8443/estate/edgecv/")
    assert section.public_origin == "https://falls.example:8443"
    assert section.public_path == "/estate/edgecv"
    assert ConsoleSection(public_url="https://falls.example").public_path == ""
