from __future__ import annotations

import json
import shutil
from contextlib import closing
from pathlib import Path

import pytest
from cli import incidents_verb
from cli.incidents_verb import run, stored
from known_bundles import FILES, record

from edgecv.console.accounts import Role, Viewer
from edgecv.console.accounts.users import add_user, find_community
from edgecv.console.cases.changes import change_case
from edgecv.console.cases.state_machine import State
from edgecv.console.intake.event_ingest import receive
from edgecv.console.intake.events import read_arrival
from edgecv.console.intake.site_registry import set_communities
from edgecv.console.storage import EVERYTHING, ConsoleDatabase
from edgecv.console.storage.database import sqlite_url
from edgecv.errors import ConfigError, EdgecvError
from edgecv.evidence.keys import BoxKey
from edgecv.incidents.cloudevents import encode, incident_event
from edgecv.incidents.record import Incident
from edgecv.storage.database import DATABASE, Database
from edgecv.storage.incident_store import INCIDENTS, IncidentStore

state = incidents_verb.state


def test_list_prints_one_line_an_incident_newest_first(state: Path, capsys) -> None:
    assert run("list", "--state", state) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.partition("[")[2][0] for line in lines] == ["c", "b", "a"]
    assert lines[0] == (
        "2026-05-01T14:14:02.120Z north-1 incident: Something heavy fell from floor 8 (90 %)  [c] (pending)"
    )
    assert lines[2].endswith("[a] (sealed)")


def test_list_as_json_holds_the_records(state: Path, capsys) -> None:
    assert run("list", "--state", state, "--json", "--limit", 1) == 0
    (line,) = capsys.readouterr().out.splitlines()
    told = json.loads(line)
    assert (told["id"], told["evidence"], told["hold"]) == ("c", "pending", None)
    assert Incident.model_validate(told["incident"]) == record("c")


def test_list_leaves_out_other_cameras_and_older_ones(state: Path, capsys) -> None:
    assert run("list", "--state", state, "--device", "south-1") == 0
    assert run("list", "--state", state, "--since", "2999-01-01") == 0
    assert capsys.readouterr().out == ""
    assert run("list", "--state", state, "--since", "2000-01-01T00:00:00+08:00") == 0
    assert len(capsys.readouterr().out.splitlines()) == 3


def test_show_prints_the_headline_and_the_record(state: Path, capsys) -> None:
    assert run("show", "a", "--state", state) == 0
    headline, _, rest = capsys.readouterr().out.partition("\n")
    assert "Something heavy fell from floor 8" in headline
    assert Incident.model_validate(json.loads(rest)).id == "a"
    assert run("show", "a", "--state", state, "--json") == 0
    assert json.loads(capsys.readouterr().out)["id"] == "a"


def test_hold_release_and_resolve_are_kept(state: Path, capsys) -> None:
    assert run("hold", "a", "--why", "court file 12", "--state", state) == 0
    assert stored(state, "a").hold == "court file 12"
    assert run("resolve", "a", "--what", "false alarm, a bird", "--state", state) == 0
    assert stored(state, "a").resolution == "false alarm, a bird"
    capsys.readouterr()
    assert run("list", "--state", state) == 0
    assert "[a] (sealed; on hold: court file 12; resolved: false alarm, a bird)" in capsys.readouterr().out
    assert run("release", "a", "--state", state) == 0
    assert stored(state, "a").hold is None


