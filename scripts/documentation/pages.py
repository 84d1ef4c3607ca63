"""All generated pages: written below ``docs/generated`` before the site is built, and never checked in."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from documentation.commands import command_pages
from documentation.markdown import cell, sentence, table
from documentation.models import Reference
from documentation.schemas import all_schemas, openapi
from documentation.tree import ROOT, tree_pages
from edgecv.calibration.control_points import PointsFile
from edgecv.config.box import BoxFile
from edgecv.config.calibration import Calibration
from edgecv.config.hub import HubFile
from edgecv.handlers import all_kinds, find_kind
from edgecv.incidents.record import Incident
from edgecv.messages import Template, templates
from edgecv.simulation.settings import SceneFile

GENERATED = ROOT / "docs" / "generated"
SITE = Path("site", "schemas")
"""What the site ships as it is, under ``/schemas``."""


def write_pages(folder: Path = GENERATED) -> list[Path]:
    """Write every page and schema; the paths written."""
    schemas = all_schemas()
    pages = {
        "box-file.md": Reference(BoxFile).lines("The box file's sections"),
        "devices.md": device_pages(),
        "hub-file.md": Reference(HubFile).lines("The hub file's sections"),
        "calibration-file.md": Reference(Calibration).lines("The calibration file's keys"),
        "points-file.md": Reference(PointsFile, level=3).lines("The points file's keys"),
        "scene-file.md": Reference(SceneFile).lines("The scene file's sections"),
        "incident.md": Reference(Incident, level=3).lines("The incident's sections"),
        "commands.md": command_pages(),
        "message-codes.md": code_pages(),
        "structure.md": tree_pages(),
        "http-api.md": api_pages(openapi()),
        "schemas.md": [
            f'- <a href="../schemas/{name}.json">{name}.json</a>: {cell(_about(schema))}'
            for name, schema in schemas.items()
        ],
    }
    files = {Path(name): "\n".join(lines) + "\n" for name, lines in pages.items()}
    documents = {SITE / f"{name}.json": schema for name, schema in schemas.items()}
    documents[SITE / "openapi.json"] = openapi()
    files |= {name: json.dumps(found, indent=1, ensure_ascii=False) + "\n" for name, found in documents.items()}
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
    return [folder / name for name in files]


def _about(schema: dict[str, Any]) -> str:
    return sentence(str(schema.get("description") or schema.get("title") or "").split("\n\n")[0])


def device_pages() -> list[str]:
    """The keys of each kind of device's section, and the alarms it may raise."""
    lines: list[str] = []
    for kind in all_kinds():
        handler = find_kind(kind)
        if handler.section == "devices":
            lines += Reference(handler.settings, prefix=f"{kind}: ").lines(f"`kind: {kind}`")
            names = ", ".join(f"`{event}`" for event in handler.events)
            lines += [f"Alarms: {names}.", ""]
    return lines


def code_pages() -> list[str]:
    """Every sentence a box may say: its code, its English, what stands in its places."""
    by_subject: dict[str, list[Template]] = {}
    for template in templates():
        by_subject.setdefault(template.code.partition(".")[0], []).append(template)
    lines: list[str] = []
    for subject, found in sorted(by_subject.items()):
        rows = [(f"`{one.code}`", f"`{_english(one)}`", _params(one)) for one in found]
        lines += [f"## {subject}", "", *table(("code", "English", "parameters"), rows)]
    return lines


def _english(template: Template) -> str:
    return re.sub(r"%[(](\w+)[)]s", r"{\1}", template.english).replace("%%", "%")


def _params(template: Template) -> str:
    return ", ".join(f"`{name}` {param.kind}" for name, param in template.params.items()) or "–"


def api_pages(document: dict[str, Any]) -> list[str]:
    """The console's API as a table of its operations and one of each answer's fields."""
    rows = []
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            asked = ", ".join(f"`{one['name']}`" for one in operation.get("parameters", ())) or "–"
            answers = ", ".join(operation["responses"])
            about = operation.get("description") or operation.get("summary", "")
            rows.append((f"`{method.upper()} /api/v1{path}`", asked, answers, about))
    lines = table(("request", "parameters", "answers", "meaning"), rows)
    for name, schema in document["components"]["schemas"].items():
        lines += [f"### {name}", "", sentence(schema.get("description", "").split("\n\n")[0]), ""]
        fields = schema.get("properties", {})
        if fields:
            lines += table(("field", "schema"), [(f"`{key}`", f"`{_short(value)}`") for key, value in fields.items()])
    return lines


def _short(schema: dict[str, Any]) -> str:
    kept = {key: value for key, value in schema.items() if key not in {"title", "description"}}
    return json.dumps(kept, ensure_ascii=False).replace("#/components/schemas/", "")
