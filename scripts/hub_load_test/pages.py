"""Officials who look: every sort of page asked for in turn, each answer timed."""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import cycle

import httpx

from edgecv.console.web.auth_middleware import COOKIE

_ANSWER_S = 120.0
_FILTERS = {
    "building": "building={building}",
    "floor": "floor=8",
    "camera": "device=north-1",
    "weight": "mass_class=heavy",
    "kind": "kind=thrown_object",
    "state": "state=new",
    "overdue": "due=over",
    "day": "since={day}&until={day}",
    "five filters": "building={building}&floor=3&mass_class=light&device=north-2&state=closed",
    "nothing found": "floor=29&mass_class=light&state=investigated",
}


@dataclass
class Official:
    """Somebody of one community, logged in; what they look at.

    Attributes:
        client: with their cookie.
        building: one of their community's.
        day: on which something happened, YYYY-MM-DD.
        deep: the place of a page in the middle of the list.
        incidents: ids of some of their own.
    """

    client: httpx.Client
    building: str
    day: str
    deep: str
    incidents: Sequence[str]

    def addresses(self) -> dict[str, list[str]]:
        """Addresses of each sort of page."""
        words = {"building": self.building, "day": self.day}
        lists = {"list, first page": ["/incidents"], "list, deep page": [f"/incidents?after={self.deep}"]}
        lists |= {f"list, {name}": [f"/incidents?{query.format(**words)}"] for name, query in _FILTERS.items()}
        return lists | {
            "incident": [f"/incidents/{one}" for one in self.incidents],
            "statistics": ["/statistics"],
            "statistics, one building": [f"/statistics?building={self.building}"],
        }


@dataclass
class Times:
    """Seconds that each answer took, by sort of page."""

    taken: dict[str, list[float]] = field(default_factory=dict)

    def of(self, prefix: str) -> list[float]:
        """All of the sorts that begin so."""
        return [time_s for name, times in self.taken.items() if name.startswith(prefix) for time_s in times]

    def report(self, heading: str) -> None:
        """Print a line for each sort, and one for all lists together."""
        print(f"\n{heading}\n{'':26}{'n':>5}{'p50':>8}{'p95':>8}{'worst':>8}  ms")
        for name, times in (*self.taken.items(), ("all lists", self.of("list"))):
            if times:
                p50, p95 = statistics.median(times), p95_of(times)
                print(f"{name:26}{len(times):5}{p50 * 1e3:8.0f}{p95 * 1e3:8.0f}{max(times) * 1e3:8.0f}")
        print(f"load average of the machine {os.getloadavg()[0]:.1f}, {os.cpu_count()} processors", flush=True)


def logged_in(url: str, name: str, password: str) -> httpx.Client:
    """A client with the cookie of somebody who has just logged in."""
    answer = httpx.post(f"{url}/login", data={"name": name, "password": password}, timeout=_ANSWER_S)
    token = answer.headers["set-cookie"].split("=", 1)[1].split(";")[0]
    # by hand: the cookie is for TLS only, and this is loopback
    return httpx.Client(base_url=url, headers={"Cookie": f"{COOKIE}={token}"}, timeout=_ANSWER_S)


def looked(officials: Sequence[Official], sorts: Callable[[str], bool], go_on: Callable[[int], bool]) -> Times:
    """Ask for one page after the other, each official in turn, for as long as ``go_on`` (of how many rounds) says."""
    times = Times()
    asked: Mapping[int, dict[str, Iterator[str]]] = {
        n: {name: cycle(those) for name, those in one.addresses().items() if sorts(name)}
        for n, one in enumerate(officials)
    }
    rounds = 0
    while go_on(rounds):
        official = officials[rounds % len(officials)]
        for name, addresses in asked[rounds % len(officials)].items():
            began = time.perf_counter()
            official.client.get(next(addresses)).raise_for_status()
            times.taken.setdefault(name, []).append(time.perf_counter() - began)
        rounds += 1
    return times


def p95_of(times: Sequence[float]) -> float:
    """The time that 95 % of the answers kept within."""
    return statistics.quantiles(times, n=20, method="inclusive")[-1] if len(times) > 1 else max(times)
