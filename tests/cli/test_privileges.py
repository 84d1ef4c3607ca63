"""Commands that root starts beside a service whose user put links into its own directory."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from edgecv.console.storage import ConsoleDatabase
from edgecv.console.storage.database import CONSOLE_DATABASE, sqlite_url
from edgecv.durable_files import write_atomic
from edgecv.errors import ConfigError
from edgecv.evidence.keys import BoxKey
from edgecv.privileges import controller_of
from edgecv.storage.database import DATABASE, Database

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root can make files for others and become them")

SERVICE = 65534
SECRET = "root's own words"


@dataclass(frozen=True)
class Place:
    """A box: its file is root's, its state the service's; and a file that root alone may read."""

    folder: Path
    state: Path
    box: Path
    private: Path

    def run(self, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
        """The command, as root."""
        command = [sys.executable, "-m", "edgecv", *map(str, arguments)]
        environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2]), "PYTHONDONTWRITEBYTECODE": "1"}
        return subprocess.run(
            command, env=environment, cwd="/", capture_output=True, text=True, timeout=120, check=False
        )

    def is_untouched(self) -> bool:
        """Whether root's file is as it was."""
        status = self.private.stat()
        as_it_was = (status.st_uid, status.st_gid, status.st_mode & 0o777) == (0, 0, 0o600)
        return as_it_was and self.private.read_text() == SECRET


@pytest.fixture
def place() -> Iterator[Place]:
    folder = Path(tempfile.mkdtemp())  # the folders of pytest are root's alone, and the service could not enter
    folder.chmod(0o755)
    try:
        state, box, private = folder / "state", folder / "box.yaml", folder / "shadow"
        state.mkdir(0o700)
        private.write_text(SECRET)
        private.chmod(0o600)
        box.write_text(yaml.safe_dump({
            "site": "home",
            "cameras": {"north-1": {"source": "rtsp://127.0.0.1:9/x"}},
            "storage": {"directory": "state"},
        }))  # fmt: skip
        os.chown(state, SERVICE, SERVICE)
        yield Place(folder, state, box, private)
    finally:
        shutil.rmtree(folder)


@pytest.mark.parametrize("command", [["list"], ["disable", "someone"], ["role", "someone", "admin"]])
def test_a_link_in_place_of_the_consoles_database_is_not_followed(place: Place, command: list[str]) -> None:
    (place.state / CONSOLE_DATABASE).symlink_to(place.private)
    done = place.run("console", "user", *command, "--config", place.box)
    assert done.returncode == 2, done.stderr
    assert place.is_untouched()


def test_a_second_name_of_a_file_is_not_taken_for_the_consoles_database(place: Place) -> None:
    (place.state / CONSOLE_DATABASE).hardlink_to(place.private)
    assert place.run("console", "user", "list", "--config", place.box).returncode == 2
    assert place.is_untouched()


def test_a_user_that_root_adds_is_in_the_services_database(place: Place) -> None:
    password = place.folder / "password"
    password.write_text("a long enough passphrase 1")
    password.chmod(0o600)  # for root alone: it is read before root becomes the service
    arguments: list[str | Path] = ["--role", "admin", "--password-file", password, "--config", place.box]
    done = place.run("console", "user", "add", "someone", *arguments)
    assert done.returncode == 0, done.stderr
    assert {path.stat().st_uid for path in place.state.iterdir()} == {SERVICE}
    assert "someone" in place.run("console", "user", "list", "--config", place.box).stdout


def test_the_library_opens_no_database_through_a_link(place: Place) -> None:
    (place.state / CONSOLE_DATABASE).symlink_to(place.private)
    with pytest.raises(ConfigError, match="is a link"):
        ConsoleDatabase(sqlite_url(place.state))
    assert place.is_untouched()


