from __future__ import annotations

import numpy as np
import pytest

from edgecv.detection.retiming import Retimer


def _converted(source_fps: float, file_fps: float, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Restored and true instants of the pictures of a converted file, after the beat is known."""
    retimer, restored, true, last = Retimer(), [], [], -1
    for k in range(count):
        picture = int(np.floor(k * source_fps / file_fps + 1e-9))
        instant = retimer.instant(k / file_fps, picture == last)
        if picture != last:
            restored.append(instant)
            true.append(picture / source_fps)
        last = picture
    return np.array(restored[30:]), np.array(true[30:])


@pytest.mark.parametrize(("source", "file"), [(20, 30), (25, 30), (15, 25), (12.5, 25)])
def test_an_even_beat_is_restored_from_a_converted_file(source, file) -> None:
    restored, true = _converted(source, file, 200)
    off = restored - true
    # a constant offset is harmless; what counts is that the beat is even
    assert np.ptp(off) < 0.2 / file


def test_without_repeats_time_stamps_stay_as_they_are() -> None:
    retimer = Retimer()
    stamps = np.cumsum(np.random.default_rng(0).uniform(0.02, 0.09, 60))
    assert [retimer.instant(float(t), False) for t in stamps] == pytest.approx(list(stamps))


def test_a_picture_that_stands_still_now_and_then_is_not_retimed() -> None:
    retimer, rng = Retimer(), np.random.default_rng(1)
    for n in range(200):
        repeated = bool((n // 17) % 2 and rng.random() < 0.9)
        instant = retimer.instant(n / 30, repeated)
        if not repeated:
            assert instant == pytest.approx(n / 30, abs=0.04)


def test_time_never_runs_backwards() -> None:
    retimer, rng, last = Retimer(), np.random.default_rng(2), -1.0
    for n in range(400):
        repeated = n % 3 == 2 if (n // 100) % 2 else bool(rng.random() < 0.3)
        instant = retimer.instant(n / 30, repeated)
        if not repeated:
            assert instant > last
            last = instant
