"""Signing a limit changes what a finding says of its source; comments and watches find their findings."""

from datetime import date
from typing import Any

import geopandas as gpd
import pandas as pd
import pytest
import shapely

from geo.coordination.judging import as_judgements, follow
from geo.coordination.limits import read_limits
from geo.coordination.signing import (
    as_signoffs,
    cells,
    check_signoff,
    confirmation,
    resting_on,
    signed_cells,
    to_sign,
)
from geo.coordination.watching import as_comments, check_comment, thread, watched
from geo.errors import BadInput
from tests.coordination_scenes import EAST, NORTH, frames, judge, line, path

CELL = {"table": "horizontal", "a": "S", "b": "W1", "condition": ""}
SIGNED = {
    **CELL,
    "id": "s1",
    "signed_by": "Wang",
    "page": "14",
    "signed_on": "2026-07-01",
    "at": "2026-07-01T01:00:00Z",
}


def clash(of: str = "W1", gap: float = 0.5, **new: Any) -> dict[str, pd.DataFrame]:
    return frames(
        [
            line("new", of, path((0, 0), (40, 0)), community="com-1", **new),
            line("old", "S", path((0, gap), (40, gap)), state="in_service", community="com-1"),
        ]
    )


def horizontal(where: dict[str, pd.DataFrame], signoffs: list[dict[str, Any]]) -> gpd.GeoDataFrame:
    found = judge(where, read_limits(signed_cells(pd.DataFrame(signoffs)))).listed
    return found[found["kind"] == "horizontal_clearance"].reset_index(drop=True)


def test_every_cell_of_the_three_tables_can_be_signed() -> None:
    limits = read_limits()
    table = cells(limits)
    assert len(table) == len(limits.horizontal) + len(limits.vertical) + 2 * len(limits.cover)
    rows = [
        {**confirmation(cell, "Wang", "14", date(2026, 7, 1)), "id": str(n), "at": "2026-07-01T01:00:00Z"}
        for n, cell in enumerate(table.to_dict("records"))
    ]
    for row in rows[::7]:
        check_signoff(row, limits)
    after = read_limits(signed_cells(pd.DataFrame(rows)))
    assert set(cells(after)["provenance"]) == {"signed"}
    assert cells(after)["official"].all()
    pd.testing.assert_series_equal(cells(after)["min_m"], table["min_m"])


def test_a_signed_cell_shows_who_vouches_for_it_beside_the_finding() -> None:
    before = horizontal(clash("R", 0.3), []).iloc[0]
    assert before["provenance"] != "signed"
    after = horizontal(clash("R", 0.3), [{**SIGNED, "b": "R", "min_m": 0.6}]).iloc[0]
    assert (after["provenance"], after["required"]) == ("signed", 0.6)
    assert after["reference"] == "Wang, 14, 2026-07-01"


def test_the_last_signature_of_a_cell_counts_whichever_way_round() -> None:
    turned = {**SIGNED, "a": "W1", "b": "S", "id": "s2", "at": "2026-07-02T01:00:00Z", "min_m": 1.4}
    found = signed_cells(pd.DataFrame([turned, {**SIGNED, "min_m": 1.2}]))
    assert found["min_m"].tolist() == [1.4]


def test_signatures_of_another_edition_do_not_count() -> None:
    assert signed_cells(pd.DataFrame([{**SIGNED, "edition": "GB 50289-98", "min_m": 1.2}])).empty


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"b": "nothing"}, "no_such_cell"),
        ({"signed_by": " "}, "signoff_incomplete"),
        ({"page": None}, "signoff_incomplete"),
        ({"min_m": -0.1}, "limit_out_of_range"),
    ],
)
def test_a_signature_that_says_too_little_is_refused(changes: dict[str, Any], code: str) -> None:
    good = {**SIGNED, "a": "W1", "b": "S", "min_m": 1.0}
    check_signoff(good, read_limits())
    with pytest.raises(BadInput) as caught:
        check_signoff({**good, **changes}, read_limits())
    assert caught.value.code == code


