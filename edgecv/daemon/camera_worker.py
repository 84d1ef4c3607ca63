"""One camera's process: packets in, findings to the recorder, a heartbeat a second.

Threads: the reader receives packets, this one decodes and analyses them, the recorder writes records and evidence. Only
this one sends heartbeats, so that a picture that hangs the analysis is noticed.
"""

from __future__ import annotations

import logging
import signal
import sys
import time
from collections import Counter
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime
from multiprocessing.connection import Connection
from pathlib import Path
from threading import Event

import cv2

from edgecv.capture import VideoFile
from edgecv.capture.packets import AnyPacket, PacketRing, stamp_of
from edgecv.capture.reader import Reader
from edgecv.capture.recording import Recording
from edgecv.capture.stream import LiveStream, StreamError, StreamSource
from edgecv.capture.wall_clock import WallClock
from edgecv.daemon.backoff import Backoff
from edgecv.daemon.frame_processor import Watching
from edgecv.daemon.live_session import LiveSession, new_session_name
from edgecv.daemon.live_snapshots import StillFiles, Stills
from edgecv.daemon.load_shedding import Thinning
from edgecv.daemon.logs import LogForm, configure_logging, register_secret, register_secrets_of
from edgecv.daemon.process import begin_child
from edgecv.daemon.recorder import Recorder
from edgecv.daemon.visibility_monitor import SelfWatch
from edgecv.daemon.worker_messages import Heartbeat, NewSetUp, WorkerState
from edgecv.daemon.worker_spec import WorkerSpec
from edgecv.incidents.record import Clock
from edgecv.replay import recorded_epoch

_log = logging.getLogger("edgecv.worker")
_BEAT_S = 1.0
_OPEN_S = 25.0  # a name that resolves slowly, an answer that comes late
_HEALTHY_S = 30.0
_SHARE_OF_PACKETS = 5  # of a worker's memory: 140 of 700 MB, enough for 20 s of 1080p25 in motion JPEG
_PATIENCE_S = 600.0  # a disk that is full at the end of a recorded file
_HURRY_S = 4.5  # of the six seconds that the supervisor gives
_STOPPED = 128 + signal.SIGTERM  # a recorded file that somebody else stopped is not over
RECORDINGS = "recordings"


def worker_main(spec: WorkerSpec, pipe: Connection, log_form: LogForm, level: str) -> None:
    """Entry of the process; returns when told to stop, or when a recorded file is over."""
    stop = begin_child(spec.memory_mb, name=spec.id)
    configure_logging(log_form, level, context={"camera": spec.id})
    register_secrets_of(spec.source.address)
    if spec.source.password:
        register_secret(spec.source.password)
    cv2.setNumThreads(1)
    if not CameraWorker(spec, pipe, stop).run():
        sys.exit(_STOPPED)


