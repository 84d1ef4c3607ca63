"""Logging in with an account of an OpenID Connect provider, where the configuration names one."""

from __future__ import annotations

import json
import logging
from dataclasses import asdict

from cryptography.fernet import Fernet, InvalidToken
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from edgecv.console.accounts.audit import audit
from edgecv.console.accounts.login import count_attempt
from edgecv.console.accounts.oidc_accounts import OIDC, NoRoleError, enter, revoke_roles
from edgecv.console.accounts.oidc_provider import ANSWER, AuthorizationRequest, Provider, ProviderError
from edgecv.console.accounts.sessions import end_session
from edgecv.console.settings import OIDC_BEGUN_S
from edgecv.console.storage import EVERYTHING
from edgecv.console.web.auth_middleware import COOKIE
from edgecv.console.web.pages.login import form_page, let_in, local
from edgecv.console.web.request_context import console_of

_log = logging.getLogger("edgecv.console")
_COOKIE = "__Host-edgecv-oidc"
_login_cipher = Fernet(Fernet.generate_key())
"""Seals what a browser keeps while it is at the provider; a restart ends logins that were begun, no others."""
_STATUS = {"unreachable": 502, "untrusted": 403, "refused": 403, "role": 403, "disabled": 403, "begun": 403}


def begin(request: Request) -> Response:
    """Send the browser to the provider."""
    try:
        ask, url = _provider(request).begin()
    except ProviderError as error:
        return _failed(request, error.reason, str(error))
    login_state = asdict(ask) | {"next": local(request.query_params.get("next"))}
    answer = RedirectResponse(url, 303)
    sealed = _login_cipher.encrypt(json.dumps(login_state).encode()).decode()
    # lax: the provider sends the browser back from another site
    answer.set_cookie(_COOKIE, sealed, int(OIDC_BEGUN_S), path="/", secure=True, httponly=True, samesite="lax")
    return answer


def come_back(request: Request) -> Response:
    """Log in who the provider has sent back."""
    provider = _provider(request)
    try:
        login_state = json.loads(_login_cipher.decrypt(request.cookies.get(_COOKIE, ""), ttl=int(OIDC_BEGUN_S)))
    except (InvalidToken, ValueError):  # the latter of what is no ASCII
        return _failed(request, "begun", "no login was begun in this browser, or too long ago")
    ask, onwards = (
        AuthorizationRequest(login_state["state"], login_state["nonce"], login_state["verifier"]),
        login_state["next"],
    )
    address = request.client.host if request.client is not None else ""
    try:
        claims = provider.claims(ask, request.query_params)
    except ProviderError as error:
        return _failed(request, error.reason, str(error))
    database = console_of(request).database
    try:
        with database.session(EVERYTHING, writes=True) as session:
            token = enter(session, provider.settings, claims, address)
            if request.state.viewer is not None:  # one browser, one login
                end_session(session, request.cookies[COOKIE])
    except NoRoleError as error:
        if error.reason == "role":  # what they were given before is over, in other browsers too
            with database.session(EVERYTHING, writes=True) as session:
                revoke_roles(session, provider.settings, claims, address)
        return _failed(request, error.reason, str(error))
    answer = let_in(token, onwards)
    answer.delete_cookie(_COOKIE, path="/", secure=True, httponly=True, samesite="lax")
    return answer


def leave(request: Request) -> Response:
    """Log out at the provider, too."""
    url = _provider(request).leave_url()
    return RedirectResponse(url or "/login", 303)


def _provider(request: Request) -> Provider:
    provider = console_of(request).provider
    if provider is None:
        raise HTTPException(404)
    return provider


def _failed(request: Request, reason: str, detail: str) -> Response:
    """The login page with what went wrong, written down for the administrator: strangers may not fill the log."""
    address = request.client.host if request.client is not None else ""
    database = console_of(request).database
    if count_attempt(database, OIDC, address):
        _log.warning("no login by OIDC: %s", detail)
        with database.session(EVERYTHING, writes=True) as session:
            audit(session, OIDC, "login refused", detail, address=address)
    answer = form_page(request, f"oidc {reason}", status=_STATUS[reason])
    answer.delete_cookie(_COOKIE, path="/", secure=True, httponly=True, samesite="lax")
    return answer


routes = [
    Route("/login/oidc", begin, methods=["GET"]),
    Route(ANSWER, come_back, methods=["GET"]),
    Route("/login/oidc/leave", leave, methods=["GET"]),
]
