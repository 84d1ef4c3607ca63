"""The tree of files with one line each: the first line of every module's docstring, and of every script's comment."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_GOES_ON = re.compile(r"^\s*(?:\*(?!/)|//|#)\s?(.*)|^ \* ?(.*)")
_COMMENT = re.compile(r"^/\*+\s*(.+)|^//\s*(.+)|^#(?!!)\s*(.+)")


def summary(path: Path) -> str:
    """The first sentence that a file says of itself.

    Raises:
        LookupError: it says nothing.
    """
    text = path.read_text(encoding="utf-8")
    first = text.splitlines()[0] if text else ""
    is_python = path.suffix == ".py" or "python" in first
    about = ast.get_docstring(ast.parse(text)) or "" if is_python else _comment(text)
    line = " ".join(about.split("\n\n")[0].split())
    if not line:
        raise LookupError(f"{path}: has no docstring or comment that says what it is")
    return re.sub(r":(?:class|func|meth|mod):`~?([^`]*)`", r"`\1`", line).replace("``", "`")


def _comment(text: str) -> str:
    """The first sentence of the comment that a file begins with."""
    lines: list[str] = []
    for line in text.splitlines()[:16]:
        match = _COMMENT.match(line) if not lines else _GOES_ON.match(line)
        if match is not None:
            piece = next((group for group in match.groups() if group is not None), "")
            lines.append(piece.partition("*/")[0].strip())
        if lines and (match is None or "*/" in line):
            break
    return re.split(r"[.;] (?=[A-Za-z])", " ".join(lines).strip())[0]


def python_and_c(folder: Path) -> Iterator[Path]:
    """The source files directly in a folder, ``__init__.py`` first."""
    found = [path for path in folder.iterdir() if path.is_file() and path.suffix in {".py", ".c", ".h", ".inc"}]
    yield from sorted(found, key=lambda path: (path.name != "__init__.py", path.name))


def tree_pages() -> list[str]:
    """Every room with its files."""
    lines: list[str] = []
    folders = [ROOT / "edgecv", *sorted(path for path in (ROOT / "edgecv").rglob("*") if path.is_dir())]
    for folder in folders:
        files = list(python_and_c(folder))
        if files:
            lines += _folder(folder, files)
    scripts = [path for path in sorted((ROOT / "scripts").iterdir()) if path.is_file()]
    lines += _folder(ROOT / "scripts", scripts)
    for folder in sorted(path for path in (ROOT / "scripts").rglob("*") if path.is_dir()):
        files = list(python_and_c(folder))
        if files:
            lines += _folder(folder, files)
    return lines


def _folder(folder: Path, files: list[Path]) -> list[str]:
    name = folder.relative_to(ROOT).as_posix()
    lines = [f"## `{name}/`", ""]
    for path in files:
        if path.name == "__init__.py":
            lines += [summary(path), ""]
    lines += [f"- `{path.name}`: {summary(path)}" for path in files if path.name != "__init__.py"]
    return [*lines, ""]
