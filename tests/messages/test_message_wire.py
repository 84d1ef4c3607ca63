"""Messages from outside are read only where they are of the registry, and refused where they are beyond bounds."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgecv.messages import Message, camera, check_wire, from_wire, joined, to_wire
from edgecv.messages.params import PARAM_CHARS

LOGIN = {"code": "camera.refuses_login", "params": {"source": "rtsp://10.0.0.1/a"}}


def test_what_was_sent_is_read() -> None:
    message = joined([camera.BROKE_OFF(source="a", why=camera.STARTING()), camera.FINISHING(), "其他"])
    again = from_wire(to_wire(message))
    assert isinstance(again, Message) and again == message and to_wire(again) == to_wire(message)


def test_plain_text_has_no_code() -> None:
    assert to_wire("said by somebody") is None and to_wire(None) is None


def test_what_is_too_long_for_a_parameter_is_sent_as_text_only() -> None:
    assert to_wire(camera.REFUSES_LOGIN(source="a" * (PARAM_CHARS + 1))) is None


def nested(depth: int) -> dict[str, Any]:
    value: dict[str, Any] = {"code": "camera.starting", "params": {}}
    for _ in range(depth):
        value = {"code": "camera.broke_off", "params": {"source": "a", "why": value}}
    return value


BEYOND_BOUNDS = [
    "camera.starting",
    [],
    {"code": "camera.starting"},
    {"code": "camera.starting", "params": []},
    {"code": "Camera Starting", "params": {}},
    {"code": "a" * 65, "params": {}},
    {"code": 7, "params": {}},
    {"code": "a.b", "params": {"x" * 40: 1}},
    {"code": "a.b", "params": {f"x{n}": 1 for n in range(17)}},
    {"code": "a.b", "params": {"x": "y" * (PARAM_CHARS + 1)}},
    {"code": "a.b", "params": {"x": 1e300}},
    {"code": "a.b", "params": {"x": float("nan")}},
    {"code": "a.b", "params": {"x": None}},
    {"code": "a.b", "params": {"x": True}},
    {"code": "a.b", "params": {"x": ["y"] * 65}},
    {"code": "a.b", "params": {"x": [["y"]]}},
    {"code": "a.b", "params": {"x": {"y": 1}}},
    nested(4),
    {"code": "a.b", "params": {f"x{n}": [LOGIN] * 64 for n in range(4)}},
]


@pytest.mark.parametrize("value", BEYOND_BOUNDS)
def test_what_is_beyond_bounds_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match=r"message|param"):
        check_wire(value)
    assert from_wire(value) is None


def test_a_code_of_a_newer_box_is_accepted_and_not_read() -> None:
    value = {"code": "camera.sings", "params": {"song": "x", "times": 3, "why": [LOGIN, "y"]}, "since": 2030}
    check_wire(value)
    assert from_wire(value) is None


@pytest.mark.parametrize(
    "params",
    [{}, {"source": 7}, {"source": "a", "more": "b"}, {"source": ["a"]}, {"sauce": "a"}],
)
def test_parameters_that_are_not_those_of_the_code_are_not_read(params: object) -> None:
    assert from_wire({"code": "camera.refuses_login", "params": params}) is None


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["code", "params", "x"]), inner),
)


@given(JSON)
def test_nothing_from_outside_makes_reading_fail(value: object) -> None:
    assert from_wire(value) is None or isinstance(from_wire(value), Message)
