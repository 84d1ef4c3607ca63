from __future__ import annotations

import logging
import time
from pathlib import Path
from typing import Any

import pytest
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.reasoncodes import ReasonCode
from receivers import reader
from small_box import Box, event_of, numbered
from waiting import wait_for

from edgecv.config.upstream import Upstream
from edgecv.mqtt.connection import Connection, ConnectOptions
from edgecv.storage.outbox import add_message
from edgecv.upstream import DeliveryService, target_sender

pytestmark = pytest.mark.usefixtures("short_pauses")


def test_password_from_a_file_lets_us_in_and_a_corrected_one_is_found(box: Box, guarded_broker: Any) -> None:
    box.add("a")
    box.write("password", "hunter2\n")
    target = {
        "name": "district",
        "url": f"mqtt://{guarded_broker.host_port}",
        "user": "box",
        "password_file": "password",
    }
    with box.courier(targets=[target]) as courier:
        wait_for(lambda: courier.status()["district"].problem)
        problem = str(courier.status()["district"].problem)
        assert "refuses the connection (Not authorized); check user and password" in problem
        assert "hunter2" not in problem
        assert (box.depth("district").waiting, box.depth("district").parked) == (1, 0)
        box.write("password", "s3cr:et/@\n")
        wait_for(lambda: courier.status()["district"].delivered == 1)
        assert courier.status()["district"].problem is None


def test_a_device_that_makes_no_topic_is_parked_and_the_next_goes_on(box: Box, guarded_broker: Any) -> None:
    box.write("password", "s3cr:et/@")
    target = {
        "name": "district",
        "url": f"mqtt://{guarded_broker.host_port}",
        "user": "box",
        "password_file": "password",
    }
    box.add("bad", device="#")  # no topic at all
    box.add("a", "b")
    with box.courier(targets=[target]) as courier:
        wait_for(lambda: courier.status()["district"].delivered == 2)
    assert box.depth("district").parked == 1


def test_what_the_access_list_refuses_is_parked(box: Box, guarded_broker: Any) -> None:
    box.add("a", "b")
    login = f"mqtt://box:s3cr%3Aet%2F%40@{guarded_broker.host_port}"
    settings = Upstream.model_validate({"mqtt": login})
    courier = DeliveryService(box.database_path, "elsewhere", settings, box.folder / "box.yaml", box.evidence)
    courier.start()
    wait_for(lambda: box.depth("mqtt").parked == 2)
    assert courier.stop(5)
    with box.outbox() as outbox:
        reasons = outbox._database.connection.execute("SELECT reason FROM parked").fetchall()
    assert [row["reason"] for row in reasons] == ["Not authorized"] * 2


def test_a_message_larger_than_the_broker_takes_is_parked_and_the_rest_goes_on(
    box: Box, small_packet_broker: Any
) -> None:
    box.add("a")
    with box.outbox() as outbox, outbox._database.transaction() as connection:
        add_message(connection, "incident", "large", "north-1", event_of("large", "north-1", {"x": "x" * 7000}))
    box.add("b")
    with reader(small_packet_broker.port) as heard, box.courier(mqtt=f"mqtt://{small_packet_broker.host_port}"):
        wait_for(lambda: heard.ids() == ["a", "b"])
    assert box.depth("mqtt").parked == 1


