"""Whom the supervisor keeps running: a camera's worker or another device's handler, each with its orders."""

from __future__ import annotations

import logging
from pathlib import Path

from edgecv.config import Box
from edgecv.config.known_secrets import register_secret, register_secrets_of
from edgecv.daemon.camera_worker import worker_main
from edgecv.daemon.child import Child
from edgecv.daemon.device_worker import DeviceSpec, device_main, device_spec_of
from edgecv.daemon.logs import LogForm
from edgecv.daemon.worker_spec import WorkerSpec, spec_of

_log = logging.getLogger("edgecv.supervisor")
Orders = WorkerSpec | DeviceSpec


def all_orders(box: Box, state: Path, *, rehearsal: bool = False) -> dict[str, Orders]:
    """The orders of every camera and device, by id, cameras first.

    Raises:
        ConfigError: a calibration cannot be solved, a password cannot be read, a handler cannot be loaded.
    """
    register_secrets_of(box.settings)
    orders: dict[str, Orders] = {}
    for camera_id in box.camera_ids:
        spec, notes = spec_of(box, camera_id, state)
        if spec.stream.password:
            register_secret(spec.stream.password)
        for note in notes:
            _log.info(note)
        orders[camera_id] = spec
    for device_id in box.settings.devices:
        orders[device_id] = device_spec_of(box, device_id, state, rehearsal=rehearsal)
    return orders


def child_of(spec: Orders, log: tuple[LogForm, str]) -> Child:
    """The process for someone's orders, not started yet."""
    main = worker_main if isinstance(spec, WorkerSpec) else device_main
    return Child(spec.id, main, (spec,), log, spec.memory_mb, ends=spec.ends)
