"""Secrets in addresses, wherever they stand, never become text."""

from __future__ import annotations

import base64
import html
import io
import json
import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from edgecv.capture.stream import StreamError, StreamSettings
from edgecv.cli import main
from edgecv.config import check_box
from edgecv.config.addresses import redacted, redacted_address, secrets_in
from edgecv.config.known_secrets import KnownSecrets, hide_secrets, register_secret, register_secrets_of
from edgecv.config.secrets import read_secret
from edgecv.daemon.logs import configure_logging
from edgecv.daemon.worker_messages import Heartbeat
from edgecv.errors import ConfigError

PLACES = (
    "rtsp://admin:{}@10.0.0.5:554/ch1",
    "rtsp://10.0.0.5/ch1?pwd={}",
    "rtsp://10.0.0.5/ch1?user=admin&password={}&channel=1",
    "rtsp://10.0.0.5/ch1?channel=1;passwd={};sub=0",
    "rtsp://10.0.0.5:554/user=admin_password={}_channel=1_stream=0.sdp?real_stream",
    "rtsp://10.0.0.5:554/user=admin&password={}&channel=1&stream=0.sdp?",
    "http://10.0.0.5/cgi-bin/mjpg?authbasic={}",
    "http://10.0.0.5/video?p%61ssword={}",
    "http://10.0.0.5/video?%70%77d={}&x=1",
    "http://10.0.0.5/video?pass%77ord%3D{}",
    "http://10.0.0.5/go?to=http%3A%2F%2F10.0.0.6%2Fv%3Ftoken%3D{}",
    "http://10.0.0.5/go?to=http%253A%252F%252F10.0.0.6%252Fv%253Ftoken%253D{}",
    "http://10.0.0.5/go?to=http%3A%2F%2Fadmin%3A{}%4010.0.0.6%2Fv",
    "https://hooks.example/send?access_token={}",
    "https://hooks.example/send?KEY={}",
    "https://hooks.example/send?api-key={}#top",
    "https://hooks.example/send?AccessKeyId=1&Signature={}",
    "RTSP://admin:{}@10.0.0.5/ch1",
    "rtsp:/admin:{}@10.0.0.5/ch1",
    "rtsp//admin:{}@10.0.0.5/ch1",
    "rtsp;//admin:{}@10.0.0.5/ch1",
    "rtsp:\\\\admin:{}@10.0.0.5/ch1",
    "admin:{}@10.0.0.5/ch1",
    "rtsp：//admin:{}@10.0.0.5/ch1",
    "rtsp://10.0.0.5/admin:{}/ch1",
    "rtsp://10.0.0.5/admin/{}/ch1",
    "rtsp://10.0.0.5/live?u=admin&p={}",
    "https://host.example/api?code={}",
    "rtsp://10.0.0.5/live?u=admin&pass:{}",
    "rtsp://10.0.0.5/live?user:admin&pswd:{}",
    "rtsp://10.0.0.5/live?user=admin&word={}&channel=1",
    "rtsp://10.0.0.5/p={}",
    "rtsp://10.0.0.5/user=admin_kennwort={}_channel=1",
    "rtmp://live.example/app/{}",
    "srt://10.0.0.5:9000?passphrase={}",
)
NAMES = (
    *(
        "kennwort",
        "contraseña",
        "contrase%C3%B1a",
        "senha",
        "mot_de_passe",
        "mdp",
        "密码",
        "%E5%AF%86%E7%A0%81",
        "密碼",
    ),
    *(
        "пароль",
        "hasło",
        "heslo",
        "parola",
        "wachtwoord",
        "lösenord",
        "şifre",
        "パスワード",
        "비밀번호",
        "clave",
        "jelszó",
    ),
)
SECRETS = st.text(st.sampled_from("abcXYZ019-._~!$'()*+,@:/ %?\"<>|ü密"), min_size=12, max_size=30).map(
    lambda text: f"q{text}q"
)


@given(SECRETS, st.sampled_from(PLACES))
def test_no_secret_of_an_address_is_shown(secret: str, place: str) -> None:
    for written in (quote(secret, safe=""), quote(quote(secret, safe=""), safe="")):
        address = place.format(written)
        assert written not in redacted_address(address)
        assert written not in redacted(f"cannot open {address}, giving up")
        assert {written, quote(secret, safe=""), secret} & secrets_in(address)
        assert written not in StreamSettings(address).shown


