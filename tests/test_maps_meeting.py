"""The meeting's sheets, and the pages that explain the parameters and take signatures under the limits."""

import re
from datetime import UTC, date, datetime
from typing import Any

import pandas as pd
import pytest

from geo.coordination.agenda import agenda, minutes
from geo.coordination.judging import answers, as_judgements, follow, standing
from geo.coordination.limits import read_limits
from geo.coordination.parameters import Parameters, with_overrides
from geo.coordination.signing import as_signoffs
from geo.coordination.working_days import china
from maps import findingpages, limitpages, meeting
from maps.findinglook import Look
from maps.wording import languages, wording
from tests.coordination_scenes import judge
from tests.finding_scenes import EVIL, MONDAY, OWNERS, THURSDAY, ZONE, checked, desk, said, scene

# the meeting


def sheets(lang: str, rows: list[dict[str, Any]], where: dict[str, pd.DataFrame]) -> tuple[str, str]:
    record = follow(None, judge(where).listed, MONDAY)
    said_rows = as_judgements(pd.DataFrame(rows))
    day = date(2026, 7, 22)
    table = answers(record, said_rows, today=day, calendar=china())
    made = desk(where, rows, lang=lang, today=day)
    found = agenda(record, standing(record, table), table, day)
    view = meeting.agenda_view(made, found, day, Look(), "住建局", 12)
    span = (datetime(2026, 7, 13, tzinfo=UTC), datetime(2026, 7, 20, tzinfo=UTC))
    told = minutes(record, said_rows, table, *span)
    minute = meeting.minutes_view(
        made, told, Look(), people={"acc": "李工"}, timezone=ZONE, bureau="住建局", revision=12
    )
    return findingpages.agenda_sheet(made.words, view), findingpages.minutes_sheet(made.words, minute)


@pytest.mark.parametrize("lang", languages())
def test_the_agenda_and_the_minutes_are_sheets_for_the_printer(lang: str) -> None:
    where = scene()
    rows = [said(desk(where), "horizontal_clearance", "water", "to_change", note="北移 0.4 m")]
    first, second = sheets(lang, rows, where)
    for html in (first, second):
        found = checked(html)
        assert "住建局" in found.text and "r12" in found.text
        assert not re.search(r"\{\w+\}", found.text)
    assert "北移 0.4 m" in second and "北移 0.4 m" not in first
    assert wording(lang)("harm_why.shortfall") in first
    assert (
        first.index("part-unjudged")
        < first.index("part-overdue")
        < first.index("part-again")
        < first.index("part-coming")
    )


def test_the_agenda_explains_harm_with_the_points_it_counts() -> None:
    first, _ = sheets("zh", [], scene())
    assert "至多 40 分" in first and "至多 30 分" in first and "至多 20 分" in first and "至多 10 分" in first


# parameters and limits


@pytest.mark.parametrize("lang", languages())
def test_every_parameter_is_explained(lang: str) -> None:
    view = limitpages.parameters_view(wording(lang), Parameters(), {})
    told = {row["code"] for group in view["groups"] for row in group["rows"]}
    every = {name for name in Parameters.__dataclass_fields__ if name != "owners"}
    assert told == every | {"reply_days"}
    checked(findingpages.parameters_part(wording(lang), view))


def test_changed_parameters_stand_out_beside_their_default() -> None:
    changed = with_overrides(Parameters(), {"corridor_gap_m": 0.8}, {"water": {"sharing_m": 1.5}})
    view = limitpages.parameters_view(wording("zh"), changed, OWNERS)
    row = next(row for group in view["groups"] for row in group["rows"] if row["code"] == "corridor_gap_m")
    assert (row["value"], row["default"], row["changed"]) == ("0.8 m", "0.5 m", True)
    html = findingpages.parameters_part(wording("zh"), view)
    assert "供水公司" in html and "1.5 m" in html


@pytest.mark.parametrize("lang", languages())
def test_every_limit_can_be_signed_and_shows_what_rests_on_it(lang: str) -> None:
    found = judge(scene()).listed
    cell = {"id": "s", "table": "horizontal", "a": "B", "b": "W1", "condition": "", "min_m": 1.0}
    signed = {
        **cell,
        "signed_by": EVIL,
        "page": "14",
        "signed_on": "2026-07-01",
        "at": "2026-07-01T00:00:00Z",
    }
    view = limitpages.limits_view(
        wording(lang), read_limits(), found, as_signoffs(pd.DataFrame([signed])), today=THURSDAY,
        class_names=limitpages.class_names(), form={"url": "/api/limits", "csrf": "t"},
    )  # fmt: skip
    html = findingpages.limits_part(wording(lang), view)
    checked(html)
    assert html.count("<form") == sum(
        not row["official"] for table in view["tables"] for row in table["rows"]
    )
    horizontal = next(table for table in view["tables"] if table["code"] == "horizontal")
    wall = next(row for row in horizontal["rows"] if (row["a"], row["b"]) == ("B", "W1"))
    assert wall["findings"] >= 1 and "14" in wall["signed"]
    assert not re.search(r"\{\w+\}", checked(html).text)
