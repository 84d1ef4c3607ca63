"""The run: render, measure, print, write bench.json and bench.svg."""

from __future__ import annotations

import argparse
import json
import os
import platform
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

import cv2
from rich.console import Console
from rich.table import Table

from benchmark.clips import FPS, render_clips
from benchmark.costs import measure
from benchmark.history import HISTORY, append
from benchmark.live import lag_of, memory_of
from benchmark.plot import bars

_BUSY = 0.3  # load average above which the lag says more of others than of edgecv
_SHORTEST_S = 4.0
_PARTS = ("detection", "tracking", "physics")


def main() -> int:
    """Measure and write."""
    options = _options()
    cv2.setNumThreads(1)
    if options.work is None:
        with tempfile.TemporaryDirectory(prefix="edgecv-bench-") as folder:
            result = _measure_all(Path(folder), options)
    else:
        options.work.mkdir(parents=True, exist_ok=True)
        result = _measure_all(options.work, options)
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / "bench.json").write_text(json.dumps(result, indent=1) + "\n")
    shown = {
        name: {who: ms for who, ms in costs["ms_per_frame"].items() if who not in _PARTS}
        for name, costs in result["clips"].items()
    }
    (options.out / "bench.svg").write_text(bars(shown))
    append(options.history, result, quick=options.quick)
    _show(result)
    print(f"appended the figures to {options.history}")
    print(f"wrote {options.out / 'bench.json'} and {options.out / 'bench.svg'}")
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="scripts/bench", description=__doc__)
    parser.add_argument("--work", type=Path, metavar="DIR", help="keep the clips here (default: a temporary folder)")
    parser.add_argument("--out", type=Path, metavar="DIR", default=Path("bench-out"), help="default: bench-out")
    parser.add_argument(
        "--history",
        type=Path,
        metavar="FILE",
        default=HISTORY,
        help="append the figures (default: docs/benchmarks.jsonl)",
    )
    parser.add_argument("--quick", action="store_true", help="1080p only, short clips, one round less")
    parser.add_argument("--seconds", type=float, help="length of a clip (default: 12, quick 5)")
    parser.add_argument("--rounds", type=int, help="default: 3, quick 2")
    parser.add_argument("--cameras", type=int, default=10, help="in the real-time test (default: 10)")
    options = parser.parse_args()
    if options.seconds is not None and options.seconds < _SHORTEST_S:
        parser.error(f"--seconds {options.seconds:g}: the first 3 s are not counted; give at least {_SHORTEST_S:g}")
    return options


def _measure_all(folder: Path, options: argparse.Namespace) -> dict[str, Any]:
    seconds = options.seconds or (5.0 if options.quick else 12.0)
    rounds = options.rounds or (2 if options.quick else 3)
    clips = render_clips(folder, seconds, options.quick)
    result: dict[str, Any] = {"machine": _machine(), "seconds": seconds, "rounds": rounds, "clips": {}}
    for n, clip in enumerate(clips):
        print(f"measuring {clip.name}", flush=True)
        rain = n == len(clips) - 1
        costs = measure(clip.path, rounds, 60 if options.quick else 100, not rain)
        result["clips"][clip.name] = {"ms_per_frame": costs.median(), "rounds": costs.rounds}
    quiet, wet = (result["clips"][clips[k].name]["ms_per_frame"]["edgecv"] for k in (0, -1))
    result["rain_over_quiet"] = wet / quiet
    for costs in result["clips"].values():
        costs["ratios"] = _ratios(costs["ms_per_frame"])
    memory = memory_of(clips[0].path)
    result["memory_1080p"] = asdict(memory) | {"own_mb": memory.own_mb}
    print(f"running {options.cameras} cameras in real time", flush=True)
    result["real_time"] = asdict(lag_of(clips[0].path, options.cameras, 2, FPS))
    return result


def _ratios(ms: dict[str, float]) -> dict[str, float]:
    ratios = {"analysis / decoding": ms["edgecv"] / ms["decoding"]}
    for name in ("MOG2 on BGR", "KNN on BGR", "MOG2 on grey"):
        if name in ms:
            ratios[f"{name} / analysis"] = ms[name] / ms["edgecv"]
    ratios["cameras a core"] = 1e3 / FPS / (ms["edgecv"] + ms["decoding"])
    return ratios


def _show(result: dict[str, Any]) -> None:
    table = Table(title=f"CPU time a frame, ms; {result['machine']['processor']}")
    table.add_column("")
    for clip in result["clips"]:
        table.add_column(clip, justify="right")
    for key, form in (("ms_per_frame", "{:.2f}"), ("ratios", "{:.2f}")):
        names = list(dict.fromkeys(name for costs in result["clips"].values() for name in costs[key]))
        for name in names:
            cells = [costs[key].get(name) for costs in result["clips"].values()]
            label = f"  {name}" if name in _PARTS else name
            table.add_row(label, *("" if value is None else form.format(value) for value in cells))
        table.add_section()
    Console().print(table)
    memory, lag = result["memory_1080p"], result["real_time"]
    print(f"heavy rain costs {result['rain_over_quiet']:.2f} times the quiet scene")
    print(
        f"a 1080p camera needs {memory['own_mb']:.0f} MB beyond {memory['libraries_mb']:.0f} MB of interpreter and "
        "libraries"
    )
    print(
        f"{lag['cameras']} cameras of 1080p H.264 on {lag['cores']} cores: lag p50 {lag['p50_ms']:.0f} ms, "
        f"p99 {lag['p99_ms']:.0f} ms, at most {lag['maximum_ms']:.0f} ms"
    )
    if result["machine"]["load_before"] > _BUSY:
        print(
            f"the machine was busy before (load {result['machine']['load_before']:.1f}): "
            "the lag is too long, CPU times a little; run again when it is idle"
        )


def _machine() -> dict[str, Any]:
    names = [line.split(":", 1)[1].strip() for line in _cpuinfo() if line.startswith("model name")]
    return {
        "processor": names[0] if names else platform.processor() or platform.machine(),
        "cores": os.cpu_count(),
        "load_before": os.getloadavg()[0],
        "python": platform.python_version(),
        "opencv": cv2.__version__,
    }


def _cpuinfo() -> list[str]:
    file = Path("/proc/cpuinfo")
    return file.read_text().splitlines() if file.exists() else []


if __name__ == "__main__":
    raise SystemExit(main())
