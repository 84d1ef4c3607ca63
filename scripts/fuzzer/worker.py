"""An entrance in a process of its own, which an input may kill, hang or fill without harm to the run."""

from __future__ import annotations

import contextlib
import hashlib
import logging
import multiprocessing
import os
import random
import resource
import tempfile
import time
import traceback
from collections.abc import Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from fuzzer.entrance import Case, Entrance, ViolationError
from fuzzer.settings import CPU_S, GROWTH_MB, HANG_S, RENEW_INPUTS, ROOM_MB, START_S

_ROOT = str(Path(__file__).parents[2])


@dataclass(frozen=True, slots=True)
class Failure:
    """What an input did.

    Attributes:
        what: in one line, the same for the same cause: failures are told apart by it.
        detail: where, as the traceback's last lines.
        fatal: whether the process died or hung.
    """

    what: str
    detail: str = ""
    fatal: bool = False


@dataclass(frozen=True, slots=True)
class _Make:
    seed: int
    index: int


@dataclass(frozen=True, slots=True)
class _Try:
    case: Case
    fresh: bool


def generator(seed: int, name: str, index: int) -> random.Random:
    """The generator of an entrance's input: no input depends on those before it."""
    return random.Random(hashlib.sha256(f"{seed}/{name}/{index}".encode()).digest())


class Worker:
    """Tries inputs at one entrance; a context manager."""

    def __init__(self, kind: type[Entrance], seed: int) -> None:
        self._kind = kind
        self._seed = seed
        self._process: Any = None
        self._pipe: Connection | None = None

    def __enter__(self) -> Worker:
        return self

    def __exit__(self, *_: object) -> None:
        self._end()

    def make(self, index: int) -> Case:
        """The input of an index."""
        if self._process is None:
            self._start()
        assert self._pipe is not None
        self._pipe.send(_Make(self._seed, index))
        return self._pipe.recv()

    def attempt(self, case: Case, *, fresh: bool = False) -> Failure | None:
        """Let one input in; what was wrong, or None.

        Args:
            case: the input.
            fresh: whether the entrance begins with fresh state.
        """
        if self._process is None:
            self._start()
        assert self._pipe is not None
        try:
            self._pipe.send(_Try(case, fresh))
            if self._pipe.poll(HANG_S):
                found: Failure | None = self._pipe.recv()
                return found
        except (EOFError, ConnectionError):
            return self._death()
        self._end()
        return Failure(f"no answer within {HANG_S:.0f} s", fatal=True)

    def _start(self) -> None:
        context = multiprocessing.get_context("fork")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=_main, args=(self._kind, theirs), daemon=False)
        self._process.start()
        theirs.close()
        if not self._pipe.poll(START_S):
            self._end()
            raise RuntimeError(f"the entrance {self._kind.name} did not open within {START_S:.0f} s")
        problem = self._pipe.recv()
        if problem is not None:
            self._end()
            raise RuntimeError(f"the entrance {self._kind.name} does not open: {problem}")

    def _death(self) -> Failure:
        self._process.join(5.0)
        code = self._process.exitcode
        self._end()
        how = f"signal {-code}" if code is not None and code < 0 else f"exit code {code}"
        return Failure(f"the process died with {how}", fatal=True)

    def _end(self) -> None:
        if self._process is None:
            return
        if self._pipe is not None:
            self._pipe.close()
        self._process.join(2.0)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()
        self._process = self._pipe = None


def _main(kind: type[Entrance], pipe: Connection) -> None:
    os.setpgid(0, 0)
    logging.disable(logging.ERROR)
    with (
        tempfile.TemporaryDirectory(prefix="edgecv-fuzz-") as name,
        Path(os.devnull).open("w") as nowhere,
        contextlib.redirect_stdout(nowhere),
        contextlib.redirect_stderr(nowhere),
    ):
        _serve(kind, pipe, Path(name))


def _serve(kind: type[Entrance], pipe: Connection, root: Path) -> None:
    folders = (root / str(n) for n in range(10**9))
    try:
        entrance = _opened(kind, next(folders))
        entrance.good()
    except Exception:
        pipe.send(traceback.format_exc())
        return
    _limit_memory()
    pipe.send(None)
    tried = 0
    while True:
        try:
            asked = pipe.recv()
        except EOFError:
            break
        if isinstance(asked, _Make):
            pipe.send(entrance.make(generator(asked.seed, kind.name, asked.index)))
            continue
        case, fresh = asked.case, asked.fresh
        tried += 1
        if (fresh and entrance.remembers) or tried % RENEW_INPUTS == 0:
            entrance.close()
            entrance = _opened(kind, next(folders))
        failure = _attempted(entrance, case, with_good=fresh or tried % entrance.good_every == 0)
        if failure is not None and entrance.remembers:  # what it left must not spoil the next
            with contextlib.suppress(Exception):
                entrance.close()
            entrance = _opened(kind, next(folders))
        pipe.send(failure)
    entrance.close()


def _opened(kind: type[Entrance], folder: Path) -> Entrance:
    folder.mkdir()
    entrance = kind()
    entrance.open(folder)
    return entrance


def _attempted(entrance: Entrance, case: Case, *, with_good: bool) -> Failure | None:
    before_mb, began_s = _peak_mb(), time.process_time()
    try:
        entrance.attempt(case)
    except Exception as error:
        return _failure(error)
    used_s, grown_mb = time.process_time() - began_s, _peak_mb() - before_mb
    if used_s > CPU_S:
        return Failure(f"took more than {CPU_S:.0f} s of CPU time", f"{used_s:.1f} s")
    if grown_mb > GROWTH_MB:
        return Failure(f"grew the process by more than {GROWTH_MB} MB", f"{grown_mb} MB")
    if with_good:
        try:
            entrance.good()
        except Exception as error:
            found = _failure(error)
            return Failure(f"afterwards a good input fails: {found.what}", found.detail)
    return None


def _failure(error: Exception) -> Failure:
    if isinstance(error, ViolationError):
        return Failure(str(error), _where(error))
    frames = [f for f in traceback.extract_tb(error.__traceback__) if f.filename.startswith(f"{_ROOT}/edgecv/")]
    at = f" in {frames[-1].filename.removeprefix(_ROOT + '/')} {frames[-1].name}" if frames else ""
    return Failure(f"{type(error).__name__}{at}", _where(error))


def _where(error: BaseException) -> str:
    lines = traceback.format_exception(error)
    return "".join(lines)[-1800:].encode("utf-8", "backslashreplace").decode()


def _limit_memory() -> None:
    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    hard = resource.getrlimit(resource.RLIMIT_AS)[1]
    resource.setrlimit(resource.RLIMIT_AS, (used + ROOM_MB * 2**20, hard))


def _peak_mb() -> int:
    return int(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)


def indices() -> Iterator[int]:
    """0, 1, 2 and so on."""
    yield from range(10**9)
