"""The stored map is the map; what is damaged, foreign or too large is refused."""

from __future__ import annotations

import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from known_streets import car, pass_by

from edgecv.errors import InputError
from edgecv.motion_map import LARGEST_FILE, MotionMap, from_npz, to_npz


def _taught(cars: int = 40) -> MotionMap:
    motion_map, now_s, rng = MotionMap(), 0.0, np.random.default_rng(3)
    for n in range(cars):
        now_s = pass_by(motion_map, car(rng, across=n % 2 == 0), now_s, 30.0)
    return motion_map


TAUGHT = to_npz(_taught())
TAUGHT_PASSAGES = _taught().counts[..., 0].sum()


def test_what_is_stored_is_read_and_goes_on_learning() -> None:
    first, second = _taught(), from_npz(TAUGHT)
    assert np.array_equal(first.counts, second.counts)
    assert (second.watched_s, second.age_s, second.size_px) == (first.watched_s, first.age_s, (1920, 1080))
    track = car(np.random.default_rng(9))
    for motion_map in (first, second):
        pass_by(motion_map, track, 0.0, 100.0)
    assert np.allclose(first.counts[..., 0], second.counts[..., 0], rtol=1e-3)  # one fades half a minute later
    assert second.counts[..., 0].sum() > TAUGHT_PASSAGES


def test_an_empty_map_is_a_map() -> None:
    assert from_npz(to_npz(MotionMap())).size_px is None


def test_the_file_is_bounded_whatever_was_seen() -> None:
    full = MotionMap()
    full.counts[:] = np.random.default_rng(1).uniform(1.0, 2.0, full.counts.shape)
    assert len(to_npz(full)) < LARGEST_FILE
    assert len(TAUGHT) < LARGEST_FILE / 20


@pytest.mark.parametrize("content", [b"", b"no map", b"PK\x05\x06" + bytes(18), TAUGHT[:-200], TAUGHT[50:]])
def test_what_is_no_map_is_refused(content: bytes) -> None:
    with pytest.raises(InputError, match="map of usual motion"):
        from_npz(content)


@given(st.binary(min_size=1, max_size=40), st.floats(0.0, 1.0))
@settings(max_examples=60, deadline=None)
def test_damaged_bytes_are_refused_or_read_as_a_sound_map(damage: bytes, place: float) -> None:
    at = int(place * (len(TAUGHT) - len(damage)))
    try:
        motion_map = from_npz(TAUGHT[:at] + damage + TAUGHT[at + len(damage) :])
    except InputError:
        return
    assert np.isfinite(motion_map.counts).all() and motion_map.counts[..., 0].min() >= 0.0


def _stored(**changes: object) -> bytes:
    with np.load(io.BytesIO(TAUGHT)) as stored:
        entries = {name: stored[name] for name in stored.files} | {k: np.asarray(v) for k, v in changes.items()}
    file = io.BytesIO()
    np.savez_compressed(file, **entries)  # type: ignore[arg-type]
    return file.getvalue()


def test_numbers_that_cannot_be_are_refused() -> None:
    counts = _taught().counts
    negative, infinite, many = counts.copy(), counts.copy(), counts.copy()
    negative[5, 1, 1, 0], infinite[5, 1, 1, 3], many[5, 1, 1, 1] = -1.0, np.nan, 1e6
    for changes in (
        {"counts": negative},
        {"counts": infinite},
        {"counts": many},
        {"counts": counts[:-1]},
        {"counts": counts.astype(np.float64)},
        {"version": 2},
        {"watched_s": 1e9},
        {"age_s": np.nan},
        {"size_px": np.array([1, 2, 3])},
        {"size_px": np.array([-1, 2])},
    ):
        with pytest.raises(InputError):
            from_npz(_stored(**changes))


def test_a_few_bytes_that_unpack_to_gigabytes_are_refused() -> None:
    bomb = _stored(more=np.zeros(LARGEST_FILE, np.uint8))
    assert len(bomb) < LARGEST_FILE
    with pytest.raises(InputError):
        from_npz(bomb)
