"""Evidence that boxes put: files of any name and content, manifests and deletions, through the hub's application."""

from __future__ import annotations

import hashlib
import json
import random
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import quote

from fuzzer.asgi import expect_no_failure, request
from fuzzer.console import Office
from fuzzer.dictionary import TEXTS
from fuzzer.entrance import Case, Entrance, expect
from fuzzer.mutation import json_text, mutated_bytes, mutated_document
from fuzzer.pages import expect_no_markup
from fuzzer.seeds import SITE, bundle

TOKEN = "0123456789abcdef" * 4
_NAMES = (
    "clip.mp4",
    "still.jpg",
    "incident.json",
    "manifest.json",
    "manifest.sig",
    "deletion.json",
    "box.pub",
    "clip.m3u8",
)
_LARGEST = 64 * 1024


class Uploads(Entrance):
    """``PUT /evidence/SITE/DEVICE/INCIDENT/FILE``."""

    name = "uploads"
    weight: ClassVar[float] = 1.5
    smoke = 150
    good_every = 5

    def open(self, folder: Path) -> None:
        """A hub that takes evidence."""
        (folder / "hub").mkdir()
        self._outside = folder / "outside"
        self._outside.write_text("as it was")
        self._office = Office(folder / "hub", {SITE: TOKEN})
        self._good = 0

    def make(self, rng: random.Random) -> Case:
        """A few requests, one after the other."""
        incident = rng.choice(("one", "one", rng.choice(TEXTS)[:300]))
        files: dict[str, Any] = dict(bundle())
        files["manifest.json"] = json_text(rng, mutated_document(rng, _manifest(files, incident)))
        if rng.random() < 0.3:
            files["incident.json"] = json_text(rng, mutated_document(rng, json.loads(files["incident.json"])))
        requests = []
        for name in rng.sample(_NAMES, k=rng.randrange(1, 4)):
            content = files.get(name, "x").encode("utf-8", "surrogatepass")[:_LARGEST]
            if rng.random() < 0.2:
                content = mutated_bytes(rng, content)
            shown = rng.choice(TEXTS)[:300] if rng.random() < 0.25 else name
            segments = [SITE, "north-1", incident, shown]
            if rng.random() < 0.1:
                segments[rng.randrange(4)] = rng.choice(TEXTS)[:300]
            headers = {
                "authorization": f"Bearer {TOKEN}",
                "x-content-sha256": hashlib.sha256(content).hexdigest(),
            }
            if rng.random() < 0.2:
                nasty = rng.choice(TEXTS)[:300].encode("utf-8", "surrogatepass").decode("latin-1")
                headers[rng.choice(("authorization", "x-content-sha256", "content-length", "content-type"))] = nasty
            requests.append({"path": segments, "headers": headers, "body": content.decode("latin-1")})
        return requests

    def attempt(self, case: Case) -> None:
        """Send them; nothing lies outside of the evidence afterwards, and pages of it are well."""
        for one in case:
            path = "/evidence/" + "/".join(quote(part, safe="", errors="surrogatepass") for part in one["path"])
            headers = [(k.encode("latin-1"), v.encode("latin-1")) for k, v in one["headers"].items()]
            answer = request(self._office.app, "PUT", path.encode(), headers, one["body"].encode("latin-1"))
            expect_no_failure(answer)
            expect_no_markup(answer)
        self._expect_nothing_outside()
        headers = self._office.headers("admin")
        for one in case:
            incident = quote(one["path"][2], safe="", errors="surrogatepass") if len(one["path"]) > 2 else ""
            expect_no_failure(request(self._office.app, "GET", f"/incidents/{incident}".encode(), headers))

    def good(self) -> None:
        """A whole bundle without pictures of its own is taken."""
        self._good += 1
        incident = f"good-{self._good}"
        files = bundle()
        files["manifest.json"] = json.dumps(_manifest(files, incident))
        for name, text in files.items():
            content = text.encode()
            headers = [
                (b"authorization", f"Bearer {TOKEN}".encode()),
                (b"x-content-sha256", hashlib.sha256(content).hexdigest().encode()),
            ]
            target = f"/evidence/{SITE}/north-1/{incident}/{name}".encode()
            answer = request(self._office.app, "PUT", target, headers, content)
            expect(answer.status < 500, f"a good {name} is answered with {answer.status}")
            if name == "clip.mp4":
                break  # what else must hold of a bundle is for the tests of uploads

    def close(self) -> None:
        """Close the database."""
        self._office.close()

    def _expect_nothing_outside(self) -> None:
        expect(self._outside.read_text() == "as it was", "a file outside of the evidence was changed")
        beside = {path.name for path in self._outside.parent.iterdir()}
        expect(beside == {"outside", "hub"}, "a file lies outside of the evidence")
        own = {path.name for path in (self._outside.parent / "hub").iterdir()}
        stray = {n for n in own if not n.startswith(("console.db", "box.", "incidents", "blurred", "evidence", "."))}
        expect(not stray, "a file lies beside the evidence")


def _manifest(files: dict[str, str], incident: str) -> dict[str, Any]:
    entries = {
        name: {"sha256": hashlib.sha256(text.encode()).hexdigest(), "bytes": len(text.encode())}
        for name, text in files.items()
        if name != "manifest.json"
    }
    return {
        "version": 2,
        "incident": incident,
        "sealed_at": "2026-05-01T14:15:00Z",
        "software": "1.0",
        "key": "ab" * 8,
        "chain": {"sequence": 1, "previous": None},
        "files": entries,
    }
