from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import jinja2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from receivers import reader
from small_box import Box
from waiting import wait_for

from edgecv.incidents.cloudevents import incident_event
from edgecv.incidents.record import Incident
from edgecv.mqtt import Publication
from edgecv.storage.outbox import Message
from edgecv.upstream.homeassistant import HomeAssistantProfile, plain
from edgecv.upstream.profiles import CloudEventsProfile
from edgecv.upstream.thingsboard import ThingsBoardProfile, flat

ORIGIN = {"floor": 14, "floor_name": "14F", "window": "07", "candidates": [{"floor": 14, "window": "07", "p": 0.9}]}


@pytest.fixture
def message(make_incident: Callable[..., Incident]) -> Message:
    incident = make_incident(origin=ORIGIN)
    return Message(7, "incident", incident.id, incident.device, 1.0, incident_event(incident))


def by_topic(publications: list[Publication]) -> dict[str, Any]:
    return {publication.topic: json.loads(publication.payload) for publication in publications}


def test_cloudevents_are_sent_as_they_are(message: Message) -> None:
    (publication,) = CloudEventsProfile("home").message(message)
    assert publication.topic == "edgecv/v1/home/north-1/incident"
    assert json.loads(publication.payload) == message.event
    assert not publication.retain
    assert CloudEventsProfile("home").introduce("north-1") == []


def test_the_last_will_is_the_boxs_retained_state() -> None:
    will = CloudEventsProfile("home").offline({"state": "online", "cameras": 2})
    assert will is not None
    assert (will.topic, will.retain) == ("edgecv/v1/home/box/state", True)
    assert json.loads(will.payload) == {"state": "offline", "cameras": 2}


def test_a_device_that_is_no_more_is_taken_away_whole() -> None:
    (empty,) = CloudEventsProfile("home").removal("north-1")
    assert (empty.topic, empty.payload, empty.retain) == ("edgecv/v1/home/north-1/state", b"", True)
    home = HomeAssistantProfile("home")
    taken = home.removal("north-1")
    assert {p.topic for p in home.introduce("north-1")} < {p.topic for p in taken}
    assert all(p.payload == b"" and p.retain for p in taken)
    assert by_topic(ThingsBoardProfile("home").removal("north-1")) == {"v1/gateway/disconnect": {"device": "north-1"}}


def test_thingsboard_gets_a_device_telemetry_and_attributes(message: Message) -> None:
    profile = ThingsBoardProfile("home")
    assert by_topic(profile.introduce("north-1")) == {"v1/gateway/connect": {"device": "north-1", "type": "edgecv"}}
    ((topic, told),) = by_topic(profile.message(message)).items()
    assert topic == "v1/gateway/telemetry"
    (row,) = told["north-1"]
    assert row["ts"] == 1772600767120  # 2026-03-04T05:06:07.120Z
    values = row["values"]
    assert values["event"] == "incident"
    assert (values["origin_floor"], values["mass_class"], values["verdict_p"]) == (14, "heavy", 0.97)
    assert "track" not in values
    assert None not in values.values()
    assert not any(isinstance(value, dict) for value in values.values())
    assert by_topic(profile.state("north-1", {"state": "online", "rate": {"fps": 25}})) == {
        "v1/gateway/attributes": {"north-1": {"state": "online", "rate_fps": 25}}
    }
    assert profile.offline({}) is None


def test_thingsboard_takes_the_time_of_storing_where_an_event_has_none() -> None:
    message = Message(1, "device", "x", "north-1", 1700000000.25, {"data": {"kind": "covered"}})
    (publication,) = ThingsBoardProfile("home").message(message)
    assert json.loads(publication.payload)["north-1"][0]["ts"] == 1700000000250


NESTED = st.recursive(
    st.one_of(st.none(), st.integers(), st.text(max_size=3)),
    lambda inner: st.dictionaries(st.sampled_from(["a", "b", "c"]), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from(["x", "y"]), NESTED))
def test_flat_keeps_every_value_that_is_not_null_on_one_level(data: dict[str, Any]) -> None:
    def leaves(value: Any) -> list[Any]:
        if isinstance(value, dict):
            return [leaf for inner in value.values() for leaf in leaves(inner)]
        return [] if value is None else [value]

    assert list(flat(data).values()) == leaves(data)


