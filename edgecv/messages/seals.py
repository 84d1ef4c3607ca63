"""What verification says of a bundle's files, signatures and record."""

from __future__ import annotations

from edgecv.messages.message import declare
from edgecv.messages.params import COUNT, MESSAGE, TEXT

CHANGED = declare("seal.changed", "%(file)s: has been changed", file=TEXT)
MISSING = declare("seal.missing", "%(file)s: is missing", file=TEXT)
FOREIGN = declare("seal.foreign", "%(file)s: was not there when the evidence was written", file=TEXT)
NOT_PLAIN = declare("seal.not_plain", "%(file)s: is not a plain file", file=TEXT)
NOT_PLAIN_MOVE = declare(
    "seal.not_plain_move", "%(file)s: is not a plain file and cannot be evidence; move it away", file=TEXT
)
UNREADABLE = declare("seal.unreadable", "%(file)s: cannot be read (%(why)s)", file=TEXT, why=MESSAGE)
TOO_LARGE = declare(
    "seal.too_large", "%(file)s: has more than %(count)s MB, which no box writes", file=TEXT, count=COUNT
)
NO_MANIFEST = declare("seal.no_manifest", "%(file)s: is not a manifest", file=TEXT)
UNKNOWN_MANIFEST = declare(
    "seal.unknown_manifest", "%(file)s: is a manifest of a kind this edgecv does not know; update it", file=TEXT
)
OTHER_KEY = declare(
    "seal.other_key",
    "%(file)s: was signed with key %(key)s, not with %(known)s, the one given",
    file=TEXT,
    key=TEXT,
    known=TEXT,
)
BAD_SIGNATURE = declare(
    "seal.bad_signature",
    "%(file)s: is not the signature of %(other)s by key %(key)s",
    file=TEXT,
    other=TEXT,
    key=TEXT,
)
NO_SIGNATURE = declare("seal.no_signature", "%(file)s: is not a signature", file=TEXT)
OTHER_CLIP = declare("seal.other_clip", "%(file)s: names a clip that is not the one in the folder", file=TEXT)
NO_PARTNER = declare(
    "seal.no_partner",
    "the evidence of %(device)s, which saw the same fall, is not beside it at %(file)s and was not checked",
    device=TEXT,
    file=TEXT,
)
OTHER_PARTNER = declare(
    "seal.other_partner",
    "%(file)s: is not the manifest of %(device)s that the record was written with",
    file=TEXT,
    device=TEXT,
)
NO_RECORD = declare("seal.no_record", "%(file)s: is not an incident's record that this edgecv can read", file=TEXT)
OTHER_INCIDENT = declare(
    "seal.other_incident",
    "%(file)s: is of incident %(incident)s, the manifest of %(other)s",
    file=TEXT,
    incident=TEXT,
    other=TEXT,
)
EXCHANGED = declare(
    "seal.exchanged",
    "%(file)s: is of incident %(incident)s, and %(asked)s was asked for; "
    "the evidence of two incidents may have been exchanged (was the folder renamed? give --incident %(incident)s)",
    file=TEXT,
    incident=TEXT,
    asked=TEXT,
)
NOT_INCIDENT = declare(
    "seal.not_incident",
    "%(file)s: is of incident %(incident)s, and %(asked)s was asked for",
    file=TEXT,
    incident=TEXT,
    asked=TEXT,
)
NOT_SITE = declare(
    "seal.not_site", "%(file)s: is of site %(site)s, and %(asked)s was asked for", file=TEXT, site=TEXT, asked=TEXT
)
NOT_DEVICE = declare(
    "seal.not_device",
    "%(file)s: is of device %(device)s, and %(asked)s was asked for",
    file=TEXT,
    device=TEXT,
    asked=TEXT,
)
NO_DELETION = declare("seal.no_deletion", "%(file)s: is not the record of a deletion", file=TEXT)
OTHER_EVIDENCE = declare("seal.other_evidence", "%(file)s: is of other evidence than the manifest beside it", file=TEXT)
WAS_MISSING = declare("seal.was_missing", "%(file)s: was missing already before the evidence was deleted", file=TEXT)
WAS_CHANGED = declare("seal.was_changed", "%(file)s: had been changed before the evidence was deleted", file=TEXT)
NOT_DELETED = declare(
    "seal.not_deleted", "%(file)s: is still there, though its deletion was recorded; delete it again", file=TEXT
)

# of the folder, whose path stands before it for those who name folders
OF_FOLDER = declare("seal.of_folder", "%(folder)s: %(what)s", folder=TEXT, what=MESSAGE)
NOT_SEALED = declare("seal.not_sealed", "is not sealed: no box has signed it, and anybody could have written it")
NO_KEY = declare("seal.no_key", "no key was given, so nobody knows who sealed it")
DELETED = declare("seal.deleted", "the evidence was deleted on %(time)s: %(why)s", time=TEXT, why=MESSAGE)
