"""The API does what its OpenAPI description says, whatever it is asked: schemathesis finds nothing."""

from __future__ import annotations

from typing import Any

import pytest
import schemathesis
from console.conftest import Office, arrival_of
from hypothesis import HealthCheck, settings

from edgecv.console.web.guard import COOKIE


@pytest.fixture
def described(office: Office) -> Any:
    office.take(arrival_of("a"), arrival_of("c", "riverside-1"))
    browser = office.browser("chen")
    headers = {"cookie": f"{COOKIE}={browser.client.cookies[COOKIE]}", "x-csrf-token": browser.csrf}
    made = schemathesis.openapi.from_asgi("/api/v1/openapi.json", office.app, headers=headers)
    made.config.update(headers=headers)
    return made


schema = schemathesis.pytest.from_fixture("described")


@schema.parametrize()
@settings(max_examples=25, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
def test_nothing_is_answered_that_the_description_does_not_say(case: Any, described: Any) -> None:
    answer = case.call_and_validate()
    assert answer.status_code != 401, "it was asked by somebody who is logged in"