def _forget_largest_packet(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if the broker had not said, when it was connected to, how large a packet it takes."""
    on_connect = Connection._on_connect

    def connected(self: Connection, *arguments: Any) -> None:
        on_connect(self, *arguments)
        self.largest_packet = None

    monkeypatch.setattr(Connection, "_on_connect", connected)


def test_a_broker_that_hangs_up_on_a_message_without_having_said_so_gets_the_rest(
    box: Box, small_packet_broker: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    _forget_largest_packet(monkeypatch)
    box.add("a")
    with box.outbox() as outbox, outbox._database.transaction() as connection:
        add_message(connection, "incident", "large", "north-1", event_of("large", "north-1", {"x": "x" * 7000}))
    box.add("b", "c")
    with reader(small_packet_broker.port) as heard, box.courier(mqtt=f"mqtt://{small_packet_broker.host_port}"):
        wait_for(lambda: set(heard.ids()) == {"a", "b", "c"})
        assert list(dict.fromkeys(heard.ids())) == ["a", "b", "c"]
    assert (box.depth("mqtt").waiting, box.depth("mqtt").parked) == (0, 1)


def test_a_broker_that_hangs_up_on_a_message_without_a_reason_gets_the_rest(
    box: Box, small_packet_broker: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    _forget_largest_packet(monkeypatch)
    on_disconnect = Connection._on_disconnect

    def without_reason(self: Connection, *arguments: Any) -> None:
        on_disconnect(self, *arguments)
        self._disconnect = ReasonCode(PacketTypes.DISCONNECT, "Unspecified error")

    monkeypatch.setattr(Connection, "_on_disconnect", without_reason)
    box.add("a")
    with box.outbox() as outbox, outbox._database.transaction() as connection:
        add_message(connection, "incident", "large", "north-1", event_of("large", "north-1", {"x": "x" * 7000}))
    box.add("b", "c")
    with reader(small_packet_broker.port) as heard, box.courier(mqtt=f"mqtt://{small_packet_broker.host_port}"):
        wait_for(lambda: set(heard.ids()) == {"a", "b", "c"})
    assert (box.depth("mqtt").waiting, box.depth("mqtt").parked) == (0, 1)


def test_a_broker_that_takes_less_than_a_record_may_have_is_told_before_there_is_one(
    box: Box, small_packet_broker: Any, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING), box.courier(mqtt=f"mqtt://{small_packet_broker.host_port}") as courier:
        wait_for(lambda: courier.status()["mqtt"].connected)
    assert "takes packets of" in caplog.text
    assert "raise the broker's limit" in caplog.text


def test_no_more_packets_are_in_flight_than_the_broker_wants(
    box: Box, narrow_broker: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    inflight: list[int] = []
    connect = Connection._connect

    def recorded(self: Connection, options: ConnectOptions) -> None:
        inflight.append(options.max_inflight)
        connect(self, options)

    monkeypatch.setattr(Connection, "_connect", recorded)
    box.add(*numbered(60))
    with reader(narrow_broker.port) as heard, box.courier(mqtt=f"mqtt://{narrow_broker.host_port}") as courier:
        wait_for(lambda: courier.status()["mqtt"].delivered == 60)
        heard.wait_for(60)
        assert heard.ids() == numbered(60)
    assert inflight == [20, 3]


def test_hundreds_of_attempts_leave_no_sockets_behind(
    box: Box, guarded_broker: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(target_sender, "SHORTEST_PAUSE_S", 0.001)
    monkeypatch.setattr(target_sender, "LONGEST_PAUSE_S", 0.001)
    tries: list[float] = []
    connect = Connection._connect

    def counted(self: Connection, options: ConnectOptions) -> None:
        tries.append(time.monotonic())
        connect(self, options)

    monkeypatch.setattr(Connection, "_connect", counted)
    box.add("a")
    with box.courier(drain_s=0, mqtt=f"mqtt://box:wrong@{guarded_broker.host_port}"):
        wait_for(lambda: len(tries) > 20)
        before = len(list(Path("/proc/self/fd").iterdir()))
        wait_for(lambda: len(tries) > 220)
        assert len(list(Path("/proc/self/fd").iterdir())) <= before + 10


def test_tls_with_our_own_certificate_and_a_password(box: Box, mutual_tls_broker: tuple[Any, dict[str, str]]) -> None:
    broker, files = mutual_tls_broker
    box.add("a")
    box.write("password", "s3cr:et/@")
    login = {"name": "district", "url": f"mqtts://{broker.host_port}", "user": "box", "password_file": "password"}
    with box.courier(targets=[login | files]) as courier:
        wait_for(lambda: courier.status()["district"].delivered == 1)
    without = {key: value for key, value in files.items() if key == "ca_file"}
    box.add("b")
    with box.courier(drain_s=0, targets=[login | without]) as courier:
        wait_for(lambda: courier.status()["district"].problem)
        assert "the box's own certificate" in str(courier.status()["district"].problem)


def test_a_broker_nobody_vouches_for_gets_nothing(box: Box, tls_broker: tuple[Any, Path]) -> None:
    broker, certificate = tls_broker
    box.add("a")
    with box.courier(drain_s=0, mqtt=f"mqtts://{broker.host_port}") as courier:
        wait_for(lambda: courier.status()["mqtt"].problem)
        assert "certificate that is not trusted" in str(courier.status()["mqtt"].problem)
    assert box.depth("mqtt").waiting == 1
    trusting = {"name": "mqtt", "url": f"mqtts://{broker.host_port}", "ca_file": str(certificate)}
    with box.courier(targets=[trusting]) as courier:
        wait_for(lambda: courier.status()["mqtt"].delivered == 1)


@pytest.mark.parametrize(
    ("files", "told"),
    [
        ({"ca_file": "missing.pem"}, "targets[0].ca_file = 'missing.pem': cannot be read (No such file or directory)"),
        ({"ca_file": "rubbish"}, "targets[0].ca_file = 'rubbish': holds no certificates"),
        ({"certificate_file": "rubbish", "key_file": "rubbish"}, "certificate_file = 'rubbish': does not go with key"),
        ({"user": "box", "password_file": "none.txt"}, "targets[0].password_file = 'none.txt': cannot be read"),
    ],
)
def test_a_file_that_cannot_be_used_is_named_and_the_thread_lives_on(
    box: Box, tls_broker: tuple[Any, Path], files: dict[str, str], told: str
) -> None:
    box.write("rubbish", "not a certificate")
    target = {"name": "district", "url": f"mqtts://{tls_broker[0].host_port}"} | files
    with box.courier(drain_s=0, targets=[target]) as courier:
        wait_for(lambda: courier.status()["district"].problem)
        problem = str(courier.status()["district"].problem)
    assert told in problem
    assert "\n" not in problem


def test_a_problem_is_logged_once_and_never_with_a_secret(
    box: Box, guarded_broker: Any, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    box.add("a")
    with box.courier(drain_s=0, mqtt=f"mqtt://box:hunter2@{guarded_broker.host_port}") as courier:
        wait_for(lambda: courier.status()["mqtt"].problem)
        time.sleep(0.5)  # several attempts
    told = [record for record in caplog.records if record.levelno >= logging.WARNING]
    assert len(told) == 1
    assert "hunter2" not in caplog.text


def test_a_port_that_speaks_something_else_is_told(box: Box, web: Any, tls_broker: tuple[Any, Path]) -> None:
    targets = [
        {"name": "plain", "url": f"mqtt://{tls_broker[0].host_port}"},
        {"name": "tls", "url": web.url.replace("http:", "mqtts:")},
    ]
    with box.courier(drain_s=0, targets=targets) as courier:
        wait_for(lambda: all(status.problem for status in courier.status().values()))
        problems = {name: str(status.problem) for name, status in courier.status().items()}
    assert "whether it wants mqtts://" in problems["plain"]
    assert "check the address and the port" in problems["tls"]