@given(SECRETS.filter(lambda text: not set(text) & set("%?#&;")), st.sampled_from(PLACES[:9]))
def test_no_secret_that_nobody_encoded_is_shown(secret: str, place: str) -> None:
    shown = redacted_address(place.format(secret))
    assert secret not in shown
    assert secret[len(secret) // 2 :] not in shown


@pytest.mark.parametrize(
    "address",
    ["rtsp://10.0.0.5:554/Streaming/Channels/101?transportmode=unicast&profile=Profile_1", "/dev/video0", "a/b.mp4"],
)
def test_an_address_without_a_secret_is_shown_as_it_is(address: str) -> None:
    assert redacted_address(address) == redacted(address) == address
    assert not secrets_in(address)


@given(st.text(), st.text())
def test_what_is_shown_stays_so(before: str, after: str) -> None:
    once = redacted(f"{before}?pwd={after}")
    assert redacted(once) == once


@given(st.text())
def test_no_address_is_too_odd_to_look_for_secrets(address: str) -> None:
    secrets_in(address)
    redacted_address(address)


def test_a_long_text_is_looked_through_at_once() -> None:
    assert redacted("a" * 1_000_000) == "a" * 1_000_000
    assert "hunter22" not in redacted("x=" * 100_000 + "&pwd=hunter22")


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    out = io.StringIO()
    configure_logging("json", "debug", stream=out)
    yield out
    root.handlers, root.level = handlers, level


@pytest.mark.parametrize("place", PLACES)
def test_a_secret_of_a_camera_stands_in_no_log_state_error_or_check(
    place: str, log: io.StringIO, tmp_path: Path
) -> None:
    secret, box = "hunter22hunter22", tmp_path / "box.yaml"
    address = place.format(secret)
    box.write_text(yaml.safe_dump({"site": "home", "cameras": {"north-1": {"source": address}}}))
    texts = [*check_box(box).notes, str(StreamError(f"{address}: Input/output error", "ended"))]
    logging.getLogger("libav.rtsp").warning("Input/output error: '%s'", address)
    logging.getLogger("httpx").error("Client error '401' for url '%s'", address)
    try:
        raise OSError(5, "Input/output error", address)  # noqa: TRY301 - as PyAV's errors
    except OSError:
        logging.getLogger("edgecv").exception("failed")
    register_secrets_of({"cameras": [{"source": address}]})
    logging.getLogger("edgecv").info("the camera said: wrong password %s", secret)
    beat = Heartbeat("unreachable", f"no {address}, {secret}", degraded=(f"{address} is slow", f"it said {secret}"))
    assert secret not in "".join([*texts, log.getvalue(), beat.text, *beat.degraded])
    assert len(log.getvalue().splitlines()) == 4


WRONG: tuple[Callable[[str], str], ...] = (
    lambda secret: f"cameras: {{north-1: {{source: 'rtsp://h/x', login: {{user: admin, password: '{secret}'}}}}}}",
    lambda secret: f"cameras: {{north-1: {{source: 'rtsp://h/x', login: '{secret}'}}}}",
    lambda secret: f"cameras: {{north-1: {{source: 'rtsp://h/x', login: [admin, '{secret}']}}}}",
    lambda secret: f"cameras: {{north-1: {{source: 'rtsp://h/x', passwd: '{secret}'}}}}",
    lambda secret: f"cameras: {{north-1: {{source: 'rtsp://h/x', secrets: {{first: {{second: '{secret}'}}}}}}}}",
    lambda secret: f"cameras: {{north-1: {{sauce: 'rtsp://admin:{secret}@h/x'}}}}",
    lambda secret: f"cameras: {{north-1: {{sauce: 'rtsp://h/x?pwd={secret}'}}}}",
    lambda secret: f"cameras: {{north-1: {{source: ['rtsp://h/x?pwd={secret}']}}}}",
    lambda secret: f"upstream: {{mqtt: 'mqtt://user:{secret}/1@h'}}",
    lambda secret: f"upstream: {{mqtt: 'mqtt://h:{secret}'}}\nservice: {{token: {secret}}}",
    lambda secret: f"upstream: {{targets: [{{name: a, url: 'https://u:{secret}/@h/x'}}]}}",
    lambda secret: f"upstream: {{targets: [{{name: a, url: 'ftp://h/x?access_token={secret}'}}]}}",
    lambda secret: f"service: {{token: *{secret}}}",
    lambda secret: f"service: {{token: !{secret} x}}",
)


@pytest.mark.parametrize("wrong", [each for number, each in enumerate(WRONG) if number != 9])
def test_no_problem_of_a_box_file_tells_a_secret(wrong: Callable[[str], str], tmp_path: Path) -> None:
    box, secret = tmp_path / "box.yaml", "hunter22"
    box.write_text(f"site: home\n{wrong(secret)}\n")
    report = check_box(box)
    assert report.problems
    assert secret not in json.dumps(report.problems)


def test_a_password_in_place_of_its_file_is_not_told(tmp_path: Path) -> None:
    from edgecv.config.secrets import read_secret  # noqa: PLC0415

    with pytest.raises(ConfigError) as raised:
        read_secret("hunter22!", tmp_path / "box.yaml", "cameras.north-1.login.password_file")
    assert "hunter22" not in str(raised.value)
    with pytest.raises(ConfigError, match=r"secrets/north-1'.*No such file"):
        read_secret("secrets/north-1", tmp_path / "box.yaml", "cameras.north-1.login.password_file")


HOOKS = (
    "https://hooks.slack.com/services/T0AB12CD3/B0AB12CD3/{}",
    "https://open.feishu.cn/open-apis/bot/v2/hook/{}",
    "https://api.telegram.org/bot123456:{}/sendMessage",
    "https://discord.com/api/webhooks/1234/{}",
    "https://home.example/api/webhook/{}",
    "rtsps://192.168.1.1:7441/{}?enableSrtp",
)


@pytest.mark.parametrize("place", HOOKS)
def test_the_token_in_the_path_of_a_hook_or_stream_is_hidden(place: str) -> None:
    address, token = place.format("XyZ0abcDEf12GH34"), "XyZ0abcDEf12GH34"
    assert token in secrets_in(address)
    assert token not in redacted(f"Client error '404' for url '{address}'")


@pytest.mark.parametrize(
    "address",
    [
        "rtsp://10.0.0.5/onvif/device_service",
        "rtsp://10.0.0.5/h264Preview_01_main",
        "https://host.example/incidents/5f0c7f9e-2f3f-5d0a-9a53-0c8f2b7f9b11/manifest.json",
        "http://10.0.0.5:8080/live:0/1",
        "https://host.example/hooks/edgecv",
    ],
)
def test_names_in_a_path_are_shown(address: str) -> None:
    assert redacted(address) == redacted_address(address) == address


@pytest.mark.parametrize("name", NAMES)
def test_a_password_is_hidden_in_whatever_language_it_is_named(name: str) -> None:
    for address in (f"rtsp://10.0.0.5/live?{name}=hunter22", f"http://10.0.0.5/a?x=1&{name}:hunter22&b=2"):
        assert "hunter22" in secrets_in(address)
        assert "hunter22" not in redacted(f"cannot open {address}: refused")


@pytest.mark.parametrize("letter", "pwkst")
def test_what_a_name_of_one_letter_holds_is_hidden_where_it_may_be_a_password(letter: str) -> None:
    assert "hunter22" not in redacted(f"rtsp://10.0.0.5/live?c=1&{letter}=hunter22")
    if letter != "p":
        assert redacted(f"rtsp://10.0.0.5/live?c=1&{letter}=1080") == f"rtsp://10.0.0.5/live?c=1&{letter}=1080"


def test_the_key_of_a_published_stream_is_hidden_and_its_application_shown() -> None:
    assert redacted("rtmps://live.example:443/app/abcd-efgh?x=1") == "rtmps://live.example:443/app/***?x=1"
    assert redacted("rtmp://live.example/app") == "rtmp://live.example/app"


@pytest.mark.parametrize(
    "text",
    [
        "at 12:30:00, q=1;x:5",
        "http://h/?time=12:30:00&b=2",
        "rtsp://h/s?user=admin&channel=1",
        "rtsp://h/s?w=1920&h=1080",
    ],
)
def test_times_channels_and_sizes_are_shown(text: str) -> None:
    assert redacted(text) == text


@pytest.mark.parametrize("query", ["sid=7", "p=2", "page=1&p=12&x=3", "code=1", "session=4"])
def test_a_number_of_a_page_or_a_sensor_is_shown(query: str) -> None:
    assert redacted(f"http://10.0.0.5/api?{query}") == f"http://10.0.0.5/api?{query}"


@pytest.mark.parametrize("query", ["sid=7f3a", "p=212", "user=admin&p=12", "u=admin&code=1", "pin=12", "password=7"])
def test_a_number_that_may_be_a_secret_is_hidden(query: str) -> None:
    assert redacted(f"http://10.0.0.5/api?{query}").endswith("=***")


@pytest.mark.parametrize("name", ["p", "code"])
def test_a_short_name_is_a_secret_s_in_a_query_alone(name: str) -> None:
    assert redacted(f"judged, {name}=0.97") == f"judged, {name}=0.97"


WRITTEN: tuple[Callable[[str], str], ...] = (
    lambda secret: secret,
    lambda secret: quote(secret, safe=""),
    lambda secret: quote(secret, safe="").lower(),
    lambda secret: quote(quote(secret, safe=""), safe=""),
    html.escape,
    lambda secret: json.dumps(secret)[1:-1],
    lambda secret: repr(secret)[1:-1],
    lambda secret: base64.b64encode(f"admin:{secret}".encode()).decode(),
    lambda secret: base64.b64encode(f"user1:{secret}".encode()).decode(),
    lambda secret: base64.urlsafe_b64encode(f"box-7:{secret}:x".encode()).decode(),
)
ODD = "tw\u00f6 words/#?&'\"<%"


@pytest.mark.parametrize("written", WRITTEN)
def test_a_registered_secret_is_hidden_however_it_is_written(written: Callable[[str], str]) -> None:
    register_secret(ODD)
    core = written(ODD)[4:-8]  # base64 mixes the first and last bytes with what stands beside them
    assert core in f"it said {written(ODD)} twice"
    assert core not in hide_secrets(f"it said {written(ODD)} twice")


@given(st.binary(max_size=12), st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=8), st.binary())
def test_base64_of_whatever_holds_a_secret_is_hidden(before: bytes, secret: str, after: bytes) -> None:
    known = KnownSecrets()
    known.register(secret)
    encoded = base64.b64encode(before + secret.encode() + after).decode()
    first, end = -(-len(before) * 8 // 6), (len(before) + len(secret)) * 8 // 6
    assert encoded[first:end] not in known.text(f"Basic: {encoded}")


def test_what_a_box_file_and_its_secret_files_hold_is_registered_as_they_are_read(tmp_path: Path) -> None:
    box = tmp_path / "box.yaml"
    sources = {f"c{n}": {"source": place.format("hunter22")} for n, place in enumerate(PLACES[:5])}
    box.write_text(yaml.safe_dump({"site": "home", "cameras": sources, "service": {"tokn": "wrong-key-1"}}))
    check_box(box)
    (tmp_path / "pw").write_text("a secret of two lines\r\n")
    read_secret("pw", box, "service.token_file")
    said = hide_secrets("they said hunter22, wrong-key-1 and 'a secret of two lines'")
    assert said == "they said ***, wrong-key-1 and '***'"


def test_a_command_shows_no_secret_whatever_it_fails_with(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    box = tmp_path / "box.yaml"
    box.write_text("site: home\ncameras: {north-1: {source: 'rtsp://10.0.0.5/x?password=two hunters'}}\n")

    def fails(_options: object) -> int:
        check_box(box)
        raise RuntimeError("camera answered: wrong password two hunters")

    monkeypatch.setattr("edgecv.cli.check.run", fails)
    assert main(["check", "--config", str(box)]) == 1
    said = capsys.readouterr().err
    assert "Traceback" in said
    assert "two hunters" not in said


@pytest.mark.parametrize(
    "wrong",
    [
        "rtsp://admin:hunter22/10.0.0.5/ch1",
        "rtsp://admin:hunter22#10.0.0.5/ch1",
        "rtsp://admin:hunter22＠10.0.0.5/ch1",
        "//admin:hunter22@10.0.0.5/ch1",
        "rstp:/admin:hunter22@10.0.0.5/ch1",
        "rstp//admin:hunter22@10.0.0.5/ch1",
        "rtsp.//admin:hunter22@10.0.0.5/ch1",
        "rtsp/admin:hunter22@10.0.0.5/ch1",
        "mqt:/box:hunter22@10.0.0.5",
        "http://10.0.0.5/x?session=hunter22",
        "http://10.0.0.5/x?密码=hunter22",
    ],
)
def test_a_password_is_hidden_where_the_at_sign_or_the_scheme_is_forgotten_or_misspelt(wrong: str) -> None:
    assert "hunter22" not in redacted(f"camera {wrong}: cannot be opened")
    assert "hunter22" not in redacted_address(wrong)
    known = KnownSecrets()
    for secret in secrets_in(wrong):
        known.register(secret)
    assert "hunter22" not in known.text("wrong password hunter22.")


@pytest.mark.parametrize(
    "text",
    [
        "rtsp://10.0.0.5:554: no answer",
        "see http://box:8080, then (https://hub:443)",
        "rtsp://HOST:PORT/stream",
        "http://[fe80::1]:80/x",
        "/data/tapes/12:30:00.mp4 and https://host: refused",
    ],
)
def test_a_port_and_a_time_are_shown(text: str) -> None:
    assert redacted(text) == text
