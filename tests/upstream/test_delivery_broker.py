from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
import time
from typing import Any

import pytest
from receivers import reader
from small_box import Box, event_of, numbered
from waiting import wait_for

from edgecv.config.upstream import Upstream
from edgecv.upstream import DeliveryService, target_names
from edgecv.upstream.broker_link import MAX_INFLIGHT

pytestmark = pytest.mark.usefixtures("short_pauses")


def test_messages_arrive_on_their_kinds_topics_with_qos_1(box: Box, mosquitto_broker: Any) -> None:
    box.add("a")
    box.add("a", kind="evidence")
    box.add("hourly-1", kind="device", device="north-2")
    topics = [f"edgecv/v1/home/+/{kind}" for kind in ("incident", "evidence", "device")]
    with mosquitto_broker.listener(*topics) as hear, box.courier(mqtt=f"mqtt://{mosquitto_broker.host_port}"):
        heard = hear(3)
    assert [message["topic"] for message in heard] == [
        "edgecv/v1/home/north-1/incident",
        "edgecv/v1/home/north-1/evidence",
        "edgecv/v1/home/north-2/device",
    ]
    assert {(message["qos"], message["retain"]) for message in heard} == {(1, 0)}
    assert heard[0]["properties"]["content-type"] == "application/cloudevents+json"
    assert json.loads(heard[0]["payload"]) == event_of("a", "north-1")


def test_broker_down_for_the_whole_run_and_back_every_message_arrives_once_and_in_order(
    box: Box, mortal_broker: Any
) -> None:
    with box.courier(drain_s=0, mqtt=mortal_broker.url) as courier:
        box.add(*numbered(30))
        wait_for(lambda: courier.status()["mqtt"].problem)
        assert "cannot be reached (Connection refused)" in str(courier.status()["mqtt"].problem)
    assert box.depth("mqtt").waiting == 30
    mortal_broker.up()
    with reader(mortal_broker.port) as heard:
        with box.courier(mqtt=mortal_broker.url) as courier:
            wait_for(lambda: courier.status()["mqtt"].delivered == 30)
            assert courier.status()["mqtt"].problem is None
            assert courier.status()["mqtt"].connected
        wait_for(lambda: len(heard.ids()) == 30)
        assert heard.ids() == numbered(30)
    assert box.depth("mqtt").waiting == 0


def test_broker_killed_again_and_again_midway_nothing_is_lost_and_the_order_holds(box: Box, mortal_broker: Any) -> None:
    mortal_broker.up()
    expected = numbered(300)
    writer = threading.Thread(target=box.add, args=expected)
    with reader(mortal_broker.port, durable=True) as heard, box.courier(mqtt=mortal_broker.url) as courier:
        wait_for(lambda: courier.status()["mqtt"].connected)
        wait_for(mortal_broker.has_saved)  # our reader's session
        writer.start()
        for count in (40, 110, 170):
            heard.wait_for(count)
            mortal_broker.down()
            mortal_broker.up()
        wait_for(lambda: set(heard.ids()) == set(expected))
        writer.join()
        assert list(dict.fromkeys(heard.ids())) == expected
        assert len(heard.ids()) - len(expected) <= 3 * MAX_INFLIGHT
        wait_for(lambda: courier.status()["mqtt"].delivered == len(expected))  # each ticked off once
    assert box.depth("mqtt").waiting == 0


def test_courier_killed_before_its_cursor_moved_sends_the_same_ids_again(box: Box, mortal_broker: Any) -> None:
    mortal_broker.up()
    box.add(*numbered(3))
    with reader(mortal_broker.port) as heard:
        for _ in range(2):
            with box.courier(mqtt=mortal_broker.url) as courier:
                wait_for(lambda: courier.status()["mqtt"].delivered == 3)
            with box.outbox() as outbox:
                outbox._database.connection.execute("UPDATE cursors SET seq = 0")
        wait_for(lambda: len(heard.ids()) == 6)
        assert heard.ids() == numbered(3) * 2


