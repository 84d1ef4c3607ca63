"""A box whose database stands in a folder of the test's own."""

from __future__ import annotations

from pathlib import Path

import pytest
from small_box import Box


@pytest.fixture
def box(tmp_path: Path) -> Box:
    """A box with an empty outbox."""
    made = Box(tmp_path)
    made.add()
    return made
