"""The process that brings messages upstream: a broker that stalls a TLS handshake stalls no camera."""

from __future__ import annotations

import time
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

from edgecv.config.known_secrets import register_secrets_of
from edgecv.config.upstream import Upstream
from edgecv.daemon.logs import LogForm, configure_logging
from edgecv.daemon.process import begin_child
from edgecv.storage.database import DATABASE
from edgecv.storage.incident_store import INCIDENTS
from edgecv.upstream.delivery_service import DeliveryService
from edgecv.upstream.target_sender import TargetStatus

_BEAT_S = 1.0
DRAIN_S = 3.0


@dataclass(frozen=True, slots=True)
class CourierBeat:
    """The courier is alive; how things stand with each target."""

    targets: dict[str, TargetStatus]


@dataclass(frozen=True, slots=True)
class CourierSpec:
    """What the courier is told."""

    site: str
    upstream: Upstream
    box_file: Path
    state: Path


def courier_main(spec: CourierSpec, pipe: Connection, log_form: LogForm, level: str) -> None:
    """Entry of the process; returns when told to stop."""
    stop = begin_child(name="courier")
    configure_logging(log_form, level, context={"worker": "courier"})
    register_secrets_of(spec.upstream)
    service = DeliveryService(spec.state / DATABASE, spec.site, spec.upstream, spec.box_file, spec.state / INCIDENTS)
    service.start()
    beat = 0.0
    while not stop.wait(0.1):
        if time.monotonic() < beat:
            continue
        beat = time.monotonic() + _BEAT_S
        try:
            pipe.send(CourierBeat(service.status()))
        except OSError:
            break  # the supervisor is gone
    service.stop(DRAIN_S)
