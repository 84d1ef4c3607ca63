"""What a camera's worker is told: everything it needs, so that it reads no box file of its own."""

from __future__ import annotations

import pickle
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import yaml

from edgecv.calibration.calibrated_camera import CalibratedCamera
from edgecv.calibration.camera import camera_of
from edgecv.capture.stream import StreamSource
from edgecv.config import Box
from edgecv.config.secrets import read_secret
from edgecv.config.stream_address import full_address
from edgecv.daemon.worker_messages import NewSetUp


@dataclass(frozen=True, slots=True)
class WorkerSpec:
    """One camera's orders.

    Attributes:
        camera: site, id, calibration, floors and masks.
        source: what to open.
        state: the state directory.
        record_hours: how much of everything it sees is kept.
        memory_mb: what it may use.
        sensitivity_test_at: local time HH:MM of its daily test, or None.
        set_up: ``box.yaml`` and ``calibration.yaml`` of this camera alone, for its evidence; no address in it.
    """

    camera: CalibratedCamera
    source: StreamSource
    state: Path
    record_hours: float
    memory_mb: int
    sensitivity_test_at: str | None
    set_up: dict[str, str] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """The camera's id."""
        return self.camera.device

    @property
    def ends(self) -> bool:
        """Whether it may end by itself: a recorded file is over some time."""
        return self.source.is_file

    def new_set_up(self) -> NewSetUp:
        """What a process that goes on after a reload is told."""
        return NewSetUp(self.camera.config_sha256)

    def fingerprint(self) -> bytes:
        """The same bytes for the same orders; the box file's hash does not count, for it changes with any comment."""
        return pickle.dumps(replace(self, camera=replace(self.camera, config_sha256=None)))


def spec_of(box: Box, camera_id: str, state: Path) -> tuple[WorkerSpec, tuple[str, ...]]:
    """One camera's orders, and what to say of its calibration.

    Raises:
        ConfigError: its calibration cannot be solved, or its password cannot be read.
    """
    settings = box.settings.cameras[camera_id]
    solved = camera_of(box, camera_id)
    user = password = None
    if settings.login is not None:
        user = settings.login.user
        password = read_secret(settings.login.password_file, box.path, f"cameras.{camera_id}.login.password_file")
    spec = WorkerSpec(
        camera=solved.camera,
        source=StreamSource(
            full_address(settings.source, box.path),
            settings.transport,
            user,
            password,
            settings.decoding,
            settings.capture.size,
            settings.capture.fps,
        ),
        state=state,
        record_hours=box.settings.storage.record_hours,
        memory_mb=box.settings.service.worker_memory_mb,
        sensitivity_test_at=box.settings.service.sensitivity_test_at,
        set_up=_set_up(box, camera_id),
    )
    return spec, solved.notes


def _set_up(box: Box, camera_id: str) -> dict[str, str]:
    """A box file with nothing but this camera, which an auditor replays its evidence with."""
    settings = box.settings.cameras[camera_id]
    names = {name for name in (settings.facade, *settings.also_sees) if name is not None}
    camera: dict[str, Any] = {"source": "clip.mp4"}
    if settings.facade is not None:
        camera["facade"] = settings.facade
    if settings.also_sees:
        camera["also_sees"] = list(settings.also_sees)
    if settings.masks:
        camera["masks"] = [mask.model_dump(mode="json") for mask in settings.masks]
    files: dict[str, str] = {}
    calibration = box.calibrations.get(camera_id)
    if calibration is not None:
        camera["calibration"] = "calibration.yaml"
        files["calibration.yaml"] = _yaml(calibration.model_dump(mode="json", exclude_defaults=True))
    document: dict[str, Any] = {"site": box.site}
    facades = {n: f.model_dump(mode="json", exclude_defaults=True) for n, f in box.settings.facades.items()}
    if names:
        document["facades"] = {name: facade for name, facade in facades.items() if name in names}
    document["cameras"] = {camera_id: camera}
    return {"box.yaml": _yaml(document), **files}


def _yaml(document: dict[str, Any]) -> str:
    return yaml.safe_dump(document, allow_unicode=True, sort_keys=False)
