"""``edgecv handlers``: which kinds of devices this installation looks after, and what each may report."""

from __future__ import annotations

import argparse
import json

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
        print(f"{name}{'' if field.is_required() else ' (optional)'}: {field.description}")
    return 0
