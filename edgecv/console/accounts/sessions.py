"""Logins: kept in the database, named by a random token in a cookie."""

from __future__ import annotations

import hashlib
import secrets
import time

from sqlalchemy import delete, or_, select, update
from sqlalchemy.orm import Session

from edgecv.console.accounts.principal import Viewer
from edgecv.console.accounts.roles import Role
from edgecv.console.settings import SEEN_EVERY_S, SESSION_IDLE_S, SESSION_LONGEST_S
from edgecv.console.storage import EVERYTHING, ConsoleDatabase
from edgecv.console.storage.schema import Community, LoginSession, Membership, User


def begin_session(session: Session, user: User, community: int) -> str:
    """Begin a login; return the token for the cookie. Old ones are swept out by the way."""
    now = time.time()
    session.execute(
        delete(LoginSession).where(
            or_(LoginSession.seen_s < now - SESSION_IDLE_S, LoginSession.created_s < now - SESSION_LONGEST_S)
        )
    )
    token = secrets.token_urlsafe(32)
    session.add(
        LoginSession(
            token_sha256=_digest(token),
            user_id=user.key,
            community_id=community,
            csrf=secrets.token_urlsafe(32),
            created_s=now,
            seen_s=now,
        )
    )
    return token


def switch_community(session: Session, token: str, user: int, community: int) -> bool:
    """Look at another of one's communities from now on; False where the user is no member of it."""
    if session.get(Membership, (user, community)) is None:
        return False
    session.execute(
        update(LoginSession)
        .where(LoginSession.token_sha256 == _digest(token), LoginSession.user_id == user)
        .values(community_id=community)
    )
    return True


def end_session(session: Session, token: str) -> None:
    """End a login."""
    session.execute(delete(LoginSession).where(LoginSession.token_sha256 == _digest(token)))


def end_sessions_of(session: Session, user: int) -> None:
    """End every login of a user: after a new password, another role, or when they are disabled."""
    session.execute(delete(LoginSession).where(LoginSession.user_id == user))


def viewer_of(database: ConsoleDatabase, token: str, *, is_use: bool = True) -> Viewer | None:
    """Who a token belongs to; None where it is unknown, too old, or the user is disabled or no longer a member.

    Args:
        database: the console's.
        token: from the cookie.
        is_use: whether somebody does something, which keeps the session alive.
    """
    now = time.time()
    with database.session(EVERYTHING) as session:
        row = session.execute(
            select(LoginSession, User, Membership, Community)
            .join(User, User.key == LoginSession.user_id)
            .join(
                Membership,
                (Membership.user_id == User.key) & (Membership.community_id == LoginSession.community_id),
            )
            .join(Community, Community.key == LoginSession.community_id)
            .where(
                LoginSession.token_sha256 == _digest(token),
                LoginSession.seen_s > now - SESSION_IDLE_S,
                LoginSession.created_s > now - SESSION_LONGEST_S,
                User.disabled.is_(False),
            )
        ).one_or_none()
    if row is None:
        return None
    login, user, membership, community = row
    if is_use and now - login.seen_s > SEEN_EVERY_S:
        with database.session(EVERYTHING, writes=True) as session:
            session.execute(
                update(LoginSession).where(LoginSession.token_sha256 == login.token_sha256).values(seen_s=now)
            )
    return Viewer(
        user=user.key,
        name=user.name,
        full_name=user.full_name or user.name,
        role=Role(membership.role),
        community=community.key,
        community_title=community.title,
        csrf=login.csrf,
    )


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
