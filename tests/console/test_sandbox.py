"""The process that decodes what others sent: what it can still read, and where it ends."""

from __future__ import annotations

import json
import multiprocessing
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from capture.test_open_container import png_of
from console.seen_bundle import record_of, write_evidence
from known_bundles import SEALED_AT
from waiting import wait_for

from edgecv.console.evidence import sandbox
from edgecv.console.evidence.bundle_verifier import Verifier
from edgecv.console.evidence.evidence_paths import EvidencePaths
from edgecv.console.evidence.landlock import landlock_version
from edgecv.console.evidence.pictures import Pictures
from edgecv.console.evidence.sandbox import PICTURE, REPLAY, Sandbox, SandboxError
from edgecv.console.evidence.sandbox_job import confine
from edgecv.evidence.keys import BoxKey
from edgecv.evidence.sealing import Link, seal

SITE = "jialinglu-3"
RECORD = record_of().model_dump(by_alias=True)
needs_landlock = pytest.mark.skipif(landlock_version() == 0, reason="this kernel has no Landlock")


@pytest.fixture
def hub(tmp_path: Path) -> EvidencePaths:
    """A hub's shelf with one incident."""
    shelf = EvidencePaths(tmp_path / "hub" / "evidence", by_site=True)
    write_evidence(shelf.root / SITE / "seen", record_of())
    return shelf


def _folder(shelf: EvidencePaths) -> Path:
    return shelf.root / SITE / "seen"


def test_a_hub_s_pictures_are_those_a_box_makes(hub: EvidencePaths, tmp_path: Path) -> None:
    apart = Pictures(hub, tmp_path / "a")
    here = Pictures(EvidencePaths(hub.root / SITE), tmp_path / "b")
    for name in ("strobe.jpg", "still.jpg"):
        made, expected = apart.of(SITE, "seen", RECORD, name), here.of("", "seen", RECORD, name)
        assert made is not None and expected is not None
        assert made.read_bytes() == expected.read_bytes()


