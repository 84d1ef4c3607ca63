"""Is a bundle what its box sealed, and does its clip still show what its record says?

An auditor needs nothing but the folder and the box's public key.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path

from pydantic import ValidationError

from edgecv.audit.bundle_replay import replay_bundle
from edgecv.durable_files import sha256_file
from edgecv.evidence.keys import PublicKey
from edgecv.evidence.manifest import (
    DELETION,
    DELETION_SIGNATURE,
    MANIFEST,
    SEALS,
    SIGNATURE,
    EvidenceError,
    Manifest,
    SealedManifest,
    check_files,
    excluding,
    parse_manifest,
    read_raw,
    verify_manifest,
    withheld,
)
from edgecv.evidence.sealing import RECORD, SURVIVES_DELETION, Deletion
from edgecv.evidence.signature import read_signature
from edgecv.evidence.subject import Subject
from edgecv.incidents.joint_record import alone
from edgecv.incidents.record import Incident
from edgecv.messages import seals


@dataclass(frozen=True, slots=True)
class Verification:
    """What was found; every entry is one line that names the file or the folder.

    Attributes:
        problems: why it must not be trusted; none where all is well.
        notes: what could not be checked, and other things to know.
        deleted: the evidence was deleted, and a signed record proves what it was.
        withheld: untouched files that this copy is without, as it was passed on.
    """

    problems: tuple[str, ...]
    notes: tuple[str, ...]
    deleted: bool
    withheld: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether all is well."""
        return not self.problems


def verify_bundle(
    folder: Path,
    public: PublicKey | None,
    *,
    replay: bool = True,
    whole: bool = False,
    hub: PublicKey | None = None,
    expected: Subject | None = None,
) -> Verification:
    """Check one bundle: seal, files, record, and what its clip shows.

    Args:
        folder: the bundle.
        public: the key of the box that should have sealed it; None checks the files against the manifest alone, which
            anybody could have written.
        hub: the key of the hub that keeps a copy and may have deleted it in its time.
        replay: also run the clip through the pipeline and compare; takes about as many seconds as decoding it.
        whole: whether it must be whole, as it is where it was sealed; else it may be a copy that was passed on with
            blurred pictures in place of the untouched clip and pictures.
        expected: whose evidence it should be; the incident after which the folder is called when left out.
    """
    expected = expected or Subject.named_by(folder)
    try:
        raw = read_raw(folder / MANIFEST)
        manifest = parse_manifest(raw, folder / MANIFEST)
    except EvidenceError as error:
        return Verification((error.text,), (), False)
    withheld_names = () if whole else withheld(folder, manifest.files)
    if isinstance(manifest, Manifest):
        return _unsealed(folder, manifest, public, expected, withheld_names, replay)
    problems = expected.differences_of_manifest(folder / MANIFEST, manifest.incident)
    problems += _signature_problems(folder / MANIFEST, folder / SIGNATURE, raw, manifest.key, public)
    notes = [] if public else [_of(folder, seals.NO_KEY())]
    deletion = None
    if (folder / DELETION).exists() or (folder / DELETION_SIGNATURE).exists():
        deletion, deletion_problems = _deletion(folder, raw, manifest, public, hub)
        problems += deletion_problems
    if deletion is None:
        problems += check_files(folder, excluding(manifest.files, withheld_names), SEALS)
        more, noted = _contents(folder, manifest, expected, withheld_names, replay=replay and not problems)
        problems += more
        return Verification(tuple(problems), (*notes, *noted), False, withheld_names)
    problems += _after_deletion(folder, manifest)
    problems += _record(folder, manifest, expected)[1]
    notes.append(_of(folder, seals.DELETED(time=deletion.deleted_at, why=deletion.reason)))
    return Verification(tuple(problems), tuple(notes), True)


def _unsealed(
    folder: Path,
    manifest: Manifest,
    public: PublicKey | None,
    expected: Subject,
    withheld_names: tuple[str, ...],
    replay: bool,
) -> Verification:
    """What a replay wrote: hashes without a signature."""
    problems = check_files(folder, excluding(manifest.files, withheld_names))
    not_sealed = _of(folder, seals.NOT_SEALED())
    if public is not None:
        problems.append(not_sealed)
    more, noted = _contents(folder, manifest, expected, withheld_names, replay=replay and not problems)
    notes = noted if public is not None else [not_sealed, *noted]
    return Verification(tuple(problems + more), tuple(notes), False, withheld_names)


