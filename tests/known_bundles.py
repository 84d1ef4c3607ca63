"""Small bundles for tests that look at seals, not at pictures."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from edgecv.evidence.keys import BoxKey
from edgecv.evidence.sealing import Link, seal
from edgecv.incidents.record import Incident

SEALED_AT = datetime(2026, 5, 1, 14, 15, tzinfo=UTC)
FILES = {
    "clip.mp4": b"\0\0\0\x20ftypisom moving pictures",
    "still.jpg": b"\xff\xd8\xff one picture",
    "strobe.jpg": b"\xff\xd8\xff all at once",
}


def record(
    incident_id: str = "a", *, floor: int | None = 8, mass: str = "heavy", clip: bytes | None = None
) -> Incident:
    """A record as the contract shows it."""
    return Incident.model_validate(
        {
            "id": incident_id,
            "tier": "incident",
            "site": "jialinglu-3",
            "device": "north-1",
            "started_at": "2026-05-01T14:14:02.120Z",
            "ended_at": "2026-05-01T14:14:04.840Z",
            "media": {"source": "rtsp://camera", "start_s": 20.0, "end_s": 22.0, "clock": "box"},
            "track": [
                {"t": 20.0 + 0.04 * n, "x": 800.0 + n, "y": 100.0 + 0.2 * n * n, "w": 5, "h": 7} for n in range(50)
            ],
            "origin": {"floor": floor, "candidates": [{"floor": 8, "window": "02", "p": 0.9}]},
            "fit": {
                "chi2_reduced": 1.0,
                "points": 50,
                "log_likelihood_ratio": 40.0,
                "gravity_px_s2": 300.0,
                "gravity_sd_px_s2": 3.0,
            },
            "motion": {"duration_s": 2.0},
            "mass": {"class": mass, "p": {"heavy": 0.9}},
            "verdict": {"label": "thrown_object", "p": 0.97, "labels": {}},
            "evidence": {
                "manifest": "manifest.json",
                "sha256": hashlib.sha256(FILES["clip.mp4"] if clip is None else clip).hexdigest(),
                "clip": "clip.mp4",
                "clip_start_s": 10.0,
            },
            "software": {"version": "0.0.0", "config_sha256": "ab" * 32},
        }
    )


def write_files(folder: Path, incident_id: str = "a") -> Path:
    """A bundle that nobody has sealed yet."""
    folder.mkdir(parents=True)
    for name, content in FILES.items():
        (folder / name).write_bytes(content)
    (folder / "incident.json").write_text(record(incident_id).to_json())
    return folder


def sealed_bundle(root: Path, key: BoxKey, link: Link | None = None, incident_id: str = "a") -> Path:
    """A bundle with made-up pictures and a true seal."""
    folder = write_files(root / incident_id, incident_id)
    seal(folder, key, link or Link(1, None), incident_id, SEALED_AT)
    return folder


def sealed_chain(root: Path, key: BoxKey, ids: str) -> list[Path]:
    """Bundles sealed one after the other, one for each letter."""
    folders: list[Path] = []
    previous = None
    for place, incident_id in enumerate(ids, 1):
        folders.append(write_files(root / incident_id, incident_id))
        previous = seal(folders[-1], key, Link(place, previous), incident_id, SEALED_AT).sha256
    return folders


def edit_json(path: Path, edit: Callable[[dict[str, Any]], object]) -> None:
    """Change a JSON file."""
    content = json.loads(path.read_text())
    edit(content)
    path.write_text(json.dumps(content))


def sign_again(folder: Path, key: BoxKey, name: str = "manifest") -> None:
    """What somebody with a key can do after editing."""
    signature = key.sign((folder / f"{name}.json").read_bytes())
    (folder / f"{name}.sig").write_bytes(base64.b64encode(signature))
