"""A Debian in a container that systemd boots as its first process; it shares this machine's network."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType

_PACKAGES = "systemd,systemd-sysv,dbus,python3,python3-venv,gcc,libc6-dev,procps"
_NEEDED = {"mmdebstrap": "mmdebstrap", "systemd-nspawn": "systemd-container", "nsenter": "util-linux"}
_UP_S = 60.0
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


class Machine:
    """A context manager: running within it.

    Args:
        cache: a fresh Debian is kept there for the next time.
        folder: where this one lives.
    """

    def __init__(self, cache: Path, folder: Path) -> None:
        missing = sorted({package for tool, package in _NEEDED.items() if shutil.which(tool) is None})
        if os.geteuid() != 0:
            sys.exit("scripts/boot: must be run as root, who alone may boot a container")
        if missing:
            sys.exit(f"scripts/boot: install {' '.join(missing)} (Debian: apt-get install {' '.join(missing)})")
        fresh = cache / "debian"
        if not fresh.is_dir():
            print("fetching a Debian, once", file=sys.stderr)
            making = cache / ".debian.part"
            shutil.rmtree(making, ignore_errors=True)
            cache.mkdir(parents=True, exist_ok=True)
            command = ["mmdebstrap", "--variant=important", f"--include={_PACKAGES}", "bookworm", str(making)]
            subprocess.run(command, check=True, capture_output=True, text=True)
            making.rename(fresh)
        self.root = folder / "debian"
        subprocess.run(["cp", "-a", "--reflink=auto", str(fresh), str(self.root)], check=True)
        self._booted: subprocess.Popen[bytes] | None = None
        self._first: int | None = None

    def __enter__(self) -> Machine:
        self.boot()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.switch_off()

    def boot(self) -> None:
        """Switch it on; returns when all that it starts by itself is started."""
        command = ["systemd-nspawn", "--quiet", f"--directory={self.root}", "--machine=edgecv-boot", "--boot"]
        command += ["--register=no", "--keep-unit", "--console=pipe", "--resolv-conf=off"]
        self._booted = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        until = time.monotonic() + _UP_S
        while True:
            self._first = self._first_process()
            state = "" if self._first is None else self.told("systemctl is-system-running").strip()
            if state in {"running", "degraded"}:
                return
            if time.monotonic() > until or self._booted.poll() is not None:
                self.switch_off()
                sys.exit(f"scripts/boot: systemd does not come up in a container here ({state or 'no answer'})")
            time.sleep(0.5)

    def switch_off(self) -> None:
        """Shut it down in order, or by force where it does not."""
        if self._booted is None:
            return
        if self._first is not None:
            self.run("systemctl poweroff")
        try:
            self._booted.wait(40)
        except subprocess.TimeoutExpired:
            self._booted.kill()
            self._booted.wait()
        self._booted = self._first = None

    def run(self, command: str) -> subprocess.CompletedProcess[str]:
        """A shell's command in it, as root."""
        inside = ["nsenter", "-t", str(self._first), "-m", "-u", "-i", "-p", "-r", "-w"]
        clean = ["env", "-i", f"PATH={_PATH}", "HOME=/root", "LANG=C.UTF-8", "bash", "-c", f"cd /root; {command}"]
        return subprocess.run([*inside, *clean], capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)

    def told(self, command: str) -> str:
        """What a command prints."""
        return self.run(command).stdout

    def _first_process(self) -> int | None:
        assert self._booted is not None
        listed = subprocess.run(
            ["ps", "-o", "pid=", "--ppid", str(self._booted.pid)], capture_output=True, text=True, check=False
        )
        return int(listed.stdout.split()[0]) if listed.stdout.split() else None
