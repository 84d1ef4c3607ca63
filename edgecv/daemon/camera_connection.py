"""One connection to a camera: opened, its frames analysed one after another, closed.

A thread of its own receives packets (:class:`edgecv.capture.reader.StreamReader`); whoever iterates over
:meth:`CameraConnection.frames` decodes and analyses them.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from av.video.frame import VideoFrame

from edgecv.audit.recording_findings import recorded_epoch
from edgecv.calibration.calibrated_camera import CalibratedCamera
from edgecv.capture import Frame, VideoFile
from edgecv.capture.luma import luma_of
from edgecv.capture.media_clock import MediaClock
from edgecv.capture.packets import AnyPacket, PacketRing
from edgecv.capture.picture_size import MAX_SIDE
from edgecv.capture.reader import StreamReader
from edgecv.capture.recording import Recording
from edgecv.capture.stream import LiveStream, StreamError, StreamSettings
from edgecv.capture.wall_clock import WallClock
from edgecv.classification import Finding
from edgecv.daemon.connection_counts import ConnectionCounts
from edgecv.daemon.footage import Footage, new_connection_name
from edgecv.daemon.load_shedding import LoadShedder
from edgecv.daemon.worker_spec import WorkerSpec
from edgecv.incidents.record import Clock
from edgecv.messages import camera as messages
from edgecv.motion_map import MotionMap
from edgecv.pipeline import Pipeline

RECORDINGS = "recordings"
MAX_PACKETS_WITHOUT_PICTURE = 150
"""A decoder that gave no picture for so many packets was given another codec: six seconds at 25 frames a second."""
_RING_SHARE = 5
"""One part in five of a worker's memory: 140 of 700 MB, enough for 20 s of 1080p25 in motion JPEG."""
_PACKET_WAIT_S = 0.2
"""Longest wait for a packet; the caller sends heartbeats in between."""
_USUAL_FPS = 25.0
"""Frame rate of a stream that does not tell its own."""
_READER_END_S = 8.0
"""A reader notices a stop at the next packet, or when the stream's own time limit of five seconds is over."""


@dataclass(frozen=True, slots=True)
class AnalysedFrame:
    """A decoded picture, its luma with media time, and the findings that became certain with it."""

    picture: VideoFrame
    frame: Frame
    findings: list[Finding]


@dataclass(frozen=True, slots=True)
class _Analysis:
    """What exists from the first picture on, when size and first time stamp are known."""

    size_px: tuple[int, int]
    clock: MediaClock
    pipeline: Pipeline
    footage: Footage


