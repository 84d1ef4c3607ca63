"""The API as an application of its own, mounted by the console."""

from __future__ import annotations

from fastapi import FastAPI

from edgecv._version import __version__
from edgecv.console.web.api import incidents
from edgecv.console.web.request_context import Console


def make_api(console: Console) -> FastAPI:
    """The API over a console's parts. No interactive pages: those load scripts from elsewhere."""
    api = FastAPI(
        title="edgecv console", version=__version__, openapi_url="/openapi.json", docs_url=None, redoc_url=None
    )
    api.router.redirect_slashes = False  # it would send to whatever the Host header says
    api.state.console = console
    api.include_router(incidents.router)
    return api
