"""Looks at a page as a browser would: has anything that was sent become markup?"""

from __future__ import annotations

from html.parser import HTMLParser

from fuzzer.asgi import Answer
from fuzzer.dictionary import MARK
from fuzzer.entrance import expect

_ADDRESSES = frozenset({"href", "src", "action", "formaction", "hx-get", "hx-post"})
_CODE = frozenset({"hx-vals", "hx-headers", "hx-trigger", "hx-on", "hx-vars", "style", "onload", "onclick", "onerror"})


def expect_no_markup(answer: Answer) -> None:
    """What somebody sent may be shown by a page, and never be part of it.

    Raises:
        ViolationError: it is.
    """
    if answer.is_html:
        found = markup_in(answer.body.decode("utf-8", "replace"))
        expect(found is None, f"a page holds markup that was sent: {found}")
    expect(b"36481" not in answer.body.replace(b",", b"") or not answer.is_html, "a template was made of what was sent")


def markup_in(page: str) -> str | None:
    """The first element or attribute that an input made, or None."""
    parser = _Parser()
    parser.feed(page)
    parser.close()
    return parser.found


class _Parser(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            text = value or ""
            if MARK in name or (name in _CODE and MARK in text):
                self.found = self.found or f"attribute of <{tag}>"
            elif name in _ADDRESSES and text.strip().lower().startswith(("javascript:", "data:text", "vbscript:")):
                self.found = self.found or f"script in {name} of <{tag}>"
        if MARK in tag:
            self.found = self.found or "element"
