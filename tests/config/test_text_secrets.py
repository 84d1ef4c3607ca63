"""Secrets of text that is no address, and words, times and numbers that only look like secrets."""

from __future__ import annotations

import io
import json
import logging
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgecv.config.addresses import redacted
from edgecv.config.known_secrets import hide_secrets_in
from edgecv.config.text_secrets import without_named_secrets
from edgecv.daemon.logs import configure_logging

SECRET = "hunter2-Q!x9"
LINES = (
    '{{"user": "admin", "password": "{}"}}',
    "{{'password': '{}', 'user': 'admin'}}",
    "{{'token': b'{}'}}",
    '{{"auth": {{"token" : "{}"}}}}',
    '"{{\\"password\\": \\"{}\\"}}"',
    '{{"user": "admin", "password": "{}',  # cut off
    '{{"Wi-Fi passphrase": 1, "wifi_passphrase": "{}"}}',
    "Authorization: Basic {}",
    "authorization: digest username=admin, response={}",
    "{{'Authorization': 'Token {}'}}",
    "Proxy-Authorization: Bearer {}",
    "X-Api-Key: {}",
    "Cookie: session={}; lang=en",
    "Set-Cookie: JSESSIONID={}; Path=/",
    "password: {}",
    'password: "{}"',
    "password: 'two words and {}'",
    "password = {}",
    'password = "{}"',
    "camera_password='{}')",
    "mqtt: {{password: {}}}",
    "ffmpeg -rtsp_transport tcp --password {} -y",
    "curl -rtsp_pass {}",
    "<Password>{}</Password>",
    '<wsse:Password Type="http://a.org#PasswordText">{}</wsse:Password>',
    "wpa_psk={}",
    "kodeord={}",
    "-----BEGIN RSA PRIVATE KEY-----\n{}\n-----END RSA PRIVATE KEY-----",
)


@pytest.mark.parametrize("line", LINES)
def test_what_stands_under_the_name_of_a_secret_is_hidden(line: str) -> None:
    shown = redacted(line.format(SECRET))
    assert SECRET not in shown and "hunter2" not in shown
    assert redacted(shown) == shown


@pytest.mark.parametrize(
    "line",
    [
        "the password: it is missing in the box file",
        "cameras.0.login.password: Input should be a valid string",
        "devices.gate.mqtt.password_file: /etc/edgecv/gate1.secret: is missing",
        '{"password_file": "/etc/edgecv/gate1", "token_type": "bearer", "passes": 12345, "key": "dose/12"}',
        "the camera asks for Basic authentication, the box answers with Digest authentication",
        "bypass=1 compass=120 passages=3 passengers=4",
        "http://10.0.0.1:8080/incidents/2026-11-30T12:30:00Z/clip.mp4",
        "http://10.0.0.1:8080/incidents/2026-11-30 12:30/clip.mp4",
        "http://10.0.0.1/list?t=2026-11-30T12:30:00Z&f=1920x1080&q=thrown+objects&s=20261130",
        "h264:1920x1080@25fps, cam1:1280x720@12.5",
        "https://docs.example.org/guide/installation-of-version-2026-on-linux",
        "http://nvr/videos/20261130123000_20261130124500_camera01_main",
        "http://nvr/videos/CAM01Entrance20261130123000",
        "secrets.0.site = 'home', credentials.1.camera: north-1a",
        "it has a password but no user; write user:password@HOST",
        "12:30:05 login at 2026-11-30T12:30:00Z took 3.5 s",
        '<Login at="12:30">ok</Login>',
    ],
)
def test_words_times_and_numbers_are_shown(line: str) -> None:
    assert redacted(line) == line


@given(st.text(st.sampled_from("ab \"'\\:{}<>=&?@-/\n"), max_size=60), st.sampled_from(LINES))
def test_what_is_hidden_stays_so_within_any_text(text: str, line: str) -> None:
    once = without_named_secrets(f"{text}{line.format(SECRET)}{text}")
    assert without_named_secrets(once) == once


def test_long_texts_are_looked_through_at_once() -> None:
    before_s = time.process_time()
    for piece in (
        '{"a": ',
        '"password": "',
        "<a ",
        "--x ",
        "a: ",
        "Cookie: ",
        "password: \\",
        "-----BEGIN PRIVATE KEY-----",
    ):
        redacted(piece * 20_000)
    assert time.process_time() - before_s < 10.0


def test_a_field_of_a_log_line_or_state_is_hidden_by_its_name() -> None:
    root = logging.getLogger()
    handlers, level, out = root.handlers[:], root.level, io.StringIO()
    try:
        configure_logging("json", "info", stream=out)
        logging.getLogger("edgecv").warning(
            "refused", extra={"password": SECRET, "passes": 3, "answer": {"token": SECRET}}
        )
    finally:
        root.handlers, root.level = handlers, level
    line = json.loads(out.getvalue())
    assert (line["password"], line["passes"], line["answer"]) == ("***", 3, {"token": "***"})
    assert hide_secrets_in({"token_file": "gate1", "secret": "", "key": "a"}) == {
        "token_file": "gate1",
        "secret": "",
        "key": "a",
    }
