"""Options that several verbs have."""

from __future__ import annotations

import argparse


def add_log_options(parser: argparse.ArgumentParser) -> None:
    """``--log`` and ``--log-level``."""
    parser.add_argument("--log", choices=("auto", "text", "json", "journal"), default="auto", help="form of the log")
    parser.add_argument(
        "--log-level", choices=("debug", "info", "warning", "error"), default="info", help="least level that is logged"
    )
