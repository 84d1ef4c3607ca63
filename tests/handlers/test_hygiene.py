"""Shop hygiene: a day over MQTT, and a real Modbus server that warms up, refuses and goes away."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pymodbus import FramerType
from pymodbus.server import ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice
from rehearsing import ROUGH, Rehearsal, rehearse, told
from running import free_port
from waiting import wait_for

from edgecv.config import check_box
from edgecv.handlers.hygiene.settings import ModbusServer, Register
from edgecv.handlers.sources.modbus import ModbusSource
from edgecv.simulation.devices.hygiene import hygiene_day
from edgecv.simulation.devices.lossy_channel import Channel


@pytest.mark.parametrize(("channel", "skewed", "kill_every"), [(Channel(), 0.0, None), (ROUGH, 0.4, 5)])
def test_a_day_of_shops_raises_each_alarm_once_and_nothing_else(
    tmp_path: Path, channel: Channel, skewed: float, kill_every: int | None
) -> None:
    day = hygiene_day(12, 7, "mqtt://127.0.0.1:1", skewed)
    found, rehearsal = rehearse(tmp_path, day, channel, 8, kill_every=kill_every)
    assert found.perfect, told(found)
    assert {expected.kind for expected in found.found} == {"hygiene_limit", "hygiene_sensor", "hygiene_silent"}
    pushed = [event["id"] for event in rehearsal.messages("incident")]
    assert len(pushed) == len(set(pushed)) == len(found.found)


class ModbusDevice:
    """pymodbus' own server, in a thread, with registers that can be changed."""

    def __init__(self, port: int) -> None:
        self.port = port
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._up = threading.Event()
        self.registers = [40, 0, 0x41A4, 0x0000]  # 4.0 °C in tenths; 20.5 as a float
        self._thread.start()
        assert self._up.wait(20)

    def _run(self) -> None:
        async def serve() -> None:
            block = SimData(0, values=self.registers, datatype=DataType.REGISTERS)
            self._server = ModbusTcpServer(
                SimDevice(1, simdata=[block]), framer=FramerType.SOCKET, address=("127.0.0.1", self.port)
            )
            await self._server.serve_forever(background=True)
            self._up.set()
            self._stop = asyncio.Event()
            await self._stop.wait()
            await self._server.shutdown()

        self._loop.run_until_complete(serve())

    def close(self) -> None:
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stop.set)
            self._thread.join(10)


@pytest.fixture
def modbus() -> Iterator[ModbusDevice]:
    device = ModbusDevice(free_port())
    yield device
    device.close()


def taken(source: ModbusSource) -> dict[str, Any]:
    found: dict[str, Any] = {}

    def take() -> bool:
        found.update({arrival.topic: arrival.payload for arrival in source.take(0.05)})
        return bool(found) or (source.problem is not None and not source.problem.startswith("connecting"))

    wait_for(take, "an answer or a problem")
    return found


def test_registers_of_a_modbus_server_are_read_and_its_loss_is_told(modbus: ModbusDevice) -> None:
    server = ModbusServer(host="127.0.0.1", port=modbus.port, every_s=0.2, timeout_s=2.0)
    registers = {
        "fridge": Register(server="s", address=0, scale=0.1),
        "room": Register(server="s", address=2, type="f32"),
        "nowhere": Register(server="s", address=900),
    }
    source = ModbusSource("s", server, registers)
    found = taken(source)
    assert json.loads(found["fridge"])["value"] == 4.0
    assert json.loads(found["room"])["value"] == 20.5
    assert b"error" in found["nowhere"]
    assert source.problem is None
    modbus.close()
    wait_for(lambda: source.take(0.05) is not None and source.problem is not None, "that it is gone")
    assert source.problem is not None
    assert "127.0.0.1" in source.problem
    source.close()


def test_a_fridge_on_modbus_that_is_warm_for_too_long_is_an_alarm(tmp_path: Path, modbus: ModbusDevice) -> None:
    settings = {
        "kind": "hygiene",
        "modbus": {"kitchen": {"host": "127.0.0.1", "port": modbus.port, "every_s": 0.2}},
        "points": {
            "room": {
                "quantity": "temperature_c",
                "modbus": {"server": "kitchen", "address": 2, "type": "f32"},
                "rules": [{"name": "cold chain", "above": 8, "back": 6, "for_s": 1}],
            }
        },
    }
    shop = Rehearsal(tmp_path, settings, live=True)
    shop.runner._sources = type(shop.runner.handler).sources(
        shop.runner.handler
    )  # the real ones instead of the fed one

    def warm() -> bool:
        shop.runner.step(0.05)
        return bool(shop.records())

    wait_for(warm, "the alarm")
    (alarm,) = shop.records()
    assert alarm.kind == "hygiene_limit"
    assert alarm.text == "room: 20.5 °C, cold chain (above 8 for 1 s)"


def test_what_is_wrong_in_the_section_is_told_with_its_line_and_the_nearest_name(tmp_path: Path) -> None:
    box = tmp_path / "box.yaml"
    box.write_text(
        "site: s\n"
        "devices:\n"
        "  shop:\n"
        "    kind: hygiene\n"
        "    points:\n"
        "      fridge:\n"
        "        quantity: temperature\n"
        "        topic: shop/fridge\n"
        "        rules: [{name: cold, above: 8, back: 9, for: 60}]\n"
        "      hood:\n"
        "        quantity: grease_percent\n"
        "        modbus: {server: kitchen, address: 0}\n"
        "        rules: [{name: hood, above: 50}]\n"
    )
    problems = "\n".join(check_box(box).problems)
    assert f"{box}:7: devices.shop.points.fridge.quantity" in problems
    assert (
        f"{box}:9: devices.shop.points.fridge.rules[0].for: unknown key" in problems or "rules[0].for = 60" in problems
    )
    assert "did you mean 'for_s'" in problems
    assert "must not be more than 'above'" in problems
    assert f"{box}:12: devices.shop.points.hood.modbus.server = 'kitchen'" in problems
    assert "needs a broker" in problems
