"""Medical centres: days of reports and doses, a real web hook, calls for a doctor, and nothing clinical kept."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from threading import Event, Thread
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rehearsing import ROUGH, Rehearsal, rehearse, told
from running import free_port

from edgecv.config import check_box
from edgecv.simulation.devices.device_trace import MIDNIGHT_S, Sent, stamp_text
from edgecv.simulation.devices.lossy_channel import Channel
from edgecv.simulation.devices.medical import reports_day
from edgecv.simulation.devices.medication import medication_day

SECRET = "SECRET"


def everything(rehearsal: Rehearsal) -> str:
    tables = [row[0] for row in rehearsal.rows("SELECT name FROM sqlite_master WHERE type = 'table'")]
    return "".join(str(tuple(row)) for table in tables for row in rehearsal.rows(f"SELECT * FROM {table}"))


@pytest.mark.parametrize(("channel", "skewed", "kill_every"), [(Channel(), 0.0, None), (ROUGH, 1.0, 3)])
def test_a_day_of_reports_raises_each_late_one_once_and_keeps_nothing_clinical(
    tmp_path: Path, channel: Channel, skewed: float, kill_every: int | None
) -> None:
    day = reports_day(40, 3, "http://127.0.0.1:0", skewed)
    found, rehearsal = rehearse(tmp_path, day, channel, 4, kill_every=kill_every)
    assert found.perfect, told(found)
    assert len(found.found) == 6
    visits = {sent.payload["encounter"]["reference"].split("/")[1] for sent in day.sent}
    events = rehearsal.messages("device")
    assert {event["data"]["visit"] for event in events if event["subject"] == "report_due"} == visits
    delivered = [event["data"] for event in events if event["subject"] == "report_delivered"]
    assert {data["visit"] for data in delivered} == visits
    late = {alarm.subject: alarm.details["delay_s"] for alarm in rehearsal.records()}
    truth = true_delays(day.sent)
    for visit, delay_s in late.items():
        assert delay_s == pytest.approx(truth[visit], abs=10.0)
    assert SECRET in json.dumps([sent.payload for sent in day.sent])
    assert SECRET not in everything(rehearsal)


def true_delays(sent: Any) -> dict[str, float]:
    """From the last told end of an examination to the last final report, by what was sent."""
    last: dict[str, float] = {}
    final: dict[str, float] = {}
    for message in sent:
        visit = message.payload["encounter"]["reference"].split("/")[1]
        if message.payload.get("status") == "registered":
            last[visit] = max(last.get(visit, 0.0), message.at_s)
        elif message.payload.get("status") == "final":
            final[visit] = max(final.get(visit, 0.0), message.at_s)
    # an examination's end is told 1 to 20 s later
    return {visit: final[visit] - last[visit] + 10.5 for visit in final}


@pytest.mark.parametrize(("channel", "skewed", "kill_every"), [(Channel(), 0.0, None), (ROUGH, 0.4, 3)])
def test_a_day_of_doses_asks_for_a_call_once_for_each_missed_or_doubled_one(
    tmp_path: Path, channel: Channel, skewed: float, kill_every: int | None
) -> None:
    day = medication_day(30, 3, "mqtt://127.0.0.1:1", skewed)
    found, rehearsal = rehearse(tmp_path, day, channel, 4, kill_every=kill_every)
    assert found.perfect, told(found)
    assert {expected.kind for expected in found.found} == {"dose_missed", "dose_doubled"}
    for alarm in rehearsal.records():  # nobody answers all day
        call = alarm.details["call"]
        assert (call["state"], call["doctor"], call["passed_on"]) == ("unanswered", "dr-2", 1)
    assert SECRET not in everything(rehearsal)
    assert (rehearsal.state / "pseudonym.key").stat().st_mode & 0o077 == 0


def request(schedule: str, **repeat: Any) -> dict[str, Any]:
    sent = next(s for s in medication_day(1, 0, "mqtt://h").sent if s.topic == "fhir/MedicationRequest")
    made = json.loads(json.dumps(sent.payload)) | {"id": schedule}
    if repeat:
        made["dosageInstruction"] = [{"timing": {"repeat": repeat}}]
    return made


@pytest.fixture
def ward(tmp_path: Path) -> Rehearsal:
    return Rehearsal(tmp_path, dict(medication_day(1, 0, "mqtt://127.0.0.1:1").settings))


def pass_time(ward: Rehearsal, from_h: float, to_h: float) -> None:
    for minute in range(round(from_h * 60), round(to_h * 60) + 1, 2):
        ward.tell_time(MIDNIGHT_S + minute * 60.0)
    ward.work()


def test_a_missed_dose_asks_the_next_doctor_and_closes_with_an_outcome(ward: Rehearsal) -> None:
    ward.feed("fhir/MedicationRequest", request("m1", timeOfDay=["08:00:00"]), MIDNIGHT_S)
    pass_time(ward, 1, 9.1)
    (alarm,) = ward.records()
    assert (alarm.kind, alarm.details["call"]["doctor"], alarm.ended_at) == ("dose_missed", "dr-1", None)
    pass_time(ward, 9.1, 9.4)
    assert ward.records()[0].details["call"]["doctor"] == "dr-2"
    command = "edgecv/v1/home/dev/command"
    ward.feed(command, {"command": "answer", "incident": alarm.id, "doctor": "dr-2"}, MIDNIGHT_S + 9.4 * 3600)
    ward.feed(command, {"command": "close", "incident": alarm.id, "outcome": "wrote a novel"}, MIDNIGHT_S + 9.5 * 3600)
    ward.feed(command, {"command": "close", "incident": alarm.id, "outcome": "guided"}, MIDNIGHT_S + 9.5 * 3600)
    ward.feed(command, {"command": "close", "incident": alarm.id, "outcome": "guided"}, MIDNIGHT_S + 9.6 * 3600)
    ward.work()
    (closed,) = ward.records()
    assert (closed.details["call"]["state"], closed.details["call"]["outcome"]) == ("closed", "guided")
    assert closed.ended_at == stamp_text(MIDNIGHT_S + 9.5 * 3600)
    states = [event["data"]["details"]["call"]["state"] for event in ward.messages("update")]
    assert states == ["requested", "answered", "closed"]
    assert ward.runner.context.counts["unreadable"] == 2  # the novel, and closing what is closed


def test_a_schedule_that_ends_asks_for_nothing_more(ward: Rehearsal) -> None:
    ward.feed("fhir/MedicationRequest", request("m1", timeOfDay=["08:00:00", "20:00:00"]), MIDNIGHT_S)
    pass_time(ward, 1, 10)
    stopped = request("m1") | {"status": "stopped", "meta": {"lastUpdated": stamp_text(MIDNIGHT_S + 10 * 3600)}}
    ward.feed("fhir/MedicationRequest", stopped, MIDNIGHT_S + 10 * 3600)
    pass_time(ward, 10, 24)
    assert [alarm.details["due_at"] for alarm in ward.records()] == [stamp_text(MIDNIGHT_S + 8 * 3600)]


class Hooked:
    """A centre whose hook really listens."""

    def __init__(self, folder: Path, token: str | None) -> None:
        self.port = free_port()
        hook: dict[str, Any] = {"listen": f"127.0.0.1:{self.port}"}
        if token is not None:
            (folder / "token").write_text(token + "\n")
            hook["token_file"] = "token"
        self.rehearsal = Rehearsal(folder, {"kind": "medical_reports", "hook": hook}, live=True)
        runner = self.rehearsal.runner
        runner._sources = type(runner.handler).sources(runner.handler)
        self._stop = Event()
        self._thread = Thread(target=runner.run, args=(self._stop.is_set, lambda: None))
        # its database connection belongs to the thread that works
        runner._close()
        self._thread.start()
        self.url = f"http://127.0.0.1:{self.port}"

    def close(self) -> None:
        self._stop.set()
        self._thread.join(10)


@pytest.fixture
def centre(tmp_path: Path) -> Iterator[Hooked]:
    made = Hooked(tmp_path, "t0ken")
    yield made
    made.close()


def sent_of(kind: str) -> Sent:
    return next(sent for sent in reports_day(1, 0, "http://127.0.0.1:0").sent if kind in sent.topic)


def test_the_hook_takes_resources_with_its_token_and_says_what_is_wrong_without_repeating_it(centre: Hooked) -> None:
    order = sent_of("ServiceRequest")
    allowed = {"Authorization": "Bearer t0ken", "Content-Type": "application/fhir+json"}
    with httpx.Client(base_url=centre.url, timeout=60.0) as client:
        assert client.put(order.topic, content=order.raw()).status_code == 401
        assert client.put(order.topic, content=order.raw(), headers=allowed).status_code == 200
        wrong = order.payload | {"status": {"SECRET": "SECRET"}}
        refused = client.put(order.topic, json=wrong, headers=allowed)
        assert refused.status_code == 422
        assert refused.json()["resourceType"] == "OperationOutcome"
        assert "status is wrong" in refused.text
        assert SECRET not in refused.text
        assert client.post("/fhir/Patient", json={"resourceType": "Patient"}, headers=allowed).status_code == 422
        assert client.post("/fhir/Patient", content=b"x" * 2_000_000, headers=allowed).status_code == 413
        assert client.get("/fhir/ServiceRequest", headers=allowed).status_code == 405
    rows = centre.rehearsal.rows("SELECT reason, count, example FROM unreadable")
    assert {row["count"] for row in rows} == {1}
    assert {row["example"] for row in rows} == {None}
    assert SECRET not in everything(centre.rehearsal)
    assert centre.rehearsal.rows("SELECT key FROM device_state WHERE key LIKE 'visit/%'")


@pytest.fixture
def open_centre(tmp_path: Path) -> Iterator[Hooked]:
    """On loopback, without a token."""
    made = Hooked(tmp_path, None)
    yield made
    made.close()


FHIR = {"Content-Type": "application/fhir+json"}


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        (FHIR, 200),
        (FHIR | {"Host": "localhost:8480"}, 200),
        ({"Content-Type": "application/json; charset=utf-8"}, 200),
        (FHIR | {"Origin": "https://evil.example"}, 403),
        (FHIR | {"Origin": "null"}, 403),
        (FHIR | {"Origin": "https://[", "Host": "localhost"}, 403),
        (FHIR | {"Sec-Fetch-Site": "cross-site"}, 403),
        (FHIR | {"Sec-Fetch-Site": "same-site"}, 403),
        (FHIR | {"Host": "evil.example"}, 403),  # points to 127.0.0.1
        (FHIR | {"Host": "evil.example", "Origin": "http://evil.example", "Sec-Fetch-Site": "same-origin"}, 403),
        (FHIR | {"Host": "192.0.2.1"}, 403),
        ({"Content-Type": "text/plain"}, 415),  # pages may send these to other sites without asking first
        ({"Content-Type": "application/x-www-form-urlencoded"}, 415),
        ({"Content-Type": "multipart/form-data; boundary=application/json"}, 415),
        ({}, 415),  # as navigator.sendBeacon does
    ],
)
def test_a_hook_without_a_token_takes_nothing_that_a_page_of_another_site_sends(
    open_centre: Hooked, headers: dict[str, str], status: int
) -> None:
    order = sent_of("ServiceRequest")
    with httpx.Client(base_url=open_centre.url, timeout=60.0) as client:
        assert client.put(order.topic, content=order.raw(), headers=headers).status_code == status


def test_a_hook_with_a_token_takes_nothing_from_a_page_either(centre: Hooked) -> None:
    order = sent_of("ServiceRequest")
    shown = FHIR | {"Authorization": "Bearer t0ken"}
    with httpx.Client(base_url=centre.url, timeout=60.0) as client:
        evil = shown | {"Origin": "https://evil.example"}
        assert client.put(order.topic, content=order.raw(), headers=evil).status_code == 403
        named = shown | {"Host": "box.example"}
        assert client.put(order.topic, content=order.raw(), headers=named).status_code == 200


@pytest.mark.parametrize("path", ["/fhir/ServiceRequest/%00", "/fhir/ServiceRequest/" + "x" * 2000])
def test_a_path_that_no_database_could_keep_is_refused(centre: Hooked, path: str) -> None:
    shown = FHIR | {"Authorization": "Bearer t0ken"}
    with httpx.Client(base_url=centre.url, timeout=60.0) as client:
        assert client.put(path, content=sent_of("ServiceRequest").raw(), headers=shown).status_code == 400


def test_a_hook_that_others_can_reach_needs_a_token(tmp_path: Path) -> None:
    box = tmp_path / "box.yaml"
    box.write_text("site: s\ndevices:\n  centre:\n    kind: medical_reports\n    hook: {listen: '0.0.0.0:8480'}\n")
    (problem,) = check_box(box).problems
    assert "devices.centre.hook.listen" in problem
    assert "token_file" in problem


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
NAMES = (
    "status",
    "intent",
    "subject",
    "encounter",
    "basedOn",
    "issued",
    "effectivePeriod",
    "meta",
    "dosageInstruction",
)


@given(kind=st.sampled_from(("DiagnosticReport", "ServiceRequest")), name=st.sampled_from(NAMES), value=anything)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_resource_however_mangled_fails_the_handler(
    tmp_path_factory: pytest.TempPathFactory, kind: str, name: str, value: Any
) -> None:
    sent = sent_of(kind)
    centre = Rehearsal(tmp_path_factory.mktemp("fuzz"), dict(reports_day(1, 0, "http://127.0.0.1:0").settings))
    centre.feed(f"PUT {sent.topic}", sent.payload | {name: value}, MIDNIGHT_S)
    centre.work()
    assert centre.runner.context.counts.get("failures", 0.0) == 0.0, centre.rows("SELECT * FROM unreadable")


@given(
    name=st.sampled_from(NAMES),
    value=anything,
    repeat=st.dictionaries(
        st.sampled_from(
            ("frequency", "period", "periodUnit", "timeOfDay", "when", "dayOfWeek", "boundsPeriod", "offset")
        ),
        anything,
        max_size=4,
    ),
)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_schedule_or_dose_however_mangled_fails_the_handler(
    tmp_path_factory: pytest.TempPathFactory, name: str, value: Any, repeat: dict[str, Any]
) -> None:
    ward = Rehearsal(tmp_path_factory.mktemp("fuzz"), dict(medication_day(1, 0, "mqtt://h").settings))
    ward.feed("fhir/MedicationRequest", request("m1") | {name: value}, MIDNIGHT_S)
    ward.feed("fhir/MedicationRequest", request("m2", **(repeat or {"count": 1})), MIDNIGHT_S)
    ward.feed("dispenser/dose", {"schedule": "m1", "id": value, "time": value}, MIDNIGHT_S + 9 * 3600)
    ward.feed("edgecv/v1/home/dev/command", {"command": "close", "incident": value}, MIDNIGHT_S + 10 * 3600)
    pass_time(ward, 10, 10.2)
    assert ward.runner.context.counts.get("failures", 0.0) == 0.0, ward.rows("SELECT * FROM unreadable")
