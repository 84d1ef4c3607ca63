from __future__ import annotations

import json
from pathlib import Path

from known_bundles import write_files

from edgecv.evidence.bundle_files import mend_record


def test_a_record_whose_clip_is_gone_names_none(tmp_path: Path) -> None:
    folder = write_files(tmp_path / "a")
    assert mend_record(folder)
    (folder / "clip.mp4").unlink()
    assert not mend_record(folder)
    assert json.loads((folder / "incident.json").read_text())["evidence"]["clip"] is None
