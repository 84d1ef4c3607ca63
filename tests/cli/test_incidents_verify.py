"""`edgecv incidents verify`: bundles, state directories, keys, receipts."""

from __future__ import annotations

import json
import os
import shutil
from contextlib import closing
from pathlib import Path

import pytest
from cli import incidents_verb
from cli.incidents_verb import run
from known_bundles import sealed_chain, write_files

from edgecv.audit.verify import verify_bundle
from edgecv.durable_files import sha256_file
from edgecv.errors import ConfigError, InputError
from edgecv.evidence.keys import BoxKey
from edgecv.storage.database import DATABASE, Database, DatabaseError
from edgecv.storage.incident_store import INCIDENTS, IncidentStore

state = incidents_verb.state


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
