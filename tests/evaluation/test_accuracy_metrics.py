from __future__ import annotations

import csv
import io
import json
from dataclasses import replace

import pytest

from edgecv.errors import ConfigError
from edgecv.evaluation.accuracy_metrics import tally
from edgecv.evaluation.export import to_csv, to_json
from edgecv.evaluation.fade import BoxCounts, FadeScore
from edgecv.evaluation.requirements import check_names, figures_of, parse_requirements
from edgecv.evaluation.result import Accuracy, ClipResult, EventResult, FindingResult, Outcome, Tier
from edgecv.evaluation.sightings import Visibility
from edgecv.evaluation.table import table_of, table_of_real


def _event(
    outcome: Outcome,
    size_px: float = 4.0,
    contrast: float | None = 30.0,
    *,
    too_short: bool = False,
    delay_s: float | None = None,
    at_end: bool = False,
    accuracy: Accuracy | None = None,
    sightings: int | None = None,
) -> EventResult:
    return EventResult(
        "stone", 1.0, 2.0, 25, size_px, contrast, too_short, outcome, delay_s=delay_s, at_end=at_end, accuracy=accuracy,
        visibility=None if sightings is None else Visibility(sightings, 9.0, 5.0, 0.01),
    )  # fmt: skip


def _finding(tier: Tier, role: str, follows: str | None = None) -> FindingResult:
    return FindingResult(tier, role, 1.0, 2.0, 10.0, 20.0, 4.0, 9.0, follows, ())


def _clip(
    *events: EventResult,
    findings: tuple[FindingResult, ...] = (),
    conditions: tuple[str, ...] = ("day",),
    nuisances: tuple[str, ...] = (),
    fade: tuple[FadeScore, ...] = (),
    tro: float | None = None,
    duration_s: float = 1800.0,
) -> ClipResult:
    return ClipResult(
        "a.mp4", duration_s, 100, conditions, nuisances, False, events, findings, fade, tro, 1.0, 4.0, None
    )


def test_recall_counts_incidents_only_and_leaves_out_what_is_too_short_to_see() -> None:
    totals = tally([_clip(_event("incident"), _event("candidate"), _event("missed"), _event("missed", too_short=True))])
    assert (totals.recall.found.hits, totals.recall.found.trials) == (1, 3)
    assert (totals.recall.candidates, totals.recall.missed) == (1, 1)
    assert totals.too_short == {"incident": 0, "candidate": 0, "missed": 1}


def test_recall_of_the_visible_counts_throws_with_twelve_sightings() -> None:
    events = [_event("incident", sightings=12), _event("missed", sightings=11), _event("missed", sightings=40)]
    totals = tally([_clip(*events), _clip(_event("incident", sightings=20), conditions=("night",))])
    figures = figures_of(totals)
    assert (totals.visible.found.hits, totals.visible.found.trials) == (2, 3)
    assert (figures["visible_recall_day"], figures["visible_recall_night"]) == (0.5, 1.0)
    assert figures["visible_events"] == 3.0
    assert totals.false_sightings == pytest.approx(0.01)
    rows = list(table_of(totals).columns[0].cells)
    assert "  visible: 12 sightings or more" in rows
    assert [(miss.clip, miss.sightings, miss.outcome) for miss in totals.visible_misses] == [("a.mp4", 40, "missed")]
    assert "visible, missed: stone" in rows


def test_recall_of_the_visible_is_unknown_where_nothing_was_measured() -> None:
    figures = figures_of(tally([_clip(_event("incident"))]))
    assert figures["visible_recall"] is None
    check_names(parse_requirements("visible_recall>=0.97,visible_recall_snow>=0.9"), figures)


def test_real_footage_has_a_table_of_its_own() -> None:
    real = replace(_clip(findings=(_finding("incident", "false"),)), real=True, presence_s={"street": 1800.0})
    table = table_of_real(tally([real]))
    assert "Real footage: 1 clip" in str(table.title)
    assert "following street" in list(table.columns[0].cells)
    assert json.loads(to_json([real, _clip()], tally([real, _clip()]), []))["real"]["false_incidents"]["count"] == 1


def test_recall_is_told_by_size_and_contrast() -> None:
    totals = tally(
        [
            _clip(
                _event("incident", 2.0, 20.0),
                _event("missed", 2.9, 39.9),
                _event("incident", 8.0, 40.0),
                _event("missed", 1.0, None),
            )
        ]
    )
    cells = {(s, c): (r.found.hits, r.found.trials) for s, row in totals.by_size.items() for c, r in row.items()}
    assert cells == {("2-3 px", "20-40"): (1, 2), (">8 px", ">40"): (1, 1), ("<2 px", "unknown"): (0, 1)}


def test_a_calm_day_has_no_rain_and_no_faint_things() -> None:
    totals = tally(
        [
            _clip(_event("incident"), _event("missed", contrast=19.0), _event("missed", 2.5)),
            _clip(_event("missed"), conditions=("day", "rain")),
            _clip(_event("missed"), conditions=("night",)),
        ]
    )
    assert (totals.clear_day.found.hits, totals.clear_day.found.trials) == (1, 1)
    assert (totals.tiny_day.found.hits, totals.tiny_day.found.trials) == (0, 1)
    assert totals.by_condition["day"].found.trials == 4
    assert totals.clear_by_condition["rain"].found.trials == 1


