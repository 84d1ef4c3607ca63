"""Every page and form of the console with nasty paths, queries and forms, as each role and as nobody."""

from __future__ import annotations

import random
import re
from pathlib import Path
from typing import ClassVar
from urllib.parse import quote, quote_plus

from edgecv.console.intake.event_ingest import receive
from edgecv.console.intake.events import read_arrival
from edgecv.console.web.pages import ROUTES
from fuzzer.asgi import expect_no_failure, request
from fuzzer.console import ROLES, Office
from fuzzer.dictionary import NUMBERS, TEXTS
from fuzzer.entrance import Case, Entrance, expect
from fuzzer.mutation import json_text
from fuzzer.pages import expect_no_markup
from fuzzer.seeds import INCIDENT, SITE, messages

FIELDS = (
    *("kind", "state", "building", "device", "class", "since", "until", "floor", "tier", "before", "after", "cursor"),
    *("page", "next", "language", "do", "name", "full_name", "role", "password", "why", "note", "seen", "assignee"),
    *("q", "year", "month", "by", "to", "order", "limit", "key", "community", "old", "new", "again", "code", "error"),
    *("points", "masks", "lowest_floor", "threshold", "mine", "late", "until_day", "hold", "user", "iss", "csrf"),
)
_GOOD = {
    "incident": INCIDENT["id"],
    "site": SITE,
    "camera": "north-1",
    "name": "strobe.jpg",
    "table": "months",
    "entry": "1",
}
_PAGES = tuple(sorted((method, route.path) for route in ROUTES for method in (route.methods or {"GET"}) - {"HEAD"}))
_API = (("GET", "/api/v1/incidents"), ("GET", "/api/v1/incidents/{incident}"), ("GET", "/static/{name}"))
_STRINGS = tuple(text.encode("utf-8", "surrogatepass") for text in TEXTS if len(text) < 6000)


class Pages(Entrance):
    """All routes of the console."""

    name = "pages"
    weight: ClassVar[float] = 3.0
    smoke = 250
    good_every = 10

    def open(self, folder: Path) -> None:
        """A console with an incident and a camera."""
        self._office = Office(folder)
        for level, device in (
            ("incident", "north-1"),
            ("update", "covers"),
            ("device", "north-1"),
            ("state", "north-1"),
        ):
            text = json_text(random.Random(3), messages()[level])
            receive(self._office.database, [read_arrival(SITE, device, level, text, 1.78e9)])

    def make(self, rng: random.Random) -> Case:
        """A request."""
        method, path = rng.choice((*_PAGES, *_API))
        spoilt = rng.random() < 0.3

        def filled(match: re.Match[str]) -> str:
            good = _GOOD.get(match[1], "x")
            return quote(_text(rng) if spoilt and rng.random() < 0.6 else good.encode(), safe="")

        path = re.sub(r"\{(\w+)(?::\w+)?\}", filled, path)
        fields = "&".join(
            f"{rng.choice(FIELDS) if rng.random() < 0.95 else quote_plus(_text(rng))}={quote_plus(_text(rng))}"
            for _ in range(rng.randrange(6))
        )
        if rng.random() < 0.05:
            fields = rng.choice(("&" * 3000, "=" * 300, "%", "%zz=%f", ";".join("a=b" for _ in range(500))))
        role = rng.choice((None, *ROLES, "admin", "official"))
        language = rng.choice(("en", "zh-CN", "zh;q=x", "*", "a" * 500))
        kind = "application/x-www-form-urlencoded"
        if rng.random() < 0.1:
            kind = rng.choice(
                ("multipart/form-data; boundary=x", "multipart/form-data", "application/json", "", "x/\xff")
            )
        in_query = method == "GET" or rng.random() < 0.2
        return {
            "method": method
            if rng.random() < 0.95
            else rng.choice(("POST", "PUT", "DELETE", "HEAD", "OPTIONS", "QUERY")),
            "target": f"{path}?{fields}" if in_query else path,
            "role": role,
            "language": language,
            "headers": [["hx-request", "true"]] if rng.random() < 0.2 else [],
            "type": kind,
            "body": "" if in_query else fields,
        }

    def attempt(self, case: Case) -> None:
        """Ask, with the tokens of the role."""
        headers = self._office.headers(case["role"], case["language"])
        headers += [(name.encode(), value.encode("latin-1")) for name, value in case["headers"]]
        if case["body"]:
            headers.append((b"content-type", case["type"].encode("latin-1")))
        app = self._office.app
        answer = request(app, case["method"], case["target"].encode("latin-1"), headers, case["body"].encode("latin-1"))
        if answer.status >= 500:
            route = re.sub(r"[^/a-z.{}_]+[^/]*", "…", case["target"].partition("?")[0])[:60]
            expect(False, f"{case['method']} {route} answers {answer.status}")
        expect_no_failure(answer)
        expect_no_markup(answer)
        location = answer.headers.get("location", "/")
        expect(location.startswith("/") and not location.startswith(("//", "/\\")), "sends the browser elsewhere")
        if case["role"] is None and case["method"] == "GET":
            expect(
                INCIDENT["id"].encode() not in answer.body or INCIDENT["id"] in case["target"], "shows data to nobody"
            )

    def good(self) -> None:
        """The list still answers."""
        answer = request(self._office.app, "GET", b"/incidents", self._office.headers("viewer"))
        expect(answer.status in {200, 303}, f"the list answers {answer.status}")

    def close(self) -> None:
        """Close the database."""
        self._office.close()


def _text(rng: random.Random) -> bytes:
    if rng.random() < 0.25:
        return str(rng.choice([n for n in NUMBERS if not isinstance(n, int) or abs(n) < 2**70])).encode()
    if rng.random() < 0.2:
        return rng.choice(
            (b"new", b"confirmed", b"heavy", b"add", b"admin", b"2026-05-01", b"thrown_object", b"0", b"1")
        )
    return rng.choice(_STRINGS)
