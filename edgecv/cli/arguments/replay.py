"""Arguments of ``edgecv replay``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from edgecv.cli.arguments.values import frames_per_second, pixels_per_metre, timestamp

VERB, HELP = "replay", "analyse recorded video"


def add_parser(verbs: Any) -> None:
    """Declare the verb."""
    parser = verbs.add_parser(VERB, help=HELP, description="Analyse recorded video.")
    parser.add_argument(
        "videos", metavar="VIDEO", type=Path, nargs="+", help="any file that FFmpeg reads, or a folder of segments"
    )
    parser.add_argument("--out", metavar="DIR", type=Path, required=True, help="folder for the results")
    parser.add_argument("--config", metavar="BOX.yaml", type=Path, help="the box file, for floors and windows")
    parser.add_argument(
        "--camera",
        metavar="ID",
        action="append",
        help="which camera of the box file recorded the videos; given once for each video, in their order, falls that "
        "several cameras saw are joined",
    )
    parser.add_argument("--push", metavar="URL", help="publish incidents: mqtt://[USER:PASSWORD@]HOST[:PORT]")
    parser.add_argument(
        "--recorded-at",
        metavar="TIME",
        type=timestamp,
        action="append",
        help="wall time of the first frame, RFC 3339; UTC without offset; once for all videos or once for each",
    )
    parser.add_argument(
        "--scale", metavar="PX_PER_M", type=pixels_per_metre, help="a known scale: reports the fit's gravity in m/s²"
    )
    parser.add_argument(
        "--fps",
        metavar="N",
        type=frames_per_second,
        help="frames a second of videos without time stamps (raw H.264, motion JPEG), which may declare none",
    )
    parser.set_defaults(run="edgecv.cli.replay:run")
