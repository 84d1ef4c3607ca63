"""The chain of a box's seals: each manifest names the one before, so none is taken out or slipped in between unseen.

What is cut off the end leaves no trace in what is left. Bundles alone vouch up to the last of them; that it was the
last one takes a head that was kept apart from them: see ``edgecv.evidence.chain_head``. A deletion cuts nothing off: it
leaves the manifest in its place, with a signed record of what was deleted.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from edgecv.evidence.chain_head import Receipt
from edgecv.evidence.keys import PublicKey
from edgecv.evidence.sealed_bundle import SealedBundle, read_sealed


@dataclass(frozen=True, slots=True)
class ChainReport:
    """What is wrong with a chain, and what could not be checked; one line each."""

    problems: tuple[str, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ChainExtent:
    """Up to where bundles of one box vouch for what it sealed.

    Attributes:
        key: id of the box's key.
        bundles: how many of it are here.
        sequence: place of the last one: how many there must have been.
        manifest_sha256: of the last one.
        sealed_at: when the last one was sealed, by the box's clock.
    """

    key: str
    bundles: int
    sequence: int
    manifest_sha256: str
    sealed_at: str

    def __str__(self) -> str:
        counted = f"{self.bundles} bundle{'' if self.bundles == 1 else 's'}"
        if self.bundles < self.sequence:
            counted = f"{self.bundles} of {self.sequence} bundles"
        return f"{counted} up to {self.manifest_sha256}, sealed {self.sealed_at} with key {self.key}"


def verify_chain(folders: Iterable[Path], *, contiguous: bool) -> ChainReport:
    """Check that bundles follow on one another as their boxes sealed them.

    Whether each manifest is genuine is for ``verify_bundle`` to say; this looks only at how they hang together.
    Bundles without a seal are left out; those of several boxes are one chain each.

    Args:
        folders: the bundles, in any order.
        contiguous: every bundle of the box should be among them, from the first: a gap is a problem then, else a note.
    """
    boxes = _by_box(folders)
    problems: list[str] = []
    gaps: list[str] = []
    for key_id in sorted(boxes):
        seals = sorted(boxes[key_id], key=lambda s: (s.place, s.folder))
        problems += _broken(seals)
        gaps += _gaps(seals, f"the chain of key {key_id}")
    return ChainReport((*problems, *gaps), ()) if contiguous else ChainReport(tuple(problems), tuple(gaps))


def chain_extents(folders: Iterable[Path]) -> list[ChainExtent]:
    """Up to where bundles vouch, one entry a box; whether all is well with them is for the other checks to say."""
    extents = []
    for key_id, seals in sorted(_by_box(folders).items()):
        last = max(seals, key=lambda seal: seal.place)
        extents.append(ChainExtent(key_id, len(seals), last.place, last.sha256, last.manifest.sealed_at))
    return extents


def verify_head(folders: Iterable[Path], receipt: Receipt, public: PublicKey, *, to_the_end: bool) -> ChainReport:
    """Compare bundles with a head of their chain that was kept apart from them.

    Args:
        folders: the bundles.
        receipt: the head, as the box signed it when it sealed the last of them, or one before.
        public: the box's key.
        to_the_end: the last bundle should be among them: else that it is not is a note.
    """
    head = receipt.head
    named = f"place {head.sequence} ({head.incident}, sealed {head.sealed_at})"
    if not receipt.is_by(public):
        return ChainReport((f"the receipt of {named} of the chain was not signed with key {public.key_id}",), ())
    places = {seal.place: seal for seal in _by_box(folders).get(head.key, [])}
    problems = [
        f"{places[place].folder}: has another manifest than the receipt of {named} names"
        for place, sha256 in ((head.sequence, head.manifest_sha256), (head.sequence - 1, head.previous))
        if place in places and places[place].sha256 != sha256
    ]
    last = max(places, default=0)
    if last >= head.sequence or problems:
        return ChainReport(tuple(problems), ())
    cut = (
        f"the chain of key {head.key} ends here with place {last}, and the box had sealed up to {named}: "
        f"{head.sequence - last} at its end are not here"
    )
    return ChainReport((cut,), ()) if to_the_end else ChainReport((), (cut,))


def _by_box(folders: Iterable[Path]) -> dict[str, list[SealedBundle]]:
    boxes: dict[str, list[SealedBundle]] = defaultdict(list)
    for folder in folders:
        if (seal := read_sealed(folder)) is not None:
            boxes[seal.manifest.key].append(seal)
    return boxes


def _broken(seals: list[SealedBundle]) -> list[str]:
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


def _gaps(seals: list[SealedBundle], chain: str) -> list[str]:
    gaps = []
    if seals[0].place > 1:
        gaps.append(f"{chain} begins here with place {seals[0].place}: those before are not here")
    for earlier, later in pairwise(seals):
        if later.place > earlier.place + 1:
            first, last = earlier.place + 1, later.place - 1
            places = f"place {first}" if first == last else f"places {first} to {last}"
            gaps.append(f"{chain} lacks {places} between {earlier.folder.name} and {later.folder.name}")
    return gaps
