"""A finding keeps its id through every recomputation, and no two findings share one."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from geo.coordination.findings import identities
from geo.coordination.limits import read_limits
from geo.coordination.parameters import Parameters
from geo.vocabulary import FindingKind
from tests.coordination_scenes import buildings, dig, frames, house, judge, line, path

PAIR = ("horizontal_clearance", "4.1.9")


def scene(line_class: str = "S", **second: object) -> dict[str, pd.DataFrame]:
    """Water 0.6 m beside a drain, two digs in one corridor, one of them in the heating season."""
    return frames(
        lines=[
            line("w", "W1", path((0, 0), (60, 0)), dig="d1"),
            line("s", line_class, path((0, 0.6), (60, 0.6)), **{"state": "in_service", **second}),
        ],
        digs=[
            dig("d1", path((0, 0), (60, 0)), "2026-08-01", "2026-08-20"),
            dig("d2", path((0, 1.0), (60, 1.0)), "2026-09-01", "2026-10-25", utility="RL", replaces="s"),
        ],
    )


def ids(where: dict[str, pd.DataFrame], **changes: object) -> dict[tuple[str, str, str, str], str]:
    listed = judge(where, parameters=replace(Parameters(), **changes)).listed  # type: ignore[arg-type]
    keys = zip(listed["kind"], listed["rule"], listed["thing_a"], listed["thing_b"].fillna(""), strict=True)
    return dict(zip(keys, listed["id"], strict=True))


def test_no_two_findings_share_an_id() -> None:
    listed = judge(scene()).listed
    assert len(listed) >= 4
    assert listed["id"].is_unique
    assert listed["id"].str.fullmatch(r"[0-9a-f]{64}").all()


@pytest.mark.parametrize("seed", range(4))
def test_rows_in_any_order_give_the_same_ids(seed: int) -> None:
    rng = np.random.default_rng(seed)
    mixed = {name: rows.iloc[rng.permutation(len(rows))] for name, rows in scene().items()}
    assert ids(mixed) == ids(scene())


@pytest.mark.parametrize(
    "second",
    [
        {"line_class": "W2", "utility": "JS"},
        {"outer_width_mm": 300.0},
        {"depth_start_m": 2.0},
        {"owner": "own-other"},
        {"geometry": path((0, 0.3), (60, 0.4))},
    ],
)
def test_another_class_size_depth_owner_or_course_leaves_the_id(second: dict[str, object]) -> None:
    before, after = ids(scene()), ids(scene(**second))
    pairs = [key for key in before if key[0] == "horizontal_clearance"]
    assert pairs
    for kind, rule, one, two in pairs:
        found = [name for key, name in after.items() if key[:2] == (kind, rule) and {*key[2:]} == {one, two}]
        assert found == [before[kind, rule, one, two]] or second.get("line_class") == "W2"


def test_other_dates_leave_the_id() -> None:
    later = scene()
    later["digs"]["window_end"] += pd.Timedelta(days=3)
    common = ids(scene()).keys() & ids(later).keys()
    assert any(key[0] in ("dug_twice", "season") for key in common)
    assert {key: ids(scene())[key] for key in common} == {key: ids(later)[key] for key in common}


def test_other_limits_leave_the_id() -> None:
    cell = {"table": "horizontal", "a": "W1", "b": "S", "condition": "", "min_m": 0.9}
    cells = pd.DataFrame([{**cell, "by": "王", "page": "1", "date": "2026-07-01"}])
    signed = judge(scene(), limits=read_limits(cells)).listed
    plain = judge(scene()).listed
    clear = [rows.loc[rows["kind"] == "horizontal_clearance", "id"].tolist() for rows in (signed, plain)]
    assert clear[0] == clear[1] != []


def test_the_two_things_of_a_pair_may_come_either_way_round() -> None:
    one = identities(["k"], ["r"], ["a"], ["b"])
    assert one == identities(["k"], ["r"], ["b"], ["a"])
    assert one != identities(["k"], ["s"], ["a"], ["b"])
    assert one != identities(["j"], ["r"], ["a"], ["b"])
    assert identities(["k"], ["r"], ["a"], [None]) == identities(["k"], ["r"], [None], ["a"])
    assert identities(["k"], ["r"], ["ab"], ["c"]) != identities(["k"], ["r"], ["a"], ["bc"])


def test_a_finding_about_a_building_keeps_its_id_when_the_house_grows() -> None:
    near = frames(lines=[line("h", "H", path((0, 0), (40, 0)))])
    first, second = (
        judge({**near, "buildings": buildings(("b", house(0, 1.5, 40, north)))}).listed
        for north in (10.0, 14.0)
    )
    mine = [rows.loc[rows["kind"] == FindingKind.HORIZONTAL, "id"].tolist() for rows in (first, second)]
    assert mine[0] == mine[1] != []
