"""A second opinion: a small model that has learnt how birds, cars, people, leaves, drops and throws move and look.

A fall and what physics says of it go in; out comes the verdict with a probability for each label. The model may doubt
an incident, and settle what physics leaves open (a bird's dive, a drop or a throw?); it never overrules physics where
that says no. Data, figures and known failures: ``models/nuisance.md``.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from edgecv.classification.features import FEATURES, features_of
from edgecv.classification.settings import ClassificationSettings
from edgecv.classification.verdict import Verdict, impossible_scene
from edgecv.errors import ConfigError
from edgecv.messages import verdict as messages
from edgecv.trajectory.fall import Fall

LABELS: tuple[str, ...] = (
    "thrown_object",
    "bird",
    "insect",
    "leaf",
    "rain_snow",
    "drip",
    "person_laundry",
    "light",
    "other",
)
"""What a fall can be; the order of the model's columns."""

THROWN, OTHER = LABELS[0], LABELS[-1]


def _model_file() -> Path:
    """In a wheel the model lies in the package, in a checkout beside it."""
    package = Path(__file__).resolve().parents[1]
    packaged = package / "models" / "nuisance.onnx"
    return packaged if packaged.exists() else package.parent / "models" / "nuisance.onnx"


MODEL_FILE = _model_file()


class Reviewer(Protocol):
    """Whoever is asked about a fall after physics."""

    def review(self, verdict: Verdict, fall: Fall, settings: ClassificationSettings, repeats: int = 0) -> Verdict:
        """Return the verdict, or another."""
        ...


class SecondOpinion:
    """The nuisance model, read from its file when the first fall comes that physics does not reject.

    A quiet camera never pays for it. One copy serves every camera of a process.

    Args:
        path: the ONNX file.

    Raises:
        ConfigError: the file or onnxruntime is missing: a box must not learn of that with its first throw.
    """

    def __init__(self, path: Path = MODEL_FILE) -> None:
        if not path.is_file():
            raise _no_file(path)
        if find_spec("onnxruntime") is None:
            raise _no_runtime()
        self._path = path

    def review(self, verdict: Verdict, fall: Fall, settings: ClassificationSettings, repeats: int = 0) -> Verdict:
        """Return the verdict as the model leaves it; what physics rejects stays as it is."""
        if verdict.tier == "rejected":
            return verdict
        return _read_once(self._path).review(verdict, fall, settings, repeats)


class NuisanceModel:
    """The model, read once and asked for each fall.

    Args:
        path: the ONNX file, as ``scripts/train_classifier.py`` writes it.

    Attributes:
        least_thrown: probability of a throw below which an incident is doubted.
        sure_thrown: probability from which an open question is settled: it is a throw. Both are chosen in training.

    Raises:
        ConfigError: the file or onnxruntime is missing, or the file was made for other features or labels.
    """

    def __init__(self, path: Path = MODEL_FILE) -> None:
        self._session = _session(path)
        meta: Mapping[str, str] = self._session.get_modelmeta().custom_metadata_map
        for key, expected in (("features", FEATURES), ("labels", LABELS)):
            if tuple(meta.get(key, "").split(",")) != expected:
                raise ConfigError(
                    f"{path}: was trained for other {key} than this version of edgecv has; "
                    "train it anew with scripts/train_classifier.py, or switch use_nuisance_model off"
                )
        self.least_thrown, self.sure_thrown = float(meta["least_thrown"]), float(meta["sure_thrown"])

    def probabilities(self, features: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return ``(n, len(LABELS))`` probabilities for features ``(n, len(FEATURES))``."""
        rows = np.ascontiguousarray(features, np.float32)
        return np.asarray(self._session.run(["probabilities"], {"features": rows})[0], np.float64)

    def review(self, verdict: Verdict, fall: Fall, settings: ClassificationSettings, repeats: int = 0) -> Verdict:
        """Return the verdict with the model's labels, doubted or settled where the model is sure enough.

        Args:
            verdict: what physics says.
            fall: the fall it is about.
            settings: the lines that physics drew.
            repeats: earlier falls that went the very same way.
        """
        probabilities = self.probabilities(features_of(fall, repeats)[None])[0]
        is_open = is_undecided(verdict, fall, settings, repeats)
        return combined_verdict(verdict, probabilities, self.least_thrown, self.sure_thrown if is_open else np.inf)


def is_undecided(verdict: Verdict, fall: Fall, settings: ClassificationSettings, repeats: int) -> bool:
    """True for a candidate that is well seen and could be a throw, but also something that flies or drips.

    Too short, too much like chance, too large, too near, too often the same: nothing that the model may overrule.
    """
    return (
        verdict.tier == "candidate"
        and repeats == 0
        and fall.likelihoods.chance >= settings.incident_chance_ratio
        and fall.path.duration_s >= settings.min_duration_s
        and len(fall.path.points) >= settings.min_points
        and not impossible_scene(fall, settings)
    )


def combined_verdict(
    verdict: Verdict, probabilities: NDArray[np.float64], least_thrown: float, sure_thrown: float = np.inf
) -> Verdict:
    """Combine physics and model.

    Args:
        verdict: what physics says.
        probabilities: ``(len(LABELS),)``.
        least_thrown: an incident less probable to be a throw than this becomes a candidate.
        sure_thrown: a candidate at least this probable becomes an incident; infinite where it may not.
    """
    labels = {name: round(float(p), 4) for name, p in zip(LABELS, probabilities, strict=True)}
    p_thrown = float(probabilities[0])
    if verdict.tier == "incident" and p_thrown < least_thrown:
        likeliest_other = LABELS[1 + int(np.argmax(probabilities[1:]))]
        reason = (
            messages.UNLIKE_A_THROW(p=p_thrown)
            if likeliest_other == OTHER
            else messages.LOOKS_LIKE(label=likeliest_other, p=p_thrown)
        )
        return Verdict("candidate", likeliest_other, labels[likeliest_other], labels, (*verdict.reasons, reason))
    if verdict.tier == "incident" or (verdict.tier == "candidate" and p_thrown >= sure_thrown):
        return Verdict("incident", THROWN, labels[THROWN], labels, ())
    likeliest = LABELS[int(np.argmax(probabilities))]
    return Verdict(verdict.tier, likeliest, labels[likeliest], labels, verdict.reasons)


@cache
def _read_once(path: Path) -> NuisanceModel:
    return NuisanceModel(path)


def _no_file(path: Path) -> ConfigError:
    return ConfigError(
        f"{path}: there is no nuisance model; make it with scripts/train_classifier.py, "
        "or switch use_nuisance_model off"
    )


def _no_runtime() -> ConfigError:
    return ConfigError(
        "use_nuisance_model: onnxruntime is not installed; run pip install onnxruntime, or switch it off"
    )


def _session(path: Path) -> Any:
    if not path.is_file():
        raise _no_file(path)
    try:
        # the import costs time and memory that a box without the model need not pay
        import onnxruntime  # noqa: PLC0415
    except ImportError as error:
        raise _no_runtime() from error
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    try:
        return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception as error:
        raise ConfigError(
            f"{path}: is no ONNX model that can be read; make it anew with scripts/train_classifier.py, "
            "or switch use_nuisance_model off"
        ) from error
