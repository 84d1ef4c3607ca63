"""Users and their roles."""

from __future__ import annotations

import time

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from edgecv.config.problems import did_you_mean
from edgecv.console.accounts.audit import audit
from edgecv.console.accounts.passwords import hash_password
from edgecv.console.accounts.roles import Role
from edgecv.console.accounts.user_names import is_user_name, looks_like_any
from edgecv.console.storage.schema import Community, Membership, User
from edgecv.errors import ConfigError


def add_user(
    session: Session,
    name: str,
    password: str,
    role: Role,
    community: Community,
    *,
    by: str,
    full_name: str = "",
    address: str = "",
) -> User:
    """Make a user with a role in a community.

    Raises:
        ConfigError: the name is taken or no name, or the password is too short.
    """
    if not is_user_name(name):
        raise ConfigError(
            f"user '{name}': must be 2 to 64 letters (a to z, or Chinese characters, not both), digits, '.', '-', '_' "
            "or '@'"
        )
    if user_name_exists(session, name):
        raise ConfigError(f"user '{name}': is there already, or one that looks like it; choose another name")
    user = User(name=name, full_name=full_name, password_hash=hash_password(password), created_s=time.time())
    session.add(user)
    session.flush()
    session.add(Membership(user_id=user.key, community_id=community.key, role=role.value))
    audit(session, by, "user added", f"{name} as {role.value}", community=community.key, address=address)
    return user


def user_name_exists(session: Session, name: str) -> bool:
    """Whether somebody is called so, or so that it looks the same."""
    return looks_like_any(name, session.scalars(select(User.name)))


def find_community(session: Session, name: str | None) -> Community:
    """The community of that name; where there is only one, no name is needed.

    Raises:
        ConfigError: there is no such community, or the name is needed.
    """
    communities = {community.name: community for community in session.scalars(select(Community))}
    if name is None and len(communities) == 1:
        return next(iter(communities.values()))
    if name is None:
        raise ConfigError(f"--community: is needed here; known are {', '.join(communities)}")
    if name not in communities:
        raise ConfigError(
            f"--community {name}: is not known; known are {', '.join(communities)}{did_you_mean(name, communities)}"
        )
    return communities[name]


def find_user(session: Session, name: str) -> User:
    """The user of that name.

    Raises:
        ConfigError: there is none.
    """
    user = session.scalar(select(User).where(User.name == name))
    if user is None:
        names = session.scalars(select(User.name)).all()
        raise ConfigError(f"user '{name}': is not known{did_you_mean(name, names)}; `console user list` shows all")
    return user


def has_users(session: Session) -> bool:
    """Whether anybody could log in."""
    return bool(session.scalar(select(func.count()).select_from(User)))
