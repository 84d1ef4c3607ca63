from __future__ import annotations

import json
import os
import shutil
from contextlib import closing
from pathlib import Path

import pytest
from known_bundles import FILES, record, sealed_chain, write_files

from edgecv.audit.verify import verify_bundle
from edgecv.cli.arguments import build_parser
from edgecv.cli.program import import_reference
from edgecv.console.accounts import Role, Viewer
from edgecv.console.accounts.users import add_user, find_community
from edgecv.console.cases.changes import change_case
from edgecv.console.cases.state_machine import State
from edgecv.console.intake.event_ingest import receive
from edgecv.console.intake.events import read_arrival
from edgecv.console.intake.site_registry import set_communities
from edgecv.console.storage import EVERYTHING, ConsoleDatabase
from edgecv.console.storage.database import sqlite_url
from edgecv.durable_files import sha256_file
from edgecv.errors import ConfigError, EdgecvError, InputError
from edgecv.evidence.keys import BoxKey
from edgecv.incidents.cloudevents import encode, incident_event
from edgecv.incidents.record import Incident
from edgecv.storage.database import DATABASE, Database, DatabaseError
from edgecv.storage.incident_store import INCIDENTS, IncidentStore
from edgecv.storage.sealed_evidence import seal_bundle


def run(*arguments: object) -> int:
    """The verb as the command line runs it."""
    options = build_parser().parse_args(["incidents", *map(str, arguments)])
    return import_reference(options.run)(options)


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """A box with three incidents, two of them sealed."""
    folder = tmp_path / "state"
    key = BoxKey.load_or_create(folder)
    with closing(Database(folder / DATABASE)) as database:
        store = IncidentStore(database, folder / INCIDENTS)
        for incident_id in ("a", "b", "c"):
            store.add(record(incident_id))
        for incident_id in ("a", "b"):
            write_files(store.part_of(incident_id), incident_id)
            seal_bundle(store, incident_id, key)
    return folder


def stored(state: Path, incident_id: str):
    with closing(Database(state / DATABASE)) as database:
        return IncidentStore(database, state / INCIDENTS).get(incident_id)


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


def test_verify_takes_a_bundle_and_says_whose_key_it_had(state: Path, capsys) -> None:
    bundle = state / INCIDENTS / "a"
    assert run("verify", bundle, "--no-replay", "--key", state / "box.pub") == 0
    well, vouched, counted = capsys.readouterr().out.splitlines()
    assert (well, counted) == (f"{bundle}: all is well", "1 incident checked: all well")
    assert vouched.startswith(f"vouches for 1 bundle up to {sha256_file(bundle / 'manifest.json')}, sealed ")
    assert vouched.endswith("what was sealed later cannot be known from this folder")
    assert run("verify", bundle, "--no-replay") == 0
    assert "this key lies beside the evidence" in capsys.readouterr().out


def test_verify_takes_a_state_directory_and_what_is_not_finished_does_not_disturb_it(state: Path, capsys) -> None:
    write_files(state / INCIDENTS / ".c.part", "c")
    assert run("verify", state, "--no-replay", "--complete") == 0
    assert "2 incidents checked: all well" in capsys.readouterr().out


def test_verify_tells_every_problem_and_fails(state: Path, capsys) -> None:
    (state / INCIDENTS / "a" / "clip.mp4").write_bytes(b"other pictures")
    assert run("verify", state, "--no-replay") == 1
    told = capsys.readouterr()
    assert told.err == f"edgecv: {state / INCIDENTS / 'a' / 'clip.mp4'}: has been changed\n"
    assert "2 incidents checked: 1 not to be trusted" in told.out
    assert f"{state / INCIDENTS / 'b'}: all is well" in told.out


def test_verify_finds_a_chain_that_lacks_a_bundle_only_where_it_should_be_complete(tmp_path: Path, capsys) -> None:
    key = BoxKey.load_or_create(tmp_path / "state")
    shutil.rmtree(sealed_chain(tmp_path / "bundles", key, "abc")[1])
    verify = ("verify", tmp_path / "bundles", "--no-replay", "--key", tmp_path / "state" / "box.pub")
    assert run(*verify) == 0
    assert "lacks place 2" in capsys.readouterr().out
    assert run(*verify, "--complete") == 1
    told = capsys.readouterr()
    assert "lacks place 2" in told.err
    assert "the chain is broken" in told.out


def test_verify_needs_a_key_for_what_is_sealed(tmp_path: Path) -> None:
    bundles = sealed_chain(tmp_path / "deep" / "down" / "bundles", BoxKey.load_or_create(tmp_path / "state"), "a")
    with pytest.raises(ConfigError, match="give --key"):
        run("verify", bundles[0], "--no-replay")


def test_verify_with_another_boxs_key_fails(state: Path, tmp_path: Path, capsys) -> None:
    BoxKey.load_or_create(tmp_path / "other")
    assert run("verify", state, "--no-replay", "--key", tmp_path / "other" / "box.pub") == 1
    assert "was signed with key" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["manifest.json", "manifest.sig", "incident.json"])
