"""Why a record's evidence is not whole, and why it was deleted."""

from __future__ import annotations

from edgecv.messages.message import declare
from edgecv.messages.params import MESSAGE, number

CUT_OFF = declare(
    "evidence.cut_off",
    "the recording ended before the clip was on the disk: the process was killed, or the power went",
)
NO_CLIP_CUT = declare("evidence.no_clip_cut", "no clip could be cut from the recording: %(why)s", why=MESSAGE)
STAMPS_RESTART = declare(
    "evidence.stamps_restart",
    "its time stamps begin again at %(time)s s; replay the recordings in it one by one",
    time=number(".2f"),
)
NOT_BORNE_OUT = declare(
    "evidence.not_borne_out", "before it was sealed, the clip did not bear the record out: %(why)s", why=MESSAGE
)
NOT_CHECKED = declare("evidence.not_checked", "the clip could not be compared with the record before it was sealed")
OLDER_THAN = declare("evidence.older_than", "older than %(days)s days", days=number("g"))
DISK_WAS_FULL = declare("evidence.disk_was_full", "the disk was %(share)s full", share=number(".0%"))
