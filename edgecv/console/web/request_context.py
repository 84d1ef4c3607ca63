"""What every handler may use: the console's parts, its viewer, its templates."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache, partial, wraps
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from edgecv._version import __version__
from edgecv.console.accounts import Capability, Viewer
from edgecv.console.accounts.oidc_provider import Provider
from edgecv.console.cameras.pictures import LivePictures
from edgecv.console.evidence.box_store import BoxStore
from edgecv.console.evidence.bundle_verifier import Verifier
from edgecv.console.evidence.evidence_paths import EvidencePaths
from edgecv.console.evidence.hub_retention import HubRetention
from edgecv.console.evidence.pictures import Pictures
from edgecv.console.intake.evidence_upload import EvidenceFiles
from edgecv.console.storage import ConsoleDatabase
from edgecv.console.web.addresses import incident_path, part
from edgecv.console.web.alarm_view import is_private
from edgecv.console.web.expensive_requests import ExpensiveRequests
from edgecv.console.web.language import LANGUAGES, Language, language_of, texts
from edgecv.console.web.message_text import cause_text, message_text
from edgecv.console.web.navigation import entries
from edgecv.console.web.page_safety import event_message, state_code, state_message, state_text
from edgecv.console.web.server_sent_events import EventBroadcaster
from edgecv.console.web.translatable import MarkedTemplates, plural_translator, translator
from edgecv.console.web.ui_texts import (
    ACCOUNT_REFUSALS,
    ACTIONS,
    CLASSES,
    DEVICE_STATES,
    LOGIN_FAILURES,
    REFUSALS,
    RELEASES,
    ROLES,
    STATES,
    coded,
    kind_words,
    measured,
    percent,
    verb,
)

STATIC = Path(__file__).parent / "static"


@dataclass(frozen=True, slots=True)
class Console:
    """The parts of a running console; ``request.app.state.console``.

    Attributes:
        database: where everything is.
        shelf: where evidence files lie.
        live: brings news to open pages.
        language: the default.
        timezone: times are shown in it.
        problems: what is in the way of feeds, in plain words.
        pictures: blurred ones.
        verifier: checks evidence.
        box: the box's own store; None on a hub.
        keeping: the hub's retention; None on a box.
        live_pictures: of the box's own cameras; None on a hub.
        evidence_files: takes what boxes upload; None on a box.
        provider: of logins elsewhere; None where the configuration names none.
        heavy: turns of pages that take long.
    """

    database: ConsoleDatabase
    shelf: EvidencePaths
    live: EventBroadcaster
    language: str
    timezone: ZoneInfo
    problems: Callable[[], list[str]]
    pictures: Pictures
    verifier: Verifier
    box: BoxStore | None = None
    keeping: HubRetention | None = None
    live_pictures: LivePictures | None = None
    evidence_files: EvidenceFiles | None = None
    provider: Provider | None = None
    heavy: ExpensiveRequests = field(default_factory=ExpensiveRequests)


def console_of(request: Request) -> Console:
    """The console a request came to."""
    console: Console = request.app.state.console
    return console


def viewer_of(request: Request) -> Viewer:
    """Who asks; the guard let them in."""
    viewer: Viewer | None = request.state.viewer
    if viewer is None:
        raise HTTPException(401)
    return viewer


def needs(capability: Capability) -> Callable[[Callable[[Request], Response]], Callable[[Request], Response]]:
    """A handler for those only who may do something; others get 403."""

    def guarded(handler: Callable[[Request], Response]) -> Callable[[Request], Response]:
        @wraps(handler)
        def checked(request: Request) -> Response:
            if not viewer_of(request).may(capability):
                raise HTTPException(403)
            return handler(request)

        return checked

    return guarded


def language(request: Request) -> Language:
    """The language to answer in."""
    console = console_of(request)
    return language_of(request, console.language, console.timezone)


def render(request: Request, template: str, status: int = 200, **values: Any) -> HTMLResponse:
    """A page in the request's language."""
    spoken = language(request)
    context: Mapping[str, Any] = {
        "request": request,
        "viewer": getattr(request.state, "viewer", None),
        "language": spoken,
        "may": Capability,
        "path": request.scope["path"],
        **values,
    }
    return HTMLResponse(_templates(spoken.name).get_template(template).render(context), status, {"Vary": "Cookie"})


@cache
def _templates(name: str) -> Environment:
    environment = Environment(
        loader=PackageLoader("edgecv.console.web"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.code_generator_class = MarkedTemplates
    environment.filters["percent"] = percent
    environment.filters["measured"] = measured
    environment.filters["state_code"] = state_code
    environment.filters["state_text"] = state_text
    environment.filters["state_message"] = state_message
    environment.filters["event_message"] = event_message
    translate = texts(name).gettext
    environment.filters["message"] = lambda text, coded=None: message_text(text, translate, coded)
    environment.filters["cause"] = partial(cause_text, translate=translate)
    environment.globals.update(
        _=translator(texts(name)),
        ngettext=plural_translator(texts(name)),
        coded=coded,
        part=part,
        incident_path=incident_path,
        version=__version__,
        LANGUAGES=LANGUAGES,
        STATES=STATES,
        CLASSES=CLASSES,
        ROLES=ROLES,
        ACCOUNT_REFUSALS=ACCOUNT_REFUSALS,
        ACTIONS=ACTIONS,
        DEVICE_STATES=DEVICE_STATES,
        LOGIN_FAILURES=LOGIN_FAILURES,
        REFUSALS=REFUSALS,
        RELEASES=RELEASES,
        verb=verb,
        kind_words=kind_words,
        is_private=is_private,
        menu=entries,
    )
    return environment
