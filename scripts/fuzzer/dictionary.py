"""Values that have broken parsers, storage, calendars, terminals and pages before."""

from __future__ import annotations

from typing import Any

MARK = "fuzz-mark"
"""Name of the element and attribute that markup in inputs tries to make; see ``pages.markup_in``."""

MARKUP = (
    f"<{MARK}>",
    f"'\"><{MARK} a='",
    f'" {MARK}="1',
    f"' {MARK}='1",
    f"</script><{MARK}>",
    f"</textarea></title><{MARK}>",
    f'<div hx-post="/users" hx-trigger="load" hx-vals=\'{{"{MARK}":1}}\'>',
    f"javascript:{MARK}",
    f"&lt;{MARK}&gt;<{MARK}/>",
    "{{191*191}}{% raw %}",
)
TEXTS = (
    "",
    " ",
    "%",
    "100%",
    "%s%n%(x)s%",
    "{}{0}{x!r}",
    "\x00",
    "a\x00b",
    "\ud800",
    "\udfff\ud800",
    "\ud83d",
    "a\r\nSet-Cookie: x=1",
    "\x1b[2J\x1b]0;x\x07",
    "\u202e\u2066abc\u200b",
    "\ufeff",
    "../../../etc/passwd",
    "..",
    "/",
    "a/b",
    "\\",
    ".",
    "~root",
    "$(id)`id`",
    "'; DROP TABLE incidents; --",
    "NaN",
    "null",
    "-0",
    "1e999",
    "0x10",
    "１２",
    "0001-01-01T00:00:00Z",
    "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59.999Z",
    "9999-12-31T23:59:59-14:00",
    "2026-02-30T25:61:61Z",
    "2026-W01-1",
    "10000-01-01T00:00:00Z",
    "1969-12-31T23:59:59Z",
    "2026-05-01T14:14:02.120Z",
    "2026-05-01T14:14:02.120",
    "file:///etc/passwd",
    "http://192.0.2.1/?password=p",
    "concat:a|b",
    "x" * 70,
    "x" * 300,
    "é" * 5000,
    "a" * 70_000,
    "(" * 3000,
    "<" * 5000,
    "1" * 5000,
    *MARKUP,
)
NUMBERS: tuple[Any, ...] = (
    0,
    -0.0,
    -1,
    1,
    0.5,
    2**31 - 1,
    2**31,
    -(2**31) - 1,
    2**53 + 1,
    2**63,
    -(2**63) - 1,
    2**64,
    10**400,
    -(10**400),
    1e-320,
    1e12,
    1e17,
    1.8e308,
    -1.8e308,
    float("inf"),
    float("-inf"),
    float("nan"),
    253402300799.0,
    253402300800.0,
    -62135596801.0,
)


def nested(depth: int, in_lists: bool) -> Any:
    """A value of so many levels."""
    value: Any = 1
    for _ in range(depth):
        value = [value] if in_lists else {"a": value}
    return value


def others() -> tuple[Any, ...]:
    """Values of the other types; made anew, because mutations change them in place."""
    return (
        None,
        True,
        False,
        [],
        {},
        [[]],
        {"": ""},
        [None] * 50,
        list(range(20_000)),
        {str(n): n for n in range(5000)},
        nested(40, in_lists=True),
        nested(200, in_lists=False),
        nested(900, in_lists=True),
        {"class": {"class": "heavy"}},
        {"__proto__": 1, "$ref": "#"},
    )
