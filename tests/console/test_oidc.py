"""Logins by a real OpenID Connect provider: who comes in as what, and every answer that must not be believed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from console.conftest import Browser, Office
from console.oidc_provider import CLIENT, SECRET, Account, Provider, running_provider
from joserfc.jwk import ECKey
from pydantic import ValidationError
from running import free_port
from sqlalchemy import select

from edgecv.config.oidc import OidcSection
from edgecv.console.accounts import Role, oidc_accounts
from edgecv.console.accounts import oidc_provider as provider_module
from edgecv.console.accounts.oidc_provider import ANSWER
from edgecv.console.accounts.oidc_provider import Provider as Client
from edgecv.console.accounts.user_names import is_user_name, looks_like_any
from edgecv.console.settings import LOGIN_FAILURES_PER_NAME
from edgecv.console.storage import EVERYTHING
from edgecv.console.storage.schema import AuditEntry, Community, Membership, User
from edgecv.console.web.app import make_app
from edgecv.console.web.auth_middleware import COOKIE
from edgecv.errors import ConfigError

HERE = "https://console"
GRANTS = [
    {"value": "estate-admins", "role": "admin", "community": "jialing"},
    {"value": "estate", "role": "official", "community": "jialing"},
    {"value": "district", "role": "viewer", "community": "riverside"},
]


@pytest.fixture
def provider() -> Iterator[Provider]:
    with running_provider() as made:
        made.redirect = HERE + ANSWER
        made.account = Account(claims={"preferred_username": "li", "name": "李 Li", "groups": ["estate"]})
        yield made


def _section(provider: Provider, **more: Any) -> OidcSection:
    content = {"issuer": provider.url, "client_id": CLIENT, "client_secret_file": "client.secret", "address": HERE}
    return OidcSection.model_validate(content | {"title": "Town", "grants": GRANTS} | more)


@pytest.fixture
def town(office: Office, provider: Provider, tmp_path: Path) -> Office:
    """A console that lets in who the provider knows."""
    return _with(office, _section(provider), tmp_path)


def _with(office: Office, section: OidcSection, folder: Path) -> Office:
    (folder / "client.secret").write_text(SECRET + "\n")
    office.console = replace(office.console, provider=Client(section, folder / "box.yaml"))
    office.app = make_app(office.console, tls=True)
    return office


def _sent_back(browser: Browser, start: str = "/login/oidc") -> str:
    """Go to the provider as a browser does; where it sends one back to."""
    out = browser.client.get(start, follow_redirects=False)
    assert out.status_code == 303, out.text
    answer = httpx.get(out.headers["location"], timeout=60)
    assert answer.status_code == 302
    return str(answer.headers["location"])


def _enter(office: Office, start: str = "/login/oidc") -> tuple[Browser, Any]:
    browser = office.browser()
    return browser, browser.client.get(_sent_back(browser, start))


def _audit(office: Office) -> list[tuple[str, str, str]]:
    with office.database.session(EVERYTHING) as session:
        return [(e.by, e.action, e.what) for e in session.scalars(select(AuditEntry).order_by(AuditEntry.key))]


def _roles(office: Office, name: str) -> dict[str, str]:
    with office.database.session(EVERYTHING) as session:
        rows = session.execute(
            select(Community.name, Membership.role)
            .join(Membership, Membership.community_id == Community.key)
            .join(User, User.key == Membership.user_id)
            .where(User.name == name)
        )
        return {str(community): str(role) for community, role in rows}


def test_somebody_the_provider_knows_comes_in_with_the_role_of_their_group(town: Office) -> None:
    browser, answer = _enter(town, "/login/oidc?next=/statistics")
    assert answer.url.path == "/statistics" and "李 Li" in answer.text
    assert _roles(town, "li") == {"jialing": "official"}
    assert ("li", "login", "OIDC") in _audit(town)
    assert "OIDC" in {by for by, _, _ in _audit(town)}
    assert browser.client.cookies[COOKIE]
    assert "__Host-edgecv-oidc" not in browser.client.cookies


def test_passwords_go_on_working_beside_it(town: Office) -> None:
    assert "Log in with Town" in town.browser().get("/login").text
    assert town.browser("chen").get("/incidents").status_code == 200


def test_roles_follow_the_claim_from_login_to_login(town: Office, provider: Provider) -> None:
    _enter(town)
    assert provider.account is not None
    provider.account.claims["groups"] = ["district", "estate-admins", "estate"]
    _enter(town)
    assert _roles(town, "li") == {"jialing": "admin", "riverside": "viewer"}
    provider.account.claims["groups"] = "district"  # some providers write one value without a list
    _enter(town)
    assert _roles(town, "li") == {"riverside": "viewer"}
    assert ("OIDC", "role given", "li: none any more") in _audit(town)


def test_two_tabs_that_log_somebody_in_for_the_first_time_make_one_account(
    town: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second looked before the first had written, as PostgreSQL lets it."""
    _enter(town)
    really, looks = oidc_accounts._linked_user, iter([None])
    monkeypatch.setattr(oidc_accounts, "_linked_user", lambda *given: next(looks, really(*given)))
    _, answer = _enter(town)
    assert answer.status_code == 200 and answer.url.path == "/incidents"
    assert next(looks, "all asked for") == "all asked for"
    with town.database.session(EVERYTHING) as session:
        assert [user.name for user in session.scalars(select(User).where(User.subject.is_not(None)))] == ["li"]
    assert [action for by, action, _ in _audit(town) if by == "OIDC"].count("user added") == 1