def test_home_assistant_discovers_a_camera_by_itself() -> None:
    found = HomeAssistantProfile("home").introduce("north-1")
    assert all(publication.retain for publication in found)
    configs = by_topic(found)
    assert set(configs) == {
        "homeassistant/event/edgecv_home_north-1/incident/config",
        "homeassistant/sensor/edgecv_home_north-1/last_floor/config",
        "homeassistant/sensor/edgecv_home_north-1/last_mass/config",
        "homeassistant/binary_sensor/edgecv_home_north-1/connection/config",
    }
    event = configs["homeassistant/event/edgecv_home_north-1/incident/config"]
    assert event["event_types"][0] == "thrown_object"
    assert {"manhole_moved", "dose_missed"} <= set(event["event_types"])  # what installed handlers may raise
    assert len({config["unique_id"] for config in configs.values()}) == 4
    assert {config["availability_topic"] for config in configs.values()} == {"edgecv/v1/home/box/state"}
    assert {config["device"]["identifiers"][0] for config in configs.values()} == {"edgecv_home_north-1"}


def test_home_assistant_hears_of_an_incident_once_and_shows_it_for_good(message: Message) -> None:
    profile = HomeAssistantProfile("home")
    publications = profile.message(message)
    told = by_topic(publications)
    configs = by_topic(profile.introduce("north-1"))
    event = configs["homeassistant/event/edgecv_home_north-1/incident/config"]
    assert told[event["state_topic"]]["event_type"] in event["event_types"]
    assert told["edgecv/v1/home/north-1/incident"] == message.event
    assert [p.topic for p in publications if p.retain] == ["edgecv/v1/home/north-1/homeassistant/last"]
    shown = {
        name: jinja2.Template(config["value_template"]).render(value_json=told[config["state_topic"]])
        for name in ("last_floor", "last_mass")
        for config in [configs[f"homeassistant/sensor/edgecv_home_north-1/{name}/config"]]
    }
    assert shown == {"last_floor": "14F", "last_mass": "heavy"}


@pytest.mark.parametrize(("state", "shown", "available"), [("online", "ON", "online"), ("offline", "OFF", "offline")])
def test_home_assistant_sees_whether_a_camera_is_connected(state: str, shown: str, available: str) -> None:
    profile = HomeAssistantProfile("home")
    config = by_topic(profile.introduce("north-1"))["homeassistant/binary_sensor/edgecv_home_north-1/connection/config"]
    (publication,) = profile.state("north-1", {"state": state})
    assert (publication.topic, publication.retain) == (config["state_topic"], True)
    value = json.loads(publication.payload)
    assert jinja2.Template(config["value_template"]).render(value_json=value) == shown
    assert jinja2.Template(config["availability_template"]).render(value_json=value) == available


def test_home_assistants_box_never_becomes_unavailable_for_being_offline() -> None:
    ((topic, config),) = by_topic(HomeAssistantProfile("home").introduce("box")).items()
    assert topic == "homeassistant/binary_sensor/edgecv_home_box/connection/config"
    assert "availability_topic" not in config


@given(st.text(min_size=1, max_size=6), st.text(min_size=1, max_size=6))
def test_different_names_stay_different_in_discovery_topics(one: str, other: str) -> None:
    assert plain(one).isascii()
    assert plain(one).replace("_", "").replace("-", "").isalnum() or set(one) <= {"-"}
    assert (plain(one) == plain(other)) == (one == other)


@pytest.mark.usefixtures("short_pauses")
@pytest.mark.parametrize("profile", ["thingsboard", "homeassistant"])
def test_a_device_is_introduced_once_before_its_first_message(box: Box, mosquitto_broker: Any, profile: str) -> None:
    box.add("a", "b")
    target = {"name": "hall", "url": f"mqtt://{mosquitto_broker.host_port}", "profile": profile}
    introduction, word = {
        "thingsboard": ("v1/gateway/connect", "v1/gateway/telemetry"),
        "homeassistant": ("homeassistant/event/edgecv_home_north-1/incident/config", "edgecv/v1/home/north-1/incident"),
    }[profile]
    with reader(mosquitto_broker.port) as heard, box.courier(targets=[target]) as courier:
        wait_for(lambda: courier.status()["hall"].delivered == 2)
        wait_for(lambda: sum(m.topic == word for m in heard.heard) == 2)
        topics = [m.topic for m in heard.heard if b"north-1" in m.payload and m.topic in {introduction, word}]
    assert topics == [introduction, word, word]
