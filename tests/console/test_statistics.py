"""Counts, times and trends, over SQLite and PostgreSQL; and the page that shows them."""

from __future__ import annotations

import csv
import io
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from console.conftest import Office, arrival_of
from sqlalchemy import select

from edgecv.console.accounts import Role
from edgecv.console.cases import statistics
from edgecv.console.cases.response_times import response_times
from edgecv.console.cases.statistics import Selection, Tally
from edgecv.console.cases.trend import trend_of
from edgecv.console.intake.event_ingest import receive
from edgecv.console.settings import STATISTICS_YEARS
from edgecv.console.storage import EVERYTHING, ConsoleDatabase, Scope
from edgecv.console.storage.schema import CaseEntry, Community, Incident, User
from edgecv.console.web.statistics_tables import Table, csv_of

SHANGHAI, BERLIN = ZoneInfo("Asia/Shanghai"), ZoneInfo("Europe/Berlin")


def _take(database: ConsoleDatabase, *incidents: dict[str, Any], site: str = "jialinglu-3") -> None:
    receive(database, [arrival_of(f"{site}-{n}-{i['started_at']}", site, **i) for n, i in enumerate(incidents)])


def _at(moment: str, floor: int | None = 8, mass: str = "heavy") -> dict[str, Any]:
    return {"started_at": moment, "origin": {"floor": floor}, "mass": {"class": mass, "p": {}}}


def _scope(database: ConsoleDatabase, name: str = "jialing") -> Scope:
    with database.session(EVERYTHING) as session:
        return Scope(session.scalar(select(Community.key).where(Community.name == name)))


def _judge(database: ConsoleDatabase, state: str, *, every: int = 1) -> None:
    with database.session(EVERYTHING, writes=True) as session:
        for incident in session.scalars(select(Incident).order_by(Incident.started_s, Incident.id)).all()[::every]:
            incident.state = state


def test_months_and_hours_are_those_of_the_consoles_time_zone(database: ConsoleDatabase) -> None:
    # 16:30 UTC is 00:30 of the next day in Shanghai, here of the next month and year
    _take(database, _at("2025-12-31T16:30:00Z"), _at("2026-02-10T03:05:00Z"))
    with database.session(_scope(database)) as session:
        months = statistics.by_month(session, Selection(), SHANGHAI)
        hours = statistics.by_hour(session, Selection(), SHANGHAI)
    assert months == {date(2026, 1, 1): Tally(0, 1, 0), date(2026, 2, 1): Tally(0, 1, 0)}
    assert [hour for hour, tally in enumerate(hours) if tally.cases] == [0, 11]


def test_a_clock_that_changes_for_summer_does_not_shift_hours(database: ConsoleDatabase) -> None:
    # 18:00 in Berlin is 17:00 UTC in winter and 16:00 UTC in summer; on 29 March 2026 the clock changes at 01:00 UTC
    moments = ["2026-01-15T17:00:00Z", "2026-03-28T17:00:00Z", "2026-03-29T16:00:00Z", "2026-07-15T16:00:00Z"]
    _take(database, *(_at(moment) for moment in [*moments, "2025-12-15T17:00:00Z"]))
    with database.session(_scope(database)) as session:
        hours = statistics.by_hour(session, Selection(), BERLIN)
    assert {hour: tally.cases for hour, tally in enumerate(hours) if tally.cases} == {18: 5}


def test_false_alarms_are_no_cases_and_months_without_any_are_there(database: ConsoleDatabase) -> None:
    _take(database, *(_at(f"2026-0{month}-10T12:00:00Z") for month in (1, 1, 1, 4)))
    _judge(database, "closed", every=2)
    with database.session(EVERYTHING, writes=True) as session:
        session.scalars(select(Incident).order_by(Incident.started_s, Incident.id)).all()[1].state = "false_alarm"
    with database.session(_scope(database)) as session:
        months = statistics.by_month(session, Selection(), SHANGHAI)
    assert list(months.values()) == [Tally(2, 0, 1), Tally(), Tally(), Tally(0, 1, 0)]
    assert statistics.total(list(months.values())).false_share == pytest.approx(1 / 3)
    assert statistics.by_year(months) == {2026: Tally(2, 1, 1)}


def test_quiet_months_up_to_now_are_counted_as_such(database: ConsoleDatabase) -> None:
    _take(database, _at("2026-01-10T12:00:00Z"))
    since, until, now = (datetime(2026 - (m > 8), m, 15, tzinfo=UTC).timestamp() for m in (11, 3, 4))
    with database.session(_scope(database)) as session:
        to_now = statistics.by_month(session, Selection(), SHANGHAI, now)
        asked = statistics.by_month(session, Selection(since_s=since, until_s=until), SHANGHAI, now)
    assert [month.month for month in to_now] == [1, 2, 3, 4]
    assert [month.month for month in asked] == [11, 12, 1, 2, 3]
    assert sum(tally.cases for tally in asked.values()) == 1


