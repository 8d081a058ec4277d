"""The weekly meeting: the worst first, who is late, what was agreed and what was said."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pandas as pd
import pytest

from geo.coordination.agenda import DANGER, Agenda, agenda, harm, minutes, ranked
from geo.coordination.classes import LINES
from geo.coordination.judging import answers, as_judgements, follow, standing
from geo.coordination.working_days import china
from tests.coordination_scenes import apart, dig, frames, judge, line, path

MONDAY = date(2026, 7, 13)


def pair(a: str, b: str, gap: float, **old: Any) -> dict[str, pd.DataFrame]:
    return frames(
        [
            line("new", a, path((0, 0), (40, 0))),
            line("old", b, path((0, gap), (40, gap)), state="in_service", **old),
        ]
    )


def clearances(*scenes: dict[str, pd.DataFrame]) -> pd.DataFrame:
    found = judge(apart(list(scenes))).listed
    return found[found["kind"] == "horizontal_clearance"].reset_index(drop=True)


def meet(record: Any, rows: list[dict[str, Any]], day: date = MONDAY) -> Agenda:
    table = answers(record, as_judgements(pd.DataFrame(rows)), today=day, calendar=china())
    return agenda(record, standing(record, table), table, day)


def said(finding: pd.Series, owner: str, decision: str = "to_change", **more: Any) -> dict[str, Any]:
    row = {"id": f"j-{finding['id']}-{owner}", "finding": finding["id"], "owner": owner, "decision": decision}
    return {**row, "by": "x", "at": "2026-07-14T02:00:00Z", "basis": finding["basis"], **more}


def test_harm_is_the_sum_of_its_points_and_at_most_a_hundred() -> None:
    points = harm(clearances(pair("W1", "S", 0.4), pair("E1", "G4", 0.1)))
    assert points["harm"].tolist() == pytest.approx(points.drop(columns="harm").sum(axis=1).tolist())
    assert points["harm"].max() <= 100
    assert points["verdict"].tolist() == [40.0, 40.0]
    assert points["shortfall"].iloc[0] == pytest.approx(30 * 0.6)
    assert points["danger"].tolist() == [4.0, 20.0]


def test_the_worst_comes_first() -> None:
    scenes = [
        pair("W1", "S", 0.9),
        pair("W1", "S", 0.1),
        pair("W1", "G1", 0.05),
        pair("W1", "S", 0.5, outer_width_mm=None),
    ]
    record = follow(None, clearances(*scenes), MONDAY)
    order = [row.split(":")[0] for row in meet(record, []).unjudged["thing_a"]]
    assert order == ["2", "1", "3", "0"]


def test_unknown_ranks_below_a_failure_and_above_a_look() -> None:
    found = clearances(pair("W1", "S", 0.5), pair("W1", "S", 1.01, outer_width_mm=None))
    assert found["verdict"].tolist() == ["fail", "unknown"]
    assert harm(found)["harm"].is_monotonic_decreasing


def test_every_class_of_line_has_its_danger() -> None:
    assert set(DANGER) == set(LINES)


def test_digs_count_by_their_group_and_by_the_days_that_one_dig_saves() -> None:
    digs = [
        dig("a", path((0, 0), (40, 0)), "2026-08-01", "2026-08-30", utility="RQ"),
        dig("b", path((0, 1), (40, 1)), "2026-09-05", "2026-09-20"),
    ]
    found = judge(frames(digs=digs)).listed
    chance = found[found["kind"] == "opportunity"]
    points = harm(chance, {"a": "RQ", "b": "JS"}).iloc[0]
    assert points["danger"] == 16.0
    assert points["days"] == pytest.approx(10 * chance["saved_days"].iloc[0] / 30)
    assert harm(chance).iloc[0]["danger"] == 0.0


def test_sections_hold_each_finding_where_it_belongs() -> None:
    record = follow(None, clearances(*[pair("W1", "S", gap) for gap in (0.3, 0.4, 0.5)]), MONDAY)
    rows = [
        said(record.iloc[0], "0:own-new"),
        said(record.iloc[1], "1:own-new"),
        said(record.iloc[1], "1:own-old", "accepted"),
        said(record.iloc[2], "2:own-new", basis="other"),
    ]
    found = meet(record, rows, date(2026, 7, 28))
    assert [row[0] for row in found.unjudged["thing_a"]] == ["0"]
    assert [row[0] for row in found.again["thing_a"]] == ["2"]
    assert found.overdue["owner"].tolist() == ["0:own-old", "2:own-new", "2:own-old"]
    assert found.coming.empty


def test_agreed_days_come_up_two_weeks_ahead() -> None:
    digs = [
        dig("a", path((0, 0), (40, 0)), "2026-08-01", "2026-08-20"),
        dig("b", path((0, 1), (40, 1)), "2026-08-25", "2026-09-20"),
    ]
    found = judge(frames(digs=digs)).listed
    record = follow(None, found[found["kind"] == "opportunity"], MONDAY)
    days = {"agreed_from": "2026-08-15", "agreed_to": "2026-09-15"}
    rows = [said(record.iloc[0], owner, "agreed_to_share", **days) for owner in ("own-a", "own-b")]
    assert meet(record, rows, date(2026, 7, 31)).coming.empty
    assert len(meet(record, rows, date(2026, 8, 1)).coming) == 1
    assert meet(record, rows, date(2026, 8, 20)).coming.empty
    assert len(meet(record, rows, date(2026, 9, 5)).coming) == 1


def test_minutes_hold_what_was_said_after_one_moment_and_up_to_another() -> None:
    record = follow(None, clearances(pair("W1", "S", 0.3)), MONDAY)
    one = said(record.iloc[0], "0:own-new", note="moves north")
    other = said(record.iloc[0], "0:own-old", "accepted", at="2026-07-15T02:00:00Z")
    rows = as_judgements(pd.DataFrame([one, other]))
    table = answers(record, rows, today=MONDAY, calendar=china())
    start = datetime(2026, 7, 14, 2, tzinfo=UTC)
    first = minutes(record, rows, table, start - timedelta(hours=1), start)
    assert first.decided["owner"].tolist() == ["0:own-new"]
    assert first.decided["note"].tolist() == ["moves north"]
    second = minutes(record, rows, table, start, start + timedelta(days=2))
    assert second.decided["owner"].tolist() == ["0:own-old"]
    assert second.owed.empty
    assert minutes(record, rows, table, start + timedelta(days=2), start + timedelta(days=9)).decided.empty


def test_minutes_tell_what_is_owed_and_what_went() -> None:
    record = follow(None, clearances(pair("W1", "S", 0.3), pair("W1", "S", 0.4)), MONDAY)
    later = follow(record, clearances(pair("W1", "S", 0.3)), date(2026, 7, 15))
    table = answers(later, as_judgements(), today=MONDAY, calendar=china())
    start = datetime(2026, 7, 14, 2, tzinfo=UTC)
    told = minutes(later, as_judgements(), table, start, start + timedelta(days=7))
    assert told.owed["owner"].tolist() == ["0:own-new", "0:own-old"]
    assert told.gone["thing_a"].tolist() == ["1:new"]


def test_what_was_carried_over_is_not_said_anew() -> None:
    record = follow(None, clearances(pair("W1", "S", 0.3)), MONDAY)
    rows = as_judgements(pd.DataFrame([said(record.iloc[0], "0:own-new", carried_from="earlier")]))
    table = answers(record, rows, today=MONDAY, calendar=china())
    start = datetime(2026, 7, 1, tzinfo=UTC)
    assert minutes(record, rows, table, start, start + timedelta(days=60)).decided.empty


def test_a_meeting_without_findings() -> None:
    record = follow(None, judge({}).listed, MONDAY)
    found = meet(record, [])
    assert found.unjudged.empty and found.overdue.empty and found.again.empty and found.coming.empty
    assert "harm" in ranked(
        record, standing(record, answers(record, as_judgements(), today=MONDAY, calendar=china()))
    )
