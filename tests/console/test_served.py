"""A hub as it is served: over real sockets, with the servers' limits and the proxies it believes."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest
from console.hub_server import running_hub

from edgecv.console.settings import LOGIN_FAILURES_PER_ADDRESS


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
