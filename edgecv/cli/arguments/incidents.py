"""Arguments of ``edgecv incidents``."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from edgecv.cli.arguments.values import positive_count, text_not_blank, timestamp

VERB, HELP = "incidents", "list, show, export, verify, hold and resolve the incidents of a box"


def add_parser(verbs: Any) -> None:
    """Declare the verb with its actions."""
    parser = verbs.add_parser(
        VERB, help=HELP, description="List, show, export, verify, hold and resolve the incidents of a box."
    )
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)

    listing = _action(actions, "list", "incidents:list_incidents", "one line an incident, newest first")
    listing.add_argument("--device", metavar="ID", help="only those of one camera or other device")
    listing.add_argument("--kind", metavar="KIND", help="only those of a kind, such as manhole_moved, or of a handler")
    listing.add_argument("--since", metavar="TIME", type=timestamp, help="only those stored since, RFC 3339 or a date")
    listing.add_argument("--limit", metavar="N", type=positive_count, default=100, help="at most so many (100)")
    listing.add_argument("--json", action="store_true", help="one line of JSON each")

    show = _action(actions, "show", "incidents:show_incident", "the record of one incident")
    show.add_argument("id", metavar="ID")
    show.add_argument("--json", action="store_true", help="the record alone, in one line")

    export = _action(
        actions,
        "export",
        "incidents_export:export_incidents",
        "copy evidence for an auditor, with the box's public key",
    )
    export.add_argument("ids", metavar="ID", nargs="*")
    export.add_argument("--out", metavar="DIR", type=Path, required=True, help="folder for the copies")
    export.add_argument("--all", action="store_true", help="every incident whose evidence was sealed")
    export.add_argument("--labelled", action="store_true", help="only those that somebody judged, with labels.jsonl")

    _add_verify(actions)

    hold = _action(actions, "hold", "incidents:hold_incident", "keep an incident's evidence however old it gets")
    hold.add_argument("id", metavar="ID")
    hold.add_argument("--why", metavar="TEXT", type=text_not_blank, required=True, help="such as a court's file number")
    release = _action(actions, "release", "incidents:release_incident", "end a hold")
    release.add_argument("id", metavar="ID")
    resolve = _action(actions, "resolve", "incidents:resolve_incident", "note what came of an incident")
    resolve.add_argument("id", metavar="ID")
    resolve.add_argument(
        "--what", metavar="TEXT", type=text_not_blank, required=True, help="such as: false alarm, a bird"
    )


def _add_verify(actions: Any) -> None:
    parser = actions.add_parser(
        "verify",
        help="check files, chain and signature, then replay the clips and compare",
        description="Check files, chain and signature of evidence, then replay the clips and compare with the records.",
    )
    parser.add_argument("path", metavar="PATH", type=Path, help="one incident's folder, or a folder of such folders")
    parser.add_argument("--key", metavar="box.pub", type=Path, help="public key of the box, from whom you trust")
    parser.add_argument(
        "--hub-key",
        metavar="box.pub",
        type=Path,
        help="public key of the hub whose copy it is, for its deletions",
    )
    parser.add_argument(
        "--incident", metavar="ID", help="the incident whose evidence PATH should be, where its folder was renamed"
    )
    parser.add_argument(
        "--head",
        metavar="FILE",
        type=Path,
        help="receipt of the last bundle that should be here: a chain-head.json, or a box's evidence message",
    )
    parser.add_argument("--no-replay", action="store_true", help="do not replay the clips: seconds instead of minutes")
    parser.add_argument(
        "--complete",
        action="store_true",
        help="all the box ever sealed should be here: a gap in the chain is a problem",
    )
    parser.add_argument(
        "--whole",
        action="store_true",
        help="the untouched clip and pictures should be here: a copy with blurred pictures alone is a problem",
    )
    parser.set_defaults(run="edgecv.cli.incidents_verify:run")


def _action(actions: Any, name: str, function: str, text: str) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = actions.add_parser(name, help=text, description=f"{text[0].upper()}{text[1:]}.")
    group = parser.add_mutually_exclusive_group()
    group.add_argument("--config", metavar="BOX.yaml", type=Path, help="the box file, which names the state directory")
    group.add_argument("--state", metavar="DIR", type=Path, help="the state directory")
    parser.set_defaults(run=f"edgecv.cli.{function}")
    return parser
