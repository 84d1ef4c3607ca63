"""A sealed bundle as its manifest describes it: read once, for the chain, the database and whoever restores them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from edgecv.evidence.chain_head import Head
from edgecv.evidence.keys import PublicKey
from edgecv.evidence.manifest import MANIFEST, SIGNATURE, EvidenceError, SealedManifest, parse_manifest, read_raw
from edgecv.evidence.signature import has_signature


@dataclass(frozen=True, slots=True)
class SealedBundle:
    """A folder with the manifest that a box sealed it with; its files may have been deleted since.

    Attributes:
        folder: the bundle.
        manifest: the content of its manifest.
        raw: the manifest's bytes, which the signature is over.
    """

    folder: Path
    manifest: SealedManifest
    raw: bytes

    @property
    def sha256(self) -> str:
        """SHA-256 of the manifest, in hex: the name of this seal in the chain."""
        return hashlib.sha256(self.raw).hexdigest()

    @property
    def place(self) -> int:
        """Place in the chain of its box."""
        return self.manifest.chain.sequence

    @property
    def head(self) -> Head:
        """The head that the chain has with this bundle as the last one."""
        return Head.of(self.manifest, self.sha256)

    def is_signed_by(self, public: PublicKey) -> bool:
        """Whether the owner of a key signed the manifest."""
        try:
            return has_signature(self.folder / SIGNATURE, self.raw, public)
        except EvidenceError:
            return False

    @property
    def is_in_place(self) -> bool:
        """Whether the folder is called after the incident, as every box calls it."""
        return self.manifest.incident == self.folder.name


def read_sealed(folder: Path) -> SealedBundle | None:
    """The sealed bundle in a folder; None where there is no manifest, or one that was never sealed."""
    try:
        raw = read_raw(folder / MANIFEST)
        manifest = parse_manifest(raw, folder / MANIFEST)
    except EvidenceError:
        return None
    return SealedBundle(folder, manifest, raw) if isinstance(manifest, SealedManifest) else None
