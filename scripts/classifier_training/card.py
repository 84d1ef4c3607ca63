"""The model card."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from classifier_training.score import Score

_HEAD = """# Nuisance model

`nuisance.onnx`: {size_kb:.0f} kB, sha256 `{sha256}`.

A second opinion on a fall that physics has judged: {features} numbers of a path
(`edgecv/classification/features.py`) in, a probability for each of {labels} labels out. {votes} networks of {hidden}
units vote. An incident whose probability of a throw is below {least_thrown:.4f} becomes a candidate; a candidate that
physics leaves open (well seen, possible in size and distance, but it may fly or drip) and that is a throw with at least
{sure_thrown:.4f} becomes an incident; other candidates get a name. It looks at paths, sizes and brightness, not at
image patches: tracks keep none.

**Use: `use_nuisance_model` is off by default.** {judgement}

## Data

Trained on simulated scenes of `scripts/classifier_training/scenes.py`, seeds {first} to {last} ({seconds:g} s each,
960×540 or 1280×720). Every fall with a log ratio against chance of at least {chance:g} is a sample, labelled by the
event or nuisance that it follows in the truth; a fall near an event, or near its image in glass, that cannot be told
from it is left out. Scenes are read twice, with and without their calibration, and count twice. Tested on what it was
not trained on: ordinary random scenes (`edgecv simulate --random {tests} --seed {test_first}`), scenes crowded as
those to train on (seeds {crowded_first} to {crowded_last}), and real clips, of which none is trained on: too few, and
better used as a test. Minutes of video: {minutes_of_video}.
"""

_TAIL = """
## Known failures

{failures}
- A label that training saw rarely (see the table) is hardly ever named: the model tells throws from the rest, and
  leaves and drips from each other, little more.
- Things that physics calls impossible (a pedestrian that would be 7 m across) may look like perfect throws to it; this
  was seen on a real clip while the model was made, and is why it may settle open questions only.

## Make it again

    pip install -e .[train]
    scripts/train_classifier.py --work WORK [--clips FOLDER_OF_REAL_CLIPS]

It renders the scenes into `WORK` (kept and used again; the run that wrote this card took {minutes:.0f} minutes beside
other work, with {rendered} of its scenes rendered before), and writes the model and this card into `models/`. The same
seed gives the same file on one machine. Both thresholds come from the training scenes, each judged by a model that did
not see it: the {lost:.2%} quantile of the throws that physics calls incidents, and twice the odds of the nuisance that
looked most like a throw.
"""


def counts_table(columns: Mapping[str, Mapping[str, int]]) -> str:
    """Falls by label, a column a split."""
    labels = sorted({name for counts in columns.values() for name in counts})
    rows = [f"| {name} | " + " | ".join(str(c.get(name, 0)) for c in columns.values()) + " |" for name in labels]
    head = ["| falls of | " + " | ".join(columns) + " |", "|---|" + "---|" * len(columns)]
    return "\n".join([*head, *rows])


def score_table(rows: Sequence[tuple[str, str, Score]]) -> str:
    """Throws kept and nuisances let through, a line a way to judge."""
    lines = [
        "| data | accepted is | throws kept, of those that reach the judge | nuisances let through |",
        "|---|---|---|---|",
    ]
    for data, rule, s in rows:
        by = ", ".join(f"{name} {count}" for name, count in sorted(s.leaked_by.items()))
        kept = f"{s.kept} of {s.events} ({_share(s.kept, s.events)})" if s.events else "none there"
        lines.append(
            f"| {data} | {rule} | {kept} | {s.leaked} of {s.nuisances} ({_share(s.leaked, s.nuisances)})"
            f"{': ' + by if by else ''} |"
        )
    return "\n".join(lines)


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.2%}" if whole else "–"


def card(head: Mapping[str, object], data: str, figures: str, tail: Mapping[str, object]) -> str:
    """Put the card together."""
    return "\n".join(
        [
            _HEAD.format(**head),
            data,
            "\n## With and without it\n",
            figures,
            _TAIL.format(**tail),
        ]
    )
