"""Digs: dug twice, the same days, fresh paving, season, order, opportunities, many small ones, protection
zones."""

from datetime import date

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest

from geo.coordination.parameters import Parameters, Season, with_overrides
from geo.errors import BadInput
from tests.coordination_scenes import (
    CRS,
    EAST,
    NORTH,
    buildings,
    dig,
    frames,
    house,
    judge,
    line,
    of_kind,
    only,
    path,
)

AUG = ("2026-08-01", "2026-08-20")


def two(
    gap: float,
    first: tuple[str, str] = AUG,
    second: tuple[str, str] = AUG,
    length: float = 30.0,
    **columns: object,
):
    return frames(
        digs=[
            dig("a", path((0, 0), (40, 0)), *first),
            dig("b", path((0, gap), (length, gap)), *second, **columns),
        ]
    )


@pytest.mark.parametrize(
    ("gap", "length", "listed"), [(1.29, 30, True), (1.31, 30, False), (1.0, 9.9, False), (1.0, 10.1, True)]
)
def test_dug_twice_is_one_corridor_in_two_windows(gap: float, length: float, listed: bool) -> None:
    """Trenches of 0.8 m share a corridor while their edges are within 0.5 m."""
    where = two(gap, second=("2026-09-01", "2026-09-10"), length=length)
    rows = of_kind(judge(where, parameters=Parameters(least_length_m=10.0)), "dug_twice")
    if not listed:
        assert not (len(rows) and gap > 1.3) and (len(rows) == 0 or rows.iloc[0]["measured"] >= 10)
        return
    row = rows.iloc[0]
    assert row["verdict"] == "needs_review"
    assert row["saved_m2"] == pytest.approx(row["length_m"] * 0.8)
    assert row["saved_days"] > 0


def test_dates_are_closed_intervals() -> None:
    touching = judge(two(1.0, second=("2026-08-20", "2026-08-25")))
    assert not len(of_kind(touching, "dug_twice"))
    assert only(touching, "same_place_same_days")["measured"] == 1
    apart = judge(two(1.0, second=("2026-08-21", "2026-08-25")))
    assert only(apart, "dug_twice")["verdict"] == "needs_review"
    assert not len(of_kind(apart, "same_place_same_days"))


def test_one_job_is_no_clash_and_no_opportunity() -> None:
    found = judge(two(1.0, joins="a"))
    assert not len(of_kind(found, "same_place_same_days"))
    assert not len(of_kind(found, "opportunity"))


def test_trenches_that_cross_on_the_same_days() -> None:
    where = frames(digs=[dig("a", path((0, 0), (40, 0)), *AUG), dig("b", path((20, -20), (20, 20)), *AUG)])
    row = only(judge(where), "same_place_same_days")
    assert (row["reason"], row["geometry"].geom_type) == ("crossing", "Point")
    assert (row["worst"].x, row["worst"].y) == pytest.approx((EAST + 20, NORTH))


@pytest.mark.parametrize(
    ("start", "end", "listed"), [("2026-11-18", "2026-11-20", True), ("2026-11-19", "2026-11-20", False)]
)
def test_windows_that_both_owners_can_make_overlap(start: str, end: str, listed: bool) -> None:
    """45 days each: 90 days after the end of the first."""
    rows = of_kind(judge(two(1.5, second=(start, end))), "opportunity")
    assert len(rows) == listed
    if listed:
        assert (rows.iloc[0]["measured"], rows.iloc[0]["required"], rows.iloc[0]["verdict"]) == (
            90,
            90,
            "opportunity",
        )


def test_an_owner_may_allow_less_and_gas_keeps_its_bed() -> None:
    where = two(1.5, second=("2026-09-20", "2026-09-30"), utility="RQ")
    assert only(judge(where), "opportunity")["reason"] == "gas_own_bed"
    strict = with_overrides(Parameters(shift_days=10), owners={"own-a": {"shift_days": 5}})
    assert not len(of_kind(judge(where, parameters=strict), "opportunity"))
    near = with_overrides(Parameters(), {"sharing_m": 3.0}, {"own-b": {"sharing_m": 1.0}})
    assert not len(of_kind(judge(where, parameters=near), "opportunity"))
    with pytest.raises(BadInput):
        with_overrides(Parameters(), {"sharing": 1.0})


def test_withdrawn_closed_and_past_digs_are_not_judged() -> None:
    for columns in ({"state": "withdrawn"}, {"state": "closed"}):
        assert judge(two(1.0, **columns)).listed.query("kind == 'same_place_same_days'").empty
    past = two(1.0, first=("2026-05-01", "2026-05-20"), second=("2026-05-01", "2026-05-20"))
    assert judge(past).listed.empty
    assert not judge(past, today=date(2026, 5, 20)).listed.empty, "the last day still counts"


