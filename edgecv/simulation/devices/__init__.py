"""Devices with known truth: a day of what they send, what a channel makes of it, and the alarms that are right."""

from edgecv.simulation.devices.channel import Channel
from edgecv.simulation.devices.score import Score, score
from edgecv.simulation.devices.traffic import Day, Expected, Sent

__all__ = ["Channel", "Day", "Expected", "Score", "Sent", "score"]
