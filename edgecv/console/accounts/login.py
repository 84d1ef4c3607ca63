"""Logging in with name and password, slower and slower for those who guess."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from edgecv.console.accounts.audit import audit
from edgecv.console.accounts.passwords import verify_password
from edgecv.console.accounts.sessions import begin_session
from edgecv.console.settings import LOGIN_FAILURES_PER_ADDRESS, LOGIN_FAILURES_PER_NAME, LOGIN_WINDOW_S
from edgecv.console.storage import EVERYTHING, ConsoleDatabase
from edgecv.console.storage.schema import LoginAttempt, Membership, User


@dataclass(frozen=True, slots=True)
class LoginResult:
    """What came of a try: a token, or why there is none. ``wrong`` never says whether name or password is."""

    outcome: Literal["in", "wrong", "wait"]
    token: str | None = None


def log_in(database: ConsoleDatabase, name: str, password: str, address: str) -> LoginResult:
    """Try to log in.

    Args:
        database: the console's.
        name: as typed.
        password: as typed.
        address: where the request came from.
    """
    name = name.strip()[:64]
    with database.session(EVERYTHING, writes=True) as session:
        if _too_often(session, name, address):
            return LoginResult("wait")
        # Counted before the password is looked at: many tries at once are many tries.
        attempt = LoginAttempt(name=name, address=address, at_s=time.time(), ok=False)
        session.add(attempt)
        user = session.scalar(select(User).where(User.name == name, User.disabled.is_(False)))
    if not verify_password(None if user is None else user.password_hash, password) or user is None:
        with database.session(EVERYTHING, writes=True) as session:
            audit(session, name, "login refused", address=address)
        return LoginResult("wrong")
    with database.session(EVERYTHING, writes=True) as session:
        community = session.scalar(
            select(Membership.community_id).where(Membership.user_id == user.key).order_by(Membership.community_id)
        )
        if community is None:
            return LoginResult("wrong")
        session.execute(delete(LoginAttempt).where(LoginAttempt.name == name, LoginAttempt.ok.is_(False)))
        audit(session, name, "login", community=community, address=address)
        return LoginResult("in", begin_session(session, user, community))


def _too_often(session: Session, name: str, address: str) -> bool:
    since = time.time() - LOGIN_WINDOW_S
    session.execute(delete(LoginAttempt).where(LoginAttempt.at_s < since))
    failed = select(func.count()).select_from(LoginAttempt).where(LoginAttempt.ok.is_(False))
    by_name = session.scalar(failed.where(LoginAttempt.name == name)) or 0
    by_address = session.scalar(failed.where(LoginAttempt.address == address)) or 0
    return by_name >= LOGIN_FAILURES_PER_NAME or by_address >= LOGIN_FAILURES_PER_ADDRESS