def test_a_new_message_leaves_within_100_ms(box: Box, mosquitto_broker: Any) -> None:
    with reader(mosquitto_broker.port) as heard, box.courier(mqtt=f"mqtt://{mosquitto_broker.host_port}") as courier:
        wait_for(lambda: courier.status()["mqtt"].connected)
        delays_s = []
        for number in range(5):
            begun_s = time.monotonic()
            box.add(f"id-{number}")
            heard.wait_for(number + 1)
            delays_s.append(time.monotonic() - begun_s)
    assert sorted(delays_s)[2] < 0.15  # the median: two busy cores now and then take a moment longer


def test_states_are_retained_and_change_and_the_last_word_is_offline(box: Box, mosquitto_broker: Any) -> None:
    box.set_state("box", {"state": "online", "cameras": 1})
    box.set_state("north-1", {"state": "online"})
    with box.courier(mqtt=f"mqtt://{mosquitto_broker.host_port}") as courier:
        wait_for(lambda: courier.status()["mqtt"].connected)
        with reader(mosquitto_broker.port) as late:
            wait_for(lambda: late.states() and late.states("north-1"))
            assert late.states() == [{"state": "online", "cameras": 1}]
            assert all(message.retain for message in late.heard)
            box.set_state("north-1", {"state": "blind"})
            wait_for(lambda: len(late.states("north-1")) == 2)
            assert late.states("north-1")[-1] == {"state": "blind"}
            assert len(late.states()) == 1
    with reader(mosquitto_broker.port) as later:
        wait_for(lambda: later.states() and later.states("north-1"))
        assert later.states() == [{"state": "offline", "cameras": 1}]
        assert later.states("north-1") == [{"state": "blind"}]


def test_a_device_that_is_no_more_leaves_nothing_behind_at_the_broker(box: Box, mosquitto_broker: Any) -> None:
    target = {"name": "hall", "url": f"mqtt://{mosquitto_broker.host_port}", "profile": "homeassistant"}
    for device in ("box", "north-1", "south-1"):
        box.set_state(device, {"state": "online"})
    with box.courier(targets=[target]) as courier, reader(mosquitto_broker.port) as heard:
        wait_for(lambda: courier.status()["hall"].connected)
        wait_for(lambda: any("south-1" in m.topic for m in heard.heard))
        box.remove_state("south-1")
        wait_for(lambda: any(m.topic.endswith("south-1/state") and not m.payload for m in heard.heard))
        box.add("last", device="south-1")  # what it had to say still comes, without its entities
        wait_for(lambda: courier.status()["hall"].delivered == 1)
    with reader(mosquitto_broker.port) as late:
        wait_for(lambda: late.states("north-1"))
        wait_for(lambda: any(m.topic.startswith("homeassistant/") and "north-1" in m.topic for m in late.heard))
        assert late.states("north-1") == [{"state": "online"}]
        left = {m.topic for m in late.heard if "south-1" in m.topic}
        assert left <= {"edgecv/v1/home/south-1/homeassistant/last"}
    with box.courier(targets=[target]) as courier, reader(mosquitto_broker.port) as later:  # and when it comes back
        box.set_state("south-1", {"state": "online"})
        wait_for(lambda: {"state": "online"} in [s for s in later.states("south-1") if s])
        wait_for(
            lambda: any(
                m.topic.startswith("homeassistant/") and m.topic.endswith("south-1/incident/config") and m.payload
                for m in later.heard
            )
        )


def test_states_are_told_again_to_a_broker_that_has_forgotten(box: Box, mortal_broker: Any) -> None:
    box.set_state("north-1", {"state": "online"})
    mortal_broker.up()
    with box.courier(mqtt=mortal_broker.url) as courier:
        wait_for(lambda: courier.status()["mqtt"].connected)
        mortal_broker.down()
        mortal_broker.forget()
        mortal_broker.up()
        with reader(mortal_broker.port) as heard:
            wait_for(lambda: heard.states("north-1") == [{"state": "online"}])


