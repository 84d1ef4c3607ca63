"""Pages for what went wrong: in the reader's language, without a word about our insides."""

from __future__ import annotations

import logging

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from edgecv.console.settings import HASH_RETRY_S
from edgecv.console.web.request_context import render
from edgecv.console.web.translatable import N_

_log = logging.getLogger("edgecv.console")
_TEXTS = {
    403: N_("You may not do that here."),
    404: N_("There is no such page or incident."),
    405: N_("That cannot be done this way."),
}
_BUSY = N_("Too many people log in at this moment. Try again in some seconds.")
_OTHER = N_("Something went wrong. It is in the log; try again.")


def refused(request: Request, error: Exception) -> Response:
    """For what a handler refuses."""
    status = error.status_code if isinstance(error, HTTPException) else 500
    return render(request, "error.html", status, code=status, text=_TEXTS.get(status, _OTHER))


def busy(request: Request, _error: Exception) -> Response:
    """For who comes when too many passwords are being checked."""
    answer = render(request, "error.html", 503, code=503, text=_BUSY)
    answer.headers["Retry-After"] = str(HASH_RETRY_S)
    return answer


def failed(request: Request, error: Exception) -> Response:
    """For what nobody expected."""
    _log.error("%s %s failed", request.method, request.scope["path"], exc_info=error)
    return render(request, "error.html", 500, code=500, text=_OTHER)
