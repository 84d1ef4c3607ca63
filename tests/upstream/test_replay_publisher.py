from __future__ import annotations

import json
import signal
import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from raw_server import CONNACK, raw_server

from edgecv.errors import ConfigError
from edgecv.incidents.record import Incident
from edgecv.upstream import BrokerError, publish_incidents

MakeIncident = Callable[..., Incident]

LOGIN = "box:s3cr%3Aet%2F%40"  # as the fixture guarded_broker sets it, percent-encoded


def test_incident_arrives_on_the_contracts_topic_with_qos_1_and_its_content_type(
    mosquitto_broker: Any, make_incident: MakeIncident
) -> None:
    incident = make_incident()
    with mosquitto_broker.listener("edgecv/#") as receive:
        result = publish_incidents(f"mqtt://{mosquitto_broker.host_port}", [incident])
        (message,) = receive(1)
    assert message["topic"] == "edgecv/v1/jialinglu-3/north-1/incident"
    assert message["qos"] == 1
    assert message["retain"] == 0
    assert message["properties"] == {"content-type": "application/cloudevents+json", "payload-format-indicator": 1}
    event = json.loads(message["payload"])
    assert Incident.model_validate(event["data"]) == incident
    assert result.pushed == (incident.id,)
    assert result.unheard == ()


def test_incidents_arrive_once_each_and_in_order(mosquitto_broker: Any, make_incident: MakeIncident) -> None:
    incidents = [make_incident(id=f"id-{index}", device=f"cam-{index % 3}") for index in range(30)]
    with mosquitto_broker.listener("edgecv/#") as receive:
        result = publish_incidents(f"mqtt://{mosquitto_broker.host_port}", incidents)
        heard = [json.loads(message["payload"])["id"] for message in receive(30)]
    assert heard == [incident.id for incident in incidents]
    assert result.pushed == tuple(heard)


def test_a_broker_without_a_subscriber_says_so(mosquitto_broker: Any, make_incident: MakeIncident) -> None:
    incident = make_incident()
    result = publish_incidents(f"mqtt://{mosquitto_broker.host_port}", [incident])
    assert result.pushed == result.unheard == (incident.id,)


def test_right_password_is_let_in(guarded_broker: Any, make_incident: MakeIncident) -> None:
    with guarded_broker.listener("edgecv/v1/home/#") as receive:
        result = publish_incidents(f"mqtt://{LOGIN}@{guarded_broker.host_port}", [make_incident(site="home")])
        assert len(receive(1)) == 1
    assert "s3cr" not in repr(result)


def test_wrong_password_is_told_and_not_shown(guarded_broker: Any, make_incident: MakeIncident) -> None:
    with pytest.raises(BrokerError) as raised:
        publish_incidents(f"mqtt://box:hunter2@{guarded_broker.host_port}", [make_incident(site="home")])
    message = str(raised.value)
    assert message == (
        f"broker mqtt://{guarded_broker.host_port} refuses the connection (Not authorized); "
        "check user and password; 1 incident was not pushed"
    )
    assert raised.value.exit_code == 1


def test_a_refused_topic_does_not_hold_back_the_other_incidents(
    guarded_broker: Any, make_incident: MakeIncident, tmp_path: Path
) -> None:
    incidents = [make_incident(id="a", site="elsewhere"), make_incident(id="b", site="home")]
    with guarded_broker.listener("edgecv/#") as receive:
        with pytest.raises(BrokerError) as raised:
            publish_incidents(f"mqtt://{LOGIN}@{guarded_broker.host_port}", incidents, kept_in=tmp_path)
        (message,) = receive(1)
    assert message["topic"] == "edgecv/v1/home/north-1/incident"
    assert raised.value.pushed == ("b",)
    assert str(raised.value).endswith(
        f"refused incidents (Not authorized); 1 of 2 incidents is on disk in {tmp_path} but was not pushed"
    )


def test_nothing_listening_is_told_at_once_in_one_line(make_incident: MakeIncident, tmp_path: Path) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))  # bound, never listening: nobody else can take the port meanwhile
        address = f"mqtt://127.0.0.1:{unused.getsockname()[1]}"
        began = time.monotonic()
        with pytest.raises(BrokerError) as raised:
            publish_incidents(address, [make_incident(), make_incident(id="b")], kept_in=tmp_path)
    assert time.monotonic() - began < 5
    assert str(raised.value) == (
        f"broker {address} cannot be reached (Connection refused); "
        f"2 incidents are on disk in {tmp_path} but were not pushed"
    )


