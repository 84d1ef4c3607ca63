"""Change one value of a YAML file and nothing else: every other byte, comments included, stays.

PyYAML's nodes say where a value begins and ends, and the text in between is replaced. A round trip through ruamel.yaml
was tried instead: with a replaced list it drops the comment that stands before the next key, it puts a new key behind
that comment, and it lays out the whole file anew. The result is parsed again and must hold exactly the data from before
and the new value, else nothing is changed.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Sequence
from typing import Any

import yaml

from edgecv.config.yaml_document import Document, parse_document
from edgecv.errors import ConfigError


def with_value(text: str, path: Sequence[str], value: Any) -> str:
    """The text with another value at a path.

    Args:
        text: YAML that the reader of box files accepts.
        path: keys from the top; all but the last must be there.
        value: of JSON's types.

    Raises:
        ConfigError: there is no such section, or the file is written in a way that cannot be changed by program.
    """
    document = parse_document(text)
    if document.problems:
        raise ConfigError("\n".join(map(str, document.problems)))
    expected = _data_with_value(document, path, value)
    if expected == document.data:
        return text
    edited = _edit(text, path, value)
    result = parse_document(edited)
    if result.problems or result.data != expected:
        reason = result.problems[0].text if result.problems else "the box file refers to this value from elsewhere"
        raise ConfigError(
            f"{'.'.join(path)}: cannot be changed from here ({reason}); "
            f"change it by hand to {json.dumps(value, ensure_ascii=False)}"
        )
    return edited


def _data_with_value(document: Document, path: Sequence[str], value: Any) -> Any:
    data: Any = copy.deepcopy(document.data)
    section = data
    for key in path[:-1]:
        section = section.get(key) if isinstance(section, dict) else None
    if not isinstance(section, dict):
        raise ConfigError(f"{'.'.join(path)}: the box file has no such section")
    section[path[-1]] = value
    return data


def _edit(text: str, path: Sequence[str], value: Any) -> str:
    """The text with the value; unchanged where a section of the path is written as something else, such as an alias."""
    section: yaml.Node | None = yaml.compose(text, Loader=yaml.SafeLoader)
    pair = None
    for key in path:
        if not isinstance(section, yaml.MappingNode):
            return text
        pair = next(((k, v) for k, v in section.value if k.value == key), None)
        if key != path[-1]:
            section = None if pair is None else pair[1]
    assert isinstance(section, yaml.MappingNode)
    if pair is not None:
        return _replace_pair(text, section, pair, path[-1], value)
    return _append_pair(text, section, path[-1], value)


def _replace_pair(text: str, section: yaml.MappingNode, pair: tuple[yaml.Node, yaml.Node], key: str, value: Any) -> str:
    start, end = pair[0].start_mark.index, _end_of(pair[1])
    if section.flow_style:
        return text[:start] + f"{_key_text(key)}: {_flow_text(value)}" + text[end:]
    return text[:start] + _block_text(key, value, pair[0].start_mark.column) + text[end:]


def _append_pair(text: str, section: yaml.MappingNode, key: str, value: Any) -> str:
    if section.flow_style:
        end = section.end_mark.index - 1
        comma = ", " if section.value else ""
        return text[:end].rstrip() + f"{comma}{_key_text(key)}: {_flow_text(value)}" + text[end:]
    last = _end_of(section.value[-1][1])
    column = int(section.value[0][0].start_mark.column)
    line_end = text.find("\n", last)
    last = len(text) if line_end < 0 else line_end  # a comment behind the last value stays on its line
    return text[:last] + "\n" + " " * column + _block_text(key, value, column) + text[last:]


def _end_of(node: yaml.Node) -> int:
    """Index of the end of a value's own text: PyYAML lets a block end where the next token begins."""
    if isinstance(node, yaml.CollectionNode) and not node.flow_style and node.value:
        last = node.value[-1]
        return _end_of(last[1] if isinstance(last, tuple) else last)
    return int(node.end_mark.index)


def _block_text(key: str, value: Any, column: int) -> str:
    if isinstance(value, list) and value:
        items = "".join(f"\n{' ' * (column + 2)}- {_flow_text(item)}" for item in value)
        return f"{_key_text(key)}:{items}"
    return f"{_key_text(key)}: {_flow_text(value)}"


def _key_text(key: str) -> str:
    return _flow_text(key) if not key.replace("-", "").replace("_", "").isalnum() or key[0].isdigit() else key


def _flow_text(value: Any) -> str:
    """JSON is YAML; strings keep their letters, but not what no text file may hold."""
    text = json.dumps(value, ensure_ascii=False)
    return "".join(c if c.isprintable() else f"\\U{ord(c):08X}" for c in text)
