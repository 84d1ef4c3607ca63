"""What happens to a box, and what must hold after each of it."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import yaml
from soak_test.stage import ROOT, Stage

from boot_test.machine import Machine

_BOX = "/etc/edgecv/box.yaml"
_STATE = "/var/lib/edgecv"
_DROP_IN = "[Service]\nLoadCredential=north-1:/etc/credstore/edgecv.north-1\n"


class Life:
    """One box's.

    Args:
        machine: a Debian that runs.
        stage: cameras and a broker.
        password: of the cameras' user ``camera``.
    """

    def __init__(self, machine: Machine, stage: Stage, password: str) -> None:
        self.wrong = 0
        self._machine = machine
        self._stage = stage
        self._password = password
        self._install = "edgecv/scripts/install --wheelhouse /root/wheels"

    def lead(self) -> None:
        """From the installation to the end, in order."""
        for chapter in (
            self._installed,
            self._set_up,
            self._reloads,
            self._hangs,
            self._boots,
            self._changes,
            self._ends,
        ):
            chapter()

    def _installed(self) -> None:
        fill = [str(ROOT / "scripts" / "install"), "--fill", str(self._machine.root / "root" / "wheels")]
        subprocess.run(fill, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        files = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True).stdout
        copy = self._machine.root / "root" / "edgecv"
        copy.mkdir()
        packed = subprocess.run(
            ["tar", "-c", "--null", "-T", "-"], cwd=ROOT, check=True, capture_output=True, input=files
        )
        subprocess.run(["tar", "-x", "-C", str(copy)], check=True, input=packed.stdout)
        done = self._machine.run(self._install)
        self._check("it is installed without internet", done.returncode == 0, done.stderr)
        self._check("the example is not started as it is", not self._is("active"))

    def _set_up(self) -> None:
        self._write_box(self._box())
        calibration = (self._stage.box.parent / "calibration.yaml") if self._stage.box else None
        if calibration is not None:
            (self._machine.root / "etc/edgecv/calibration.yaml").write_text(calibration.read_text())
        for place, text, mode in (
            ("etc/credstore/edgecv.north-1", self._password, 0o600),
            ("etc/systemd/system/edgecv.service.d/login.conf", _DROP_IN, 0o644),
            ("root/first", "correct-horse-battery-9\n", 0o600),
        ):
            path = self._machine.root / place
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
            path.chmod(mode)
        self._machine.run("chgrp -R edgecv /etc/edgecv; systemctl daemon-reload; install -d -o edgecv -m 700 " + _STATE)
        made = self._machine.run(f"edgecv console user add chen --role admin --password-file first --config {_BOX}")
        self._check("root makes the first user of the console", made.returncode == 0, made.stderr)
        started = self._machine.run(self._install)
        self._check("with a box file it starts", self._is("active"), started.stdout + started.stderr)
        self._check("systemd is told of it", self._shown("StatusText") == "2 of 2 cameras watching", self._log())
        told = self._machine.told("systemd-analyze security --no-pager edgecv | tail -1")
        self._check("little is exposed", float(told.split(":")[1].split()[0]) <= 2.0, told)
        looked = self._machine.told(f"edgecv doctor --config {_BOX}")
        self._check("the doctor logs in as the service does", looked.count("sends h264") == 2, looked)
        self._check("what root made is the service's", self._machine.told(f"find {_STATE} -user root") == "")
        refused = self._machine.run(f"edgecv run --config {_BOX}")
        self._check("root is refused beside it", refused.returncode == 2, refused.stderr)
        self._check(
            "an incident comes and is sealed", self._waits(lambda: "(sealed)" in self._incidents(), 90), self._log()
        )

    def _reloads(self) -> None:
        before = self._workers()
        self._write_box({**self._box(), "nonsense": 3})
        failed = self._machine.run("systemctl reload edgecv")
        self._check("a wrong box file fails the reload", failed.returncode != 0)
        self._check("and its problem stands in the journal", "nonsense" in self._log())
        self._check("and nothing else happens", self._workers() == before)
        changed = self._box()
        changed["cameras"]["north-2"]["transport"] = "udp"
        self._write_box(changed)
        self._check("a good one is reloaded", self._machine.run("systemctl reload edgecv").returncode == 0)
        self._waits(lambda: len(set(self._workers()) - set(before)) == 1, 20)
        self._check("only the camera that was changed is started again", len(set(self._workers()) & set(before)) == 1)

    def _hangs(self) -> None:
        for what, blow, limit_s in (("that hangs", "STOP", 60.0), ("that is killed", "KILL", 20.0)):
            main = self._shown("MainPID")
            self._machine.run(f"kill -{blow} {main}")
            back = self._waits(partial(self._is_another, main), limit_s)
            self._check(f"a supervisor {what} is started again", back, self._log())
        begun = time.monotonic()
        self._machine.run("systemctl stop edgecv")
        self._check("it stops within 10 s", time.monotonic() - begun < 10.0 and self._shown("Result") == "success")
        self._machine.run("systemctl start edgecv")

    def _boots(self) -> None:
        self._machine.switch_off()
        self._machine.boot()
        self._check("it comes up with the machine", self._waits(lambda: self._is("active"), 30), self._log())

    def _changes(self) -> None:
        old = self._machine.told("readlink /opt/edgecv/current")
        self._machine.run("echo >> edgecv/models/README.md")
        upgraded = self._machine.run(self._install)
        new = self._machine.told("readlink /opt/edgecv/current")
        self._check("an upgrade is another release", new != old and self._is("active"), upgraded.stderr)
        self._machine.run("edgecv/scripts/install --rollback")
        self._check("and back", self._machine.told("readlink /opt/edgecv/current") == old and self._is("active"))

    def _ends(self) -> None:
        self._machine.run("systemctl stop edgecv")
        out = self._machine.run(f"edgecv incidents export --all --out /root/out --config {_BOX}")
        checked = self._machine.told("edgecv incidents verify /root/out --key /root/out/box.pub | tail -1")
        self._check(
            f"an auditor trusts all of it ({checked.strip()})", checked.endswith("all well\n"), out.stderr + checked
        )
        self._machine.run("edgecv/scripts/uninstall")
        kept = self._machine.told(f"ls {_STATE}/incidents | wc -l")
        self._check("uninstalled, the evidence stays", int(kept) > 0 and not self._is("active"))
        self._machine.run("edgecv/scripts/uninstall --purge --yes")
        left = self._machine.told(f"ls -d {_STATE} /etc/edgecv /opt/edgecv 2>/dev/null")
        self._check("purged, nothing stays", left == "", left)

    def _box(self) -> dict[str, Any]:
        given: dict[str, Any] = yaml.safe_load(self._stage.box_file.read_text())
        cameras = {}
        for n, camera in enumerate(given["cameras"].values()):
            login = {"user": "camera", "password_file": "credential:north-1"}
            cameras[f"north-{n + 1}"] = {**camera, "calibration": "calibration.yaml", "login": login}
        given["cameras"], given["storage"], given["console"] = cameras, {}, {"listen": "127.0.0.1:0"}
        return given

    def _write_box(self, box: dict[str, Any]) -> None:
        (self._machine.root / "etc/edgecv/box.yaml").write_text(yaml.safe_dump(box))

    def _check(self, what: str, holds: bool, why: str = "") -> None:
        print(("ok   " if holds else "NOT  ") + what, flush=True)
        if not holds:
            self.wrong += 1
            print("\n".join(f"     {line}" for line in why.strip().splitlines()[-15:]))

    def _waits(self, holds: Callable[[], bool], seconds: float) -> bool:
        until = time.monotonic() + seconds
        while not (now := holds()) and time.monotonic() < until:
            time.sleep(0.5)
        return now

    def _is_another(self, main: str) -> bool:
        return self._shown("MainPID") not in {main, "0"} and self._is("active")

    def _is(self, state: str) -> bool:
        return self._shown("ActiveState") == state

    def _shown(self, key: str) -> str:
        return self._machine.told(f"systemctl show --value -p {key} edgecv").strip()

    def _workers(self) -> list[str]:
        return self._machine.told("pgrep -x 'north-[12]'").split()

    def _incidents(self) -> str:
        return self._machine.told(f"edgecv incidents list --config {_BOX}")

    def _log(self) -> str:
        return self._machine.told("journalctl -u edgecv --no-pager -o cat -n 15")
