"""Medical centres: in go FHIR resources, out come reports that are late and doses that were missed; ids and times only.

Nothing clinical is kept: of each resource only what is named in ``fhir`` is read, and no example of an unreadable one.
"""

from edgecv.handlers.medical.medication import MedicationHandler
from edgecv.handlers.medical.reports import ReportsHandler

__all__ = ["MedicationHandler", "ReportsHandler"]
