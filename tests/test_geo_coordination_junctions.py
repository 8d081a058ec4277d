"""What belongs together where lines meet: knots of a main, and the whole of a main that is replaced."""

import pytest
import shapely

from geo.coordination.findings import Findings
from geo.layers import GROUND
from geo.vocabulary import Verdict
from tests.coordination_scenes import EAST, NORTH, dig, frames, judge, layer, line, of_kind, path


def verdicts(found: Findings, kind: str) -> dict[frozenset[str], tuple[str, str]]:
    rows = of_kind(found, kind)
    pairs = zip(rows["thing_a"], rows["thing_b"], rows["verdict"], rows["reason"], strict=True)
    return {frozenset((a, b)): (verdict, reason or "") for a, b, verdict, reason in pairs}


def main_of_two(joined: str | None, owner: str = "own-carrier") -> Findings:
    """A duct of another owner that ends at the knot between two segments of a duct under a street."""
    street = {"state": "in_service", "owner": "own-street", "outer_height_mm": 110.0}
    return judge(
        frames(
            lines=[
                line("west", "T2", path((-40, 0), (0, 0)), **street),
                line("east", "T2", path((0, 0), (40, 0)), **street),
                line("new", "T2", path((0, 30), (0, 0)), owner=owner, connects_to=joined),
            ]
        )
    )


def test_a_branch_joins_both_segments_of_the_main_that_meet_where_it_ends() -> None:
    found = main_of_two("west")
    assert "vertical_clearance" not in set(found.listed["kind"])
    horizontal = verdicts(found, "horizontal_clearance")
    assert horizontal[frozenset(("new", "west"))] == (Verdict.EXEMPT, "junction")
    assert horizontal[frozenset(("new", "east"))] == (Verdict.EXEMPT, "junction")


def test_a_line_that_joins_nothing_there_is_judged() -> None:
    found = verdicts(main_of_two(None), "vertical_clearance")
    assert {verdict for verdict, _ in found.values()} == {Verdict.FAIL}


def renewal(second: str | None, community: str = "com-1") -> Findings:
    """A main of two segments on its way out; the new one names the first only and crosses the second."""
    old = {"owner": "own-water", "state": "to_abandon", "community": "com-1", "outer_height_mm": 100.0}
    new = path((0, 0.7), (60, 0.7), (90, -0.7))
    return judge(
        frames(
            lines=[
                line("old-1", "W1", path((0, 0), (50, 0)), **old),
                line("old-2", "W1", path((50, 0), (90, 0)), **{**old, "state": second or "to_abandon"}),
                line("new", "W1", new, owner="own-water", replaces="old-1", community=community,
                     outer_height_mm=100.0),
            ]
        )
    )  # fmt: skip


def test_a_new_main_replaces_every_segment_of_the_old_one_in_its_yard() -> None:
    assert verdicts(renewal(None), "vertical_clearance")[frozenset(("new", "old-2"))] == (
        Verdict.EXEMPT,
        "replaced",
    )


@pytest.mark.parametrize(("second", "community"), [("in_service", "com-1"), ("to_abandon", "com-2")])
def test_what_stays_or_lies_in_another_yard_is_not_replaced(second: str, community: str) -> None:
    verdict, _ = verdicts(renewal(second, community), "vertical_clearance")[frozenset(("new", "old-2"))]
    assert verdict == Verdict.FAIL


def gate(*trenches: tuple[float, float, str, str], across: bool = False, width: float = 6.8) -> Findings:
    """A gate on a lane that runs north, and trenches through it: how far east, how wide, when."""
    own = {"community": "com-1"}
    ground = [
        {"id": "g", "kind": "gate", "width_m": width, "geometry": shapely.Point(EAST, NORTH), **own},
        {"id": "l", "kind": "lane", "width_m": 5.5, "geometry": path((0, -30), (0, 30)), **own},
    ]
    digs = [
        dig(
            f"d{n}",
            path((-20, x), (20, x)) if across else path((x, -20), (x, 20)),
            start,
            end,
            width_m=wide,
            replaces=None,
        )
        for n, (x, wide, start, end) in enumerate(trenches)
    ]
    return judge({**frames(digs=digs), "ground": layer(ground, GROUND)})


def blocked(found: Findings) -> list[float]:
    rows = of_kind(found, "same_place_same_days", "gates")
    return rows["measured"].tolist()


AUGUST, LATER = ("2026-08-01", "2026-08-10"), ("2026-08-06", "2026-08-20")


def test_a_trench_through_a_gate_leaves_the_rest_of_it() -> None:
    assert blocked(gate((1.5, 0.9, *AUGUST))) == []
    assert blocked(gate((0.0, 1.0, *AUGUST))) == [10.0]


def test_a_trench_across_the_lane_shuts_the_gate() -> None:
    assert blocked(gate((1.0, 0.6, *AUGUST), across=True)) == [10.0]


def test_two_trenches_shut_it_on_the_days_on_which_both_are_open() -> None:
    assert blocked(gate((-1.8, 0.9, *AUGUST), (1.8, 0.9, *LATER))) == [5.0]


def test_a_wide_gate_stays_passable() -> None:
    assert blocked(gate((0.0, 1.0, *AUGUST), width=9.0)) == []
