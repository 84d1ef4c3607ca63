"""Which of two versions of a resource is the newer: meta.lastUpdated, and within one stamp meta.versionId.

https://hl7.org/fhir/R4/resource.html#Meta
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Self

from edgecv.handlers.medical.fhir import seconds

_AHEAD_S = 86400.0
"""A server's clock may be of another time zone; a stamp further ahead of its own arrival is none."""


@dataclass(frozen=True, slots=True)
class Version:
    """A version of a resource.

    Attributes:
        at_s: when the server last changed it, by its own clock, seconds since 1970; None where it does not say.
        id: the server's name of it; most servers count, but they need not.
    """

    at_s: float | None = None
    id: str | None = None

    @classmethod
    def of(cls, resource: Any) -> Self:
        """That of a FHIR resource."""
        meta = resource.meta
        if meta is None:
            return cls()
        return cls(seconds(meta.lastUpdated), None if meta.versionId is None else str(meta.versionId))

    def is_old(self, stored: Version) -> bool:
        """Whether it is the one that is stored, or older; one without a stamp is taken for new."""
        if self.at_s is None or stored.at_s is None:
            return False
        if self.at_s != stored.at_s or self.id is None or stored.id is None:
            return self.at_s <= stored.at_s
        if _is_count(self.id) and _is_count(stored.id):
            return int(self.id) <= int(stored.id)
        return self.id == stored.id

    def after(self, stored: Version, now_s: float) -> Version:
        """What to store of it: no older than the one before, and of no time to come, which would keep all others out.

        Args:
            stored: the one before.
            now_s: box time, seconds since 1970.
        """
        if self.at_s is None:
            return stored
        return replace(self, at_s=now_s) if self.at_s > now_s + _AHEAD_S else self


def _is_count(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 18
