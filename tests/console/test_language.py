"""Chinese and English, as the browser asks."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from babel.messages.pofile import read_po
from console.conftest import Office, arrival_of

from edgecv.console.web.language import LOCALES

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("asked", "given"),
    [
        ("zh-CN,zh;q=0.9,en;q=0.8", "zh-CN"),
        ("zh-Hans-CN", "zh-CN"),
        ("en-GB,en;q=0.5", "en"),
        ("fr,zh;q=0.4,en;q=0.3", "zh-CN"),
        ("fr", "en"),  # the console's own, in these tests
        ("", "en"),
        (";;q=,,-", "en"),
    ],
)
def test_the_browsers_language_chooses(office: Office, asked: str, given: str) -> None:
    assert f'<html lang="{given}">' in office.browser(language=asked).get("/login").text


def test_the_switch_is_remembered_and_comes_back_to_the_page(office: Office) -> None:
    office.take(arrival_of("a"))
    browser = office.browser("chen")
    page = browser.get("/language?to=zh_CN&next=/incidents")
    assert page.url.path == "/incidents"
    assert "8 层" in page.text
    assert "重物" in page.text
    assert "事件" in browser.get("/incidents/a").text


def test_every_text_is_translated(tmp_path: Path) -> None:
    mapping, found = tmp_path / "mapping", tmp_path / "console.pot"
    mapping.write_text("[python: **.py]\n[jinja2: **.html]\ntrim_blocks = true\nlstrip_blocks = true\n")
    command = [
        sys.executable,
        "-m",
        "babel.messages.frontend",
        "-q",
        "extract",
        "-F",
        str(mapping),
        "-k",
        "N_",
        "-k",
        "declare:2",
    ]
    sources = [str(ROOT / "edgecv" / room) for room in ("console", "messages")]
    subprocess.run([*command, "-o", str(found), *sources], check=True)
    with found.open("rb") as file:
        wanted = {message.id for message in read_po(file) if message.id}
    assert len(wanted) > 50
    with (LOCALES / "zh_CN" / "LC_MESSAGES" / "console.po").open("rb") as file:
        catalogue = read_po(file, locale="zh_CN")
    missing = sorted(str(text) for text in wanted if text not in catalogue or not catalogue[text].string)
    assert missing == [], "run scripts/translations and fill these in"
    for message in catalogue:
        assert not list(message.check(catalogue)), message.id  # placeholders are the same
