"""A PostgreSQL server of the tests' own: Debian's, on a free port, in a folder that goes away."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from running import free_port
from services import missing


def _tools() -> Path:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not found:
        missing("PostgreSQL", "postgresql")
    return found[-1].parent


@contextmanager
def running_postgres(*, durable: bool = False) -> Iterator[str]:
    """The address of a running server with an empty database ``console``; no password, loopback only.

    Unless it is ``durable``, nothing waits for the disk: a test's data need not outlive a power cut.
    """
    tools = _tools()
    # Root may not run it: Debian's package brings a user who may, and who must reach the folder.
    as_user = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"] if os.getuid() == 0 else []
    folder = Path(tempfile.mkdtemp(prefix="edgecv-pg-", dir="/tmp"))
    port = free_port()
    if as_user:
        shutil.chown(folder, "postgres", "postgres")
    data, log = folder / "data", folder / "log"

    def call(*command: str) -> None:
        done = subprocess.run(
            [*as_user, *command], capture_output=True, text=True, check=False, cwd=folder, stdin=subprocess.DEVNULL
        )
        told = log.read_text() if log.exists() else ""
        assert done.returncode == 0, f"{command[0]}: {done.stderr}{told}"

    try:
        locale = ["--encoding=UTF8", "--locale=C", "--no-sync"]
        call(str(tools / "initdb"), "-D", str(data), "-U", "postgres", "-A", "trust", *locale)
        options = f"-p {port} -h 127.0.0.1 -k {folder}" + ("" if durable else " -F")
        call(str(tools / "pg_ctl"), "-D", str(data), "-l", str(log), "-o", options, "-w", "-t", "90", "start")
        try:
            call(str(tools / "createdb"), "-h", "127.0.0.1", "-p", str(port), "-U", "postgres", "console")
            yield f"postgresql://postgres@127.0.0.1:{port}/console"
        finally:
            call(str(tools / "pg_ctl"), "-D", str(data), "-m", "immediate", "-w", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
