"""Devices that are asked over Modbus TCP, by pymodbus."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from edgecv.handlers.sources.source import Arrival
from edgecv.messages import handlers as messages

if TYPE_CHECKING:
    from edgecv.handlers.hygiene.settings import ModbusServer, Register

_PAUSE_S = 5.0


class _NotReachedError(OSError):
    """There is no connection to the server itself."""


class ModbusSource:
    """One Modbus server, asked for its registers at its pace.

    Each answer arrives as ``{"value": ...}``, with the ``registers`` of a number, and one that is none as
    ``{"error": ..., "exception": ...}``.

    Args:
        name: of the server, for messages.
        server: where it is.
        registers: what to ask for, by point.
    """

    def __init__(self, name: str, server: ModbusServer, registers: Mapping[str, Register]) -> None:
        from pymodbus.client import ModbusTcpClient  # noqa: PLC0415 - an optional package

        self._name = name
        self._server = server
        self._registers = registers
        self._client: Any = ModbusTcpClient(server.host, port=server.port, timeout=server.timeout_s, retries=0)
        self._next_s = 0.0
        self._problem: str | None = messages.CONNECTING_MODBUS(name=name)

    @property
    def problem(self) -> str | None:
        """Why nothing can come, or None."""
        return self._problem

    def take(self, seconds: float) -> Sequence[Arrival]:
        """Ask, where it is time to; else wait."""
        now_s = time.monotonic()
        if now_s < self._next_s:
            time.sleep(min(seconds, self._next_s - now_s))
            return []
        self._next_s = now_s + self._server.every_s
        arrivals: list[Arrival] = []
        silent: set[int] = set()
        problem: str | None = None
        for point, register in self._registers.items():
            if register.unit in silent:
                continue
            try:
                self._connect()
                arrivals.append(self._read(point, register))
            except Exception as error:  # pymodbus raises its own, the socket others
                self._client.close()  # a late answer would be taken for the next one's
                silent.add(register.unit)  # of a gateway the others may answer all the same
                address, why = f"{self._server.host}:{self._server.port}", str(error)
                problem = messages.MODBUS_FAILS(name=self._name, address=address, why=why)
                if isinstance(error, _NotReachedError):
                    break
        self._problem = problem
        if problem is not None:
            pause_s = max(_PAUSE_S, self._server.every_s) if not arrivals else self._server.every_s
            self._next_s = time.monotonic() + pause_s
        return arrivals

    def done(self, arrivals: Sequence[Arrival]) -> None:
        """Nothing to acknowledge: what is lost is asked for again."""

    def refused(self, arrival: Arrival, reason: str) -> None:
        """Nothing: whoever sent it does not ask."""

    def close(self) -> None:
        """Disconnect."""
        self._client.close()

    def _connect(self) -> None:
        if not self._client.connected and not self._client.connect():
            raise _NotReachedError(messages.NOT_REACHED())

    def _read(self, point: str, register: Register) -> Arrival:
        client, coding = self._client, register.coding
        is_bit = register.kind in {"coil", "discrete"}
        read = {
            "holding": client.read_holding_registers,
            "input": client.read_input_registers,
            "coil": client.read_coils,
            "discrete": client.read_discrete_inputs,
        }[register.kind]
        count = 1 if is_bit else coding.words
        response = read(register.address, count=count, device_id=register.unit)
        if response.isError():
            return _failed(point, str(response), getattr(response, "exception_code", None))
        values = list(response.bits if is_bit else response.registers)
        if len(values) < count:
            return _failed(point, "the answer is too short", None)
        if is_bit:
            return _answered(point, {"value": bool(values[0])})
        if register.bit is not None:
            return _answered(point, {"value": bool(values[0] >> register.bit & 1)})
        value = coding.decode(values)
        said: dict[str, Any] = {"value": value if math.isfinite(value) else str(value)}
        return _answered(point, said | {"registers": values[:count]})


def _answered(point: str, said: dict[str, Any]) -> Arrival:
    return Arrival(point, json.dumps(said).encode())


def _failed(point: str, why: str, exception: int | None) -> Arrival:
    return _answered(point, {"error": why, "exception": exception})
