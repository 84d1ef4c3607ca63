"""Users who log in elsewhere: made at their first login, with the roles that the provider's claim gives them."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from edgecv.config.oidc import OidcSection
from edgecv.console.accounts.audit import audit
from edgecv.console.accounts.sessions import begin_session, end_sessions_of
from edgecv.console.accounts.user_names import is_user_name, plain_full_name
from edgecv.console.accounts.users import find_community, user_name_exists
from edgecv.console.storage.schema import Community, Membership, User
from edgecv.errors import ConfigError, EdgecvError

OIDC = "OIDC"
"""Who has done it, in the audit log."""


class NoRoleError(EdgecvError):
    """Somebody who has logged in elsewhere may not come in; ``reason`` is ``role`` or ``disabled``."""

    def __init__(self, reason: str, text: str) -> None:
        super().__init__(text)
        self.reason = reason


def check_grants(session: Session, settings: OidcSection) -> None:
    """Whether every grant is of a community that there is.

    Raises:
        ConfigError: one is not.
    """
    for index, grant in enumerate(settings.grants):
        try:
            find_community(session, grant.community)
        except ConfigError as error:
            text = str(error).removeprefix("--community")
            raise ConfigError(f"console.oidc.grants[{index}].community{text}") from error


def enter(session: Session, settings: OidcSection, claims: Mapping[str, Any], address: str) -> str:
    """Let in who the provider's claims name; return the token of the login.

    Their roles are from now on what the claim gives, no more and no less.

    Raises:
        NoRoleError: the claim gives them no role here, or they were disabled here.
    """
    user = _linked_user(session, settings, claims)
    roles = _roles(session, settings, claims)
    if not roles:
        raise NoRoleError("role", f"{OIDC}: no grant fits what {settings.claim} says of {_called(claims)}")
    if user is None:
        user = _added(session, settings, claims, address)
    if user.disabled:
        raise NoRoleError("disabled", f"{OIDC}: {user.name} is disabled here")
    full_name = claims.get("name")
    if isinstance(full_name, str):
        user.full_name = plain_full_name(full_name) or user.full_name
    _give(session, user, roles, address)
    community = min(roles)
    audit(session, user.name, "login", OIDC, community=community, address=address)
    return begin_session(session, user, community)


def _added(session: Session, settings: OidcSection, claims: Mapping[str, Any], address: str) -> User:
    user = User(name=_free_name(session, settings, claims), full_name="", password_hash=None)
    user.subject = _subject(settings, claims)
    user.created_s = time.time()
    try:
        with session.begin_nested():
            session.add(user)
    except IntegrityError:  # they logged in at the same moment in another tab
        first = _linked_user(session, settings, claims)
        if first is None:
            raise
        return first
    audit(session, OIDC, "user added", user.name, address=address)
    return user


def revoke_roles(session: Session, settings: OidcSection, claims: Mapping[str, Any], address: str) -> None:
    """Take every role from somebody whom the claim gives none any more; their logins end."""
    user = _linked_user(session, settings, claims)
    if user is not None:
        _give(session, user, {}, address)
        end_sessions_of(session, user.key)


def _subject(settings: OidcSection, claims: Mapping[str, Any]) -> str:
    """Who somebody is to their provider: unique among all providers, and never given to another."""
    return f"{settings.issuer} {claims['sub']}"


def _linked_user(session: Session, settings: OidcSection, claims: Mapping[str, Any]) -> User | None:
    return session.scalar(select(User).where(User.subject == _subject(settings, claims)))


def _roles(session: Session, settings: OidcSection, claims: Mapping[str, Any]) -> dict[int, str]:
    """The role in each community, by its key."""
    claimed = claims.get(settings.claim)
    values = {
        str(value) for value in (claimed if isinstance(claimed, list) else [claimed]) if isinstance(value, str | int)
    }
    roles: dict[int, str] = {}
    for grant in settings.grants:
        if grant.value in values:
            roles.setdefault(find_community(session, grant.community).key, grant.role)
    return roles


def _give(session: Session, user: User, roles: Mapping[int, str], address: str) -> None:
    had = {m.community_id: m for m in session.scalars(select(Membership).where(Membership.user_id == user.key))}
    for community in session.scalars(select(Community).where(Community.key.in_({*had, *roles}))):
        before, after = had.get(community.key), roles.get(community.key)
        if before is not None and before.role == after:
            continue
        if before is None:
            session.add(Membership(user_id=user.key, community_id=community.key, role=after))
        elif after is None:
            session.delete(before)
        else:
            before.role = after
        change = f"{user.name} as {after}" if after is not None else f"{user.name}: none any more"
        audit(session, OIDC, "role given", change, community=community.key, address=address)
    session.flush()


def _called(claims: Mapping[str, Any]) -> str:
    for name in ("preferred_username", "email"):
        if isinstance(claims.get(name), str) and is_user_name(claims[name]):
            return str(claims[name])
    return "u" + hashlib.sha256(str(claims["sub"]).encode()).hexdigest()[:12]


def _free_name(session: Session, settings: OidcSection, claims: Mapping[str, Any]) -> str:
    """A name that nobody has here: an account with a password is never taken over by one of the same name."""
    called = _called(claims)
    host = urlsplit(settings.issuer).hostname or "oidc"
    digest = hashlib.sha256(_subject(settings, claims).encode()).hexdigest()
    for name in (called, f"{called}@{host}", f"u{digest[:16]}"):
        if is_user_name(name) and not user_name_exists(session, name):
            return name
    return f"u{digest[:40]}"
