"""``edgecv handlers``: which kinds of devices this installation looks after, and what each may report."""

from __future__ import annotations

import argparse
import json

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from edgecv.errors import ConfigError
from edgecv.handlers import all_kinds, find_kind, schemas


def run(options: argparse.Namespace) -> int:
    """Print."""
    if options.kind is None:
        for kind in all_kinds():
            try:
                handler = find_kind(kind)
            except ConfigError as error:
                print(f"{kind}: cannot be used: {error}")
                continue
            print(f"{kind} (under {handler.section}): {', '.join(handler.events)}")
        return 0
    handler = find_kind(options.kind)
    if options.schema:
        print(json.dumps(schemas(handler), indent=1, ensure_ascii=False))
        return 0
    for name, field in handler.settings.model_fields.items():
        print(f"{name}{'' if field.is_required() else _default_of(field)}: {field.description}")
    return 0


def _default_of(field: FieldInfo) -> str:
    """What is used where a box file leaves the key out."""
    default = field.get_default(call_default_factory=True)
    if default is None or isinstance(default, BaseModel):
        return " (optional)"
    return f" (optional; {json.dumps(default, ensure_ascii=False, default=str)})"
