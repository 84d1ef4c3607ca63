"""A box's cameras as the console may work on them: the box file read anew each time, and changed without harm."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from edgecv.calibration.camera import plan_of
from edgecv.config import Box, Calibration, load_box
from edgecv.config.load import load_calibration
from edgecv.config.state import state_directory
from edgecv.config.yaml_edit import with_value
from edgecv.daemon.live_snapshots import SnapshotFiles
from edgecv.durable_files import write_atomic
from edgecv.errors import ConfigError
from edgecv.geometry import FacadePlan


@dataclass(frozen=True, slots=True)
class BoxFileEditor:
    """The cameras of the box that this console belongs to.

    Attributes:
        box_file: the box file.
        reload: tells the daemon to read it anew; None where the console does not run under the daemon.
    """

    box_file: Path
    reload: Callable[[], None] | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def box(self) -> Box:
        """The box file as it is now.

        Raises:
            ConfigError: it is wrong.
        """
        return load_box(self.box_file, with_calibrations=False)

    def version(self, *files: Path) -> str:
        """Changes with every change of the box file, or of these files."""
        digest = hashlib.sha256()
        for file in (self.box_file, *files):
            try:
                digest.update(hashlib.sha256(file.read_bytes()).digest())
            except OSError:
                digest.update(b"none")
        return digest.hexdigest()[:16]

    def stills(self, box: Box, camera: str) -> SnapshotFiles:
        """Where a camera's pictures are asked for."""
        return SnapshotFiles(state_directory(box), camera)

    def plan(self, box: Box, camera: str) -> FacadePlan | None:
        """Floors and windows that a camera looks at; None where its box file names no facade."""
        setup = box.camera(camera)
        if setup.facade is None:
            return None
        return plan_of(setup.facade, (setup.settings.facade or "") if setup.beside else "", setup.beside)

    def calibration_file(self, box: Box, camera: str) -> Path:
        """Where its calibration is, or would be."""
        return box.path.parent / (box.camera(camera).settings.calibration or f"{camera}.calibration.yaml")

    def calibration(self, box: Box, camera: str) -> Calibration | None:
        """The calibration as it is now; None where there is none, or none that can be read."""
        file = self.calibration_file(box, camera)
        try:
            return load_calibration(file) if file.is_file() else None
        except ConfigError:
            return None

    def change(
        self,
        base_version: str,
        changes: dict[tuple[str, ...], Any],
        before_write: Callable[[], None] | None = None,
        files: Sequence[Path] = (),
    ) -> None:
        """Change values of the box file, comments and all else left as they are; the one before is kept as ``.bak``.

        Args:
            base_version: the version that whoever changes it looked at.
            changes: new value by place, such as ``("cameras", "north-1", "masks")``.
            before_write: done before the box file is put in place, with nobody else changing anything.
            files: what else the version was told of.

        Raises:
            ConfigError: somebody changed it meanwhile, it cannot be written, or would be wrong afterwards.
        """
        with self._lock:
            if base_version != self.version(*files):
                raise ConfigError(f"{self.box_file.name}: was changed meanwhile; load the page anew and do it again")
            original = edited = self.box_file.read_text()
            for place, value in changes.items():
                edited = with_value(edited, place, value)
            if edited != original:
                self._check(edited)
            if before_write is not None:
                before_write()
            if edited != original:
                keep_and_write(self.box_file, edited)

    def tell_daemon(self) -> bool:
        """Make the daemon read what was changed; False where somebody must do that."""
        if self.reload is None:
            return False
        self.reload()
        return True

    def _check(self, text: str) -> None:
        """A box file that is wrong would stop the next start: it is read before it is put in place."""
        candidate = self.box_file.with_name(f".{self.box_file.name}.new")
        try:
            write_atomic(candidate, text)
            load_box(candidate, with_calibrations=False)
        except OSError as error:
            raise not_writable(candidate, error) from error
        finally:
            candidate.unlink(missing_ok=True)


def keep_and_write(path: Path, text: str) -> None:
    """Write a file, and keep the one before as ``.bak``.

    Raises:
        ConfigError: the folder cannot be written.
    """
    try:
        if path.exists():
            mode = path.stat().st_mode & 0o777
            write_atomic(path.with_name(path.name + ".bak"), path.read_bytes())
            path.with_name(path.name + ".bak").chmod(mode)
            write_atomic(path, text)
            path.chmod(mode)
        else:
            write_atomic(path, text)
    except OSError as error:
        raise not_writable(path, error) from error


def not_writable(path: Path, error: OSError) -> ConfigError:
    """What to do about a folder that this process may not write."""
    return ConfigError(
        f"{path}: cannot be written ({error.strerror}); let the user edgecv write that folder "
        f"(chgrp edgecv, chmod g+w; under systemd also ReadWritePaths={path.parent})"
    )
