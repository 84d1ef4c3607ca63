"""One camera's process: connect, process frames, reconnect; a heartbeat a second.

Threads: the reader receives packets, this one decodes and analyses them, the recorder writes records and evidence. Only
this one sends heartbeats, so that a picture that hangs the analysis is noticed.
"""

from __future__ import annotations

import logging
import signal
import sys
import time
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from multiprocessing.connection import Connection
from threading import Event

import cv2

from edgecv.capture.stream import LiveStream, StreamError
from edgecv.config.known_secrets import register_secret, register_secrets_of
from edgecv.daemon.backoff import Backoff
from edgecv.daemon.camera_connection import AnalysedFrame, CameraConnection
from edgecv.daemon.connection_counts import ConnectionCounts
from edgecv.daemon.live_snapshots import LiveSnapshots, SnapshotFiles
from edgecv.daemon.logs import LogForm, configure_logging
from edgecv.daemon.motion_map_store import MotionMapStore
from edgecv.daemon.process import begin_child
from edgecv.daemon.recorder import Recorder
from edgecv.daemon.visibility_monitor import VisibilityMonitor
from edgecv.daemon.worker_messages import Heartbeat, NewSetUp, WorkerState
from edgecv.daemon.worker_spec import WorkerSpec
from edgecv.messages import camera as messages

_log = logging.getLogger("edgecv.worker")
_BEAT_S = 1.0
_OPEN_S = 25.0
"""Longest wait for a stream to open: a name that resolves slowly, then a camera that answers late."""
_OPEN_POLL_S = 0.02
_WAIT_POLL_S = 0.2
_FIRST_PAUSE_S = 0.5
_LONGEST_PAUSE_S = 15.0
"""Between attempts to connect: a camera that comes back is seen again within this time."""
_HEALTHY_S = 30.0
"""A connection that lasted so long begins the pauses between attempts anew."""
_EVIDENCE_S = 600.0
"""How long the end of a recorded file waits for a disk that is full."""
_HURRIED_EVIDENCE_S = 4.5
"""Of the six seconds that the supervisor gives a worker to stop."""
_PASSING = frozenset({"recording"})
"""Subjects that may come right again while the connection lasts."""
_STOPPED = 128 + signal.SIGTERM
"""Exit code of a worker whose recorded file was stopped before its end."""


