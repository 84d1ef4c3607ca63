"""Servers and browsers outside of Python that some tests talk to."""

from __future__ import annotations

import os
from typing import NoReturn

import pytest

# a test that asks for one of these talks to a real broker, RTSP server, database server or browser
FIXTURES = frozenset({"broker", "chromium", "postgres_server", "rtsp_server"})
_BROKERS = "_broker"


def is_service(fixture: str) -> bool:
    """Whether a fixture of this name starts a service."""
    return fixture in FIXTURES or fixture.endswith(_BROKERS)


def missing(service: str, packages: str) -> NoReturn:
    """Skip the test for want of a service; in CI fail it, for there nothing may go untested."""
    reason = f"{service} is not installed: apt-get install {packages}, or run scripts/test"
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)
