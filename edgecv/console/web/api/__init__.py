"""The JSON API under ``/api/v1``, described by its OpenAPI document; the same login and token as the pages."""

from edgecv.console.web.api.app import make_api

__all__ = ["make_api"]
