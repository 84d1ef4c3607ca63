"""Variables, parameters, functions and classes have nouns of the field; these participles do not say what they hold."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

PACKAGE = Path(__file__).parents[1] / "edgecv"
VAGUE = {"found", "told", "given", "kept", "made", "known", "wanted"}
FIELDS_OF_REPORTS = {
    ("evaluation/accuracy_metrics.py", "found"),
    ("calibration/single_image.py", "found"),
    ("simulation/devices/alarm_score.py", "found"),
}
"""Fields whose names stand in what a command prints or a page reads."""


def _named(tree: ast.AST) -> Iterator[tuple[str, int]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id, node.lineno
        elif isinstance(node, ast.arg):
            yield node.arg, node.lineno
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name, node.lineno


def test_no_name_is_a_participle_that_tells_nothing() -> None:
    vague = []
    for path in sorted(PACKAGE.rglob("*.py")):
        room = path.relative_to(PACKAGE).as_posix()
        for name, line in _named(ast.parse(path.read_text())):
            plain = name.lower().strip("_")
            if plain in VAGUE and (room, plain) not in FIELDS_OF_REPORTS:
                vague.append(f"edgecv/{room}:{line}: {name}")
    assert not vague, "\n".join(vague)
