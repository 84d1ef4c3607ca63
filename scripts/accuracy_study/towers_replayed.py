"""Towers rendered and replayed once: the tracks in which falls were found, kept so that fits can be measured anew."""

from __future__ import annotations

import pickle
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from edgecv.calibration.camera import camera_of
from edgecv.config import load_box
from edgecv.evaluation.matching import match
from edgecv.evaluation.scene_runs import run_pipeline
from edgecv.evaluation.truth import TruthEvent, load_truth
from edgecv.geometry import FacadePlan, PinholeCamera
from edgecv.simulation import FallingObject, Scene, write_scene
from edgecv.tracking import Track


@dataclass(frozen=True, slots=True)
class Case:
    """One thing that was seen to fall: its track, what it was, and who saw it."""

    track: Track
    event: TruthEvent
    thing: FallingObject
    scene: str


@dataclass(frozen=True, slots=True)
class Tower:
    """One scene.

    Attributes:
        scene: what was rendered.
        camera: as its calibration file says.
        plan: as its box file says.
        cases: falls that were found.
        missed: names of the events that were not, though long enough to be.
        video: its pictures, None where they are gone.
    """

    scene: Scene
    camera: PinholeCamera
    plan: FacadePlan
    cases: tuple[Case, ...]
    missed: tuple[str, ...]
    video: Path | None = None


def replayed(scene: Scene, folder: Path) -> Tower:
    """Render and replay a scene, or read what was kept of it."""
    kept = folder / f"{scene.name}.pickle"
    if kept.is_file():
        with kept.open("rb") as file:
            cases, missed = pickle.load(file)
        setup = camera_of(load_box(folder / f"{scene.name}.box.yaml"), None).camera
        assert setup.pinhole is not None and setup.plan is not None
        video = folder / f"{scene.name}.mp4"
        return Tower(scene, setup.pinhole, setup.plan, cases, missed, video if video.is_file() else None)
    files = write_scene(scene, folder)
    truth = load_truth(files.truth)
    setup = camera_of(load_box(files.box), None).camera
    found = run_pipeline(files.video, setup).findings
    ordered = sorted(found, key=lambda it: it.finding.verdict.tier != "incident")
    first = sum(it.finding.verdict.tier == "incident" for it in ordered)
    matches = match([it.path for it in ordered[:first]], [it.path for it in ordered[first:]], truth)
    hits = {what.event: it for it, what in zip(ordered, matches, strict=True) if what.role == "hit"}
    assert setup.pinhole is not None and setup.plan is not None
    cases = tuple(
        Case(hits[n].finding.fall.track, event, _thing(scene.objects, event), scene.name)
        for n, event in enumerate(truth.events)
        if n in hits
    )
    missed = tuple(e.name for n, e in enumerate(truth.events) if n not in hits and not e.too_short)
    with kept.open("wb") as file:
        pickle.dump((cases, missed), file)
    return Tower(scene, setup.pinhole, setup.plan, cases, missed, files.video)


def _thing(objects: Sequence[FallingObject], event: TruthEvent) -> FallingObject:
    """The object of an event: of its name, and released nearest to when it is seen first."""
    alike = [thing for thing in objects if thing.name == event.name]
    return min(alike, key=lambda thing: abs(thing.release_s - float(event.path.t_s[0])))
