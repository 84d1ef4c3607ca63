"""Why an upload is not taken."""

from __future__ import annotations


class RefusedFileError(Exception):
    """A file that is not taken: the answer's status, and why in plain words.

    Attributes:
        status: 4xx where it never will be as it is; 403 and 5xx where it may be later, so boxes keep it and try again.
        kind: one of few words, for the log.
    """

    def __init__(self, status: int, reason: str, kind: str = "other") -> None:
        super().__init__(reason)
        self.status = status
        self.kind = kind
