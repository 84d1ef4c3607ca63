"""What an administrator does to the users of their community, and a user to their own account."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from edgecv.console.accounts.audit import audit
from edgecv.console.accounts.passwords import hash_password, verify_password
from edgecv.console.accounts.principal import Viewer
from edgecv.console.accounts.roles import Role
from edgecv.console.accounts.sessions import end_sessions_of
from edgecv.console.accounts.user_names import is_user_name, plain_full_name
from edgecv.console.accounts.users import add_user, user_name_exists
from edgecv.console.settings import PASSWORD_CHARS, PASSWORD_LONGEST
from edgecv.console.storage.schema import Community, Membership, User


class AccountRefusedError(Exception):
    """A change that is not made; ``reason`` is a key of ``web.words.ACCOUNT_REFUSALS``."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class ManagedUser:
    """A user as the administrators of a community see them.

    Attributes:
        user: who.
        role: in this community.
        is_shared: they belong to other communities too, so no single administrator may end or take their login.
    """

    user: User
    role: Role
    is_shared: bool


def users_of(session: Session, community: int) -> list[ManagedUser]:
    """The users of a community, by name."""
    memberships = (
        select(func.count()).where(Membership.user_id == User.key).correlate(User).scalar_subquery().label("count")
    )
    rows = session.execute(
        select(User, Membership.role, memberships)
        .join(Membership, Membership.user_id == User.key)
        .where(Membership.community_id == community)
        .order_by(User.disabled, User.name)
    )
    return [ManagedUser(user, Role(role), count > 1) for user, role, count in rows]


def communities_of(session: Session, user: int) -> list[Community]:
    """The communities that somebody belongs to, by title."""
    owned = select(Membership.community_id).where(Membership.user_id == user)
    return list(session.scalars(select(Community).where(Community.key.in_(owned)).order_by(Community.title)))


def make_user(session: Session, admin: Viewer, name: str, full_name: str, role: Role, address: str = "") -> str:
    """Make a user of the administrator's community; return the password to hand over.

    Raises:
        AccountRefusedError: the name is none, or taken.
    """
    if not is_user_name(name):
        raise AccountRefusedError("name")
    if user_name_exists(session, name):
        raise AccountRefusedError("taken")
    community = session.get_one(Community, admin.community)
    password = _first_password()
    add_user(
        session, name, password, role, community, by=admin.name, full_name=plain_full_name(full_name), address=address
    )
    return password


def change_role(session: Session, admin: Viewer, user: int, role: Role, address: str = "") -> None:
    """Give somebody another role in the administrator's community; their logins end.

    Raises:
        AccountRefusedError: they are none of its users, or the administrator themselves.
    """
    managed = _managed(session, admin, user)
    session.get_one(Membership, (user, admin.community)).role = role.value
    end_sessions_of(session, user)
    _written(session, admin, "role changed", f"{managed.user.name}: {managed.role} to {role}", address)


def set_disabled(session: Session, admin: Viewer, user: int, disabled: bool, address: str = "") -> None:
    """Keep somebody out, or let them in again; their logins end.

    Raises:
        AccountRefusedError: they are none of the community's users, belong to others too, or are the administrator.
    """
    managed = _managed(session, admin, user, alone=True)
    managed.user.disabled = disabled
    end_sessions_of(session, user)
    _written(session, admin, "user disabled" if disabled else "user enabled", managed.user.name, address)


def reset_password(session: Session, admin: Viewer, user: int, address: str = "") -> str:
    """Give somebody a new password; return it. Their logins end.

    Raises:
        AccountRefusedError: as for :func:`set_disabled`, or they log in elsewhere (OIDC).
    """
    managed = _managed(session, admin, user, alone=True)
    if managed.user.subject is not None:
        raise AccountRefusedError("elsewhere")
    password = _first_password()
    managed.user.password_hash = hash_password(password)
    end_sessions_of(session, user)
    _written(session, admin, "password reset", managed.user.name, address)
    return password


def change_password(session: Session, viewer: Viewer, old: str, new: str, address: str = "") -> None:
    """Change one's own password; every login of theirs ends, this one too.

    Raises:
        AccountRefusedError: the old one is not right, or the new one is too short or too long.
    """
    user = session.get_one(User, viewer.user)
    if not PASSWORD_CHARS <= len(new) <= PASSWORD_LONGEST:
        raise AccountRefusedError("length")
    if not verify_password(user.password_hash, old):
        raise AccountRefusedError("wrong")
    user.password_hash = hash_password(new)
    end_sessions_of(session, user.key)
    _written(session, viewer, "password changed", "", address)


def everybody(session: Session) -> list[tuple[User, Community, str]]:
    """Every user with each of their communities and roles, by name. For the command line."""
    rows = session.execute(
        select(User, Community, Membership.role)
        .join(Membership, Membership.user_id == User.key)
        .join(Community, Community.key == Membership.community_id)
        .order_by(User.name, Community.name)
    )
    return [(user, community, role) for user, community, role in rows]


def disable(session: Session, user: User, by: str) -> None:
    """Keep somebody out of every community. For the command line."""
    user.disabled = True
    end_sessions_of(session, user.key)
    audit(session, by, "user disabled", user.name)


def join(session: Session, user: User, community: Community, role: Role, by: str) -> None:
    """Give a user a role in one more community, or another role in one of theirs. For the command line."""
    session.execute(delete(Membership).where(Membership.user_id == user.key, Membership.community_id == community.key))
    session.add(Membership(user_id=user.key, community_id=community.key, role=role.value))
    end_sessions_of(session, user.key)
    audit(session, by, "role given", f"{user.name} as {role}", community=community.key)


def _managed(session: Session, admin: Viewer, user: int, *, alone: bool = False) -> ManagedUser:
    match = next((one for one in users_of(session, admin.community) if one.user.key == user), None)
    if match is None:
        raise AccountRefusedError("unknown")
    if user == admin.user:
        raise AccountRefusedError("self")  # else the last administrator could lock everybody out
    if alone and match.is_shared:
        # whoever sets a password may log in with it, and would see the other communities
        raise AccountRefusedError("shared")
    return match


def _first_password() -> str:
    return secrets.token_urlsafe(12)


def _written(session: Session, actor: Viewer, action: str, subject: str, address: str) -> None:
    audit(session, actor.name, action, subject, community=actor.community, address=address)
