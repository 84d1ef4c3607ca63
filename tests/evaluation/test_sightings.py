from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
import pytest

from edgecv.capture import Frame
from edgecv.evaluation.boxes import BoxPath
from edgecv.evaluation.frame_rates import at_rate
from edgecv.evaluation.sightings import FALSE_SHARE, FEWEST_SIGHTINGS, SightingCounter, Visibility
from edgecv.evaluation.truth import TruthEvent

SIZE = (160, 240)
FIRST, COUNT = 30, 40


def _event(fps: float = 25.0, contrast: float | None = 30.0, side: float = 4.0) -> TruthEvent:
    rows = [[FIRST + n, (FIRST + n) / fps, 80.0, 20.0 + 5.0 * n, side, side] for n in range(COUNT)]
    return TruthEvent("stone", BoxPath.of(rows), rows[-1][1], side, contrast)


def _frames(
    contrast: float, noise: float = 2.0, fps: float = 25.0, seed: int = 1, side: int = 4, wall: float = 100.0
) -> Iterator[Frame]:
    rng = np.random.default_rng(seed)
    for n in range(FIRST + COUNT + 30):
        picture = wall + rng.normal(0.0, noise, SIZE[::-1])
        if FIRST <= n < FIRST + COUNT:
            y = 20 + 5 * (n - FIRST)
            picture[y - side // 2 : y + side // 2, 80 - side // 2 : 80 + side // 2] += contrast
        yield Frame(n, n / fps, np.clip(picture, 0, 255).astype(np.uint8))


def _count(event: TruthEvent, frames: Iterator[Frame]) -> Visibility:
    counter = SightingCounter([event], SIZE)
    for frame in frames:
        counter.add(frame)
    (result,) = counter.results()
    return result


def test_a_clear_thing_is_seen_in_every_frame_and_a_thing_within_the_noise_in_none() -> None:
    assert _count(_event(), _frames(30.0)).sightings == COUNT
    assert _count(_event(), _frames(0.5)).sightings <= 1


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("contrast", [30.0, None])
def test_noise_alone_looks_like_a_sighting_in_less_than_three_percent(seed: int, contrast: float | None) -> None:
    result = _count(_event(contrast=contrast), _frames(0.0, seed=seed))
    assert result.sightings <= FALSE_SHARE * COUNT
    assert not result.visible


def test_flashes_everywhere_raise_the_threshold_until_they_are_no_sightings() -> None:
    rng = np.random.default_rng(3)

    def flashing() -> Iterator[Frame]:
        for frame in _frames(0.0, noise=1.0):
            picture = frame.luma.copy()
            for y, x in rng.integers(4, 150, (60, 2)):
                picture[y - 2 : y + 3, x - 2 : x + 3] = 230
            yield Frame(frame.index, frame.t_s, picture)

    result = _count(_event(), flashing())
    assert result.false_share is not None
    assert result.sightings <= FEWEST_SIGHTINGS // 2


def test_the_median_difference_is_that_of_contrast_and_noise() -> None:
    result = _count(_event(), _frames(8.0, noise=4.0))
    assert result.median_snr is not None
    # 16 pixels of 8 in a box of 25 pixels with 4 each; the best of 25 places nearby is a little more
    assert result.median_snr == pytest.approx(16 / 25 * 8.0 / (4.0 / 5.0), rel=0.3)


def test_another_frame_rate_and_a_slow_thing_do_not_hide_a_thing_from_itself() -> None:
    rows = [[FIRST + n, (FIRST + n) / 50.0, 80.0, 20.0 + 5.0 * n, 4.0, 4.0] for n in range(COUNT)]
    event = TruthEvent("stone", BoxPath.of(rows), 1.0, 4.0, 30.0)
    assert _count(event, _frames(30.0, fps=50.0)).sightings == COUNT


def test_a_thing_as_large_as_a_quarter_of_the_picture_is_measured_with_bounded_patches() -> None:
    event = _event(side=40.0)
    assert _count(event, _frames(30.0, side=40)).sightings >= COUNT - 8  # the first ones reach beyond the picture


def test_a_thing_of_the_same_grey_as_the_wall_cannot_be_seen() -> None:
    assert not _count(_event(), _frames(0.0)).visible


def test_an_event_without_any_frame_of_the_video_has_no_sighting() -> None:
    counter = SightingCounter([_event()], SIZE)
    (result,) = counter.results()
    assert (result.sightings, result.median_snr, result.false_share) == (0, None, None)


def test_half_the_frames_are_every_other_one_with_its_own_time() -> None:
    frames = list(at_rate(_frames(0.0), "half"))
    assert [frame.index for frame in frames] == list(range(0, FIRST + COUNT + 30, 2))
    assert frames[3].t_s == pytest.approx(6 / 25)


def test_every_third_frame_shows_the_picture_before_it_at_its_own_time() -> None:
    frames = [Frame(f.index, f.t_s, f.luma.copy()) for f in at_rate(_frames(0.0), "repeat-third")]
    same = [np.array_equal(a.luma, b.luma) for a, b in pairwise(frames)]
    assert same == [n % 3 == 1 for n in range(len(frames) - 1)]
    assert [frame.index for frame in frames] == list(range(len(frames)))
    assert frames[2].t_s == pytest.approx(2 / 25)
