"""``edgecv demo``: render a short scene with known truth, replay it, show what was found."""

from __future__ import annotations

import argparse
import json
from typing import Any

from rich.console import Console
from rich.table import Table

from edgecv.calibration.camera import camera_of
from edgecv.cli.replay import progress_bar
from edgecv.config import load_box
from edgecv.incidents.record import Incident
from edgecv.incidents.summary_text import origin_in_words
from edgecv.replay import replay
from edgecv.simulation.demo import write_demo


def run(options: argparse.Namespace) -> int:
    """Render, replay, compare with the truth."""
    console = Console()
    console.print("Rendering a facade, three falls of different mass and a bird ...")
    files = write_demo(options.out / "scene")
    camera = camera_of(load_box(files.box), files.camera_id).camera
    with progress_bar() as progress:
        result = replay([files.video], options.out, camera, progress=progress)
    truth = json.loads(files.truth.read_text())["events"]
    table = Table(title="What edgecv saw, and what was thrown")
    for heading in ("time", "origin", "terminal velocity", "class", "truth"):
        table.add_column(heading)
    for incident in result.incidents:
        table.add_row(*_row(incident, truth))
    console.print(table)
    console.print(f"{len(truth)} thrown, {len(result.incidents)} found, {len(result.candidates)} candidates")
    console.print(f"Open {(options.out / 'report.html').resolve()}", soft_wrap=True)
    return 0


def _row(incident: Incident, truth: list[dict[str, Any]]) -> tuple[str, str, str, str, str]:
    event = min(truth, key=lambda e: abs(e["released_s"] - incident.media.start_s))
    velocity = incident.mass.terminal_velocity
    return (
        f"{incident.media.start_s:.1f} s",
        origin_in_words(incident.origin),
        "unknown" if velocity is None else f"{velocity.median:g} m/s ({velocity.low:g}-{velocity.high:g})",
        incident.mass.class_,
        f"{event['object']}, floor {event['floor']}, window {event['window']}, "
        f"{event['terminal_velocity_mps']:.0f} m/s",
    )