def _contents(
    folder: Path,
    manifest: Manifest | SealedManifest,
    expected: Subject,
    withheld_names: tuple[str, ...],
    *,
    replay: bool,
) -> tuple[list[str], list[str]]:
    """Problems and notes of the record and the clip."""
    record, problems = _record(folder, manifest, expected)
    if record is None:
        return problems, []
    clip = record.evidence.clip
    hashes = {e.sha256 for name, e in manifest.files.items() if clip in {None, name}}
    if record.evidence.sha256 is not None and record.evidence.sha256 not in hashes:
        problems.append(seals.OTHER_CLIP(file=str(folder / RECORD)))
    more, notes = _partners(folder, record)
    problems += more
    if not replay or problems or withheld_names:
        return problems, notes
    again = replay_bundle(folder, alone(record))
    return [_of(folder, line) for line in again.problems], [*notes, *(_of(folder, line) for line in again.notes)]


def _partners(folder: Path, record: Incident) -> tuple[list[str], list[str]]:
    """Problems and notes of the evidence of further cameras, which lies beside a joint record's."""
    problems: list[str] = []
    notes: list[str] = []
    for view in () if record.joint is None else record.joint.views[1:]:
        beside = folder.parent / Path(view.id).name
        if not beside.exists():
            notes.append(_of(folder, seals.NO_PARTNER(device=view.device, file=str(beside))))
        elif not (beside / MANIFEST).is_file():
            problems += verify_manifest(beside)
        elif sha256_file(beside / MANIFEST) != view.manifest_sha256:
            problems.append(seals.OTHER_PARTNER(file=str(beside / MANIFEST), device=view.device))
        else:
            problems += verify_manifest(beside)
    return problems, notes


def _record(folder: Path, manifest: Manifest | SealedManifest, expected: Subject) -> tuple[Incident | None, list[str]]:
    """The record, and how it differs from the manifest and from the incident expected."""
    path = folder / RECORD
    try:
        record = Incident.model_validate_json(read_raw(path))
    except EvidenceError as error:
        # a record that is listed and missing was told already
        return None, ([] if RECORD in manifest.files else [error.text])
    except ValidationError:
        return None, [seals.NO_RECORD(file=str(path))]
    problems: list[str] = []
    if isinstance(manifest, SealedManifest) and record.id != manifest.incident:
        problems.append(seals.OTHER_INCIDENT(file=str(path), incident=record.id, other=manifest.incident))
    if problems or (isinstance(manifest, SealedManifest) and record.id != expected.incident):
        expected = replace(expected, incident=record.id)  # that was told already
    return record, problems + expected.differences_of_record(path, record)


def _deletion(
    folder: Path, manifest_raw: bytes, manifest: SealedManifest, public: PublicKey | None, hub: PublicKey | None
) -> tuple[Deletion | None, list[str]]:
    """The record of a deletion, None where it proves nothing, and what is wrong with it."""
    path = folder / DELETION
    try:
        raw = read_raw(path)
        deletion = Deletion.model_validate_json(raw)
    except EvidenceError as error:
        return None, [error.text]
    except ValidationError:
        return None, [seals.NO_DELETION(file=str(path))]
    signer = hub if hub is not None and deletion.key == hub.key_id else public
    if problems := _signature_problems(path, folder / DELETION_SIGNATURE, raw, deletion.key, signer):
        return None, problems
    if deletion.manifest_sha256 != hashlib.sha256(manifest_raw).hexdigest():
        return None, [seals.OTHER_EVIDENCE(file=str(path))]
    for name, sealed in sorted(manifest.files.items()):
        if name in SURVIVES_DELETION:
            continue
        deleted_entry = deletion.files.get(name)
        if deleted_entry is None:
            problems.append(seals.WAS_MISSING(file=str(folder / name)))
        elif deleted_entry.sha256 != sealed.sha256:
            problems.append(seals.WAS_CHANGED(file=str(folder / name)))
    foreign = sorted(set(deletion.files) - set(manifest.files))
    problems.extend(seals.FOREIGN(file=str(folder / name)) for name in foreign)
    return deletion, problems


def _after_deletion(folder: Path, manifest: SealedManifest) -> list[str]:
    """Files that a deletion should have kept and that are missing, and those that it should have removed."""
    surviving = {name: entry for name, entry in manifest.files.items() if name in SURVIVES_DELETION}
    undeleted = sorted(name for name in set(manifest.files) - set(surviving) if (folder / name).exists())
    return [
        *check_files(folder, surviving, SEALS | set(undeleted)),
        *(seals.NOT_DELETED(file=str(folder / name)) for name in undeleted),
    ]


def _signature_problems(path: Path, signature: Path, data: bytes, key_id: str, public: PublicKey | None) -> list[str]:
    try:
        signed = read_signature(signature)
    except EvidenceError as error:
        return [error.text]
    if public is None:
        return []
    if key_id != public.key_id:
        return [seals.OTHER_KEY(file=str(path), key=key_id, known=public.key_id)]
    if not public.verify(signed, data):
        return [seals.BAD_SIGNATURE(file=str(signature), other=path.name, key=key_id)]
    return []


def _of(folder: Path, what: str) -> str:
    """What is said of the folder as a whole."""
    return seals.OF_FOLDER(folder=str(folder), what=what)
