"""The result for machines: everything as JSON, a line a clip as CSV."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import asdict

from edgecv._version import __version__
from edgecv.evaluation.accuracy_metrics import Totals, tally
from edgecv.evaluation.requirements import figures_of
from edgecv.evaluation.result import ClipResult

COLUMNS = (
    "clip",
    "duration_s",
    "conditions",
    "nuisances",
    "events",
    "too_short",
    "incidents",
    "candidates",
    "missed",
    "false_incidents",
    "duplicates",
    "false_candidates",
    "f_measure_iou30",
    "f_measure_iou50",
    "tro",
    "delay_max_s",
    "analysis_ms",
    "decode_ms",
    "real",
    "visible",
    "visible_incidents",
    "presence_s",
)


def to_json(clips: Sequence[ClipResult], totals: Totals, problems: Sequence[str]) -> str:
    """Everything: ``{"version", "figures", "totals", "real", "clips", "problems"}``; None is null, no NaN."""
    content = {
        "version": __version__,
        "figures": figures_of(totals),
        "totals": asdict(totals),
        "real": asdict(tally([clip for clip in clips if clip.real])),
        "clips": [asdict(clip) for clip in clips],
        "problems": list(problems),
    }
    return json.dumps(content, indent=1, allow_nan=False, ensure_ascii=False) + "\n"


def to_csv(clips: Sequence[ClipResult]) -> str:
    """A line a clip, its columns :data:`COLUMNS`; what was not measured is empty."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(_line(clip) for clip in clips)
    return text.getvalue()


def _line(clip: ClipResult) -> list[object]:
    visible = [event for event in clip.events if not event.too_short]
    outcomes = [event.outcome for event in visible]
    seen = [event for event in visible if event.visible]
    roles = [(finding.tier, finding.role) for finding in clip.findings]
    duplicates = roles.count(("incident", "duplicate"))
    fade = {score.iou: round(score.counts.f_measure, 4) for score in clip.fade}
    delays = [event.delay_s for event in clip.events if event.delay_s is not None and event.outcome == "incident"]
    return [
        clip.clip,
        round(clip.duration_s, 3),
        " ".join(clip.conditions),
        " ".join(clip.nuisances),
        len(visible),
        len(clip.events) - len(visible),
        outcomes.count("incident"),
        outcomes.count("candidate"),
        outcomes.count("missed"),
        roles.count(("incident", "false")) + duplicates,
        duplicates,
        roles.count(("candidate", "false")),
        fade.get(0.3, ""),
        fade.get(0.5, ""),
        "" if clip.tro is None else round(clip.tro, 4),
        round(max(delays), 3) if delays else "",
        round(clip.analysis_ms, 3),
        round(clip.decode_ms, 3),
        int(clip.real),
        len(seen),
        [event.outcome for event in seen].count("incident"),
        " ".join(f"{name}={present:.1f}" for name, present in sorted(clip.presence_s.items())),
    ]
