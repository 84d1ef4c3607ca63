"""Reference of a file format from its pydantic model: every key with type, default, bounds and description."""

from __future__ import annotations

import ast
import inspect
import json
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from documentation.markdown import sentence, table

Schema = Mapping[str, Any]

_TYPES = {
    "string": "text",
    "number": "number",
    "integer": "whole number",
    "boolean": "true or false",
    "null": "null",
    "object": "section",
    "array": "list",
}
_BOUNDS = (
    ("minimum", "≥ {}"),
    ("exclusiveMinimum", "> {}"),
    ("maximum", "≤ {}"),
    ("exclusiveMaximum", "< {}"),
    ("multipleOf", "a multiple of {}"),
    ("minLength", "{} characters or more"),
    ("maxLength", "at most {} characters"),
    ("minItems", "{} entries or more"),
    ("maxItems", "at most {} entries"),
    ("pattern", "`{}`"),
)


@dataclass
class Reference:
    """Writes the keys of a model and of every section below it.

    Args:
        model: what the file holds.
        level: of the headings.
    """

    model: type[BaseModel]
    level: int = 2
    prefix: str = ""
    _schema: dict[str, Any] = field(init=False)
    _models: dict[str, type[BaseModel]] = field(init=False)
    _places: dict[str, str] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        self._schema = described(self.model)
        self._models = models_below(self.model)

    def lines(self, title: str | None = None) -> list[str]:
        """The Markdown: one heading a section, outermost first."""
        lines = self._section(title or "The file", "", self._schema, self.model)
        waiting = list(self._children("", self._schema))
        while waiting:
            path, name = waiting.pop(0)
            if name in self._places:
                continue
            self._places[name] = path
            schema = self._schema["$defs"][name]
            lines += self._section(f"`{self.prefix}{path}`", path, schema, self._models.get(name))
            waiting += self._children(path, schema)
        return lines

    def _section(self, title: str, path: str, schema: Schema, model: type[BaseModel] | None) -> list[str]:
        lines = ["#" * self.level + " " + title, ""]
        about = inspect.getdoc(model) if model is not None and "__doc__" in vars(model) else None
        if about:
            lines += [sentence(about.split("\n\n")[0].replace("``", "`")), ""]
        required = set(schema.get("required", ()))
        rows = []
        for key, found in schema.get("properties", {}).items():
            info = _field(model, key)
            rows.append(
                (
                    f"`{key}`",
                    self._type(found),
                    "required" if key in required else _default(found, info),
                    "; ".join(dict.fromkeys(_bounds(found, self._schema))) or "–",
                    sentence(found.get("description", "") or (info.description if info else "") or "–"),
                )
            )
        del path
        return [*lines, *table(("key", "type", "default", "bounds", "meaning"), rows)] if rows else lines

    def _children(self, path: str, schema: Schema) -> list[tuple[str, str]]:
        found: list[tuple[str, str]] = []
        for key, value in schema.get("properties", {}).items():
            found += [(f"{path}.{key}{suffix}".lstrip("."), name) for suffix, name in _references(value)]
        return found

    def _type(self, schema: Schema) -> str:
        if "$ref" in schema:
            return self._type_of(_name(schema))
        if "const" in schema or "enum" in schema:
            return " or ".join(f"`{value}`" for value in schema.get("enum") or [schema["const"]])
        union = schema.get("anyOf") or schema.get("oneOf")
        if union:
            kinds = [self._type(one) for one in union if one.get("type") != "null"]
            return " or ".join(dict.fromkeys(kinds))
        return self._simple_type(schema)

    def _simple_type(self, schema: Schema) -> str:
        kind = schema.get("type")
        if kind == "array":
            if "prefixItems" in schema:
                return "[" + ", ".join(self._type(one) for one in schema["prefixItems"]) + "]"
            return f"list of: {self._type(schema.get('items', {}))}"
        if kind == "object" and isinstance(schema.get("additionalProperties"), dict):
            return f"names, each with: {self._type(schema['additionalProperties'])}"
        return _TYPES.get(str(kind), "section" if not schema.get("type") else str(kind))

    def _type_of(self, name: str) -> str:
        schema = self._schema["$defs"][name]
        return self._type(schema) if "enum" in schema else "section"


