"""The result for people: one table, a section a question."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from rich.table import Table

from edgecv.evaluation.accuracy_metrics import Recall, Totals
from edgecv.evaluation.intervals import Rate, Share, Spread

Row = tuple[str, str, str]
_MOST_MISSES = 20
"""Rows of visible throws that were missed: a table is read, a longer list is searched."""
_NO_VALUE = "–"


def table_of(totals: Totals) -> Table:
    """Return the table of what was measured; questions that nothing here answers are left out."""
    table = Table(title=f"{_clips(totals)}, {duration(totals.hours)}")
    sections = (
        _events,
        _misses,
        _sizes,
        _conditions,
        _false,
        _nuisances,
        _classes,
        _fade,
        _delay,
        _accuracy,
        _weight,
        _cost,
    )
    return _filled(table, totals, sections)


def table_of_real(totals: Totals) -> Table:
    """Return the table of what cameras filmed: what was found, and false findings by class with their bound."""
    table = Table(title=f"Real footage: {_clips(totals)}, {duration(totals.hours)}")
    return _filled(table, totals, (_events, _false, _classes))


def _filled(table: Table, totals: Totals, sections: Sequence[Callable[[Totals], Iterator[Row]]]) -> Table:
    table.add_column("what")
    table.add_column("result", justify="right")
    table.add_column("behind it")
    for section in sections:
        for row in section(totals):
            table.add_row(*row)
        table.add_section()
    return table


def _clips(totals: Totals) -> str:
    return f"{totals.clips} clip{'' if totals.clips == 1 else 's'}"


def duration(hours: float) -> str:
    """Hours in the unit that reads best."""
    if hours >= 1.0:
        return f"{hours:.2f} h"
    return f"{hours * 60.0:.1f} min" if hours >= 1.0 / 60.0 else f"{hours * 3600.0:.1f} s"


def _events(totals: Totals) -> Iterator[Row]:
    yield _recall_row("event recall", totals.recall)
    if totals.visible.found.trials:
        yield _recall_row("  visible: 12 sightings or more", totals.visible)
    if totals.false_sightings is not None:
        yield ("  sightings where nothing is", f"{100.0 * totals.false_sightings:.1f} %", "beside the path, above 5 sd")
    for name, recall in (
        ("  ≥ 3 px, ≥ 20 grey levels, calm day", totals.clear_day),
        ("  2–3 px, ≥ 20 grey levels, calm day", totals.tiny_day),
    ):
        if recall.found.trials:
            yield _recall_row(name, recall)
    short = totals.too_short
    if sum(short.values()):
        outcomes = f"{short['incident']} found all the same, {short['candidate']} as candidate"
        yield ("  too short to see", str(sum(short.values())), f"left out of recall; {outcomes}")


def _misses(totals: Totals) -> Iterator[Row]:
    for miss in totals.visible_misses[:_MOST_MISSES]:
        seen = f"{miss.sightings} sightings of {miss.size_px:.1f} px from {miss.first_s:.1f} s"
        yield (f"visible, {miss.outcome}: {miss.object}", seen, miss.clip)
    rest = len(totals.visible_misses) - _MOST_MISSES
    if rest > 0:
        yield ("visible, but no incident", f"{rest} more", "all of them in --json, totals.visible_misses")


def _sizes(totals: Totals) -> Iterator[Row]:
    for size, row in totals.by_size.items():
        for contrast, recall in row.items():
            if recall.found.trials:
                yield _recall_row(f"recall at {size}, contrast {contrast}", recall)


def _conditions(totals: Totals) -> Iterator[Row]:
    for name, recall in totals.by_condition.items():
        yield _recall_row(f"recall, {name}", recall)
        visible = totals.visible_by_condition.get(name)
        if visible is not None and visible != recall:
            yield _recall_row("  visible", visible)
        clear = totals.clear_by_condition.get(name)
        if clear is not None and clear != recall:
            yield _recall_row("  ≥ 3 px, ≥ 20 grey levels", clear)


def _false(totals: Totals) -> Iterator[Row]:
    repeated = f"{totals.duplicates} of them duplicates; " if totals.duplicates else ""
    yield ("false incidents", str(totals.false_incidents.count), repeated + _rate(totals.false_incidents))
    yield ("false candidates", str(totals.false_candidates.count), _rate(totals.false_candidates))
    for label, count in totals.followed.items():
        outcomes = f"{count['incident']} incidents, {count['candidate']} candidates"
        yield (f"  following {label}", str(count["incident"] + count["candidate"]), outcomes)
    if totals.mirror_images:
        yield ("on mirror images", str(totals.mirror_images), "neither hit nor false")


def _nuisances(totals: Totals) -> Iterator[Row]:
    for name, row in totals.by_nuisance.items():
        rates = f"{_per_hour(row.incidents)} + {_per_hour(row.candidates)}"
        counts = f"{row.incidents.count} incidents + {row.candidates.count} candidates"
        yield (f"false per hour with {name}", rates, f"{counts} in {duration(row.incidents.hours)}")


def _classes(totals: Totals) -> Iterator[Row]:
    for name, row in totals.classes.items():
        if row.incidents.bound_per_hour is None:
            continue
        counts = f"{row.incidents.count} incidents + {row.candidates.count} candidates"
        bound = f"95 %: below {_plain(row.incidents.bound_per_hour)} incidents an hour"
        yield (f"following {name}", counts, f"there for {duration(row.incidents.hours)}; {bound}")


def _fade(totals: Totals) -> Iterator[Row]:
    count = totals.videos_with_events
    videos = f"mean of {count} videos" if count > 1 else "1 video"
    for score in totals.fade:
        detail = f"{videos}; P {score.precision:.3f}, R {score.recall:.3f}; pooled F {score.pooled_f_measure:.3f}"
        yield (f"FADE F-measure, IoU {score.iou:g}", f"{score.f_measure:.3f}", detail)
    if totals.tro is not None:
        yield ("FADE time-range overlap", f"{totals.tro:.3f}", videos)


def _delay(totals: Totals) -> Iterator[Row]:
    delay = totals.delay_s
    if delay.n:
        late = f"; {totals.delays_at_end} came out at the video's end" if totals.delays_at_end else ""
        spread = f"p95 {_number(delay.p95)} s, at most {_number(delay.maximum)} s; {delay.n} incidents{late}"
        yield ("delay after the object is gone", f"{_number(delay.median)} s", spread)


def _accuracy(totals: Totals) -> Iterator[Row]:
    accuracy = totals.accuracy
    withheld = f"; {accuracy.floors_withheld} withheld" if accuracy.floors_withheld else ""
    for name, share, more in (
        ("floor exact", accuracy.floor_exact, withheld),
        ("  first pixel on the facade", accuracy.naive_floor, "; what a homography says"),
        ("  without drag", accuracy.parabola_floor, "; the same fit as a parabola"),
        ("floor within one", accuracy.floor_within_one, ""),
        ("window exact", accuracy.window_exact, ""),
        ("  first pixel on the facade", accuracy.naive_window, ""),
        ("  without drag", accuracy.parabola_window, ""),
        ("window among the first three", accuracy.window_in_top3, ""),
        *((f"floor said to be {certainty:.0%} certain", share, "") for certainty, share in accuracy.certainty),
        ("mass class exact", accuracy.class_exact, ""),
        ("  light for heavy or heavy for light", accuracy.class_opposite, ""),
        ("terminal velocity in its 90 %", accuracy.velocity_covered, ""),
        ("mass in its 90 %", accuracy.kg_covered, ""),
        ("mass within a factor of two", accuracy.kg_within_factor_2, ""),
    ):
        if share.trials:
            yield (name, _percent(share), f"{share.hits} of {share.trials}; {_interval(share)}{more}")
    error: Spread = accuracy.log_velocity_error
    if error.n:
        yield ("terminal velocity, |ln ratio|", _number(error.median), f"p95 {_number(error.p95)}; {error.n} events")


def _weight(totals: Totals) -> Iterator[Row]:
    for band in totals.accuracy.weight:
        for name, now, box in (
            ("diameter", band.diameter_factor, band.box_diameter_factor),
            ("kilograms", band.kg_factor, band.box_kg_factor),
        ):
            if now is not None and box is not None:
                detail = (
                    f"90 %: {now[1]:.2f}; by the boxes alone {box[0]:.2f}, 90 %: {box[1]:.2f}; {band.events} events"
                )
                yield (f"{name} off by a factor of, {band.name}", f"{now[0]:.2f}", detail)
        covered = [f"{name} {100.0 * s.value:.0f} %" for name, s in band.covered.items() if s.value is not None]
        yield ("  in their 90 %", "", ", ".join(covered))
        if band.named.trials:
            yield ("  kind among the first two", _percent(band.named), f"{band.named.hits} of {band.named.trials}")


def _cost(totals: Totals) -> Iterator[Row]:
    if totals.analysis_ms is not None and totals.decode_ms is not None:
        ratio = f"{totals.analysis_ms / totals.decode_ms:.2f} × the decoder's" if totals.decode_ms > 0 else ""
        yield ("analysis, CPU time a frame", f"{totals.analysis_ms:.2f} ms", ratio)
        yield ("decoding, CPU time a frame", f"{totals.decode_ms:.2f} ms", "")
    if totals.sightings_ms and totals.visibility_known:
        yield ("counting sightings, CPU time a frame", f"{totals.sightings_ms:.2f} ms", "in neither of these two")


def _recall_row(name: str, recall: Recall) -> Row:
    share = recall.found
    merged = f" ({recall.merged} merged into another finding)" if recall.merged else ""
    misses = f"; {recall.candidates} candidate, {recall.missed} missed{merged}" if share.hits < share.trials else ""
    detail = f"{share.hits} of {share.trials}; {_interval(share)}{misses}" if share.trials else "no event to find"
    return (name, _percent(share), detail)


def _percent(share: Share) -> str:
    return _NO_VALUE if share.value is None else f"{100.0 * share.value:.1f} %"


def _interval(share: Share) -> str:
    if share.low is None or share.high is None:
        return ""
    return f"95 %: {100.0 * share.low:.1f}–{100.0 * share.high:.1f} %"


def _rate(rate: Rate) -> str:
    if rate.per_hour is None or rate.bound_per_hour is None or rate.bound_per_camera_day is None:
        return _NO_VALUE
    bound = f"95 %: below {_plain(rate.bound_per_hour)} an hour, {_plain(rate.bound_per_camera_day)} a camera-day"
    return f"{_plain(rate.per_hour)} an hour; {bound}"


def _per_hour(rate: Rate) -> str:
    return _NO_VALUE if rate.per_hour is None else _plain(rate.per_hour)


def _number(value: float | None) -> str:
    return _NO_VALUE if value is None else f"{value:.2f}"


def _plain(value: float) -> str:
    """Three digits, never an exponent."""
    return f"{value:,.0f}" if value >= 100.0 else f"{value:.3g}"
