from __future__ import annotations

import random
import shutil
from pathlib import Path

import pytest
from known_bundles import SEALED_AT, sealed_bundle, sealed_chain, write_files

from edgecv.durable_files import sha256_file
from edgecv.evidence.hash_chain import ChainReport, verify_chain
from edgecv.evidence.keys import BoxKey
from edgecv.evidence.manifest import write_manifest
from edgecv.evidence.sealing import Link, delete_evidence, seal

WELL = ChainReport((), ())


@pytest.fixture
def key(tmp_path: Path) -> BoxKey:
    return BoxKey.load_or_create(tmp_path / "state")


@pytest.fixture
def chain(tmp_path: Path, key: BoxKey) -> list[Path]:
    return sealed_chain(tmp_path, key, "abcde")


def test_a_whole_chain_is_well_in_any_order_and_after_deletions(chain: list[Path], key: BoxKey) -> None:
    delete_evidence(chain[1], key, "30 days are over", SEALED_AT)
    shuffled = list(chain)
    random.Random(1).shuffle(shuffled)
    assert verify_chain(shuffled, contiguous=True) == WELL


@pytest.mark.parametrize(
    ("dropped", "said"), [(0, "begins here with place 2"), (1, "lacks place 2 between a and c"), (3, "lacks place 4")]
)
def test_a_bundle_left_out_is_a_gap(chain: list[Path], dropped: int, said: str) -> None:
    del chain[dropped]
    few = verify_chain(chain, contiguous=False)
    assert few.problems == ()
    assert said in "\n".join(few.notes)
    all_of_them = verify_chain(chain, contiguous=True)
    assert said in "\n".join(all_of_them.problems)


def test_several_left_out_are_one_gap(chain: list[Path]) -> None:
    assert verify_chain([chain[0], chain[4]], contiguous=True).problems[0].endswith("places 2 to 4 between a and e")


def test_places_exchanged_are_found(tmp_path: Path, chain: list[Path], key: BoxKey) -> None:
    b, c = chain[1], chain[2]
    seal(b, key, Link(3, sha256_file(c / "manifest.json")), "b", SEALED_AT)
    seal(c, key, Link(2, sha256_file(chain[0] / "manifest.json")), "c", SEALED_AT)
    assert "names another manifest before it" in "\n".join(verify_chain(chain, contiguous=False).problems)


def test_a_bundle_sealed_anew_breaks_the_link_after_it(chain: list[Path], key: BoxKey) -> None:
    (chain[2] / "still.jpg").write_bytes(b"another picture")
    seal(chain[2], key, Link(3, sha256_file(chain[1] / "manifest.json")), "c", SEALED_AT)
    problems = verify_chain(chain, contiguous=False).problems
    assert problems == (f"{chain[3]}: names another manifest before it than that of {chain[2]}",)


def test_two_bundles_in_one_place_are_a_fork(tmp_path: Path, chain: list[Path], key: BoxKey) -> None:
    fork = sealed_bundle(tmp_path, key, Link(3, sha256_file(chain[1] / "manifest.json")), "x")
    problems = verify_chain([*chain, fork], contiguous=False).problems
    assert f"{fork}: claims place 3 of the chain, as {chain[2]} does" in problems


def test_a_second_beginning_is_found(tmp_path: Path, chain: list[Path], key: BoxKey) -> None:
    again = sealed_bundle(tmp_path, key, Link(1, None), "x")
    assert any("claims place 1" in problem for problem in verify_chain([*chain, again], contiguous=False).problems)


def test_two_boxes_are_two_chains_and_what_is_not_sealed_is_none(tmp_path: Path, chain: list[Path]) -> None:
    other = sealed_chain(tmp_path / "other", BoxKey.load_or_create(tmp_path / "other-state"), "xyz")
    replayed = write_files(tmp_path / "replayed")
    write_manifest(replayed)
    empty = tmp_path / "empty"
    empty.mkdir()
    assert verify_chain([*chain, *other, replayed, empty], contiguous=True) == WELL


def test_one_bundle_twice_is_told(tmp_path: Path, chain: list[Path]) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(chain[0], copy)
    assert "claims place 1" in verify_chain([*chain, copy], contiguous=False).problems[0]