def models_below(model: type[BaseModel]) -> dict[str, type[BaseModel]]:
    """Every model that ``model`` refers to, by the name its JSON schema has."""
    found: dict[str, type[BaseModel]] = {}

    def visit(kind: Any) -> None:
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            if kind.__name__ not in found:
                found[kind.__name__] = kind
                for info in kind.model_fields.values():
                    visit(info.annotation)
            return
        for part in getattr(kind, "__args__", ()):
            visit(part)

    visit(model)
    return found


def attribute_docs(model: type[BaseModel]) -> dict[str, str]:
    """What the text under a field of a model says of it, by the field's name on the wire."""
    found: dict[str, str] = {}
    for kind in reversed(model.__mro__):
        if not issubclass(kind, BaseModel) or kind is BaseModel:
            continue
        try:
            body = ast.parse(textwrap.dedent(inspect.getsource(kind))).body[0]
        except OSError:  # a class made by a call has no source
            continue
        statements = body.body if isinstance(body, ast.ClassDef) else []
        for one, after in pairwise(statements):
            if isinstance(one, ast.AnnAssign) and isinstance(one.target, ast.Name) and isinstance(after, ast.Expr):
                info = model.model_fields.get(one.target.id)
                text = after.value.value if isinstance(after.value, ast.Constant) else None
                if info is not None and isinstance(text, str):
                    found[info.alias or one.target.id] = inspect.cleandoc(text)
    return found


def described(model: type[BaseModel]) -> dict[str, Any]:
    """The JSON schema of a model in which every field that has a text under it has that as its description."""
    schema = model.model_json_schema(by_alias=True)
    for name, kind in models_below(model).items():
        section = schema if kind is model else schema.get("$defs", {}).get(name, {})
        for key, text in attribute_docs(kind).items():
            if key in section.get("properties", {}):
                section["properties"][key].setdefault("description", " ".join(text.replace("``", "`").split()))
    return schema


def _field(model: type[BaseModel] | None, key: str) -> FieldInfo | None:
    if model is None:
        return None
    return next((info for name, info in model.model_fields.items() if key in (name, info.alias)), None)


def _name(schema: Schema) -> str:
    return str(schema["$ref"]).rpartition("/")[2]


def _references(schema: Schema) -> list[tuple[str, str]]:
    """Sections below a key: what stands behind the key's name, and the definition's name."""
    if "$ref" in schema:
        return [("", _name(schema))]
    found: list[tuple[str, str]] = []
    for union in ("anyOf", "oneOf", "allOf"):
        for one in schema.get(union, ()):
            found += _references(one)
    if isinstance(schema.get("items"), dict):
        found += [(f"[]{suffix}", name) for suffix, name in _references(schema["items"])]
    if isinstance(schema.get("additionalProperties"), dict):
        found += [(f".NAME{suffix}", name) for suffix, name in _references(schema["additionalProperties"])]
    return found


def _default(schema: Schema, info: FieldInfo | None) -> str:
    if "default" in schema:
        value = schema["default"]
        if value is None:
            return "none"
        if isinstance(value, dict) and value:
            return "its own defaults"
        return f"`{json.dumps(value, ensure_ascii=False)}`"
    if info is not None and info.default_factory is not None:
        made: Any = info.default_factory()  # type: ignore[call-arg]
        return "its own defaults" if isinstance(made, BaseModel) else "empty"
    if info is not None and info.default is not PydanticUndefined:
        return f"`{info.default}`"
    return "–"


def _bounds(schema: Schema, root: Schema) -> list[str]:
    found = [text.format(schema[key]) for key, text in _BOUNDS if key in schema]
    for union in ("anyOf", "oneOf", "allOf"):
        for one in schema.get(union, ()):
            found += _bounds(one, root)
    if isinstance(schema.get("items"), dict) and "$ref" not in schema["items"]:
        found += [f"each {text}" for text in _bounds(schema["items"], root)]
    for one in schema.get("prefixItems", ()):
        found += [f"each {text}" for text in _bounds(one, root)]
    return found
