"""The systemd unit: systemd understands it, finds little exposed, and the daemon's libraries live within it."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from scripts import confinement

ROOT = Path(__file__).resolve().parents[2]
UNIT = ROOT / "configs" / "systemd" / "edgecv.service"
NEWER_KEYS = {"RestartSteps", "RestartMaxDelaySec"}

needs_systemd = pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd-analyze here")
needs_seccomp = pytest.mark.skipif(confinement.library() is None, reason="no libseccomp here")


@needs_systemd
def test_the_exposure_systemd_finds_is_at_most_2() -> None:
    command = ["systemd-analyze", "security", "--offline=true", "--no-pager", str(UNIT)]
    told = subprocess.run(command, capture_output=True, text=True, check=False)
    if "unrecognized option" in told.stderr:
        pytest.skip("this systemd-analyze knows no --offline")
    found = re.search(r"Overall exposure level for edgecv.service: ([\d.]+)", told.stdout)
    assert found is not None, told.stderr
    assert float(found[1]) <= 2.0


@needs_systemd
def test_systemd_understands_every_key(tmp_path: Path) -> None:
    program = tmp_path / "edgecv"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    unit = tmp_path / "edgecv.service"
    unit.write_text(UNIT.read_text().replace("/opt/edgecv/current/bin/edgecv", str(program)))
    command = ["systemd-analyze", "verify", "--man=no", str(unit)]
    told = subprocess.run(command, capture_output=True, text=True, check=False)
    # about other units of this machine it may say what it likes
    ours = [line for line in told.stderr.splitlines() if "edgecv" in line]
    surprising = [line for line in ours if not any(f"'{key}'" in line for key in NEWER_KEYS)]
    assert surprising == []


def test_it_starts_what_install_puts_there_and_reloads_by_hangup() -> None:
    def only(key: str) -> str:
        (value,) = confinement.settings(UNIT, key)
        return value

    assert only("Type") == "notify"
    assert only("NotifyAccess") == "main"
    assert only("ExecStart") == "/opt/edgecv/current/bin/edgecv run --config /etc/edgecv/box.yaml"
    # a wrong box file is told to whoever reloads, and the daemon never hears of it
    check = "/opt/edgecv/current/bin/edgecv check --config /etc/edgecv/box.yaml"
    assert confinement.settings(UNIT, "ExecReload") == [check, "/bin/kill -HUP $MAINPID"]
    assert (only("User"), only("StateDirectory"), only("StateDirectoryMode")) == ("edgecv", "edgecv", "0700")
    # 10 s are promised for stopping; the manager must not be faster
    assert int(only("TimeoutStopSec")) > 10
    assert only("Restart") == "always"


WORK = """
import ctypes, json, multiprocessing, os, resource, socket, sqlite3, sys, tempfile, threading
from pathlib import Path

import cv2, httpx, numpy as np, onnxruntime, paho.mqtt.client, scipy.optimize
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from edgecv.daemon.process import yield_to_cameras
from edgecv.detection import Detector
from edgecv.durable_files import write_atomic

told = {}
before = os.getpriority(os.PRIO_PROCESS, 0)
for name, call in {"chown": lambda: os.chown("/", 0, 0), "pinning": lambda: os.sched_setaffinity(0, {0})}.items():
    try:
        call()
    except PermissionError:
        told[name] = "refused"
yield_to_cameras()
told["niceness"] = os.getpriority(os.PRIO_PROCESS, 0) - before
session = onnxruntime.InferenceSession(sys.argv[1])
shown = session.get_inputs()[0]
session.run(None, {shown.name: np.zeros([n if isinstance(n, int) else 1 for n in shown.shape], np.float32)})
resource.setrlimit(resource.RLIMIT_DATA, (8 << 30, 8 << 30))
cv2.GaussianBlur(np.zeros((480, 640), np.uint8), (5, 5), 0)
scipy.optimize.least_squares(lambda x: x - 1.0, [0.0])
Ed25519PrivateKey.generate().sign(b"manifest")
with tempfile.TemporaryDirectory() as folder:
    write_atomic(Path(folder) / "record", "kept")
    records = sqlite3.connect(f"{folder}/records")
    records.execute("PRAGMA journal_mode=WAL")
    records.execute("CREATE TABLE t (a)")
    records.close()
queue = multiprocessing.get_context("spawn").Queue()
queue.put(7)
told["queue"] = queue.get(timeout=10)
listening = socket.create_server(("127.0.0.1", 0))
socket.create_connection(listening.getsockname()).close()
told["call_back"] = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_int)(lambda n: n + 1)(3)
print(json.dumps(told))
"""


@needs_systemd
@needs_seccomp
def test_what_the_daemon_is_made_of_works_under_its_system_call_filter() -> None:
    command = [sys.executable, confinement.__file__, str(UNIT), sys.executable, "-c", WORK]
    model = str(ROOT / "models" / "nuisance.onnx")
    done = subprocess.run([*command, model], capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told == {"chown": "refused", "pinning": "refused", "niceness": 10, "queue": 7, "call_back": 4}