@pytest.mark.parametrize("action", ["show", "hold --why x", "release", "resolve --what x", "export --out out"])
def test_an_incident_that_is_not_there_is_told(state: Path, action: str, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    verb, *more = action.split()
    with pytest.raises(ConfigError, match="zzz: there is no such incident here"):
        run(verb, "zzz", *more, "--state", state)
    assert not (tmp_path / "out").exists()


def test_deleted_evidence_cannot_be_held(state: Path) -> None:
    with closing(Database(state / DATABASE)) as database:
        IncidentStore(database, state / INCIDENTS).delete("a", BoxKey.load_or_create(state), "30 days are over")
    with pytest.raises(EdgecvError, match="was deleted already"):
        run("hold", "a", "--why", "court file 12", "--state", state)


def test_a_state_directory_without_incidents_is_told_and_not_made(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no incidents are kept there"):
        run("list", "--state", tmp_path / "nowhere")
    assert not (tmp_path / "nowhere").exists()


def test_the_state_directory_is_the_box_files_or_systemds(state: Path, tmp_path: Path, capsys, monkeypatch) -> None:
    box = tmp_path / "box.yaml"
    text = "site: s\ncameras:\n  north-1: {source: a.mp4}\n"
    box.write_text(text + "storage: {directory: state}\n")
    assert run("show", "a", "--config", box, "--json") == 0
    box.write_text(text)
    monkeypatch.setenv("STATE_DIRECTORY", f"{state}:/var/lib/other")
    assert run("show", "a", "--config", box, "--json") == 0
    assert run("show", "a", "--json") == 0
    assert capsys.readouterr().out.count('"id":"a"') == 3


def test_an_export_holds_bundles_and_key_and_verifies_elsewhere(state: Path, tmp_path: Path, capsys) -> None:
    out = tmp_path / "out"
    assert run("export", "a", "b", "--out", out, "--state", state) == 0
    assert {path.name for path in out.iterdir()} == {"a", "b", "box.pub", "chain-head.json"}
    assert {path.name for path in (out / "a").iterdir()} == {*FILES, "incident.json", "manifest.json", "manifest.sig"}
    shutil.move(out, tmp_path / "auditor")
    assert run("verify", tmp_path / "auditor", "--no-replay", "--complete") == 0
    assert "2 incidents checked: all well" in capsys.readouterr().out


def test_exporting_again_changes_nothing(state: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert run("export", "--all", "--out", out, "--state", state) == 0
    before = {p: (p.read_bytes(), p.stat().st_mtime_ns) for p in sorted((out / "a").iterdir())}
    assert run("export", "--all", "--out", out, "--state", state) == 0
    assert {p: (p.read_bytes(), p.stat().st_mtime_ns) for p in sorted((out / "a").iterdir())} == before
    assert {path.name for path in out.iterdir()} == {"a", "b", "box.pub", "chain-head.json"}


def test_an_export_never_writes_over_other_evidence(state: Path, tmp_path: Path, capsys) -> None:
    out = tmp_path / "out"
    (out / "a").mkdir(parents=True)
    (out / "a" / "mine.txt").write_text("mine")
    assert run("export", "a", "b", "--out", out, "--state", state) == 1
    assert "a: not exported: " in capsys.readouterr().err
    assert [path.name for path in (out / "a").iterdir()] == ["mine.txt"]
    assert (out / "b").is_dir()


def test_what_is_spoilt_or_not_sealed_yet_is_not_handed_out(state: Path, tmp_path: Path, capsys) -> None:
    (state / INCIDENTS / "a" / "clip.mp4").write_bytes(b"other pictures")
    assert run("export", "a", "b", "c", "--out", tmp_path / "out", "--state", state) == 1
    said = capsys.readouterr().err
    assert "clip.mp4: has been changed" in said
    assert "c: has no sealed evidence to export (it is pending)" in said
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"b", "box.pub", "chain-head.json"}


def test_an_export_that_fails_midway_leaves_no_half_bundle(state: Path, tmp_path: Path, monkeypatch) -> None:
    def full(source: Path, target: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("edgecv.audit.export._copy_durably", full)
    with pytest.raises(ConfigError, match="No space left"):
        run("export", "a", "--out", tmp_path / "out", "--state", state)
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"box.pub", "chain-head.json"}


def test_labelled_exports_hold_the_labels(state: Path, tmp_path: Path) -> None:
    assert run("resolve", "b", "--what", "false alarm, a bird", "--state", state) == 0
    assert run("export", "--labelled", "--out", tmp_path / "out", "--state", state) == 0
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"b", "box.pub", "chain-head.json", "labels.jsonl"}
    (line,) = (tmp_path / "out" / "labels.jsonl").read_text().splitlines()
    assert json.loads(line) == {"id": "b", "device": "north-1", "label": "false alarm, a bird"}


def test_what_the_consoles_users_judged_is_exported_with_their_notes(state: Path, tmp_path: Path) -> None:
    database = ConsoleDatabase(sqlite_url(state))
    set_communities(database, {"jialing": ("嘉陵路小区", ["jialinglu-3"])})
    for incident_id in ("a", "b"):
        event = encode(incident_event(record(incident_id))).decode()
        receive(database, [read_arrival("jialinglu-3", "north-1", "incident", event, 1.8e9)])
    with database.session(EVERYTHING, writes=True) as session:
        official = add_user(session, "chen", "a long password", Role.OFFICIAL, find_community(session, None), by="t")
        viewer = Viewer(official.key, "chen", "陈", Role.OFFICIAL, 1, "", "")
        change_case(session, viewer, 1, State.NEW, State.FALSE_ALARM, note="一只鸽子")
    database.close()
    assert run("export", "--labelled", "--out", tmp_path / "out", "--state", state) == 0
    (line,) = (tmp_path / "out" / "labels.jsonl").read_text().splitlines()
    assert json.loads(line) == {
        "id": "a",
        "device": "north-1",
        "label": "false_alarm",
        "state": "false_alarm",
        "notes": ["一只鸽子"],
    }


def test_an_export_of_nothing_says_what_to_name(state: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="name incidents, or give --all"):
        run("export", "--out", tmp_path / "out", "--state", state)
