"""What a camera's worker is told: everything it needs, so that it reads no box file of its own."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from edgecv.calibration.calibrated_camera import CalibratedCamera
from edgecv.calibration.camera import camera_of
from edgecv.capture.stream import StreamSettings
from edgecv.config import Box, Calibration
from edgecv.config.box import BoxFile
from edgecv.config.secrets import read_secret
from edgecv.config.stream_address import resolved_address
from edgecv.config.yaml_writer import single_camera_box, yaml_text
from edgecv.daemon.worker_messages import NewSetUp
from edgecv.evidence.file_names import SET_UP

_BOX_FILE, _CALIBRATION_FILE = SET_UP


@dataclass(frozen=True, slots=True)
class ReplaySetup:
    """Box file and calibration of one camera alone, with which an auditor replays its clips; no address in it."""

    box: BoxFile
    calibration: Calibration | None

    def files(self, clip: str) -> dict[str, str]:
        """The files' contents by name, for a clip of that file name."""
        (camera_id, camera), *_ = self.box.cameras.items()
        cameras = {camera_id: camera.model_copy(update={"source": clip})}
        files = {_BOX_FILE: yaml_text(self.box.model_copy(update={"cameras": cameras}))}
        return files if self.calibration is None else files | {_CALIBRATION_FILE: yaml_text(self.calibration)}


@dataclass(frozen=True, slots=True)
class WorkerSpec:
    """One camera's orders; equal where they are the same, whatever a comment did to the box file's hash.

    Attributes:
        camera: site, id, calibration, floors and masks; solved from ``replay_setup``, which is compared in its place.
        stream: what to open.
        state: the state directory.
        record_hours: how much of everything it sees is kept.
        memory_mb: what it may use.
        sensitivity_test_at: local time HH:MM of its daily test, or None.
        replay_setup: goes into its evidence.
    """

    camera: CalibratedCamera = field(compare=False)
    stream: StreamSettings
    state: Path
    record_hours: float
    memory_mb: int
    sensitivity_test_at: str | None
    replay_setup: ReplaySetup

    @property
    def id(self) -> str:
        """The camera's id."""
        return self.camera.device

    @property
    def ends(self) -> bool:
        """Whether it may end by itself: a recorded file is over some time."""
        return self.stream.is_file

    def new_set_up(self) -> NewSetUp:
        """What a process that goes on after a reload is told."""
        return NewSetUp(self.camera.config_sha256)


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
        stream=StreamSettings(
            resolved_address(settings.source, box.path),
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
        replay_setup=ReplaySetup(
            single_camera_box(box, camera_id, "clip.mp4", _CALIBRATION_FILE), box.calibrations.get(camera_id)
        ),
    )
    return spec, solved.notes
