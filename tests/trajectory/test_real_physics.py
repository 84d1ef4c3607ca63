"""Real flights of a strongly dragged thing: the drag fit against a parabola."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
from known_paths import track_of

from edgecv.trajectory import TrajectorySettings, View
from edgecv.trajectory.fit import fit_fall
from edgecv.trajectory.path import path_of

SIZE = (1280, 720)
_SHOWN, _TAKEN = 6, 25.0  # one picture in six repeats the one before it: 25 a second shown as 30


def arcs_of(file: Path) -> list[np.ndarray]:
    """Flights between two strokes: rows of time and pixel, at least ten."""
    rows = [(float(r["Ball"]), float(r["x"]) * SIZE[0], float(r["y"]) * SIZE[1]) for r in csv.DictReader(file.open())]
    table = np.array(rows)
    step = np.r_[99.0, np.hypot(*np.diff(table[:, 1:], axis=0).T)]
    place = np.arange(len(table)) % _SHOWN
    repeated = min(range(_SHOWN), key=lambda k: float(np.median(step[1:][place[1:] == k])))
    table = table[place != repeated]
    arcs: list[list[tuple[float, float, float]]] = [[]]
    for n, (seen, x, y) in enumerate(table):
        if seen < 1 or x < 0:
            arcs.append([])
            continue
        if len(arcs[-1]) >= 2:
            before = np.subtract(arcs[-1][-1][1:], arcs[-1][-2][1:])
            now = np.subtract((x, y), arcs[-1][-1][1:])
            if float(np.linalg.norm(now - before)) > max(10.0, 0.45 * float(np.linalg.norm(before))):
                arcs.append([])  # struck
        arcs[-1].append((n / _TAKEN, float(x), float(y)))
    return [np.array(arc) for arc in arcs if len(arc) >= 10 and np.ptp(np.array(arc)[:, 1]) > 40.0]


def test_drag_explains_shuttlecocks_three_times_better_than_a_parabola(clips: Path) -> None:
    settings = TrajectorySettings()
    arcs = [arc for file in sorted((clips / "physics").glob("shuttle_*.csv")) for arc in arcs_of(file)]
    assert len(arcs) >= 4
    drag, parabola = [], []
    for arc in arcs:
        t, uv = arc[:, 0] - arc[0, 0], arc[:, 1:]
        track = track_of(t, uv, size=SIZE)
        path = path_of(track.points, len(track.points), settings)
        fit = fit_fall(path, View.uncalibrated(SIZE, settings), settings, float(SIZE[0]))
        drag.append(np.square(fit.pixels_at(path.t_s) - uv).sum() / len(uv))
        bent = np.polyval(np.polyfit(t, uv[:, 1], 2), t)
        straight = np.polyval(np.polyfit(t, uv[:, 0], 1), t)
        parabola.append(np.square(np.stack([straight, bent], 1) - uv).sum() / len(uv))
    ratio = np.array(parabola) / np.array(drag)
    assert np.min(ratio) > 3.0
