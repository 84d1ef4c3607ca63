"""Detached signatures: Ed25519 in base64, in a file beside the one they are of."""

from __future__ import annotations

import base64
import binascii
from pathlib import Path

from edgecv.durable_files import write_atomic
from edgecv.evidence.keys import BoxKey, PublicKey
from edgecv.evidence.manifest import EvidenceError, read_raw
from edgecv.messages import seals


def write_signed(path: Path, signature: Path, data: bytes, key: BoxKey) -> None:
    """Write a file and its signature, both on the disk when this returns."""
    write_atomic(path, data)
    write_atomic(signature, base64.b64encode(key.sign(data)) + b"\n")


def read_signature(path: Path) -> bytes:
    """The signature in a file.

    Raises:
        EvidenceError: it is missing, or is no signature at all.
    """
    text = read_raw(path).strip()
    try:
        signature = base64.b64decode(text, validate=True)
    except binascii.Error:
        signature = b""
    if not signature or base64.b64encode(signature) != text:  # decoding leaves out some bits
        raise EvidenceError(seals.NO_SIGNATURE(file=str(path)))
    return signature


def has_signature(path: Path, data: bytes, public: PublicKey) -> bool:
    """Whether a file is the signature over some bytes by the owner of a key.

    Raises:
        EvidenceError: it is missing, or is no signature at all.
    """
    return public.verify(read_signature(path), data)
