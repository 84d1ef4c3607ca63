"""Fill a hub, let boxes publish, look meanwhile, and count afterwards."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path

import psycopg
from brokers import running_broker
from console.hub_server import running_hub
from postgres import running_postgres
from waiting import wait_for

from edgecv.cli import main as edgecv
from hub_load_test.boxes import messages_of, publishing
from hub_load_test.filling import Owner, fill
from hub_load_test.pages import Official, Times, logged_in, looked, p95_of

PASSWORD = "correct horse battery"
COMMUNITIES = ("east", "west")
LIST_P95_S = 0.150
_QUIET_ROUNDS = 20
_STORED_S = 300.0

Sent = Mapping[str, set[str]]


def main() -> int:
    """Run; the exit status says whether everything held."""
    parser = argparse.ArgumentParser(prog="scripts/hub_load")
    parser.add_argument("--incidents", type=int, default=100_000, help="there before")
    parser.add_argument("--boxes", type=int, default=50)
    parser.add_argument(
        "--per-box", type=int, default=60, help="incidents that each box publishes while pages are asked"
    )
    parser.add_argument(
        "--every", type=float, default=1.0, metavar="S", help="between two of a box; 0: as fast as it can"
    )
    options = parser.parse_args()
    sites = [f"site-{n}" for n in range(options.boxes)]
    owner = {site: COMMUNITIES[n % 2] for n, site in enumerate(sites)}
    communities = {name: {"title": name, "sites": [s for s in sites if owner[s] == name]} for name in COMMUNITIES}
    with tempfile.TemporaryDirectory() as name, running_postgres(durable=True) as address:
        folder = Path(name)
        with running_broker(folder, "allow_anonymous true", "max_queued_messages 0") as broker:
            mqtt = {"url": f"mqtt://127.0.0.1:{broker.port}"}
            more = {"communities": communities, "mqtt": mqtt, "evidence": {}, "console": {"database": address}}
            with running_hub(folder, **more) as hub:
                owners = _owners(address, owner, _make_users(hub.file, folder))
                began = time.monotonic()
                sent = fill(address, owners, options.incidents)
                print(f"{options.incidents} incidents put in in {time.monotonic() - began:.0f} s", flush=True)
                officials = [_official(hub.url, address, name) for name in COMMUNITIES]
                quiet = looked(officials, lambda _: True, lambda rounds: rounds < _QUIET_ROUNDS)
                quiet.report("Nothing comes:")
                published = messages_of(sites, options.per_box)
                busy = _look_while_boxes_publish(officials, address, broker.port, published, options)
                for site, messages in published.items():
                    sent[owner[site]] |= {one for one, _, _ in messages}
                held = _in_order(address, published) and _apart(officials, sent)
                is_fast = max(p95_of(times.of("list")) for times in (quiet, busy)) <= LIST_P95_S
                print(f"list page p95 <= {LIST_P95_S * 1e3:.0f} ms: {'yes' if is_fast else 'NO'}")
                return 0 if held and is_fast else 1


def _look_while_boxes_publish(
    officials: Sequence[Official],
    address: str,
    port: int,
    messages: Mapping[str, Sequence[tuple[str, str, bytes]]],
    options: argparse.Namespace,
) -> Times:
    before, expected = _count(address), sum(map(len, messages.values()))
    boxes = publishing(port, messages, options.every)
    boxes.start()
    wait_for(lambda: _count(address) > before, "the first of the boxes' incidents is there", _STORED_S)
    began = time.monotonic()
    times = looked(officials, lambda name: not name.startswith("statistics"), lambda _: boxes.is_alive())
    boxes.join()
    wait_for(lambda: _count(address) >= before + expected, "all are in the database", _STORED_S)
    taken = time.monotonic() - began
    times.report(f"While {len(messages)} boxes publish, {expected / taken:.0f} incidents a second:")
    print(f"{expected} through the broker, all stored {taken:.0f} s after the first")
    return times


def _make_users(hub_file: Path, folder: Path) -> list[str]:
    password = folder / "password"
    password.write_text(PASSWORD)
    names = [f"user-{name}" for name in COMMUNITIES]
    for name, community in zip(names, COMMUNITIES, strict=True):
        words = ["console", "user", "add", name, "--role", "official", "--community", community]
        if edgecv([*words, "--hub", str(hub_file), "--password-file", str(password)]) != 0:
            raise SystemExit("the user cannot be made")
    return names


def _owners(address: str, owner: Mapping[str, str], users: Sequence[str]) -> dict[str, Owner]:
    with psycopg.connect(address) as connection:
        communities: dict[str, int] = dict(connection.execute("SELECT name, key FROM communities").fetchall())
        keys: dict[str, int] = dict(connection.execute("SELECT name, key FROM users").fetchall())
    officials = dict(zip(COMMUNITIES, users, strict=True))
    return {site: Owner(communities[name], keys[officials[name]], name) for site, name in owner.items()}


def _official(url: str, address: str, community: str) -> Official:
    wanted = (
        "SELECT id, building, started_s, i.key FROM incidents i JOIN communities c ON c.key = i.community_id "
        "WHERE c.name = %s ORDER BY started_s"
    )
    with psycopg.connect(address) as connection:
        rows = connection.execute(wanted, (community,)).fetchall()
    _, building, started_s, key = rows[len(rows) // 2]
    some = [row[0] for row in rows[:: max(1, len(rows) // 40)]]
    day = datetime.fromtimestamp(started_s).date().isoformat()
    return Official(logged_in(url, f"user-{community}", PASSWORD), building, day, f"{started_s!r}_{key}", some)


def _count(address: str) -> int:
    with psycopg.connect(address) as connection:
        found = connection.execute("SELECT count(*) FROM incidents").fetchone()
    return 0 if found is None else int(found[0])


def _in_order(address: str, published: Mapping[str, Sequence[tuple[str, str, bytes]]]) -> bool:
    """Whether what each box published is stored in its order, each once."""
    is_good = True
    with psycopg.connect(address) as connection:
        for site, messages in published.items():
            ids = [one for one, _, _ in messages]
            wanted = "SELECT id FROM incidents WHERE site = %s AND id = ANY(%s) ORDER BY key"
            is_good = [row[0] for row in connection.execute(wanted, (site, ids))] == ids and is_good
    print(f"each box's incidents stored once and in its order: {'yes' if is_good else 'NO'}")
    return is_good


def _apart(officials: Sequence[Official], sent: Sent) -> bool:
    """Whether each community sees all of its own, and nothing of the other's by any way in."""
    is_good = True
    for official, name in zip(officials, COMMUNITIES, strict=True):
        seen = _everything(official)
        lost, foreign = len(sent[name] - seen), len(seen - sent[name])
        others = [one for other in officials if other is not official for one in other.incidents]
        opened = [one for one in others if official.client.get(f"/incidents/{one}").status_code != 404]
        opened += [one for one in others if official.client.get(f"/api/v1/incidents/{one}").status_code != 404]
        print(f"{name}: {len(seen)} seen, {lost} lost, {foreign} of others, {len(opened)} of others opened by their id")
        is_good = is_good and lost == foreign == len(opened) == 0
    return is_good


def _everything(official: Official) -> set[str]:
    seen: set[str] = set()
    after: str | None = ""
    while after is not None:
        query = {"rows": 200} | ({"after": after} if after else {})
        page = official.client.get("/api/v1/incidents", params=query).raise_for_status().json()
        seen |= {one["id"] for one in page["incidents"]}
        after = page["following"]
    return seen


if __name__ == "__main__":
    print(f"load average {os.getloadavg()[0]:.1f} before", flush=True)
    sys.exit(main())
