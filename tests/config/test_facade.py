from __future__ import annotations

import pytest
from pydantic import ValidationError

from edgecv.config import Facade, Floor


def test_a_number_of_floors_stacks_equal_floors_from_the_ground() -> None:
    facade = Facade(floors=3, floor_height=2.5, ground=1.0)
    assert facade.floor_table() == (Floor(1, "1", 1.0, 3.5), Floor(2, "2", 3.5, 6.0), Floor(3, "3", 6.0, 8.5))


def test_listed_floors_take_the_facades_height_and_their_number_where_they_say_nothing() -> None:
    facade = Facade.model_validate({"floors": [{"name": "shops", "height": 4.5}, {}, {"height": 3.5}]})
    assert facade.floor_table() == (Floor(1, "shops", 0, 4.5), Floor(2, "2", 4.5, 7.5), Floor(3, "3", 7.5, 11.0))


def test_a_floor_may_not_take_the_name_another_floor_has_by_default() -> None:
    with pytest.raises(ValidationError, match=r"'2' is already the name of floors\[0\]"):
        Facade.model_validate({"floors": [{"name": "2"}, {}]})


def test_a_facade_made_in_code_is_checked_like_one_from_a_file() -> None:
    with pytest.raises(ValidationError, match="overlaps window"):
        Facade.model_validate(
            {"floors": 2, "windows": [{"name": "a", "left": 0, "right": 2}, {"name": "b", "left": 1, "right": 3}]}
        )


def test_windows_may_touch() -> None:
    windows = [{"name": "a", "left": 0, "right": 2}, {"name": "b", "left": 2, "right": 3}]
    assert len(Facade.model_validate({"floors": 2, "windows": windows}).windows) == 2
