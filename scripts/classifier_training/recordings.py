"""Real clips by recording: which teach, which test, and which are never opened while a model is made.

A *series* is a row of clips of one name with running numbers (``V_BIRD_002``, ``V_BIRD_004``, …): neighbours may be one
afternoon before one camera, so that a series is cut into stretches of neighbours, never into frames or single clips.
"""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path
from typing import Literal

from edgecv.evaluation.scene_inputs import VIDEO_SUFFIXES
from edgecv.evaluation.truth import truth_beside

Use = Literal["train", "test"]
_FEWEST_OF_A_SERIES = 9
"""Numbered clips of one name from which they are a series; fewer are recordings of their own."""
_NEIGHBOURS = 4  # clips of a series that are taken for one recording


@dataclass(frozen=True, slots=True)
class Recording:
    """A clip of real footage.

    Attributes:
        path: the video.
        group: clips of one group were taken together: no model is tested on a group that it has seen.
        kind: what a table counts it under: name of the series, or of the clip.
        use: whether the model learns from it.
        has_throws: truth beside it says what falls in it; without truth nothing does.
    """

    path: Path
    group: str
    kind: str
    use: Use
    has_throws: bool

    @property
    def in_series(self) -> bool:
        """One of many clips of its kind."""
        return self.kind != self.path.stem

    @property
    def name(self) -> str:
        """Unique among the clips of a folder."""
        return f"{self.path.parent.name}-{self.path.stem}"


def recordings_of(folder: Path, kept_apart: Sequence[str] = ()) -> list[Recording]:
    """Return the clips of a folder and of those below it, in order of their names.

    Clips with a throw of their own are only tested on: real throws are too few to learn from.

    Args:
        folder: of the clips.
        kept_apart: patterns of paths below it that are left out, beside the last third of every series.
    """
    files = sorted(p for p in folder.rglob("*") if p.suffix.lower() in VIDEO_SUFFIXES)
    files = [p for p in files if not any(fnmatch(str(p.relative_to(folder)), pattern) for pattern in kept_apart)]
    files = _without_copies(files)
    series: dict[str, list[Path]] = defaultdict(list)
    for path in files:
        numbered = re.fullmatch(r"(.+?)[_-]?(\d+)", path.stem)
        series[str(path.parent / (numbered[1] if numbered else path.stem))].append(path)
    recordings: list[Recording] = []
    for name, clips in series.items():
        kind = Path(name).name
        if len(clips) >= _FEWEST_OF_A_SERIES:
            recordings += _of_series(kind, clips)
        else:
            recordings += [_single(path) for path in clips]
    return recordings


def _without_copies(files: list[Path]) -> list[Path]:
    """Of clips of the same bytes only the last: no recording may teach under one name and test under another."""
    return sorted({hashlib.sha256(path.read_bytes()).digest(): path for path in files}.values())


def _single(path: Path) -> Recording:
    has_throws = truth_beside(path) is not None
    return Recording(path, path.stem, path.stem, "test" if has_throws else "train", has_throws)


def _of_series(kind: str, clips: list[Path]) -> list[Recording]:
    """About half of a series teaches and a sixth tests; the last third is left for others to judge by."""
    taught = len(clips) // 2 // _NEIGHBOURS * _NEIGHBOURS
    return [
        Recording(path, f"{kind}-{k // _NEIGHBOURS}", kind, "train" if k < taught else "test", False)
        for k, path in enumerate(clips[: 2 * len(clips) // 3])
    ]
