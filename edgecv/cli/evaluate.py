"""``edgecv evaluate``: scenes and clips in, one table of how good the program is out."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Table

from edgecv.calibration.calibrated_camera import CalibratedCamera
from edgecv.calibration.camera import camera_of
from edgecv.cli.privileges import become_owner_of_videos
from edgecv.config import load_box
from edgecv.durable_files import write_atomic
from edgecv.errors import ConfigError, InputError
from edgecv.evaluation import ClipResult, Truth, evaluate_clip, load_truth, tally
from edgecv.evaluation.export import to_csv, to_json
from edgecv.evaluation.frame_rates import FrameRate
from edgecv.evaluation.parallel import run_jobs
from edgecv.evaluation.requirements import check_names, figures_of, parse_requirements
from edgecv.evaluation.scene_inputs import collect
from edgecv.evaluation.table import table_of, table_of_real
from edgecv.evaluation.truth import box_beside, truth_beside
from edgecv.simulation import load_scene, write_scene
from edgecv.untrusted import file_text

_UNMET = 1
"""Exit code where a requirement is not met."""
_FILE_COLUMNS = 140
"""Width of the table in a file or a pipe: its longest line fits."""


@dataclass(frozen=True, slots=True)
class _Job:
    """One video, or one scene to render first; its path as text is what messages call it."""

    path: Path
    scene: bool
    calibrated: bool
    rate: FrameRate = "all"

    def __str__(self) -> str:
        return file_text(self.path)


def run(options: argparse.Namespace) -> int:
    """Evaluate, print, write."""
    requirements = () if options.require is None else parse_requirements(options.require)
    check_names(requirements, figures_of(tally([])))
    for option, path in (("--json", options.json), ("--csv", options.csv)):
        if path is not None and not path.parent.is_dir():
            raise ConfigError(f"{option} {path}: its folder does not exist; make it first")
    output_files = [path for path in (options.json, options.csv) if path is not None]
    become_owner_of_videos(options.inputs, written=output_files)
    inputs = collect(options.inputs)
    problems = list(inputs.problems)
    # scenes first: they take longest
    paths = [*((path, True) for path in inputs.scenes), *((path, False) for path in inputs.videos)]
    jobs = [_Job(path, scene, not options.uncalibrated, options.frames) for path, scene in paths]
    with _bar(len(jobs)) as on_done:
        outcomes = run_jobs(_evaluate, jobs, options.jobs, on_done)
    clips = [outcome.result for outcome in outcomes if outcome.result is not None]
    problems += [outcome.problem for outcome in outcomes if outcome.problem is not None]
    problems += [f"{clip.clip}: {clip.warning}" for clip in clips if clip.warning is not None]
    if not clips:
        raise InputError("\n".join(problems))
    totals = tally(clips)
    # a file or a pipe has no width of its own, and a folded table is hard to search
    console = Console(width=None if sys.stdout.isatty() else _FILE_COLUMNS)
    for table in _tables(clips):
        console.print(table)
    _write("--json", options.json, lambda: to_json(clips, totals, problems))
    _write("--csv", options.csv, lambda: to_csv(clips))
    for problem in problems:
        print(f"edgecv: {problem}", file=sys.stderr)
    figures = figures_of(totals)
    unmet = [line for requirement in requirements if (line := requirement.unmet(figures)) is not None]
    for line in unmet:
        print(f"edgecv: {line}", file=sys.stderr)
    if problems:
        return InputError.exit_code
    return _UNMET if unmet else 0


def _tables(clips: Sequence[ClipResult]) -> Iterator[Table]:
    """Scenes and real footage apart: what a renderer draws proves nothing of a street."""
    real, rendered = ([clip for clip in clips if clip.real is kind] for kind in (True, False))
    yield table_of(tally(rendered or real))
    if real and rendered:
        yield table_of_real(tally(real))


def _evaluate(job: _Job) -> ClipResult:
    """One job, in a process of its own."""
    if not job.scene:
        return _evaluate_video(job.path, job)
    with TemporaryDirectory(prefix="edgecv-evaluate-") as folder:
        files = write_scene(load_scene(job.path), Path(folder))
        return _evaluate_video(files.video, job)


def _evaluate_video(video: Path, job: _Job) -> ClipResult:
    truth_file, box_file = truth_beside(video), box_beside(video)
    truth = Truth(real=True) if truth_file is None else load_truth(truth_file)
    camera = CalibratedCamera()
    if job.calibrated and box_file is not None:
        camera = camera_of(load_box(box_file), None).camera
    return evaluate_clip(video, truth, camera, file_text(job.path), job.rate)


def _write(option: str, path: Path | None, content: Callable[[], str]) -> None:
    if path is None:
        return
    try:
        write_atomic(path, content())
    except OSError as error:
        raise ConfigError(f"{option} {path}: cannot be written ({error.strerror}); choose another file") from error


@contextmanager
def _bar(total: int) -> Iterator[Callable[[object], None]]:
    """A bar over the clips on a terminal, nothing otherwise."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield lambda _job: None
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console) as bar:
        task = bar.add_task("evaluating", total=total)
        yield lambda _job: bar.advance(task)
