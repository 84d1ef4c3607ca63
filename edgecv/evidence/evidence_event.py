"""The message that evidence is sealed; its envelope is that of :mod:`edgecv.incidents.cloudevents`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from edgecv.evidence.chain_head import Receipt
from edgecv.incidents.cloudevents import EVIDENCE_TYPE, envelope, now_text
from edgecv.incidents.record import Incident


def evidence_event(incident: Incident, receipt: Receipt, files: Sequence[str]) -> dict[str, Any]:
    """The message that an incident's evidence is sealed and complete; its id is the incident's.

    ``sequence`` and ``previous`` are its place in the box's chain; ``receipt`` is that signed, for whoever keeps it:
    the box cannot deny later what it had sealed until then.
    """
    data = {
        "incident": incident.id,
        "manifest_sha256": receipt.head.manifest_sha256,
        "sequence": receipt.head.sequence,
        "previous": receipt.head.previous,
        "receipt": receipt.model_dump(),
        "files": list(files),
        "clip": incident.evidence.clip,
        "sha256": incident.evidence.sha256,
    }
    return envelope(incident.site, incident.device, EVIDENCE_TYPE, incident.id, incident.kind, now_text(), data)
