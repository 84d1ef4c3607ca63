"""The chain of a box's seals: each manifest names the one before, so none can be taken out or slipped in unseen."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from edgecv.incidents.manifest import MANIFEST, EvidenceError, SealedManifest, parse_manifest, read_raw


@dataclass(frozen=True, slots=True)
class ChainReport:
    """What is wrong with a chain, and what could not be checked; one line each."""

    problems: tuple[str, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Seal:
    folder: Path
    sha256: str
    manifest: SealedManifest

    @property
    def place(self) -> int:
        return self.manifest.chain.sequence


def verify_chain(folders: Iterable[Path], *, contiguous: bool) -> ChainReport:
    """Check that bundles follow on one another as their boxes sealed them.

    Whether each manifest is genuine is for ``verify_bundle`` to say; this looks only at how they hang together.
    Bundles without a seal are left out; those of several boxes are one chain each.

    Args:
        folders: the bundles, in any order.
        contiguous: every bundle of the box should be among them, from the first: a gap is a problem then, else a note.
    """
    boxes: dict[str, list[_Seal]] = defaultdict(list)
    for folder in folders:
        if (seal := _seal_of(folder)) is not None:
            boxes[seal.manifest.key].append(seal)
    problems: list[str] = []
    gaps: list[str] = []
    for key_id in sorted(boxes):
        seals = sorted(boxes[key_id], key=lambda s: (s.place, s.folder))
        problems += _broken(seals)
        gaps += _gaps(seals, f"the chain of key {key_id}")
    return ChainReport((*problems, *gaps), ()) if contiguous else ChainReport(tuple(problems), tuple(gaps))


def _broken(seals: list[_Seal]) -> list[str]:
    problems = [
        f"{seal.folder}: has place {seal.place} of the chain, but only the first has none before it"
        for seal in seals
        if (seal.place == 1) != (seal.manifest.chain.previous is None)
    ]
    for earlier, later in pairwise(seals):
        if earlier.place == later.place:
            problems.append(f"{later.folder}: claims place {later.place} of the chain, as {earlier.folder} does")
        elif earlier.place + 1 == later.place and later.manifest.chain.previous != earlier.sha256:
            problems.append(f"{later.folder}: names another manifest before it than that of {earlier.folder}")
    return problems


def _gaps(seals: list[_Seal], chain: str) -> list[str]:
    gaps = []
    if seals[0].place > 1:
        gaps.append(f"{chain} begins here with place {seals[0].place}: those before are not here")
    for earlier, later in pairwise(seals):
        if later.place > earlier.place + 1:
            first, last = earlier.place + 1, later.place - 1
            places = f"place {first}" if first == last else f"places {first} to {last}"
            gaps.append(f"{chain} lacks {places} between {earlier.folder.name} and {later.folder.name}")
    return gaps


def _seal_of(folder: Path) -> _Seal | None:
    try:
        raw = read_raw(folder / MANIFEST)
        manifest = parse_manifest(raw, folder / MANIFEST)
    except EvidenceError:
        return None
    return _Seal(folder, hashlib.sha256(raw).hexdigest(), manifest) if isinstance(manifest, SealedManifest) else None
