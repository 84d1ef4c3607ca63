"""The command line as a whole: quick help, every documented command line, an overview, completion in a shell."""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from edgecv.cli import main
from edgecv.cli.arguments import build_parser
from edgecv.cli.arguments import evaluate as evaluate_arguments
from edgecv.cli.arguments import simulate as simulate_arguments
from edgecv.cli.program import import_reference
from edgecv.cli.simulate_device import VIDEO
from edgecv.evaluation.frame_rates import FRAME_RATES
from edgecv.simulation.devices.device_registry import DAYS
from edgecv.simulation.nuisances.nuisance_registry import NUISANCES
from edgecv.simulation.random_scene import CONDITIONS

HEAVY = {
    "alembic",
    "av",
    "cv2",
    "edgecv.config",
    "fastapi",
    "numpy",
    "paho",
    "pydantic",
    "rich",
    "scipy",
    "shtab",
    "sqlalchemy",
    "yaml",
}
COMMAND_LINES = (
    "run --config box.yaml",
    "run --config box.yaml --log json --log-level debug --until-finished --rehearsal",
    "replay a.mp4 b.mp4 --out d",
    "replay a.mp4 --config box.yaml --camera north-1 --out d --push mqtt://h --recorded-at 2026-05-01 --scale 40",
    "check --config box.yaml",
    "calibrate points a.jpg --points p.yaml --config box.yaml",
    "calibrate still a.jpg --lowest-floor 5 --sill 0.9 --focal 1500 --part 2 --yes --config box.yaml --out c.yaml",
    "calibrate drop a.mp4 --floor 11 --window 03 --rescale --config box.yaml --camera n --check c.jpg",
    "simulate a.yaml b.yaml --out d",
    "simulate --out d a.yaml",
    "simulate --random 3 --seed 7 --with night,insects --seconds 5 --out d",
    "simulate scene a.yaml --out d",
    "simulate device manhole --out d --count 10 --seed 3 --loss 0.1 --duplicate 0.1 --reorder 0.1 --skew 0.5",
    "simulate device rules --broker mqtt://h",
    "simulate device medical_reports --hook http://h --token-file f",
    "evaluate d a.mp4 s.yaml --json e.json --csv e.csv --require recall>=1 --uncalibrated --jobs 2",
    "incidents list --state d --device north-1 --kind thrown_object --since 2026-05-01 --limit 5 --json",
    "incidents show ID --config box.yaml --json",
    "incidents export ID --out d --state d",
    "incidents export --all --labelled --out d",
    "incidents verify d --key box.pub --hub-key hub.pub --incident ID --head h.json --no-replay --complete --whole",
    "incidents hold ID --why court",
    "incidents release ID",
    "incidents resolve ID --what bird",
    "console --config box.yaml --log text",
    "console --hub hub.yaml",
    "console user add a --role admin --full-name A --community c --password-file - --hub hub.yaml",
    "console --hub hub.yaml user add a --role viewer",
    "console user role a official --config box.yaml",
    "console user disable a --config box.yaml",
    "console user list --config box.yaml",
    "doctor --config box.yaml --json --seconds 2",
    "handlers",
    "handlers manhole --schema",
    "demo",
    "demo --out d",
    "completion bash",
)


def _parsers(parser: argparse.ArgumentParser) -> Iterator[argparse.ArgumentParser]:
    yield parser
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for subparser in action.choices.values():
                yield from _parsers(subparser)


@pytest.mark.parametrize("arguments", [["--version"], ["--help"], ["simulate", "--help"], ["incidents", "-h"], []])
def test_help_and_version_import_nothing_heavy(arguments: list[str]) -> None:
    script = (
        "import json, sys\n"
        "from edgecv.__main__ import main\n"
        f"sys.argv = ['edgecv', *{arguments!r}]\n"
        "try:\n    code = main()\n"
        "except SystemExit as stop:\n    code = stop.code\n"
        "print(json.dumps(sorted(sys.modules)), file=sys.stderr)\n"
        "sys.exit(code)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout
    assert HEAVY.isdisjoint(json.loads(done.stderr))


@pytest.mark.parametrize("line", COMMAND_LINES)
def test_every_documented_command_line_is_understood(line: str) -> None:
    options = build_parser().parse_args(line.split())
    assert callable(import_reference(options.run))
    assert options.verb == line.split(maxsplit=1)[0]


def test_every_leaf_of_the_command_tree_names_a_function_that_exists() -> None:
    references = {
        parser.get_default("run") for parser in _parsers(build_parser()) if parser.get_default("run") is not None
    }
    assert len(references) > 20
    for reference in references:
        assert callable(import_reference(reference)), reference


def test_scene_files_need_no_subcommand() -> None:
    short = build_parser().parse_args(["simulate", "a.yaml", "--seed", "3", "--out", "d"])
    full = build_parser().parse_args(["simulate", "scene", "a.yaml", "--seed", "3", "--out", "d"])
    assert vars(short) == vars(full)
    assert short.scenes == [Path("a.yaml")]
    assert short.seed == 3


def test_options_of_console_stand_before_or_behind_the_user() -> None:
    before = build_parser().parse_args(["console", "--hub", "h.yaml", "user", "list"])
    behind = build_parser().parse_args(["console", "user", "list", "--hub", "h.yaml"])
    assert before.hub == behind.hub == Path("h.yaml")


def test_edgecv_alone_prints_every_verb_with_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 0
    lines = [line.split() for line in capsys.readouterr().out.splitlines() if line.startswith("  ")]
    (verbs,) = [a for a in build_parser()._actions if isinstance(a, argparse._SubParsersAction)]
    assert {words[0] for words in lines} == set(verbs.choices)
    assert all(len(words) > 3 for words in lines)


def test_every_option_has_a_help_text() -> None:
    for parser in _parsers(build_parser()):
        for action in parser._actions:
            named = action.help is not None or isinstance(action, argparse._SubParsersAction)
            assert named or action.metavar in {"ID", "NAME"} or action.dest in {"role"}, (parser.prog, action.dest)


def test_the_names_in_the_help_are_those_of_the_registries() -> None:
    assert evaluate_arguments.FRAME_RATES == FRAME_RATES
    assert simulate_arguments.CONDITIONS == CONDITIONS
    assert set(simulate_arguments.NUISANCES) == set(NUISANCES)
    assert set(simulate_arguments.KINDS) == {*DAYS, VIDEO}


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_completion_script_is_accepted_by_its_shell(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["completion", shell]) == 0
    script = capsys.readouterr().out
    assert "calibrate" in script
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed")
    done = subprocess.run([shell, "-n"], input=script, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_bash_completes_verbs_options_and_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["completion", "bash"]) == 0
    (tmp_path / "completion").write_text(capsys.readouterr().out)
    (tmp_path / "box.yaml").touch()

    def complete(*words: str) -> set[str]:
        line = " ".join(f"'{word}'" for word in words)
        script = (
            f"source ./completion; COMP_WORDS=({line}); COMP_CWORD={len(words) - 1}; "
            'eval "$(complete -p edgecv | sed "s/complete .*-F \\([^ ]*\\) .*/\\1/")"; printf "%s\\n" "${COMPREPLY[@]}"'
        )
        done = subprocess.run(
            ["bash", "-c", script], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False
        )
        return set(done.stdout.split())

    assert complete("edgecv", "ev") == {"evaluate"}
    assert complete("edgecv", "console", "user", "d") == {"disable"}
    assert "--until-finished" in complete("edgecv", "run", "--")
    assert complete("edgecv", "check", "--config", "bo") == {"box.yaml"}
