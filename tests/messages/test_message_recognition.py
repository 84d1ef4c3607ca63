"""Texts of boxes that send no codes are recognised by the same templates."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from messages.test_message_registry import sample_params

from edgecv.messages import Message, Template, camera, joined, recognised, templates, to_wire, visibility

_ANYTHING = {"camera.failed", "camera.watching", "seal.of_folder"}
"""Their places alone make the text."""


@pytest.mark.parametrize("template", templates(), ids=lambda template: template.code)
def test_every_message_is_recognised(template: Template) -> None:
    text = str(template(**sample_params(template)))
    found = recognised(text)
    assert found == text
    assert isinstance(found, Message) or template.code in _ANYTHING


def test_a_list_of_sentences_is_recognised_one_by_one() -> None:
    text = joined([camera.NOT_OPENED(source="a", why="Connection refused"), "said by somebody", visibility.COVERED()])
    wire = to_wire(recognised(str(text)))
    assert wire is not None
    assert [part if isinstance(part, str) else part["code"] for part in wire["params"]["parts"]] == [
        "camera.not_opened",
        "said by somebody",
        "visibility.covered",
    ]
    assert wire["params"]["parts"][0]["params"]["why"] == {"code": "system.connection_refused", "params": {}}


@given(st.text(max_size=200))
def test_a_recognised_text_reads_as_before(text: str) -> None:
    assert recognised(text) == text
