"""Any id or name is one level of an address, and comes back as it was."""

from __future__ import annotations

from urllib.parse import unquote, urljoin

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgecv.console.storage.stored_json import Unreadable, read_stored
from edgecv.console.web.addresses import part, read_part


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"]), min_size=1, max_size=60))
def test_a_name_is_one_level_and_comes_back(name: str) -> None:
    level = part(name)
    assert not set(level) & set("/\\?#\"'<> ") and level.strip(".")
    assert urljoin("https://console/incidents/x", level).split("/")[-1] == level
    assert read_part(unquote(level)) == name


@pytest.mark.parametrize("incident_id", ["01J9ZK3V5T8Q2W4E6R7Y8U9I0P", "mh-17_2026-05-01", "a.b"])
def test_ids_of_boxes_stay_as_they_are(incident_id: str) -> None:
    assert part(incident_id) == incident_id


def test_json_that_cannot_be_read_stands_for_itself() -> None:
    for text in ("[" * 100_000 + "]" * 100_000, "{{{", "9" * 5000):
        stored = read_stored(text)
        assert isinstance(stored, Unreadable) and stored == {} and stored.reason
    assert read_stored('{"a": 1}') == {"a": 1}
