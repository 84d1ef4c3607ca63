from __future__ import annotations

import hashlib
import re
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from known_paths import SIZE, fall_track

from edgecv.classification import ClassificationSettings, Verdict, judge
from edgecv.classification.features import FEATURES, features_of
from edgecv.classification.nuisance import (
    LABELS,
    MODEL_FILE,
    NuisanceModel,
    SecondOpinion,
    _read_once,
    combined_verdict,
    is_undecided,
)
from edgecv.errors import ConfigError
from edgecv.trajectory import Fall, TrajectorySettings, View, explain

INCIDENT = Verdict("incident", "thrown_object", 0.999, {"thrown_object": 0.999, "other": 0.001}, ())
CANDIDATE = Verdict("candidate", "other", 0.5, {"thrown_object": 0.5, "other": 0.5}, ("seen for 0.40 s only",))


def chances(**named: float) -> np.ndarray:
    """Probabilities of the named labels; the rest shared among the others."""
    rest = (1.0 - sum(named.values())) / (len(LABELS) - len(named))
    return np.array([named.get(label, rest) for label in LABELS])


@pytest.fixture(scope="module")
def model() -> NuisanceModel:
    return NuisanceModel()


@pytest.fixture(scope="module")
def bottle() -> Fall:
    view = View.uncalibrated(SIZE, TrajectorySettings())
    fall = explain(fall_track(30.0), view, TrajectorySettings())
    assert fall is not None
    return fall


def test_probabilities_sum_to_one_however_odd_the_features(model: NuisanceModel) -> None:
    rows = np.random.default_rng(0).uniform(-50.0, 50.0, (40, len(FEATURES)))
    probabilities = model.probabilities(rows)
    assert probabilities.shape == (40, len(LABELS))
    assert (probabilities >= 0.0).all()
    np.testing.assert_allclose(probabilities.sum(axis=1), 1.0, atol=1e-5)


def test_the_same_features_give_the_same_probabilities_alone_and_among_others(model: NuisanceModel) -> None:
    rows = np.random.default_rng(1).normal(0.0, 1.0, (16, len(FEATURES)))
    together = model.probabilities(rows)
    np.testing.assert_array_equal(together, NuisanceModel().probabilities(rows))
    alone = np.concatenate([model.probabilities(row[None]) for row in rows])
    np.testing.assert_allclose(together, alone, atol=1e-6)


def test_a_dropped_bottle_stays_an_incident(model: NuisanceModel, bottle: Fall) -> None:
    settings = ClassificationSettings()
    verdict = judge(bottle, settings)
    assert verdict.tier == "incident"
    said = model.review(verdict, bottle, settings)
    assert (said.tier, said.label) == ("incident", "thrown_object")
    assert set(said.labels) == set(LABELS)
    expected = model.probabilities(features_of(bottle)[None])[0]
    assert said.labels["thrown_object"] == pytest.approx(expected[0], abs=1e-4)


def test_the_model_file_is_the_one_its_card_describes() -> None:
    card = MODEL_FILE.with_suffix(".md").read_text()
    named = re.search(r"sha256 `([0-9a-f]{64})`", card)
    assert named is not None
    content = MODEL_FILE.read_bytes()
    assert hashlib.sha256(content).hexdigest() == named[1]
    assert len(content) < 1_000_000


def test_an_incident_that_hardly_looks_like_a_throw_becomes_a_candidate_that_says_why() -> None:
    verdict = combined_verdict(INCIDENT, chances(thrown_object=0.02, bird=0.9), least_thrown=0.1)
    assert (verdict.tier, verdict.label, verdict.p) == ("candidate", "bird", 0.9)
    assert verdict.reasons == ("looks like bird (a throw with probability 0.020 only)",)


def test_what_resembles_no_nuisance_with_a_name_is_said_to_move_unlike_a_throw() -> None:
    verdict = combined_verdict(INCIDENT, chances(thrown_object=0.02, other=0.9), least_thrown=0.1)
    assert (verdict.tier, verdict.label) == ("candidate", "other")
    assert verdict.reasons == ("moves as other things do, not as a throw (a throw with probability 0.020 only)",)


def test_an_incident_above_the_threshold_is_left_to_physics_even_where_another_label_is_likelier() -> None:
    verdict = combined_verdict(INCIDENT, chances(thrown_object=0.2, leaf=0.7), least_thrown=0.1)
    assert (verdict.tier, verdict.label, verdict.reasons) == ("incident", "thrown_object", ())


