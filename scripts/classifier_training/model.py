"""The model: a few small networks that vote, trained by scikit-learn, written down as one ONNX graph."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import GroupKFold
from sklearn.neural_network import MLPClassifier

from edgecv.classification.features import FEATURES
from edgecv.classification.nuisance import LABELS, THROWN

Float64 = NDArray[np.float64]

HIDDEN = 24
VOTES = 5
_DECAY = 3.0  # strong: a few thousand falls of some hundred objects, and real scenes will differ from all of them
_CLIP = 3.0  # standard deviations beyond which a feature says no more
_FOLDS = 5
_NEVER = -30.0  # log-odds of a label that no sample had


@dataclass(frozen=True, slots=True)
class Model:
    """Weights.

    Attributes:
        mean, scale: ``(f,)`` of the features.
        layers: for each network ``(f, h), (h,), (h, k), (k,)``.
    """

    mean: Float64
    scale: Float64
    layers: tuple[tuple[Float64, Float64, Float64, Float64], ...]

    def probabilities(self, features: Float64) -> Float64:
        """``(n, k)`` mean probabilities of the networks for features ``(n, f)``."""
        x = np.clip((features - self.mean) / self.scale, -_CLIP, _CLIP)
        votes = [_softmax(np.maximum(x @ w + b, 0.0) @ v + c) for w, b, v, c in self.layers]
        return np.asarray(np.mean(votes, axis=0), np.float64)


def train(features: Float64, labels: NDArray[np.str_], weights: Float64, seed: int) -> Model:
    """Train on features ``(n, f)``, labels ``(n,)`` and sample weights ``(n,)``; deterministic."""
    mean = features.mean(axis=0)
    scale = np.maximum(features.std(axis=0), 1e-3)
    x = np.clip((features - mean) / scale, -_CLIP, _CLIP)
    # weights become repetitions, for the network takes none; drawn, so that each voter sees another draw
    share = weights / weights.sum()
    layers = []
    for vote in range(VOTES):
        rng = np.random.default_rng([seed, vote])
        drawn = rng.choice(len(x), 2 * len(x), p=share)
        # every label seen is in every draw
        drawn = np.concatenate([drawn, [int(np.flatnonzero(labels == name)[0]) for name in np.unique(labels)]])
        network = MLPClassifier((HIDDEN,), alpha=_DECAY, max_iter=150, random_state=seed + vote)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            network.fit(x[drawn], labels[drawn])
        layers.append(_complete(network))
    return Model(mean, scale, tuple(layers))


def out_of_fold(
    features: Float64, labels: NDArray[np.str_], weights: Float64, scenes: NDArray[np.str_], seed: int
) -> Float64:
    """Probabilities ``(n, k)`` of each sample by a model that saw nothing of its scene."""
    found = np.zeros((len(features), len(LABELS)))
    for kept, left in GroupKFold(_FOLDS).split(features, labels, scenes):
        found[left] = train(features[kept], labels[kept], weights[kept], seed).probabilities(features[left])
    return found


def balanced(labels: NDArray[np.str_]) -> Float64:
    """Weights ``(n,)``: half for throws, half for the rest; within the rest the rare ones count more."""
    names, counts = np.unique(labels, return_counts=True)
    each = dict(zip(names.tolist(), (1.0 / np.sqrt(counts)).tolist(), strict=True))
    weights = np.array([each[str(name)] for name in labels])
    thrown = labels == THROWN
    weights[thrown] *= weights[~thrown].sum() / max(float(weights[thrown].sum()), 1e-9)
    return np.asarray(weights / weights.sum(), np.float64)


def export(model: Model, path: Path, least_thrown: float, sure_thrown: float) -> None:
    """Write the model as ONNX: ``features`` float32 ``(n, f)`` in, ``probabilities`` float32 ``(n, k)`` out."""
    weights: dict[str, Float64] = {"mean": model.mean, "scale": model.scale}
    nodes = [
        helper.make_node("Sub", ["features", "mean"], ["centred"]),
        helper.make_node("Div", ["centred", "scale"], ["scaled"]),
        helper.make_node("Clip", ["scaled", "low", "high"], ["x"]),
    ]
    for n, layer in enumerate(model.layers):
        weights |= {f"{name}{n}": value for name, value in zip("wbvc", layer, strict=True)}
        nodes += [
            helper.make_node("Gemm", ["x", f"w{n}", f"b{n}"], [f"in{n}"]),
            helper.make_node("Relu", [f"in{n}"], [f"hidden{n}"]),
            helper.make_node("Gemm", [f"hidden{n}", f"v{n}", f"c{n}"], [f"out{n}"]),
            helper.make_node("Softmax", [f"out{n}"], [f"vote{n}"], axis=1),
        ]
    votes = [f"vote{n}" for n in range(len(model.layers))]
    nodes.append(helper.make_node("Mean", votes, ["probabilities"]))
    weights |= {"low": np.array(-_CLIP), "high": np.array(_CLIP)}
    graph = helper.make_graph(
        nodes,
        "nuisance",
        [helper.make_tensor_value_info("features", TensorProto.FLOAT, ["n", len(FEATURES)])],
        [helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["n", len(LABELS)])],
        [numpy_helper.from_array(np.asarray(value, np.float32), name) for name, value in weights.items()],
    )
    built = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    helper.set_model_props(
        built,
        {
            "features": ",".join(FEATURES),
            "labels": ",".join(LABELS),
            "least_thrown": f"{least_thrown:.6f}",
            "sure_thrown": f"{sure_thrown:.6f}",
        },
    )
    onnx.checker.check_model(built)
    path.write_bytes(built.SerializeToString(deterministic=True))


def _complete(network: MLPClassifier) -> tuple[Float64, Float64, Float64, Float64]:
    """The network's weights, with a column for every label there is."""
    (w, v), (b, c) = network.coefs_, network.intercepts_
    out, bias = np.zeros((w.shape[1], len(LABELS))), np.full(len(LABELS), _NEVER)
    columns = [LABELS.index(str(name)) for name in network.classes_]
    if len(columns) == 2:
        # of two labels scikit-learn keeps the log-odds of the second only
        v, c = np.concatenate([np.zeros_like(v), v], axis=1), np.concatenate([np.zeros_like(c), c])
    out[:, columns], bias[columns] = v, c
    return np.asarray(w), np.asarray(b), out, bias


def _softmax(z: Float64) -> Float64:
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return np.asarray(e / e.sum(axis=1, keepdims=True), np.float64)
