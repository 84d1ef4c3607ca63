"""The model card."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from classifier_training.data import Plan
from classifier_training.falls import LEAST_CHANCE_RATIO
from classifier_training.model import LEAVES, TREES
from classifier_training.scenes import SECONDS
from classifier_training.score import Score, Scored, Thresholds, score
from edgecv.classification.features import FEATURES
from edgecv.classification.nuisance import LABELS, THROWN

_HEAD = """# Nuisance model

`nuisance.onnx`: {size_kb:.0f} kB, sha256 `{sha256}`.

A second opinion on a fall that physics has judged: {features} numbers of a path (`edgecv/classification/features.py`,
`course.py`) in, a probability for each of {labels} labels out. {trees} random trees of at most {leaves} leaves vote.
An incident whose probability of a throw is below {least:.4f} becomes a candidate; a candidate that physics leaves open
(well seen, possible in size and distance, but it may fly or drip) and that is a throw with at least {sure:.4f} becomes
an incident; other candidates get a name. It looks at paths, sizes and brightness, not at image patches.

{judgement}

## Data

- **Real footage**: a folder of clips (`--clips`). Of a series (clips of one name with running numbers) the first half
  teaches, the next sixth tests, the last third is not opened; stretches of four neighbours count as one recording.
  Other clips teach, those with a throw of their own test only. Nothing is thrown in what teaches: all its falls are
  nuisances. To learn more from the same street, it is shown backwards too: what drives away comes down then.
- **Throws laid into real footage** (`laid_in.py`): objects of the simulator's catalogue, two to four in ten seconds,
  of natural sizes before a camera near enough to see them, into every clip whose camera stands still.
- **Simulated scenes** (`scenes.py`), seeds {first} to {last}, {seconds:g} s each, every other one read with its
  calibration. Tests: ordinary scenes of seeds {test_first} to {test_last}, crowded ones of seeds {crowded_first} to
  {crowded_last}.

Every fall with a log ratio against chance of at least {chance:g} is a sample, as the box's own pipeline gives it. A
fall near an event, or near its image in glass, that cannot be told from it is left out. All figures are of recordings
and scenes that the judging model has not seen: those to learn from are judged out of fold, whole recordings at a
time.

{falls}
"""

_TAIL = """
## Known failures

{failures}
- Throws laid in are drawn: they have no shadow, no rolling shutter, and no compression of their own before the
  clip's.
- A label that training saw rarely is hardly ever named: the model tells throws from the rest, little more.
- A class of nuisance that none of the clips shows is judged by what it shares with the others. The streets are three.

## Make it again

    pip install -e .[train]
    scripts/train_classifier.py --work WORK --clips FOLDER_OF_REAL_CLIPS

