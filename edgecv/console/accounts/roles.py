"""Roles and what they may do. Code asks for a capability, never for a role."""

from __future__ import annotations

from enum import StrEnum


class Role(StrEnum):
    """What somebody is in a community."""

    VIEWER = "viewer"
    OFFICIAL = "official"
    WORKER = "worker"
    ADMIN = "admin"


class Capability(StrEnum):
    """Something that may be done."""

    SEE_ALL = "see every incident of the community"
    SEE_OWN = "see the cases one is assigned to"
    JUDGE = "confirm, call a false alarm, assign, close"
    INVESTIGATE = "report what was found"
    OPEN_EVIDENCE = "open untouched evidence, with a reason"
    SEE_STATISTICS = "see statistics"
    MANAGE_CAMERAS = "calibrate and mask cameras"
    MANAGE_USERS = "make users and give them roles"


_OFFICIAL = frozenset(
    {
        Capability.SEE_ALL,
        Capability.JUDGE,
        Capability.INVESTIGATE,
        Capability.OPEN_EVIDENCE,
        Capability.SEE_STATISTICS,
    }
)
_MAY: dict[Role, frozenset[Capability]] = {
    Role.VIEWER: frozenset({Capability.SEE_ALL, Capability.SEE_STATISTICS}),
    Role.OFFICIAL: _OFFICIAL,
    Role.WORKER: frozenset({Capability.SEE_OWN, Capability.INVESTIGATE}),
    Role.ADMIN: _OFFICIAL | {Capability.MANAGE_CAMERAS, Capability.MANAGE_USERS},
}


def capabilities(role: Role) -> frozenset[Capability]:
    """What a role may do."""
    return _MAY[role]