def test_what_rests_on_a_cell_is_counted_with_every_class_that_is_open() -> None:
    known = horizontal(clash(), [])
    rests = resting_on(known, read_limits())
    assert rests[["table", "a", "b"]].to_numpy().tolist() == [["horizontal", "W1", "S"]]
    found = judge(clash(None, utility="RQ", pressure_mpa=None)).listed
    found = found[found["kind"] == "horizontal_clearance"]
    assert set(resting_on(found, read_limits())["b"]) == {"G0", "G1", "G2", "G3", "G4"}
    table = to_sign(read_limits(), found, as_signoffs())
    assert table["official"].is_monotonic_increasing
    assert table["findings"].sum() == 5


def test_the_page_shows_the_last_signature() -> None:
    table = to_sign(read_limits(), horizontal(clash(), []), pd.DataFrame([SIGNED]))
    row = table[(table["table"] == "horizontal") & (table["a"] == "W1") & (table["b"] == "S")].iloc[0]
    assert (row["signed_by"], row["page"], row["findings"]) == ("Wang", "14", 1)
    assert table["signed_by"].notna().sum() == 1


def test_comments_are_read_in_order_and_kept_as_they_are() -> None:
    rows = pd.DataFrame(
        [
            {"id": "2", "finding": "f", "text": "<b>later</b>", "by": "x", "at": "2026-07-15T02:00:00Z"},
            {"id": "1", "finding": "f", "text": "first", "by": "x", "at": "2026-07-15T01:00:00Z"},
            {"id": "3", "finding": "g", "text": "elsewhere", "by": "x", "at": "2026-07-15T01:00:00Z"},
        ]
    )
    assert thread(as_comments(rows), "f")["text"].tolist() == ["first", "<b>later</b>"]
    assert check_comment("  x ") == "x"
    for text, code in ((" ", "comment_empty"), ("x" * 2001, "comment_long")):
        with pytest.raises(BadInput) as caught:
            check_comment(text)
        assert caught.value.code == code


def watches(**columns: Any) -> gpd.GeoDataFrame:
    row = {"id": "w", "by": "x", "community": None, "name": None, "geometry": None, **columns}
    return gpd.GeoDataFrame([row], geometry="geometry", crs="EPSG:32648")


HERE = shapely.box(EAST + 10, NORTH - 1, EAST + 20, NORTH + 1)
THERE = shapely.box(EAST + 100, NORTH, EAST + 120, NORTH + 9)


@pytest.mark.parametrize(
    ("columns", "since", "what"),
    [
        ({"community": "com-1"}, date(2026, 7, 13), ["new"]),
        ({"community": "com-1"}, date(2026, 7, 14), []),
        ({"community": "com-2"}, date(2026, 7, 13), []),
        ({"geometry": HERE}, date(2026, 7, 13), ["new"]),
        ({"geometry": HERE, "community": "com-1"}, date(2026, 7, 13), ["new"]),
        ({"geometry": THERE}, date(2026, 7, 13), []),
    ],
)
def test_a_watch_sees_what_is_new_in_its_community_or_area(
    columns: Any, since: date, what: list[str]
) -> None:
    record = follow(None, horizontal(clash(), []), date(2026, 7, 13))
    assert (
        watched(record, watches(**columns), as_judgements(), since, "Asia/Shanghai")["what"].tolist() == what
    )


def test_a_watch_sees_changes_judgements_and_what_is_gone() -> None:
    record = follow(None, horizontal(clash(), []), date(2026, 7, 13))
    seen = watches(community="com-1")
    moved = follow(record, horizontal(clash(gap=0.4), []), date(2026, 7, 15))
    assert watched(moved, seen, as_judgements(), date(2026, 7, 15), "UTC")["what"].tolist() == ["changed"]
    said = {"id": "j", "finding": record["id"].iloc[0], "at": "2026-07-14T18:00:00Z"}
    rows = as_judgements(pd.DataFrame([said]))
    assert watched(record, seen, rows, date(2026, 7, 15), "Asia/Shanghai")["what"].tolist() == ["judged"]
    assert watched(record, seen, rows, date(2026, 7, 15), "UTC").empty
    gone = follow(moved, horizontal(clash(gap=5.0), []), date(2026, 7, 16))
    assert watched(gone, seen, rows, date(2026, 7, 16), "UTC")["what"].tolist() == ["gone"]
