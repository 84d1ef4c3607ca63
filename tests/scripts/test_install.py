"""scripts/install and scripts/uninstall below a folder of their own: what they make, keep and never delete."""

from __future__ import annotations

import os
import re
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
BOX = """
site: estate-1
cameras:
  north-1: {source: /dev/video0}
"""


def run(
    checkout: Path, root: Path, script: str, *options: str, compiler: str | None = "false"
) -> subprocess.CompletedProcess[str]:
    """One of the scripts of a checkout, below ``root``; without a compiler it takes half the time."""
    surroundings = {
        name: value for name, value in os.environ.items() if name not in {"EDGECV_ROOT", "PYTHONPATH", "CC"}
    }
    return subprocess.run(
        [str(checkout / "scripts" / script), "--root", str(root), *options],
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
        env=surroundings if compiler is None else {**surroundings, "CC": compiler},
    )


def install(checkout: Path, root: Path, compiler: str | None = "false") -> subprocess.CompletedProcess[str]:
    """With the packages of this interpreter."""
    done = run(checkout, root, "install", "--dependencies-from", sys.executable, compiler=compiler)
    assert done.returncode == 0, done.stderr
    return done


def everything(root: Path) -> dict[Path, tuple[int, int, str]]:
    """Every path with its mode, its time of change and where it points; what running Python wrote does not count."""
    found = (path for path in root.rglob("*") if "__pycache__" not in path.parts and path.name != ".install.lock")
    return {
        path: (path.lstat().st_mode, path.lstat().st_mtime_ns, str(path.readlink()) if path.is_symlink() else "")
        for path in found
        if path.is_symlink() or path.is_file()
    }


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of what is installed, so that a test can make a newer version of it."""
    copy = tmp_path_factory.mktemp("checkout") / "edge box"
    for name in ("edgecv", "models", "configs", "scripts"):
        leave_out = shutil.ignore_patterns("__pycache__", "*.so")
        shutil.copytree(REPOSITORY / name, copy / name, ignore=leave_out)
    for name in ("pyproject.toml", "setup.py", "requirements.lock", "README.md", "LICENSE"):
        shutil.copy(REPOSITORY / name, copy / name)
    return copy


@pytest.fixture(scope="module")
def installed(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("box")
    install(checkout, root, compiler=None)
    return root


def processor_time_s() -> float:
    """What ended child processes have used so far; unlike the clock, it does not depend on what else runs."""
    spent = os.times()
    return spent.children_user + spent.children_system


def release(root: Path, link: str = "current") -> str:
    return (root / "opt" / "edgecv" / link).resolve().name


def test_what_was_installed_runs_by_itself_and_not_from_the_checkout(installed: Path, tmp_path: Path) -> None:
    box = tmp_path / "box.yaml"
    box.write_text(BOX)
    program = installed / "opt" / "edgecv" / "current" / "bin" / "edgecv"
    command = [str(program), "check", "--config", str(box)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "no problems found" in done.stdout
    ask = "import edgecv.classification.nuisance as nuisance; print(nuisance.MODEL_FILE)"
    where = [str(program.with_name("python")), "-P", "-c", ask]
    model = Path(subprocess.run(where, capture_output=True, text=True, check=True, cwd=tmp_path).stdout.strip())
    assert model.is_relative_to(installed)
    assert model.exists()


def test_a_release_can_be_moved_to_the_box_it_was_built_for(installed: Path, tmp_path: Path) -> None:
    moved = tmp_path / "image"
    shutil.copytree(installed / "opt", moved / "opt", symlinks=True)
    program = moved / "opt" / "edgecv" / "current" / "bin" / "edgecv"
    done = subprocess.run([str(program), "--version"], capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.stdout.startswith("edgecv "), done.stderr


def test_the_example_box_file_is_not_for_everybody_to_read(installed: Path) -> None:
    box = installed / "etc" / "edgecv" / "box.yaml"
    assert box.read_text() == (REPOSITORY / "configs" / "box.example.yaml").read_text()
    assert stat.S_IMODE(box.stat().st_mode) == 0o640
    assert stat.S_IMODE(box.parent.stat().st_mode) == 0o750


def test_bash_and_zsh_find_the_completion(installed: Path) -> None:
    share = installed / "usr" / "local" / "share"
    for file in (share / "bash-completion" / "completions" / "edgecv", share / "zsh" / "site-functions" / "_edgecv"):
        assert "calibrate" in file.read_text()
        assert stat.S_IMODE(file.stat().st_mode) == 0o644


def test_the_unit_is_that_of_the_checkout(installed: Path) -> None:
    unit = installed / "etc" / "systemd" / "system" / "edgecv.service"
    assert unit.read_bytes() == (REPOSITORY / "configs" / "systemd" / "edgecv.service").read_bytes()
    assert (installed / "usr" / "local" / "bin" / "edgecv").readlink() == Path("/opt/edgecv/current/bin/edgecv")


def test_a_second_install_changes_nothing_and_is_quick(checkout: Path, installed: Path, tmp_path: Path) -> None:
    root = tmp_path / "box"
    shutil.copytree(installed, root, symlinks=True)
    (root / "etc" / "edgecv" / "box.yaml").write_text(BOX)
    before = everything(root)
    before_s = processor_time_s()
    done = install(checkout, root, compiler=None)
    assert "nothing changed" in done.stdout
    assert processor_time_s() - before_s < 5.0
    assert everything(root) == before


def test_a_checkout_is_left_as_it_was(checkout: Path, installed: Path) -> None:
    assert not (checkout / "build").exists()
    assert not list(checkout.glob("*.egg-info"))


def test_upgrades_keep_one_release_to_go_back_to(checkout: Path, installed: Path, tmp_path: Path) -> None:
    root, newer = tmp_path / "box", tmp_path / "newer"
    shutil.copytree(installed, root, symlinks=True)
    shutil.copytree(checkout, newer)
    first = release(root)
    releases = root / "opt" / "edgecv" / "releases"

    (newer / "configs" / "systemd" / "edgecv.service").write_text("# second\n")
    done = install(newer, root)
    assert "no C compiler" in done.stdout
    second = release(root)
    assert (release(root, "previous"), second != first) == (first, True)
    unit = root / "etc" / "systemd" / "system" / "edgecv.service"
    assert unit.read_text() == "# second\n"

    # a build that was cut off is no release, and is made again or removed
    (releases / "0.0.1-cutoff").mkdir()
    done = run(newer, root, "install", "--rollback")
    assert done.returncode == 0, done.stderr
    assert (release(root), release(root, "previous")) == (first, second)
    assert unit.read_bytes() == (REPOSITORY / "configs" / "systemd" / "edgecv.service").read_bytes()
    assert sorted(path.name for path in releases.iterdir()) == sorted([first, second])

    (newer / "models" / "README.md").write_text("third\n")
    install(newer, root)
    assert sorted(path.name for path in releases.iterdir()) == sorted([first, release(root)])
    assert release(root, "previous") == first


def with_few_packages(checkout: Path, copy: Path, names: set[str]) -> Path:
    """A copy of the checkout that depends on a few of its packages; ``edgecv --version`` needs none."""
    shutil.copytree(checkout, copy)
    lock = copy / "requirements.lock"
    entries = re.split(r"^(?=[a-z0-9])", lock.read_text(), flags=re.MULTILINE)
    kept = [entry for entry in entries if entry.partition("==")[0] in names]
    assert len(kept) == len(names)
    lock.write_text("".join(kept))
    return copy


@pytest.mark.slow
def test_a_box_without_internet_is_installed_from_a_folder_of_packages(checkout: Path, tmp_path: Path) -> None:
    wheels, root = tmp_path / "wheels", tmp_path / "box"
    filled = run(checkout, tmp_path, "install", "--fill", str(wheels), "--dependencies-from", sys.executable)
    if "could not be fetched" in filled.stderr:
        pytest.skip(f"no package index answers here: {filled.stderr.splitlines()[-1]}")
    assert filled.returncode == 0, filled.stderr
    assert not list(wheels.glob("edgecv-*")), "edgecv is built on the box, from the box's checkout"

    # every package was fetched; unpacking all of them would take most of a minute
    small = with_few_packages(checkout, tmp_path / "small", {"pyyaml", "typing-extensions"})
    # what one package of it lacks is told before anything is in place
    (one,) = wheels.glob("typing_extensions-*.whl")
    one.rename(tmp_path / one.name)
    done = run(small, root, "install", "--wheelhouse", str(wheels))
    assert done.returncode == 1
    assert "nothing was changed" in done.stderr.splitlines()[-1]
    assert "scripts/install --fill" in done.stderr.splitlines()[-1]
    assert not (root / "opt" / "edgecv" / "current").exists()

    (tmp_path / one.name).rename(one)
    done = run(small, root, "install", "--wheelhouse", str(wheels))
    assert done.returncode == 0, done.stderr
    program = root / "opt" / "edgecv" / "current" / "bin" / "edgecv"
    assert subprocess.run([str(program), "--version"], capture_output=True, check=False).returncode == 0


def test_without_an_earlier_release_there_is_no_way_back(checkout: Path, installed: Path) -> None:
    before = everything(installed)
    done = run(checkout, installed, "install", "--rollback")
    assert done.returncode == 1
    assert "no earlier release" in done.stderr
    assert everything(installed) == before


def test_two_installs_at_once_do_not_mix(checkout: Path, installed: Path) -> None:
    lock = installed / "opt" / "edgecv" / ".install.lock"
    with subprocess.Popen(["flock", str(lock), "cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdin is not None
        assert holder.stdout is not None
        holder.stdin.write(b"held\n")
        holder.stdin.flush()
        assert holder.stdout.readline() == b"held\n"
        done = run(checkout, installed, "install", "--rollback")
        holder.stdin.close()
    assert done.returncode == 1
    assert "another install is at work" in done.stderr


@pytest.mark.parametrize("script", ["install", "uninstall"])
def test_an_unknown_option_is_told_in_one_line(checkout: Path, tmp_path: Path, script: str) -> None:
    done = run(checkout, tmp_path, script, "--everything")
    assert done.returncode == 1
    assert done.stderr == f"scripts/{script}: unknown option '--everything'; see scripts/{script} --help\n"


@pytest.fixture
def lived_in(installed: Path, tmp_path: Path) -> Path:
    """A box with evidence."""
    root = tmp_path / "lived in"
    shutil.copytree(installed, root, symlinks=True)
    evidence = root / "var" / "lib" / "edgecv" / "incidents" / "a" / "clip.mp4"
    evidence.parent.mkdir(parents=True)
    evidence.write_bytes(b"evidence")
    return root


def test_uninstall_keeps_evidence_and_configuration(checkout: Path, lived_in: Path) -> None:
    done = run(checkout, lived_in, "uninstall")
    assert done.returncode == 0, done.stderr
    left = {str(path.relative_to(lived_in)) for path in lived_in.rglob("*") if not path.is_dir()}
    assert left == {"var/lib/edgecv/incidents/a/clip.mp4", "etc/edgecv/box.yaml"}
    assert "kept" in done.stdout
    assert run(checkout, lived_in, "uninstall").returncode == 0


def test_purge_deletes_nothing_until_it_is_confirmed(checkout: Path, lived_in: Path) -> None:
    before = everything(lived_in)
    done = run(checkout, lived_in, "uninstall", "--purge")
    assert done.returncode == 1
    assert "nothing was changed" in done.stderr
    assert "var/lib/edgecv (1 files" in done.stdout
    assert everything(lived_in) == before


def test_purge_with_yes_leaves_nothing(checkout: Path, lived_in: Path) -> None:
    done = run(checkout, lived_in, "uninstall", "--purge", "--yes")
    assert done.returncode == 0, done.stderr
    assert [path for path in lived_in.rglob("*") if not path.is_dir()] == []
