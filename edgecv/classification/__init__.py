"""Is it a throw? Falls come in; out come findings: one for each real object, with a verdict and its tier."""

from edgecv.classification.grouping import Finding, Grouper
from edgecv.classification.multiplicity_correction import MultiplicityCorrection
from edgecv.classification.settings import ClassificationSettings
from edgecv.classification.usual_motion import doubt_usual_motion
from edgecv.classification.verdict import Verdict, judge
from edgecv.classification.water import RepeatedPaths

__all__ = [
    "ClassificationSettings",
    "Finding",
    "Grouper",
    "MultiplicityCorrection",
    "RepeatedPaths",
    "Verdict",
    "doubt_usual_motion",
    "judge",
]