def test_a_dig_drawn_as_an_area_lies_along_its_long_side() -> None:
    where = frames(
        digs=[
            dig("a", house(0, -0.4, 40, 0.4), *AUG, width_m=None),
            dig("b", path((0, 1.2), (40, 1.2)), *AUG),
        ]
    )
    row = only(judge(where), "same_place_same_days")
    assert row["reason"] == "shared_corridor"
    assert row["length_m"] == pytest.approx(40)


def works(**columns: object) -> pd.DataFrame:
    base = {"id": "w", "community": "com-1", "code": "paving", "actual_end": None, "planned_end": None}
    return pd.DataFrame([base | columns])


@pytest.mark.parametrize(
    ("columns", "verdict"),
    [
        ({"actual_end": "2026-07-31"}, "fail"),
        ({"actual_end": "2026-08-01"}, "pass"),
        ({"planned_end": "2026-07-30"}, "fail"),
        ({"planned_end": "2026-09-30"}, "pass"),
        ({"actual_end": "2023-08-03"}, "fail"),
        ({"actual_end": "2023-08-02"}, "pass"),
    ],
)
def test_paving_of_a_yard_is_protected_for_its_period(columns: dict[str, str], verdict: str) -> None:
    where = frames(digs=[dig("a", path((0, 0), (40, 0)), *AUG)], works=works(**columns))
    assert only(judge(where), "fresh_paving")["verdict"] == verdict


@pytest.mark.parametrize(
    ("kind", "handed_over", "verdict"),
    [
        ("new", "2021-08-03", "fail"),
        ("new", "2021-08-02", "pass"),
        ("overhaul", "2023-08-03", "fail"),
        ("overhaul", "2023-08-02", "pass"),
    ],
)
def test_paving_of_a_street_is_protected_by_statute(kind: str, handed_over: str, verdict: str) -> None:
    pavings = gpd.GeoDataFrame(
        {"id": ["p"], "handed_over": [pd.Timestamp(handed_over)], "works": [kind]},
        geometry=[house(10, -5, 20, 5)],
        crs=CRS,
    )
    row = only(judge(frames(digs=[dig("a", path((0, 0), (40, 0)), *AUG)], pavings=pavings)), "fresh_paving")
    assert row["verdict"] == verdict
    assert row["length_m"] == pytest.approx(10)


@pytest.mark.parametrize(
    ("window", "days"),
    [
        (("2026-10-01", "2026-10-19"), 0),
        (("2026-10-01", "2026-10-20"), 1),
        (("2027-04-10", "2027-04-20"), 1),
        (("2027-04-11", "2027-04-20"), 0),
        (("2026-12-20", "2027-01-10"), 22),
    ],
)
def test_a_heating_line_out_of_service_in_the_heating_season(window: tuple[str, str], days: int) -> None:
    old = line("old", "H", path((0, 0), (40, 0)), state="to_abandon")
    where = frames([old], digs=[dig("a", path((0, 0), (40, 0)), *window, utility="RL", replaces="old")])
    row = only(judge(where), "season", "heating")
    assert (row["verdict"], row["measured"]) == ("fail" if days else "pass", days)
    new = frames([old], digs=[dig("a", path((0, 0), (40, 0)), *window, utility="RL")])
    assert not len(of_kind(judge(new), "season", "heating")), "a new line takes nothing out of service"


def test_frost_for_wet_works_and_days_that_the_district_excludes() -> None:
    where = frames(digs=[dig("a", path((0, 0), (40, 0)), "2026-11-10", "2026-11-20")])
    assert only(judge(where), "season", "frost")["measured"] == 6
    dry = frames(digs=[dig("a", path((0, 0), (40, 0)), "2026-11-10", "2026-11-20", utility="DL")])
    assert not len(of_kind(judge(dry), "season", "frost"))
    shut = Parameters(
        excluded_days=((date(2026, 11, 19), date(2026, 11, 25)),), frost_season=Season((12, 1), (2, 1))
    )
    assert only(judge(dry, parameters=shut), "season", "excluded")["measured"] == 2


def yard(*lines: dict[str, object], north: float = 20.0):
    rows = [row | {"community": "com-1"} for row in lines]
    return frames(
        rows, buildings=buildings(("s", house(0, -12, 60, 0)), ("n", house(0, north, 60, north + 12)))
    )


