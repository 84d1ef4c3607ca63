"""YAML into plain values and the line of each; nothing is built of a file that is too large, too deep or cyclic.

PyYAML reads: YAML 1.1 decides what ``yes``, ``012`` and ``1:30`` in existing box files mean.
"""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias, cast

import yaml

from edgecv.config.problems import Location, Problem, one_line
from edgecv.config.secrets import read_bounded
from edgecv.untrusted import UntrustedError, check_text

MAX_BYTES = 512 * 1024
"""A box of a hundred cameras with masks has 60 KB; more is another file given by mistake."""

MAX_NODES = 20_000
"""Keys and values. A hundred cameras with masks have 5,000; aliases of aliases unfold a few lines into billions."""

MAX_DEPTH = 20
"""Sections in sections; a box file has seven."""

_Loader: TypeAlias = yaml.SafeLoader
_QUOTED = re.compile(r"'[^<'][^']+'")
"""What a message of YAML's quotes of the file: ``*hunter2`` is an alias that it does not know."""


@dataclass(slots=True)
class Document:
    """One YAML file.

    Attributes:
        path: as the user named it.
        raw: the file's bytes; empty when it could not be read.
        data: plain dicts, lists and scalars; ``None`` when nothing could be read.
        lines: 1-based line of every key and list entry.
        problems: what is wrong with the file before its meaning is looked at.
    """

    path: Path
    raw: bytes = b""
    data: object = None
    lines: dict[Location, int] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def line_of(self, at: Location) -> int | None:
        """The line of a value, or of the nearest thing around it when it is not there."""
        while at and at not in self.lines:
            at = at[:-1]
        return self.lines.get(at)

    def value_at(self, at: Location) -> tuple[bool, object]:
        """Whether there is a value at a place, and the value."""
        value = self.data
        for piece in at:
            keys = range(len(value)) if isinstance(value, list) else value if isinstance(value, dict) else ()
            if piece not in keys:
                return False, None
            value = value[piece]  # type: ignore[index]
        return True, value

    def add_problem(self, text: str, line: int | None = None, at: Location = ()) -> None:
        """Note a problem."""
        self.problems.append(Problem(self.path, line, at, None, text))


def read_document(path: Path) -> Document:
    """Read a YAML file; never raises for what is in the file or whether it exists, see ``problems``."""
    document = Document(path)
    text = _read_text(document)
    if text is not None:
        _parse(document, text)
    return document


def parse_document(text: str, path: Path = Path("the box file")) -> Document:
    """Parse YAML; never raises for what it holds, see ``problems``.

    Args:
        text: the YAML.
        path: the file that problems name.
    """
    document = Document(path)
    _parse(document, text)
    return document


def _parse(document: Document, text: str) -> None:
    try:
        _check_extent(text)
        loader = _Loader(text)
        node = loader.get_single_node()
        if node is None:
            document.add_problem("is empty; see configs/box.example.yaml and calibration/north-1.example.yaml")
        else:
            document.data = _Builder(document, loader).build(node, (), ())
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        document.add_problem(f"holds a character no text has (U+{_code_point(error):04X}); remove it", line)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        reason = _QUOTED.sub("'…'", error.problem or error.context or "unreadable")
        document.add_problem(
            f"not valid YAML: {reason}; correct this line or the one before", mark.line + 1 if mark else None
        )
    except RecursionError:
        document.add_problem("is nested too deeply to be a configuration; write it flat")


