"""How well a camera sees, told upstream: what begins and ends to be wrong, blind minutes each hour, a test each day."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from datetime import datetime
from typing import Protocol

import numpy as np

from edgecv.calibration.calibrated_camera import CalibratedCamera
from edgecv.capture import Frame
from edgecv.daemon.worker_spec import WorkerSpec
from edgecv.durable_files import write_atomic
from edgecv.errors import InputError
from edgecv.messages import visibility as messages
from edgecv.pipeline import Pipeline
from edgecv.visibility.blind_time import BlindTime, HourReport
from edgecv.visibility.blindness_causes import BlindnessCauses
from edgecv.visibility.event_texts import state_of, text_of
from edgecv.visibility.reference_picture import Reference
from edgecv.visibility.scene_monitor import SceneMonitor
from edgecv.visibility.sensitivity import SensitivityResult, SensitivityTest

_log = logging.getLogger("edgecv.visibility")
_OVERLOAD_LAG_S = 1.0
_CLOCK_CHECK_S = 1.0
WATCH = "watch"
_OTHER_PLACES = ("turned", "scene_change")
"""What is learnt of places in the picture holds no longer: when the camera turns, and again when it is turned back."""


def _px_per_floor(camera: CalibratedCamera) -> float | None:
    """Height of the middle one of the floors in the picture, pixels; None where floors are not known."""
    if camera.pinhole is None or camera.plan is None or camera.image_size is None:
        return None
    plan = camera.plan
    x_m = (plan.windows[0].left_m + plan.windows[-1].right_m) / 2.0 if plan.windows else 0.0
    spans = [plan.floor_span_m(floor) for floor in range(1, plan.floor_count + 1)]
    edges = camera.pinhole.project(np.array([[x_m, y_m, 0.0] for span in spans for y_m in span])).reshape(-1, 2, 2)
    is_shown = ((edges >= 0.0) & (edges < np.array(camera.image_size))).all(axis=(1, 2))
    heights = np.linalg.norm(edges[:, 1] - edges[:, 0], axis=1)[is_shown]
    return float(np.median(heights)) if len(heights) else None


class SendEvent(Protocol):
    """Sends a device event."""

    def __call__(self, kind: str, text: str, **details: object) -> None:
        """Send it."""


class VisibilityMonitor:
    """Watches one camera's sight over all its connections.

    Args:
        spec: the camera's orders.
        send_event: sends a device event upstream.
        on_other_places: called with a reason when the picture's pixels show other places than before.
    """

    def __init__(
        self, spec: WorkerSpec, send_event: SendEvent, on_other_places: Callable[[str], None] = lambda _reason: None
    ) -> None:
        self._spec = spec
        self._on_other_places = on_other_places
        self._send_event = send_event
        self._path = spec.state / WATCH / f"{spec.id}.npz"
        self._scene = SceneMonitor(self._stored_reference(), px_per_floor=_px_per_floor(spec.camera))
        self._is_final_stored = self._scene.reference_final
        self._causes: BlindnessCauses | None = None
        self._size = (0, 0)
        self._last_s: float | None = None
        self._blind = BlindTime()
        self._now: tuple[str, ...] = ()
        self._test: SensitivityTest | None = None
        self._test_date: str | None = None
        self._next_clock_check = 0.0
        self._result: SensitivityResult | None = None
        self._frame_s = 0.04

    def look(self, frame: Frame, pipeline: Pipeline | None, lag_s: float) -> None:
        """Take the next frame that was analysed."""
        detected = None if pipeline is None else pipeline.detected
        if detected is None:
            return
        size = (frame.luma.shape[1], frame.luma.shape[0])
        if self._causes is None or size != self._size:
            self._causes, self._size = BlindnessCauses(size), size
        for change in self._scene.update(frame.luma, frame.t_s, detected.repeated):
            text = text_of(change)
            _log.warning("%s %s: %s", change.kind, change.state, text)
            self._send_event(change.kind, text, state=change.state, measures=change.measures)
            if change.kind in _OTHER_PLACES:
                self._on_other_places(text)
        self._store_reference()
        self._now = self._causes.of(detected, self._scene.blind)
        if lag_s > _OVERLOAD_LAG_S:
            self._now = (*self._now, "overload")
        dt_s = 0.0 if self._last_s is None else frame.t_s - self._last_s
        if 0.0 < dt_s < 5.0:
            self._frame_s += 0.05 * (dt_s - self._frame_s)
            self._note(dt_s, self._now)
        self._last_s = frame.t_s
        self._test_sensitivity(frame)

    def no_picture(self, seconds: float) -> None:
        """There is no picture, and has not been for so long."""
        self._note(seconds, ("no_picture",))

    def connection_ended(self) -> None:
        """Media time begins anew."""
        self._last_s = None
        self._test = None

    def problems(self) -> list[str]:
        """What is wrong with its sight now, in words."""
        return [state_of(kind) for kind in self._scene.active()]

    def gauges(self) -> dict[str, float]:
        """For metrics."""
        gauges = {f"scene_{name}": value for name, value in self._scene.measures().items()}
        hour = self._blind.so_far()
        gauges["blind_minutes_this_hour"] = 0.0 if hour is None else hour.blind_minutes
        if self._result is not None and self._result.fraction is not None:
            gauges["sensitivity"] = self._result.fraction
        return gauges

    def _note(self, seconds: float, causes: tuple[str, ...]) -> None:
        now_s = time.time()
        self._blind.note(now_s, seconds, causes)
        while (report := self._blind.hour_report(now_s)) is not None:
            self._send_hour(report)

    def _send_hour(self, report: HourReport) -> None:
        totals = {"blind": report.blind_minutes, "noted": report.noted_minutes}
        causes = tuple(messages.CAUSES[cause](minutes=minutes) for cause, minutes in report.minutes.items())
        text = messages.BLIND(**totals, causes=causes) if causes else messages.NOT_BLIND(**totals)
        self._send_event(
            "blind_minutes",
            text,
            from_s=report.from_s,
            minutes=report.minutes,
            blind_minutes=report.blind_minutes,
            noted_minutes=report.noted_minutes,
        )

    def _test_sensitivity(self, frame: Frame) -> None:
        """The daily test, at its minute of the day; put off while nothing can be seen or the box is late."""
        test_at = self._spec.sensitivity_test_at
        if self._test is None:
            if test_at is None or time.monotonic() < self._next_clock_check:
                return
            self._next_clock_check = time.monotonic() + _CLOCK_CHECK_S
            now = datetime.now().astimezone()
            if f"{now:%H:%M}" < test_at or self._test_date == f"{now:%Y-%m-%d}":
                return
            if self._test_date is None and f"{now:%H:%M}" != test_at:
                self._test_date = f"{now:%Y-%m-%d}"  # started after today's time: begin tomorrow
                return
            if self._now or self._spec.stream.is_file:
                return
            self._test_date = f"{now:%Y-%m-%d}"
            camera = self._spec.camera
            seed = int(now.timestamp()) & 0xFFFF
            self._test = SensitivityTest(self._size, 1.0 / self._frame_s, seed, camera.pinhole, camera.masks)
        result = self._test.feed(frame)
        if result is not None:
            self._test, self._result = None, result
            text = messages.NOT_TESTED(drawn=result.drawn)
            if result.fraction is not None:
                text = messages.TESTED(drawn=result.drawn, share=result.fraction)
            self._send_event(
                "sensitivity",
                text,
                drawn=result.drawn,
                seen=result.seen,
                as_incident=result.as_incident,
                by_contrast={name: list(counts) for name, counts in result.by_contrast.items()},
            )

    def _stored_reference(self) -> Reference | None:
        try:
            return Reference.from_npz(self._path.read_bytes())
        except FileNotFoundError:
            return None
        except (OSError, InputError) as error:
            _log.warning("the stored reference picture cannot be used and is learnt anew: %s", error)
            return None

    def _store_reference(self) -> None:
        if self._is_final_stored or not self._scene.reference_final or self._scene.reference is None:
            return
        self._is_final_stored = True
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            write_atomic(self._path, self._scene.reference.to_npz())
        except OSError as error:
            _log.warning("the reference picture cannot be stored: %s", error)