def test_the_order_from_the_building_outward() -> None:
    """Power before telecom before drains before water before gas."""
    right = yard(
        line("e", "E1", path((5, 2), (55, 2))), line("w", "W1", path((5, 5), (55, 5)), state="in_service")
    )
    assert only(judge(right), "order", "4.1.4")["verdict"] == "pass"
    wrong = yard(
        line("e", "E1", path((5, 5), (55, 5))), line("w", "W1", path((5, 2), (55, 2)), state="in_service")
    )
    row = only(judge(wrong), "order", "4.1.4")
    assert (row["verdict"], row["clause"]) == ("needs_review", "4.1.4")
    assert row["measured"] == pytest.approx(3.0)


def test_a_yard_too_narrow_for_its_stack() -> None:
    """Between walls: drain 2.5 + W1 1.0 + 1.0 to the other wall asks 4.5 m."""

    def lines(middle: float):
        return line("s", "S", path((5, middle), (55, middle))), line(
            "w", "W1", path((5, middle + 1), (55, middle + 1))
        )

    assert only(judge(yard(*lines(2.5), north=4.49)), "order", "stack")["verdict"] == "needs_review"
    row = only(judge(yard(*lines(2.5), north=4.51)), "order", "stack")
    assert (row["verdict"], row["required"]) == ("pass", pytest.approx(4.5))


def test_many_small_digs_of_one_owner_in_one_community() -> None:
    def small(count: int, length: float):
        shapes = [path((0, 50.0 * n), (length, 50.0 * n)) for n in range(count)]
        return frames(digs=[dig(f"d{n}", shape, *AUG, owner="own") for n, shape in enumerate(shapes)])

    row = only(judge(small(3, 20.0)), "many_small_digs")
    assert (row["measured"], row["required"], row["thing_a"], row["thing_b"]) == (60, 60, "own", "com-1")
    for where in (small(3, 19.9), small(2, 30.0), small(3, 31.0)):
        assert not len(of_kind(judge(where), "many_small_digs"))


@pytest.mark.parametrize(("line_class", "zone"), [("G1", 0.5), ("G3", 1.5), ("E1", 0.75), ("E2", 0.75)])
def test_a_dig_in_a_protection_zone_needs_consent(line_class: str, zone: float) -> None:
    def at(gap: float, **others: object):
        old = line(
            "old",
            line_class,
            path((0, gap + 0.4 + 0.1), (40, gap + 0.4 + 0.1)),
            state="in_service",
            outer_width_mm=200.0,
        )
        return judge(frames([old], digs=[dig("a", path((0, 0), (40, 0)), *AUG)], **others))

    row = only(at(zone - 0.0015), "protection_zone")
    assert row["verdict"] == "fail"
    assert row["measured"] == pytest.approx(zone - 0.0015, abs=1e-6)
    assert not len(of_kind(at(zone), "protection_zone"))
    consent = pd.DataFrame({"dig": ["a"], "line": ["old"]})
    assert only(at(0.2, consents=consent), "protection_zone")["verdict"] == "pass"


def test_an_owner_needs_no_consent_of_its_own() -> None:
    old = line("old", "G1", path((0, 0.2), (40, 0.2)), state="in_service", owner="gas")
    assert not len(
        of_kind(
            judge(frames([old], digs=[dig("a", path((0, 0), (40, 0)), *AUG, owner="gas")])), "protection_zone"
        )
    )


def test_every_gate_blocked_on_one_day() -> None:
    gates = [
        {
            "id": f"g{n}",
            "kind": "gate",
            "community": "com-1",
            "width_m": 6.0,
            "geometry": path((x, 0), (x + 6, 0)),
        }
        for n, x in enumerate((0, 100))
    ]
    digs = [
        dig("a", path((3, -5), (3, 5)), "2026-08-01", "2026-08-10"),
        dig("b", path((103, -5), (103, 5)), "2026-08-08", "2026-08-15"),
    ]
    row = only(judge(frames(digs=digs, ground=gates)), "same_place_same_days", "gates")
    assert (row["measured"], row["thing_a"]) == (3, "com-1")
    later = [digs[0], digs[1] | {"window_start": "2026-08-11"}]
    assert not len(of_kind(judge(frames(digs=later, ground=gates)), "same_place_same_days"))


def test_a_longer_sharing_distance_loses_no_opportunity() -> None:
    rng = np.random.default_rng(2)
    digs = [
        dig(f"d{n:02d}", path((0, y), (40, y + rng.normal(0, 1))), *AUG)
        for n, y in enumerate(rng.uniform(0, 30, 20))
    ]
    found = [
        set(of_kind(judge(frames(digs=digs), parameters=Parameters(sharing_m=m)), "opportunity")["id"])
        for m in (1.0, 2.0, 4.0)
    ]
    assert found[0] <= found[1] <= found[2]
    assert len(found[0]) < len(found[2])
