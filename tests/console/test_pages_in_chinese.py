"""Pages over HTTP in Chinese: no sentence of the registry is shown in English, with its code or without."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from html import unescape

import pytest
from console.conftest import Browser, Office, arrival_of
from console.in_chinese import chinese
from known_bundles import record
from messages.test_message_registry import sample_params

from edgecv.console.intake.events import read_arrival
from edgecv.incidents.cloudevents import device_event, encode
from edgecv.messages import Message, templates, to_wire

MESSAGES = tuple(template(**sample_params(template)) for template in templates())
SHORT_CHARS = 8
"""An English word of the registry such as "egg" may be a part of a page's address."""
PLACES = (("origin", "reason"), ("mass", "reason"), ("mass", "hazard"), ("mass", "assumed"))
"""Sentences of a record that its page shows."""
EVENTS_OF_A_CAMERA = 20


def _batches(size: int) -> Iterator[tuple[Message, ...]]:
    return (MESSAGES[first : first + size] for first in range(0, len(MESSAGES), size))


def _text_of(page: str) -> str:
    """What a reader sees, without scripts and markup."""
    return unescape(re.sub(r"<script.*?</script>|<[^>]+>", "\n", page, flags=re.DOTALL))


def _english_in(page: str, messages: tuple[Message, ...]) -> list[str]:
    text = _text_of(page)
    parts = {message.code: re.split(r"东-\d|\d[\d.%]*", message) for message in messages}
    return sorted(
        code
        for code, fixed in parts.items()
        if (longest := max(fixed, key=len).strip()) in text and len(longest) >= SHORT_CHARS
    )


def _not_shown(page: str, messages: tuple[Message, ...], *, coded: bool) -> list[str]:
    text = _text_of(page)
    return [one.code for one in messages if chinese(str(one), to_wire(one) if coded else None) not in text]


def _page(browser: Browser, path: str) -> str:
    answer = browser.get(path)
    assert answer.status_code == 200, path
    return str(answer.text)


@pytest.fixture(params=["with codes", "without codes"])
def coded(request: pytest.FixtureRequest) -> bool:
    return bool(request.param == "with codes")


def test_what_a_record_says(office: Office, coded: bool) -> None:
    browser = office.browser("chen", "zh-CN")
    content = json.loads(record("known").to_json())
    for number, some in enumerate(_batches(len(PLACES))):
        parts = {"origin": dict(content["origin"]), "mass": dict(content["mass"])}
        for (part, name), one in zip(PLACES, some, strict=False):
            parts[part] |= {name: str(one), f"{name}_code": to_wire(one) if coded else None}
        office.take(arrival_of(f"r{number}", **parts))  # type: ignore[arg-type]
        page = _page(browser, f"/incidents/r{number}")
        assert (_not_shown(page, some, coded=coded), _english_in(page, some)) == ([], [])


def test_events_of_a_camera(office: Office, coded: bool) -> None:
    browser = office.browser("chen", "zh-CN")
    for number, some in enumerate(_batches(EVENTS_OF_A_CAMERA)):
        for at, one in enumerate(some):
            event = device_event("jialinglu-3", f"cam-{number}", "other", one, {})
            if not coded:
                event["data"].pop("text_code", None)
            office.take(read_arrival("jialinglu-3", f"cam-{number}", "device", encode(event).decode(), 1.8e9 + at))
        state = json.dumps({"state": "online", "text": "x"})
        office.take(read_arrival("jialinglu-3", f"cam-{number}", "state", state, 1.8e9))
        page = _page(browser, f"/cameras/jialinglu-3/cam-{number}")
        assert (_not_shown(page, some, coded=coded), _english_in(page, some)) == ([], [])


def test_states_of_cameras(office: Office, coded: bool) -> None:
    for number, one in enumerate(MESSAGES):
        state = {"state": "degraded", "text": str(one)} | ({"text_code": to_wire(one)} if coded else {})
        office.take(read_arrival("jialinglu-3", f"cam-{number}", "state", json.dumps(state), 1.8e9))
    page = _page(office.browser("chen", "zh-CN"), "/cameras")
    assert (_not_shown(page, MESSAGES, coded=coded), _english_in(page, MESSAGES)) == ([], [])


@pytest.mark.parametrize("path", ["/incidents", "/cameras"])
def test_problems_of_the_console_itself(office: Office, path: str) -> None:
    office.problems.extend(MESSAGES)
    page = _page(office.browser("chen", "zh-CN"), path)
    assert (_not_shown(page, MESSAGES, coded=True), _english_in(page, MESSAGES)) == ([], [])


def test_the_search_sees_english(office: Office) -> None:
    office.problems.extend(MESSAGES)
    found = _english_in(_page(office.browser("chen", "en"), "/incidents"), MESSAGES)
    assert len(found) > len(MESSAGES) / 2
