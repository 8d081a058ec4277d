"""The life of a finding: who must answer by when, what makes an answer stale, and what is kept of it."""

from datetime import date
from typing import Any

import geopandas as gpd
import pandas as pd
import pytest

from geo.coordination import judging
from geo.coordination.judging import (
    BUREAU,
    Decision,
    Status,
    answers,
    as_judgements,
    bases,
    carried,
    check_judgement,
    follow,
    overdue,
    parents,
    sides,
    standing,
    unjudged,
)
from geo.coordination.limits import read_limits
from geo.coordination.working_days import china, working_days
from geo.errors import BadInput
from tests.coordination_scenes import dig, frames, judge, line, path

MONDAY = date(2026, 7, 13)


def beside(gap: float = 0.5, of: str = "W1", **new: Any) -> dict[str, pd.DataFrame]:
    """A planned water pipe beside a drain in service: one failing clearance of two owners."""
    return frames(
        [
            line("new", of, path((0, 0), (40, 0)), **new),
            line("old", "S", path((0, gap), (40, gap)), state="in_service"),
        ]
    )


def one_clash(where: dict[str, pd.DataFrame], limits: Any = None) -> gpd.GeoDataFrame:
    found = judge(where, limits).listed if limits is not None else judge(where).listed
    return found[found["kind"] == "horizontal_clearance"].reset_index(drop=True)


def said(
    record: pd.DataFrame, owner: str | None, decision: str, at: str = "2026-07-14T02:00:00Z", **more: Any
):
    """A judgement of the only finding of ``record``, on what it rests on now."""
    return {
        "id": f"j-{owner}-{at}",
        "finding": record["id"].iloc[0],
        "owner": owner,
        "decision": decision,
        "by": "account-1",
        "at": at,
        "basis": record["basis"].iloc[0],
        **more,
    }


def told(record: gpd.GeoDataFrame, rows: list[dict[str, Any]], today: date = MONDAY) -> pd.Series:
    """How the only finding of ``record`` stands."""
    table = answers(record, as_judgements(pd.DataFrame(rows)), today=today, calendar=china())
    return standing(record, table).iloc[0]


def test_a_finding_is_new_then_partly_then_wholly_judged() -> None:
    record = follow(None, one_clash(beside()), MONDAY)
    assert told(record, [])["status"] == Status.NEW
    assert sides(record)["owner"].tolist() == ["own-new", "own-old"]
    partly = told(record, [said(record, "own-new", "to_change")])
    assert (partly["status"], partly["owed"]) == (Status.PARTLY_JUDGED, 1)
    both = [said(record, "own-new", "to_change"), said(record, "own-old", "accepted")]
    assert told(record, both)["status"] == Status.JUDGED


def test_nobody_else_s_answer_counts() -> None:
    record = follow(None, one_clash(beside()), MONDAY)
    rows = [said(record, "own-new", "to_change"), said(record, "somebody", "accepted")]
    assert told(record, rows)["status"] == Status.PARTLY_JUDGED


def test_a_broken_limit_is_not_settled_by_everybody_accepting_it() -> None:
    record = follow(None, one_clash(beside()), MONDAY)
    rows = [said(record, "own-new", "accepted"), said(record, "own-old", "accepted")]
    found = told(record, rows)
    assert (found["status"], found["unsettled"]) == (Status.PARTLY_JUDGED, True)
    rows[0] = said(record, "own-new", "exception", approver="Li", measure="sleeve")
    assert told(record, rows)["status"] == Status.JUDGED


def test_the_last_word_of_a_side_counts() -> None:
    record = follow(None, one_clash(beside()), MONDAY)
    rows = [
        said(record, "own-new", "to_change", "2026-07-14T03:00:00Z"),
        said(record, "own-new", "exception", "2026-07-14T02:00:00+00:00", approver="Li", measure="sleeve"),
        said(record, "own-old", "accepted"),
    ]
    table = answers(record, as_judgements(pd.DataFrame(rows)), today=MONDAY, calendar=china())
    assert table.set_index("owner").loc["own-new", "decision"] == Decision.TO_CHANGE


