"""``edgecv replay``: recorded video in, incidents and their evidence out."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TaskProgressColumn, TextColumn, TimeRemainingColumn

from edgecv.audit.coverage_text import coverage_sentence, is_poor
from edgecv.calibration.calibrated_camera import CalibratedCamera
from edgecv.calibration.camera import camera_of
from edgecv.cli.privileges import become_owner_of_videos
from edgecv.config import load_box
from edgecv.config.problems import one_line
from edgecv.errors import ConfigError, InputError
from edgecv.incidents.summary_text import headline
from edgecv.replay import ReplayResult, replay
from edgecv.untrusted import file_text
from edgecv.upstream import BrokerError, parse_broker_url, publish_incidents
from edgecv.visibility.coverage import Coverage

_Value = TypeVar("_Value")


def run(options: argparse.Namespace) -> int:
    """Replay, print what was found, push."""
    if options.camera is not None and options.config is None:
        raise ConfigError("--camera: names a camera of a box file; give the file with --config BOX.yaml")
    if options.push is not None:
        parse_broker_url(options.push)
    become_owner_of_videos(options.videos, box_file=options.config, out=options.out)
    times = _for_each(options.recorded_at, options.videos, "--recorded-at")
    cameras = _cameras(options)
    with progress_bar() as progress:
        result = replay(options.videos, options.out, cameras, times, options.scale, progress, options.fps)
    print_result(result)
    for problem in result.problems:
        print(f"edgecv: {one_line(problem)}", file=sys.stderr)
    if options.push is not None:
        _push(options.push, result)
    return InputError.exit_code if result.problems else 0


def _cameras(options: argparse.Namespace) -> list[CalibratedCamera]:
    """One for each video.

    Raises:
        ConfigError: another number of cameras than of videos, or one that the box file does not have.
    """
    names = _for_each(options.camera, options.videos, "--camera")
    if options.config is None:
        return [CalibratedCamera()] * len(names)
    box = load_box(options.config)
    solved = {name: camera_of(box, name).camera for name in dict.fromkeys(names)}
    return [solved[name] for name in names]


def _for_each(values: list[_Value] | None, videos: Sequence[Path], option: str) -> list[_Value] | list[None]:
    """A value for each video: its own, or the one for all."""
    if values is None:
        return [None] * len(videos)
    if len(values) not in {1, len(videos)}:
        raise ConfigError(f"{option}: is given {len(values)} times for {len(videos)} videos; give it once, or for each")
    return list(values) * (len(videos) if len(values) == 1 else 1)


def print_result(result: ReplayResult) -> None:
    """One plain line an incident, then where to look."""
    for incident in result.incidents:
        text = f"{incident.media.source} {incident.media.start_s:.2f} s: {headline(incident)}  [{incident.id}]"
        print(one_line(text))  # the name of a file may hold what steers a terminal
    for note in result.notes:
        print(one_line(f"edgecv: note: {note}"), file=sys.stderr)
    for path, coverage in result.coverage.items():
        if coverage.judged_frames == 0:
            print(one_line(f"edgecv: warning: {path}: {coverage_sentence(coverage)}"), file=sys.stderr)
        elif is_poor(coverage):
            print(one_line(f"{path}: {coverage_sentence(coverage)}"))
    print(f"{coverage_sentence(Coverage.of_all(list(result.coverage.values())), 'what was read')}")
    incidents, candidates = len(result.incidents), len(result.candidates)
    print(f"{incidents} incident{_s(incidents)}, {candidates} candidate{_s(candidates)}: {result.out / 'report.html'}")


def _push(url: str, result: ReplayResult) -> None:
    try:
        pushed = publish_incidents(url, result.incidents, kept_in=result.out)
    except BrokerError as error:
        # the address given on the command line is what was wrong: usage, not a failure of the replay
        raise ConfigError(f"--push: {error}") from error
    print(f"{len(pushed.pushed)} pushed to {pushed.broker}")


@contextmanager
def progress_bar() -> Iterator[Callable[[Path, float, float | None], None]]:
    """A bar with rate and time left on a terminal, nothing otherwise."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield lambda _path, _t, _end: None
        return
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console) as bar:
        tasks: dict[Path, TaskID] = {}

        def advance(path: Path, t_s: float, end_s: float | None) -> None:
            if path not in tasks:
                tasks[path] = bar.add_task(one_line(file_text(path.name)), total=end_s, rate="")
            speed = bar.tasks[-1].speed
            bar.update(tasks[path], completed=t_s, total=end_s, rate=f"{speed:.1f}x real time" if speed else "")

        yield advance


def _s(count: int) -> str:
    return "" if count == 1 else "s"
