"""What comes from outside is bounded before anybody uses it."""

import json
import sqlite3
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgecv.untrusted import (
    MAX_DEPTH,
    MAX_INTEGER,
    MAX_JSON_BYTES,
    MAX_TEXT_CHARS,
    MAX_VALUES,
    UntrustedError,
    check_text,
    check_value,
    read_json,
    read_time,
)

JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(st.characters()),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters()), inner),
    max_leaves=20,
)


def nested(depth: int) -> str:
    return "[" * depth + "]" * depth


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        ('{"id": "\\ud800"}', "surrogate"),
        ('{"\\ud800": 1}', "surrogate"),
        ('["\\u0000"]', "NUL"),
        ("1e400", "float"),
        ("-1e400", "float"),
        ("1" + 400 * "0", "integer"),
        ("-" + 5000 * "9", "integer"),
        ("NaN", "NaN"),
        ("-Infinity", "Infinity"),
        (nested(MAX_DEPTH + 1), "deep"),
        (nested(200_000), "deep"),
        ('{"a": 1', "not JSON"),
        (b"\xff\xfe", "UTF-8"),
        (b'"' + b"x" * MAX_JSON_BYTES + b'"', "bytes"),
        ("[" + "1," * MAX_VALUES + "1]", "values"),
        ('"' + "x" * (MAX_TEXT_CHARS + 1) + '"', "characters"),
    ],
)
def test_what_storage_or_a_later_walk_could_not_take_is_refused_with_the_reason(raw: str | bytes, reason: str) -> None:
    with pytest.raises(UntrustedError, match=reason):
        read_json(raw)


def test_what_lies_just_within_the_limits_is_read() -> None:
    assert read_json(str(MAX_INTEGER)) == MAX_INTEGER
    assert read_json(f"-{MAX_INTEGER}") == -MAX_INTEGER
    assert len(read_json('"' + "x" * MAX_TEXT_CHARS + '"')) == MAX_TEXT_CHARS
    assert read_json(nested(MAX_DEPTH)) == json.loads(nested(MAX_DEPTH))
    assert read_json('{"place": "十四层 \U0001f9f1"}') == {"place": "十四层 \U0001f9f1"}


@given(JSON)
def test_every_document_is_refused_or_can_be_stored_and_written_again(document: Any) -> None:
    try:
        value = read_json(json.dumps(document))
    except UntrustedError:
        return
    text = json.dumps(value, allow_nan=False, ensure_ascii=False)
    with sqlite3.connect(":memory:") as database:
        assert database.execute("SELECT ?", (text,)).fetchone() == (text,)
    check_value(value)
    assert read_json(text) == value


@given(st.binary(max_size=200) | st.text(st.characters(), max_size=200))
def test_no_bytes_or_text_raise_anything_else(raw: bytes | str) -> None:
    try:
        read_json(raw)
    except UntrustedError as error:
        assert str(error)


@pytest.mark.parametrize(
    "text",
    [
        "0001-01-01T00:00:00Z",
        "9999-12-31T23:59:59Z",
        "9999-12-31T23:59:59-23:59",
        "0001-01-01T00:00:00+23:59",
        "1999-12-31T23:59:59Z",
        "2100-01-01T00:00:00Z",
        "yesterday",
        "",
        "2026-11-30T00:00:00Z" + 60 * " ",
        1764460800,
        None,
        {},
    ],
)
def test_a_time_of_no_set_clock_is_refused(text: object) -> None:
    with pytest.raises(UntrustedError, match="started_at"):
        read_time(text, "started_at")


def test_a_time_without_an_offset_is_utc() -> None:
    assert read_time("2000-01-01T00:01:00") == read_time("2000-01-01T08:01:00+08:00") == 946684860.0


def test_a_text_is_bounded_and_named_in_the_refusal() -> None:
    assert check_text("14 楼", 4) == "14 楼"
    with pytest.raises(UntrustedError, match="a name has more than 3"):
        check_text("1234", 3, "a name")