@pytest.fixture(scope="module")
def uneventful_clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A second of a still grey picture."""
    import cv2  # noqa: PLC0415
    import numpy as np  # noqa: PLC0415

    clip = tmp_path_factory.mktemp("clip") / "clip.mp4"
    writer = cv2.VideoWriter(str(clip), cv2.VideoWriter.fourcc(*"mp4v"), 25.0, (320, 240))
    for _ in range(25):
        writer.write(np.full((240, 320, 3), 128, np.uint8))
    writer.release()
    return clip


@pytest.mark.parametrize("where", ["--config", "--state"])
def test_incidents_follows_no_link_of_the_service(place: Place, where: str) -> None:
    (place.state / DATABASE).symlink_to(place.private)
    done = place.run("incidents", "list", where, place.box if where == "--config" else place.state)
    assert done.returncode != 0
    assert SECRET not in done.stdout + done.stderr
    assert place.is_untouched()


def test_what_root_changes_of_incidents_is_left_to_the_service(place: Place) -> None:
    Database(place.state / DATABASE).close()
    os.chown(place.state / DATABASE, SERVICE, SERVICE)
    assert place.run("incidents", "hold", "x", "--why", "court", "--state", place.state).returncode == 2
    assert {path.stat().st_uid for path in place.state.iterdir()} == {SERVICE}


def test_an_export_goes_to_a_new_folder_that_belongs_to_the_owner_of_the_state(place: Place) -> None:
    Database(place.state / DATABASE).close()
    BoxKey.load_or_create(place.state)
    for path in place.state.iterdir():
        os.chown(path, SERVICE, SERVICE)
    out = place.folder / "out"
    done = place.run("incidents", "export", "--all", "--out", out, "--state", place.state)
    assert done.returncode == 0, done.stderr
    assert (out / "box.pub").stat().st_uid == SERVICE
    of_root = place.folder / "of-root"
    of_root.mkdir(0o700)
    done = place.run("incidents", "export", "--all", "--out", of_root, "--state", place.state)
    assert done.returncode == 2
    assert "cannot be written by the user" in done.stderr


def test_verify_reads_the_services_folders_as_the_service(place: Place) -> None:
    bundle = place.state / "incidents" / "one"
    bundle.mkdir(parents=True)
    for path in (bundle.parent, bundle):
        os.chown(path, SERVICE, SERVICE)
    (bundle / "incident.json").symlink_to(place.private)
    done = place.run("incidents", "verify", place.state, "--no-replay")
    assert done.returncode != 0
    assert SECRET not in done.stdout + done.stderr


def test_the_doctor_sends_no_file_of_roots_as_a_password(place: Place) -> None:
    settings = yaml.safe_load(place.box.read_text())
    settings["cameras"]["north-1"]["login"] = {"user": "admin", "password_file": str(place.private)}
    settings["storage"] = {"directory": str(place.folder / "nowhere")}
    place.box.write_text(yaml.safe_dump(settings))
    os.chown(place.box, SERVICE, SERVICE)  # the service may write it
    done = place.run("doctor", "--config", place.box, "--seconds", "0.5")
    assert "cannot be read (Permission denied)" in done.stdout
    assert place.is_untouched()


@pytest.mark.parametrize("command", ["check", "doctor"])
def test_a_box_file_that_is_a_link_of_the_services_is_read_as_the_service(place: Place, command: str) -> None:
    theirs = place.state / "box.yaml"
    theirs.symlink_to(place.private)
    done = place.run(command, "--config", theirs)
    assert "Permission denied" in done.stdout + done.stderr
    assert SECRET not in done.stdout + done.stderr


def test_a_calibration_is_not_written_as_root_where_the_box_file_says_who_may_write_it(place: Place) -> None:
    picture, points = place.folder / "picture.png", place.folder / "points.yaml"
    settings = yaml.safe_load(place.box.read_text())
    settings["facades"] = {"north": {"floors": 3}}
    settings["cameras"]["north-1"] |= {"facade": "north", "calibration": str(place.folder / "made-by-root.yaml")}
    place.box.write_text(yaml.safe_dump(settings))
    os.chown(place.box, SERVICE, SERVICE)
    import cv2  # noqa: PLC0415
    import numpy as np  # noqa: PLC0415

    cv2.imwrite(str(picture), np.zeros((720, 1280, 3), np.uint8))
    marks = [([100, 600], "1"), ([1100, 600], "1"), ([100, 100], "3"), ([1100, 100], "3")]
    points.write_text(yaml.safe_dump({
        "points": [{"pixel": pixel, "facade": [0.01 * pixel[0], 3.0 * int(floor)]} for pixel, floor in marks],
    }))  # fmt: skip
    place.run("calibrate", "points", picture, "--points", points, "--config", place.box, "--check", "/dev/null/x.jpg")
    assert not (place.folder / "made-by-root.yaml").exists()


def test_a_file_is_not_written_through_a_link_that_waits_under_its_name(place: Place) -> None:
    (place.state / ".check.jpg.part").symlink_to(place.private)
    with pytest.raises(OSError, match="symbolic links"):
        write_atomic(place.state / "check.jpg", b"x")
    assert place.is_untouched()


def test_a_path_is_controlled_by_whoever_may_replace_a_part_of_it(place: Place) -> None:
    assert controller_of(place.box) == 0
    assert controller_of(place.state / "not-there-yet") == SERVICE
    within = place.state / "roots"
    within.mkdir()
    assert controller_of(within) == SERVICE  # the service may put another folder in its place
    way = place.state / "way"
    way.symlink_to(place.folder)
    assert controller_of(way / "box.yaml") == SERVICE


def test_the_links_behind_a_link_count_too(place: Place) -> None:
    (place.state / "to-roots").symlink_to(place.private)
    of_root = place.folder / "of-root.yaml"
    of_root.symlink_to("state/to-roots")
    assert controller_of(of_root) == SERVICE


def test_a_step_up_is_taken_from_where_a_link_leads(place: Place) -> None:
    (place.state / "deep").mkdir()
    (place.folder / "way").symlink_to(place.state / "deep")
    assert controller_of(place.folder / "way" / ".." / "box.yaml") == SERVICE


def test_a_ring_of_links_ends(place: Place) -> None:
    (place.folder / "one").symlink_to("two")
    (place.folder / "two").symlink_to("one")
    assert controller_of(place.folder / "one" / "x") == 0


def test_a_replay_reads_a_box_file_of_the_services_as_the_service(place: Place) -> None:
    settings = yaml.safe_load(place.box.read_text())
    settings["cameras"]["north-1"]["calibration"] = str(place.private)
    place.box.write_text(yaml.safe_dump(settings))
    os.chown(place.box, SERVICE, SERVICE)
    done = place.run("replay", "x.mp4", "--config", place.box, "--out", place.folder / "out")
    assert done.returncode == 2
    assert "Permission denied" in done.stderr
    assert (place.folder / "out").stat().st_uid == SERVICE


def test_a_replay_opens_recordings_of_the_service_as_the_service(place: Place) -> None:
    recording = place.state / "recording.mp4"
    recording.symlink_to(place.private)
    done = place.run("replay", recording, "--config", place.box, "--out", place.folder / "out")
    assert done.returncode == 3
    assert "Permission denied" in done.stderr
    assert list((place.folder / "out").iterdir()) == []


@pytest.mark.parametrize("command", ["replay", "evaluate"])
def test_results_in_the_services_directory_are_the_services(place: Place, command: str, uneventful_clip: Path) -> None:
    clip = place.folder / "clip.mp4"
    shutil.copyfile(uneventful_clip, clip)
    clip.chmod(0o644)
    name, target = {"replay": ("--out", "out"), "evaluate": ("--json", "result.json")}[command]
    done = place.run(command, clip, name, place.state / target)
    assert done.returncode == 0, done.stderr
    assert {path.stat().st_uid for path in place.state.rglob("*")} == {SERVICE}


def test_a_replay_of_roots_own_files_stays_roots(place: Place, uneventful_clip: Path) -> None:
    place.folder.chmod(0o700)
    out = place.folder / "out"
    done = place.run("replay", uneventful_clip, "--config", place.box, "--out", out)
    assert done.returncode == 0, done.stderr
    assert (out / "report.html").stat().st_uid == 0


def test_a_file_that_a_whole_group_may_write_is_not_roots_alone(place: Place) -> None:
    os.chown(place.box, 0, SERVICE)
    place.box.chmod(0o660)
    with pytest.raises(ConfigError, match=r"others may write it.*chmod go-w"):
        controller_of(place.box)
