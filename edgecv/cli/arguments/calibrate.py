"""Arguments of ``edgecv calibrate``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

VERB, HELP = "calibrate", "make a camera's calibration: from points, from a still, from a drop test"


def add_parser(verbs: Any) -> None:
    """Declare the verb with its three ways."""
    parser = verbs.add_parser(
        VERB,
        help=HELP,
        description="Make a camera's calibration file and check.jpg, the building drawn over the picture.",
    )
    ways = parser.add_subparsers(dest="way", metavar="WAY", required=True)
    points = ways.add_parser("points", help="from points marked by hand")
    points.add_argument("picture", metavar="PICTURE", type=Path, help="a full-size picture or video of the camera")
    points.add_argument("--points", metavar="FILE", type=Path, required=True, help="what was marked (YAML)")
    points.set_defaults(run="edgecv.cli.calibrate:run_points")
    still = ways.add_parser("still", help="from the window grid found in a still")
    still.add_argument("picture", metavar="PICTURE", type=Path, help="a full-size picture or video of the camera")
    still.add_argument(
        "--lowest-floor", metavar="FLOOR", required=True, help="the floor of the lowest whole row of windows found"
    )
    still.add_argument("--sill", metavar="M", type=float, help="height of sills above the floor, metres")
    still.add_argument("--focal", metavar="PX", type=float, help="the focal length, where it is known")
    still.add_argument("--part", metavar="N", type=int, default=1, help="which part of the building, 1 is the clearest")
    still.add_argument("--yes", action="store_true", help="take what was found without being asked")
    still.set_defaults(run="edgecv.cli.calibrate:run_still")
    drop = ways.add_parser("drop", help="check a calibration, and fix its scale, by a ball dropped from a known window")
    drop.add_argument("video", metavar="VIDEO", type=Path, help="the recorded drop or drops")
    drop.add_argument("--floor", metavar="FLOOR", required=True, help="the floor it was dropped from")
    drop.add_argument("--window", metavar="NAME", help="the window it was dropped from")
    drop.add_argument("--rescale", action="store_true", help="write the calibration with the scale that gravity says")
    drop.set_defaults(run="edgecv.cli.calibrate:run_drop")
    for way in (points, still, drop):
        way.add_argument("--config", metavar="BOX.yaml", type=Path, required=True, help="the box file")
        way.add_argument("--camera", metavar="ID", help="which camera of the box file")
        way.add_argument("--out", metavar="FILE", type=Path, help="calibration file; the one that the box file names")
        way.add_argument("--check", metavar="JPG", type=Path, default=Path("check.jpg"), help="default: check.jpg")
