"""Numbers in Modbus registers: every order, what cannot be, exceptions, and what a box says to check."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import struct
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pymodbus import FramerType
from pymodbus.server import ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice
from rehearsing import Rehearsal
from running import free_port
from waiting import wait_for

from edgecv.config import check_box
from edgecv.handlers.hygiene.plausible import implausible
from edgecv.handlers.hygiene.settings import ModbusServer, Register
from edgecv.handlers.sources.modbus import ModbusSource
from edgecv.handlers.sources.modbus_registers import FORMATS, Coding
from edgecv.simulation.devices.device_trace import MIDNIGHT_S

SHOP = {
    "kind": "hygiene",
    "modbus": {"gateway": {"host": "127.0.0.1"}},
    "points": {
        "fridge": {
            "quantity": "temperature_c",
            "modbus": {"server": "gateway", "address": 0, "type": "f32"},
            "rules": [{"name": "cold chain", "above": 8, "for_s": 600}],
        }
    },
}


def words_of(kind: str, value: float, word_order: str = "big", byte_order: str = "big") -> list[int]:
    """The registers in which a device of these orders keeps a number, by struct alone."""
    raw = struct.pack(">" + FORMATS[kind], value)
    pairs = [raw[at : at + 2] for at in range(0, len(raw), 2)]
    if byte_order == "little":
        pairs = [pair[::-1] for pair in pairs]
    if word_order == "little":
        pairs.reverse()
    return [int.from_bytes(pair, "big") for pair in pairs]


@given(
    kind=st.sampled_from(sorted(FORMATS)),
    word_order=st.sampled_from(("big", "little")),
    byte_order=st.sampled_from(("big", "little")),
    value=st.integers(0, 32767),
)
def test_a_number_comes_out_of_every_order_as_it_went_in(
    kind: str, word_order: Any, byte_order: Any, value: int
) -> None:
    words = words_of(kind, value, word_order, byte_order)
    assert Coding(kind, word_order, byte_order).decode(words) == value
    assert Coding(kind, word_order, byte_order).words == len(words)


def test_signed_numbers_scales_and_offsets() -> None:
    assert Coding("i16", scale=0.1).decode([0xFF9C]) == pytest.approx(-10.0)
    assert Coding("i32", word_order="little", scale=0.01).decode([0xFF9C, 0xFFFF]) == pytest.approx(-1.0)
    assert Coding("u16", scale=0.1, plus=-40.0).decode([600]) == pytest.approx(20.0)


@pytest.mark.parametrize(
    ("type_", "registers", "proposed"),
    [
        ("f32", [0x0000, 0x41A0], "with word_order: little it is 20"),  # reads 2e-41
        ("f32", [0xA041, 0x0000], "with byte_order: little it is 20"),
        ("f32", [0x0000, 0xA041], "with word_order: little, byte_order: little it is 20"),
        ("i32", [0x0014, 0x0000], "with word_order: little it is 20"),
        ("i16", [0x1400], "with byte_order: little it is 20"),
        ("u16", [0xFFEC], "with type: i16 it is -20"),
        ("f64", words_of("f64", 20.0, "little"), "with word_order: little it is 20"),
        ("f32", [0x7FC0, 0x0000], "check address, kind, type and scale"),  # no number in any order
        ("i16", [0x7FFF], "check address, kind, type and scale"),  # as many sensors say that they are broken
    ],
)
def test_a_temperature_that_cannot_be_is_told_with_what_to_check(
    type_: str, registers: list[int], proposed: str
) -> None:
    coding = Coding(type_)
    said = implausible("fridge", "temperature_c", coding.decode(registers), registers, coding)
    assert said is not None and proposed in said


@pytest.mark.parametrize(
    ("quantity", "value"),
    [("temperature_c", -25.0), ("temperature_c", 0.0), ("temperature_c", 230.0), ("humidity_percent", 101.5)],
)
def test_what_can_be_is_told_of_nobody(quantity: str, value: float) -> None:
    coding, registers = Coding("f32"), words_of("f32", value)
    assert implausible("p", quantity, coding.decode(registers), registers, coding) is None


def ask(shop: Rehearsal, registers: list[int], minutes: float, **said: Any) -> None:
    value = Coding("f32").decode(registers) if registers else None
    answer = {"value": value if value == value else "nan", "registers": registers, **said}  # noqa: PLR0124 - not a NaN
    shop.feed("fridge", said if not registers else answer, MIDNIGHT_S + minutes * 60.0)
    shop.work()


@pytest.mark.parametrize("valid", [None, [-40, 60]])
def test_a_fridge_read_in_the_wrong_order_is_an_alarm_and_a_problem_until_it_is_read_rightly(
    tmp_path: Path, valid: list[float] | None
) -> None:
    point = {**SHOP["points"]["fridge"], **({} if valid is None else {"valid": valid})}  # type: ignore[index]
    shop = Rehearsal(tmp_path, {**SHOP, "points": {"fridge": point}})
    for minute in range(8):
        ask(shop, words_of("f32", 20.0, "little"), minute)
    hint = "with word_order: little it is 20: see its manual"
    problem = f"fridge: its Modbus register says 2.35418e-41, which cannot be; {hint}"
    assert shop.runner.degraded() == (problem,)
    (alarm,) = shop.records()
    assert (alarm.kind, alarm.text) == ("hygiene_sensor", problem)
    ask(shop, words_of("f32", 4.0), 9)
    assert shop.runner.degraded() == ()
    assert shop.records()[0].ended_at is not None


def test_what_cannot_be_but_breaks_a_rule_still_breaks_it(tmp_path: Path) -> None:
    shop = Rehearsal(tmp_path, SHOP)
    for minute in range(12):
        ask(shop, words_of("f32", 2000.0), minute)  # tenths, read without a scale
    assert {alarm.kind for alarm in shop.records()} == {"hygiene_limit", "hygiene_sensor"}


def test_a_number_that_says_that_there_is_no_sensor_is_none_in_tenths_too(tmp_path: Path) -> None:
    register = {"server": "gateway", "address": 0, "type": "i16", "scale": 0.1}
    point = {**SHOP["points"]["fridge"], "modbus": register, "no_reading": [3276.7]}  # type: ignore[index]
    shop = Rehearsal(tmp_path, SHOP | {"points": {"fridge": point}})
    for minute in range(12):
        shop.feed("fridge", {"value": 32767 * 0.1, "registers": [0x7FFF]}, MIDNIGHT_S + minute * 60.0)
        shop.work()
    assert shop.runner.degraded() == ()
    assert list(shop.records()) == []


def test_a_register_that_is_no_number_is_an_alarm_and_not_silence(tmp_path: Path) -> None:
    shop = Rehearsal(tmp_path, SHOP)
    for minute in range(8):
        ask(shop, [0x7FC0, 0x0000], minute)
    assert [alarm.kind for alarm in shop.records()] == ["hygiene_sensor"]


@pytest.mark.parametrize(
    ("exception", "advice"),
    [
        (2, "40001 in many manuals is holding 0"),
        (1, "try holding or input"),
        (11, "check unit and wiring"),
        (77, "check unit, address"),
    ],
)
def test_an_exception_says_what_to_check_and_is_over_with_the_next_answer(
    tmp_path: Path, exception: int, advice: str
) -> None:
    shop = Rehearsal(tmp_path, SHOP)
    ask(shop, [], 0, error="ExceptionResponse(...)", exception=exception)
    (problem,) = shop.runner.degraded()
    assert advice in problem
    assert shop.runner.context.counts["unreadable"] == 1
    ask(shop, words_of("f32", 4.0), 1)
    assert shop.runner.degraded() == ()


class Device:
    """pymodbus' own server with registers of each kind."""

    def __init__(self, port: int) -> None:
        self.port = port
        self._loop = asyncio.new_event_loop()
        self._up = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        assert self._up.wait(20)

    def _run(self) -> None:
        async def serve() -> None:
            bits = [SimData(0, values=[False, True, False, True], datatype=DataType.BITS)]
            holding = [SimData(0, values=[0x0000, 0x41A0, 0x0004], datatype=DataType.REGISTERS)]
            inputs = [SimData(0, values=[0xFFEC], datatype=DataType.REGISTERS)]
            device = SimDevice(1, simdata=(bits, bits, holding, inputs))
            self._server = ModbusTcpServer(device, framer=FramerType.SOCKET, address=("127.0.0.1", self.port))
            await self._server.serve_forever(background=True)
            self._stop = asyncio.Event()
            self._up.set()
            await self._stop.wait()
            await self._server.shutdown()

        self._loop.run_until_complete(serve())

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(10)