def _check_extent(text: str) -> None:
    """Count values and depth before anything is built, for building recurses into every section.

    Raises:
        yaml.YAMLError: the text is no YAML, or holds too much.
        RecursionError: it nests too deep.
    """
    depth = values = 0
    for event in yaml.parse(text, Loader=_Loader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        values += isinstance(event, yaml.NodeEvent)
        if isinstance(event, yaml.ScalarEvent):
            try:
                check_text(event.value, MAX_BYTES, "a value")
            except UntrustedError as error:
                raise yaml.MarkedYAMLError(
                    problem=str(error), problem_mark=cast("yaml.error.Mark", event.start_mark)
                ) from error
        if depth > MAX_DEPTH:
            raise RecursionError
        if values > MAX_NODES:
            problem = f"too many values (more than {MAX_NODES})"
            raise yaml.MarkedYAMLError(problem=problem, problem_mark=cast("yaml.error.Mark", event.start_mark))


def _code_point(error: yaml.reader.ReaderError) -> int:
    return error.character if isinstance(error.character, int) else ord(error.character[:1] or "\0")


def _path_problem(path: Path) -> str | None:
    """The reason why a path cannot be a configuration file."""
    if path.is_dir():
        return "is a directory; name the YAML file in it"
    if not path.exists():
        return "does not exist; check the path"
    if not path.is_file():
        return "is not a regular file; name a YAML file"
    if path.stat().st_size > MAX_BYTES:
        return f"is larger than {MAX_BYTES // 1024} KB; name a YAML file"
    return None


def _read_text(document: Document) -> str | None:
    path = document.path
    try:
        problem = _path_problem(path)
        if problem is None:
            document.raw = read_bounded(path, MAX_BYTES)
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        reason = error.strerror if isinstance(error, OSError) else str(error)
        problem = f"cannot be read ({reason}); check the path and its permissions"
    if problem is not None:
        document.add_problem(problem)
        return None
    try:
        return document.raw.removeprefix(codecs.BOM_UTF8).decode()
    except UnicodeDecodeError as error:
        line = document.raw.count(b"\n", 0, error.start) + 1
        document.add_problem(f"is not UTF-8 (byte 0x{document.raw[error.start]:02X}); save the file as UTF-8", line)
        return None


class _Builder:
    """Turns YAML nodes into plain values and notes the line of each."""

    def __init__(self, document: Document, loader: _Loader) -> None:
        self._document = document
        self._loader = loader
        self._nodes = 0

    def build(self, node: yaml.Node, at: Location, ancestors: tuple[int, ...]) -> object:
        """Value of a node; ``ancestors`` are the ids of the nodes around it, to see an alias to itself."""
        line = node.start_mark.line + 1
        self._document.lines.setdefault(at, line)
        self._nodes += 1
        if self._nodes > MAX_NODES or id(node) in ancestors:
            cyclic = id(node) in ancestors
            problem = "an alias that contains itself" if cyclic else f"too many values (more than {MAX_NODES})"
            raise yaml.MarkedYAMLError(problem=problem, problem_mark=node.start_mark)
        ancestors = (*ancestors, id(node))
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, at, ancestors)
        if isinstance(node, yaml.SequenceNode):
            return [self.build(item, (*at, index), ancestors) for index, item in enumerate(node.value)]
        try:
            value: object = self._loader.construct_object(node)
        except (ValueError, ArithmeticError, TypeError, LookupError, AttributeError):
            # PyYAML lets the errors of int(), float() and datetime() through, for 2024-13-45 or a bare !!int
            self._document.add_problem(
                f"cannot be understood as a {node.tag.rpartition(':')[2]}; put text in quotes", line, at
            )
            return None
        return value

    def _mapping(self, node: yaml.MappingNode, at: Location, ancestors: tuple[int, ...]) -> dict[str, object]:
        built: dict[str, object] = {}
        for key_node, value_node in node.value:
            line = key_node.start_mark.line + 1
            if not isinstance(key_node, yaml.ScalarNode):
                self._document.add_problem("a key must be plain text, not a list or a section; rewrite it", line, at)
                continue
            key = str(key_node.value)
            place = (*at, key)
            if key_node.tag != "tag:yaml.org,2002:str":
                kind = key_node.tag.rpartition(":")[2]
                hint = "write the keys out" if kind == "merge" else f'write "{one_line(key)}" in quotes'
                self._document.add_problem(f"YAML takes this key for '{kind}', not for text; {hint}", line, place)
            if key in built:
                first = self._document.lines[place]
                self._document.add_problem(f"is given twice, first on line {first}; keep one", line, place)
                continue
            self._document.lines[place] = line
            built[key] = self.build(value_node, place, ancestors)
        return built
