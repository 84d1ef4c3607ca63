"""The keys of the boxes that seal a site's evidence; no upload can name the places where they lie."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Sequence
from pathlib import Path

from edgecv.console.evidence.evidence_paths import EvidencePaths
from edgecv.errors import ConfigError
from edgecv.evidence.keys import BOX_PUB, PublicKey, parse_public_key

KEYS = "keys"
"""Folder beside the evidence of a hub: ``SITE.pub`` in it holds the public keys of the site's boxes."""
_PEM = re.compile(rb"-----BEGIN [A-Z ]+-----.*?-----END [A-Z ]+-----", re.DOTALL)
_SIGNATURE_BYTES = 64  # of Ed25519
_MOST_BYTES = 64 * 1024
"""Of a file with keys; one has 113 bytes."""


class SiteKeys:
    """Public keys, read anew each time: whoever puts one there need not restart anything.

    Args:
        shelf: whose evidence they belong to.
    """

    def __init__(self, shelf: EvidencePaths) -> None:
        self._shelf = shelf

    def file(self, site: str) -> Path:
        """Where the keys of a site should lie."""
        if not self._shelf.by_site:
            return self._shelf.root.parent / BOX_PUB
        return self._shelf.root.parent / KEYS / f"{site}.pub"

    def of(self, site: str) -> tuple[PublicKey, ...]:
        """The keys of a site's boxes, those of earlier boxes included; none where none lie there.

        Raises:
            ConfigError: what lies there is no key: nothing can be checked against it.
        """
        older = [self._shelf.root / site / BOX_PUB] if self._shelf.by_site else []  # where older versions had it
        for path in (self.file(site), *older):
            if path.is_file():
                return _keys_in(path)
        return ()

    def for_key_id(self, site: str, key_id: str | None) -> PublicKey | None:
        """The key with that id, else the first of the site, which then does not fit; None where the site has none.

        Raises:
            ConfigError: as in :meth:`of`.
        """
        keys = self.of(site)
        return next((key for key in keys if key.key_id == key_id), keys[0] if keys else None)


def signed_by(keys: Sequence[PublicKey], manifest: Path, signature: Path) -> bool:
    """Whether a signature in base64 is that of one of the keys over a manifest; without keys, whether it may be one.

    Raises:
        OSError: the disk failed.
    """
    try:
        signed = base64.b64decode(signature.read_bytes().strip(), validate=True)
    except (FileNotFoundError, binascii.Error):
        return False
    if not keys:
        return len(signed) == _SIGNATURE_BYTES
    data = manifest.read_bytes()
    return any(key.verify(signed, data) for key in keys)


def _keys_in(path: Path) -> tuple[PublicKey, ...]:
    try:
        with path.open("rb") as file:
            raw = file.read(_MOST_BYTES)
    except OSError as error:
        raise ConfigError(
            f"{path}: cannot be read as public keys ({error.strerror}); put box.pub of the site's boxes there"
        ) from error
    keys = tuple(parse_public_key(part, str(path)) for part in _PEM.findall(raw))
    if not keys:
        raise ConfigError(f"{path}: holds no public key in PEM; put box.pub of the site's boxes there")
    return keys
