from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgecv.detection.fixed_point import fixed_brightness, fixed_rate, split_shift, split_shifts


@given(st.floats(-50, 50), st.sampled_from([1, 2]))
def test_whole_and_rest_are_the_shift_again(shift: float, binning: int) -> None:
    whole, rest = split_shift(shift, binning)
    # what is below a thirtieth of an analysis pixel may be left out
    assert whole + rest / 32768.0 * binning == pytest.approx(shift, abs=0.034 * binning)
    assert abs(rest) <= 16384


@given(st.floats(0.0, 1.0))
def test_a_rate_fits_sixteen_bits_and_never_stops_learning(rate: float) -> None:
    fixed = fixed_rate(rate)
    assert 2 <= fixed <= 32767
    if 1e-4 < rate < 0.49:
        assert fixed / 65536.0 == pytest.approx(rate, abs=1e-5)


@given(st.floats(0.8, 1.2), st.floats(-29, 29))
def test_brightness_keeps_its_value_within_a_step(gain: float, offset: float) -> None:
    g, o = fixed_brightness(gain, offset)
    assert 1.0 + g / 65536.0 == pytest.approx(gain, abs=1e-5)
    assert o / 128.0 == pytest.approx(offset, abs=0.004)


def test_a_wild_brightness_is_limited() -> None:
    assert fixed_brightness(9.0, 900.0) == (16384, 3840)
    assert fixed_brightness(-9.0, -900.0) == (-16384, -3840)


@given(st.lists(st.floats(-50, 50), min_size=1, max_size=6), st.sampled_from([1, 2]))
def test_many_shifts_are_split_as_each_is(shifts: list[float], binning: int) -> None:
    whole, rest = split_shifts(np.array(shifts), binning)
    assert list(zip(whole.tolist(), rest.tolist(), strict=True)) == [split_shift(shift, binning) for shift in shifts]
