"""The manifest: what belongs to an incident's evidence and the hash of every file."""

from __future__ import annotations

import json
from pathlib import Path

from edgecv.incidents.files import sha256_file, write_atomic

MANIFEST = "manifest.json"


def write_manifest(folder: Path) -> Path:
    """Write ``manifest.json`` over every other file of a folder; the same files give the same bytes."""
    files = {
        path.name: {"sha256": sha256_file(path), "bytes": path.stat().st_size}
        for path in sorted(folder.iterdir())
        if path.is_file() and path.name != MANIFEST
    }
    target = folder / MANIFEST
    write_atomic(target, json.dumps({"version": 1, "files": files}, indent=1, sort_keys=True) + "\n")
    return target


def verify_manifest(folder: Path) -> list[str]:
    """Return what is wrong with a folder's evidence in plain words; nothing where all is as it was written."""
    try:
        listed = json.loads((folder / MANIFEST).read_text())["files"]
    except FileNotFoundError:
        return [f"{folder / MANIFEST}: is missing"]
    except (ValueError, KeyError, TypeError):
        return [f"{folder / MANIFEST}: is not a manifest"]
    problems = []
    for name, expected in sorted(listed.items()):
        path = folder / name
        if not path.is_file():
            problems.append(f"{path}: is missing")
        elif sha256_file(path) != expected["sha256"]:
            problems.append(f"{path}: has been changed")
    extra = {path.name for path in folder.iterdir()} - set(listed) - {MANIFEST}
    problems.extend(f"{folder / name}: was not there when the evidence was written" for name in sorted(extra))
    return problems
