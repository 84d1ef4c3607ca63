"""Fill a hub, let boxes publish, and measure."""

from __future__ import annotations

import argparse
import json
import random
import statistics
import sys
import tempfile
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import paho.mqtt.client as mqtt
from brokers import running_broker
from console.hub_server import running_hub
from known_bundles import record
from paho.mqtt.enums import CallbackAPIVersion
from postgres import running_postgres
from sqlalchemy import func, insert, select, text
from waiting import wait_for

from edgecv.cli import main as edgecv
from edgecv.console.intake.sites import set_communities
from edgecv.console.storage import EVERYTHING, ConsoleDatabase
from edgecv.console.storage.projection import columns_of
from edgecv.console.storage.schema import Community, Incident
from edgecv.console.web.guard import COOKIE
from edgecv.incidents.record import Incident as Record
from edgecv.upstream.cloudevents import encode, incident_event

_PASSWORD = "correct horse battery"
_COMMUNITIES = ("east", "west")
_PER_BOX = 10
"""Incidents that each box publishes; the others are in the database before."""
_BEGAN = datetime(2025, 1, 1, tzinfo=UTC)
_CLASSES = ("heavy", "medium", "light")
_FILTERS = (
    "",
    "?floor=8",
    "?mass_class=heavy",
    "?state=new",
    "?state=closed",
    "?device=north-1",
    "?floor=3&mass_class=light",
)


def main() -> int:
    """Run; the exit status says whether everything held."""
    parser = argparse.ArgumentParser(prog="scripts/hub_load")
    parser.add_argument("--incidents", type=int, default=100_000)
    parser.add_argument("--boxes", type=int, default=50)
    options = parser.parse_args()
    sites = [f"site-{n}" for n in range(options.boxes)]
    owner = {site: _COMMUNITIES[n % 2] for n, site in enumerate(sites)}
    wanted = {name: (name, [site for site in sites if owner[site] == name]) for name in _COMMUNITIES}
    with tempfile.TemporaryDirectory() as name, running_postgres() as address:
        folder = Path(name)
        database = ConsoleDatabase(address)
        set_communities(database, wanted)
        began = time.monotonic()
        sent = _fill(database, owner, options.incidents - options.boxes * _PER_BOX)
        print(f"{sum(map(len, sent.values()))} incidents inserted in {time.monotonic() - began:.0f} s", flush=True)
        with running_broker(folder, "allow_anonymous true", "max_queued_messages 0") as broker:
            more = {
                "communities": {key: {"title": title, "sites": named} for key, (title, named) in wanted.items()},
                "mqtt": {"url": f"mqtt://127.0.0.1:{broker.port}"},
                "evidence": {},
                "console": {"database": address},
            }
            with running_hub(folder, **more) as hub:
                _make_users(hub.file, folder)
                return _measure(hub.url, database, broker.port, owner, sent)


def _record(number: int, site: str, draw: random.Random) -> dict[str, Any]:
    started = _BEGAN + timedelta(minutes=8 * number)
    content = json.loads(record(f"{site}-{number}", floor=draw.randint(1, 30)).to_json())
    stamp = started.isoformat().replace("+00:00", "Z")
    content |= {"site": site, "device": f"north-{draw.randint(1, 4)}", "started_at": stamp, "ended_at": stamp}
    content["mass"]["class"] = draw.choice(_CLASSES)
    return content


def _fill(database: ConsoleDatabase, owner: dict[str, str], count: int) -> dict[str, set[str]]:
    draw, sites = random.Random(1), list(owner)
    sent: dict[str, set[str]] = {name: set() for name in _COMMUNITIES}
    base = _record(0, sites[0], draw)
    with database.session(EVERYTHING) as session:
        keys = {row.name: row.key for row in session.scalars(select(Community))}
    for first in range(0, count, 5000):
        rows = []
        for number in range(first, min(first + 5000, count)):
            site = sites[number % len(sites)]
            content = json.loads(json.dumps(base)) | {"id": f"{site}-{number}", "site": site}
            content["device"] = f"north-{draw.randint(1, 4)}"
            content["started_at"] = (_BEGAN + timedelta(minutes=8 * number)).isoformat()
            content["origin"]["floor"], content["mass"]["class"] = draw.randint(1, 30), draw.choice(_CLASSES)
            columns = columns_of(content)
            sent[owner[site]].add(columns["id"])
            columns |= {"record": content, "received_s": columns["started_s"], "state_s": columns["started_s"]}
            rows.append(
                columns | {"community_id": keys[owner[site]], "state": draw.choice(("new", "closed", "closed"))}
            )
        with database.session(EVERYTHING, writes=True) as session:
            session.execute(insert(Incident), rows)
    with database.session(EVERYTHING, writes=True) as session:
        session.execute(text("ANALYZE incidents"))
    return sent


