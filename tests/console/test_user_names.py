"""Nobody is called so that they are taken for somebody else."""

from __future__ import annotations

import pytest
from console.conftest import Office
from sqlalchemy import select

from edgecv.console.accounts import Role
from edgecv.console.accounts.user_names import is_user_name, plain_full_name
from edgecv.console.storage import EVERYTHING
from edgecv.console.storage.schema import User


@pytest.mark.parametrize("name", ["chen", "Li.Wei-2", "li_wei@example.net", "\u738b\u5e08\u5085", "\u738b2", "0-9"])
def test_latin_or_chinese_names_are_names(name: str) -> None:
    assert is_user_name(name)


@pytest.mark.parametrize(
    "name",
    [
        "\u0441hen",  # Cyrillic es
        "ch\u0435n",  # Cyrillic ie
        "\u03bfscar",  # Greek omicron
        "\uff43hen",  # full width c
        "che\u0301n",  # combining acute
        "ch\u200ben",  # zero width space
        "chen\u202e",  # turns the text
        "chen ",
        "chen\n",
        "chen\x00",
        "wang\u4e00",  # a stroke that looks like a dash
        "\u0661\u0662",  # Arabic digits
        "c",
        "c" * 65,
    ],
)
def test_letters_that_look_like_others_make_no_name(name: str) -> None:
    assert not is_user_name(name)


@pytest.mark.parametrize("name", ["Chen", "CHEN", "cheN"])
def test_no_two_names_differ_by_case_alone(office: Office, name: str) -> None:
    office.add("boss", Role.ADMIN)
    assert office.browser("boss").post("/users", do="add", name=name, role="viewer").status_code == 422
    with office.database.session(EVERYTHING) as session:
        assert session.scalar(select(User).where(User.name == name)) is None


@pytest.mark.parametrize(
    ("there", "new"), [("wang10", "wangl0"), ("wango", "wang0"), ("li", "Ii"), ("arnold", "amold")]
)
def test_no_two_names_differ_by_letters_drawn_alike(office: Office, there: str, new: str) -> None:
    office.add("boss", Role.ADMIN)
    office.add(there)
    assert office.browser("boss").post("/users", do="add", name=new, role="viewer").status_code == 422


def test_a_full_name_is_one_plain_line() -> None:
    assert plain_full_name("  \u738b\n\u202e\u5e08\u5085\x00 ") == "\u738b \u5e08\u5085"
    assert len(plain_full_name("x" * 1000)) == 100
