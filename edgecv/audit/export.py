"""Copies of bundles for an auditor: verified before they are handed out, whole or not there."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

from edgecv.audit.verify import verify_bundle
from edgecv.durable_files import flush_directory
from edgecv.evidence.keys import PublicKey
from edgecv.evidence.manifest import MANIFEST, EvidenceError


def export_bundle(folder: Path, out: Path, public: PublicKey) -> Path:
    """Copy one sealed bundle into a folder; a copy that is there already is left as it is.

    Args:
        folder: the bundle.
        out: where the copy goes, under the bundle's name; made where it is missing.
        public: the key of the box that sealed it.

    Raises:
        EvidenceError: the bundle is not what was sealed, or other evidence of that name lies there; nothing is copied.
        OSError: it cannot be read, or the copy cannot be written.
    """
    _must_be_sealed(folder, public)
    target = out / folder.name
    if target.exists():
        if _same(folder, target) and verify_bundle(target, public, replay=False).ok:
            return target
        raise EvidenceError(f"{target}: other evidence is there already; choose another folder or move it away")
    out.mkdir(parents=True, exist_ok=True)
    staging = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=out))
    try:
        copy = staging / folder.name
        copy.mkdir()
        for path in sorted(folder.iterdir()):
            _copy_durably(path, copy / path.name)
        flush_directory(copy)
        _must_be_sealed(copy, public)
        copy.rename(target)
        flush_directory(out)
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    return target


def _must_be_sealed(folder: Path, public: PublicKey) -> None:
    checked = verify_bundle(folder, public, replay=False, whole=True)
    if not checked.ok:
        raise EvidenceError("\n".join(checked.problems))


def _same(folder: Path, copy: Path) -> bool:
    """Whether two bundles are of one sealing and equally complete."""
    names = {path.name for path in folder.iterdir()} == {path.name for path in copy.iterdir()}
    return names and (folder / MANIFEST).read_bytes() == (copy / MANIFEST).read_bytes()


def _copy_durably(source: Path, target: Path) -> None:
    shutil.copyfile(source, target)
    with target.open("rb") as file:
        os.fsync(file.fileno())
