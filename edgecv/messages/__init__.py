"""Everything a box says to people, each sentence once: its code, its English, and what may stand in its places.

In comes a code with parameters, from whoever has something to say: ``camera.REFUSES_LOGIN(source=...)``. Out goes a
:class:`Message`: the English text, which records, logs and topics carry as ever, and beside it the code and the
parameters (:func:`to_wire`), which programs go by and the console translates (:func:`from_wire`). There is one module a
subject. What older boxes wrote, without codes, is recognised by the same templates (:func:`recognised`).
"""

from edgecv.messages import (
    box,
    broker,
    calibration,
    camera,
    console,
    covers,
    evidence,
    handlers,
    hygiene,
    mass,
    medical,
    origin,
    records,
    replay,
    seals,
    sinking,
    system,
    things,
    timing,
    verdict,
    visibility,
)
from edgecv.messages.message import Message, Template, joined, mapped, template_of, templates
from edgecv.messages.params import SEPARATOR
from edgecv.messages.recognition import recognised
from edgecv.messages.wire import check_wire, from_wire, to_wire

__all__ = [
    "SEPARATOR",
    "Message",
    "Template",
    "box",
    "broker",
    "calibration",
    "camera",
    "check_wire",
    "console",
    "covers",
    "evidence",
    "from_wire",
    "handlers",
    "hygiene",
    "joined",
    "mapped",
    "mass",
    "medical",
    "origin",
    "recognised",
    "records",
    "replay",
    "seals",
    "sinking",
    "system",
    "template_of",
    "templates",
    "things",
    "timing",
    "to_wire",
    "verdict",
    "visibility",
]
