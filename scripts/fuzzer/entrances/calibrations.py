"""Calibration files: solved or refused, never a traceback."""

from __future__ import annotations

import contextlib
import io
import random
from pathlib import Path
from typing import ClassVar

import yaml

from edgecv.cli import main
from fuzzer.dictionary import NUMBERS
from fuzzer.entrance import Case, Entrance, expect
from fuzzer.entrances.config_files import BOMBS, CONFIGS, dump
from fuzzer.mutation import mutated_document, mutated_text

_BOX = {
    "site": "s",
    "facades": {"north": {"floors": 16, "windows": [{"name": "01", "left": -9.0, "right": -7.0}]}},
    "cameras": {"c": {"source": "a.mp4", "facade": "north", "calibration": "calibration.yaml"}},
}
_GOOD = CONFIGS.parent / "calibration" / "north-1.example.yaml"


class Calibrations(Entrance):
    """The calibration that a box file names."""

    name = "calibrations"
    remembers: ClassVar[bool] = False
    weight: ClassVar[float] = 1.0
    smoke = 40
    good_every = 50

    def open(self, folder: Path) -> None:
        """A box file that names one."""
        self._box = folder / "box.yaml"
        self._box.write_text(yaml.safe_dump(_BOX))
        self._file = folder / "calibration.yaml"

    def make(self, rng: random.Random) -> Case:
        """A file's text: often with numbers of any size where numbers belong."""
        document = yaml.safe_load(_GOOD.read_text())
        how = rng.random()
        if how < 0.1:
            return rng.choice(BOMBS)
        if how < 0.4:
            return dump(mutated_document(rng, document))
        if how < 0.5:
            return mutated_text(rng, dump(document))
        sizes = [number for number in NUMBERS if number < 0 or number >= 0]  # all but NaN
        points = [point for point in document["points"] if isinstance(point, dict)]
        for _ in range(rng.randrange(1, 4)):
            point = rng.choice(points)
            pair = point[rng.choice(("pixel", "facade"))]
            pair[rng.randrange(2)] = rng.choice((*sizes, rng.uniform(0, 1900), rng.uniform(-1e6, 1e6)))
        if rng.random() < 0.6:
            document["distortion"] = [rng.choice((0.0, -0.4, 1e3, rng.uniform(-30, 30))) for _ in range(5)]
        if rng.random() < 0.3:
            document["focal_px"] = rng.choice((1e-9, 1e-3, 1.0, 1e9, 1e300))
        if rng.random() < 0.3:
            document["verticals"] = [[[1, 2], [1, 2]], [[rng.choice(sizes), 0], [0, 1e9]]]
        return dump(document)

    def attempt(self, case: Case) -> None:
        """Check the box file with it."""
        self._file.write_bytes(case.encode("utf-8", "surrogatepass"))
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
            code = main(["check", "--config", str(self._box)])
        expect(code in {0, 2}, f"edgecv check ends with {code}: {printed.getvalue()[-300:]}")

    def good(self) -> None:
        """The example is right."""
        self.attempt(_GOOD.read_text())
