from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import datetime

from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent

from edgecv.incidents.cloudevents import encode, incident_event
from edgecv.incidents.record import Incident

MakeIncident = Callable[..., Incident]


def test_the_cloudevents_package_reads_the_event_as_valid(make_incident: MakeIncident) -> None:
    incident = make_incident()
    event = JSONFormat().read(CloudEvent, encode(incident_event(incident)))
    assert event.get_specversion() == "1.0"
    assert event.get_id() == incident.id
    assert event.get_type() == "io.edgecv.incident.v1"
    assert event.get_source() == "urn:edgecv:jialinglu-3:north-1"
    assert event.get_subject() == "thrown_object"
    assert event.get_datacontenttype() == "application/json"
    assert event.get_time() == datetime.fromisoformat("2026-03-04T05:06:07.12+00:00")
    assert Incident.model_validate(event.get_data()) == incident


def test_data_is_the_incident_as_written_to_disk(make_incident: MakeIncident) -> None:
    incident = make_incident()
    assert incident_event(incident)["data"] == json.loads(incident.to_json())
    assert "class" in incident_event(incident)["data"]["mass"]


def test_source_is_a_uri_whatever_the_names(make_incident: MakeIncident) -> None:
    source = incident_event(make_incident(site="嘉陵路 3:b", device="a%?#"))["source"]
    assert re.fullmatch(r"urn:edgecv:(?:[\w.~-]|%[0-9A-F]{2})+:(?:[\w.~-]|%[0-9A-F]{2})+", source, re.ASCII)
    assert source != incident_event(make_incident(site="嘉陵路 3", device="b:a%?#"))["source"]


def test_the_same_incident_gives_the_same_bytes(make_incident: MakeIncident) -> None:
    assert encode(incident_event(make_incident())) == encode(incident_event(make_incident()))
