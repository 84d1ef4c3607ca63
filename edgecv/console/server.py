"""A console put together and served: of a box, or of a hub."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, Protocol
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from edgecv.config import Box, Hub
from edgecv.config.console import ConsoleSection
from edgecv.config.secrets import read_secret
from edgecv.config.service import is_loopback
from edgecv.config.state import refuse_root, state_directory
from edgecv.console.accounts.oidc_accounts import check_grants
from edgecv.console.accounts.oidc_provider import Provider
from edgecv.console.cameras.box_file_editor import BoxFileEditor
from edgecv.console.cameras.pictures import LivePictures
from edgecv.console.cases.reminders import ReminderWebhook
from edgecv.console.evidence.box_store import BoxStore
from edgecv.console.evidence.bundle_verifier import Verifier
from edgecv.console.evidence.evidence_paths import EvidencePaths
from edgecv.console.evidence.hub_retention import HubRetention, newest_received_s
from edgecv.console.evidence.pictures import Pictures
from edgecv.console.intake.box_feed import BoxFeed
from edgecv.console.intake.broker_feed import BrokerFeed
from edgecv.console.intake.evidence_upload import EvidenceFiles
from edgecv.console.intake.site_registry import set_communities
from edgecv.console.periodic_tasks import PeriodicTasks
from edgecv.console.storage import EVERYTHING, ConsoleDatabase
from edgecv.console.storage.database import sqlite_url
from edgecv.console.web.app import make_app
from edgecv.console.web.request_context import Console
from edgecv.console.web.server_sent_events import EventBroadcaster
from edgecv.errors import ConfigError
from edgecv.evidence.keys import BoxKey
from edgecv.serving import Limits, WebServer
from edgecv.serving.forwarded import Forwarded, TrustedProxies
from edgecv.serving.sub_path import SubPath
from edgecv.storage.database import DATABASE
from edgecv.storage.incident_store import INCIDENTS
from edgecv.storage.retention_clock import RETENTION_CLOCK, RetentionClock

_log = logging.getLogger("edgecv.console")


class Feed(Protocol):
    """Brings events into the console's database until it is stopped."""

    @property
    def problem(self) -> str | None:
        """What is in the way, in plain words."""

    def start(self) -> None:
        """Begin."""

    def stop(self) -> None:
        """End."""


def open_database(config: Box | Hub) -> ConsoleDatabase:
    """The console's database of a box or hub, with its communities and sites.

    Raises:
        ConfigError: it cannot be opened.
    """
    settings, state = _section(config), _state(config)
    password = None
    if settings.database_password_file is not None:
        password = read_secret(settings.database_password_file, config.path, "console.database_password_file")
    try:
        state.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise ConfigError(f"{state}: cannot be made ({error.strerror}); name another directory") from error
    database = ConsoleDatabase(settings.database or sqlite_url(state), password)
    if isinstance(config, Box):
        set_communities(database, {config.site: (config.site, [config.site])})
    else:
        communities = config.settings.communities
        set_communities(database, {name: (community.title, community.sites) for name, community in communities.items()})
    return database


