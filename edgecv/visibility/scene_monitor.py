"""Whether a camera still sees what it is meant to see."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from edgecv.visibility.event_texts import text_of
from edgecv.visibility.frame_comparison import Comparison, SceneSample, comparable_blocks
from edgecv.visibility.reference_history import ReferenceHistory
from edgecv.visibility.reference_picture import Reference
from edgecv.visibility.scene_events import Change, ChangeKind, Debounce
from edgecv.visibility.settings import ABRUPT_S, CLOCK_SHARE, JUMP_S, MAX_NOISE_STEP, NEAR, VisibilitySettings
from edgecv.visibility.sharpness import clarity, noise_between, sample_rows
from edgecv.visibility.thumbnail import Shift, UInt8, register, spectrum, thumbnail, thumbnail_size, window

_BLIND_BY: tuple[tuple[ChangeKind, str], ...] = (
    ("covered", "covered"),
    ("night_without_infrared", "night"),
    ("frozen", "frozen"),
    ("turned", "moved"),
    ("scene_change", "moved"),
    ("defocused", "defocus"),
)
_HIDES_SCENE: tuple[ChangeKind, ...] = ("covered", "night_without_infrared", "frozen")


class SceneMonitor:
    """Looks at one camera's picture once a second and tells what begins and ends to be wrong with it.

    Args:
        reference: the picture at calibration, or one stored earlier; None learns the first hour's.
        fps_hint: usual frames a second; a slow source may take longer between new pictures.
        px_per_floor: height of a floor in pixels of the full picture, where it is known.
        settings: the numbers.
    """

    def __init__(
        self,
        reference: Reference | None,
        fps_hint: float = 25.0,
        *,
        px_per_floor: float | None = None,
        settings: VisibilitySettings | None = None,
    ) -> None:
        self._settings = s = settings or VisibilitySettings()
        self._px_per_floor = px_per_floor
        self._initial_reference = reference
        self._history: ReferenceHistory | None = None
        self._size_px = (0, 0)
        frozen_s = max(s.frozen_s, 3.0 / max(fps_hint, 1e-3))
        self._debounces: dict[ChangeKind, Debounce] = {
            "frozen": Debounce(frozen_s, 0.0),
            "night_without_infrared": Debounce(s.night_s, s.clears_s),
            "covered": Debounce(s.covered_s, s.clears_s),
            "turned": Debounce(s.turned_s, s.clears_s),
            "scene_change": Debounce(s.scene_change_s, s.clears_s),
            "defocused": Debounce(s.defocused_s, s.clears_s),
        }
        self._last_s: float | None = None
        self._looked_s = -np.inf
        self._sampled: tuple[float, UInt8, UInt8] | None = None
        self._noise = 0.0
        self._last_rows: UInt8 | None = None
        self._renewed = True
        self._shows_nothing = False
        self._black_by: ChangeKind | None = None
        self._another_since_s: float | None = None
        self._measures: dict[str, float] = {}

    @property
    def reference(self) -> Reference | None:
        """The picture compared with; None until one is learnt. Store it and give it to the next watch."""
        return self._initial_reference if self._history is None else self._history.reference

    @property
    def reference_final(self) -> bool:
        """True once the reference no longer changes: it was given, or the first hour is over."""
        return self._initial_reference is not None if self._history is None else self._history.final

    @property
    def blind(self) -> str | None:
        """Why the camera cannot see what it is meant to see, in a word; None where it can."""
        return next((cause for kind, cause in _BLIND_BY if self._debounces[kind].active), None)

    def active(self) -> tuple[ChangeKind, ...]:
        """The changes that have begun and not ended."""
        return tuple(kind for kind, debounce in self._debounces.items() if debounce.active)

    def measures(self) -> dict[str, float]:
        """The last look in numbers.

        ``brightness``, ``contrast`` and ``noise`` in grey levels; ``sharpness`` in units of the camera's own past;
        ``agreement`` and ``hidden`` as shares; ``shift_x_px``, ``shift_y_px``, ``shift_px`` in pixels of the full
        picture and ``shift_floors``. What could not be measured is left out.
        """
        return dict(self._measures)

    def update(self, luma: UInt8, t_s: float, repeated: bool) -> list[Change]:
        """Take a frame ``(h, w) uint8``; return what begins or ends with it.

        Args:
            luma: the picture; it is not kept.
            t_s: media time.
            repeated: the frame repeats the one before, as the detector found. A camera counts as frozen only where
                looks a second apart are the same as well: in a quiet moment the detector may take noise for nothing.
        """
        if self._last_s is not None and not 0.0 <= t_s - self._last_s < JUMP_S:
            self._restart(t_s)
        self._last_s = t_s
        # black or white paper before the lens gives the same picture again and again: that is no frozen camera
        still = repeated and not self._renewed
        changes = self._changes("frozen", t_s, None if still and self._shows_nothing else still)
        if self._sampled is not None:
            changes += self._finish(luma)
        elif t_s >= self._looked_s + self._settings.look_every_s:
            self._looked_s = t_s
            self._sampled = (t_s, thumbnail(luma), sample_rows(luma))
        return changes

    def _restart(self, t_s: float) -> None:
        """The source began anew or its clock jumped."""
        for debounce in self._debounces.values():
            debounce.restart()
        self._sampled, self._looked_s = None, t_s - self._settings.look_every_s

    def _finish(self, luma: UInt8) -> list[Change]:
        """Judge the last sample; this frame, the next one, tells its noise."""
        assert self._sampled is not None
        t_s, picture, rows = self._sampled
        self._sampled = None
        next_rows = sample_rows(luma)
        if next_rows.shape != rows.shape:
            return []
        self._renewed = self._last_rows is None or _differ(rows, self._last_rows)
        self._last_rows = rows
        if _differ(rows, next_rows):
            # a lamp switched between the two pictures is no noise
            self._noise = min(noise_between(rows, next_rows), 2.0 * self._noise + MAX_NOISE_STEP)
        size_px = (luma.shape[1], luma.shape[0])
        if self._history is None or size_px != self._size_px:
            self._size_px = size_px
            reference = self.reference
            fits = reference is not None and reference.picture.shape == picture.shape
            self._history = ReferenceHistory(reference if fits else None, size_px, self._settings)
        return self._judge(SceneSample.at(t_s, picture, clarity(rows, self._noise), self._noise), self._history)

    def _judge(self, sample: SceneSample, history: ReferenceHistory) -> list[Change]:
        s, t_s = self._settings, sample.t_s
        dark = sample.brightness < s.dark and sample.shows(s) < s.shown_share
        shift = None if dark else self._registered(sample, history)
        comparison = history.compare(sample, shift)
        is_hidden = (
            not dark
            and comparison is not None
            and _is_comparable(comparison, s)
            and comparison.hidden >= s.covered_share
        )
        self._black_by = self._why_black(t_s, history) if dark else None
        self._shows_nothing = no_scene = dark or is_hidden
        is_other_scene = None if no_scene else _is_another_scene(comparison, history, s)
        is_turned = None if no_scene else self._is_turned(shift)
        sharpness = None if no_scene or is_other_scene else history.sharpness_of(sample)
        self._store_measures(sample, comparison, shift, sharpness)
        changes = self._changes("night_without_infrared", t_s, self._black_by == "night_without_infrared")
        changes += self._changes("covered", t_s, is_hidden or self._black_by == "covered")
        changes += self._changes("turned", t_s, is_turned)
        changes += self._changes("scene_change", t_s, is_other_scene)
        changes += self._changes("defocused", t_s, None if sharpness is None else sharpness < s.defocused_share)
        self._adopt_what_lasts(t_s, history)
        if not (no_scene or is_other_scene or not self._renewed or self._any_active(_HIDES_SCENE)):
            if shift is not None or not self._any_active(("turned",)):
                history.learn_scene(sample, comparison, shift)
            if not is_turned and not self._any_active(("turned", "defocused", "scene_change")):
                history.learn_habits(sample)
        return changes

    def _any_active(self, kinds: tuple[ChangeKind, ...]) -> bool:
        return any(self._debounces[kind].active for kind in kinds)

    def _adopt_what_lasts(self, t_s: float, history: ReferenceHistory) -> None:
        """A scaffold stays for months: after an hour it is the scene."""
        if not self._debounces["scene_change"].active:
            self._another_since_s = None
        elif self._another_since_s is None or t_s < self._another_since_s:
            self._another_since_s = t_s
        elif t_s - self._another_since_s > self._settings.learn_s:
            self._another_since_s = t_s
            history.adopt()

    def _registered(self, sample: SceneSample, history: ReferenceHistory) -> Shift | None:
        """How far the picture moved against the reference, where that can be told."""
        s, reference = self._settings, history.reference
        if reference is None or int(comparable_blocks(reference, s).sum()) < s.fewest_blocks:
            return None
        shift = register(spectrum(sample.field, window(sample.field.shape)), reference.spectrum)
        near = max(abs(shift.x), abs(shift.y)) <= 2.0 * NEAR  # its slopes reach into what counts as no shift
        return shift if shift.peak >= s.peak and (near or shift.peak > shift.still + s.clearly) else None

    def _is_turned(self, shift: Shift | None) -> bool | None:
        if shift is None:
            return None
        s = self._settings
        tolerance_px = s.tolerance_share * max(self._size_px)
        if self._px_per_floor is not None:
            tolerance_px = max(2.0, s.tolerance_floors * self._px_per_floor)
        back = 0.6 if self._debounces["turned"].active else 1.0
        return float(np.hypot(*self._in_pixels(shift))) > back * tolerance_px

    def _in_pixels(self, shift: Shift) -> tuple[float, float]:
        """A shift in pixels of the full picture."""
        width, height = thumbnail_size(self._size_px)
        return shift.x * self._size_px[0] / width, shift.y * self._size_px[1] / height

    def _why_black(self, t_s: float, history: ReferenceHistory) -> ChangeKind:
        """Night falls slowly; a bright picture that is black a moment later has been covered, or its lamp failed."""
        if self._black_by is not None:
            return self._black_by
        last = history.last_well
        abrupt = last is not None and t_s - last[0] <= ABRUPT_S and last[1] >= self._settings.abrupt_from
        return "covered" if abrupt else "night_without_infrared"

    def _store_measures(
        self, sample: SceneSample, comparison: Comparison | None, shift: Shift | None, sharpness: float | None
    ) -> None:
        measures = {"brightness": sample.brightness, "contrast": sample.clarity.contrast, "noise": sample.noise}
        if sharpness is not None:
            measures["sharpness"] = sharpness
        if comparison is not None and comparison.comparable:
            measures |= {"agreement": comparison.agreement, "hidden": comparison.hidden}
        if shift is not None:
            x, y = self._in_pixels(shift)
            measures |= {"shift_x_px": x, "shift_y_px": y, "shift_px": float(np.hypot(x, y))}
            if self._px_per_floor:
                measures["shift_floors"] = measures["shift_px"] / self._px_per_floor
        self._measures = {name: round(value, 3) for name, value in measures.items()}

    def _changes(self, kind: ChangeKind, t_s: float, observed: bool | None) -> list[Change]:
        debounce = self._debounces[kind]
        since_s = debounce.feed(t_s, observed)
        if since_s is None:
            return []
        change = Change(kind, "begins" if debounce.active else "ends", since_s, "", self.measures())
        return [replace(change, text=text_of(change))]


def _differ(rows: UInt8, other_rows: UInt8) -> bool:
    """True where more than a ticking clock has changed."""
    return rows.shape != other_rows.shape or bool(np.count_nonzero(rows != other_rows) > CLOCK_SHARE * rows.size)


def _is_comparable(comparison: Comparison, settings: VisibilitySettings) -> bool:
    return comparison.comparable >= settings.fewest_blocks


def _is_another_scene(
    comparison: Comparison | None, history: ReferenceHistory, settings: VisibilitySettings
) -> bool | None:
    """True where too little is where it was, against what this scene usually shows: leaves never are."""
    if comparison is None or not _is_comparable(comparison, settings):
        return None
    usual = 0.6 if history.usual_agreement is None else history.usual_agreement
    return None if usual < settings.block_agrees else comparison.agreement < settings.scene_share * usual
