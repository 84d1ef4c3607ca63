"""A console with two communities and a user of each role, its real application over SQLite."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from edgecv.console.accounts.roles import Role
from edgecv.console.accounts.sessions import begin_session, viewer_of
from edgecv.console.accounts.users import add_user, find_community
from edgecv.console.evidence.box_store import BoxStore
from edgecv.console.evidence.bundle_verifier import Verifier
from edgecv.console.evidence.evidence_paths import EvidencePaths
from edgecv.console.evidence.pictures import Pictures
from edgecv.console.intake.evidence_upload import EvidenceFiles
from edgecv.console.intake.site_registry import set_communities
from edgecv.console.storage import EVERYTHING, ConsoleDatabase
from edgecv.console.storage.database import sqlite_url
from edgecv.console.web.app import make_app
from edgecv.console.web.auth_middleware import COOKIE
from edgecv.console.web.request_context import Console
from edgecv.console.web.server_sent_events import EventBroadcaster
from fuzzer.seeds import COMMUNITY, SITE

PASSWORD = "correct horse battery"
ROLES = tuple(role.value for role in Role)


class Office:
    """A console at work.

    Args:
        folder: an empty one.
        tokens: of sites' boxes, where it is a hub that takes evidence.
    """

    def __init__(self, folder: Path, tokens: Mapping[str, str] | None = None) -> None:
        self.folder = folder
        self.evidence = folder / "incidents"
        self.database = ConsoleDatabase(sqlite_url(folder))
        communities = {COMMUNITY: ("嘉陵路小区", [SITE]), "riverside": ("Riverside", ["riverside-1"])}
        set_communities(self.database, communities)
        shelf = EvidencePaths(self.evidence, by_site=tokens is not None)
        self._verifier = Verifier(shelf)
        self.app = make_app(
            Console(
                database=self.database,
                shelf=shelf,
                live=EventBroadcaster(),
                language="en",
                timezone=ZoneInfo("Asia/Shanghai"),
                problems=list,
                pictures=Pictures(shelf, folder / "blurred"),
                verifier=self._verifier,
                box=BoxStore(folder, keep_days=30.0) if tokens is None else None,
                evidence_files=None if tokens is None else EvidenceFiles(shelf, tokens),
            ),
            tls=True,
        )
        self._logins: dict[str, tuple[str, str]] = {}

    def login(self, role: str) -> tuple[str, str]:
        """Session token and CSRF token of the user of a role."""
        if role not in self._logins:
            with self.database.session(EVERYTHING, writes=True) as session:
                community = find_community(session, COMMUNITY)
                user = add_user(session, role, PASSWORD, Role(role), community, by="test")
                session.flush()
                token = begin_session(session, user, _key(community))
            viewer = viewer_of(self.database, token)
            assert viewer is not None
            self._logins[role] = token, viewer.csrf
        return self._logins[role]

    def headers(self, role: str | None, language: str = "en") -> list[tuple[bytes, bytes]]:
        """What the browser of the user of a role sends; None is nobody."""
        found = [(b"accept-language", language.encode())]
        if role is None:
            return found
        token, csrf = self.login(role)
        cookie = f"{COOKIE}={token}".encode()
        return [*found, (b"cookie", cookie), (b"x-csrf-token", csrf.encode())]

    def close(self) -> None:
        """Close the database."""
        self._verifier.close()
        self.database.close()


def _key(community: Any) -> int:
    return int(getattr(community, "key", community))
