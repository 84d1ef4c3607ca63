"""kill -9 of any of the daemon's processes at random moments while incidents flow, and what must hold afterwards."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from edgecv.audit.verify import verify_bundle
from edgecv.evidence.bundle_files import PICTURES, record_in
from edgecv.evidence.hash_chain import verify_chain
from edgecv.evidence.keys import load_public_key
from edgecv.storage.database import DATABASE
from edgecv.storage.incident_store import INCIDENTS
from soak_test.listener import Listener
from soak_test.stage import Stage

LONGEST_PAUSE_S = 9.0
"""Between two kills: long enough for a worker to start, learn the picture and see a fall."""
_LOOK_S = 0.05
_PATIENCE_S = 240.0


@dataclass
class Outcome:
    """What the kills did.

    Attributes:
        killed: how often which kind of process.
        incidents: how many there are in the end.
        sealed: how many have sealed evidence.
        lost_evidence: how many were killed before any of their evidence was written; their record is there.
        without_clip: how many sealed ones have a record alone, and say why.
        without_pictures: how many sealed ones have a clip and no pictures of it.
        twice: how many messages came more than once, with the same id.
        problems: what must not be, one line each.
    """

    killed: Counter[str] = field(default_factory=Counter)
    incidents: int = 0
    sealed: int = 0
    lost_evidence: int = 0
    without_clip: int = 0
    without_pictures: int = 0
    twice: int = 0
    problems: list[str] = field(default_factory=list)

    @property
    def summary(self) -> str:
        """The figures on one line."""
        kinds = ", ".join(f"{count} {kind}" for kind, count in sorted(self.killed.items()))
        return (
            f"{sum(self.killed.values())} kills ({kinds}); {self.incidents} incidents, {self.sealed} with sealed "
            f"evidence ({self.without_clip} of them without a clip, {self.without_pictures} without pictures), "
            f"{self.lost_evidence} killed before any was written; {self.twice} repeated messages"
        )


class Witness(threading.Thread):
    """Reads the database all the while: what was committed once must be there for ever."""

    def __init__(self, path: Path) -> None:
        super().__init__(name="witness", daemon=True)
        self.seen: dict[str, float] = {}
        self._path = path
        self._stopped = threading.Event()

    def run(self) -> None:
        """The thread."""
        while not self._stopped.wait(_LOOK_S):
            for row in rows(self._path, "SELECT id FROM incidents WHERE tier = 'incident'"):
                self.seen.setdefault(row["id"], time.monotonic())

    def stop(self) -> None:
        """End."""
        self._stopped.set()
        self.join(10)


def kill_again_and_again(stage: Stage, kills: int, seed: int) -> Outcome:
    """Kill so many times, let the daemon come to rest, and look for what was lost or doubled."""
    chance, outcome = random.Random(seed), Outcome()
    listener, witness = Listener(stage.broker_port), Witness(stage.state / DATABASE)
    witness.start()
    try:
        stage.start()
        _until(lambda: bool(witness.seen), "the first incident")
        for number in range(kills):
            time.sleep(chance.uniform(0.0, LONGEST_PAUSE_S))
            if number % 2:  # half of them while evidence is under way
                known = len(witness.seen)
                _until(lambda known=known: len(witness.seen) > known, "another incident", 60.0, hard=False)  # type: ignore[misc]
                time.sleep(chance.uniform(0.0, 1.0))
            outcome.killed[_kill(stage, chance)] += 1
        known = len(witness.seen)
        _until(lambda: len(witness.seen) > known, "an incident after the last kill")
        stage.stop()
        _settle(stage, outcome)
    finally:
        witness.stop()
        listener.close()
    _judge(stage, outcome, set(witness.seen), [(a.device, a.id) for a in listener.arrivals])
    return outcome


def _kill(stage: Stage, chance: random.Random) -> str:
    """Kill one process, any; the daemon is started again where it was the supervisor. What it was."""
    assert stage.daemon is not None
    children = stage.children()
    victim = chance.choice([*sorted(children), stage.daemon.pid])
    try:
        os.kill(victim, signal.SIGKILL)
    except ProcessLookupError:
        return "gone already"
    if victim != stage.daemon.pid:
        return "children"
    stage.daemon.wait()
    _until(lambda: not any(map(is_running, children)), "the end of a killed daemon's children")
    stage.start()
    return "supervisors"


def _settle(stage: Stage, outcome: Outcome) -> None:
    """Start once more, without a camera that could find anything new, until everything is sealed and delivered."""
    stage.start()
    database = stage.state / DATABASE

    def at_rest() -> bool:
        pending = rows(database, "SELECT id FROM incidents WHERE evidence = 'pending'")
        return not pending and stage.metrics().get('edgecv_outbox_messages{target="mqtt"}') == 0.0

    if stage.server is not None:
        stage.server.kill()
    if not _until(at_rest, "rest", hard=False):
        outcome.problems.append("evidence or messages were still waiting when nothing new came any more")
    took_s = stage.stop()
    if took_s > 10.0:
        outcome.problems.append(f"the last stop took {took_s:.1f} s")


def _judge(stage: Stage, outcome: Outcome, seen: set[str], heard: list[tuple[str, str]]) -> None:
    database, folder = stage.state / DATABASE, stage.state / INCIDENTS
    found = rows(database, "SELECT id, device, evidence FROM incidents WHERE tier = 'incident' ORDER BY rowid")
    kept = {row["id"] for row in found}
    sealed = {row["id"] for row in found if row["evidence"] == "sealed"}
    first_heard = list(dict.fromkeys(heard))
    outcome.incidents, outcome.sealed = len(kept), len(sealed)
    outcome.lost_evidence = sum(row["evidence"] == "failed" for row in found)
    outcome.twice = len(heard) - len(first_heard)
    told = {incident_id for _, incident_id in first_heard}
    problems = outcome.problems
    problems += [f"{one} was committed once and is gone" for one in sorted(seen - kept)]
    problems += [f"{one} is in the database and never reached the broker" for one in sorted(kept - told)]
    problems += [f"{one} reached the broker and is not in the database" for one in sorted(told - kept)]
    for device in stage.cameras:
        own = [row["id"] for row in found if row["device"] == device]
        if [one for name, one in first_heard if name == device] != own:
            problems.append(f"{device}: incidents reached the broker in another order than they were recorded")
    check = [row[0] for row in rows(database, "PRAGMA integrity_check")]
    if check != ["ok"]:
        problems.append(f"the database is damaged: {check[0]}")
    folders = {path.name for path in folder.iterdir()}
    problems += [f"{folder / name} belongs to nothing" for name in sorted(folders - sealed)]
    problems += [f"evidence of {one} is marked as sealed and is not there" for one in sorted(sealed - folders)]
    problems += [f"{path} was left half-written" for path in stage.state.rglob("*.part")]
    public = load_public_key(stage.state / "box.pub")
    bundles = [folder / name for name in sorted(folders & sealed)]
    has_clip = [path for path in bundles if any(path.glob("clip.*"))]
    outcome.without_clip = len(bundles) - len(has_clip)
    outcome.without_pictures = sum(not all((path / name).exists() for name in PICTURES) for path in has_clip)
    problems += [f"{path} has no clip and does not say why" for path in bundles if not _is_honest(path)]
    problems += [line for path in bundles for line in verify_bundle(path, public, replay=False).problems]
    problems += verify_chain(bundles, contiguous=True).problems


def _is_honest(bundle: Path) -> bool:
    evidence = record_in(bundle).evidence
    return evidence.clip is not None or evidence.reason is not None


def is_running(pid: int) -> bool:
    """Whether a process runs; one that nobody has buried yet does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def rows(database: Path, query: str) -> list[sqlite3.Row]:
    """Read; nothing while the database is not there yet."""
    try:
        with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True, timeout=20)) as connection:
            connection.row_factory = sqlite3.Row
            return connection.execute(query).fetchall()
    except sqlite3.OperationalError:
        return []


def _until(condition: Callable[[], bool], what: str, seconds: float = _PATIENCE_S, *, hard: bool = True) -> bool:
    until = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > until:
            if hard:
                raise TimeoutError(f"waited {seconds:.0f} s in vain for {what}")
            return False
        time.sleep(_LOOK_S)
    return True