def test_a_duplicate_incident_is_a_false_one_and_a_mirror_image_is_not() -> None:
    findings = (
        _finding("incident", "false", "bird"),
        _finding("incident", "duplicate"),
        _finding("incident", "mirror_image"),
        _finding("candidate", "false"),
        _finding("candidate", "duplicate"),
    )
    totals = tally([_clip(findings=findings, nuisances=("bird",)), _clip(nuisances=("rain",))])
    assert totals.hours == 1.0
    assert (totals.false_incidents.count, totals.false_incidents.per_hour, totals.duplicates) == (2, 2.0, 1)
    assert totals.false_candidates.count == 1
    assert totals.mirror_images == 1
    assert totals.followed == {
        "bird": {"incident": 1, "candidate": 0},
        "nothing known": {"incident": 0, "candidate": 1},
    }
    assert totals.by_nuisance["bird"].incidents.per_hour == 4.0
    assert totals.by_nuisance["rain"].incidents.count == 0


def test_f_measure_is_the_mean_of_videos_and_pooled_beside_it() -> None:
    totals = tally(
        [
            _clip(_event("incident"), fade=(FadeScore(0.3, BoxCounts(10, 0, 0)),), tro=1.0),
            _clip(_event("missed"), fade=(FadeScore(0.3, BoxCounts(0, 0, 30)),), tro=0.0),
            _clip(),
        ]
    )
    (score,) = totals.fade
    assert score.f_measure == 0.5
    assert score.pooled_f_measure == pytest.approx(20 / 50)
    assert totals.tro == 0.5
    assert totals.videos_with_events == 2


def test_delay_is_told_of_incidents_with_those_at_the_end_marked() -> None:
    totals = tally(
        [
            _clip(
                _event("incident", delay_s=0.1),
                _event("incident", delay_s=0.3, at_end=True),
                _event("candidate", delay_s=9.0),
            )
        ]
    )
    assert (totals.delay_s.n, totals.delay_s.median, totals.delay_s.maximum) == (2, pytest.approx(0.2), 0.3)
    assert totals.delays_at_end == 1


def test_a_floor_withheld_is_not_exact() -> None:
    told = [Accuracy(floor_error=e, window_right=e == 0, log_velocity_error=0.1, class_right=True) for e in (0, -1, 3)]
    totals = tally([_clip(*(_event("incident", accuracy=a) for a in (*told, Accuracy(floor_withheld=True))))])
    accuracy = totals.accuracy
    assert (accuracy.floor_exact.hits, accuracy.floor_within_one.hits, accuracy.floor_exact.trials) == (1, 2, 4)
    assert (accuracy.window_exact.hits, accuracy.window_exact.trials) == (1, 3)
    assert accuracy.class_exact.value == 1.0
    assert accuracy.log_velocity_error.median == pytest.approx(0.1)


def test_requirements_tell_what_is_unmet_and_what_nothing_measured() -> None:
    figures = figures_of(tally([_clip(_event("incident"), _event("missed"))]))
    unmet = [
        r.unmet(figures) for r in parse_requirements("recall>=0.98, false_incidents<=0,fade_f>=0.8,recall_day>0.4")
    ]
    assert unmet == [
        "required recall>=0.98, but it is 0.5",
        None,
        "required fade_f>=0.8, but nothing here measures fade_f",
        None,
    ]


@pytest.mark.parametrize("text", ["recall", "recall>=", "recall=1", "recall>=many", "", "recall>=0.9,,"])
def test_a_demand_that_is_none_is_named(text: str) -> None:
    with pytest.raises(ConfigError, match="is not a demand like"):
        parse_requirements(text)


def test_a_misspelt_figure_names_the_nearest_one() -> None:
    with pytest.raises(ConfigError, match="'recal'; did you mean 'recall'"):
        check_names(parse_requirements("recal>=0.9"), figures_of(tally([])))


def test_everything_becomes_json_and_csv() -> None:
    clip = _clip(_event("incident", delay_s=0.1), findings=(_finding("incident", "false"),), tro=0.5)
    written = json.loads(to_json([clip], tally([clip]), ["b.mp4: broken"]))
    assert written["clips"][0]["events"][0]["outcome"] == "incident"
    assert written["totals"]["false_incidents"]["count"] == 1
    assert written["figures"]["recall"] == 1.0
    assert written["problems"] == ["b.mp4: broken"]
    (row,) = csv.DictReader(io.StringIO(to_csv([clip])))
    assert (row["events"], row["incidents"], row["false_incidents"], row["delay_max_s"]) == ("1", "1", "1", "0.1")


def test_a_table_of_nothing_measured_still_has_its_rows() -> None:
    first = list(table_of(tally([_clip()])).columns[0].cells)
    assert "event recall" in first
    assert not [name for name in first if "FADE" in str(name)]
