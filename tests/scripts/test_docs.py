"""The documentation: it builds without the network, its links lead somewhere, its reference is the program's own."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from documentation.commands import command_pages, parser_of
from documentation.links import broken_links, checked_files, slug
from documentation.models import Reference, attribute_docs
from documentation.pages import code_pages
from documentation.schemas import all_schemas, openapi
from documentation.tree import ROOT, summary, tree_pages

from edgecv._version import __version__
from edgecv.config.box import BoxFile
from edgecv.incidents.record import Incident, Origin
from edgecv.messages import templates

DOCS = ROOT / "docs"
LONGEST_README = 120
LARGEST_PICTURE, ALL_PICTURES = 150_000, 1_500_000
_FENCE = re.compile(r"^```sh\n(.*?)^```", re.DOTALL | re.MULTILINE)


def pages() -> list[Path]:
    return [path for path in checked_files() if path.suffix == ".md"]


@pytest.mark.slow
def test_the_site_builds_without_a_warning_and_loads_nothing_from_elsewhere() -> None:
    environment = os.environ | {"PYTHON": sys.executable}
    built = subprocess.run([ROOT / "scripts/docs"], env=environment, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stderr[-3000:]
    site = DOCS / "_build/html"
    for page in site.rglob("*.html"):
        loaded = re.findall(r"<(?:script|img|iframe)[^>]+src=\"([^\"]+)\"", page.read_text())
        loaded += re.findall(r"<link[^>]+rel=\"stylesheet\"[^>]+href=\"([^\"]+)\"", page.read_text())
        assert not [address for address in loaded if address.startswith(("http", "//"))], page
    assert (site / "schemas/incident.json").is_file()
    assert (site / "schemas/openapi.json").is_file()


def test_every_relative_link_of_the_markdown_files_leads_to_a_file_and_a_heading() -> None:
    assert broken_links(checked_files()) == []


def test_a_link_to_a_missing_file_or_heading_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("documentation.links.ROOT", tmp_path)
    page = tmp_path / "page.md"
    page.write_text(
        "# A heading\n[ok](#a-heading) [no](missing.md)\n[no](page.md#other)\n```\n[code](nowhere.md)\n```\n"
    )
    first, second = broken_links([page])
    assert first == "page.md:2: missing.md: there is no such file"
    assert second == "page.md:3: page.md#other: the file has no such heading"


def test_an_anchor_is_that_of_the_heading_without_its_marks() -> None:
    assert slug("The daemon's `state`, *now*") == "the-daemons-state-now"


def test_the_readme_is_short_and_shows_a_strobe_and_the_console() -> None:
    text = (ROOT / "README.md").read_text()
    assert len(text.splitlines()) <= LONGEST_README
    assert "docs/pictures/strobe.jpg" in text
    assert "docs/pictures/console-incident.jpg" in text


def test_pictures_are_small() -> None:
    sizes = [path.stat().st_size for path in (DOCS / "pictures").iterdir()]
    assert max(sizes) <= LARGEST_PICTURE
    assert sum(sizes) <= ALL_PICTURES


def test_every_command_that_a_page_shows_is_one_with_those_options() -> None:
    seen = 0
    for page in pages():
        for block in _FENCE.findall(page.read_text()):
            for line in block.replace("\\\n", " ").splitlines():
                words = shlex.split(line, comments=True)
                words = words[1:] if words[:1] == ["sudo"] else words
                if words[:1] == ["edgecv"] and words[1:] not in ([], ["--version"]):
                    seen += 1
                    assert_known(words[1:], f"{page.relative_to(ROOT)}: {line}")
    assert seen > 20


def test_every_option_that_a_sentence_names_with_its_command_is_there() -> None:
    for page in pages():
        for text in re.findall(r"`(edgecv [a-z][^`\n]*--[^`\n]*)`", page.read_text()):
            words = [word for word in text.replace("…", " ").split()[1:] if not word.startswith(("'", '"'))]
            assert_known(words, f"{page.relative_to(ROOT)}: {text}")


def test_the_newest_version_of_the_change_log_is_the_program_s() -> None:
    first, second, *_ = re.findall(r"^## (.+)$", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert first == "Unreleased"
    assert re.fullmatch(rf"{re.escape(__version__)} - 20\d\d-\d\d-\d\d", second)


def test_the_message_codes_page_has_every_code() -> None:
    text = "\n".join(code_pages())
    assert all(f"| `{template.code}` |" in text for template in templates())


def assert_known(words: list[str], where: str) -> None:
    verbs: list[str] = []
    parser = parser_of([])
    for word in words:
        choices = [name for action in parser._actions for name in (action.choices or ()) if action.nargs == "A..."]
        if word not in choices:
            break
        verbs.append(word)
        parser = parser_of(verbs)
    if verbs == ["simulate"]:
        parser = parser_of(["simulate", "scene"])
    assert verbs, f"{where}: no such command"
    for word in words:
        if word.startswith("--"):
            assert word.partition("=")[0] in parser._option_string_actions, f"{where}: {word}"


def test_the_command_reference_has_every_verb() -> None:
    text = "\n".join(command_pages())
    for verb in ("run", "replay", "calibrate still", "incidents verify", "console user add", "simulate device"):
        assert f"## `edgecv {verb}`" in text


def test_every_key_of_the_box_file_has_a_meaning() -> None:
    lines = Reference(BoxFile).lines()
    keys = [line for line in lines if line.startswith("| `")]
    assert len(keys) > 80
    assert not [line for line in keys if line.endswith("| – |")]


def test_a_key_shows_type_default_and_bounds() -> None:
    (line,) = (line for line in Reference(BoxFile).lines() if line.startswith("| `keep_days`"))
    _, key, kind, default, bounds, _, _ = (part.strip() for part in line.split("|"))
    assert (key, kind, default, bounds) == ("`keep_days`", "number", "`30.0`", "> 0; ≤ 3650")


def test_what_stands_under_a_field_describes_it_in_the_schema() -> None:
    assert attribute_docs(Origin)["floor_name"] == "What people call the floor."
    assert all_schemas()["incident"]["$defs"]["Origin"]["properties"]["floor_name"]["description"]


def test_schemas_name_the_fields_as_the_wire_does() -> None:
    schemas = all_schemas()
    assert "class" in schemas["incident"]["$defs"]["Mass"]["properties"]
    assert set(Incident.model_fields) == set(schemas["incident"]["properties"])
    assert "/incidents" in openapi()["paths"]


def test_the_tree_has_a_line_for_every_file() -> None:
    text = "\n".join(tree_pages())
    for path in (ROOT / "edgecv").rglob("*.py"):
        assert summary(path) in text
        assert path.name == "__init__.py" or f"- `{path.name}`: " in text


def test_the_page_about_handlers_shows_the_template_as_it_is() -> None:
    text = (DOCS / "handlers/writing.md").read_text()
    for name in ("bin_level.py", "pyproject.toml"):
        assert f"{{literalinclude}} ../../configs/handler-template/{name}" in text
