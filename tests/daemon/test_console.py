"""``edgecv run`` starts the console where the box file asks for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
from running import Daemon, free_port
from waiting import wait_for


def test_the_console_runs_beside_the_cameras_and_ends_with_them(
    daemon: Callable[[dict[str, Any]], Daemon],
) -> None:
    port = free_port()
    camera = {"north-1": {"source": "rtsp://127.0.0.1:9/none"}}
    box = daemon({"site": "home", "cameras": camera, "console": {"listen": f"127.0.0.1:{port}"}})
    box.start()

    def answers() -> bool:
        try:
            return httpx.get(f"http://127.0.0.1:{port}/healthz", timeout=10).json() == {"alive": True}
        except httpx.HTTPError:
            return False

    wait_for(answers, "the console answers")
    assert httpx.get(f"http://127.0.0.1:{port}/incidents").headers["location"].startswith("/login")
    assert box.stop() < 30
    assert not answers()