def test_a_bomb_is_no_picture_and_is_tried_once(
    hub: EvidencePaths, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (_folder(hub) / "strobe.jpg").write_bytes(png_of(20_000, 20_000))
    pictures = Pictures(hub, tmp_path / "cache")
    assert pictures.of(SITE, "seen", RECORD, "strobe.jpg") is None

    def fail(*_: Any) -> bytes:
        raise AssertionError("it was tried again")

    monkeypatch.setattr(Sandbox, "run", fail)
    assert pictures.of(SITE, "seen", RECORD, "strobe.jpg") is None


def _in_child(work: Callable[[], object]) -> object:
    """What a function returns, or the name of what it raises, in a process that it may spoil."""
    context = multiprocessing.get_context("fork")
    here, there = context.Pipe()

    def run() -> None:
        try:
            there.send(work())
        except BaseException as error:
            there.send(type(error).__name__)
        os._exit(0)

    process = context.Process(target=run)
    process.start()
    answer = here.recv() if here.poll(60) else "nothing"
    process.join(10)
    return answer


@needs_landlock
def test_a_confined_process_reads_its_bundle_and_no_other_s(hub: EvidencePaths) -> None:
    other = hub.root / "riverside-1" / "theirs"
    write_evidence(other, record_of())

    def reads(path: Path) -> object:
        return _in_child(lambda: (confine(_folder(hub)), len(path.read_bytes()))[1])

    assert reads(_folder(hub) / "clip.mp4") == (_folder(hub) / "clip.mp4").stat().st_size
    assert reads(other / "clip.mp4") == "PermissionError"
    assert reads(Path("/etc/passwd")) == "PermissionError"
    assert reads(Path("/proc/self/environ")) == "PermissionError"
    outside = _folder(hub) / "still.jpg"
    outside.unlink()
    outside.symlink_to(other / "still.jpg")
    assert reads(outside) == "PermissionError", "no link leads out"
    assert _in_child(lambda: (confine(_folder(hub)), list(other.iterdir()))) == "PermissionError"


@needs_landlock
def test_a_confined_process_writes_nothing_and_reaches_nobody(hub: EvidencePaths) -> None:
    clip, elsewhere = _folder(hub) / "clip.mp4", hub.root.parent / "x"
    assert _in_child(lambda: (confine(_folder(hub)), clip.write_bytes(b""))) == "PermissionError"
    assert _in_child(lambda: (confine(_folder(hub)), clip.unlink())) == "PermissionError"
    assert _in_child(lambda: (confine(_folder(hub)), elsewhere.touch())) == "PermissionError"
    if landlock_version() >= 4:
        with socket.create_server(("127.0.0.1", 0)) as server:
            port = server.getsockname()[1]
            connect = lambda: socket.create_connection(("127.0.0.1", port), 5)  # noqa: E731
            assert _in_child(lambda: (confine(_folder(hub)), connect())) == "PermissionError"


def test_no_program_that_it_starts_gains_rights(hub: EvidencePaths) -> None:
    def privileges() -> str:
        confine(_folder(hub))
        return "done"

    assert _in_child(privileges) == "done"
    status = "from pathlib import Path; print(Path('/proc/self/status').read_text())"
    code = f"from edgecv.console.evidence.landlock import no_new_privileges; no_new_privileges(); {status}"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert "NoNewPrivs:\t1" in said.stdout


def test_a_job_without_enough_memory_ends_and_says_so(hub: EvidencePaths) -> None:
    """A picture within the bounds, with less memory than it needs."""
    large = cv2.imencode(".jpg", np.zeros((6000, 6000, 3), np.uint8))[1].tobytes()
    (_folder(hub) / "strobe.jpg").write_bytes(large)
    request = {"job": "picture", "folder": str(_folder(hub)), "record": RECORD, "name": "strobe.jpg"}
    with pytest.raises(SandboxError, match="need more memory than it may have"):
        Sandbox(replace(PICTURE, memory_bytes=200 * 1024**2), 0).run(request)


@pytest.mark.parametrize("limits", [replace(REPLAY, longest_s=0.2), replace(REPLAY, processor_s=1)])
def test_a_job_that_takes_too_long_is_ended(
    hub: EvidencePaths, limits: sandbox.Limits, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = "while True: pass"
    monkeypatch.setattr(sandbox, "_COMMAND", (sys.executable, "-c", _limited(code)))
    with pytest.raises(SandboxError, match="took too long and was ended"):
        Sandbox(limits, 0).run({})


def test_an_answer_longer_than_any_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox, "_ANSWER_BYTES", 10_000)
    code = "import sys; sys.stdout.buffer.write(bytes(10**7)); sys.stdout.flush()"
    monkeypatch.setattr(sandbox, "_COMMAND", (sys.executable, "-c", _limited(code)))
    with pytest.raises(SandboxError):
        Sandbox(PICTURE, 0).run({})


def test_no_secret_of_the_console_is_handed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", "/run/credentials/x")
    monkeypatch.setattr(sandbox, "_COMMAND", (sys.executable, "-c", "import os; print(dict(os.environ))"))
    said = Sandbox(PICTURE, 0).run({})
    assert b"CREDENTIALS" not in said and b"PATH" in said


def test_more_jobs_than_may_wait_are_refused_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox, "_COMMAND", (sys.executable, "-c", "import time; time.sleep(60)"))
    jobs, ended = Sandbox(PICTURE, 0), []

    def first() -> None:
        try:
            jobs.run({})
        except SandboxError as error:
            ended.append(str(error))

    thread = threading.Thread(target=first)
    thread.start()
    wait_for(lambda: jobs._running is not None, "the first runs")
    with pytest.raises(SandboxError, match="too many wait already") as refused:
        jobs.run({})
    assert refused.value.is_busy
    jobs.close()
    thread.join(30)
    assert ended == ["took too long and was ended"]
    with pytest.raises(SandboxError, match="being stopped"):
        jobs.run({})


def test_a_replay_on_a_hub_is_confined_and_tells_the_same(hub: EvidencePaths, tmp_path: Path) -> None:
    key = BoxKey.load_or_create(tmp_path / "box")
    seal(_folder(hub), key, Link(1, None), "seen", SEALED_AT)
    (hub.root.parent / "keys").mkdir()
    (hub.root.parent / "keys" / f"{SITE}.pub").write_bytes(key.public_pem)
    verifier = Verifier(hub)
    checked = verifier.check(SITE, "seen")
    assert checked is not None and checked.ok and checked.key_id == key.key_id
    verifier.replay(SITE, "seen")
    wait_for(lambda: verifier.replayed(SITE, "seen") not in {"running", None}, "the replay is over", 120)
    found = verifier.replayed(SITE, "seen")
    assert not isinstance(found, str) and found is not None and found.ok, found
    assert str(tmp_path) not in json.dumps([*found.problems, *found.notes])


def _limited(code: str) -> str:
    """Code under the limits that a job sets itself."""
    return (
        "import sys; from edgecv.console.evidence import sandbox_job as job; given = sys.argv[1:]; "
        "numbers = dict(zip(given[::2], map(int, given[1::2]))); "
        f"job._limit(numbers['--memory'], numbers['--seconds'], numbers['--output']); exec({code!r})"
    )