def _make_users(hub_file: Path, folder: Path) -> None:
    password = folder / "password"
    password.write_text(_PASSWORD)
    for name in _COMMUNITIES:
        words = ["console", "user", "add", f"user-{name}", "--role", "official", "--community", name]
        if edgecv([*words, "--hub", str(hub_file), "--password-file", str(password)]) != 0:
            raise SystemExit("the user cannot be made")


def _publish(port: int, site: str, records: list[Record]) -> None:
    client = mqtt.Client(CallbackAPIVersion.VERSION2, f"box-{site}", protocol=mqtt.MQTTv5)
    client.connect("127.0.0.1", port)
    client.loop_start()
    for one in records:
        topic = f"edgecv/v1/{site}/{one.device}/incident"
        client.publish(topic, encode(incident_event(one)), qos=1).wait_for_publish(120)
    client.disconnect()
    client.loop_stop()


def _measure(url: str, database: ConsoleDatabase, port: int, owner: dict[str, str], sent: dict[str, set[str]]) -> int:
    before = {name: len(ids) for name, ids in sent.items()}
    draw, threads = random.Random(2), []
    for site, community in owner.items():
        records = [Record.model_validate(_record(1_000_000 + n, site, draw)) for n in range(_PER_BOX)]
        sent[community] |= {one.id for one in records}
        threads.append(threading.Thread(target=_publish, args=(port, site, records)))
    began = time.monotonic()
    for thread in threads:
        thread.start()
    clients = {name: _logged_in(url, f"user-{name}") for name in _COMMUNITIES}
    times = [_timed(clients[_COMMUNITIES[n % 2]], _FILTERS[n % len(_FILTERS)]) for n in range(280)]
    for thread in threads:
        thread.join()
    total = sum(map(len, sent.values()))

    def count() -> int:
        with database.session(EVERYTHING) as session:
            return session.scalar(select(func.count()).select_from(Incident)) or 0

    wait_for(lambda: count() >= total, "all are in the database", 120)
    arrived_s = time.monotonic() - began
    p95 = statistics.quantiles(times, n=20)[-1] * 1000
    print(
        f"list page: p50 {statistics.median(times) * 1000:.0f} ms, p95 {p95:.0f} ms, worst {max(times) * 1000:.0f} ms"
    )
    published = total - sum(before.values())
    print(f"{published} through the broker by {len(owner)} boxes, all stored {arrived_s:.0f} s after the first")
    is_good = p95 <= 150
    for name, client in clients.items():
        seen = _everything(client)
        lost, foreign = len(sent[name] - seen), len(seen - sent[name])
        print(f"{name}: {len(seen)} seen, {lost} lost, {foreign} of others")
        is_good = is_good and lost == foreign == 0
    return 0 if is_good else 1


def _logged_in(url: str, name: str) -> httpx.Client:
    answer = httpx.post(f"{url}/login", data={"name": name, "password": _PASSWORD}, timeout=60)
    token = answer.headers["set-cookie"].split("=", 1)[1].split(";")[0]
    # by hand: the cookie is for TLS only, and this is loopback
    return httpx.Client(base_url=url, headers={"Cookie": f"{COOKIE}={token}"}, timeout=60)


def _timed(client: httpx.Client, query: str) -> float:
    began = time.perf_counter()
    client.get(f"/incidents{query}").raise_for_status()
    return time.perf_counter() - began


def _everything(client: httpx.Client) -> set[str]:
    seen: set[str] = set()
    after: str | None = ""
    while after is not None:
        query = {"rows": 200} | ({"after": after} if after else {})
        page = client.get("/api/v1/incidents", params=query).raise_for_status().json()
        seen |= {one["id"] for one in page["incidents"]}
        after = page["following"]
    return seen


if __name__ == "__main__":
    sys.exit(main())
