"""Limits that one input is held to, and how much is tried."""

from __future__ import annotations

CPU_S = 5.0
"""Of one input. Honest inputs of these sizes take milliseconds; a minute on a slow box is what must be noticed."""
GROWTH_MB = 400
"""Of the process, by one input. Honest inputs of these sizes take a few MB; decoders keep some pictures."""
ROOM_MB = 3072
"""Address space that a worker may take beyond what it starts with; more is an error, not a dead machine."""
HANG_S = 300.0
"""Wall time after which a worker that does not answer is killed; generous, because other work may share the machine."""
START_S = 120.0
"""Wall time for a worker to load the product."""
RENEW_INPUTS = 150
"""Inputs after which an entrance begins with fresh state, so that databases do not grow with the length of a run."""
TRIES = 150
"""Most tries to make a failing input smaller."""
TRIES_FATAL = 12
"""The same where each try ends a process or waits for one that hangs."""
MINIMISE_S = 20.0
"""Most time for that; what is found should be told soon."""
FAILURES = 12
"""Distinct failures of one entrance; it is left when so many are found."""
