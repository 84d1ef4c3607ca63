"""What webhooks and evidence uploads share: a careful HTTP client, and what an answer means."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import httpx

from edgecv import __version__
from edgecv.config.secrets import read_secret
from edgecv.errors import ConfigError
from edgecv.tls import tls_context
from edgecv.untrusted import storable
from edgecv.upstream.link_protocol import UndeliveredError

LONGEST_RETRY_AFTER_S = 3600.0
"""However long a server asks to be left alone, an incident does not wait longer than this for the next attempt."""
SILENCE_S = 30.0
"""Longest pause of a server in the middle of an exchange."""

MAX_ANSWER_BYTES = 64 * 1024
"""Of an answer's body: nothing of it is used, and what is read to its end lets the connection be used again."""
ANSWER_S = 30.0
"""Longest wait for the end of such a body, however steadily it drips."""
_REASON_CHARS = 100

_SETTING = {
    401: "check token_file and secret_file",
    403: "check token_file and secret_file",
    404: "check the address",
    407: "the proxy wants a password",
}
_TRY_AGAIN = frozenset({408, 421, 425, 429})


def web_client(
    box_file: Path, at: str, *, ca_file: str | None, token_file: str | None, timeout_s: float
) -> httpx.Client:
    """A client with our certificates, our token and time limits; it follows no redirect.

    Raises:
        ConfigError: a file cannot be used.
    """
    logging.getLogger("httpx").setLevel(logging.WARNING)  # else it logs every address, with what stands in its query
    headers = {"User-Agent": f"edgecv/{__version__}"}
    if token_file is not None:
        token = read_secret(token_file, box_file, f"{at}.token_file")
        if not re.fullmatch(r"[\x21-\x7e]+", token):
            raise ConfigError(
                f"{box_file}: {at}.token_file = '{token_file}': is not a token; write it in one line, without blanks"
            )
        headers["Authorization"] = f"Bearer {token}"
    return httpx.Client(
        headers=headers,
        verify=tls_context(box_file, at, ca_file),
        timeout=httpx.Timeout(SILENCE_S, connect=timeout_s),
        # a redirect would take the token, and the incident, to where nobody said they may go
        follow_redirects=False,
    )


class WebLink:
    """What links over HTTP have in common: a client while they are open, and nothing to do in between."""

    def __init__(self) -> None:
        self._client: httpx.Client | None = None

    def show(self, states: Mapping[str, Mapping[str, Any]]) -> None:
        """Nothing: states are for brokers."""

    def idle(self, seconds: float) -> None:
        """Wait."""
        time.sleep(seconds)

    def close(self, *, clean: bool, timeout_s: float) -> None:
        """Close the connection."""
        del clean, timeout_s
        client, self._client = self._client, None
        if client is not None:
            client.close()


def exchange(client: httpx.Client, method: str, address: httpx.URL | str, **sent: Any) -> httpx.Response:
    """Send a request and read its answer, whose body is dropped: at most ``MAX_ANSWER_BYTES`` of it are read.

    Raises:
        httpx.HTTPError: there is no answer.
    """
    with client.stream(method, address, **sent) as answer:
        until_s, size = time.monotonic() + ANSWER_S, 0
        for piece in answer.iter_raw(4096):  # never unpacked: 64 KB of gzip are 64 MB
            size += len(piece)
            if size > MAX_ANSWER_BYTES or time.monotonic() > until_s:
                break  # which closes the connection
        return answer


def refusal(response: httpx.Response, host: str) -> str | None:
    """What an answer means for the message: ``None`` taken, or why this very message never will be.

    Raises:
        UndeliveredError: the message may be taken later: the server is overloaded or broken, or not set up for us.
    """
    code = response.status_code
    reason = storable(response.reason_phrase, _REASON_CHARS)
    description = f"answers {code}" + (f" ({reason})" if reason else "")
    if response.is_success:
        return None
    if response.is_redirect:
        raise UndeliveredError(f"{host} {description}: it has moved; redirects are not followed, write the new address")
    if code in _SETTING:
        raise UndeliveredError(f"{host} {description}; {_SETTING[code]}")
    if response.is_client_error and code not in _TRY_AGAIN:
        return description
    raise UndeliveredError(f"{host} {description}", retry_after_s(response.headers.get("Retry-After"), time.time()))


def retry_after_s(header: str | None, now_s: float) -> float:
    """How long a ``Retry-After`` asks to wait, seconds, 0 to ``LONGEST_RETRY_AFTER_S``; 0 where it says nothing.

    Both forms of RFC 9110 section 10.2.3 are read: a number of seconds and a date.

    Args:
        header: the header's value, if there is one.
        now_s: seconds since 1970.
    """
    text = (header or "").strip()
    if text.isascii() and text.isdigit():
        wait_s = float(text)
    else:
        try:
            date = parsedate_to_datetime(text)
            wait_s = (date if date.tzinfo is not None else date.replace(tzinfo=UTC)).timestamp() - now_s
        except (ValueError, TypeError, OverflowError, IndexError):
            return 0.0
    return min(max(wait_s, 0.0), LONGEST_RETRY_AFTER_S)


def unreached(error: httpx.HTTPError, host: str) -> UndeliveredError:
    """A request that got no answer, in plain words."""
    if isinstance(error, httpx.ConnectTimeout):
        return UndeliveredError(f"{host} cannot be reached (no answer)")
    if isinstance(error, httpx.TimeoutException):
        return UndeliveredError(f"{host} gave no answer within {SILENCE_S:.0f} s")
    if "CERTIFICATE_VERIFY_FAILED" in str(error):
        return UndeliveredError(
            f"{host} shows a certificate that is not trusted; check ca_file, the name and the clock"
        )
    if isinstance(error, httpx.ConnectError):
        return UndeliveredError(f"{host} cannot be reached ({error})")
    return UndeliveredError(f"{host} broke off ({error or type(error).__name__})")


def shown_host(url: str) -> str:
    """``https://HOST:PORT`` of an address: paths and queries may hold keys."""
    parsed = httpx.URL(url)
    return f"{parsed.scheme}://{parsed.netloc.decode('ascii', 'replace')}"