def test_floors_come_in_bands_from_the_ground(database: ConsoleDatabase) -> None:
    _take(database, *(_at("2026-01-10T12:00:00Z", floor) for floor in (-1, 1, 5, 6, 10, 11, None)))
    with database.session(_scope(database)) as session:
        bands = statistics.by_floor_band(statistics.by_column(session, Selection(), "floor"))
    assert {band: tally.cases for band, tally in bands.items()} == {0: 1, 1: 2, 6: 2, 11: 1, None: 1}
    assert list(bands)[-1] is None


def test_period_kind_and_building_choose_what_is_counted(database: ConsoleDatabase) -> None:
    _take(database, _at("2026-01-10T12:00:00Z", mass="light"), _at("2026-05-10T12:00:00Z"))
    since = datetime(2026, 3, 1, tzinfo=UTC).timestamp()
    with database.session(_scope(database)) as session:
        assert set(statistics.by_column(session, Selection(since_s=since), "mass_class")) == {"heavy"}
        assert set(statistics.by_column(session, Selection(until_s=since), "mass_class")) == {"light"}
        assert statistics.by_column(session, Selection(kind="smoke"), "building") == {}
        assert statistics.by_month(session, Selection(building="elsewhere"), SHANGHAI) == {}


def _log(database: ConsoleDatabase, steps: list[dict[str, float]]) -> None:
    """Changes of the incidents in order, seconds after each came."""
    with database.session(EVERYTHING, writes=True) as session:
        user = User(name="u", password_hash=None, created_s=0.0)
        session.add(user)
        session.flush()
        incidents = session.scalars(select(Incident).order_by(Incident.started_s, Incident.id)).all()
        for incident, changes in zip(incidents, steps, strict=True):
            for state, after_s in changes.items():
                session.add(
                    CaseEntry(
                        community_id=incident.community_id,
                        incident_key=incident.key,
                        at_s=incident.received_s + after_s,
                        user_id=user.key,
                        from_state="new",
                        to_state=state.rstrip("+"),
                        note="",
                    )
                )


def test_response_times_are_medians_of_each_step(database: ConsoleDatabase) -> None:
    _take(database, *(_at(f"2026-01-1{n}T12:00:00Z") for n in range(4)))
    _log(
        database,
        [
            {"confirmed": 60.0, "assigned": 100.0, "closed": 4000.0},
            {"confirmed": 120.0, "assigned": 400.0},
            {"confirmed": 600.0, "confirmed+": 9000.0},  # reopened: the first time counts
            {},
        ],
    )
    with database.session(_scope(database)) as session:
        steps = {step.name: step for step in response_times(session, Selection())}
    assert steps["confirmed"].median_s == pytest.approx(120.0, abs=1e-3)  # of 60, 120, 600
    assert steps["assigned"].median_s == pytest.approx(160.0, abs=1e-3)  # of 40 and 280
    assert steps["closed"].median_s == pytest.approx(3900.0, abs=1e-3)
    assert [steps[name].cases for name in ("confirmed", "assigned", "closed", "all")] == [3, 2, 1, 1]


def test_one_community_never_counts_anothers(database: ConsoleDatabase) -> None:
    _take(database, _at("2026-01-10T12:00:00Z"), site="riverside-1")
    _log(database, [{"confirmed": 5.0}])
    ours, theirs = _scope(database), _scope(database, "riverside")
    for scope, expected in ((ours, 0), (theirs, 1)):
        with database.session(scope) as session:
            assert sum(t.cases for t in statistics.by_month(session, Selection(), SHANGHAI).values()) == expected
            assert sum(t.cases for t in statistics.by_hour(session, Selection(), SHANGHAI)) == expected
            assert sum(t.cases for t in statistics.by_column(session, Selection(), "floor").values()) == expected
            assert response_times(session, Selection())[0].cases == expected


def test_a_trend_finds_the_rate_that_made_the_counts_and_its_interval_holds_it_nine_times_in_ten() -> None:
    rng = np.random.default_rng(5)
    expected = 8.0 * 0.35 ** (np.arange(36) / 12.0)  # a hundred a year, then each year 35 % of the year before
    held = 0
    for _ in range(300):
        trend = trend_of(rng.poisson(expected).tolist())
        assert trend is not None
        held += trend.low < 0.35 < trend.high
    assert 0.86 < held / 300 < 0.96
    assert trend is not None and trend.is_clear and trend.factor < 1.0


def test_no_trend_is_told_of_few_cases_or_few_months() -> None:
    assert trend_of([5] * 11) is None
    assert trend_of([0] * 23 + [9]) is None
    steady = trend_of([4, 6, 5] * 8)
    assert steady is not None and not steady.is_clear