def test_a_candidate_gets_a_name_and_only_an_open_one_becomes_an_incident() -> None:
    named = combined_verdict(CANDIDATE, chances(drip=0.8), least_thrown=0.1, sure_thrown=0.95)
    assert (named.tier, named.label, named.p, named.reasons) == ("candidate", "drip", 0.8, CANDIDATE.reasons)
    closed = combined_verdict(CANDIDATE, chances(thrown_object=0.99), least_thrown=0.1)
    assert (closed.tier, closed.label, closed.reasons) == ("candidate", "thrown_object", CANDIDATE.reasons)
    unsure = combined_verdict(CANDIDATE, chances(thrown_object=0.94), least_thrown=0.1, sure_thrown=0.95)
    assert unsure.tier == "candidate"
    settled = combined_verdict(CANDIDATE, chances(thrown_object=0.99), least_thrown=0.1, sure_thrown=0.95)
    assert (settled.tier, settled.label, settled.reasons) == ("incident", "thrown_object", ())


def test_what_physics_rejects_is_not_brought_back() -> None:
    rejected = replace(CANDIDATE, tier="rejected")
    assert combined_verdict(rejected, chances(thrown_object=0.99), 0.1, 0.95).tier == "rejected"


def test_a_candidate_is_open_unless_physics_says_no(bottle: Fall) -> None:
    settings = ClassificationSettings()
    assert is_undecided(CANDIDATE, bottle, settings, repeats=0)
    assert not is_undecided(INCIDENT, bottle, settings, repeats=0)
    assert not is_undecided(CANDIDATE, bottle, settings, repeats=1)
    strict: dict[str, Any] = {
        "incident_chance_ratio": bottle.likelihoods.chance + 1.0,
        "min_duration_s": bottle.path.duration_s + 0.1,
        "min_points": len(bottle.path.points) + 1,
        "min_size_log_ratio": 1.0,
        "min_fall_m": 500.0,
    }
    for name, value in strict.items():
        assert not is_undecided(CANDIDATE, bottle, replace(settings, **{name: value}), repeats=0), name


def test_the_model_is_read_when_a_fall_comes_that_physics_does_not_reject(
    bottle: Fall, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[Path] = []

    class Counted(NuisanceModel):
        def __init__(self, path: Path) -> None:
            read.append(path)
            super().__init__(path)

    monkeypatch.setattr("edgecv.classification.nuisance.NuisanceModel", Counted)
    _read_once.cache_clear()
    settings = ClassificationSettings()
    opinion = SecondOpinion()
    rejected = replace(CANDIDATE, tier="rejected")
    assert opinion.review(rejected, bottle, settings) is rejected
    assert read == []
    verdict = judge(bottle, settings)
    for _ in range(2):
        assert SecondOpinion().review(verdict, bottle, settings).tier == "incident"
    assert read == [MODEL_FILE]
    _read_once.cache_clear()


def test_a_box_learns_at_its_start_that_the_model_or_its_runtime_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ConfigError, match="there is no nuisance model"):
        SecondOpinion(tmp_path / "none.onnx")
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(ConfigError, match="pip install onnxruntime"):
        SecondOpinion()


def test_a_missing_model_is_one_clear_line(tmp_path: Path) -> None:
    missing = tmp_path / "none.onnx"
    with pytest.raises(ConfigError) as told:
        NuisanceModel(missing)
    assert str(missing) in str(told.value)
    assert "scripts/train_classifier.py" in str(told.value)
    assert "\n" not in str(told.value)


def test_without_onnxruntime_the_setting_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(ConfigError, match="pip install onnxruntime"):
        NuisanceModel()


def test_a_file_that_is_no_model_is_one_clear_line(tmp_path: Path) -> None:
    broken = tmp_path / "broken.onnx"
    broken.write_bytes(b"not a model")
    with pytest.raises(ConfigError, match="no ONNX model") as told:
        NuisanceModel(broken)
    assert "\n" not in str(told.value)


def test_a_model_of_other_features_is_refused(model: NuisanceModel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edgecv.classification.nuisance.FEATURES", (*FEATURES, "one_more"))
    with pytest.raises(ConfigError, match="trained for other features"):
        NuisanceModel()