@pytest.fixture
def device() -> Iterator[Device]:
    made = Device(free_port())
    yield made
    made.close()


def test_every_kind_of_register_of_a_real_server_is_read(device: Device) -> None:
    registers = {
        "swapped": Register(server="s", address=0, type="f32", word_order="little"),
        "flag": Register(server="s", address=2, bit=2),
        "input": Register(server="s", address=0, kind="input", scale=0.1),
        "coil": Register(server="s", address=1, kind="coil"),
        "discrete": Register(server="s", address=2, kind="discrete"),
        "nowhere": Register(server="s", address=40001),
    }
    source = ModbusSource("s", ModbusServer(host="127.0.0.1", port=device.port, every_s=0.2), registers)
    answers: dict[str, Any] = {}

    def take() -> bool:
        answers.update({arrival.topic: json.loads(arrival.payload) for arrival in source.take(0.05)})
        return len(answers) == len(registers)

    wait_for(take, "the answers")
    source.close()
    assert {name: answer.get("value") for name, answer in answers.items()} == {
        **{"swapped": 20.0, "flag": True, "input": pytest.approx(-2.0), "coil": True, "discrete": False},
        "nowhere": None,
    }
    assert answers["nowhere"]["exception"] == 2


def test_a_unit_that_never_answers_hides_none_behind_it() -> None:
    listener = socket.create_server(("127.0.0.1", 0))

    def answer(connection: socket.socket) -> None:
        with connection:
            while len(head := connection.recv(12)) == 12:
                if head[6] == 1:  # the only unit that is there
                    connection.sendall(head[:4] + bytes([0, 5, 1, head[7], 2, 0, 200]))

    def serve() -> None:
        with contextlib.suppress(OSError):
            while True:
                threading.Thread(target=answer, args=(listener.accept()[0],), daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    registers = {
        name: Register(server="s", unit=unit, address=n)
        for n, (name, unit) in enumerate((("before", 1), ("nobody", 2), ("nobody either", 2), ("behind", 1)))
    }
    server = ModbusServer(host="127.0.0.1", port=listener.getsockname()[1], every_s=0.2, timeout_s=0.3)
    source = ModbusSource("s", server, registers)
    answers = {arrival.topic: json.loads(arrival.payload)["value"] for arrival in source.take(0.05)}
    assert answers == {"before": 200.0, "behind": 200.0}
    assert source.problem is not None
    source.close()
    listener.close()


def test_check_refuses_orders_that_say_nothing(tmp_path: Path) -> None:
    box = tmp_path / "box.yaml"
    lines = (
        "{server: g, address: 0, word_order: little}",
        "{server: g, address: 0, kind: coil, type: u16}",
        "{server: g, address: 0, type: f32, bit: 3}",
        "{server: g, address: 0, type: f32, word_order: middle}",
    )
    points = "".join(
        f"      p{n}:\n        quantity: switch\n        modbus: {line}\n        rules: [{{name: r, equals: true}}]\n"
        for n, line in enumerate(lines)
    )
    box.write_text(f"site: s\ndevices:\n  d:\n    kind: hygiene\n    modbus: {{g: {{host: h}}}}\n    points:\n{points}")
    problems = "\n".join(check_box(box).problems)
    for expected in ("did you mean byte_order?", "of no use for a coil", "leave out the type", "p3.modbus.word_order"):
        assert expected in problems