def test_last_will_tells_that_the_box_is_gone_when_it_is_killed(box: Box, mosquitto_broker: Any) -> None:
    program = (
        "import sys, time; from pathlib import Path; from edgecv.config.upstream import Upstream;"
        "from edgecv.upstream import DeliveryService; folder = Path(sys.argv[1]);"
        "settings = Upstream(mqtt=sys.argv[2]);"
        "DeliveryService(folder / 'edgecv.db', 'home', settings, folder / 'box.yaml', folder).start();"
        "time.sleep(60)"
    )
    command = [sys.executable, "-c", program, str(box.folder), f"mqtt://{mosquitto_broker.host_port}"]
    with reader(mosquitto_broker.port) as heard:
        process = subprocess.Popen(command)
        try:
            wait_for(lambda: heard.states() == [{"state": "online"}])
        finally:
            process.send_signal(signal.SIGKILL)
            process.wait()
        wait_for(lambda: heard.states() == [{"state": "online"}, {"state": "offline"}])
    with reader(mosquitto_broker.port) as late:
        wait_for(lambda: late.states() == [{"state": "offline"}])


def test_one_dead_target_does_not_hold_up_the_other(box: Box, mosquitto_broker: Any) -> None:
    targets = [
        {"name": "alive", "url": f"mqtt://{mosquitto_broker.host_port}"},
        {"name": "dead", "url": "mqtt://127.0.0.1:1"},
        {"name": "nowhere", "url": "mqtt://no-such-host.invalid"},
    ]
    box.add(*numbered(10))
    with box.courier(drain_s=1, targets=targets) as courier:
        wait_for(lambda: courier.status()["alive"].delivered == 10)
        wait_for(lambda: courier.status()["dead"].problem and courier.status()["nowhere"].problem)
        assert courier.status()["alive"].problem is None
    assert [box.depth(name).waiting for name in ("alive", "dead", "nowhere")] == [0, 10, 10]


def test_stopping_sends_what_is_waiting_and_takes_no_longer_than_told(box: Box, mosquitto_broker: Any) -> None:
    targets = [
        {"name": "alive", "url": f"mqtt://{mosquitto_broker.host_port}"},
        {"name": "dead", "url": "mqtt://127.0.0.1:1"},
    ]
    settings = Upstream.model_validate({"targets": targets})
    courier = DeliveryService(box.database_path, "home", settings, box.folder / "box.yaml", box.evidence)
    courier.start()
    wait_for(lambda: courier.status()["alive"].connected)
    box.add(*numbered(200))
    begun_s = time.monotonic()
    assert courier.stop(5.0)
    assert time.monotonic() - begun_s < 5.5
    assert box.depth("alive").waiting == 0
    assert not courier.status()["alive"].connected


def test_a_database_that_cannot_be_opened_is_a_problem_not_an_end(box: Box, mosquitto_broker: Any) -> None:
    box.database_path.write_bytes(b"this is no database, whatever its name says" * 100)
    with box.courier(drain_s=1, mqtt=f"mqtt://{mosquitto_broker.host_port}") as courier:
        wait_for(lambda: courier.status()["mqtt"].problem)
        assert "is damaged" in str(courier.status()["mqtt"].problem)
        box.database_path.unlink()
        box.add("a")
        wait_for(lambda: courier.status()["mqtt"].delivered == 1)


def test_target_names_are_those_of_all_places_in_the_outbox() -> None:
    upstream = {"mqtt": "mqtt://a", "targets": [{"name": "b", "url": "https://b"}], "evidence": {"url": "https://c"}}
    assert target_names(Upstream.model_validate(upstream)) == ["mqtt", "b", "evidence"]
