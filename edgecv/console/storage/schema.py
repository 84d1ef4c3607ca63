"""All tables of the console. Times are seconds since 1970 (``_s``); JSON is kept as it came."""

from __future__ import annotations

from typing import Any

from sqlalchemy import JSON, BigInteger, Double, ForeignKey, Index, Integer, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

# SQLite counts up only a column that is called INTEGER.
_Key = BigInteger().with_variant(Integer, "sqlite")


class Base(DeclarativeBase):
    """Base of every table."""

    type_annotation_map = {dict[str, Any]: JSON, list[Any]: JSON, float: Double, str: String}  # noqa: RUF012


class Community(Base):
    """Those who see the same incidents."""

    __tablename__ = "communities"
    key: Mapped[int] = mapped_column(_Key, primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    title: Mapped[str]


class CommunityOwned:
    """Mixin of tables whose rows belong to one community: a scoped session sees only its own."""

    __tablename__: str
    community_id: Mapped[int] = mapped_column(ForeignKey("communities.key"))


class AssigneeSeen:
    """Mixin of tables about one incident: a worker sees the rows of their own cases only."""

    incident_key: Mapped[int] = mapped_column(ForeignKey("incidents.key"), index=True)


class Site(CommunityOwned, Base):
    """A box's site; it belongs to one community."""

    __tablename__ = "sites"
    key: Mapped[int] = mapped_column(_Key, primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)


class Device(CommunityOwned, Base):
    """A camera, a box, or another device, with its newest state."""

    __tablename__ = "devices"
    __table_args__ = (UniqueConstraint("community_id", "site", "name"),)
    key: Mapped[int] = mapped_column(_Key, primary_key=True)
    site: Mapped[str]
    name: Mapped[str]
    state: Mapped[dict[str, Any]]
    changed_s: Mapped[float]


class DeviceEvent(CommunityOwned, Base):
    """What a device said of itself: lost, covered, its blind minutes."""

    __tablename__ = "device_events"
    __table_args__ = (
        UniqueConstraint("community_id", "site", "device", "id"),
        Index("device_events_by_time", "community_id", "device", "at_s"),
    )
    key: Mapped[int] = mapped_column(_Key, primary_key=True)
    id: Mapped[str]
    site: Mapped[str]
    device: Mapped[str]
    kind: Mapped[str]
    text: Mapped[str]
    at_s: Mapped[float]
    data: Mapped[dict[str, Any]]


class Incident(CommunityOwned, Base):
    """An incident: the columns that lists and statistics ask for, the state of its case, and the record as it came."""

    __tablename__ = "incidents"
    __table_args__ = (
        UniqueConstraint("community_id", "id"),
        Index("incidents_of_source", "community_id", "site", "device", "source_id", unique=True),
        Index("incidents_by_time", "community_id", "started_s", "key"),
        Index("incidents_by_state", "community_id", "state", "started_s", "key"),
        Index("incidents_by_floor", "community_id", "floor", "started_s", "key"),
        Index("incidents_by_building", "community_id", "building", "started_s", "key"),
        Index("incidents_by_kind", "community_id", "kind", "started_s", "key"),
        Index("incidents_by_class", "community_id", "mass_class", "started_s", "key"),
        Index("incidents_by_device", "community_id", "device", "started_s", "key"),
        Index("incidents_by_assignee", "community_id", "assignee_id", "started_s", "key"),
        # Holds all that statistics ask for: the rows themselves are long.
        Index(
            "incidents_counted",
            *("community_id", "started_s", "kind", "building", "floor", "mass_class", "state", "received_s"),
        ),
        Index("incidents_by_due", "community_id", "due_s"),
    )
    key: Mapped[int] = mapped_column(_Key, primary_key=True)
    id: Mapped[str]
    """Its address in the community: what its box calls it, or where another device's has that name already, with
    ``~2`` behind it."""
    kind: Mapped[str]
    site: Mapped[str]
    device: Mapped[str]
    source_id: Mapped[str]
    """What its box calls it: evidence, updates and the box's own store go by this one."""
    building: Mapped[str]
    """The facade where the record names one, else the site."""
    floor: Mapped[int | None]
    floor_name: Mapped[str | None]
    window: Mapped[str | None]
    p: Mapped[float | None]
    """Probability of that floor and window."""
    mass_class: Mapped[str | None]
    hazard: Mapped[str | None]
    label: Mapped[str]
    started_s: Mapped[float]
    ended_s: Mapped[float | None] = mapped_column(default=None)
    """Of an alarm; None while it lasts."""
    subject: Mapped[str | None] = mapped_column(default=None)
    """Of an alarm: which of what the device looks after."""
    text: Mapped[str | None] = mapped_column(default=None)
    """Of an alarm: in one sentence, as it is now."""
    as_of_s: Mapped[float | None] = mapped_column(default=None)
    """When the box said what stands here: an older update that comes late changes nothing."""
    received_s: Mapped[float]
    record: Mapped[dict[str, Any]]
    """The contract's JSON."""
    state: Mapped[str] = mapped_column(default="new")
    state_s: Mapped[float]
    """When the state was entered."""
    assignee_id: Mapped[int | None] = mapped_column(ForeignKey("users.key"), default=None)
    due_s: Mapped[float | None] = mapped_column(default=None)
    """Until when somebody should have done something; None at the end."""
    reminded_s: Mapped[float | None] = mapped_column(default=None)
    """When it was told that it is overdue."""


class Evidence(CommunityOwned, Base):
    """That an incident's evidence is sealed; may come before the incident itself."""

    __tablename__ = "evidence"
    __table_args__ = (UniqueConstraint("community_id", "site", "device", "incident_id"),)
    key: Mapped[int] = mapped_column(_Key, primary_key=True)
    incident_id: Mapped[str]
    site: Mapped[str]
    device: Mapped[str]
    manifest_sha256: Mapped[str]
    files: Mapped[list[Any]]
    sealed_s: Mapped[float]


class EvidenceEntry(CommunityOwned, Base):
    """That evidence on a hub was put on hold, released or deleted: who, when, why. Append-only."""

    __tablename__ = "evidence_log"
    __table_args__ = (Index("evidence_log_by_incident", "community_id", "incident_id", "key"),)
    key: Mapped[int] = mapped_column(_Key, primary_key=True)
    site: Mapped[str]
    incident_id: Mapped[str]
    """May be of an incident whose record never came."""
    at_s: Mapped[float]
    by: Mapped[str]
    """A user's name, or ``retention``."""
    action: Mapped[str]
    """hold, release or delete."""
    why: Mapped[str]


class CaseEntry(CommunityOwned, AssigneeSeen, Base):
    """One change of a case. Append-only: the database itself refuses to change or delete a line."""

    __tablename__ = "case_log"
    __table_args__ = (Index("case_log_by_incident", "community_id", "incident_key", "to_state", "at_s"),)
    key: Mapped[int] = mapped_column(_Key, primary_key=True)
    at_s: Mapped[float]
    user_id: Mapped[int] = mapped_column(ForeignKey("users.key"))
    from_state: Mapped[str]
    to_state: Mapped[str]
    note: Mapped[str]
    assignee_id: Mapped[int | None] = mapped_column(ForeignKey("users.key"), default=None)


class AccessEntry(CommunityOwned, AssigneeSeen, Base):
    """Who opened, exported or printed what, and why. Append-only."""

    __tablename__ = "access_log"
    key: Mapped[int] = mapped_column(_Key, primary_key=True)
    at_s: Mapped[float]
    user_id: Mapped[int] = mapped_column(ForeignKey("users.key"))
    action: Mapped[str]
    what: Mapped[str]
    why: Mapped[str]


class User(Base):
    """Somebody who may log in; what they may do hangs on their memberships."""

    __tablename__ = "users"
    key: Mapped[int] = mapped_column(_Key, primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    full_name: Mapped[str] = mapped_column(default="")
    password_hash: Mapped[str | None]
    """None for those who log in elsewhere (OIDC)."""
    subject: Mapped[str | None] = mapped_column(unique=True, default=None)
    """``ISSUER SUBJECT`` of OIDC."""
    disabled: Mapped[bool] = mapped_column(default=False)
    created_s: Mapped[float]


class Membership(Base):
    """A user's role in a community."""

    __tablename__ = "memberships"
    user_id: Mapped[int] = mapped_column(ForeignKey("users.key"), primary_key=True)
    community_id: Mapped[int] = mapped_column(ForeignKey("communities.key"), primary_key=True)
    role: Mapped[str]


class LoginSession(Base):
    """A login. Only the hash of the cookie's token is kept: who reads the database cannot log in with it."""

    __tablename__ = "sessions"
    token_sha256: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.key"), index=True)
    community_id: Mapped[int] = mapped_column(ForeignKey("communities.key"))
    csrf: Mapped[str]
    created_s: Mapped[float]
    seen_s: Mapped[float]


class LoginAttempt(Base):
    """A try to log in, for the rate limit."""

    __tablename__ = "login_attempts"
    __table_args__ = (
        Index("login_attempts_by_name", "name", "at_s"),
        Index("login_attempts_by_address", "address", "at_s"),
    )
    key: Mapped[int] = mapped_column(_Key, primary_key=True)
    name: Mapped[str]
    address: Mapped[str]
    """Where it came from: an address of IPv4, a network of IPv6."""
    at_s: Mapped[float]
    ok: Mapped[bool]


class AuditEntry(Base):
    """What was done to accounts and settings, and every login. Append-only."""

    __tablename__ = "audit_log"
    key: Mapped[int] = mapped_column(_Key, primary_key=True)
    at_s: Mapped[float]
    community_id: Mapped[int | None] = mapped_column(ForeignKey("communities.key"), default=None)
    by: Mapped[str]
    """A user's name, or ``command line``."""
    address: Mapped[str] = mapped_column(default="")
    action: Mapped[str]
    what: Mapped[str] = mapped_column(default="")


class FeedCursor(Base):
    """How far a feed has read."""

    __tablename__ = "feed_cursors"
    feed: Mapped[str] = mapped_column(primary_key=True)
    position: Mapped[int] = mapped_column(BigInteger)


class QuarantinedEvent(Base):
    """An event that could not be taken in, kept with the reason: of a site of no community, or not understood."""

    __tablename__ = "unclaimed"
    __table_args__ = (UniqueConstraint("site", "id"),)
    key: Mapped[int] = mapped_column(_Key, primary_key=True)
    id: Mapped[str]
    site: Mapped[str] = mapped_column(index=True)
    topic: Mapped[str]
    reason: Mapped[str]
    at_s: Mapped[float]
    event: Mapped[str]


class DiscardedEvents(Base):
    """How many messages kept aside were dropped since, for there were too many."""

    __tablename__ = "dropped_messages"
    site: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    count: Mapped[int] = mapped_column(BigInteger)


APPEND_ONLY = ("case_log", "access_log", "audit_log", "evidence_log")
"""Tables whose lines the database itself refuses to change or delete."""
