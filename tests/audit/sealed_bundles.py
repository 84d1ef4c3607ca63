"""Bundles that a box sealed, whole and deleted, and what verification says of them."""

from __future__ import annotations

from pathlib import Path

import pytest
from known_bundles import SEALED_AT, sealed_bundle

from edgecv.audit.verify import Verification, verify_bundle
from edgecv.evidence.keys import BoxKey
from edgecv.evidence.sealing import delete_evidence


@pytest.fixture
def key(tmp_path: Path) -> BoxKey:
    return BoxKey.load_or_create(tmp_path / "state")


@pytest.fixture
def stranger(tmp_path: Path) -> BoxKey:
    """Somebody else with a key."""
    return BoxKey.load_or_create(tmp_path / "stranger")


@pytest.fixture
def bundle(tmp_path: Path, key: BoxKey) -> Path:
    return sealed_bundle(tmp_path, key)


@pytest.fixture
def deleted(bundle: Path, key: BoxKey) -> Path:
    delete_evidence(bundle, key, "30 days are over", SEALED_AT)
    return bundle


def check(folder: Path, key: BoxKey) -> Verification:
    return verify_bundle(folder, key.public, replay=False)


def problem(folder: Path, key: BoxKey) -> str:
    """The only one there is, in one line."""
    problems = check(folder, key).problems
    assert len(problems) == 1, problems
    assert "\n" not in problems[0]
    return problems[0]
