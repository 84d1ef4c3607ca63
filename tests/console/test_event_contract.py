"""What boxes may send: the contract and what is newer or older than it, and nothing that a page could not show."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from known_bundles import record

from edgecv.console.intake.event_contract import STATE_BYTES
from edgecv.console.intake.events import Arrival, read_arrival
from edgecv.console.settings import UNCLAIMED_BYTES
from edgecv.incidents.cloudevents import DEVICE_TYPE, EVIDENCE_TYPE, INCIDENT_TYPE, UPDATE_TYPE
from edgecv.untrusted import MAX_JSON_BYTES

NOW_S = 1.8e9
_TYPES = {"incident": INCIDENT_TYPE, "update": UPDATE_TYPE, "evidence": EVIDENCE_TYPE, "device": DEVICE_TYPE}
ALARM: dict[str, Any] = {
    "id": "a-1",
    "kind": "manhole_moved",
    "tier": "incident",
    "site": "jialinglu-3",
    "device": "north-1",
    "subject": "cover-17",
    "started_at": "2026-05-01T08:00:00Z",
    "ended_at": None,
    "text": "cover-17 is open",
    "details": {"tilt_deg": 31.5},
}
AS_THE_CONTRACT_SAYS: dict[str, Any] = {
    "id": "0b9f0a52-7f0e-5d53-a8a4-0c6f7c9d3f10",
    "kind": "thrown_object",
    "tier": "incident",
    "site": "jialinglu-3",
    "device": "north-1",
    "started_at": "2026-05-01T14:14:02.120Z",
    "ended_at": "2026-05-01T14:14:04.840Z",
    "media": {"source": "rtsp://camera", "start_s": 4.12, "end_s": 6.84},
    "track": [{"t": 4.12, "x": 812.4, "y": 133.0, "w": 5, "h": 7}],
    "origin": {
        "floor": 14,
        "window": "07",
        "window_index": 6,
        "x_m": 5.1,
        "y_m": 40.3,
        "sd_m": [0.2, 0.4],
        "pixel": [811, 120],
        "candidates": [{"floor": 14, "window": "07", "p": 0.91}],
        "excluded_floors": [1, 2, 3, 16],
        "reason": None,
    },
    "fit": {"chi2_reduced": 1.1, "points": 58, "log_likelihood_ratio": 41.0},
    "motion": {"launch_velocity_mps": [0.1, 0.4, 1.2], "impact_speed_mps": 26.0, "duration_s": 2.7},
    "mass": {
        "class": "heavy",
        "p": {"light": 0.0, "medium": 0.1, "heavy": 0.9},
        "terminal_velocity": {"median": 38, "low": 30, "high": 52},
        "kg": {"median": 0.4, "low": 0.2, "high": 0.9},
        "impact_energy_j": {"median": 140, "low": 70, "high": 300},
    },
    "verdict": {"label": "thrown_object", "p": 0.97, "labels": {"thrown_object": 0.97, "bird": 0.01}},
    "evidence": {"manifest": "manifest.json", "sha256": "ab" * 32},
    "software": {"version": "1.0", "models": {"nuisance": "cd" * 32}, "config_sha256": "ef" * 32},
}


def arrived(kind: str, data: Any, **envelope: Any) -> Arrival:
    """A message as it comes from the camera ``north-1``."""
    about = data.get("incident" if kind == "evidence" else "id", "e-1") if isinstance(data, dict) else "e-1"
    event = {"type": _TYPES.get(kind), "id": about, "time": "2026-05-01T14:14:10Z", "data": data, **envelope}
    raw = json.dumps(data if kind == "state" else event)
    return read_arrival("jialinglu-3", "north-1", kind, raw, NOW_S)


def _changed(data: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    made = copy.deepcopy(data)
    *sections, name = path.split(".")
    place = made
    for section in sections:
        place = place[section]
    place[name] = value
    return made


def test_a_record_with_no_more_than_the_contract_says_is_taken() -> None:
    assert arrived("incident", AS_THE_CONTRACT_SAYS).problem is None


def test_a_record_of_a_box_is_taken() -> None:
    assert arrived("incident", json.loads(record("a").to_json())).problem is None


def test_an_alarm_of_another_device_is_taken_and_may_have_the_sections_of_a_thrown_object() -> None:
    assert arrived("incident", ALARM).problem is None
    assert arrived("incident", ALARM | {"origin": {"floor": 3}}).problem is None


def test_an_alarm_that_says_no_more_than_what_where_and_when_is_taken() -> None:
    bare = {name: ALARM[name] for name in ("id", "kind", "site", "device", "started_at")}
    assert arrived("incident", bare).problem is None
    assert arrived("incident", bare | {"kind": "thrown_object"}).kind is None


@pytest.mark.parametrize("path", ["colour", "origin.balcony", "mass.why", "fit.sigma"])
def test_keys_of_a_newer_box_are_ignored_and_stored(path: str) -> None:
    sent = _changed(AS_THE_CONTRACT_SAYS, path, {"new": [1, 2]})
    found = arrived("incident", sent)
    assert found.problem is None
    assert found.data == sent


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("id", "a/b"),
        ("id", "a~2"),
        ("id", ""),
        ("id", "a" * 65),
        ("kind", "<div hx-get=/users>"),
        ("kind", None),
        ("tier", "urgent"),
        ("started_at", "0001-01-01T00:00:00Z"),
        ("started_at", "9999-12-31T23:59:59Z"),
        ("started_at", 12),
        ("ended_at", "9999-12-31T23:59:59Z"),
        ("ended_at", "2026-05-01T14:14:00Z"),
        ("ended_at", None),
        ("media.start_s", 1e300),
        ("track", 5),
        ("track", [{"t": 0.0, "x": 0, "y": 0, "w": 1, "h": 1}, {"t": 1e8, "x": 0, "y": 0, "w": 1, "h": 1}]),
        ("track", [{"t": "0", "x": 0, "y": 0, "w": 1, "h": 1}]),
        ("origin", None),
        ("origin.floor", 10**400),
        ("origin.floor", 1001),
        ("origin.floor", "14"),
        ("origin.candidates", 5),
        ("origin.candidates", [7]),
        ("origin.candidates", [{"floor": 14, "window": "07", "p": 10**400}]),
        ("origin.candidates", [{"floor": 14, "window": "07", "p": 1.5}]),
        ("origin.candidates", [{"floor": 14, "window": "07", "p": -0.5}]),
        ("origin.window", "w" * 300),
        ("mass.class", "<img src=x>"),
        ("mass.class", "100%"),
        ("mass.p", {str(n): 0.0 for n in range(101)}),
        ("mass.kg", {"median": 1e16, "low": 0, "high": 1}),
        ("mass.hazard", "x" * 100_000),
        ("verdict.reasons", ["why"] * 101),
        ("verdict.label", "\ud800"),
        ("verdict.label", "a\x00b"),
    ],
)
def test_a_record_beyond_the_contract_is_kept_aside_with_the_place(path: str, value: Any) -> None:
    found = arrived("incident", _changed(AS_THE_CONTRACT_SAYS, path, value))
    assert found.kind is None
    assert found.problem


def _deep(levels: int) -> Any:
    made: Any = 1
    for _ in range(levels):
        made = [made]
    return made


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("kind", "Manhole moved"),
        ("kind", "k" * 65),
        ("text", "x" * 4001),
        ("text", 5),
        ("subject", None),
        ("details", []),
        ("details", {"a": _deep(900)}),
        ("ended_at", "2026-04-01T08:00:00Z"),
        ("origin", {"floor": None, "candidates": 5}),
        ("mass", {"class": "<b>"}),
    ],
)
def test_an_alarm_beyond_its_model_is_kept_aside(path: str, value: Any) -> None:
    for kind in ("incident", "update"):
        assert arrived(kind, _changed(ALARM, path, value)).kind is None


def test_an_alarm_may_end_before_it_began_by_as_much_as_its_devices_clock_was_corrected() -> None:
    assert arrived("update", ALARM | {"ended_at": "2026-04-29T08:00:00Z"}).problem is None


@pytest.mark.parametrize(
    "state",
    [
        [],
        {"text": "no state"},
        {"state": "<div>"},
        {"state": "100%"},
        {"state": 5},
        {"state": "online", "text": 5},
        {"state": "online", "text": "x" * 16_001},
        {"state": "online", "more": "x" * STATE_BYTES},
        {"state": "online", "more": _deep(900)},
    ],
)
def test_a_state_that_no_page_could_show_is_kept_aside(state: Any) -> None:
    assert arrived("state", state).kind is None


def test_a_state_may_say_more_than_is_known() -> None:
    told = {"state": "online", "text": "all is well", "version": "9", "cameras": ["north-1"], "new": {"a": [1]}}
    assert arrived("state", told).data == told


@pytest.mark.parametrize(
    "event",
    [
        {"kind": "camera_lost"},
        {"kind": "<script>", "text": "no picture"},
        {"kind": ["camera_lost"], "text": "no picture"},
        {"kind": "blind_minutes", "text": "blind", "from_s": 1e300},
        {"kind": "blind_minutes", "text": "blind", "minutes": {"rain": -1e300}},
        {"kind": "sensitivity", "text": "seen", "drawn": 1e-300, "seen": 5},
    ],
)
def test_a_device_event_that_no_page_could_show_is_kept_aside(event: Any) -> None:
    assert arrived("device", event).kind is None


@pytest.mark.parametrize(
    "change",
    [{"manifest_sha256": "no hash"}, {"files": "clip.mp4"}, {"files": ["clip.mp4"] * 65}, {"files": [5]}],
)
def test_an_evidence_message_that_does_not_hold_is_kept_aside(change: dict[str, Any]) -> None:
    whole = {"incident": "a", "manifest_sha256": "00" * 32, "files": ["clip.mp4"], "clip": None, "sha256": None}
    assert arrived("evidence", whole).problem is None
    assert arrived("evidence", whole | change).kind is None


@pytest.mark.parametrize("name", ["", "n" * 101, "a#b", "a\nb", "\ud800"])
def test_a_site_or_device_of_a_name_that_no_box_file_takes_is_kept_aside(name: str) -> None:
    for site, device in ((name, "north-1"), ("jialinglu-3", name)):
        found = read_arrival(site, device, "state", '{"state": "online"}', NOW_S)
        assert found.kind is None
        found.topic.encode()
        assert len(found.topic) < 250


def test_the_reason_names_the_place_and_repeats_nothing_of_the_content() -> None:
    found = arrived("incident", _changed(AS_THE_CONTRACT_SAYS, "mass.p", {"<script>": 7.0}))
    assert found.problem is not None
    assert found.problem.startswith("data.mass.p.")
    assert "script" not in found.problem


def test_of_a_long_message_that_is_not_understood_the_beginning_is_kept_and_the_reason_says_so() -> None:
    found = read_arrival("jialinglu-3", "north-1", "incident", b"\xff" * (MAX_JSON_BYTES + 1), NOW_S)
    assert found.kind is None
    assert len(found.raw) == UNCLAIMED_BYTES
    assert str(MAX_JSON_BYTES + 1) in (found.problem or "")


def test_an_event_from_a_clock_that_is_ahead_happened_when_it_came() -> None:
    assert arrived("incident", ALARM, time="2099-01-01T00:00:00Z").at_s == NOW_S
    assert arrived("incident", ALARM, time="9000-01-01T00:00:00Z").kind is None
