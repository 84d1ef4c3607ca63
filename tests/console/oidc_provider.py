"""A small OpenID Connect provider on loopback: real HTTP, real signatures, and lies where a test asks for them."""

from __future__ import annotations

import base64
import json
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit

from authlib.oauth2.rfc7636 import create_s256_code_challenge
from authlib.oidc.core.util import create_half_hash
from joserfc import jwt
from joserfc.jwk import ECKey

CLIENT, SECRET = "edgecv", "s3cret of the client"


@dataclass
class Account:
    """Whoever sits before the browser, as the provider knows them."""

    sub: str = "7"
    claims: dict[str, Any] = field(default_factory=lambda: {"preferred_username": "li", "name": "李 Li"})


@dataclass
class Provider:
    """A running provider.

    Attributes:
        url: its issuer.
        account: who logs in next; None: they press "cancel".
        forge: changes an id token's claims before it is signed.
        signer: changes the key it is signed with.
        in_userinfo: claims told at the userinfo endpoint only.
        asked: the paths that were asked for.
        more: said in the description besides.
    """

    url: str = ""
    redirect: str = ""
    account: Account | None = field(default_factory=Account)
    forge: Callable[[dict[str, Any]], Any] = dict
    signer: ECKey = field(default_factory=lambda: ECKey.generate_key("P-256", {"kid": "one", "use": "sig"}))
    published: list[ECKey] = field(default_factory=list)
    in_userinfo: dict[str, Any] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    more: dict[str, Any] = field(default_factory=dict)
    codes: dict[str, dict[str, str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.published.append(self.signer)

    def description(self) -> dict[str, Any]:
        found = {name: f"{self.url}/{name}" for name in ("authorization", "token", "userinfo")}
        return {
            "issuer": self.url,
            **{f"{name}_endpoint": address for name, address in found.items()},
            "end_session_endpoint": f"{self.url}/end",
            "jwks_uri": f"{self.url}/keys",
            "id_token_signing_alg_values_supported": ["ES256", "HS256", "none"],
            **self.more,
        }

    def authorize(self, query: dict[str, str]) -> str:
        """Where the browser goes on to."""
        assert query["redirect_uri"] == self.redirect, "only what is registered"
        assert (query["response_type"], query["code_challenge_method"], query["client_id"]) == ("code", "S256", CLIENT)
        assert "openid" in query["scope"].split() and query["nonce"]
        if self.account is None:
            answer = {"error": "access_denied", "state": query["state"]}
        else:
            code = secrets.token_urlsafe(16)
            self.codes[code] = query
            answer = {"code": code, "state": query["state"], "iss": self.url}
        return f"{self.redirect}?{urlencode(answer)}"

    def token(self, authorization: str, form: dict[str, str]) -> tuple[int, dict[str, Any]]:
        kind, _, given = authorization.partition(" ")
        shown = base64.b64decode(given).decode() if kind == "Basic" else ""
        if [unquote(part) for part in shown.split(":", 1)] != [CLIENT, SECRET]:
            return 401, {"error": "invalid_client"}
        query = self.codes.pop(form["code"], None)  # a code works once
        if query is None or create_s256_code_challenge(form["code_verifier"]) != query["code_challenge"]:
            return 400, {"error": "invalid_grant"}
        assert self.account is not None
        access, now = secrets.token_urlsafe(16), int(time.time())
        claims = {"iss": self.url, "sub": self.account.sub, "aud": CLIENT, "iat": now, "exp": now + 300}
        claims |= {"nonce": query["nonce"], "at_hash": create_half_hash(access, "ES256").decode()}
        claims |= self.account.claims
        self.forge(claims)
        header = {"alg": "ES256", "kid": self.signer.kid}
        signed = jwt.encode(header, claims, self.signer)
        return 200, {"access_token": access, "token_type": "Bearer", "expires_in": 300, "id_token": signed}


@contextmanager
def running_provider() -> Iterator[Provider]:
    """A provider on any port."""
    provider = Provider()

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_args: Any) -> None:
            """Be quiet."""

        def do_GET(self) -> None:
            path, query = urlsplit(self.path).path, dict(parse_qsl(urlsplit(self.path).query))
            provider.asked.append(path)
            if path == "/authorization":
                self.send_response(302)
                self.send_header("Location", provider.authorize(query))
                self.send_header("Content-Length", "0")
                self.end_headers()
            elif path == "/.well-known/openid-configuration":
                self._say(200, provider.description())
            elif path == "/keys":
                self._say(200, {"keys": [key.as_dict(private=False) for key in provider.published]})
            elif path == "/userinfo" and self.headers.get("Authorization", "").startswith("Bearer "):
                assert provider.account is not None
                self._say(200, {"sub": provider.account.sub} | provider.in_userinfo)
            else:
                self._say(200 if path == "/end" else 404, query)

        def do_POST(self) -> None:
            provider.asked.append(self.path)
            form = dict(parse_qsl(self.rfile.read(int(self.headers["Content-Length"])).decode()))
            self._say(*provider.token(self.headers.get("Authorization", ""), form))

        def _say(self, status: int, content: dict[str, Any]) -> None:
            body = json.dumps(content).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    provider.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        server.server_close()
        thread.join(30)
