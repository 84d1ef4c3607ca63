"""Who lives behind another window, and who walks by, is not to be seen."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import pytest
from console.seen_bundle import (
    BESIDE,
    CAMERA,
    FLOOR,
    FLOORS,
    PLAN,
    SIZE,
    WINDOW,
    WINDOWS,
    cell,
    facade,
    record_of,
    the_fall,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from edgecv.privacy import FacadeProjection, blurred, scale_of, sightings, visible_mask

VIEW = FacadeProjection(CAMERA, PLAN)
RECORD = record_of().model_dump(by_alias=True)


def _inside(floor: int, window: str) -> NDArray[np.bool_]:
    """The pixels of a window, a pixel away from its edge."""
    mask = np.zeros((SIZE[1], SIZE[0]), np.uint8)
    cv2.fillPoly(mask, [cell(floor, window)], 255)
    return cv2.erode(mask, np.ones((3, 3), np.uint8)) > 0


@pytest.fixture(scope="module")
def shown() -> NDArray[np.uint8]:
    return blurred(facade(), visible_mask(SIZE, RECORD, VIEW, []), scale_of(RECORD))


def test_every_window_but_the_origins_loses_its_detail(shown: NDArray[np.uint8]) -> None:
    sharp = facade()
    for floor in range(1, FLOORS + 1):
        for window, _, _ in WINDOWS:
            inside = _inside(floor, window)
            if inside.sum() < 50:
                continue  # outside of the picture
            if (floor, window) == (FLOOR, WINDOW):
                assert np.array_equal(shown[inside], sharp[inside])
            else:
                likeness = np.corrcoef(sharp[inside][:, 0], shown[inside][:, 0])[0, 1]
                assert shown[inside].std() < 0.35 * sharp[inside].std() and likeness < 0.5, (floor, window)


def test_wall_is_shown_and_what_is_beside_the_facade_is_not(shown: NDArray[np.uint8]) -> None:
    wall = np.round(CAMERA.project(np.array([[0.0, 10.5, 0.0]]))).astype(int)[0]
    mask = visible_mask(SIZE, RECORD, VIEW, [])
    assert mask[wall[1], wall[0]] == 255
    assert np.array_equal(shown[wall[1], wall[0]], facade()[wall[1], wall[0]])
    for x, y in ((20.0, 10.0), (-20.0, 10.0), (0.0, 26.0), (0.0, 1.5)):  # neighbours, sky, the ground floor
        u, v = np.round(CAMERA.project(np.array([x, y, 0.0]))).astype(int)
        if 0 <= u < SIZE[0] and 0 <= v < SIZE[1]:
            assert mask[v, u] == 0, (x, y)


def test_the_thing_is_shown_where_it_was_and_nothing_around_it() -> None:
    things = sightings(RECORD)
    one = things[30]
    mask = visible_mask(SIZE, RECORD, VIEW, [one])
    extra = (mask > 0) & (visible_mask(SIZE, RECORD, VIEW, []) == 0)
    assert mask[round(one[2]), round(one[1])] == 255
    rows, columns = np.nonzero(extra)
    assert np.abs(columns - one[1]).max() < 7 and np.abs(rows - one[2]).max() < 7


def test_without_a_calibration_only_the_origins_surroundings_and_the_thing_are_shown() -> None:
    mask = visible_mask(SIZE, RECORD, None, sightings(RECORD))
    assert (mask > 0).mean() < 0.02
    origin = the_fall().pixels[0]
    assert mask[round(origin[1]), round(origin[0])] == 255
    beside = CAMERA.project(np.array([2.0, 16.5, 0.0]))
    assert mask[round(beside[1]), round(beside[0])] == 0, f"window {BESIDE} is hidden"


def test_a_floor_without_a_named_window_shows_no_window_at_all() -> None:
    record = RECORD | {"origin": RECORD["origin"] | {"window": None, "window_index": None}}
    mask = visible_mask(SIZE, record, VIEW, [])
    for window, _, _ in WINDOWS:
        assert not mask[_inside(FLOOR, window)].any()


def test_a_face_near_enough_to_be_known_is_made_too_coarse_for_that() -> None:
    """At 250 px a metre a face of 16 cm is 40 px wide: stripes of a tenth of that must be gone, though shown."""
    stripes = np.zeros((360, 640, 3), np.uint8)
    stripes[:, ::4] = stripes[:, 1::4] = 255
    everything = np.full((360, 640), 255, np.uint8)
    near, far = blurred(stripes, everything, 250.0), blurred(stripes, everything, 20.0)
    assert near.std() < 0.3 * stripes.std()
    assert np.array_equal(far, stripes)


@settings(max_examples=40, deadline=None)
@given(
    st.fixed_dictionaries(
        {
            "floor": st.one_of(st.none(), st.integers(-3, 40)),
            "window": st.one_of(st.none(), st.sampled_from(["02", "99", ""])),
            "facade": st.one_of(st.none(), st.just("elsewhere")),
            "pixel": st.one_of(st.none(), st.tuples(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6))),
        }
    ),
    st.booleans(),
)
def test_whatever_the_record_says_other_windows_stay_hidden(origin: dict[str, object], calibrated: bool) -> None:
    mask = visible_mask(SIZE, {"origin": origin}, VIEW if calibrated else None, [])
    look: Callable[[int, str], bool] = lambda floor, window: bool(mask[_inside(floor, window)].any())  # noqa: E731
    if calibrated:
        shown_cells = {(f, w) for f in range(4, FLOORS + 1) for w, _, _ in WINDOWS if look(f, w)}
        assert shown_cells <= {(origin["floor"], origin["window"])}
    else:
        assert (mask > 0).mean() < 0.02