def test_verify_waits_for_no_pipe_in_a_bundle(state: Path, tmp_path: Path, name: str, capsys) -> None:
    bundle = tmp_path / "a"
    shutil.copytree(state / INCIDENTS / "a", bundle)
    assert (bundle / name).is_file()
    (bundle / name).unlink()
    os.mkfifo(bundle / name)
    assert run("verify", bundle, "--no-replay", "--key", state / "box.pub") == 1
    told = capsys.readouterr().err
    assert f"{bundle / name}: " in told
    assert "not a plain file" in told


@pytest.mark.parametrize("what", ["pipe", "/dev/zero"])
def test_verify_takes_no_pipe_and_no_device_for_the_key_beside_evidence(state: Path, tmp_path: Path, what: str) -> None:
    shutil.copytree(state / INCIDENTS / "a", tmp_path / "out" / "a")
    if what == "pipe":
        os.mkfifo(tmp_path / "out" / "box.pub")
    else:
        (tmp_path / "out" / "box.pub").symlink_to(what)
    with pytest.raises(ConfigError, match="give --key"):
        run("verify", tmp_path / "out", "--no-replay")


@pytest.mark.parametrize("name", ["missing", "empty"])
def test_verify_of_nothing_is_unreadable_input(tmp_path: Path, name: str) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match=name):
        run("verify", tmp_path / name)


def test_a_copy_is_checked_after_it_was_written(state: Path, tmp_path: Path, monkeypatch, capsys) -> None:
    def flipped(source: Path, target: Path) -> None:
        target.write_bytes(source.read_bytes() + b"x")

    monkeypatch.setattr("edgecv.audit.export._copy_durably", flipped)
    assert run("export", "a", "--out", tmp_path / "out", "--state", state) == 1
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"box.pub", "chain-head.json"}
    assert verify_bundle(state / INCIDENTS / "a", BoxKey.load_or_create(state).public, replay=False).ok


def test_verify_of_a_state_directory_finds_what_was_cut_off_the_end(state: Path, capsys) -> None:
    assert run("verify", state, "--no-replay") == 0
    assert "according to the box's database that was the last" in capsys.readouterr().out
    shutil.rmtree(state / INCIDENTS / "b")
    assert run("verify", state, "--no-replay") == 1
    told = capsys.readouterr()
    assert f"{state / INCIDENTS / 'b'}: was sealed at place 2 of the chain, and is missing" in told.err
    assert "ends here with place 1" in told.err


@pytest.mark.parametrize("with_their_folder", [False, True])
def test_verify_of_a_state_directory_names_all_that_is_missing_where_no_bundle_is_left(
    state: Path, capsys, with_their_folder: bool
) -> None:
    for bundle in ("a", "b"):
        shutil.rmtree(state / INCIDENTS / bundle)
    if with_their_folder:
        shutil.rmtree(state / INCIDENTS)
    assert run("verify", state, "--no-replay") == 1
    told = capsys.readouterr()
    for place, bundle in enumerate("ab", 1):
        assert f"{state / INCIDENTS / bundle}: was sealed at place {place} of the chain, and is missing" in told.err
    assert "2 at its end are not here" in told.err
    assert "the chain is broken" in told.out


def test_verify_of_a_state_directory_without_bundles_and_database_says_what_is_missing(state: Path, capsys) -> None:
    for bundle in ("a", "b"):
        shutil.rmtree(state / INCIDENTS / bundle)
    for path in state.glob(f"{DATABASE}*"):
        path.unlink()
    assert run("verify", state, "--no-replay") == 1
    assert f"{state / DATABASE}: is missing" in capsys.readouterr().err


def test_verify_of_a_copy_whose_bundles_were_all_removed_goes_by_the_receipt(
    state: Path, tmp_path: Path, capsys
) -> None:
    out = tmp_path / "out"
    assert run("export", "--all", "--out", out, "--state", state) == 0
    for bundle in ("a", "b"):
        shutil.rmtree(out / bundle)
    assert run("verify", out, "--no-replay") == 1
    assert "2 at its end are not here" in capsys.readouterr().err
    (out / "box.pub").unlink()
    with pytest.raises(ConfigError, match="give --key"):
        run("verify", out, "--no-replay")


def damage(database: Path, *, first_page: bool) -> None:
    """Overwrite the beginning of a database, or all but its first page."""
    with closing(Database(database)) as opened:
        opened.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    raw = database.read_bytes()
    database.write_bytes(b"\xff" * 4096 + raw[4096:] if first_page else raw[:4096] + b"\xff" * (len(raw) - 4096))


@pytest.mark.parametrize("first_page", [False, True])
def test_verify_does_not_pass_a_cut_chain_because_the_database_is_damaged(
    state: Path, capsys, first_page: bool
) -> None:
    shutil.rmtree(state / INCIDENTS / "b")
    damage(state / DATABASE, first_page=first_page)
    assert run("verify", state, "--no-replay") == 1
    assert "the end of the chain cannot be checked" in capsys.readouterr().err