CHANGES = {
    "geometry": beside(0.4),
    "class": beside(of="W2"),
    "size": beside(outer_width_mm=160.0),
    "stretch": frames(
        [
            line("new", "W1", path((0, 0), (30, 0))),
            line("old", "S", path((0, 0.5), (40, 0.5)), state="in_service"),
        ]
    ),
}


@pytest.mark.parametrize("change", sorted(CHANGES))
def test_other_grounds_ask_for_another_judgement(change: str) -> None:
    record = follow(None, one_clash(beside()), MONDAY)
    rows = [said(record, "own-new", "to_change"), said(record, "own-old", "accepted")]
    later = follow(record, one_clash(CHANGES[change]), date(2026, 7, 15))
    assert later["id"].tolist() == record["id"].tolist()
    assert told(later, rows)["status"] == Status.TO_BE_RE_JUDGED
    assert later["since"].dt.date.tolist() == [MONDAY]
    assert later["changed_on"].dt.date.tolist() == [date(2026, 7, 15)]
    again = [said(later, owner, "to_change", "2026-07-16T01:00:00Z") for owner in ("own-new", "own-old")]
    assert told(later, rows + again)["status"] == Status.JUDGED


def test_dates_are_grounds() -> None:
    digs = [
        dig("a", path((0, 0), (40, 0)), "2026-08-01", "2026-08-20"),
        dig("b", path((0, 1), (40, 1)), "2026-09-01", "2026-09-20"),
    ]
    first = judge(frames(digs=digs)).listed
    digs[1]["window_end"] = "2026-09-22"
    second = judge(frames(digs=digs)).listed
    changed = bases(first).to_numpy() != bases(second).to_numpy()
    assert first["id"].tolist() == second["id"].tolist()
    assert changed.all()


def test_a_corrected_cell_is_other_grounds_and_a_confirmed_one_is_not() -> None:
    cell = {
        "table": "horizontal",
        "a": "W1",
        "b": "S",
        "condition": "",
        "by": "Wang",
        "page": "14",
        "date": "2026-07-01",
    }
    as_it_is, confirmed, corrected = (
        one_clash(beside(), limits)
        for limits in (
            read_limits(),
            read_limits(pd.DataFrame([{**cell, "min_m": 1.0}])),
            read_limits(pd.DataFrame([{**cell, "min_m": 1.2}])),
        )
    )
    assert confirmed["provenance"].tolist() == ["signed"]
    assert bases(as_it_is).tolist() == bases(confirmed).tolist()
    assert bases(as_it_is).tolist() != bases(corrected).tolist()


def test_another_edition_is_other_grounds_for_what_the_standard_rules() -> None:
    found = one_clash(beside())
    assert bases(found).tolist() != bases(found, "GB 50289-2031").tolist()


def test_computing_again_is_not_a_change() -> None:
    where = beside()
    shaken = {"lines": where["lines"].assign(geometry=where["lines"].translate(2e-8, -2e-8))}
    turned = {"lines": where["lines"].assign(geometry=where["lines"].reverse())}
    base = bases(one_clash(where)).tolist()
    assert bases(one_clash(shaken)).tolist() == base
    assert bases(one_clash(turned)).tolist() == base


def test_what_is_no_longer_true_is_archived_and_kept() -> None:
    record = follow(None, one_clash(beside()), MONDAY)
    gone = follow(record, one_clash(beside(5.0)), date(2026, 7, 20))
    assert gone["archived_on"].dt.date.tolist() == [date(2026, 7, 20)]
    assert gone["geometry"].iloc[0].equals(record["geometry"].iloc[0])
    assert gone.crs == record.crs
    found = told(gone, [])
    assert (found["status"], pd.isna(found["due"])) == (Status.ARCHIVED, True)
    assert follow(gone, one_clash(beside(5.0)), date(2026, 7, 27)).equals(gone)


def test_what_comes_back_starts_its_clock_again_and_keeps_its_judgements() -> None:
    record = follow(None, one_clash(beside()), MONDAY)
    gone = follow(record, one_clash(beside(5.0)), date(2026, 7, 20))
    back = follow(gone, one_clash(beside()), date(2026, 7, 27))
    assert back["since"].dt.date.tolist() == [date(2026, 7, 27)]
    assert back["archived_on"].isna().all()
    rows = [said(record, "own-new", "to_change"), said(record, "own-old", "accepted")]
    assert told(back, rows)["status"] == Status.JUDGED


