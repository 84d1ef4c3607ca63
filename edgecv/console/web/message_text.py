"""What boxes say, in the reader's language: by its code where a box sent one, else as its English is recognised.

Only templates of the registry are translated, and their places are filled with text: what a box sent is never a
template. A code that this console does not know, or parameters that are not those of its code, count as none; the
page shows the English text then, escaped like all data.
"""

from __future__ import annotations

from collections.abc import Callable

from edgecv.console.web.translatable import N_, Text, registered
from edgecv.messages import Message, from_wire, recognised, template_of, visibility

SHOWN_CHARS = 1000
"""Of one text: three times the longest that a box writes."""
BETWEEN = (N_("; "), N_(", "))
"""What stands between sentences and between words of a list."""


def message_text(text: object, translate: Callable[[Text], str], coded: object = None) -> str:
    """A text of a record, state or event in another language; of a long one the beginning.

    The work grows with the length of the text and not faster.

    Args:
        text: English, as the box wrote it; anything else is nothing.
        translate: gettext of the language.
        coded: the message's code and parameters, as they came beside the text; None where none came.
    """
    if not isinstance(text, str):
        return ""
    message: str | None = text if isinstance(text, Message) else from_wire(coded)
    if message is None or len(message) > SHOWN_CHARS:
        message = text if len(text) <= SHOWN_CHARS else text[:SHOWN_CHARS] + "…"
    message = recognised(message)
    if not isinstance(message, Message):
        return message
    template = template_of(message.code)
    assert template is not None, "a message is of the registry"
    return template.render(message.params, lambda english: translate(registered(english)))


def cause_text(cause: str, minutes: float, translate: Callable[[Text], str]) -> str:
    """A cause of blindness and its minutes; one that is not known by its own name."""
    template = visibility.CAUSES.get(cause)
    if template is None:
        return f"{cause.replace('_', ' ')} {minutes:.1f}"
    return message_text(template(minutes=round(minutes, 1)), translate)