def test_verify_does_not_pass_a_cut_chain_because_the_database_seems_to_be_older(state: Path, capsys) -> None:
    shutil.rmtree(state / INCIDENTS / "b")
    with closing(Database(state / DATABASE)) as database:
        database.connection.execute("PRAGMA user_version = 1")
    assert run("verify", state, "--no-replay") == 1
    assert "the end of the chain cannot be checked" in capsys.readouterr().err


@pytest.mark.parametrize("first_page", [False, True])
def test_a_damaged_database_is_one_line(state: Path, first_page: bool) -> None:
    damage(state / DATABASE, first_page=first_page)
    with pytest.raises(DatabaseError, match=DATABASE):
        run("list", "--state", state)


def test_verify_of_a_box_that_never_sealed_anything_is_unreadable_input(tmp_path: Path) -> None:
    BoxKey.load_or_create(tmp_path / "state")
    Database(tmp_path / "state" / DATABASE).close()
    with pytest.raises(InputError, match="no evidence"):
        run("verify", tmp_path / "state")


def test_verify_of_a_state_directory_finds_seals_that_went_with_their_rows(state: Path, capsys) -> None:
    shutil.rmtree(state / INCIDENTS / "b")
    with closing(Database(state / DATABASE)) as database:
        database.connection.execute("DELETE FROM chain WHERE id = 'b'")
        database.connection.execute("DELETE FROM incidents WHERE id = 'b'")
    assert run("verify", state, "--no-replay") == 1
    assert "the box had sealed up to place 2" in capsys.readouterr().err


def test_a_deletion_that_no_signed_record_proves_is_a_problem(state: Path, capsys) -> None:
    with closing(Database(state / DATABASE)) as database:
        store = IncidentStore(database, state / INCIDENTS)
        store.delete("a", BoxKey.load_or_create(state), "30 days are over")
        assert run("verify", state, "--no-replay") == 0
        database.connection.execute("UPDATE incidents SET evidence = 'deleted' WHERE id = 'b'")
    capsys.readouterr()
    assert run("verify", state, "--no-replay") == 1
    assert "no signed record of its deletion" in capsys.readouterr().err


@pytest.mark.parametrize("is_message", [False, True])
def test_a_receipt_kept_elsewhere_shows_what_was_cut_off_a_folder(
    state: Path, tmp_path: Path, capsys, is_message: bool
) -> None:
    out, receipt = tmp_path / "out", tmp_path / "receipt.json"
    assert run("export", "--all", "--out", out, "--state", state) == 0
    if is_message:
        with closing(Database(state / DATABASE)) as database:
            rows = database.connection.execute("SELECT event FROM messages WHERE kind = 'evidence' AND id = 'b'")
            receipt.write_text(rows.fetchone()["event"])
        data = json.loads(receipt.read_text())["data"]
        assert (data["sequence"], data["previous"]) == (2, sha256_file(out / "a" / "manifest.json"))
    else:
        shutil.copy(out / "chain-head.json", receipt)
    (out / "chain-head.json").unlink()
    verify = ("verify", out, "--no-replay", "--head", receipt, "--key", state / "box.pub")
    assert run(*verify) == 0
    shutil.rmtree(out / "b")
    assert run("verify", out, "--no-replay", "--key", state / "box.pub") == 0
    assert "what was sealed later cannot be known from this folder" in capsys.readouterr().out
    assert run(*verify) == 1
    assert "1 at its end are not here" in capsys.readouterr().err


def test_a_receipt_that_another_key_signed_proves_nothing(state: Path, tmp_path: Path, capsys) -> None:
    out = tmp_path / "out"
    assert run("export", "--all", "--out", out, "--state", state) == 0
    receipt = json.loads((out / "chain-head.json").read_text())
    receipt["head"]["sequence"] = 1
    (out / "chain-head.json").write_text(json.dumps(receipt))
    assert run("verify", out, "--no-replay", "--key", state / "box.pub") == 1
    assert "was not signed with key" in capsys.readouterr().err


def test_what_is_no_receipt_is_unreadable_input(state: Path, tmp_path: Path) -> None:
    for n, text in enumerate(("", "[]", '{"data": 1}', "[" * 50_000, '{"head": {}, "signature": "\\ud800"}')):
        (tmp_path / f"{n}.json").write_text(text)
        with pytest.raises(InputError, match="not a receipt"):
            run("verify", state, "--no-replay", "--head", tmp_path / f"{n}.json")


def test_exchanged_folders_are_told_and_a_renamed_one_can_be_named(state: Path, tmp_path: Path, capsys) -> None:
    out = tmp_path / "out"
    assert run("export", "--all", "--out", out, "--state", state) == 0
    (out / "a").rename(tmp_path / "aside")
    (out / "b").rename(out / "a")
    (tmp_path / "aside").rename(out / "b")
    assert run("verify", out, "--no-replay") == 1
    assert "2 not to be trusted" in capsys.readouterr().out
    assert run("verify", out / "a", "--no-replay", "--incident", "b", "--key", state / "box.pub") == 0
