"""The head of a box's chain: which bundle was the last one sealed, signed by the box and kept apart from the bundles.

A chain of manifests shows what was taken out of its middle, never what was cut off its end. For that the head is
kept in the box's database, and a receipt of every seal goes with its ``evidence`` message to whoever collects those: a
receipt that is not on the box cannot be taken back by whoever has the box.
"""

from __future__ import annotations

import base64
import binascii
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError

from edgecv.errors import InputError
from edgecv.evidence.keys import BoxKey, PublicKey
from edgecv.evidence.manifest import SealedManifest, Sha256, in_json
from edgecv.incidents.record import Record
from edgecv.untrusted import UntrustedError, read_json

CHAIN_HEAD = "chain-head.json"
"""Name of the receipt beside exported bundles."""
_LONGEST_SIGNATURE = 128  # characters; Ed25519 in base64 has 88
_MOST_BYTES = 64 * 1024  # a receipt has 500, an evidence message 2,000


class Head(Record):
    """Up to where a chain went when a bundle was sealed."""

    version: Literal[1] = 1
    sequence: Annotated[int, Field(ge=1)]
    """How many bundles the box had sealed."""
    manifest_sha256: Sha256
    """Of the last one's manifest."""
    previous: Sha256 | None
    """Of the manifest before that."""
    incident: str
    sealed_at: str
    key: str
    """Id of the key that signed it."""

    @classmethod
    def of(cls, manifest: SealedManifest, manifest_sha256: str) -> Head:
        """The head that a chain has once a bundle is sealed."""
        return cls(
            sequence=manifest.chain.sequence,
            manifest_sha256=manifest_sha256,
            previous=manifest.chain.previous,
            incident=manifest.incident,
            sealed_at=manifest.sealed_at,
            key=manifest.key,
        )


class Receipt(Record):
    """A head with the box's signature over it (base64)."""

    head: Head
    signature: Annotated[str, Field(max_length=_LONGEST_SIGNATURE)]

    @classmethod
    def signed(cls, head: Head, key: BoxKey) -> Receipt:
        """A receipt for a head."""
        return cls(head=head, signature=base64.b64encode(key.sign(in_json(head).encode())).decode())

    def is_by(self, public: PublicKey) -> bool:
        """Whether the owner of a key signed it."""
        try:
            signature = base64.b64decode(self.signature, validate=True)
        except (binascii.Error, ValueError):
            return False
        return self.head.key == public.key_id and public.verify(signature, in_json(self.head).encode())


def load_receipt(path: Path) -> Receipt:
    """Read a receipt: a ``chain-head.json``, or an ``evidence`` message as the box sent it.

    Raises:
        InputError: it cannot be read, or is neither.
    """
    try:
        raw = path.read_bytes() if path.stat().st_size <= _MOST_BYTES else b""
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror}); name a receipt of the chain's head") from error
    try:
        return Receipt.model_validate(_receipt_in(read_json(raw, max_bytes=_MOST_BYTES)))
    except (UntrustedError, ValidationError) as error:
        raise InputError(
            f"{path}: is not a receipt of the chain's head; give a {CHAIN_HEAD} or a box's evidence message"
        ) from error


def _receipt_in(content: Any) -> Any:
    """The receipt itself, also where it is in a message."""
    data = content.get("data") if isinstance(content, dict) else None
    return data.get("receipt") if isinstance(data, dict) else content
