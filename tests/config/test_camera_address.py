"""Addresses of cameras as people write them."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgecv.cli import main
from edgecv.config.camera_address import address_fault, meant_address, place_of
from edgecv.config.stream_address import is_recorded, resolved_address

GOOD = [
    "rtsp://10.0.0.5/ch1",
    "rtsp://admin:secret@10.0.0.5:8554/ch1?channel=1&subtype=0",
    "rtsps://[fd00::5]:322/x",
    "https://camera.lan/video.mjpg",
    "http://u@host/x",
    "rtsp://10.0.0.5:554/live?mail=a@b.example",
    "/dev/video0",
    "clips/a.mp4",
]


@pytest.mark.parametrize("address", GOOD)
def test_a_good_address_stays_as_it_is(address: str) -> None:
    assert meant_address(address) == address
    assert address_fault(address) is None


@pytest.mark.parametrize(
    ("address", "says"),
    [
        ("rtsp:/10.0.0.5/x", "two slashes after the scheme: rtsp://HOST"),
        ("rtsp//10.0.0.5/x", "two slashes"),
        ("rtsp;//10.0.0.5/x", "two slashes"),
        ("rtsp:10.0.0.5/x", "two slashes"),
        ("rtsp:\\\\10.0.0.5\\x", "two slashes"),
        ("rtsp：//10.0.0.5/x", "two slashes"),
        ("HTTP:/10.0.0.5/x", "two slashes after the scheme: http://HOST"),
        ("rstp://10.0.0.5/x", "not by 'rstp'"),
        ("rtmp://10.0.0.5/x", "not by 'rtmp'"),
        ("onvif://10.0.0.5/x", "not by 'onvif'"),
        ("admin:secret@10.0.0.5/x", "write rtsp:// in front of it"),
        ("rtsp:///x", "names no host"),
        ("rtsp://:554/x", "names no host"),
        ("rtsp://admin:secret@/x", "names no host"),
        ("rtsp://10.0.0.5 :554/x", "blank in its host"),
        ("rtsp://10.0.0.5：554/x", "full-width"),
        ("rtsp://10。0。0。5/x", "full-width"),
        ("rtsp://10.0.0.5:port/x", "1 to 65535"),
        ("rtsp://10.0.0.5:0/x", "1 to 65535"),
        ("rtsp://10.0.0.5:70000/x", "1 to 65535"),
        ("rtsp://fd00::5/x", "rtsp://[fd00::5]/"),
        ("rtsp://::1:554/x", "brackets"),
        ("rtsp://[fd00::5/x", "brackets"),
    ],
)
def test_an_address_that_cannot_be_meant_is_told_with_what_to_write(address: str, says: str) -> None:
    assert says in str(address_fault(address))


@pytest.mark.parametrize(
    ("address", "meant"),
    [
        ("RTSP://10.0.0.5/Ch1", "rtsp://10.0.0.5/Ch1"),
        (" rtsp://10.0.0.5/x\n", "rtsp://10.0.0.5/x"),
        ("rtsp://admin:a/b@10.0.0.5/x", "rtsp://admin:a%2Fb@10.0.0.5/x"),
        ("rtsp://admin:a#b@10.0.0.5:554/x", "rtsp://admin:a%23b@10.0.0.5:554/x"),
        ("rtsp://admin:a?b@camera.lan/x", "rtsp://admin:a%3Fb@camera.lan/x"),
        ("rtsp://admin:12/34@10.0.0.5/x", "rtsp://admin:12%2F34@10.0.0.5/x"),
        ("rtsp://admin:a@b@10.0.0.5/x", "rtsp://admin:a%40b@10.0.0.5/x"),
        ("rtsp://admin:two words@10.0.0.5/x", "rtsp://admin:two%20words@10.0.0.5/x"),
        ("rtsp://admin:100%@10.0.0.5/x", "rtsp://admin:100%25@10.0.0.5/x"),
        ("rtsp://admin:a%2Fb@10.0.0.5/x", "rtsp://admin:a%2Fb@10.0.0.5/x"),
        ("rtsp://admin:a:b@10.0.0.5/x", "rtsp://admin:a%3Ab@10.0.0.5/x"),
        ("rtsp://管理:密码@10.0.0.5/x", f"rtsp://{quote('管理')}:{quote('密码')}@10.0.0.5/x"),
    ],
)
def test_what_is_meant_is_put_right(address: str, meant: str) -> None:
    assert meant_address(address) == meant
    assert address_fault(address) is None


@given(st.text(st.characters(min_codepoint=33, max_codepoint=126, exclude_characters="%"), min_size=1))
def test_any_password_is_understood_where_its_host_is_plain(password: str) -> None:
    if password.isdigit() or ("@" in password and set(password) & set("/?#")):
        return  # what would be a host there, may be one
    parts = urlsplit(meant_address(f"rtsp://admin:{password}@10.0.0.5:8554/ch1"))
    assert (unquote(parts.password or ""), parts.hostname, parts.port) == (password, "10.0.0.5", 8554)
    assert place_of(f"rtsp://admin:{password}@10.0.0.5:8554/ch1") == ("10.0.0.5", 8554)


@given(st.text())
def test_no_address_is_too_odd(address: str) -> None:
    address_fault(address)
    once = meant_address(address)
    assert meant_address(once) == once


@pytest.mark.parametrize("name", ["cam1:2026-11-30 12:30:00.mp4", "12:30.mp4", "10.0.0.5/a.mp4", "rtsp.mp4", "a@b.mp4"])
def test_a_file_with_signs_of_addresses_in_its_name_is_a_file(name: str, tmp_path: Path) -> None:
    assert is_recorded(name)
    assert resolved_address(name, tmp_path / "box.yaml") == str(tmp_path / name)


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("rtsp:/10.0.0.5/x", "two slashes"),
        ("10.0.0.5:554/live", "write rtsp:// in front of it"),
        ("192.168.1.64", "write rtsp:// in front of it"),
    ],
)
def test_check_names_the_key_and_what_is_wrong(
    source: str, says: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    box = tmp_path / "box.yaml"
    box.write_text(f"site: home\ncameras:\n  north-1: {{source: '{source}'}}\n")
    assert main(["check", "--config", str(box)]) == 2
    said = capsys.readouterr().err
    assert f"cameras.north-1.source = {source}: " in said
    assert says in said