@pytest.mark.parametrize("groups", [["strangers"], [], None, {"estate": True}, ["ESTATE"]])
def test_without_a_role_nobody_comes_in_and_no_account_is_made(
    town: Office, provider: Provider, groups: object
) -> None:
    assert provider.account is not None
    provider.account.claims["groups"] = groups
    browser, answer = _enter(town)
    assert answer.status_code == 403 and "no role here" in answer.text
    assert COOKIE not in browser.client.cookies and _roles(town, "li") == {}
    assert any(action == "login refused" and "no grant fits" in what for _, action, what in _audit(town))


def test_who_has_lost_every_role_elsewhere_is_out_of_the_browsers_that_are_open_too(
    town: Office, provider: Provider
) -> None:
    earlier, _ = _enter(town)
    assert earlier.get("/incidents").url.path == "/incidents"
    assert provider.account is not None
    provider.account.claims["groups"] = []
    assert _enter(town)[1].status_code == 403
    assert _roles(town, "li") == {}
    assert earlier.get("/incidents").url.path == "/login"
    assert ("OIDC", "role given", "li: none any more") in _audit(town)


def test_a_group_that_only_the_userinfo_tells_counts(town: Office, provider: Provider) -> None:
    assert provider.account is not None
    del provider.account.claims["groups"]
    provider.in_userinfo = {"groups": ["estate"]}
    assert _enter(town)[1].url.path == "/incidents"
    provider.in_userinfo |= {"sub": "another"}
    assert _enter(town)[1].status_code == 403


def test_an_account_with_a_password_is_not_taken_over_by_one_of_its_name(town: Office, provider: Provider) -> None:
    assert provider.account is not None
    provider.account.claims["preferred_username"] = "chen"
    _enter(town)
    assert _roles(town, "chen@127.0.0.1") == {"jialing": "official"}
    with town.database.session(EVERYTHING) as session:
        assert session.scalars(select(User).where(User.name == "chen")).one().subject is None


@pytest.mark.parametrize("called", ["Chen", "\u0441hen", "\uff43hen", "chen\u200b", "chen\x00"])
def test_nobody_of_the_provider_is_called_so_that_they_look_like_somebody_here(
    town: Office, provider: Provider, called: str
) -> None:
    assert provider.account is not None
    provider.account.claims |= {"preferred_username": called, "name": "Chen\u202e\x00"}
    assert _enter(town)[1].status_code == 200
    with town.database.session(EVERYTHING) as session:
        (made,) = session.scalars(select(User).where(User.subject.is_not(None)))
    assert is_user_name(made.name)
    assert not looks_like_any(made.name, ["chen"])
    assert made.full_name == "Chen"


def test_who_is_disabled_here_stays_out(town: Office) -> None:
    _enter(town)
    with town.database.session(EVERYTHING, writes=True) as session:
        session.scalars(select(User).where(User.name == "li")).one().disabled = True
    browser, answer = _enter(town)
    assert answer.status_code == 403 and "disabled" in answer.text and COOKIE not in browser.client.cookies