def test_the_page_tells_the_trend_and_draws_a_table_beside_each_chart(office: Office) -> None:
    begun = datetime.now(UTC) - timedelta(days=3 * 365)
    moments = [begun + timedelta(days=day) for day in (*range(1, 360, 4), *range(380, 700, 12), 800, 900)]
    _take(office.database, *(_at(m.isoformat()) for m in moments))
    page = office.browser("chen").get("/statistics").text
    assert "Fewer each year" in page
    assert page.count('role="img"') == 6
    assert page.count("<table") == 7
    assert f"{moments[0]:%Y-%m}" in page
    assert "7.0" not in office.browser("river").get("/statistics").text
    assert "No incident in this time" in office.browser("river").get("/statistics").text


def test_a_table_is_handed_out_as_csv_in_the_asked_period(office: Office) -> None:
    _take(office.database, _at("2026-01-10T12:00:00Z", 7), _at("2026-05-10T12:00:00Z", 12))
    browser = office.browser("chen")
    answer = browser.get("/statistics/floors.csv?since=2026-04-01")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.content.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert rows[1:] == [["Floors 11–15", "1", "0", "1", "0"]]
    assert browser.get("/statistics/passwords.csv").status_code == 404
    assert browser.get("/statistics?since=yesterday&kind=x&building=%3Cscript%3E").status_code == 200
    assert browser.get("/statistics?kind=%00").status_code == 400, "no kind and no database has a NUL"


def test_no_cell_of_a_csv_is_a_formula() -> None:
    made = csv_of(Table("x", "x", ("x",), (("=1+1",), ("@SUM(A1)",), ("plain",), ("",))))
    assert made.decode("utf-8-sig").split("\r\n")[1:5] == ["'=1+1", "'@SUM(A1)", "plain", '""']


def test_statistics_are_for_those_who_may_see_them(office: Office) -> None:
    office.add("wang", Role.WORKER)
    office.add("viewer", Role.VIEWER)
    assert office.browser("wang").get("/statistics").status_code == 403
    assert office.browser("wang").get("/statistics/months.csv").status_code == 403
    assert office.browser("viewer").get("/statistics").status_code == 200


def test_a_wrong_clock_stretches_no_months_over_thousands_of_years(database: ConsoleDatabase) -> None:
    _take(database, _at("2026-01-10T12:00:00Z"))
    with database.session(EVERYTHING, writes=True) as session:
        right = session.scalars(select(Incident)).one()
        for n, moment_s in enumerate((-62135596800.0, 253402300799.0, -1e300, 1e300)):
            session.add(
                Incident(
                    **{c.key: getattr(right, c.key) for c in Incident.__table__.columns if c.key not in {"key", "id"}}
                    | {"id": f"wrong-{n}", "source_id": f"wrong-{n}", "started_s": moment_s}
                )
            )
    now_s = datetime(2026, 3, 1, tzinfo=UTC).timestamp()
    for chosen in (Selection(), Selection().bounded(now_s), Selection(since_s=-6e10, until_s=2.5e11).bounded(now_s)):
        with database.session(_scope(database)) as session:
            months = statistics.by_month(session, chosen, SHANGHAI, now_s)
            hours = statistics.by_hour(session, chosen, SHANGHAI)
        assert len(months) <= 12 * (STATISTICS_YEARS + 80), "at most to the end of what times are taken"
        if chosen.until_s is None:
            assert list(months) == [date(2026, month, 1) for month in (1, 2, 3)]
            assert statistics.total(hours).cases == 1


def test_at_most_twenty_years_are_counted_and_the_page_says_so(office: Office) -> None:
    office.take(arrival_of("old", started_at="2004-05-01T12:00:00Z"), arrival_of("new"))
    browser = office.browser("chen")
    page = browser.get("/statistics?since=2001-01-01&until=2026-12-31").text
    assert f"At most {STATISTICS_YEARS} years are counted at a time" in page
    table = browser.get("/statistics/months.csv?since=2001-01-01&until=2026-12-31").text.splitlines()[1:]
    assert len(table) <= 12 * STATISTICS_YEARS + 1
    assert sum(int(line.split(",")[1]) for line in table) == 1
    assert "years are counted at a time" not in browser.get("/statistics?since=2020-01-01").text


@pytest.mark.parametrize("days", ["since=0002-01-01&until=9998-12-31", "since=yesterday", "until=" + "9" * 5_000])
def test_a_day_that_no_box_has_seen_is_left_out_and_the_page_says_so(office: Office, days: str) -> None:
    office.take(arrival_of("a"))
    page = office.browser("chen").get(f"/statistics?{days}")
    assert page.status_code == 200
    assert "A day that is not one between the years 2000 and 2099 was left out." in page.text
    assert len(page.text) < 100_000


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@x", "\t=1", " =1", "\n=1", "＝1", "＋1", "－1", "＠x"])
def test_no_cell_is_a_formula_to_any_spreadsheet(cell: str) -> None:
    written = csv_of(Table("t", "t", ("head",), ((cell,),))).decode("utf-8-sig")
    assert next(iter(list(csv.reader(io.StringIO(written, newline="")))[1:])) == [f"'{cell}"]
