"""``edgecv check``: is this box file right?"""

from __future__ import annotations

import argparse
import sys

from edgecv.calibration.calibrated_camera import CalibratedCamera
from edgecv.calibration.camera import camera_of
from edgecv.calibration.seen_twice import seen_twice_notes
from edgecv.capture.open_failure import wrong_address
from edgecv.config import check_box, load_box
from edgecv.config.addresses import redacted_address
from edgecv.config.known_secrets import hide_secrets
from edgecv.config.stream_address import resolved_address
from edgecv.errors import ConfigError
from edgecv.privileges import become_controller_of


def run(options: argparse.Namespace) -> int:
    """Print every problem, or what was understood."""
    become_controller_of(options.config)  # its calibrations are read too, and may appear in messages
    report = check_box(options.config)
    problems = list(report.problems)
    notes = list(report.notes)
    if report.ok:
        cameras: list[CalibratedCamera] = []
        box = load_box(options.config)
        for camera_id in box.camera_ids:
            source = box.settings.cameras[camera_id].source
            fault = wrong_address(resolved_address(source, box.path), redacted_address(source))
            if fault is not None:
                problems.append(f"{options.config}: cameras.{camera_id}.source = {fault}")
            try:
                setup = camera_of(box, camera_id)
            except ConfigError as error:
                problems.extend(str(error).splitlines())
                continue
            notes.extend(setup.notes)
            cameras.append(setup.camera)
        notes.extend(seen_twice_notes(cameras))
    for line in problems:
        print(f"edgecv: {hide_secrets(line)}", file=sys.stderr)
    if problems:
        return ConfigError.exit_code
    for line in notes:
        print(hide_secrets(line))
    print(f"{options.config}: no problems found")
    return 0
