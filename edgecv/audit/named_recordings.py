"""What is named on the command line as recordings: files, and folders whose segments are one recording."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from edgecv.capture.segments import recordings_in
from edgecv.durable_files import sha256_file
from edgecv.errors import InputError
from edgecv.untrusted import file_text


@dataclass(frozen=True, slots=True)
class NamedRecording:
    """One recording: a file, or the segments of a folder, which are joined before they are read.

    Attributes:
        video: by what it is called.
        files: in order.
        joined: where its segments are joined; None for one file.
        argument: place among what was named.
    """

    video: Path
    files: tuple[Path, ...]
    joined: Path | None = None
    argument: int = 0

    def sha256(self) -> str:
        """Of the file; of several, of the list of theirs, as ``sha256sum`` writes it."""
        if self.joined is None:
            return sha256_file(self.files[0])
        lines = "".join(f"{sha256_file(path)}  {file_text(Path(path.name))}\n" for path in self.files)
        return hashlib.sha256(lines.encode()).hexdigest()


def named_recordings(
    videos: Sequence[Path], staging: Path, notes: list[str], problems: list[str]
) -> list[NamedRecording]:
    """Files as they are; folders as the recordings that lie in them.

    Args:
        videos: as they were named.
        staging: where segments are joined.
        notes: gets what to know of how they are read.
        problems: gets a line for each that cannot be read.
    """
    recordings = []
    for number, video in enumerate(videos):
        if not video.is_dir():
            recordings.append(NamedRecording(video, (video,), argument=number))
            continue
        try:
            inside = recordings_in(video, notes)
        except InputError as error:
            problems.append(readable(str(error), video))
            continue
        for files in inside:
            if len(files) == 1:
                recordings.append(NamedRecording(files[0], files, argument=number))
                continue
            name = video if len(inside) == 1 else files[0]
            recordings.append(NamedRecording(name, files, staging / f".joined-{len(recordings)}", number))
            notes.append(f"{file_text(name)}: {len(files)} segments in a row are read as one recording")
    return recordings


def readable(text: str, video: Path) -> str:
    """What is said of a video, with its name as text and not as the bytes that it is."""
    return text.replace(str(video), file_text(video)).encode(errors="backslashreplace").decode()