class CameraConnection:
    """An open stream on its way through the pipeline.

    Args:
        stream: open; closed with the connection.
        spec: the camera's orders.
        motion_map: the camera's usual motion, which outlives the connection.

    Attributes:
        lag_s: how long the oldest packet waited when the newest one was taken, seconds.
    """

    def __init__(self, stream: LiveStream, spec: WorkerSpec, motion_map: MotionMap | None = None) -> None:
        self._notes: dict[str, str] = {}
        self.lag_s = 0.0
        self._stream = stream
        self._spec = spec
        self._motion_map = motion_map
        self._is_live = not spec.stream.is_file
        self._wall = WallClock()
        self._ring = PacketRing(stream.base, most_bytes=spec.memory_mb * 2**20 // _RING_SHARE)
        self._recorded_epoch: tuple[datetime, Clock] | None = None
        if self._is_live:
            self._name: str | None = new_connection_name(self._wall)
        else:
            self._recorded_epoch, self._name = _recorded(spec.stream)
        if stream.warning is not None:
            self._notes["decoding"] = stream.warning
        self._recording = self._start_recording()
        self._reader = StreamReader(
            stream, self._ring, self._wall, None if self._recording is None else self._recording.put
        )
        self._load_shedder = LoadShedder()
        self._analysis: _Analysis | None = None
        self._packets_without_picture = 0
        self._decode_s = self._analysis_s = 0.0
        self._reader.start()

    @property
    def notes(self) -> dict[str, str]:
        """What works right now but not as it should, by subject, in words."""
        notes = dict(self._notes)
        if self._recording is not None and self._recording.problem is not None:
            notes["recording"] = self._recording.problem
        stamps = self._stream.stamps
        if stamps.rate is not None:
            notes["clock"] = messages.STAMPS_AT_OTHER_RATE(rate=stamps.rate)
        elif stamps.by_arrival and self._is_live:
            notes["clock"] = messages.NO_STAMPS()
        elif stamps.step_count:
            notes["clock"] = messages.CLOCK_STEPS()
        return notes

    @property
    def pipeline(self) -> Pipeline | None:
        """The pipeline, from the first picture on."""
        return None if self._analysis is None else self._analysis.pipeline

    @property
    def footage(self) -> Footage:
        """The packets that findings are evidenced with; there from the first picture on."""
        assert self._analysis is not None
        return self._analysis.footage

    @property
    def codec(self) -> str:
        """FFmpeg's name of the stream's codec."""
        return self._stream.codec

    def frames(self) -> Iterator[AnalysedFrame | None]:
        """Decode and analyse pictures until the stream ends; None after each packet and each wait for one.

        Raises:
            StreamError: the connection broke off, or its pictures changed.
        """
        backlog = self._reader.backlog
        while True:
            packet = backlog.take(_PACKET_WAIT_S)
            self.lag_s = backlog.lag_s()
            if packet is not None:
                yield from self._analyse(packet)
            elif backlog.over:
                break
            yield None
        yield from self._analyse(None)
        if self._reader.problem is not None:
            raise self._reader.problem

    def flush(self) -> list[Finding]:
        """What the pipeline still held open; only when no more frames are taken."""
        return [] if self._analysis is None else self._analysis.pipeline.flush()

    def close(self, keep_waiting: Callable[[], bool]) -> None:
        """End the connection.

        Args:
            keep_waiting: called several times a second while the reader ends; False gives it up.
        """
        if self._analysis is not None:
            self._analysis.footage.ended = True
        self._reader.stop()
        deadline = time.monotonic() + _READER_END_S
        while self._reader.is_alive() and time.monotonic() < deadline and keep_waiting():
            self._reader.join(_PACKET_WAIT_S)
        if not self._reader.is_alive():  # else it hangs in the network: left to the end of the process
            self._stream.close()
        if self._recording is not None:
            self._recording.finish()

    def counts(self) -> ConnectionCounts:
        """What it has counted so far."""
        reader, backlog = self._reader, self._reader.backlog
        counts = ConnectionCounts(
            connections=1,
            packets=reader.received_packets,
            bytes=reader.received_bytes,
            dropped_packets=backlog.dropped_packets,
            dropped_groups=backlog.dropped_groups,
            decode_errors=self._stream.decode_errors,
            thinned_frames=self._load_shedder.skipped_frames,
            decode_seconds=self._decode_s,
            analysis_seconds=self._analysis_s,
        )
        if self._analysis is None:
            return counts
        pipeline_counts = self._analysis.pipeline.counts
        return replace(
            counts,
            frames=pipeline_counts.frames,
            tracks=pipeline_counts.tracks,
            paths_left_out=pipeline_counts.left_out,
            verdicts=pipeline_counts.verdicts.copy(),
        )

    def gauges(self) -> dict[str, float]:
        """What goes up and down, by metric name."""
        return {"lag_seconds": self.lag_s, "ring_bytes": float(self._ring.held_bytes)}

    def _analyse(self, packet: AnyPacket | None) -> Iterator[AnalysedFrame]:
        """Decode a packet (None: what the decoder still holds) and analyse its pictures."""
        began = time.perf_counter()
        pictures = self._stream.decode(packet)
        self._decode_s += time.perf_counter() - began
        self._packets_without_picture = 0 if pictures else self._packets_without_picture + 1
        if self._packets_without_picture > MAX_PACKETS_WITHOUT_PICTURE:
            raise StreamError(messages.CODEC_CHANGED(source=self._stream.settings.shown), "damaged")
        for picture in pictures:
            if self._is_live and self._load_shedder.skips_frame(self.lag_s):
                continue
            began = time.perf_counter()
            frame, findings = self._process(picture)
            self._analysis_s += time.perf_counter() - began
            yield AnalysedFrame(picture, frame, findings)

    def _process(self, picture: VideoFrame) -> tuple[Frame, list[Finding]]:
        if self._analysis is None:
            self._analysis = self._begin(picture)
        analysis, size = self._analysis, (picture.width, picture.height)
        if size != analysis.size_px:
            before, after = _size_text(analysis.size_px), _size_text(size)
            text = messages.SIZE_CHANGED(source=self._stream.settings.shown, before=before, after=after)
            raise StreamError(text, "ended")
        t_s = analysis.clock.time_of(picture.pts)
        frame = Frame(analysis.pipeline.counts.frames, t_s, luma_of(picture, analysis.footage.rotation_deg))
        findings = analysis.pipeline.process(frame)
        analysis.footage.reached_s = t_s
        return frame, findings

    def _begin(self, picture: VideoFrame) -> _Analysis:
        """Build clock, pipeline and footage for pictures like this one."""
        stream, size = self._stream, (picture.width, picture.height)
        if max(size) > MAX_SIDE:
            most = _size_text((MAX_SIDE, MAX_SIDE))
            raise StreamError(
                messages.TOO_LARGE(source=stream.settings.shown, size=_size_text(size), most=most), "damaged"
            )
        rotation_deg = int(getattr(picture, "rotation", 0) or 0) % 360
        if rotation_deg % 90 != 0:
            rotation_deg = 0
        camera = self._fitting_camera(size[::-1] if rotation_deg in {90, 270} else size)
        first_pts, first_packet_pts = picture.pts or 0, self._reader.first_pts
        footage = Footage(
            stream,
            camera,
            self._ring,
            self._wall,
            self._name,
            lead_pts=0 if first_packet_pts is None else first_pts - first_packet_pts,
            first_pts=first_pts,
            rotation_deg=rotation_deg,
            recorded_epoch=self._recorded_epoch,
        )
        clock = MediaClock(picture.pts, stream.base, 1.0 / (stream.average_fps or _USUAL_FPS))
        return _Analysis(
            size,
            clock,
            Pipeline(camera.pinhole, masks=camera.masks, plan=camera.plan, motion_map=self._motion_map),
            footage,
        )

    def _fitting_camera(self, upright: tuple[int, int]) -> CalibratedCamera:
        """The camera, without its calibration where that was made for pictures of another size."""
        camera = self._spec.camera
        if camera.image_size is None or camera.image_size == upright:
            return camera
        self._notes["calibration"] = messages.CALIBRATED_AT_OTHER_SIZE(
            size=_size_text(upright), calibrated=_size_text(camera.image_size)
        )
        return replace(camera, pinhole=None, plan=None, masks=())

    def _start_recording(self) -> Recording | None:
        if self._spec.record_hours <= 0 or self._name is None:
            return None
        folder = self._spec.state / RECORDINGS / self._spec.id
        stream = self._stream
        recording = Recording(folder, stream.template, stream.base, self._name, self._wall.epoch().moment)
        recording.start()
        return recording


def _recorded(settings: StreamSettings) -> tuple[tuple[datetime, Clock], str | None]:
    """When a recorded file began, and the name of the live connection that it is a recording of."""
    with VideoFile(Path(settings.address)) as video:
        info = video.info
    moment, clock, name = recorded_epoch(info, info.duration_s or 0.0)
    return (moment, clock), name


def _size_text(size_px: tuple[int, int]) -> str:
    return f"{size_px[0]}x{size_px[1]}"
