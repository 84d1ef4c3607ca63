"""What a confined process may be asked for: a blurred picture of a bundle, or its replay."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from edgecv.audit.verify import verify_bundle
from edgecv.console.evidence.blurring import blurred_picture
from edgecv.console.evidence.bundle import read_bundle
from edgecv.evidence.keys import parse_public_key


def do(folder: Path, request: dict[str, Any]) -> bytes:
    """The answer to a request; for pictures a JPEG or nothing, for replays JSON.

    Raises:
        EdgecvError: a key is none.
    """
    if request["job"] == "picture":
        bundle = read_bundle(folder)
        return (None if bundle is None else blurred_picture(bundle, request["record"], request["name"])) or b""
    key = None if request["key"] is None else parse_public_key(request["key"].encode(), "the key")
    report = verify_bundle(folder, key, whole=request["whole"])
    answer = {"ok": report.ok, "problems": report.problems, "notes": report.notes}
    return json.dumps(answer).encode()
