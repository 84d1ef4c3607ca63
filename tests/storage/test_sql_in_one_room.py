"""SQL on the box's database stands in edgecv/storage and nowhere else."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import edgecv

PACKAGE = Path(edgecv.__file__).parent
STORAGE = "storage/"
EXCEPTIONS = {
    "console/storage/": "the console's own database, through SQLAlchemy",
}
_SQL = re.compile(
    r"\s*(SELECT\s.+\sFROM|INSERT\s+(OR\s+\w+\s+)?INTO|UPDATE\s+\w+\s+SET|DELETE\s+FROM|REPLACE\s+INTO"
    r"|CREATE\s+(TABLE|INDEX)|ALTER\s+TABLE|PRAGMA\s|SAVEPOINT\s|ROLLBACK|BEGIN\s+IMMEDIATE)",
    re.DOTALL,
)


def sql_in(source: str) -> Iterator[int]:
    """Lines of string constants that are SQL, and of calls that open a database."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and _SQL.match(node.value):
            yield node.lineno
        if isinstance(node, ast.Attribute) and node.attr == "connect" and ast.unparse(node.value) == "sqlite3":
            yield node.lineno


def test_sql_stands_in_the_storage_room_alone() -> None:
    wrong = []
    for path in sorted(PACKAGE.rglob("*.py")):
        name = path.relative_to(PACKAGE).as_posix()
        if not name.startswith((STORAGE, *EXCEPTIONS)):
            wrong += [f"edgecv/{name}:{line}" for line in sql_in(path.read_text())]
    assert wrong == []


@pytest.mark.parametrize(
    "statement",
    [
        'c.execute("SELECT id FROM incidents")',
        'c.execute(f"UPDATE incidents SET {x} = 1")',
        'Q = "INSERT OR IGNORE INTO messages VALUES (?)"',
        'c.executemany("DELETE FROM cursors", [])',
        "sqlite3.connect(path)",
    ],
)
def test_the_walk_sees_statements_wherever_they_stand(statement: str) -> None:
    assert list(sql_in(statement)) == [1]


def test_an_exception_that_is_no_longer_needed_is_taken_off_the_list() -> None:
    for folder in EXCEPTIONS:
        assert any(list(sql_in(path.read_text())) for path in (PACKAGE / folder).rglob("*.py")), folder
