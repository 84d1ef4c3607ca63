"""What another threshold would have made of the last hour: told from the records that the box kept.

Only what was kept can be told: paths with a log-likelihood ratio below the candidates' own limit are forgotten at once,
so no threshold below it can be previewed. A candidate with doubts other than the ratio stays one at any threshold.
"""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from edgecv.classification.settings import ClassificationSettings
from edgecv.classification.verdict import RATIO_DOUBT
from edgecv.console.storage.record_columns import seconds
from edgecv.storage.database import Database
from edgecv.storage.feed import Feed

_MOST_RECORDS = 1000  # of an hour; a camera in wind has some hundred candidates
_THRESHOLDS = (4.0, 5.0, 6.0, 7.0, 8.0, 10.0, 12.0, 15.0, 20.0, 30.0)
"""Log-likelihood ratios offered: from a candidate's up to where only the clearest throws stay."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One record of the last hour.

    Attributes:
        id: its id.
        started_s: seconds since 1970.
        tier: incident or candidate.
        ratio: its log-likelihood ratio.
        other_doubts: why it would not be an incident at any ratio.
    """

    id: str
    started_s: float
    tier: str
    ratio: float
    other_doubts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a threshold would have made of them."""

    threshold: float
    incidents: int
    candidates: int
    is_now: bool


def findings_of(database: Path, camera: str, now_s: float | None = None) -> list[Finding]:
    """The camera's records that were stored in the last hour, newest first; none where there is no database yet.

    Raises:
        sqlite3.Error, DatabaseError: it cannot be read.
    """
    if not database.exists():
        return []
    since = (time.time() if now_s is None else now_s) - 3600.0
    with closing(Database(database, read_only=True)) as box:
        rows = Feed(box).recent_records(camera, since, _MOST_RECORDS)
    return [_finding(row.id, row.started_at, row.tier, json.loads(row.record)) for row in rows]


def outcomes(findings: Sequence[Finding]) -> list[Outcome]:
    """What each threshold would have made of them."""
    now = ClassificationSettings().incident_ratio
    rows = []
    for threshold in _THRESHOLDS:
        count = sum(f.ratio >= threshold and not f.other_doubts for f in findings)
        rows.append(Outcome(threshold, count, len(findings) - count, threshold == now))
    return rows


def least_ratio() -> float:
    """Below this nothing is kept."""
    return ClassificationSettings().candidate_ratio


def _finding(record_id: str, started_at: str, tier: str, record: dict[str, object]) -> Finding:
    fit, verdict = record.get("fit"), record.get("verdict")
    ratio = float(fit["log_likelihood_ratio"]) if isinstance(fit, dict) else 0.0
    reasons = tuple(str(r) for r in verdict.get("reasons") or ()) if isinstance(verdict, dict) else ()
    return Finding(
        record_id, seconds(started_at), tier, ratio, tuple(r for r in reasons if not r.startswith(RATIO_DOUBT))
    )
