"""The incident: its record, as the contract defines it.

A finding of the classification comes in, with whose footage it is; the record goes out (:class:`Incident`, JSON of the
contract), its summary in words, and the CloudEvents message that carries it. Alarms of other devices are records of the
same outer form (:class:`edgecv.incidents.alarm.Alarm`). Nothing here reads or writes a file, a database or a network.
"""

from edgecv.incidents.record import Incident

__all__ = ["Incident"]
