"""The model: many random trees that vote (Geurts, Ernst & Wehenkel, "Extremely randomized trees", Machine Learning 63,
2006), trained by scikit-learn, written down as one ONNX node.

Trees ask one feature at a time whether it is above a value. What lies outside all that was learnt gets the answer of
the nearest leaf, and a vote of many is never surer than what it has seen: on recordings that it had not seen this kept
more throws for the same doubts than small neural networks or boosted trees on the same features.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper
from sklearn.ensemble import ExtraTreesClassifier
from sklearn.model_selection import GroupKFold

from classifier_training.score import Thresholds
from edgecv.classification.features import FEATURES
from edgecv.classification.nuisance import LABELS, THROWN

Float64 = NDArray[np.float64]

TREES = 80
LEAVES = 100
"""Most leaves of a tree: bounds the file, and how finely single falls are learnt by heart."""
_FEWEST_OF_A_LEAF = 2
_FOLDS = 5


@dataclass(frozen=True, slots=True)
class Model:
    """A forest; its classes are some of :data:`LABELS`."""

    forest: ExtraTreesClassifier

    @property
    def columns(self) -> list[int]:
        """Which label each of the forest's classes is."""
        return [LABELS.index(str(name)) for name in self.forest.classes_]

    def probabilities(self, features: Float64) -> Float64:
        """``(n, k)`` mean of the trees' answers for features ``(n, f)``."""
        answers = np.zeros((len(features), len(LABELS)))
        answers[:, self.columns] = self.forest.predict_proba(features)
        return answers


def train(features: Float64, labels: NDArray[np.str_], weights: Float64, seed: int) -> Model:
    """Train on features ``(n, f)``, labels ``(n,)`` and sample weights ``(n,)``; deterministic."""
    forest = ExtraTreesClassifier(
        TREES, max_leaf_nodes=LEAVES, min_samples_leaf=_FEWEST_OF_A_LEAF, random_state=seed, n_jobs=1
    )
    return Model(forest.fit(features, labels, sample_weight=weights * len(weights)))


def out_of_fold(
    features: Float64, labels: NDArray[np.str_], weights: Float64, groups: NDArray[np.str_], seed: int
) -> Float64:
    """Probabilities ``(n, k)`` of each sample by a model that saw nothing of its recording or scene."""
    unseen = np.zeros((len(features), len(LABELS)))
    for taught, left in GroupKFold(_FOLDS).split(features, labels, groups):
        unseen[left] = train(features[taught], labels[taught], weights[taught], seed).probabilities(features[left])
    return unseen


def balanced(labels: NDArray[np.str_], groups: NDArray[np.str_]) -> Float64:
    """Weights ``(n,)``: half for throws, half for the rest.

    Of the rest rare labels count more, and so does the fall of a recording that has few: a thousand falls in one street
    are one street.
    """
    weights = np.ones(len(labels))
    for names in (labels, groups):
        _, index, counts = np.unique(names, return_inverse=True, return_counts=True)
        weights /= np.sqrt(counts[index])
    thrown = labels == THROWN
    weights[thrown] *= weights[~thrown].sum() / max(float(weights[thrown].sum()), 1e-9)
    return np.asarray(weights / weights.sum(), np.float64)


def export(model: Model, path: Path, thresholds: Thresholds) -> None:
    """Write the model as ONNX: ``features`` float32 ``(n, f)`` in, ``probabilities`` float32 ``(n, k)`` out."""
    node = helper.make_node(
        "TreeEnsembleClassifier",
        ["features"],
        ["label", "probabilities"],
        domain="ai.onnx.ml",
        classlabels_int64s=list(range(len(LABELS))),
        post_transform="NONE",
        **_ensemble(model),
    )
    graph = helper.make_graph(
        [node],
        "nuisance",
        [helper.make_tensor_value_info("features", TensorProto.FLOAT, ["n", len(FEATURES)])],
        [helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["n", len(LABELS)])],
    )
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("ai.onnx.ml", 3)]
    built = helper.make_model(graph, opset_imports=opsets, ir_version=9)
    helper.set_model_props(
        built,
        {
            "features": ",".join(FEATURES),
            "labels": ",".join(LABELS),
            "least_thrown": f"{thresholds.least_thrown:.6f}",
            "sure_thrown": f"{thresholds.sure_thrown:.6f}",
        },
    )
    onnx.checker.check_model(built)
    path.write_bytes(built.SerializeToString(deterministic=True))


def _ensemble(model: Model) -> dict[str, Any]:
    """The trees as ONNX lists them: a row a node, and a row a label in a leaf."""
    lists: dict[str, Any] = defaultdict(list)
    trees = [estimator.tree_ for estimator in model.forest.estimators_]
    for number, tree in enumerate(trees):
        inner = tree.children_left >= 0
        n = len(inner)
        rows: dict[str, list[Any]] = {
            "nodes_treeids": [number] * n,
            "nodes_nodeids": list(range(n)),
            "nodes_featureids": np.where(inner, tree.feature, 0).tolist(),
            "nodes_values": np.where(inner, tree.threshold, 0.0).tolist(),
            "nodes_modes": ["BRANCH_LEQ" if branches else "LEAF" for branches in inner],
            "nodes_truenodeids": np.where(inner, tree.children_left, 0).tolist(),
            "nodes_falsenodeids": np.where(inner, tree.children_right, 0).tolist(),
        }
        leaves, classes = np.nonzero((tree.value[:, 0, :] > 0.0) & ~inner[:, None])
        shares = tree.value[:, 0, :] / tree.value[:, 0, :].sum(axis=1, keepdims=True) / len(trees)
        rows |= {
            "class_treeids": [number] * len(leaves),
            "class_nodeids": leaves.tolist(),
            "class_ids": [model.columns[k] for k in classes],
            "class_weights": shares[leaves, classes].tolist(),
        }
        for name, values in rows.items():
            lists[name] += values
    return dict(lists)
