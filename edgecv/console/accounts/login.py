"""Logging in with name and password, slower and slower for those who guess."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import Select, delete, func, select
from sqlalchemy.orm import Session

from edgecv.console.accounts.audit import audit
from edgecv.console.accounts.hashing_queue import BusyError
from edgecv.console.accounts.passwords import verify_password
from edgecv.console.accounts.sessions import begin_session
from edgecv.console.settings import (
    LOGIN_FAILURES_PER_ADDRESS,
    LOGIN_FAILURES_PER_NAME,
    LOGIN_SLOW_AFTER,
    LOGIN_SLOW_STEP_S,
    LOGIN_SLOWEST_S,
    LOGIN_WINDOW_S,
)
from edgecv.console.storage import EVERYTHING, ConsoleDatabase
from edgecv.console.storage.schema import LoginAttempt, Membership, User
from edgecv.serving.source import source_of


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

    Raises:
        BusyError: too many log in at this moment; the try does not count.
    """
    name = name.strip()[:64]
    if not count_attempt(database, name, address):
        return LoginResult("wait")
    with database.session(EVERYTHING) as session:
        user = session.scalar(select(User).where(User.name == name, User.disabled.is_(False)))
    try:
        is_right = verify_password(None if user is None else user.password_hash, password)
    except BusyError:
        uncount_attempt(database, name, address)
        raise
    if not is_right or user is None:
        with database.session(EVERYTHING, writes=True) as session:
            audit(session, name, "login refused", address=address)
        return LoginResult("wrong")
    with database.session(EVERYTHING, writes=True) as session:
        community = session.scalar(
            select(Membership.community_id).where(Membership.user_id == user.key).order_by(Membership.community_id)
        )
        if community is None:
            return LoginResult("wrong")
        forget_attempts(session, name, address)
        audit(session, name, "login", community=community, address=address)
        return LoginResult("in", begin_session(session, user, community))


def login_delay_s(database: ConsoleDatabase, name: str) -> float:
    """How long a try of a name has to wait first, seconds: longer the more of them failed, wherever they came from.

    Too many from one address end tries from there; from everywhere they are only slowed, else anybody could keep a
    known name out.
    """
    with database.session(EVERYTHING) as session:
        recent = _failed().where(LoginAttempt.name == name.strip()[:64], LoginAttempt.at_s > _window())
        failures = session.scalar(recent) or 0
    return min(max(failures - LOGIN_SLOW_AFTER, 0) * LOGIN_SLOW_STEP_S, LOGIN_SLOWEST_S)


def count_attempt(database: ConsoleDatabase, name: str, address: str) -> bool:
    """Count a try before the password is looked at, for many tries at once are many; False where they are too many.

    Tries from one network of IPv6 count as from one address.
    """
    source = source_of(address)
    with database.session(EVERYTHING, writes=True) as session:
        if _too_often(session, name, source):
            return False
        session.add(LoginAttempt(name=name, address=source, at_s=time.time(), ok=False))
    return True


def uncount_attempt(database: ConsoleDatabase, name: str, address: str) -> None:
    """After a password was not looked at: the last try was none."""
    last = select(func.max(LoginAttempt.key)).where(
        LoginAttempt.name == name, LoginAttempt.address == source_of(address)
    )
    with database.session(EVERYTHING, writes=True) as session:
        session.execute(delete(LoginAttempt).where(LoginAttempt.key == last.scalar_subquery()))


def forget_attempts(session: Session, name: str, address: str) -> None:
    """After a success: what was mistyped from there is forgotten; guesses from elsewhere are not."""
    here = LoginAttempt.address == source_of(address)
    session.execute(delete(LoginAttempt).where(LoginAttempt.name == name, here))


def _too_often(session: Session, name: str, source: str) -> bool:
    session.execute(delete(LoginAttempt).where(LoginAttempt.at_s < _window()))
    here = _failed().where(LoginAttempt.address == source)
    by_name = session.scalar(here.where(LoginAttempt.name == name)) or 0
    by_address = session.scalar(here) or 0
    return by_name >= LOGIN_FAILURES_PER_NAME or by_address >= LOGIN_FAILURES_PER_ADDRESS


def _failed() -> Select[Any]:
    return select(func.count()).select_from(LoginAttempt).where(LoginAttempt.ok.is_(False))


def _window() -> float:
    return time.time() - LOGIN_WINDOW_S
