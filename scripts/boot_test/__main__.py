"""Install edgecv on a Debian of its own, under a real systemd, and live there as on a box."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path

from soak_test.stage import ROOT, Stage

from boot_test.life import Life
from boot_test.machine import Machine
from edgecv.simulation.demo import write_demo

CACHE = ROOT / ".cache" / "booting"
_PASSWORD = "s3cret%of@cameras"
_SECONDS = 1800.0


def main(arguments: list[str] | None = None) -> int:
    """Live through it; exit with 1 where something was not as it should be."""
    argparse.ArgumentParser(prog="scripts/boot", description=__doc__).parse_args(arguments)
    CACHE.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="life-", dir=CACHE) as name:
        folder = Path(name)
        machine = Machine(CACHE, folder)
        demo = write_demo(folder / "demo")
        os.environ["CAMERA_PASSWORD"] = _PASSWORD  # the cameras of scripts/servers/rtsp_server.py ask for it
        with Stage(folder, demo.video, demo.box, 2, _SECONDS) as stage, machine:
            life = Life(machine, stage, _PASSWORD)
            life.lead()
    print("all is as it should be" if not life.wrong else f"{life.wrong} things are not as they should be")
    return 1 if life.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
