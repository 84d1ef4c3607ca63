"""Records and bundles from elsewhere: verified, stored, printed."""

from __future__ import annotations

import base64
import copy
import json
import random
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar

from pydantic import ValidationError

from edgecv.audit.run_report import IncidentSection, Report, VideoSection, render_report
from edgecv.audit.verify import verify_bundle
from edgecv.evidence.keys import BoxKey
from edgecv.evidence.sealing import Link, seal
from edgecv.incidents.record import Incident
from edgecv.storage.database import DATABASE, Database
from edgecv.storage.incident_store import IncidentStore
from edgecv.visibility.coverage import Coverage
from fuzzer.asgi import Answer
from fuzzer.entrance import Case, Entrance, expect
from fuzzer.mutation import json_text, mutated_bytes, mutated_document
from fuzzer.pages import expect_no_markup
from fuzzer.seeds import INCIDENT, bundle

_SEALED_AT = datetime(2026, 5, 1, 14, 15, tzinfo=UTC)
_SEALS = ("manifest.json", "manifest.sig", "deletion.json", "deletion.sig")


class Bundles(Entrance):
    """Folders as ``edgecv incidents verify`` is given them."""

    name = "bundles"
    good_every: ClassVar[int] = 10
    remembers: ClassVar[bool] = False
    weight: ClassVar[float] = 1.0
    smoke = 120

    def open(self, folder: Path) -> None:
        """A box's key."""
        self._key = BoxKey.load_or_create(folder / "state")
        self._folder = folder / str(INCIDENT["id"])

    def make(self, rng: random.Random) -> Case:
        """A bundle, and what is done to it after it was sealed."""
        files = bundle()
        if rng.random() < 0.6:
            record = mutated_document(rng, json.loads(files["incident.json"]))
            files["incident.json"] = json_text(rng, record).encode("utf-8", "surrogatepass").decode("latin-1")
        tampered: dict[str, Any] = {}
        for _ in range(rng.randrange(3)):
            name = rng.choice((*files, *_SEALS, *_SEALS, "extra.txt"))
            tampered[name] = {
                "seed": rng.randrange(2**31),
                "how": rng.choice(("bytes", "document", "remove", "folder")),
            }
        return {"files": files, "tampered": tampered, "signed_again": rng.random() < 0.5}

    def attempt(self, case: Case) -> None:
        """Seal, tamper, verify."""
        folder = self._sealed(case["files"])
        before = _contents(folder)
        for name, what in case["tampered"].items():
            _tamper(folder / name, random.Random(what["seed"]), what["how"])
        changed = _contents(folder) != before
        if case["signed_again"] and (folder / "manifest.json").is_file() and not (folder / "manifest.sig").is_dir():
            signature = self._key.sign((folder / "manifest.json").read_bytes())
            (folder / "manifest.sig").write_bytes(base64.b64encode(signature))
            changed = False  # its own box may say what it likes
        checked = verify_bundle(folder, self._key.public, replay=False)
        expect(not (changed and checked.ok), "a bundle that was changed is said to be well")
        verify_bundle(folder, None, replay=False, whole=True)
        for line in (*checked.problems, *checked.notes):
            expect("\n" not in line, "a problem is not one line")

    def good(self) -> None:
        """What nobody changed is well."""
        checked = verify_bundle(self._sealed(bundle()), self._key.public, replay=False)
        expect(checked.ok, f"a good bundle is not well: {'; '.join(checked.problems)}")

    def _sealed(self, files: dict[str, str]) -> Path:
        folder = self._folder
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        for name, text in files.items():
            (folder / name).write_bytes(text.encode("latin-1"))
        seal(folder, self._key, Link(1, None), INCIDENT["id"], _SEALED_AT)
        return folder


class Reports(Entrance):
    """Records that a box's store holds, printed as a report."""

    name = "records"
    weight: ClassVar[float] = 1.0
    smoke = 120

    def open(self, folder: Path) -> None:
        """A store."""
        self._database = Database(folder / DATABASE)
        self._store = IncidentStore(self._database, folder / "incidents")

    def make(self, rng: random.Random) -> Case:
        """A record as text."""
        return json_text(rng, mutated_document(rng, INCIDENT)).encode("utf-8", "surrogatepass").decode("latin-1")

    def attempt(self, case: Case) -> None:
        """Read, store, print: what is read can be stored and printed."""
        try:
            record = Incident.model_validate_json(case.encode("latin-1"))
        except ValidationError:
            return
        self._store.add(record)
        self._store.get(record.id)
        _print(record)

    def good(self) -> None:
        """A good record is read and printed."""
        record = copy.deepcopy(INCIDENT)
        _print(Incident.model_validate(record))

    def close(self) -> None:
        """Close the database."""
        self._database.close()


def _print(record: Incident) -> None:
    video = VideoSection(
        record.media.source or "",
        "ab" * 32,
        "h264",
        64,
        48,
        25.0,
        2.0,
        50,
        0,
        0,
        None,
        1,
        1,
        Coverage(2.0, 2.0, 50, 50),
    )
    section = IncidentSection(record, b"", b"", "", (("clip.mp4", "ab" * 32),))
    page = render_report(Report((video,), (section,), (record,), (), ()))
    expect_no_markup(Answer(200, {"content-type": "text/html"}, page.encode()))


def _tamper(path: Path, rng: random.Random, how: str) -> None:
    present = path.read_bytes() if path.is_file() else b"{}"
    if path.exists():
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    if how == "remove":
        return
    if how == "folder":
        path.mkdir()
        return
    if how == "document":
        try:
            document = mutated_document(rng, json.loads(present))
        except ValueError:
            document = mutated_document(rng, {"a": 1})
        path.write_bytes(json_text(rng, document).encode("utf-8", "surrogatepass"))
        return
    path.write_bytes(mutated_bytes(rng, present))


def _contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() if path.is_file() else b"(folder)" for path in folder.iterdir()}
