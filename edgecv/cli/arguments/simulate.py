"""Arguments of ``edgecv simulate``: scenes as video, or a day of other devices' messages."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from edgecv.cli.arguments.values import count, fraction, seconds

VERB, HELP = "simulate", "render scenes, or a day of other devices' messages, with known truth"

CONDITIONS = (
    "day", "night", "rain", "snow", "shake", "flicker", "clouds", "low_bitrate", "vfr", "repeated", "half_rate",
)  # fmt: skip
"""As in :mod:`edgecv.simulation.random_scene`, which a help text must not import; a test compares them."""
NUISANCES = (
    "lights", "people", "curtains", "laundry", "reflection", "drips", "birds", "leaves", "trees", "rain", "snow",
    "insects", "clouds", "shake", "exposure_steps", "flicker", "ir_noise", "clock", "bird_flights", "near_insects",
    "traffic", "pedestrians", "lifts", "gondolas",
)  # fmt: skip
"""As in :mod:`edgecv.simulation.nuisances`; a test compares them."""
KINDS = ("animals", "hygiene", "manhole", "medical_reports", "medication", "rules")
"""As in :mod:`edgecv.simulation.devices`, and the one that is video; a test compares them."""

_SCENE_S = (0.001, 86_400.0)
"""From less than one frame to a day: a longer scene is a slip of the keyboard."""


def add_parser(verbs: Any) -> None:
    """Declare the verb with its two subcommands; ``scene`` may be left out."""
    parser = verbs.add_parser(
        VERB,
        help=HELP,
        description="Render scene files, or random scenes, to video with the truth of every frame; or make a day of "
        "messages of other devices. 'edgecv simulate SCENE.yaml --out DIR' is short for 'edgecv simulate scene ...'.",
    )
    commands = parser.add_subparsers(dest="simulated", metavar="COMMAND", required=True)
    _add_scene(commands)
    _add_device(commands)
    parser.set_default_command("scene", commands.choices)


def _add_scene(commands: Any) -> None:
    parser = commands.add_parser(
        "scene",
        help="render scenes to video (may be left out)",
        description="Render scene files, or random scenes, to video with the truth of every frame.",
    )
    parser.add_argument("scenes", metavar="SCENE.yaml", type=Path, nargs="*", help="scene files, see configs/scenes")
    parser.add_argument("--out", metavar="DIR", type=Path, required=True, help="folder for videos and truth")
    parser.add_argument("--random", metavar="N", type=count, default=0, help="make N random scenes")
    parser.add_argument("--seed", metavar="S", type=count, default=0, help="seed of the first of them (default: 0)")
    parser.add_argument(
        "--with",
        metavar="NAMES",
        dest="conditions",
        type=_names,
        help="conditions and nuisances of the random scenes, by comma: "
        + ", ".join(dict.fromkeys((*CONDITIONS, *NUISANCES))),
    )
    parser.add_argument(
        "--seconds", metavar="T", type=seconds(*_SCENE_S), default=20.0, help="length of random scenes (20)"
    )
    parser.set_defaults(run="edgecv.cli.simulate:run")


def _add_device(commands: Any) -> None:
    parser = commands.add_parser(
        "device",
        help="a day of other devices' messages with its truth",
        description="Make a day of messages of one kind of device with the alarms that are right, and replay it as "
        "fast as it is taken to a box that runs with --rehearsal.",
    )
    parser.add_argument("kind", metavar="KIND", choices=KINDS, help=f"one of {', '.join(KINDS)}")
    parser.add_argument("--out", metavar="DIR", type=Path, help="write traffic.jsonl, truth.jsonl and box.yaml there")
    parser.add_argument("--count", metavar="N", type=count, default=20, help="how many devices (20)")
    parser.add_argument("--seed", metavar="S", type=count, default=0, help="the same seed gives the same day (0)")
    parser.add_argument("--loss", metavar="P", type=fraction, default=0.0, help="share of messages lost")
    parser.add_argument("--duplicate", metavar="P", type=fraction, default=0.0, help="share that arrives twice")
    parser.add_argument(
        "--reorder", metavar="P", type=fraction, default=0.0, help="share that arrives after later ones"
    )
    parser.add_argument("--skew", metavar="P", type=fraction, default=0.0, help="share of devices with a wrong clock")
    parser.add_argument("--broker", metavar="mqtt://HOST[:PORT]", help="replay to this broker")
    parser.add_argument("--hook", metavar="http://HOST:PORT", help="replay to the box's web hook")
    parser.add_argument("--token-file", metavar="FILE", type=Path, help="the hook's bearer token")
    parser.set_defaults(run="edgecv.cli.simulate_device:run")


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]