Forgery = Callable[[dict[str, Any]], Any]
_FORGED: dict[str, Forgery] = {
    "another nonce": lambda claims: claims.update(nonce="x" * 43),
    "no nonce": lambda claims: claims.pop("nonce"),
    "expired": lambda claims: claims.update(iat=claims["iat"] - 7200, exp=claims["exp"] - 7200),
    "no end": lambda claims: claims.pop("exp"),
    "another issuer": lambda claims: claims.update(iss="https://evil.example"),
    "for another client": lambda claims: claims.update(aud="another"),
    "for two, by another": lambda claims: claims.update(aud=[CLIENT, "another"], azp="another"),
    "of nobody": lambda claims: claims.pop("sub"),
    "of another access token": lambda claims: claims.update(at_hash="AAAAAAAAAAAAAAAAAAAAAA"),
}


@pytest.mark.parametrize("forgery", _FORGED)
def test_a_token_that_is_not_for_this_login_is_not_believed(town: Office, provider: Provider, forgery: str) -> None:
    provider.forge = _FORGED[forgery]
    browser, answer = _enter(town)
    assert answer.status_code == 403 and "cannot be trusted" in answer.text
    assert COOKIE not in browser.client.cookies and _roles(town, "li") == {}


def test_a_token_that_somebody_else_has_signed_is_not_believed(town: Office, provider: Provider) -> None:
    provider.signer = ECKey.generate_key("P-256", {"kid": "one", "use": "sig"})  # the id of a key that is known
    assert _enter(town)[1].status_code == 403
    provider.signer = ECKey.generate_key("P-256", {"kid": "new", "use": "sig"})
    assert _enter(town)[1].status_code == 403


def test_a_new_key_of_the_provider_is_noticed(town: Office, provider: Provider) -> None:
    _enter(town)
    provider.signer = ECKey.generate_key("P-256", {"kid": "two", "use": "sig"})
    provider.published = [provider.signer]
    assert _enter(town)[1].url.path == "/incidents"


def test_an_answer_counts_once_and_only_in_the_browser_that_asked(town: Office) -> None:
    browser = town.browser()
    back = _sent_back(browser)
    assert town.browser().client.get(back).status_code == 403, "a login that somebody else has begun"
    assert COOKIE not in browser.client.cookies
    forged = back.replace("state=", "state=x")
    assert browser.client.get(forged).status_code == 403
    browser = town.browser()
    back = _sent_back(browser)
    assert browser.client.get(back).url.path == "/incidents"
    assert browser.client.get(back).status_code == 403


@pytest.mark.parametrize("kept", ["é", "ÿ" * 200, "gAAAA", ""])
def test_a_cookie_that_the_console_has_not_sealed_begins_no_login(town: Office, kept: str) -> None:
    cookie = {"cookie": f"__Host-edgecv-oidc={kept}".encode("latin-1")}
    assert town.browser().client.get(f"{ANSWER}?state=x&code=1", headers=cookie).status_code == 403


def test_strangers_do_not_fill_the_log(town: Office) -> None:
    browser = town.browser()
    statuses = {browser.client.get(f"{ANSWER}?state=x&code={n}").status_code for n in range(40)}
    assert statuses == {403}
    refused = [what for _, action, what in _audit(town) if action == "login refused"]
    assert 0 < len(refused) <= LOGIN_FAILURES_PER_NAME
    assert _enter(town)[1].url.path == "/incidents", "and keep nobody out"


def test_somebody_who_cancels_is_told_so(town: Office, provider: Provider) -> None:
    provider.account = None
    _, answer = _enter(town)
    assert answer.status_code == 403 and "did not let you in" in answer.text


def test_a_provider_that_is_away_leaves_the_password_and_an_entry_in_the_log(
    office: Office, provider: Provider, tmp_path: Path
) -> None:
    away = f"http://127.0.0.1:{free_port()}"
    _with(office, _section(provider, issuer=away), tmp_path)
    answer = office.browser().get("/login/oidc")
    assert answer.status_code == 502 and "does not answer" in answer.text and 'name="password"' in answer.text
    assert any("does not tell its description" in what for _, _, what in _audit(office))
    assert office.browser("chen").get("/incidents").status_code == 200