def test_a_split_row_takes_its_judgements_along_to_be_judged_again() -> None:
    record = follow(None, one_clash(beside()), MONDAY)
    rows = as_judgements(
        pd.DataFrame([said(record, "own-new", "to_change"), said(record, "own-old", "accepted")])
    )
    where = frames(
        [
            line("n1", "W1", path((0, 0), (20, 0)), owner="own-new"),
            line("n2", "W1", path((20, 0), (40, 0)), owner="own-new"),
            line("old", "S", path((0, 0.5), (40, 0.5)), state="in_service"),
        ]
    )
    where["lines"]["split_from"] = ["new", "new", None]
    later = follow(record, one_clash(where), date(2026, 7, 20))
    brought = carried(rows, later, parents(where))
    table = standing(later, answers(later, brought, today=MONDAY, calendar=china()))
    assert table["status"].tolist() == [Status.TO_BE_RE_JUDGED] * 2 + [Status.ARCHIVED]
    assert brought["carried_from"].notna().sum() == 4
    assert carried(rows, later, {}).equals(rows)


def test_split_twice_and_in_a_circle() -> None:
    record = follow(None, one_clash(beside()), MONDAY)
    rows = as_judgements(pd.DataFrame([said(record, "own-new", "to_change")]))
    grown = one_clash(
        frames(
            [
                line("n3", "W1", path((0, 0), (20, 0)), owner="own-new"),
                line("old", "S", path((0, 0.5), (40, 0.5)), state="in_service"),
            ]
        )
    )
    brought = carried(rows, grown, {"n3": "n2", "n2": "new", "new": "n3"})
    assert brought["finding"].tolist() == [grown["id"].iloc[0], record["id"].iloc[0]]


def test_lines_of_unknown_owner_and_nobody_s_findings_are_the_bureau_s() -> None:
    where = beside()
    where["lines"].loc[1, "owner"] = pd.NA
    record = follow(None, one_clash(where), MONDAY)
    assert sides(record)["owner"].tolist() == ["own-new", BUREAU]
    alone = record.assign(owner_a=pd.NA, layer_a="communities", layer_b=pd.NA, owner_b=pd.NA)
    assert sides(alone)["owner"].tolist() == [BUREAU]
    rows = [said(record, "own-new", "to_change"), said(record, None, "accepted")]
    assert told(record, rows)["status"] == Status.JUDGED


def test_the_reply_is_due_after_five_working_days() -> None:
    record = follow(None, one_clash(beside()), MONDAY)
    table = answers(record, as_judgements(), today=date(2026, 7, 20), calendar=china())
    assert table["due"].dt.date.tolist() == [date(2026, 7, 20)] * 2
    assert not table["overdue"].any()
    table = answers(record, as_judgements(), today=date(2026, 7, 21), calendar=china())
    assert len(overdue(table)) == 2
    rows = as_judgements(pd.DataFrame([said(record, "own-new", "to_change")]))
    late = overdue(answers(record, rows, today=date(2026, 7, 21), calendar=china()))
    assert late["owner"].tolist() == ["own-old"]
    longer = answers(record, rows, today=date(2026, 7, 21), calendar=china(), reply_days=10)
    assert longer.set_index("owner").loc["own-old", "due"] == pd.Timestamp("2026-07-27")


def test_a_change_starts_the_clock_of_who_had_answered() -> None:
    record = follow(None, one_clash(beside()), MONDAY)
    rows = as_judgements(pd.DataFrame([said(record, "own-new", "to_change")]))
    later = follow(record, one_clash(beside(0.4)), date(2026, 7, 17))
    table = answers(later, rows, today=date(2026, 7, 17), calendar=china()).set_index("owner")
    assert table.loc["own-new", "due"] == pd.Timestamp("2026-07-24")
    assert table.loc["own-old", "due"] == pd.Timestamp("2026-07-20")


