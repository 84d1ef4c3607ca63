"""The recent footage of one connection: its last packets with their media and wall time, for records and evidence.

The recorder keeps it until the evidence of its last incident is written, also after the connection has ended.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from edgecv.calibration.calibrated_camera import CalibratedCamera
from edgecv.capture import LazyBgrFrame
from edgecv.capture.packets import AnyPacket, PacketRing
from edgecv.capture.stream import LiveStream
from edgecv.capture.wall_clock import WallClock
from edgecv.errors import InputError
from edgecv.evidence.clip import Clip, write_clip
from edgecv.incidents.record import Clock
from edgecv.incidents.record_builder import Provenance


@dataclass(slots=True)
class Footage:
    """What findings of one connection need to become incidents with evidence.

    Attributes:
        stream: the stream; after its end only its template is used.
        camera: calibration and floors that fit its pictures.
        ring: its last packets.
        wall: its wall time.
        name: unlike any other connection's; None for a recorded file, whose incidents are those of a replay.
        lead_pts: ticks from the first packet, where the wall clock's media time is 0, to the first picture.
        first_pts: stamp of the first picture, where media time is 0.
        rotation_deg: how its pictures must be turned, counter-clockwise: 0, 90, 180 or 270.
        recorded_epoch: a recorded file's wall time and where it comes from; None if live.
        reached_s: media time reached.
        ended: whether no more packets will come.
    """

    stream: LiveStream
    camera: CalibratedCamera
    ring: PacketRing
    wall: WallClock
    name: str | None
    lead_pts: int = 0
    first_pts: int = 0
    rotation_deg: int = 0
    recorded_epoch: tuple[datetime, Clock] | None = None
    reached_s: float = 0.0
    ended: bool = False

    def provenance(self) -> Provenance:
        """Whose footage it is and when it began, as well as that is known now."""
        camera, address = self.camera, self.stream.settings.shown
        plan, sha256 = camera.plan, camera.config_sha256
        if self.recorded_epoch is not None:
            moment, clock = self.recorded_epoch
            return Provenance(camera.site, camera.device, address, moment, clock, plan, sha256)
        epoch = self.wall.epoch()
        return Provenance(
            camera.site,
            camera.device,
            address,
            epoch.moment + timedelta(seconds=float(self.lead_pts * self.stream.base)),
            epoch.clock,
            plan,
            sha256,
            clock_error_s=epoch.error_s,
            session=self.name,
        )

    def frames(self, start_s: float, end_s: float) -> Iterator[tuple[float, LazyBgrFrame]]:
        """Upright pictures between two media times with those times, from packets in memory.

        Raises:
            InputError: the packets are no longer there.
        """
        for picture in self.stream.pictures_of(self._packets(start_s, end_s)):
            if picture.pts is None:
                continue
            t_s = float((picture.pts - self.first_pts) * self.stream.base)
            if start_s - 1e-6 <= t_s <= end_s + 1e-6:
                yield t_s, LazyBgrFrame(picture, self.rotation_deg)

    def cut(
        self,
        destination: Path,
        start_s: float,
        end_s: float,
        describe: Callable[[Clip], None] = lambda _clip: None,
        *,
        flush: bool = True,
    ) -> Clip:
        """Write the packets between two media times to a clip; see :func:`edgecv.evidence.clip.write_clip`.

        Raises:
            InputError: they are no longer there.
            OSError: the disk is full or failed.
        """
        packets = self._packets(start_s, end_s)
        stream = self.stream
        return write_clip(destination, stream.template, packets, stream.base, self.first_pts, describe, flush=flush)

    def reaches_back_to(self, t_s: float) -> bool:
        """Whether packets in memory still show a media time; those of a high bit rate do not for long."""
        pts = self.first_pts + round(t_s / self.stream.base)
        return bool(self.ring.between(pts, pts))

    def _packets(self, start_s: float, end_s: float) -> list[AnyPacket]:
        base = self.stream.base
        start, end = self.first_pts + round(max(0.0, start_s) / base), self.first_pts + round(end_s / base)
        packets = self.ring.between(start, end)
        if not packets:
            raise InputError(f"{self.stream.settings.shown}: packets of {start_s:.1f}-{end_s:.1f} s are no longer kept")
        return packets


def new_connection_name(wall: WallClock) -> str:
    """A name no other connection has, even where the box's clock is set back: its begin and a random part."""
    return f"{wall.epoch().moment:%Y%m%dT%H%M%S.%f}Z-{secrets.token_hex(3)}"
