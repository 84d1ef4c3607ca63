"""Evidence files on their way to where they are collected, streamed from the disk."""

from __future__ import annotations

import logging
import mimetypes
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx

from edgecv.config.upstream import EvidenceUpload
from edgecv.durable_files import sha256_file
from edgecv.evidence.manifest import MANIFEST, UNTOUCHED, has_blurred
from edgecv.storage.outbox import Message
from edgecv.upstream.http_target import WebLink, exchange, refusal, shown_host, unreached, web_client
from edgecv.upstream.link_protocol import Answer, UndeliveredError

log = logging.getLogger("edgecv.upstream")

HASH = "X-Content-SHA256"
AT = "upstream.evidence"


class EvidenceLink(WebLink):
    """The way of evidence: the folder of each message of kind ``evidence``, its manifest last.

    The untouched clip and pictures stay on the box unless the section asks for them: their blurred copies go.
    What was sent before a failure is not sent again, as long as the process lives.

    Args:
        upload: the section of the box file.
        site: the box file's site.
        box_file: the box file, whose folder file names are relative to.
        root: the folder that holds one folder an incident.
    """

    def __init__(self, upload: EvidenceUpload, site: str, box_file: Path, root: Path) -> None:
        super().__init__()
        self._upload = upload
        self._site = site
        self._box_file = box_file
        self._root = root
        self._host = shown_host(upload.url)
        self._uploaded: tuple[int, set[str]] = (0, set())

    def open(self, timeout_s: float) -> None:
        """Read the token; whether the server is there shows with the first file."""
        upload = self._upload
        self._client = web_client(
            self._box_file, AT, ca_file=upload.ca_file, token_file=upload.token_file, timeout_s=timeout_s
        )

    def deliver(self, messages: Sequence[Message]) -> Iterator[list[Answer]]:
        """Send the folders one after the other; other messages are passed over."""
        for message in messages:
            if message.kind == "evidence":
                yield [self._folder(message)]
            else:
                yield [Answer(message, skipped=True)]

    def _folder(self, message: Message) -> Answer:
        folder = self._root / message.id
        try:
            files = evidence_files(folder)
            if self._upload.pictures == "blurred":
                if not has_blurred({path.name for path in files}):
                    # an older edgecv sealed it: blurred pictures cannot be added, and untouched ones stay here
                    log.warning("evidence of %s has no blurred pictures and is not sent", message.id)
                    return Answer(message, skipped=True)
                files = [path for path in files if path.name not in UNTOUCHED]
            send = self._put_all if self._upload.method == "put" else self._post_all
            return Answer(message, send(message, files))
        except FileNotFoundError:
            if folder.is_dir():
                raise
            log.info("evidence of %s was deleted before it was sent", message.id)
            return Answer(message, skipped=True)

    def _put_all(self, message: Message, files: Sequence[Path]) -> str | None:
        if self._uploaded[0] != message.seq:
            self._uploaded = (message.seq, set())
        for path in files:
            if path.name in self._uploaded[1]:
                continue
            headers = {"Content-Type": content_type(path), HASH: sha256_file(path)}
            with path.open("rb") as file:
                reason = self._request("PUT", self._address(message, path.name), content=file, headers=headers)
            if reason is not None:
                return f"{path.name}: {reason}"
            self._uploaded[1].add(path.name)
        return None

    def _post_all(self, message: Message, files: Sequence[Path]) -> str | None:
        with ExitStack() as stack:
            parts = [
                (
                    "file",
                    (path.name, stack.enter_context(path.open("rb")), content_type(path), {HASH: sha256_file(path)}),
                )
                for path in files
            ]
            return self._request("POST", self._address(message), files=parts)

    def _request(self, method: str, address: httpx.URL, **sent: Any) -> str | None:
        if self._client is None:
            raise UndeliveredError(f"{self._host} is not connected")
        try:
            answer = exchange(self._client, method, address, **sent)
        except httpx.HTTPError as error:
            raise unreached(error, self._host) from None
        return refusal(answer, self._host)

    def _address(self, message: Message, *more: str) -> httpx.URL:
        return below(self._upload.url, self._site, message.device, message.id, *more)


def evidence_files(folder: Path) -> list[Path]:
    """The files of an incident's folder, by name, the manifest last: once it is there, all is there.

    Raises:
        FileNotFoundError: there is no such folder.
    """
    # a leading dot is a file still being written
    files = [path for path in folder.iterdir() if path.is_file() and not path.name.startswith(".")]
    return sorted(files, key=lambda path: (path.name == MANIFEST, path.name))


def content_type(path: Path) -> str:
    """The media type of a file, by its name."""
    return mimetypes.guess_type(path.name)[0] or "application/octet-stream"


def below(url: str, *names: str) -> httpx.URL:
    """``url`` with the names appended to its path, each one level; a query, such as a storage's signature, stays."""
    base = httpx.URL(url)
    path, _, query = base.raw_path.partition(b"?")
    levels = "".join(f"/{quote(name, safe='')}" for name in names)
    return base.copy_with(raw_path=path.rstrip(b"/") + levels.encode() + (b"?" + query if query else b""))
