"""Changing one value of a YAML file and nothing else: comments, order and spelling of the rest stay.

PyYAML tells where each value begins and ends; the text between is exchanged. The result is read again and must hold
exactly what was there before and the new value, else nothing is changed.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Sequence
from typing import Any

import yaml

from edgecv.errors import ConfigError


def with_value(text: str, place: Sequence[str], value: Any) -> str:
    """The text with another value at a place.

    Args:
        text: YAML.
        place: keys from the top; all but the last must be there.
        value: of JSON's types.

    Raises:
        ConfigError: the place is not there, or the file is written in a way that cannot be changed by program.
    """
    data = yaml.safe_load(text)
    wanted = _changed(data, place, value)
    if wanted == data:
        return text
    made = _edited(text, place, value)
    try:
        right = yaml.safe_load(made) == wanted
    except yaml.YAMLError:
        right = False
    if not right:
        raise ConfigError(
            f"{'.'.join(place)}: the box file is written in a way that cannot be changed from here; "
            f"change it by hand to {json.dumps(value, ensure_ascii=False)}"
        )
    return made


def _changed(data: Any, place: Sequence[str], value: Any) -> Any:
    wanted = copy.deepcopy(data)
    at = wanted
    for key in place[:-1]:
        if not isinstance(at, dict) or not isinstance(at.get(key), dict):
            raise ConfigError(f"{'.'.join(place)}: the box file has no such section")
        at = at[key]
    at[place[-1]] = value
    return wanted


def _edited(text: str, place: Sequence[str], value: Any) -> str:
    section: yaml.Node | None = yaml.compose(text)
    pair = None
    for key in place:
        if not isinstance(section, yaml.MappingNode):
            return text
        pair = next(((k, v) for k, v in section.value if k.value == key), None)
        if key != place[-1]:
            section = None if pair is None else pair[1]
    assert isinstance(section, yaml.MappingNode)
    if pair is not None:
        return _exchanged(text, section, pair, place[-1], value)
    return _added(text, section, place[-1], value)


def _exchanged(text: str, section: yaml.MappingNode, pair: tuple[yaml.Node, yaml.Node], key: str, value: Any) -> str:
    start, end = pair[0].start_mark.index, _end(text, pair[1])
    if section.flow_style:
        return text[:start] + f"{_key(key)}: {_flow(value)}" + text[end:]
    return text[:start] + _block(key, value, pair[0].start_mark.column) + text[end:]


def _added(text: str, section: yaml.MappingNode, key: str, value: Any) -> str:
    if section.flow_style:
        end = section.end_mark.index - 1
        comma = ", " if section.value else ""
        return text[:end].rstrip() + f"{comma}{_key(key)}: {_flow(value)}" + text[end:]
    last = _end(text, section.value[-1][1])
    column = int(section.value[0][0].start_mark.column)
    line_end = text.find("\n", last)
    last = len(text) if line_end < 0 else line_end  # a comment behind the last value stays there
    return text[:last] + "\n" + " " * column + _block(key, value, column) + text[last:]


def _end(text: str, node: yaml.Node) -> int:
    """Where a value's own text ends: PyYAML lets a block end where the next thing begins."""
    if isinstance(node, yaml.CollectionNode) and not node.flow_style and node.value:
        last = node.value[-1]
        return _end(text, last[1] if isinstance(last, tuple) else last)
    return int(node.end_mark.index)


def _block(key: str, value: Any, column: int) -> str:
    if isinstance(value, list) and value:
        return f"{_key(key)}:" + "".join(f"\n{' ' * (column + 2)}- {_flow(item)}" for item in value)
    return f"{_key(key)}: {_flow(value)}"


def _key(key: str) -> str:
    return _flow(key) if not key.replace("-", "").replace("_", "").isalnum() or key[0].isdigit() else key


def _flow(value: Any) -> str:
    """JSON is YAML; strings keep their letters, but not what no text file may hold."""
    made = json.dumps(value, ensure_ascii=False)
    return "".join(c if c.isprintable() else f"\\U{ord(c):08X}" for c in made)