class ConsoleServer:
    """Feeds and pages of one console, in threads.

    Args:
        where: the box or hub file.

        reload: makes the daemon read the box file anew; None where the console runs alone.

    Raises:
        ConfigError: something that the file says cannot be had.
    """

    def __init__(self, config: Box | Hub, reload: Callable[[], None] | None = None) -> None:
        settings = _section(config)
        self._database = open_database(config)
        self._live = EventBroadcaster()
        self._feed = self._feed_of(config)
        if isinstance(config, Box):
            shelf = EvidencePaths(_state(config) / INCIDENTS)
        else:
            shelf = EvidencePaths(_state(config) / "evidence", by_site=True)
        box = BoxStore(_state(config), config.settings.storage.keep_days) if isinstance(config, Box) else None
        keeping, hub_key, files = None, None, None
        if isinstance(config, Hub):
            hub_key = BoxKey.load_or_create(config.state)
            clock = RetentionClock(config.state / RETENTION_CLOCK, partial(newest_received_s, self._database))
            keeping = HubRetention(self._database, shelf, hub_key, config.settings.keep_days, clock)
            files = EvidenceFiles.of(config, shelf, keeping.is_held)
        self._verifier = Verifier(shelf, None if hub_key is None else hub_key.public)
        self._pictures = Pictures(shelf, _state(config) / "blurred")
        console = Console(
            database=self._database,
            shelf=shelf,
            live=self._live,
            language=settings.language,
            timezone=_timezone(settings.timezone),
            problems=lambda: [] if self._feed.problem is None else [self._feed.problem],
            pictures=self._pictures,
            verifier=self._verifier,
            box=box,
            keeping=keeping,
            evidence_files=files,
            provider=self._provider_of(settings, config.path),
            live_pictures=LivePictures(BoxFileEditor(config.path.absolute(), reload))
            if isinstance(config, Box)
            else None,
        )
        hook = ReminderWebhook.of(settings, config.path)
        self._chores = PeriodicTasks(self._database, console.pictures, box, keeping, hook, self._live.tell)
        tls = settings.certificate_file is not None
        trusted = TrustedProxies(settings.all_trusted_proxies())
        _warn_of_proxies(settings)
        pages = make_app(console, tls=tls or settings.behind_proxy, public_url=settings.public_origin)
        app = Forwarded(SubPath(pages, settings.public_path), trusted)
        self._web = WebServer(
            app, settings.listen, "console.listen", Limits(), is_proxy=trusted, tls=_certificate(settings, config.path)
        )
        self.port = self._web.port
        self.address = f"{'https' if tls else 'http'}://{settings.listen.rpartition(':')[0]}:{self.port}"

    @property
    def alive(self) -> bool:
        """Whether pages are served."""
        return self._web.alive

    def start(self) -> None:
        """Serve."""
        self._feed.start()
        self._chores.start()
        self._web.start()
        _log.info("console on %s", self.address)

    def stop(self) -> None:
        """End within a few seconds."""
        self._live.close()
        self._web.ask_to_stop()
        self._feed.stop()
        self._chores.stop()
        self._verifier.close()
        self._pictures.close()
        self._web.stop(3.0)
        self._database.close()

    def _provider_of(self, settings: ConsoleSection, file: Path) -> Provider | None:
        if settings.oidc is None:
            return None
        with self._database.session(EVERYTHING) as session:
            try:
                check_grants(session, settings.oidc)
            except ConfigError as error:
                raise ConfigError(f"{file}: {error}") from error
        return Provider(settings.oidc, file)

    def _feed_of(self, config: Box | Hub) -> Feed:
        if isinstance(config, Box):
            return BoxFeed(_state(config) / DATABASE, config.site, self._database, self._live.tell)
        return BrokerFeed(config.settings.mqtt, config.path, self._database, self._live.tell)


def serve(config: Box | Hub, wait: Callable[[], object]) -> None:
    """Serve until ``wait`` returns.

    Raises:
        ConfigError: something that the file says cannot be had, or root would serve another user's state.
    """
    refuse_root(_state(config))
    server = ConsoleServer(config)
    server.start()
    try:
        wait()
    finally:
        server.stop()


def _section(config: Box | Hub) -> ConsoleSection:
    return config.settings.console or ConsoleSection()


def _state(config: Box | Hub) -> Path:
    return state_directory(config) if isinstance(config, Box) else config.state


def _warn_of_proxies(settings: ConsoleSection) -> None:
    if settings.behind_proxy and settings.trusted_proxies is None and not is_loopback(settings.listen):
        _log.warning(
            "console.trusted_proxies is not given: only a proxy on this machine is believed about who its clients are; "
            "name the address of a proxy elsewhere, or all who come through it share one limit of tries to log in"
        )


def _timezone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ConfigError(f"console.timezone = {name}: is not known here; write one such as Asia/Shanghai") from error


def _certificate(settings: ConsoleSection, file: Path) -> dict[str, Any]:
    if settings.certificate_file is None or settings.key_file is None:
        return {}
    files = {"ssl_certfile": file.parent / settings.certificate_file, "ssl_keyfile": file.parent / settings.key_file}
    for key, path in files.items():
        if not path.is_file():
            setting = "certificate_file" if key == "ssl_certfile" else "key_file"
            raise ConfigError(f"{file}: console.{setting} = {path}: is not there; name a PEM file")
    return {key: str(path) for key, path in files.items()}