def test_a_host_that_does_not_exist_is_told(make_incident: MakeIncident) -> None:
    with pytest.raises(BrokerError, match=r"broker mqtt://no-such-host\.invalid:1883 cannot be reached"):
        publish_incidents("mqtt://no-such-host.invalid", [make_incident()])


def test_a_broker_that_went_silent_is_given_up_after_the_timeout(
    mosquitto_broker: Any, make_incident: MakeIncident
) -> None:
    mosquitto_broker.process.send_signal(signal.SIGSTOP)  # the kernel still accepts, mosquitto no longer answers
    began = time.monotonic()
    with pytest.raises(BrokerError, match=r"gave no answer within 0\.5 s"):
        publish_incidents(f"mqtt://{mosquitto_broker.host_port}", [make_incident()], timeout_s=0.5)
    assert time.monotonic() - began < 5


def test_an_incident_larger_than_the_broker_takes_does_not_hold_back_the_others(
    small_packet_broker: Any, make_incident: MakeIncident
) -> None:
    long_track = [{"t": i / 25, "x": 1.5, "y": 2.5, "w": 3, "h": 4} for i in range(500)]
    incidents = [make_incident(id="a"), make_incident(id="b", track=long_track), make_incident(id="c")]
    with small_packet_broker.listener("edgecv/#") as receive:
        with pytest.raises(BrokerError) as raised:
            publish_incidents(f"mqtt://{small_packet_broker.host_port}", incidents)
        assert [json.loads(message["payload"])["id"] for message in receive(2)] == ["a", "c"]
    assert raised.value.pushed == ("a", "c")
    assert "bytes are more than the broker takes" in str(raised.value)
    assert str(raised.value).endswith("1 of 3 incidents was not pushed")


def test_a_broker_that_goes_away_midway_leaves_count_of_what_was_pushed(make_incident: MakeIncident) -> None:
    def acknowledge_one(connection: socket.socket) -> None:
        connection.sendall(CONNACK)
        connection.recv(65536)
        connection.sendall(b"\x40\x02\x00\x01")  # PUBACK of packet 1
        connection.recv(65536)
        connection.close()

    with raw_server(acknowledge_one) as port, pytest.raises(BrokerError) as raised:
        publish_incidents(f"mqtt://127.0.0.1:{port}", [make_incident(id=name) for name in "abc"])
    assert raised.value.pushed == ("a",)
    assert "closed the connection" in str(raised.value)
    assert str(raised.value).endswith("2 of 3 incidents were not pushed")


def test_a_certificate_nobody_vouches_for_is_refused(tls_broker: tuple[Any, Path], make_incident: MakeIncident) -> None:
    broker, _ = tls_broker
    with pytest.raises(BrokerError, match="shows a certificate that is not trusted"):
        publish_incidents(f"mqtts://{broker.host_port}", [make_incident()])


def test_a_trusted_certificate_is_let_in(
    tls_broker: tuple[Any, Path], make_incident: MakeIncident, monkeypatch: pytest.MonkeyPatch
) -> None:
    broker, certificate = tls_broker
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    assert publish_incidents(f"mqtts://{broker.host_port}", [make_incident(id="a")]).pushed == ("a",)


def test_a_candidate_is_never_pushed(mosquitto_broker: Any, make_incident: MakeIncident) -> None:
    incidents = [make_incident(id="a"), make_incident(id="b", tier="candidate"), make_incident(id="c")]
    with mosquitto_broker.listener("edgecv/#") as receive:
        with pytest.raises(ValueError, match="candidates are never pushed, but b would be"):
            publish_incidents(f"mqtt://{mosquitto_broker.host_port}", incidents)
        publish_incidents(f"mqtt://{mosquitto_broker.host_port}", [incidents[2]])
        (first,) = receive(1)
    assert json.loads(first["payload"])["id"] == "c"


def test_nothing_to_push_needs_no_broker() -> None:
    assert publish_incidents("mqtt://no-such-host.invalid", []).pushed == ()


@pytest.mark.parametrize("name", ["a/b", "+", "a#", ""])
def test_a_site_that_would_change_the_topic_is_refused(make_incident: MakeIncident, name: str) -> None:
    with pytest.raises(ConfigError, match="level of an MQTT topic"):
        publish_incidents("mqtt://no-such-host.invalid", [make_incident(site=name)])
