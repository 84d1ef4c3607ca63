"""Figures of past runs: one line of JSON a run, so that a slow change over months is seen."""

from __future__ import annotations

import json
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

_ROOT = Path(__file__).parents[2]
HISTORY = _ROOT / "docs" / "benchmarks.jsonl"


def append(file: Path, result: dict[str, Any], *, quick: bool) -> None:
    """Append a run's ratios, memory and delay to the history.

    Milliseconds belong to one machine; the ratios against decoding and OpenCV are what runs are compared by.
    """
    line = {
        "date": datetime.now(UTC).date().isoformat(),
        "commit": _commit(),
        "quick": quick,
        "machine": result["machine"],
        "ratios": {clip: _rounded(costs["ratios"]) for clip, costs in result["clips"].items()},
        "rain_over_quiet": round(result["rain_over_quiet"], 3),
        "own_mb": round(result["memory_1080p"]["own_mb"]),
        "lag_ms": {name: round(result["real_time"][f"{name}_ms"]) for name in ("p50", "p99", "maximum")},
    }
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("a") as history:
        history.write(json.dumps(line) + "\n")


def _rounded(ratios: dict[str, float]) -> dict[str, float]:
    return {name: round(value, 3) for name, value in ratios.items()}


def _commit() -> str:
    """The checkout's commit, with a plus where files differ from it; empty outside of git."""
    command = ["git", "-C", str(_ROOT), "describe", "--always", "--dirty=+", "--exclude", "*"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stdout.strip()
