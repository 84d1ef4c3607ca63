"""What a request may hold, checked before any handler sees it: what every database and log can keep."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import parse_qsl

from starlette.datastructures import Headers

from edgecv.console.settings import FIELD_CHARS, FORM_BYTES, FORM_FIELDS, PATH_CHARS
from edgecv.untrusted import UntrustedError, check_text, read_json

_FORM, _JSON = "application/x-www-form-urlencoded", "application/json"


class ContentTypeError(UntrustedError):
    """A body of a type that no page of ours sends; files of several parts are among them."""


def check_address(path: str, query: bytes) -> None:
    """Check path and query of a request.

    Raises:
        UntrustedError: they are too long, or hold what no database keeps.
    """
    check_text(path, PATH_CHARS, "the path")
    for field in _fields(query.decode("latin-1"), "the query"):
        check_text(field, FIELD_CHARS, "a field of the query")


def check_body(headers: Headers, body: bytes) -> None:
    """Check the body of a request.

    Raises:
        ContentTypeError: it is neither a form nor JSON.
        UntrustedError: it has too many fields or too long ones, or holds what no database keeps.
    """
    content_type = headers.get("content-type", "").partition(";")[0].strip().lower()
    if content_type == _FORM:
        for field in _fields(body.decode("latin-1"), "the form"):
            check_text(field, FIELD_CHARS, "a field of the form")
    elif content_type == _JSON:
        read_json(body, max_bytes=FORM_BYTES)
    elif body:
        raise ContentTypeError(f"a body must be {_FORM} or {_JSON}")


def _fields(text: str, subject: str) -> Iterator[str]:
    """Names and values, decoded as Starlette does for handlers."""
    try:
        fields = parse_qsl(text, keep_blank_values=True, max_num_fields=FORM_FIELDS)
    except ValueError as error:
        raise UntrustedError(f"{subject} has more than {FORM_FIELDS} fields") from error
    for name, value in fields:
        yield name
        yield value