It renders scenes, variants and throws into `WORK` (kept and used again, as the falls are until the code that judges
them changes; this run took {minutes:.0f} minutes, most of it found there), and writes the model and this card into
`models/`. The same folder and seeds give the same file on one machine. Without `--clips` it learns from simulated
scenes alone. Both thresholds come from what is judged out of fold: the {lost:.1%} quantile of the throws that physics
calls incidents, and twice the odds of the nuisance that looked most like a throw among those it may settle.
"""

Videos = Sequence[Scored]


@dataclass(frozen=True, slots=True)
class Figures:
    """What a training run has measured.

    Attributes:
        size_kb: of the model.
        sha256: of the model.
        thresholds: of the model.
        lost: share of throws that the doubt was allowed to cost.
        learnt: videos to learn from, judged out of fold.
        tests: other videos, judged by the model.
        minutes: time of the run.
    """

    size_kb: float
    sha256: str
    thresholds: Thresholds
    lost: float
    learnt: Videos
    tests: Videos
    minutes: float


def card(plan: Plan, figures: Figures) -> str:
    """Return the card as Markdown."""
    limits = figures.thresholds
    head = _HEAD.format(
        size_kb=figures.size_kb, sha256=figures.sha256, features=len(FEATURES), labels=len(LABELS), trees=TREES,
        leaves=LEAVES, least=limits.least_thrown, sure=limits.sure_thrown, judgement=_judgement(figures),
        first=plan.train.start, last=plan.train.stop - 1, seconds=SECONDS, test_first=plan.test.start,
        test_last=plan.test.stop - 1, crowded_first=plan.crowded.start, crowded_last=plan.crowded.stop - 1,
        chance=LEAST_CHANCE_RATIO, falls=_falls(figures),
    )  # fmt: skip
    tail = _TAIL.format(failures=_failures(figures), minutes=figures.minutes, lost=figures.lost)
    return f"{head}\n{_nuisances(figures)}\n\n{_throws(figures)}\n{tail}"


def _of(videos: Videos, *origins: str) -> list[Scored]:
    return [s for s in videos if s.video.origin in origins]


def _both(videos: Videos, limits: Thresholds) -> tuple[Score, Score]:
    return score(videos, None), score(videos, limits)


def _judgement(figures: Figures) -> str:
    limits = figures.thresholds
    alone, both = _both([*_of(figures.learnt, "real"), *_of(figures.tests, "real")], limits)
    thrown_alone, thrown_both = _both([*_of(figures.learnt, "laid in"), *figures.tests], limits)
    return (
        "**Use: on by default (`use_nuisance_model`).** "
        f"On what it has not seen it takes the false incidents in {alone.seconds / 60.0:.1f} minutes of real "
        f"footage from {alone.leaked} to {both.leaked}, and the throws told as incidents from {thrown_alone.kept} to "
        f"{thrown_both.kept} of {thrown_alone.events}."
    )


def _table(title: str, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    lines = ["| " + " | ".join(str(cell) for cell in row) + " |" for row in (columns, *rows)]
    return "\n".join([f"## {title}\n", lines[0], "|---" * len(columns) + "|", *lines[1:]])


def _falls(figures: Figures) -> str:
    groups: dict[str, Counter[str]] = {}
    for scored in (*figures.learnt, *figures.tests):
        part = "learnt" if scored in figures.learnt else "test"
        column = f"{scored.video.origin}, {part}"
        groups.setdefault(column, Counter()).update(s.label for s in scored.video.samples)
    names = [name for name in LABELS if any(counts[name] for counts in groups.values())]
    rows = [[name, *(counts[name] for counts in groups.values())] for name in names]
    return _table("Falls", ["falls of", *groups], rows).removeprefix("## Falls\n\n")


def _nuisances(figures: Figures) -> str:
    """Real footage without a throw, by kind; of the recordings to learn from only as filmed, and out of fold."""
    videos = [s for s in (*_of(figures.learnt, "real"), *_of(figures.tests, "real")) if not _has_throws(s)]
    kinds = sorted({s.video.kind for s in videos})
    rows = [
        _row(f"{kind}, {part}", chosen, figures.thresholds)
        for kind in kinds
        for part, among in (("out of fold", figures.learnt), ("test", figures.tests))
        for chosen in [[s for s in videos if s.video.kind == kind and any(s is other for other in among)]]
        if chosen
    ]
    simulated = _of(figures.tests, "simulated")
    rows += [
        _row("all real footage", videos, figures.thresholds),
        _row("simulated tests", simulated, figures.thresholds),
    ]
    columns = ("what", "minutes", "falls judged", "physics alone", "and model", "at most, an hour (95 %)")
    return _table("False incidents", columns, rows)


def _row(name: str, videos: Videos, limits: Thresholds) -> list[object]:
    alone, both = _both(videos, limits)
    minutes = f"{both.seconds / 60.0:.1f}"
    return [name, minutes, both.nuisances, alone.leaked, both.leaked, f"{both.bound_per_hour:.0f}"]


def _has_throws(scored: Scored) -> bool:
    return any(s.label == THROWN for s in scored.video.samples)


def _throws(figures: Figures) -> str:
    parts: list[tuple[str, Videos]] = [
        ("real throws, never learnt from", [s for s in _of(figures.tests, "real") if _has_throws(s)]),
        ("laid into real footage, test recordings", _of(figures.tests, "laid in")),
        ("laid into real footage, out of fold", _of(figures.learnt, "laid in")),
        ("simulated tests", _of(figures.tests, "simulated")),
        ("simulated, out of fold", _of(figures.learnt, "simulated")),
    ]
    rows = []
    for name, videos in parts:
        alone, both = _both(videos, figures.thresholds)
        rows.append([name, both.events, alone.kept, both.kept])
    return _table("Throws told as incidents", ("what", "that reach the judge", "physics alone", "and model"), rows)


def _failures(figures: Figures) -> str:
    limits = figures.thresholds

    def named(title: str, chosen: Callable[[str, bool, bool], bool]) -> str:
        hits = [
            f"{s.label} in {scored.video.video} at {s.start_s:.1f} s ({p:.2f})"
            for scored in (*_of(figures.learnt, "real", "laid in", "simulated"), *figures.tests)
            for s, p, told in zip(scored.video.samples, scored.thrown, scored.told(limits), strict=True)
            if chosen(s.label, s.tier == "incident", told)
        ]
        listed = "; ".join(hits[:8]) + (" and more" if len(hits) > 8 else "")
        return f"- {title}: {len(hits)}{': ' + listed if hits else ''}."

    return "\n".join(
        [
            named("Falls of throws doubted", lambda label, before, told: label == THROWN and before and not told),
            named("False incidents that stay", lambda label, before, told: label != THROWN and before and told),
            named(
                "False incidents by the model alone",
                lambda label, before, told: label != THROWN and not before and told,
            ),
        ]
    )
