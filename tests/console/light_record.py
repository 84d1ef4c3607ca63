"""A record of something that was weighed by its light: a thing of 120 cm² that is brighter than most of the wall."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import select

from edgecv.console.storage import EVERYTHING, ConsoleDatabase
from edgecv.console.storage.schema import Incident

_AREA_M2, _LUMA = 0.012, 0.6
MASS: dict[str, Any] = {
    "kg": {"median": 0.52, "low": 0.38, "high": 0.71},
    "diameter_m": {"median": 0.124, "low": 0.11, "high": 0.138},
    "photometry": {
        "area_m2": {"median": _AREA_M2, "low": 0.0095, "high": 0.015},
        "luma": {"median": _LUMA, "low": 0.5, "high": 0.7},
        "gamma": 2.2,
        "gamma_p": 0.8,
        "scatter": 0.05,
        "background_sd": 0.2,
        "line_m2": [_AREA_M2 * _LUMA, _AREA_M2],
        "places": 18,
        "used": 16,
        "points": [
            {
                "t": 4.12 + n / 25.0,
                "background": round(0.1 + 0.05 * n, 3),
                "flux_m2": round(_AREA_M2 * (_LUMA - 0.1 - 0.05 * n) + 0.0006 * (n % 3 - 1), 6),
                "sd_m2": 0.0008,
                "weight": 0.1 if n == 7 else 1.0,
            }
            for n in range(16)
        ],
    },
}


def put_light(database: ConsoleDatabase, **light: Any) -> None:
    """Write it into the record of the one incident there is, with other figures where they are given."""
    with database.session(EVERYTHING, writes=True) as session:
        incident = session.scalars(select(Incident)).one()
        record = json.loads(json.dumps(incident.record))
        record["mass"] |= MASS | {"photometry": MASS["photometry"] | light}
        incident.record = record
