"""The process that decodes what others sent: ``python -m edgecv.console.evidence.sandbox_job``, one job each.

Limits come first, then the code is loaded, then every file but the one bundle is given up; only then is anything read
that somebody else wrote. The request comes on standard input as JSON, the answer goes to standard output.
"""

from __future__ import annotations

import argparse
import ctypes
import json
import os
import resource
import signal
import sys
from pathlib import Path

from edgecv.console.evidence.landlock import allow_reading_only, no_new_privileges

_PARENT_DEATH = 1  # of prctl
_OPEN_FILES = 64
"""Standard streams, a clip, its decoder; a folder that is listed. A list of files that names itself ends here."""
_SYSTEM = ("/usr", "/lib", "/lib64", "/etc/ld.so.cache", "/etc/localtime", "/dev/null", "/dev/urandom")


def main() -> None:
    """Do one job; what goes wrong ends the process with a code other than 0."""
    parser = argparse.ArgumentParser()
    for name in ("memory", "seconds", "output"):
        parser.add_argument(f"--{name}", type=int, required=True)
    options = parser.parse_args()
    _limit(options.memory, options.seconds, options.output)
    request = json.load(sys.stdin)

    import cv2  # noqa: PLC0415 - after the limits

    from edgecv.console.evidence import sandbox_tasks  # noqa: PLC0415

    cv2.setNumThreads(1)
    folder = Path(request["folder"]).resolve()
    confine(folder)
    sys.stdout.buffer.write(sandbox_tasks.do(folder, request))
    sys.stdout.buffer.flush()


def confine(folder: Path) -> bool:
    """Give up every file but a bundle and the installed code; whether the kernel can do that."""
    no_new_privileges()
    return allow_reading_only([folder, *_code(folder)])


def _limit(memory: int, seconds: int, output: int) -> None:
    os.nice(19)
    ctypes.CDLL(None).prctl(_PARENT_DEATH, signal.SIGKILL, 0, 0, 0)
    for resource_id, most in (
        (resource.RLIMIT_AS, memory),
        (resource.RLIMIT_CPU, seconds),
        (resource.RLIMIT_FSIZE, output),
        (resource.RLIMIT_NOFILE, _OPEN_FILES),
        (resource.RLIMIT_CORE, 0),
    ):
        hard = resource.getrlimit(resource_id)[1]
        limit = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(resource_id, (limit, limit))


def _code(folder: Path) -> list[Path]:
    """Where libraries are loaded from; none of those folders that hold the evidence as well."""
    package = Path(__file__).resolve().parents[2]
    # in a checkout the models lie beside the package
    roots: list[str | Path] = [
        *_SYSTEM,
        sys.prefix,
        sys.base_prefix,
        sys.exec_prefix,
        package,
        package.parent / "models",
    ]
    return [path for path in (Path(root) for root in roots) if not folder.is_relative_to(path.resolve())]


if __name__ == "__main__":
    main()
