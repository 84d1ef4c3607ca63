"""What a user demands of the figures: ``recall>=0.98,false_incidents<=0``."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from rapidfuzz import process

from edgecv.errors import ConfigError
from edgecv.evaluation.accuracy_metrics import Recall, Totals

Figures = Mapping[str, float | None]
_OPERATORS: dict[str, Callable[[float, float], bool]] = {
    ">=": operator.ge,
    "<=": operator.le,
    ">": operator.gt,
    "<": operator.lt,
}
_FORM = re.compile(r"\s*([a-z0-9_]+)\s*(>=|<=|>|<)\s*([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)\s*")


@dataclass(frozen=True, slots=True)
class Requirement:
    """One demand on one figure."""

    figure: str
    relation: str
    limit: float

    def unmet(self, figures: Figures) -> str | None:
        """Return one line where the figures do not meet it, else None; what was not measured is not met."""
        value = figures.get(self.figure)
        requirement = f"{self.figure}{self.relation}{self.limit:g}"
        if value is None:
            return f"required {requirement}, but nothing here measures {self.figure}"
        return (
            None if _OPERATORS[self.relation](value, self.limit) else f"required {requirement}, but it is {value:.4g}"
        )


def parse_requirements(text: str) -> tuple[Requirement, ...]:
    """Read demands separated by commas.

    Raises:
        ConfigError: one of them is not ``FIGURE>=NUMBER``.
    """
    return tuple(_parse_one(part) for part in text.split(","))


def _parse_one(part: str) -> Requirement:
    matched = _FORM.fullmatch(part)
    if matched is None:
        raise ConfigError(f"--require: {part.strip()!r} is not a demand like recall>=0.98")
    return Requirement(matched[1], matched[2], float(matched[3]))


def check_names(requirements: tuple[Requirement, ...], figures: Figures) -> None:
    """Raise ConfigError where a demand names a figure that does not exist at all; conditions depend on the clips."""
    for requirement in requirements:
        name = requirement.figure
        if name in figures or name.startswith(("recall_", "clear_recall_", "visible_recall_")):
            continue
        nearest = process.extractOne(name, list(figures))
        raise ConfigError(f"--require: there is no figure {name!r}; did you mean {nearest[0]!r}?")


def figures_of(totals: Totals) -> dict[str, float | None]:
    """Return every figure that can be demanded, by name; None where it was not measured."""
    fade = {score.iou: score for score in totals.fade}
    figures: dict[str, float | None] = {
        "events": float(totals.recall.found.trials),
        "recall": totals.recall.found.value,
        "recall_with_candidates": _with_candidates(totals.recall),
        "clear_day_recall": totals.clear_day.found.value,
        "tiny_day_recall": totals.tiny_day.found.value,
        "visible_events": float(totals.visible.found.trials) if totals.visibility_known else None,
        "visible_recall": totals.visible.found.value,
        "false_incidents": float(totals.false_incidents.count),
        "false_incidents_per_hour": totals.false_incidents.per_hour,
        "false_incidents_bound_per_hour": totals.false_incidents.bound_per_hour,
        "false_candidates": float(totals.false_candidates.count),
        "false_candidates_per_hour": totals.false_candidates.per_hour,
        "duplicates": float(totals.duplicates),
        "fade_tro": totals.tro,
        "delay_median_s": totals.delay_s.median,
        "delay_p95_s": totals.delay_s.p95,
        "delay_max_s": totals.delay_s.maximum,
        "floor_exact": totals.accuracy.floor_exact.value,
        "floor_within_one": totals.accuracy.floor_within_one.value,
        "window_exact": totals.accuracy.window_exact.value,
        "class_exact": totals.accuracy.class_exact.value,
        "log_velocity_error": totals.accuracy.log_velocity_error.median,
        "analysis_ms": totals.analysis_ms,
        "decode_ms": totals.decode_ms,
    }
    for name, least in (("fade_f", 0.3), ("fade_f_iou50", 0.5)):
        score = fade.get(least)
        figures[name] = None if score is None else score.f_measure
        figures[f"{name}_pooled"] = None if score is None else score.pooled_f_measure
    for condition, recall in totals.by_condition.items():
        figures[f"recall_{condition}"] = recall.found.value
    for condition, recall in totals.clear_by_condition.items():
        figures[f"clear_recall_{condition}"] = recall.found.value
    for condition, recall in totals.visible_by_condition.items():
        figures[f"visible_recall_{condition}"] = recall.found.value
    return figures


def _with_candidates(recall: Recall) -> float | None:
    if not recall.found.trials:
        return None
    return (recall.found.hits + recall.candidates) / recall.found.trials
