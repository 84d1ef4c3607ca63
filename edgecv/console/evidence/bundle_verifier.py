"""Is the evidence what its box sealed? Hashes and signature at once; the clip's replay on demand, in the background."""

from __future__ import annotations

import json
import logging
import threading
from dataclasses import dataclass
from pathlib import Path

from edgecv.audit.verify import verify_bundle
from edgecv.console.evidence.evidence_paths import EvidencePaths
from edgecv.console.evidence.sandbox import REPLAY, Sandbox, SandboxError, SandboxFailure
from edgecv.console.evidence.site_keys import SiteKeys
from edgecv.console.settings import REPLAYS_WAITING
from edgecv.errors import ConfigError
from edgecv.evidence.keys import PublicKey
from edgecv.evidence.manifest import MANIFEST, EvidenceError, SealedManifest, parse_manifest, read_raw
from edgecv.evidence.subject import Subject
from edgecv.messages import Message, mapped, replay, seals

_log = logging.getLogger("edgecv.console")
_MOST_KEPT = 200
_NO_REPLAY = {
    SandboxFailure.QUEUE_FULL: replay.TOO_MANY,
    SandboxFailure.STOPPING: replay.CONSOLE_STOPS,
    SandboxFailure.TIMED_OUT: replay.TIMED_OUT,
    SandboxFailure.NOT_STARTED: replay.NOT_STARTED,
    SandboxFailure.DAMAGED: replay.DAMAGED,
}


@dataclass(frozen=True, slots=True)
class VerificationResult:
    """What a check found; lines name files, never folders of this machine.

    Attributes:
        ok: whether nothing speaks against it.
        problems: what does.
        notes: what could not be checked.
        deleted: the evidence was deleted, and a signed record says so.
        withheld: the untouched clip and pictures stayed on the box.
        key_id: of the key that it was checked against; None where none is known.
    """

    ok: bool
    problems: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    deleted: bool = False
    withheld: bool = False
    key_id: str | None = None


class Verifier:
    """Checks bundles; replays run one at a time, in a confined process with the lowest priority.

    Args:
        shelf: where evidence lies.
        hub: the hub's key, which may have signed deletions; None on a box.
    """

    def __init__(self, shelf: EvidencePaths, hub: PublicKey | None = None) -> None:
        self._shelf = shelf
        self._hub = hub
        self._results: dict[Path, VerificationResult] = {}
        self._waiting: list[Path] = []
        self._lock = threading.Lock()
        self._confined = Sandbox(REPLAY, waiting=0)
        self._keys = SiteKeys(shelf)
        self._closed = False

    def check(self, site: str, incident_id: str, device: str | None = None) -> VerificationResult | None:
        """Hashes, signature and record, without the replay; None where there is no sealed evidence here.

        Args:
            site: the incident's site.
            incident_id: its id.
            device: its camera, which the evidence has to be of; None where that is not known.
        """
        folder = self._shelf.folder(site, incident_id)
        if folder is None or not (folder / MANIFEST).is_file():
            return None
        public = self._key(site, folder)
        whole, subject = not self._shelf.by_site, Subject(incident_id, site or None, device)
        report = verify_bundle(folder, public, replay=False, whole=whole, hub=self._hub, expected=subject)
        problems = tuple(_short(line, folder) for line in report.problems)
        notes = tuple(_short(line, folder) for line in report.notes)
        key_id = None if public is None else public.key_id
        return VerificationResult(report.ok, problems, notes, report.deleted, bool(report.withheld), key_id)

    def key_of(self, site: str, incident_id: str) -> PublicKey | None:
        """The key that the evidence is checked against; None where none is known."""
        folder = self._shelf.folder(site, incident_id)
        return None if folder is None else self._key(site, folder)

    def replay(self, site: str, incident_id: str) -> None:
        """Begin a replay of the clip, after those that were asked for before."""
        folder = self._shelf.folder(site, incident_id)
        if folder is None or not (folder / MANIFEST).is_file():
            return
        with self._lock:
            if folder in self._waiting or self._closed:
                return
            if len(self._waiting) > REPLAYS_WAITING:
                _log.warning("a replay of %s is left out: %d wait already", incident_id, REPLAYS_WAITING)
                return
            self._results.pop(folder, None)
            self._waiting.append(folder)
            if len(self._waiting) == 1:
                threading.Thread(target=self._work, name="replays", daemon=True).start()

    def replayed(self, site: str, incident_id: str) -> VerificationResult | str | None:
        """What a replay found, ``"running"``, or None where none was asked for."""
        folder = self._shelf.folder(site, incident_id)
        with self._lock:
            if folder in self._waiting:
                return "running"
            return None if folder is None else self._results.get(folder)

    def close(self) -> None:
        """End what runs."""
        with self._lock:
            self._closed = True
        self._confined.close()

    def _key(self, site: str, folder: Path) -> PublicKey | None:
        """The key that its manifest names, else the site's, against which it then does not hold."""
        try:
            manifest = parse_manifest(read_raw(folder / MANIFEST), folder / MANIFEST)
        except EvidenceError:
            manifest = None
        try:
            return self._keys.for_key_id(site, manifest.key if isinstance(manifest, SealedManifest) else None)
        except ConfigError as error:
            _log.warning("evidence of %s cannot be checked: %s", site, error)
            return None

    def _work(self) -> None:
        while True:
            with self._lock:
                if not self._waiting or self._closed:
                    self._waiting.clear()
                    return
                folder = self._waiting[0]
            # what is deleted has no clip to replay, and its proof may be the hub's
            try:
                result = self.check(self._site_of(folder), folder.name)
                checked = result if result is not None and result.deleted else self._replay(folder)
            except Exception:  # or its page would wait for ever
                _log.exception("the replay of %s failed", folder.name)
                checked = VerificationResult(False, (replay.FAILED(),))
            with self._lock:
                self._waiting.remove(folder)
                self._results[folder] = checked
                while len(self._results) > _MOST_KEPT:
                    self._results.pop(next(iter(self._results)))

    def _site_of(self, folder: Path) -> str:
        return folder.parent.name if self._shelf.by_site else ""

    def _replay(self, folder: Path) -> VerificationResult:
        public = self._key(self._site_of(folder), folder)
        pem = None if public is None else public.pem.decode()
        try:
            findings = self._confined.run(
                {"job": "replay", "folder": str(folder), "key": pem, "whole": not self._shelf.by_site}
            )
            answer = json.loads(findings)
        except SandboxError as error:
            return VerificationResult(False, (_NO_REPLAY[error.failure](),))
        lines = {name: tuple(_short(line, folder) for line in answer[name]) for name in ("problems", "notes")}
        return VerificationResult(answer["ok"], lines["problems"], lines["notes"])


def _short(line: str, folder: Path) -> str:
    """Without the folder's path, which is nobody's business."""
    if isinstance(line, Message) and line.code == seals.OF_FOLDER.code and line.params["folder"] == str(folder):
        what = line.params["what"]
        assert isinstance(what, str), "a message or text"
        return _short(what, folder)

    def shorten(text: str) -> str:
        for prefix in (f"{folder}/", f"{folder}: ", str(folder)):
            text = text.replace(prefix, "")
        return text

    return mapped(line, shorten)
