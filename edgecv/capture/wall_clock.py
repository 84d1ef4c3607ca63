"""Wall time of a live stream's pictures: by the camera's RTCP reports where it sends them, else by the box's clock."""

from __future__ import annotations

import struct
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from edgecv.capture.packets import AnyPacket

_EARLIEST_S = 1577836800.0  # 2020: a camera that says earlier has never been told the time
_LEAST_RTCP_ERROR_S = 0.1
_RTCP_STEP_S = 0.1
_RTCP_STANDS_S = 30.0
"""Several reports, which come each 5 s or so: stamps that were set are off from the last report until the next."""
_BOX_ERROR_S = 0.5  # from the lens to the box: exposure, encoding, network and jitter of usual cameras
_PRODUCER_REFERENCE_TIME: Final = (
    "prft"  # FFmpeg's name; microseconds since 1970 at this packet's stamp, from RTCP reports
)


@dataclass(frozen=True, slots=True)
class Epoch:
    """Wall time of media time 0.

    Attributes:
        moment: in UTC.
        clock: whose time it is.
        error_s: how far it may be off. By RTCP: as far as the camera's clock is from the box's; no telling who is
            right. By the box's clock: what cameras and networks usually take.
    """

    moment: datetime
    clock: Literal["rtcp", "box"]
    error_s: float


class WallClock:
    """Follows one connection. Steps of the box's clock move the epoch, never the media time.

    Args:
        realtime: seconds since 1970.
        monotonic: seconds, never set.
    """

    def __init__(
        self, realtime: Callable[[], float] = time.time, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._realtime = realtime
        self._monotonic = monotonic
        self._least_s: float | None = None  # monotonic time of media time 0, by the quickest packet
        self._rtcp_s: float | None = None
        self._other_rtcp: tuple[float, float] | None = None  # what reports say since a moment, which may be a step

    def begin_anew(self) -> None:
        """Forget how media time and arrivals went together: media time runs otherwise from now on."""
        self._least_s = None

    def note(self, packet: AnyPacket, t_s: float) -> None:
        """A packet of media time ``t_s`` has just arrived."""
        self.note_arrival(t_s)
        reported = reported_time_s(packet)
        if reported is not None and reported > _EARLIEST_S:
            self._believe(reported - t_s)

    def _believe(self, rtcp_s: float) -> None:
        """Reports before and after a camera's clock was set contradict each other until one has stood for a while."""
        if self._rtcp_s is None or abs(rtcp_s - self._rtcp_s) < _RTCP_STEP_S:
            self._rtcp_s, self._other_rtcp = rtcp_s, None
            return
        now_s = self._monotonic()
        if self._other_rtcp is None or abs(rtcp_s - self._other_rtcp[0]) >= _RTCP_STEP_S:
            self._other_rtcp = (rtcp_s, now_s)
        elif now_s - self._other_rtcp[1] > _RTCP_STANDS_S:
            self._rtcp_s, self._other_rtcp = rtcp_s, None

    def note_arrival(self, t_s: float) -> None:
        """Something of media time ``t_s`` has just arrived."""
        arrived_s = self._monotonic() - t_s
        if self._least_s is None:
            self._least_s = arrived_s
        # let go of 1 ms each minute or so: the camera's crystal is not ours
        self._least_s = min(arrived_s, self._least_s + 1e-6)

    def epoch(self) -> Epoch:
        """Wall time of media time 0 as well as it is known now."""
        since_s = self._monotonic() if self._least_s is None else self._least_s
        box_s = since_s + self._realtime() - self._monotonic()
        if self._rtcp_s is None:
            return Epoch(datetime.fromtimestamp(box_s, UTC), "box", _BOX_ERROR_S)
        error_s = max(_LEAST_RTCP_ERROR_S, abs(self._rtcp_s - box_s))
        return Epoch(datetime.fromtimestamp(self._rtcp_s, UTC), "rtcp", round(error_s, 3))


def reported_time_s(packet: AnyPacket) -> float | None:
    """Seconds since 1970 at the packet's stamp, as its sender's RTCP reports say; None without reports."""
    if not packet.has_sidedata(_PRODUCER_REFERENCE_TIME):
        return None
    data = bytes(packet.get_sidedata(_PRODUCER_REFERENCE_TIME))
    return float(struct.unpack_from("=q", data)[0]) / 1e6 if len(data) >= 8 else None
