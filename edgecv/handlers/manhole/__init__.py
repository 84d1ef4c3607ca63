"""Smart manhole covers: in go LoRaWAN uplinks or plain MQTT, out come covers that were moved, damaged or stolen."""

from edgecv.handlers.manhole.handler import ManholeHandler

__all__ = ["ManholeHandler"]
