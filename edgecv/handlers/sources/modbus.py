"""Devices that are asked over Modbus TCP, by pymodbus."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from edgecv.handlers.sources.source import Arrival
from edgecv.messages import handlers as messages

if TYPE_CHECKING:
    from edgecv.handlers.hygiene.settings import ModbusServer, Register

_WORDS = {"i16": 1, "u16": 1, "i32": 2, "u32": 2, "f32": 2}
_PAUSE_S = 5.0


class ModbusSource:
    """One Modbus server, asked for its registers at its pace; each answer arrives as ``{"value": ...}``.

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
        try:
            self._connect()
            for point, register in self._registers.items():
                arrivals.append(self._read(point, register))
        except Exception as error:  # pymodbus raises its own, the socket others
            self._client.close()
            address, why = f"{self._server.host}:{self._server.port}", str(error)
            self._problem = messages.MODBUS_FAILS(name=self._name, address=address, why=why)
            self._next_s = time.monotonic() + max(_PAUSE_S, self._server.every_s)
        else:
            self._problem = None
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
            raise OSError(messages.NOT_REACHED())

    def _read(self, point: str, register: Register) -> Arrival:
        read = self._client.read_holding_registers if register.kind == "holding" else self._client.read_input_registers
        response = read(register.address, count=_WORDS[register.type], device_id=register.unit)
        if response.isError():
            return Arrival(point, json.dumps({"error": str(response)}).encode())
        types = self._client.DATATYPE
        kind = {"i16": types.INT16, "u16": types.UINT16, "i32": types.INT32, "u32": types.UINT32, "f32": types.FLOAT32}
        value = self._client.convert_from_registers(response.registers, kind[register.type])
        return Arrival(point, json.dumps({"value": value * register.scale}).encode())
