"""The start page, the language, and whether the console lives."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from edgecv.console.web.language import LANGUAGE_COOKIE, LANGUAGES
from edgecv.console.web.pages.login import local


def start(_request: Request) -> Response:
    """To the list."""
    return RedirectResponse("/incidents", 303)


def choose_language(request: Request) -> Response:
    """Remember a language."""
    answer = RedirectResponse(local(request.query_params.get("next")), 303)
    chosen = request.query_params.get("to", "")
    if chosen in LANGUAGES:
        answer.set_cookie(LANGUAGE_COOKIE, chosen, max_age=365 * 86400, path="/", secure=True, samesite="lax")
    return answer


def healthz(_request: Request) -> Response:
    """That it lives; nothing more, for anybody may ask."""
    return JSONResponse({"alive": True})


routes = [
    Route("/", start),
    Route("/language", choose_language),
    Route("/healthz", healthz),
]
