"""From files to settings: all problems are reported at once, one a line."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

from pydantic import ValidationError

from edgecv.config.addresses import HIDDEN, redacted_address
from edgecv.config.base import HIDES_VALUE, Section, part
from edgecv.config.box import Box, BoxFile
from edgecv.config.calibration import Calibration
from edgecv.config.hub import Hub, HubFile
from edgecv.config.known_secrets import register_secrets_of
from edgecv.config.problems import ConfigProblems, Location, Problem, display_value
from edgecv.config.yaml_document import Document, read_document

S = TypeVar("S", bound=Section)


@dataclass(frozen=True, slots=True)
class CheckReport:
    """What ``edgecv check`` has to say: ``problems`` and ``notes`` are one line each."""

    problems: tuple[str, ...]
    notes: tuple[str, ...]

    @property
    def ok(self) -> bool:
        """Whether the box can be run."""
        return not self.problems


def load_box(path: Path, *, with_calibrations: bool = True) -> Box:
    """Read a box file, and every calibration it names.

    Args:
        path: the box file.
        with_calibrations: False where they are not needed, for one is about to be made.

    Raises:
        ConfigProblems: one line for everything that is wrong in any of the files (a ``ConfigError``).
    """
    box, problems = _read_box(path, with_calibrations)
    if box is None or problems:
        raise ConfigProblems(problems)
    return box


def load_calibration(path: Path) -> Calibration:
    """Read a calibration file.

    Raises:
        ConfigProblems: one line for everything that is wrong in it (a ``ConfigError``).
    """
    document = read_document(path)
    calibration = validated(document, Calibration)
    if calibration is None or document.problems:
        raise ConfigProblems(document.problems)
    return calibration


def load_hub(path: Path) -> Hub:
    """Read a hub file.

    Raises:
        ConfigProblems: one line for everything that is wrong in it (a ``ConfigError``).
    """
    document = read_document(path)
    register_secrets_of(document.data)
    settings = validated(document, HubFile)
    if settings is None or document.problems:
        raise ConfigProblems(document.problems)
    return Hub(path, settings)


def check_box(path: Path) -> CheckReport:
    """Check a box file and every calibration it names; never raises for what is in them."""
    box, problems = _read_box(path)
    notes = _notes(box) if box is not None and not problems else ()
    return CheckReport(problems=ConfigProblems(problems).errors, notes=notes)


def _read_box(path: Path, with_calibrations: bool = True) -> tuple[Box | None, list[Problem]]:
    document = read_document(path)
    register_secrets_of(document.data)  # of a file that is wrong as well: what is said of it holds parts of it
    settings = validated(document, BoxFile)
    calibrations: dict[str, Calibration] = {}
    read: dict[Path, tuple[Document, Calibration | None]] = {}
    digest = hashlib.sha256(hashlib.sha256(document.raw).digest())
    problems: list[Problem] = []
    for camera_id, at, name in _named_calibrations(document) if with_calibrations else ():
        file = path.parent / name
        if file not in read:
            calibration_document = read_document(file)
            read[file] = calibration_document, validated(calibration_document, Calibration)
            problems += _of_calibration(document, at, calibration_document)
        calibration_file, calibration = read[file]
        if calibration is not None:
            calibrations[camera_id] = calibration
            digest.update(hashlib.sha256(calibration_file.raw).digest())
    problems = document.problems + problems
    if settings is None or problems:
        return None, problems
    return Box(path, digest.hexdigest(), settings, calibrations), problems


def _named_calibrations(document: Document) -> list[tuple[str, Location, str]]:
    """Camera id, place and file name of every calibration, also from a box file that is otherwise wrong."""
    cameras = part(document.data, "cameras")
    references: list[tuple[str, Location, str]] = []
    for camera_id, camera in cameras.items() if isinstance(cameras, Mapping) else ():
        name = part(camera, "calibration")
        if isinstance(name, str) and name.strip():
            references.append((camera_id, ("cameras", camera_id, "calibration"), name))
    return references


def _of_calibration(box: Document, at: Location, calibration: Document) -> list[Problem]:
    """The calibration's problems; one about the whole file is reported where the box file names it."""
    return [
        problem
        if problem.line is not None
        else Problem(
            box.path, box.line_of(at), at, display_value(box.value_at(at)[1]), f"{calibration.path} {problem.text}"
        )
        for problem in calibration.problems
    ]


def validated(document: Document, section: type[S]) -> S | None:
    """The section a document holds; what is wrong goes to the document's problems."""
    if document.data is None and document.problems:
        return None
    try:
        return section.model_validate(document.data)
    except ValidationError as error:
        unreadable = {(problem.at, problem.line) for problem in document.problems}
        for details in error.errors(include_url=False):
            at: Location = details["loc"]
            present, value = document.value_at(at)
            line = document.line_of(at) or 1
            if (at, line) in unreadable:
                continue
            displayed = HIDDEN if details.get("ctx", {}).get(HIDES_VALUE) else display_value(value, at)
            document.problems.append(Problem(document.path, line, at, displayed if present else None, details["msg"]))
        document.problems.sort(key=lambda problem: problem.line or 0)
        return None


def _notes(box: Box) -> tuple[str, ...]:
    notes = [f"site {box.site}"]
    for name, facade in box.settings.facades.items():
        table = facade.floor_table()
        notes.append(
            f"facade {name}: {len(table)} floors from {table[0].foot_m:g} m to {table[-1].head_m:g} m, "
            f"{len(facade.windows)} windows a floor"
        )
    for camera_id in box.camera_ids:
        camera = box.camera(camera_id)
        settings, calibration = camera.settings, camera.calibration
        looks_at = f"facade {settings.facade}" if settings.facade else "no facade: floors and windows stay unknown"
        if calibration is None:
            calibrated = "no calibration: floors and windows stay unknown"
        else:
            width, height = calibration.image_size
            calibrated = f"calibration {settings.calibration} ({len(calibration.points)} points, {width}x{height})"
        notes.append(f"camera {camera_id}: {redacted_address(settings.source)}; {looks_at}; {calibrated}")
    notes += [f"device {name}: {device.kind}" for name, device in box.settings.devices.items()]
    if box.settings.upstream is not None:
        notes += [
            f"upstream {target.name}: {_shown_target(target.url)}" for target in box.settings.upstream.all_targets()
        ]
    return tuple(notes)


def _shown_target(url: str) -> str:
    """A broker's address, or a webhook's host: many a webhook's path is its password."""
    parts = urlsplit(url)
    return redacted_address(url if parts.path in {"", "/"} else f"{parts.scheme}://{parts.netloc}/…")
