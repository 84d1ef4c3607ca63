"""Coverage-guided fuzzing of the parsers of outside input with Atheris (libFuzzer): ``scripts/fuzz --guided``.

Each target runs in a process of its own, because libFuzzer ends its process. A target is a pure function of bytes; the
errors that it declares are its right answers, any other exception, a hang or growth is a failure. Pydantic's
compiled core is not instrumented: where it reads the whole input (manifests), coverage guides little.
"""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import yaml

from fuzzer.seeds import ALARM, INCIDENT

TARGETS = ("uplinks", "box_files", "manifests", "records")
LONGEST_BYTES = 16_384
"""Longer inputs meet the limits of length, which the unguided fuzzer tries; short ones reach more branches a second."""
HANG_S = 20
"""Time of one input, under instrumentation and beside other work."""
RESIDENT_MB = 2048
_CONFIGS = Path(__file__).parents[2] / "configs"


def run_targets(seconds: float, keep: Path, seed: int) -> int:
    """Fuzz each target for its share of the time.

    Args:
        seconds: for all targets together.
        keep: folder for inputs that fail; made when one does.
        seed: of libFuzzer.

    Returns:
        How many targets failed.
    """
    failed = 0
    for target in TARGETS:
        with tempfile.TemporaryDirectory(prefix="edgecv-guided-") as folder:
            corpus = Path(folder, "corpus")
            corpus.mkdir()
            for number, content in enumerate(_seeds(target)):
                (corpus / f"seed-{number}").write_bytes(content)
            failures = Path(folder, "failures")
            failures.mkdir()
            options = (
                f"-max_total_time={max(1, round(seconds / len(TARGETS)))}",
                f"-max_len={LONGEST_BYTES}",
                f"-timeout={HANG_S}",
                f"-rss_limit_mb={RESIDENT_MB}",
                f"-seed={seed}",
                f"-artifact_prefix={failures}/",
                "-print_final_stats=1",
            )
            command = [sys.executable, "-m", "fuzzer.guided", target, *options, str(corpus)]
            done = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
        tried = _statistic(done.stderr, "number_of_executed_units")
        print(f"{target}: {tried} inputs, {'failed' if done.returncode else 'no failure'}", flush=True)
        if done.returncode:
            failed += 1
            keep.mkdir(parents=True, exist_ok=True)
            (keep / f"guided-{target}.log").write_text(done.stderr + done.stdout)
            print((done.stdout + done.stderr)[-3000:], file=sys.stderr)
    return failed


def _statistic(printed: str, name: str) -> str:
    lines = [line for line in printed.splitlines() if line.startswith(f"stat::{name}")]
    return lines[-1].split()[-1] if lines else "no"


def _seeds(target: str) -> list[bytes]:
    """Good inputs for libFuzzer to start from."""
    if target == "box_files":
        return [path.read_bytes()[:LONGEST_BYTES] for path in sorted(_CONFIGS.glob("box*.yaml"))] + [
            yaml.safe_dump({"site": "a", "cameras": {"b": {"source": "rtsp://h/1"}}}).encode()
        ]
    if target == "manifests":
        entry = {"bytes": 3, "sha256": "ab" * 32}
        return [json.dumps({"version": 1, "files": {"clip.mp4": entry}}).encode()]
    if target == "records":
        return [json.dumps(INCIDENT).encode(), json.dumps(ALARM).encode()]
    event = {
        "deviceInfo": {"devEui": "0102030405060708"},
        "time": "2026-05-01T14:14:02.120Z",
        "fCnt": 7,
        "fPort": 2,
        "data": "AWcBEAJxAAAAAAAA",
        "object": {"tilt": 3.0, "battery": 90},
    }
    return [json.dumps(event).encode()]


def _parser(target: str, folder: Path) -> Callable[[bytes], None]:
    """The function under test, its modules imported with instrumentation."""
    import atheris  # noqa: PLC0415 - loads libFuzzer into the process, which only a target's own process wants

    with atheris.instrument_imports(include=["edgecv"]):
        from edgecv.errors import EdgecvError  # noqa: PLC0415

        if target == "uplinks":
            from edgecv.handlers.handler import MalformedError  # noqa: PLC0415
            from edgecv.handlers.manhole.payload_codecs import Decoder, reader  # noqa: PLC0415
            from edgecv.handlers.manhole.uplink import read_chirpstack  # noqa: PLC0415

            decode = reader(Decoder(form="cayenne_lpp", channels={"1": "tilt_deg", "2": "open", "3": "battery_v"}))

            def parse(content: bytes) -> None:
                try:
                    uplink = read_chirpstack("application/1/device/0102030405060708/event/up", content)
                    if uplink is not None:
                        decode(uplink.raw, uplink.document)
                except MalformedError:
                    pass

        elif target == "box_files":
            from edgecv.config.load import load_box  # noqa: PLC0415

            file = folder / "box.yaml"

            def parse(content: bytes) -> None:
                file.write_bytes(content)
                with contextlib.suppress(EdgecvError):
                    load_box(file, with_calibrations=False)

        elif target == "manifests":
            from edgecv.evidence.manifest import EvidenceError, parse_manifest  # noqa: PLC0415

            def parse(content: bytes) -> None:
                with contextlib.suppress(EvidenceError):
                    parse_manifest(content, Path("manifest.json"))

        else:
            from edgecv.console.intake.event_contract import check_record  # noqa: PLC0415
            from edgecv.untrusted import UntrustedError, read_json  # noqa: PLC0415

            def parse(content: bytes) -> None:
                with contextlib.suppress(UntrustedError):
                    check_record(read_json(content))

    return parse


def _fuzz(arguments: list[str]) -> None:
    import atheris  # noqa: PLC0415

    target, *options = arguments
    with tempfile.TemporaryDirectory(prefix="edgecv-guided-") as folder:
        atheris.Setup([sys.argv[0], *options], _parser(target, Path(folder)))
        atheris.Fuzz()


if __name__ == "__main__":
    _fuzz(sys.argv[1:])