def test_a_provider_that_is_silent_is_not_waited_for_at_every_click(
    office: Office, provider: Provider, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each wait holds a thread of the console: a few dozen clicks would stop every page of it."""
    asked = 0

    def silent(*_: object, **__: object) -> None:
        nonlocal asked
        asked += 1
        raise httpx.ReadTimeout("silent")

    monkeypatch.setattr(provider_module, "OIDC_AWAY_S", 3600.0)
    _with(office, _section(provider), tmp_path)
    with monkeypatch.context() as patched:
        patched.setattr("edgecv.console.accounts.oidc_provider.OAuth2Client.request", silent)
        for _ in range(3):
            assert office.browser().get("/login/oidc").status_code == 502
    assert asked == 1
    monkeypatch.setattr(provider_module, "OIDC_AWAY_S", 0.0)
    assert office.browser().client.get("/login/oidc", follow_redirects=False).status_code == 303


@pytest.mark.parametrize("name", ["authorization_endpoint", "token_endpoint", "jwks_uri", "userinfo_endpoint"])
def test_a_provider_that_would_take_logins_in_the_clear_is_refused_and_told_how_to_be_put_right(
    town: Office, provider: Provider, name: str
) -> None:
    provider.more = {name: "http://login.example/there"}
    assert town.browser().client.get("/login/oidc", follow_redirects=False).status_code == 403
    assert any(f"{name} http://login.example/there" in what and "https://" in what for _, _, what in _audit(town))


def test_a_provider_that_calls_itself_otherwise_is_not_believed(town: Office, provider: Provider) -> None:
    provider.more = {"issuer": "https://evil.example"}
    assert town.browser().get("/login/oidc").status_code == 403


def test_a_wrong_secret_is_refused_and_never_written_down(
    office: Office, provider: Provider, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    _with(office, _section(provider), tmp_path)
    assert office.console.provider is not None
    office.console.provider._secret = "not the client's"
    assert _enter(office)[1].status_code == 403
    told = caplog.text + str(_audit(office))
    assert "invalid_client" in told and "not the client's" not in told


def test_logging_out_leads_to_the_providers_logout(town: Office, provider: Provider) -> None:
    browser, answer = _enter(town)
    browser.csrf = answer.text.split('name="csrf" value="')[1].split('"')[0]
    out = browser.post("/logout")
    assert out.url.path == "/login" and "Log out of Town too" in out.text
    away = browser.client.get("/login/oidc/leave", follow_redirects=False).headers["location"]
    assert away.startswith(
        f"{provider.url}/end?client_id={CLIENT}&post_logout_redirect_uri=https%3A%2F%2Fconsole%2Flog"
    )
    assert browser.get("/incidents").url.path == "/login"
    assert "Log out of Town" not in town.browser("chen").post("/logout").text


@pytest.mark.parametrize("onwards", ["https://evil.example", "//evil.example", "/\\evil.example"])
def test_a_login_leads_to_no_other_site(town: Office, onwards: str) -> None:
    assert _enter(town, f"/login/oidc?next={onwards}")[1].url.path == "/incidents"


def test_without_a_provider_there_is_no_such_page(office: Office) -> None:
    for path in ("/login/oidc", ANSWER, "/login/oidc/leave"):
        assert office.browser().get(path).status_code == 404
    assert "/login/oidc" not in office.browser().get("/login").text


def test_a_grant_in_a_community_that_is_not_there_is_told_with_its_place(office: Office, provider: Provider) -> None:
    section = _section(provider, grants=[*GRANTS, {"value": "x", "role": "viewer", "community": "jialin"}])
    with office.database.session(EVERYTHING) as session:
        with pytest.raises(ConfigError, match=r"oidc\.grants\[3\]\.community jialin: is not known"):
            oidc_accounts.check_grants(session, section)
        oidc_accounts.check_grants(session, _section(provider))


def test_a_secret_that_cannot_be_read_is_told_with_its_key(provider: Provider, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"console\.oidc\.client_secret_file = 'client\.secret': cannot be read"):
        Client(_section(provider), tmp_path / "box.yaml")


@pytest.mark.parametrize(
    ("key", "value", "told"),
    [
        ("issuer", "http://login.example.net", "must begin with https"),
        ("issuer", "https://login.example.net/?a=b", "must not have a query"),
        ("address", "https://console.example.net/path", "without a path"),
        ("scopes", "profile", "must hold openid"),
        ("grants", [], "at least 1"),
    ],
)
def test_mistakes_in_the_section_are_told(provider: Provider, key: str, value: object, told: str) -> None:
    with pytest.raises(ValidationError, match=told):
        _section(provider, **{key: value})


def test_every_role_can_be_given(provider: Provider) -> None:
    for role in Role:
        assert _section(provider, grants=[{"value": "x", "role": role.value}]).grants[0].role == role