def worker_main(spec: WorkerSpec, pipe: Connection, log_form: LogForm, level: str) -> None:
    """Entry of the process; returns when told to stop, or when a recorded file is over."""
    stop = begin_child(spec.memory_mb, name=spec.id)
    configure_logging(log_form, level, context={"camera": spec.id})
    register_secrets_of(spec.stream.address)
    if spec.stream.password:
        register_secret(spec.stream.password)
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
        self._motion = MotionMapStore(spec.state, spec.id, lasting=not spec.stream.is_file)
        self._visibility = VisibilityMonitor(spec, self._recorder.send_event, self._motion.begin_anew)
        self._snapshots = LiveSnapshots(SnapshotFiles(spec.state, spec.id))
        self._state: WorkerState = "starting"
        self._text: str = messages.STARTING()
        self._had_picture = False
        self._next_beat = 0.0
        self._notes: dict[str, str] = {}
        self._connection: CameraConnection | None = None
        self._earlier_counts = ConnectionCounts()
        self._gauges: dict[str, float] = {}

    def run(self) -> bool:
        """Connect, process, reconnect; whether a recorded file is over, rather than told to stop."""
        self._recorder.start()
        backoff = Backoff(_FIRST_PAUSE_S, _LONGEST_PAUSE_S)
        while not self._stop.is_set():
            began, problem = time.monotonic(), None
            try:
                connection = self._connect()
                if connection is None:
                    break
                self._process(connection)
            except StreamError as error:
                problem = error
            if self._stop.is_set() or (problem is None and self._spec.stream.is_file):
                break
            if time.monotonic() - began > _HEALTHY_S:
                backoff.reset()
            self._pause(problem, backoff)
        self._finish_evidence()
        finished = not self._stop.is_set()
        self._say("finished" if finished else "stopping", messages.FILE_OVER() if finished else messages.STOPPING())
        return finished

    def _connect(self) -> CameraConnection | None:
        """Open the stream in another thread: this one must go on beating. None when told to stop meanwhile."""
        self._say("connecting", messages.CONNECTING(source=self._spec.stream.shown))
        opener = ThreadPoolExecutor(1, "opener")
        opening: Future[LiveStream] = opener.submit(LiveStream, self._spec.stream)
        opener.shutdown(wait=False)
        deadline = time.monotonic() + _OPEN_S
        while not opening.done():
            if self._stop.is_set():
                return None
            if time.monotonic() > deadline:
                raise StreamError(messages.NO_ANSWER(source=self._spec.stream.shown), "unreachable")
            self._beat()
            time.sleep(_OPEN_POLL_S)
        return CameraConnection(opening.result(), self._spec, self._motion.motion_map)

    def _process(self, connection: CameraConnection) -> None:
        """Analyse one connection's frames until it ends or this worker is told to stop.

        Raises:
            StreamError: why it ended, where that is not the end of a recorded file.
        """
        self._connection = connection
        self._note_all(connection.notes)
        try:
            for analysed in connection.frames():
                if analysed is not None:
                    self._handle(analysed, connection)
                if self._stop.is_set():
                    break
                self._beat()
        finally:
            self._close(connection)

    def _handle(self, analysed: AnalysedFrame, connection: CameraConnection) -> None:
        """Pass a frame's findings to the recorder, and the frame to those who look at pictures."""
        for finding in analysed.findings:
            self._recorder.record(finding, connection.footage)
        if not self._had_picture or self._state != "watching":
            self._had_picture = True
            self._note_all(connection.notes)
            height, width = analysed.frame.luma.shape
            self._say("watching", messages.WATCHING(size=f"{width}x{height}", codec=connection.codec))
        self._snapshots.offer(analysed.picture)
        self._visibility.look(analysed.frame, connection.pipeline, connection.lag_s)
        self._motion.save_when_due()

    def _close(self, connection: CameraConnection) -> None:
        # a recorded file begins anew next time: half a fall would then be found a second time, as another one
        if not (self._spec.stream.is_file and self._stop.is_set()):
            for finding in connection.flush():
                self._recorder.record(finding, connection.footage)
        self._snapshots.close()
        connection.close(self._beat_unless_stopped)
        self._note_all(connection.notes)
        self._earlier_counts, self._gauges = self._counts(), connection.gauges()
        self._connection = None
        self._visibility.connection_ended()
        self._motion.save()

    def _pause(self, problem: StreamError | None, backoff: Backoff) -> None:
        """Say why there is no connection and wait before the next attempt."""
        text = problem.text if problem is not None else messages.CONNECTION_ENDED()
        state: WorkerState = "login_refused" if problem and problem.kind == "login" else "unreachable"
        pause_s = backoff.next_s(slow=state == "login_refused")  # a camera locks out who knocks too often
        _log.warning("%s; trying again in %.1f s", text, pause_s)
        self._say(state, text)
        until = time.monotonic() + pause_s
        while (rest_s := until - time.monotonic()) > 0 and not self._stop.wait(min(_WAIT_POLL_S, rest_s)):
            self._visibility.no_picture(min(_WAIT_POLL_S, rest_s))
            self._beat()

    def _finish_evidence(self) -> None:
        """End the recorder: a recorded file waits for the disk, however slow; a stop cannot wait so long."""
        recorder = self._recorder
        self._say("stopping", messages.FINISHING())
        recorder.end(_EVIDENCE_S)
        while recorder.is_alive() and not self._stop.is_set():
            recorder.join(_WAIT_POLL_S)
            self._beat()
        if recorder.is_alive():
            recorder.end(_HURRIED_EVIDENCE_S)
            recorder.join(_HURRIED_EVIDENCE_S + 0.5)
        if recorder.is_alive():
            _log.warning("stopped before all evidence was sealed; the next start seals what is on the disk")

    def _counts(self) -> ConnectionCounts:
        """The counts of all connections so far."""
        return self._earlier_counts if self._connection is None else self._earlier_counts + self._connection.counts()

    def _note_all(self, notes: dict[str, str]) -> None:
        """Report what works but not as it should, once for each new text, and forget what is over."""
        self._notes = {about: text for about, text in self._notes.items() if about in notes or about not in _PASSING}
        for about, text in notes.items():
            if self._notes.get(about) != text:
                self._notes[about] = text
                _log.warning(text)
                self._recorder.send_event(about, text)

    def _say(self, state: WorkerState, text: str) -> None:
        self._state, self._text = state, text
        self._next_beat = 0.0
        self._beat()

    def _beat_unless_stopped(self) -> bool:
        if self._stop.is_set():
            return False
        self._beat()
        return True

    def _beat(self) -> None:
        """Send a heartbeat, where one is due: each picture's milliseconds are for the picture."""
        if time.monotonic() < self._next_beat:
            return
        self._next_beat = time.monotonic() + _BEAT_S
        try:
            self._pipe.send(self._heartbeat())
            while self._pipe.poll():
                message = self._pipe.recv()
                if isinstance(message, NewSetUp):
                    self._spec = replace(
                        self._spec, camera=replace(self._spec.camera, config_sha256=message.config_sha256)
                    )
        except (OSError, EOFError):
            self._stop.set()  # the supervisor is gone

    def _heartbeat(self) -> Heartbeat:
        if self._connection is not None:
            self._note_all(self._connection.notes)
        recorder, counts = self._recorder, self._counts()
        degraded = [*self._notes.values(), *self._visibility.problems()]
        if recorder.problem is not None:
            degraded.append(recorder.problem)
        if self._connection is not None:
            self._gauges = self._connection.gauges()
        gauges = self._gauges | self._visibility.gauges() | {"unsaved_records": float(recorder.unsaved)}
        if recorder.last_incident_s is not None:
            gauges["last_incident_seconds"] = recorder.last_incident_s
        return Heartbeat(
            self._state,
            self._text,
            self._had_picture,
            tuple(degraded),
            counts.metrics() | {"incidents": float(recorder.incidents), "candidates": float(recorder.candidates)},
            gauges,
            dict(counts.verdicts),
        )