class CameraWorker:
    """Watches one camera until it is told to stop.

    Args:
        spec: the camera's orders.
        pipe: to the supervisor.
        stop: set when it is to stop.
    """

    def __init__(self, spec: WorkerSpec, pipe: Connection, stop: Event) -> None:
        self._spec = spec
        self._pipe = pipe
        self._stop = stop
        self._recorder = Recorder(spec)
        self._watch = SelfWatch(spec, self._recorder.say)
        self._stills = Stills(StillFiles(spec.state, spec.id))
        self._state: WorkerState = "starting"
        self._text = "starting"
        self._picture = False
        self._next_beat = 0.0
        self._notes: dict[str, str] = {}
        self._counts: dict[str, float] = dict.fromkeys(
            ("frames", "packets", "bytes", "dropped_packets", "dropped_groups", "decode_errors", "connections"), 0.0
        )
        self._counts |= {"decode_seconds": 0.0, "analysis_seconds": 0.0, "tracks": 0.0, "thinned_frames": 0.0}
        self._thinning = Thinning()
        self._gauges: dict[str, float] = {}
        self._verdicts: dict[str, int] = {}

    def run(self) -> bool:
        """Connect, watch, connect again; whether a recorded file is over, rather than told to stop."""
        self._recorder.start()
        backoff = Backoff(0.5, 15.0)
        while not self._stop.is_set():
            self._say("connecting", f"connecting to {self._spec.source.shown}")
            began = time.monotonic()
            try:
                stream = self._connected()
                if stream is None:
                    break
                self._counts["connections"] += 1
                problem = self._session(stream)
            except StreamError as error:
                problem = error
            if self._stop.is_set() or (problem is None and self._spec.source.is_file):
                break
            text = str(problem) if problem is not None else "the connection ended"
            if time.monotonic() - began > _HEALTHY_S:
                backoff.reset()
            state: WorkerState = "login_refused" if problem and problem.kind == "login" else "unreachable"
            pause_s = backoff.next_s(slow=state == "login_refused")  # a camera locks out who knocks too often
            _log.warning("%s; trying again in %.1f s", text, pause_s)
            self._say(state, text)
            self._wait(pause_s)
        self._finish_evidence()
        finished = not self._stop.is_set()
        self._say("finished" if finished else "stopping", "the recorded file is over" if finished else "stopping")
        return finished

    def _finish_evidence(self) -> None:
        """A recorded file is over when all it gave is on the disk, however slow that is; a stop cannot wait so long."""
        recorder = self._recorder
        self._say("stopping", "finishing evidence")
        recorder.end(_PATIENCE_S)
        while recorder.is_alive() and not self._stop.is_set():
            recorder.join(0.2)
            self._beat()
        if recorder.is_alive():
            recorder.end(_HURRY_S)
            recorder.join(_HURRY_S + 0.5)
        if recorder.is_alive():
            _log.warning("stopped before all evidence was sealed; the next start does it with what there is")

    def _connected(self) -> LiveStream | None:
        """Open the stream in another thread: this one must go on beating. None when told to stop meanwhile."""
        opener = ThreadPoolExecutor(1, "opener")
        opening: Future[LiveStream] = opener.submit(LiveStream, self._spec.source)
        opener.shutdown(wait=False)
        deadline = time.monotonic() + _OPEN_S
        while not opening.done():
            if self._stop.is_set():
                return None
            if time.monotonic() > deadline:
                raise StreamError(f"{self._spec.source.shown}: gives no answer", "unreachable")
            self._beat()
            time.sleep(0.02)
        return opening.result()

    def _session(self, stream: LiveStream) -> StreamError | None:
        """Watch one connection until it ends; why it did, or None at the end of a file or when told to stop."""
        source = self._spec.source
        if stream.warning is not None:
            self._note("decoding", stream.warning)
        wall = WallClock()
        ring = PacketRing(stream.base, most_bytes=self._spec.memory_mb * 2**20 // _SHARE_OF_PACKETS)
        session = LiveSession(stream, self._spec.camera, ring, wall, None if source.is_file else new_session_name(wall))
        if source.is_file:
            session.recorded, session.name = _recorded(source)
        recording = self._recording(session)
        reader = Reader(stream, ring, wall, None if recording is None else recording.put)
        reader.start()
        watching = Watching(session, self._spec)
        base, verdicts = dict(self._counts), Counter(self._verdicts)
        try:
            while not self._stop.is_set():
                packet = reader.backlog.take(0.2)
                self._gauges["lag_seconds"] = reader.backlog.lag_s()
                if packet is None and reader.backlog.over:
                    break
                if packet is not None:
                    if session.first_packet_pts is None:
                        session.first_packet_pts = stamp_of(packet)
                    self._decode(watching, packet)
                self._tell(base, verdicts, reader, watching)
            if not self._stop.is_set():
                self._decode(watching, None)
        except StreamError as error:
            return error
        else:
            return reader.problem
        finally:
            # a recorded file begins anew next time: half a fall would then be found a second time, as another one
            if not (source.is_file and self._stop.is_set()):
                for finding in watching.flush():
                    self._recorder.found(finding, session)
            session.over = True
            self._stills.close()
            self._close(stream, reader, recording)
            self._count(base, verdicts, reader, watching)
            self._watch.connection_ended()

    def _decode(self, watching: Watching, packet: AnyPacket | None) -> None:
        """Decode a packet (None: what the decoder still holds) and analyse its pictures."""
        began = time.perf_counter()
        pictures = watching.session.stream.decode(packet)
        self._counts["decode_seconds"] += time.perf_counter() - began
        watching.check_decoder(bool(pictures))
        lag_s = self._gauges.get("lag_seconds", 0.0)
        for picture in pictures:
            if not self._spec.source.is_file and self._thinning.leaves_out(lag_s):
                continue
            began = time.perf_counter()
            frame, findings = watching.take(picture)
            self._counts["analysis_seconds"] += time.perf_counter() - began
            for finding in findings:
                self._recorder.found(finding, watching.session)
            if watching.note is not None:
                self._note("calibration", watching.note)
            if not self._picture or self._state != "watching":
                self._picture = True
                self._say("watching", f"{frame.luma.shape[1]}x{frame.luma.shape[0]} {watching.session.stream.codec}")
            self._stills.offer(picture)
            self._watch.look(frame, watching.pipeline, lag_s)

    def _tell(self, base: dict[str, float], verdicts: Counter[str], reader: Reader, watching: Watching) -> None:
        """Count and beat, once a second: each picture's milliseconds are for the picture."""
        if self._beat_is_due:
            self._count(base, verdicts, reader, watching)
            self._beat()

    def _count(self, base: dict[str, float], verdicts: Counter[str], reader: Reader, watching: Watching) -> None:
        """Count on from what earlier connections came to."""
        counts, backlog = self._counts, reader.backlog
        counts["packets"] = base["packets"] + reader.received_packets
        counts["bytes"] = base["bytes"] + reader.received_bytes
        counts["dropped_packets"] = base["dropped_packets"] + backlog.dropped_packets
        counts["dropped_groups"] = base["dropped_groups"] + backlog.dropped_groups
        counts["thinned_frames"] = self._thinning.left_out
        counts["decode_errors"] = base["decode_errors"] + watching.session.stream.decode_errors
        seen = watching.pipeline.counts if watching.pipeline is not None else None
        if seen is not None:
            counts["frames"] = base["frames"] + seen.frames
            counts["tracks"] = base["tracks"] + seen.tracks
            self._verdicts = dict(verdicts + Counter(seen.verdicts))
        self._gauges["ring_bytes"] = watching.session.ring.held_bytes

    def _recording(self, session: LiveSession) -> Recording | None:
        if self._spec.record_hours <= 0 or session.name is None:
            return None
        folder = self._spec.state / RECORDINGS / self._spec.id
        stream = session.stream
        recording = Recording(folder, stream.template, stream.base, session.name, session.wall.epoch().moment)
        recording.start()
        return recording

    def _close(self, stream: LiveStream, reader: Reader, recording: Recording | None) -> None:
        reader.stop()
        deadline = time.monotonic() + 8.0
        while reader.is_alive() and time.monotonic() < deadline and not self._stop.is_set():
            reader.join(0.2)
            self._beat()
        if not reader.is_alive():  # else it hangs in the network: left to the end of the process, its socket with it
            stream.close()
        if recording is not None:
            recording.finish()
            if recording.problem is not None:
                self._note("recording", recording.problem)

    def _wait(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0 and not self._stop.wait(min(0.2, left)):
            self._watch.no_picture(min(0.2, left))
            self._beat()

    def _note(self, about: str, text: str) -> None:
        if self._notes.get(about) != text:
            self._notes[about] = text
            _log.warning(text)
            self._recorder.say(about, text)

    def _say(self, state: WorkerState, text: str) -> None:
        self._state, self._text = state, text
        self._next_beat = 0.0
        self._beat()

    @property
    def _beat_is_due(self) -> bool:
        return time.monotonic() >= self._next_beat

    def _beat(self) -> None:
        if not self._beat_is_due:
            return
        self._next_beat = time.monotonic() + _BEAT_S
        recorder = self._recorder
        degraded = [*self._notes.values(), *self._watch.problems()]
        if recorder.problem is not None:
            degraded.append(recorder.problem)
        gauges = self._gauges | self._watch.gauges() | {"unsaved_records": float(recorder.unsaved)}
        if recorder.last_incident_s is not None:
            gauges["last_incident_seconds"] = recorder.last_incident_s
        counts = self._counts | {"incidents": float(recorder.incidents), "candidates": float(recorder.candidates)}
        beat = Heartbeat(self._state, self._text, self._picture, tuple(degraded), counts, gauges, dict(self._verdicts))
        try:
            self._pipe.send(beat)
            while self._pipe.poll():
                message = self._pipe.recv()
                if isinstance(message, NewSetUp):
                    self._spec = replace(
                        self._spec, camera=replace(self._spec.camera, config_sha256=message.config_sha256)
                    )
        except (OSError, EOFError):
            self._stop.set()  # the supervisor is gone


def _recorded(source: StreamSource) -> tuple[tuple[datetime, Clock], str | None]:
    """When a recorded file began, and the live connection it is a recording of."""
    with VideoFile(Path(source.address)) as video:
        info = video.info
    moment, clock, session = recorded_epoch(info, info.duration_s or 0.0)
    return (moment, clock), session
