"""Relative links of the Markdown files that no builder reads, README first: files and headings must exist."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

from documentation.tree import ROOT

_LINK = re.compile(r"!?\[[^\]]*\]\(<?([^)>\s]+)>?(?:\s+\"[^\"]*\")?\)")
_FENCE = re.compile(r"^(```|~~~|    ).*")
_ELSEWHERE = ("http://", "https://", "mailto:", "rtsp://", "mqtt://")


def slug(heading: str) -> str:
    """The anchor that GitHub and MyST give a heading."""
    text = re.sub(r"[`*]|\[([^\]]*)\]\([^)]*\)", r"\1", heading).strip().lower()
    return re.sub(r"[^\w\- ]", "", text).replace(" ", "-")


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    """The lines outside of code."""
    fenced = False
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        if line.lstrip().startswith(("```", "~~~")):
            fenced = not fenced
        elif not fenced and not line.startswith("    "):
            yield number, line


def anchors(path: Path) -> set[str]:
    """The anchors of a Markdown file."""
    found = {slug(line.lstrip("#")) for _, line in _lines(path) if line.startswith("#")}
    return found | {name for _, line in _lines(path) for name in re.findall(r"^\(([\w-]+)\)=$", line)}


def checked_files() -> list[Path]:
    """Every Markdown file of the repository that people read, apart from what is generated."""
    found = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "configs").rglob("*.md")]
    return sorted(path for path in found if not {"_build", "generated"} & set(path.parts))


def broken_links(paths: list[Path]) -> list[str]:
    """One line for each link that leads nowhere: file, line, target."""
    problems: list[str] = []
    for path in paths:
        for number, line in _lines(path):
            for target in _LINK.findall(re.sub(r"`[^`]*`", "", line)):
                if target.startswith(_ELSEWHERE) or (target.startswith("#") and slug(target[1:]) in anchors(path)):
                    continue
                name, _, anchor = target.partition("#")
                aim = (path.parent / unquote(name)).resolve() if name else path
                where = f"{path.relative_to(ROOT)}:{number}: {target}"
                if "generated" in aim.parts:
                    continue  # the site's builder checks these
                if not aim.exists():
                    problems.append(f"{where}: there is no such file")
                elif anchor and aim.suffix == ".md" and anchor not in anchors(aim):
                    problems.append(f"{where}: the file has no such heading")
    return problems
