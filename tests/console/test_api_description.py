"""The API does what its OpenAPI description says, whatever it is asked: schemathesis finds nothing."""

from __future__ import annotations

from typing import Any

import pytest
import schemathesis
from console.conftest import Office, arrival_of
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode

from edgecv.console.web.auth_middleware import COOKIE


@pytest.fixture
def described(office: Office) -> Any:
    office.take(arrival_of("a"), arrival_of("c", "riverside-1"))
    browser = office.browser("chen")
    headers = {"cookie": f"{COOKIE}={browser.client.cookies[COOKIE]}", "x-csrf-token": browser.csrf}
    made = schemathesis.openapi.from_asgi("/api/v1/openapi.json", office.app, headers=headers)
    made.config.update(headers=headers)
    return made


def _asked(operation: Any, mode: GenerationMode) -> list[int]:
    """Ask for whatever schemathesis thinks of; the answers' states."""
    told: list[int] = []

    @settings(max_examples=25, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(case=operation.as_strategy(generation_mode=mode))
    def ask(case: Any) -> None:
        told.append(case.call_and_validate().status_code)

    ask()
    return told


@pytest.mark.parametrize("mode", list(GenerationMode))
def test_nothing_is_answered_that_the_description_does_not_say(described: Any, mode: GenerationMode) -> None:
    operations = [found.ok() for found in described.get_all_operations()]
    assert {operation.path for operation in operations} == {"/incidents", "/incidents/{incident}"}
    told = [_asked(operation, mode) for operation in operations]
    assert all(told)
    assert sum(map(len, told)) >= 10
    assert not any(401 in answers for answers in told), "it was asked by somebody who is logged in"
