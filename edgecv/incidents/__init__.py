"""The incident: its record (the contract's JSON), its evidence on disk, and the report of a run."""

from edgecv.incidents.record import Incident

__all__ = ["Incident"]
