"""How good is it? Videos with known truth come in; out come recall, false findings, FADE's measures, delay and cost.

:func:`evaluate_clip` compares one video's findings with its truth, :func:`tally` adds up many.
"""

from edgecv.evaluation.accuracy_metrics import Totals, tally
from edgecv.evaluation.result import ClipResult
from edgecv.evaluation.scene_runs import evaluate_clip
from edgecv.evaluation.truth import Truth, load_truth

__all__ = ["ClipResult", "Totals", "Truth", "evaluate_clip", "load_truth", "tally"]
