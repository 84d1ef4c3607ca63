"""Good inputs, as boxes, devices and people send them."""

from __future__ import annotations

import copy
import hashlib
import json
from typing import Any

SITE, DEVICE, COMMUNITY = "jialinglu-3", "north-1", "jialing"
INCIDENT: dict[str, Any] = {
    "id": "0b5f6a1e-0000-4000-8000-000000000001",
    "kind": "thrown_object",
    "tier": "incident",
    "site": SITE,
    "device": DEVICE,
    "started_at": "2026-05-01T14:14:02.120Z",
    "ended_at": "2026-05-01T14:14:04.840Z",
    "media": {"source": "rtsp://camera/1", "start_s": 20.0, "end_s": 22.0, "clock": "rtcp", "clock_error_s": 0.1},
    "track": [{"t": 20.0 + 0.08 * n, "x": 800.0 + n, "y": 100.0 + 0.8 * n * n, "w": 5, "h": 7} for n in range(25)],
    "origin": {
        "floor": 14,
        "window": "07",
        "window_index": 6,
        "x_m": 5.1,
        "y_m": 40.3,
        "sd_m": [0.2, 0.4],
        "pixel": [811, 120],
        "candidates": [{"floor": 14, "window": "07", "p": 0.91}, {"floor": 13, "window": "07", "p": 0.07}],
        "excluded_floors": [1, 2, 3, 16],
        "reason": None,
    },
    "fit": {
        "chi2_reduced": 1.1,
        "points": 25,
        "log_likelihood_ratio": 41.0,
        "gravity_px_s2": 300.0,
        "gravity_sd_px_s2": 3.0,
    },
    "motion": {"launch_velocity_mps": [0.1, 0.4, 1.2], "impact_speed_mps": 26.0, "duration_s": 2.0},
    "mass": {
        "class": "heavy",
        "p": {"light": 0.0, "medium": 0.1, "heavy": 0.9},
        "terminal_velocity": {"median": 38, "low": 30, "high": 52},
        "kg": {"median": 0.4, "low": 0.2, "high": 0.9},
        "impact_energy_j": {"median": 140, "low": 70, "high": 300},
    },
    "verdict": {"label": "thrown_object", "p": 0.97, "labels": {"thrown_object": 0.97, "bird": 0.01}},
    "evidence": {"manifest": "manifest.json", "sha256": "ab" * 32, "clip": "clip.mp4", "clip_start_s": 10.0},
    "software": {"version": "1.0", "models": {"nuisance": "ab" * 32}, "config_sha256": "ab" * 32},
}
ALARM: dict[str, Any] = {
    "id": "0b5f6a1e-0000-4000-8000-000000000002",
    "kind": "cover_moved",
    "tier": "incident",
    "site": SITE,
    "device": "covers",
    "subject": "Renmin Road 12",
    "started_at": "2026-05-01T14:14:02.120Z",
    "ended_at": None,
    "text": "the cover Renmin Road 12 was moved",
    "details": {"tilt_deg": 31.0, "latitude": 30.25, "longitude": 120.16},
    "software": {"version": "1.0", "models": {}, "config_sha256": None},
}
STATE: dict[str, Any] = {
    "state": "online",
    "camera": "running",
    "text": "the camera looks at the sky",
    "fps": 25.0,
    "blind_minutes": {"covered": 3.5},
    "since": "2026-05-01T14:14:02.120Z",
}


def event(kind: str, data: dict[str, Any]) -> dict[str, Any]:
    """A CloudEvent around data, as ``edgecv.incidents.cloudevents`` makes them."""
    site, device = data.get("site", SITE), data.get("device", DEVICE)
    return {
        "specversion": "1.0",
        "type": f"io.edgecv.{kind}.v1",
        "source": f"urn:edgecv:{site}:{device}",
        "id": data.get("incident", data.get("id", "0b5f6a1e-0000-4000-8000-000000000009")),
        "subject": data.get("kind", "thrown_object"),
        "time": "2026-05-01T14:14:05.000Z",
        "datacontenttype": "application/json",
        "data": data,
    }


def messages() -> dict[str, Any]:
    """A good message for each level of a box's topics, by the level's name."""
    evidence = {
        "incident": INCIDENT["id"],
        "manifest_sha256": "cd" * 32,
        "files": ["clip.mp4", "incident.json", "still.jpg"],
        "clip": "clip.mp4",
        "sha256": "ab" * 32,
    }
    told = {"kind": "camera_covered", "text": "the camera is covered", "minutes": 12.5, "causes": {"covered": 12.5}}
    update = ALARM | {"ended_at": "2026-05-01T15:00:00.000Z"}
    return copy.deepcopy(
        {
            "incident": event("incident", INCIDENT),
            "update": event("update", update),
            "evidence": event("evidence", evidence),
            "device": event("device", told),
            "state": STATE,
        }
    )


def bundle() -> dict[str, str]:
    """The files of a bundle that says what it holds, names with text in Latin-1."""
    files = {"clip.mp4": "moving pictures", "still.jpg": "one picture", "strobe.jpg": "all at once"}
    record = copy.deepcopy(INCIDENT)
    record["evidence"]["sha256"] = hashlib.sha256(files["clip.mp4"].encode()).hexdigest()
    files["incident.json"] = json.dumps(record)
    return files
