"""An OpenID Connect provider as its client sees it: authorization code with PKCE, and an id token that is checked."""

from __future__ import annotations

import secrets
import ssl
import threading
import time
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import authlib.deprecate  # first: it sets a filter of its own
from authlib.common.errors import AuthlibBaseError
from authlib.common.urls import add_params_to_uri
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet
from joserfc.jws import JWSRegistry

from edgecv.config.oidc import OidcSection, is_in_the_clear
from edgecv.config.secrets import read_secret
from edgecv.console.settings import OIDC_AWAY_S, OIDC_LEEWAY_S, OIDC_METADATA_S, OIDC_TIMEOUT_S
from edgecv.errors import EdgecvError
from edgecv.tls import tls_context

with warnings.catch_warnings():
    # authlib prefers httpx2, which nothing else here needs, and says so to whoever reads the log
    warnings.simplefilter("ignore", authlib.deprecate.AuthlibDeprecationWarning)
    from authlib.integrations.httpx_client import OAuth2Client
    from authlib.integrations.httpx_client._compat import httpx2 as httpx  # whose errors its client raises

ANSWER = "/login/oidc/answer"
"""Where the provider sends browsers back to."""
_AT = "console.oidc"
_ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
"""Signatures with the provider's own key: neither none nor one that whoever has the client's secret could make."""
Failure = Literal["unreachable", "untrusted", "refused"]


class ProviderError(EdgecvError):
    """A login that the provider did not give; one line for the log, without secrets.

    Attributes:
        reason: the provider cannot be reached or is broken, its answer cannot be trusted, or it said no.
    """

    def __init__(self, reason: Failure, text: str) -> None:
        super().__init__(text)
        self.reason: Failure = reason


@dataclass(frozen=True, slots=True)
class AuthorizationRequest:
    """A login that was begun: kept by the browser (encrypted) until the provider answers."""

    state: str
    nonce: str
    verifier: str