@pytest.mark.parametrize(
    ("day", "working"),
    [
        ("2026-10-01", False),
        ("2026-10-08", True),
        ("2026-10-10", True),
        ("2026-09-20", True),
        ("2026-02-14", True),
        ("2026-02-23", False),
        ("2026-07-18", False),
        ("2026-07-17", True),
        ("2027-10-01", True),
    ],
)
def test_working_days_follow_the_notices(day: str, working: bool) -> None:
    assert china().is_working(date.fromisoformat(day)) is working


def test_holidays_and_their_make_up_days_count_in_the_clock() -> None:
    assert china().after(["2026-09-30"], 5).astype(str).tolist() == ["2026-10-13"]
    assert china().between("2026-09-30", "2026-10-13") == 5
    assert china().after(["NaT"], 5).astype(str).tolist() == ["NaT"]
    plain = working_days(pd.DataFrame({"first": [], "last": [], "what": []}))
    assert plain.after(["2026-09-30"], 5).astype(str).tolist() == ["2026-10-07"]
    assert (china().knows(MONDAY), china().knows(date(2028, 1, 1))) == (True, False)


def test_agreeing_to_share_gives_the_days_that_all_sides_have() -> None:
    digs = [
        dig("a", path((0, 0), (40, 0)), "2026-08-01", "2026-08-20"),
        dig("b", path((0, 1), (40, 1)), "2026-08-25", "2026-09-20"),
    ]
    found = judge(frames(digs=digs)).listed
    record = follow(None, found[found["kind"] == "opportunity"], MONDAY)
    days = [("own-a", "2026-08-10", "2026-08-25"), ("own-b", "2026-08-15", "2026-08-30")]
    rows = [said(record, o, "agreed_to_share", agreed_from=first, agreed_to=last) for o, first, last in days]
    agreed = told(record, rows)
    assert (str(agreed["agreed_from"])[:10], str(agreed["agreed_to"])[:10]) == ("2026-08-15", "2026-08-25")
    rows[1] = said(record, "own-b", "accepted")
    assert pd.isna(told(record, rows)["agreed_from"])


def test_unjudged_failures_are_those_that_nobody_settled() -> None:
    record = follow(None, one_clash(beside()), MONDAY)
    table = standing(record, answers(record, as_judgements(), today=MONDAY, calendar=china()))
    assert unjudged(record, table).tolist() == record["id"].tolist()
    rows = as_judgements(
        pd.DataFrame([said(record, "own-new", "to_change"), said(record, "own-old", "accepted")])
    )
    table = standing(record, answers(record, rows, today=MONDAY, calendar=china()))
    assert unjudged(record, table).empty


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"decision": "whatever"}, "no_such_decision"),
        ({"decision": "agreed_to_share"}, "no_such_decision"),
        ({"owner": "somebody"}, "not_a_side"),
        ({"decision": "exception", "approver": "Li"}, "exception_incomplete"),
        ({"decision": "exception", "measure": " ", "approver": "Li"}, "exception_incomplete"),
        ({"agreed_from": "2026-08-01"}, "agreed_dates"),
        ({"agreed_from": "2026-08-02", "agreed_to": "2026-08-01"}, "agreed_dates"),
    ],
)
def test_what_is_no_answer_is_refused(changes: dict[str, Any], code: str) -> None:
    record = follow(None, one_clash(beside()), MONDAY)
    finding = record.iloc[0].to_dict()
    good = {"decision": "to_change", "owner": "own-new"}
    check_judgement(good, finding, ["own-new", "own-old"])
    with pytest.raises(BadInput) as caught:
        check_judgement({**good, **changes}, finding, ["own-new", "own-old"])
    assert caught.value.code == code


def test_an_archived_finding_takes_no_judgement() -> None:
    record = follow(None, one_clash(beside()), MONDAY)
    gone = follow(record, one_clash(beside(5.0)), date(2026, 7, 20))
    with pytest.raises(BadInput) as caught:
        check_judgement({"decision": "to_change", "owner": "own-new"}, gone.iloc[0].to_dict(), ["own-new"])
    assert caught.value.code == "finding_archived"


def test_nothing_found_is_an_empty_record() -> None:
    record = follow(None, judge(frames([])).listed, MONDAY)
    table = answers(record, as_judgements(), today=MONDAY, calendar=china())
    assert standing(record, table).empty
    assert list(record.columns) == list(judging.RECORD)
