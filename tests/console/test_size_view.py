"""How large and how heavy, in words and by the light, on the pages of an incident."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from console.conftest import Office, arrival_of
from console.in_chinese import is_chinese
from console.light_record import MASS, put_light
from sqlalchemy import select

from edgecv.console.storage import EVERYTHING
from edgecv.console.storage.schema import Incident
from edgecv.console.web.language import Language, texts
from edgecv.console.web.size_view import light_of, weight_and_size
from edgecv.messages import mass as messages
from edgecv.messages import things, to_wire


@pytest.fixture
def weighed(office: Office) -> Office:
    """An incident that was weighed by its light."""
    office.take(arrival_of("a"))
    put_light(office.database)
    return office


def test_size_and_weight_are_told_in_words_beside_the_plot(weighed: Office) -> None:
    page = weighed.browser("chen").get("/incidents/a").text
    assert "It weighs about 520 g (380 g to 710 g) and is about 12 cm across (11 cm to 14 cm)." in page
    assert "It shows 120 cm² (95 to 150), as much as a disc 12 cm wide." in page
    assert page.count('class="card light"') == 1 and "light added over the background" in page
    assert "turned, fluttered or glinted" not in page and "hardly varied" not in page


def test_what_to_look_for_is_told_as_the_box_wrote_it_and_in_chinese(weighed: Office) -> None:
    words = messages.LOOKS_LIKE(shade=messages.WHITE(), size="12 cm", weight="520 g", thing=things.NAMES[11]())
    with weighed.database.session(EVERYTHING, writes=True) as session:
        incident = session.scalars(select(Incident)).one()
        record = json.loads(json.dumps(incident.record))
        record["mass"] |= {"words": str(words), "words_code": to_wire(words)}
        incident.record = record
    assert str(words) in weighed.browser("chen").get("/incidents/a").text
    chinese = weighed.browser("chen", language="zh-CN").get("/incidents/a").text
    assert str(words) not in chinese and "约 12 cm，约 520 g，例如：" in chinese


def test_the_same_is_told_in_chinese(weighed: Office) -> None:
    page = weighed.browser("chen", language="zh-CN").get("/incidents/a").text
    assert "重约 520 g（380 g 至 710 g），大小约 12 cm（11 cm 至 14 cm）。" in page
    assert "增加的光（白色平方厘米）" in page.partition('class="card light"')[2].partition("</section>")[0]


def test_an_unsteady_thing_before_an_even_wall_says_so(weighed: Office) -> None:
    put_light(weighed.database, scatter=0.42, background_sd=0.01)
    page = weighed.browser("chen").get("/incidents/a").text
    assert "Its light varied by 42 % about the line" in page
    assert "hardly varied" in page


def test_a_record_without_light_shows_no_plot(office: Office) -> None:
    office.take(arrival_of("a"))
    page = office.browser("chen").get("/incidents/a").text
    assert "card light" not in page and "It weighs about" not in page


@pytest.mark.parametrize(
    "change",
    [
        lambda light: light.update(area_m2={"median": 1e300, "low": 0.0, "high": "x"}),
        lambda light: light.update(area_m2=[1, 2, 3], scatter="much", background_sd=None),
        lambda light: light.update(points=[{"background": "<b>"}], line_m2=None),
        lambda light: light.clear(),
    ],
)
def test_what_another_maker_says_of_light_fails_no_page(
    weighed: Office, change: Callable[[dict[str, Any]], object]
) -> None:
    with weighed.database.session(EVERYTHING, writes=True) as session:
        incident = session.scalars(select(Incident)).one()
        record = json.loads(json.dumps(incident.record))
        change(record["mass"]["photometry"])
        incident.record = record
    answer = weighed.browser("chen").get("/incidents/a")
    assert answer.status_code == 200
    assert "cannot be shown" not in answer.text and "It shows" not in answer.text


def test_less_than_a_kilogram_is_told_in_grams_and_nothing_as_more_exact_than_it_is() -> None:
    small = {"kg": {"median": 0.0123, "low": 0.0052, "high": 0.031}, "diameter_m": MASS["diameter_m"]}
    weight, _ = weight_and_size(small) or pytest.fail("nothing is told")
    assert (weight.median, weight.low, weight.high) == ("12 g", "5.2 g", "31 g")
    weight, _ = weight_and_size(small | {"kg": {"median": 1.234, "low": 0.99, "high": 2.0}}) or pytest.fail("nothing")
    assert (weight.median, weight.low, weight.high) == ("1.2 kg", "990 g", "2 kg")
    assert weight_and_size({"kg": small["kg"]}) is None


def test_the_plot_is_written_in_the_readers_language() -> None:
    light = light_of({"mass": MASS}, Language("zh_CN", texts("zh_CN"), ZoneInfo("Asia/Shanghai")))
    assert light is not None and is_chinese(str(light.plot).partition("<desc>")[2].partition("<")[0])