class Provider:
    """One provider; may be used from any thread.

    Args:
        settings: the section ``console.oidc``.
        file: the box or hub file, whose folder file names are relative to.

    Raises:
        ConfigError: the secret or the certificates cannot be read.
    """

    def __init__(self, settings: OidcSection, file: Path) -> None:
        self.settings = settings
        secret_file = settings.client_secret_file
        self._secret = None if secret_file is None else read_secret(secret_file, file, f"{_AT}.client_secret_file")
        self._tls: ssl.SSLContext = tls_context(file, _AT, settings.ca_file)
        self._lock = threading.Lock()
        self._known: tuple[float, dict[str, Any]] | None = None
        self._keys: KeySet | None = None
        self._away: tuple[float, str] | None = None  # since when it does not answer, and how

    def begin(self) -> tuple[AuthorizationRequest, str]:
        """Begin a login: what to remember, and where to send the browser.

        Raises:
            ProviderError: the provider cannot be reached.
        """
        ask = AuthorizationRequest(*(secrets.token_urlsafe(32) for _ in range(3)))
        metadata = self._metadata()
        with self._client(metadata) as client:
            url, _ = client.create_authorization_url(
                metadata["authorization_endpoint"], state=ask.state, nonce=ask.nonce, code_verifier=ask.verifier
            )
        return ask, str(url)

    def claims(self, ask: AuthorizationRequest, answer: Mapping[str, str]) -> dict[str, Any]:
        """What the provider says of whoever has logged in.

        Args:
            ask: from :meth:`begin`, as that browser kept it.
            answer: the query that the browser was sent back with.

        Raises:
            ProviderError: there is no login, or not one to be trusted.
        """
        if not secrets.compare_digest(answer.get("state", "").encode(), ask.state.encode()):
            raise ProviderError("untrusted", "the answer belongs to another login (state)")
        if "error" in answer:
            raise ProviderError("refused", f"the provider answers {_word(answer['error'])}")
        metadata = self._metadata()
        if answer.get("iss", metadata["issuer"]) != metadata["issuer"]:  # RFC 9207
            raise ProviderError("untrusted", "the answer is another provider's (iss)")
        with self._client(metadata) as client:
            token = self._token(client, metadata, ask, answer.get("code", ""))
            claims = self._checked(client, metadata, ask, token)
            if self.settings.claim not in claims and "userinfo_endpoint" in metadata:
                claims = self._more(client, metadata, claims)
        return claims

    def leave_url(self) -> str | None:
        """Where somebody logs out of the provider too; None where it has no such page or does not answer."""
        try:
            end = self._metadata().get("end_session_endpoint")
        except ProviderError:
            return None
        query = {"client_id": self.settings.client_id, "post_logout_redirect_uri": f"{self.settings.address}/login"}
        return None if not isinstance(end, str) else str(add_params_to_uri(end, list(query.items())))

    def _client(self, metadata: Mapping[str, Any] | None = None) -> OAuth2Client:
        methods = (metadata or {}).get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
        method = "none"
        if self._secret is not None:
            method = "client_secret_basic" if "client_secret_basic" in methods else "client_secret_post"
        return OAuth2Client(
            self.settings.client_id,
            self._secret,
            token_endpoint_auth_method=method,
            scope=self.settings.scopes,
            redirect_uri=self.settings.address + ANSWER,
            code_challenge_method="S256",
            verify=self._tls,
            timeout=OIDC_TIMEOUT_S,
            follow_redirects=False,
        )

    def _metadata(self) -> dict[str, Any]:
        """What the provider says of itself (OpenID Connect Discovery 1.0), read anew now and then."""
        with self._lock:
            if self._known is not None and time.monotonic() - self._known[0] < OIDC_METADATA_S:
                return self._known[1]
            if self._away is not None and time.monotonic() - self._away[0] < OIDC_AWAY_S:
                raise ProviderError("unreachable", self._away[1])
            with self._client() as client:
                address = self.settings.issuer.rstrip("/") + "/.well-known/openid-configuration"
                try:
                    metadata = _json(client, address, "its description")
                except ProviderError as error:
                    self._away = time.monotonic(), str(error)
                    raise
            if metadata.get("issuer") != self.settings.issuer:
                raise ProviderError(
                    "untrusted",
                    f"the provider calls itself {_word(str(metadata.get('issuer')))}, not {self.settings.issuer}; "
                    f"write {_AT}.issuer as it does",
                )
            for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
                if not isinstance(metadata.get(name), str):
                    raise ProviderError("unreachable", f"the provider's description has no {name}")
            for name in ("authorization_endpoint", "token_endpoint", "jwks_uri", "userinfo_endpoint"):
                _check_https(name, metadata.get(name))
            self._known, self._keys = (time.monotonic(), metadata), None
            return metadata

    def _token(
        self, client: OAuth2Client, metadata: Mapping[str, Any], ask: AuthorizationRequest, code: str
    ) -> dict[str, Any]:
        try:
            token = client.fetch_token(
                metadata["token_endpoint"], grant_type="authorization_code", code=code, code_verifier=ask.verifier
            )
        except AuthlibBaseError as error:
            raise ProviderError("refused", f"the provider gives no token: {_word(str(error.error))}") from None
        except (httpx.HTTPError, ValueError) as error:
            raise ProviderError("unreachable", f"the provider gives no token ({type(error).__name__})") from None
        return dict(token)

    def _checked(
        self, client: OAuth2Client, metadata: Mapping[str, Any], ask: AuthorizationRequest, token: Mapping[str, Any]
    ) -> dict[str, Any]:
        """The id token's claims: signed by the provider, for us, for this login, and not too old."""
        algorithms = metadata.get("id_token_signing_alg_values_supported") or ["RS256"]
        registry = JWSRegistry(
            algorithms=[name for name in _ALGORITHMS if name in algorithms], strict_check_header=False
        )
        required = {
            "iss": {"essential": True, "values": [metadata["issuer"]]},
            "aud": {"essential": True, "values": [self.settings.client_id]},
            "sub": {"essential": True},
        }
        expected = {
            "nonce": ask.nonce,
            "client_id": self.settings.client_id,
            "access_token": token.get("access_token"),
        }
        try:
            raw = str(token.get("id_token", ""))
            try:
                signed = jwt.decode(raw, self._key_set(client, metadata), registry=registry)
            except InvalidKeyIdError:  # the provider has a new key
                signed = jwt.decode(raw, self._key_set(client, metadata, anew=True), registry=registry)
            claims = CodeIDToken(signed.claims, signed.header, required, expected)
            claims.validate(leeway=OIDC_LEEWAY_S)
        except (JoseError, AuthlibBaseError, ValueError, KeyError, TypeError) as error:
            raise ProviderError("untrusted", f"the id token is not to be trusted: {_word(str(error))}") from None
        if not isinstance(claims["sub"], str) or not claims["sub"]:
            raise ProviderError("untrusted", "the id token names nobody (sub)")
        return dict(claims)

    def _key_set(self, client: OAuth2Client, metadata: Mapping[str, Any], *, anew: bool = False) -> KeySet:
        with self._lock:
            if self._keys is None or anew:
                self._keys = KeySet.import_key_set(_json(client, metadata["jwks_uri"], "its keys"))  # type: ignore[arg-type]
            return self._keys

    def _more(self, client: OAuth2Client, metadata: Mapping[str, Any], claims: dict[str, Any]) -> dict[str, Any]:
        """What the provider tells at its userinfo endpoint only, if it is of the same person."""
        userinfo = _json(client, metadata["userinfo_endpoint"], "who somebody is", withhold=False)
        if userinfo.get("sub") != claims["sub"]:
            raise ProviderError("untrusted", "the userinfo is somebody else's (sub)")
        return userinfo | claims


def _check_https(name: str, address: object) -> None:
    """A provider behind a proxy may believe that it is reached by http: code, secret and keys would go in the clear."""
    if isinstance(address, str) and is_in_the_clear(address):
        reason = "would send logins in the clear; make the provider tell its https:// address"
        raise ProviderError("untrusted", f"the provider's {name} {_word(address)} {reason}")


def _json(client: OAuth2Client, address: str, subject: str, *, withhold: bool = True) -> dict[str, Any]:
    try:
        answer = client.request("GET", address, withhold_token=withhold)
        answer.raise_for_status()
        document = answer.json()
    except (httpx.HTTPError, AuthlibBaseError, ValueError) as error:
        reason = f"answers {error.response.status_code}" if isinstance(error, httpx.HTTPStatusError) else str(error)
        raise ProviderError("unreachable", f"the provider does not tell {subject} ({_word(reason)})") from None
    if not isinstance(document, dict):
        raise ProviderError("unreachable", f"the provider does not tell {subject} (not an object)")
    return document


def _word(text: str) -> str:
    """What somebody else wrote, short enough and in one line for the log."""
    return "".join(c if c.isprintable() else " " for c in text)[:200]
