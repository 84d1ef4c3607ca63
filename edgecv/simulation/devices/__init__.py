"""Devices with known truth: a day of what they send, what a channel makes of it, and the alarms that are right."""

from edgecv.simulation.devices.alarm_score import Score, score
from edgecv.simulation.devices.device_trace import Day, Expected, Sent
from edgecv.simulation.devices.lossy_channel import Channel

__all__ = ["Channel", "Day", "Expected", "Score", "Sent", "score"]
