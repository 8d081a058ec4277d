"""Clearances: every cell of the tables just under, at and just over; unknown, exempt and not applicable."""

import itertools
from functools import cache

import numpy as np
import pandas as pd
import pytest
import shapely
from shapely import affinity

from geo.coordination.findings import COLUMNS
from geo.coordination.parameters import Parameters
from geo.kinds import read_table
from geo.layers import LINES as LINE_LAYER
from tests.coordination_scenes import (
    EAST,
    NORTH,
    apart,
    buildings,
    by_scene,
    dig,
    frames,
    house,
    judge,
    layer,
    line,
    of_kind,
    only,
    path,
)

H, V, COVER = "horizontal_clearance", "vertical_clearance", "cover"
HORIZONTAL, VERTICAL = read_table("clearance_horizontal"), read_table("clearance_vertical")
CLASSES = {"W1", "W2", "S", "R", "G0", "G1", "G2", "G3", "G4", "H", "E1", "E2", "T1", "T2", "C"}
GROUND = {"TR": "tree", "P1": "pole", "K": "kerb"}
CONDITION = {
    "": {},
    "nominal_diameter_mm<=300": {"nominal_diameter_mm": 300.0},
    "nominal_diameter_mm>300": {"nominal_diameter_mm": 301.0},
    "voltage_kv<35": {"voltage_kv": 10.0},
    "voltage_kv>=35": {"voltage_kv": 35.0},
}
JUDGED = [
    (number, row)
    for number, row in enumerate(HORIZONTAL)
    if {row["a"], row["b"]} & CLASSES and {row["a"], row["b"]} <= CLASSES | {"B", *GROUND}
]
FAMILY = {"W": "W1", "G": "G2"}


def beside(row: dict[str, str], gap: float):
    """A planned line of class b (a where b is no line) and the other thing ``gap`` metres north of it."""
    one, other = (row["b"], row["a"]) if row["b"] in CLASSES else (row["a"], row["b"])
    asked = CONDITION[row["condition"]]
    lines = [line("new", one, path((0, 0), (40, 0)), **asked)]
    if other == "B":
        return frames(lines, buildings=buildings(("house", house(10, gap, 30, gap + 8))))
    if other in GROUND:
        shape = path((5, gap), (35, gap)) if other == "K" else shapely.Point(EAST + 20, NORTH + gap)
        return frames(
            lines, ground=[{"id": "thing", "kind": GROUND[other], "width_m": 0.0, "geometry": shape}]
        )
    lines.append(line("old", other, path((5, gap), (35, gap)), state="in_service", **asked))
    return frames(lines)


GAPS = ((-0.0015, "fail"), (-0.0005, "pass"), (0.0, "pass"), (0.0015, "pass"))


@cache
def across() -> dict[int, list[pd.Series]]:
    """Every judged cell of the horizontal table at every gap, four scenes to a cell."""
    scenes = [beside(row, float(row["min_m"] or 0) + more) for _, row in JUDGED for more, _ in GAPS]
    return by_scene(judge(apart(scenes)), H)


@pytest.mark.parametrize(
    "place", range(len(JUDGED)), ids=[f"{r['a']}-{r['b']}-{r['condition']}" for _, r in JUDGED]
)
def test_every_horizontal_cell(place: int) -> None:
    row = JUDGED[place][1]
    found = [across().get(4 * place + step, []) for step in range(4)]
    if row["min_m"] == "":
        assert [each["verdict"] for each in found[2]] == ["not_applicable"], "counted where they touch"
        assert all(each["verdict"] == "not_applicable" for rows in found for each in rows)
        return
    for rows, (_, verdict) in zip(found[:2], GAPS, strict=False):
        assert [each["verdict"] for each in rows] == [verdict]
    assert all(each["verdict"] == "pass" for rows in found[2:] for each in rows), "at and over the limit"
    limit, least = float(row["min_m"]), found[0][0]
    assert least["measured"] == pytest.approx(limit - 0.0015, abs=1e-6)
    assert (least["required"], least["clause"], least["unit"]) == (limit, "4.1.9", "m")
    assert least["provenance"] == row["provenance"]
    assert least["worst"].distance(least["geometry"]) < 1e-6
    assert least["length_m"] == pytest.approx(least["geometry"].length, abs=1e-6)


def crossing(a: str, b: str, gap: float, **columns: object):
    """A line of class b ``gap`` metres below the underside of a line of class a, at right angles."""
    return frames(
        [
            line("new", a, path((0, 0), (40, 0)), depth_start_m=1.0, depth_end_m=1.0, outer_height_mm=200.0),
            line(
                "old",
                b,
                path((20, -20), (20, 20)),
                state="in_service",
                **{"depth_start_m": 1.2 + gap, "depth_end_m": 1.2 + gap, **columns},
            ),
        ]
    )


CROSSED = [
    row
    for row in VERTICAL
    if FAMILY.get(row["a"], row["a"]) in CLASSES and FAMILY.get(row["b"], row["b"]) in CLASSES
]


def crossed_classes(row: dict[str, str]) -> tuple[str, str]:
    return FAMILY.get(row["a"], row["a"]), FAMILY.get(row["b"], row["b"])


@cache
def over() -> tuple[dict[int, list[pd.Series]], dict[int, list[pd.Series]]]:
    """Every judged cell of the vertical table at every gap, either class above: eight scenes to a cell."""
    scenes = []
    for row in CROSSED:
        a, b = crossed_classes(row)
        for more, _ in GAPS:
            scenes += [crossing(one, two, float(row["min_m"]) + more) for one, two in ((a, b), (b, a))]
    found = judge(apart(scenes))
    return by_scene(found, V), by_scene(found, H)


@pytest.mark.parametrize("place", range(len(CROSSED)), ids=[f"{r['a']}-{r['b']}" for r in CROSSED])
def test_every_vertical_cell(place: int) -> None:
    row, limit = CROSSED[place], float(CROSSED[place]["min_m"])
    vertical, horizontal = over()
    for step, (_, verdict) in enumerate(GAPS):
        for side in range(2):
            scene = 8 * place + 2 * step + side
            assert [each["verdict"] for each in vertical[scene]] == [verdict]
            assert all(each["verdict"] not in {"fail", "unknown"} for each in horizontal.get(scene, []))
    found = vertical[8 * place][0]
    assert found["measured"] == pytest.approx(limit - 0.0015, abs=1e-9)
    assert (found["required"], found["clause"], found["provenance"]) == (limit, "4.1.14", row["provenance"])
    assert found["geometry"].geom_type == "Point"


def test_edges_not_centre_lines() -> None:
    """W1 and S, 1.0 m: centre lines 1.29 m apart, 200 and 400 mm wide, leave 0.99 m."""
    new = line("new", "W1", path((0, 0), (40, 0)), outer_width_mm=200.0)
    old = line("old", "S", path((0, 1.29), (40, 1.29)), state="in_service", outer_width_mm=400.0)
    found = only(judge(frames([new, old])), H)
    assert (found["verdict"], found["measured"]) == ("fail", pytest.approx(0.99))
    assert found["length_m"] == pytest.approx(40, abs=1e-6)


@pytest.mark.parametrize(
    ("gap", "verdict"), [(0.9, "fail"), (1.2, "unknown"), (1.49, "unknown"), (1.51, "pass")]
)
def test_a_size_that_is_not_known(gap: float, verdict: str) -> None:
    new = line("new", "W1", path((0, 0), (40, 0)), outer_width_mm=None)
    old = line("old", "S", path((0, gap), (40, gap)), state="in_service")
    rows = of_kind(judge(frames([new, old])), H)
    assert list(rows["verdict"]) in ([verdict], [] if verdict == "pass" else [verdict])


@pytest.mark.parametrize(
    ("gap", "verdict"), [(0.39, "fail"), (0.45, "unknown"), (0.4995, "pass"), (0.6, "pass")]
)
def test_gas_beside_gas_goes_by_the_larger_diameter(gap: float, verdict: str) -> None:
    def lines(one: float | None, two: float | None):
        return frames(
            [
                line("new", "G1", path((0, 0), (40, 0)), nominal_diameter_mm=one),
                line("old", "G2", path((0, gap), (40, gap)), state="in_service", nominal_diameter_mm=two),
            ]
        )

    expected = [verdict] if gap < 0.5 else []
    assert list(of_kind(judge(lines(100, None)), H)["verdict"]) == expected
    if gap == 0.45:
        assert only(judge(lines(100, 315)), H)["verdict"] == "fail"
        assert not len(of_kind(judge(lines(100, 300)), H).query("verdict != 'pass'"))
        assert only(judge(lines(315, None)), H)["verdict"] == "fail"


def test_gas_of_unknown_pressure_beside_a_wall() -> None:
    def at(gap: float) -> str:
        gas = line("new", None, path((0, 0), (40, 0)), utility="RQ")
        return only(judge(frames([gas], buildings=buildings(("b", house(0, gap, 40, gap + 9))))), H)[
            "verdict"
        ]

    assert at(0.65) == "fail", "too near for every pressure"
    assert at(3.0) == "unknown", "near enough for low pressure only"


def test_a_line_inside_a_building_fails_at_nought() -> None:
    new = line("new", "W1", path((0, 0), (40, 0)))
    found = only(judge(frames([new], buildings=buildings(("b", house(10, -20, 30, 20))))), H)
    assert (found["verdict"], found["measured"]) == ("fail", 0.0)
    assert found["length_m"] == pytest.approx(22, abs=1e-6), "20 m below the building, 1 m to each side"


def test_the_stretch_and_only_the_stretch() -> None:
    """Parallel at 0.5 m for 10 m, then away at a right angle: the stretch ends where 1.0 m is reached."""
    new = line("new", "W1", path((0, 0), (40, 0)))
    old = line("old", "S", path((0, 10), (0, 0.5), (10, 0.5), (10, 10)), state="in_service")
    found = only(judge(frames([new, old])), H)
    assert found["length_m"] == pytest.approx(10 + np.sqrt(0.75), abs=1e-6)
    assert found["measured"] == pytest.approx(0.5)


@pytest.mark.parametrize("angle", [90, 60, 30, 10])
def test_a_straight_crossing_is_exempt_at_any_angle(angle: float) -> None:
    new = line("new", "W1", path((-60, 0), (60, 0)), outer_width_mm=100.0)
    old = line(
        "old",
        "S",
        affinity.rotate(path((-60, 0), (60, 0)), angle, origin=(EAST, NORTH)),
        state="in_service",
        depth_start_m=3.0,
        depth_end_m=3.0,
        outer_width_mm=300.0,
    )
    found = judge(frames([new, old]))
    assert (only(found, H)["verdict"], only(found, H)["reason"]) == ("exempt", "crossing")
    assert only(found, V)["verdict"] == "pass"


def test_a_parallel_run_beyond_the_approach_fails() -> None:
    new = line("new", "W1", path((0, 0), (40, 0)))
    old = line(
        "old",
        "S",
        path((5, -10), (5, 0.6), (30, 0.6)),
        state="in_service",
        depth_start_m=3.0,
        depth_end_m=3.0,
    )
    found = only(judge(frames([new, old])), H)
    assert found["verdict"] == "fail"
    assert found["measured"] == pytest.approx(0.6)
    assert found["length_m"] == pytest.approx(25 + 0.8 - 1.0, abs=1e-6), (
        "what lies beyond 1.0 m of the crossing"
    )


def test_survey_segments_cross_like_one_line() -> None:
    """The crossed line in pieces of 0.4 m: no piece fails for the crossing of its neighbour."""
    ys = np.round(np.arange(-4.0, 4.01, 0.4), 6)
    pieces = [
        line(
            f"s{n:02d}",
            "S",
            path((20, a), (20, b)),
            state="in_service",
            owner="own-s",
            depth_start_m=3.0,
            depth_end_m=3.0,
        )
        for n, (a, b) in enumerate(itertools.pairwise(ys.tolist()))
    ]
    for cut in (0.0, 19.9, 20.0):
        new = (
            [line("new", "W1", path((0, 0), (40, 0)))]
            if not cut
            else [
                line("new1", "W1", path((0, 0), (cut, 0)), owner="w"),
                line("new2", "W1", path((cut, 0), (40, 0)), owner="w"),
            ]
        )
        rows = of_kind(judge(frames([*new, *pieces])), H)
        assert set(rows["verdict"]) <= {"exempt", "pass", "not_applicable"}, rows[
            ["thing_a", "thing_b", "verdict", "measured"]
        ]


def test_splitting_a_line_loses_no_finding() -> None:
    old = line("old", "S", path((0, 0.5), (40, 0.5)), state="in_service")
    whole = only(judge(frames([line("new", "W1", path((0, 0), (40, 0))), old])), H)
    halves = [line("n1", "W1", path((0, 0), (17, 0))), line("n2", "W1", path((17, 0), (40, 0)))]
    parts = of_kind(judge(frames([*halves, old])), H).query("verdict == 'fail'")
    assert parts["length_m"].sum() == pytest.approx(whole["length_m"], abs=1e-6)


def test_a_branch_joins_its_main_and_a_line_goes_on_in_the_next_segment() -> None:
    main = line(
        "main", "G1", path((0, 0), (40, 0)), state="in_service", owner="gas", nominal_diameter_mm=100.0
    )
    branch = line(
        "branch", "G1", path((20, 0), (20, 15)), owner="gas", connects_to="main", nominal_diameter_mm=100.0
    )
    further = line("further", "G1", path((20, 15), (35, 15)), owner="gas", nominal_diameter_mm=100.0)
    found = judge(frames([main, branch, further]))
    assert set(zip(of_kind(found, H)["verdict"], of_kind(found, H)["reason"], strict=True)) == {
        ("exempt", "junction")
    }
    assert not len(of_kind(found, V)), "a joint is no crossing"


def test_a_branch_that_runs_on_beside_its_main_fails() -> None:
    main = line(
        "main", "G1", path((0, 0), (40, 0)), state="in_service", owner="gas", nominal_diameter_mm=100.0
    )
    branch = line(
        "branch",
        "G1",
        path((5, 0), (5, 0.3), (30, 0.3)),
        owner="gas",
        connects_to="main",
        nominal_diameter_mm=90.0,
    )
    assert only(judge(frames([main, branch])), H)["verdict"] == "fail"


def test_the_last_stretch_into_the_building_served() -> None:
    into = path((10, -10), (10, 2))
    found = [
        only(
            judge(
                frames(
                    [line("new", "W1", into, serves_building=served)],
                    buildings=buildings(("b", house(0, 0, 30, 12))),
                )
            ),
            H,
        )
        for served in ("b", None)
    ]
    assert (found[0]["verdict"], found[0]["reason"]) == ("exempt", "service")
    assert found[1]["verdict"] == "fail"
    along = line("new", "W1", path((25, -0.4), (5, -0.4), (5, 0)), serves_building="b")
    run = only(judge(frames([along], buildings=buildings(("b", house(0, 0, 30, 12))))), H)
    assert run["verdict"] == "fail", "a run along the façade is no last stretch"


def test_a_replaced_line_counts_until_it_is_taken_out_of_service() -> None:
    old = line("old", "S", path((0, 0), (40, 0)), state="to_abandon")
    new = line("new", "S", path((0, 0.2), (40, 0.2)), replaces="old", dig="d1")
    water = line("water", "W1", path((0, -0.6), (40, -0.6)), dig="d2")
    digs = [
        dig("d1", path((0, 0), (40, 0)), "2026-08-01", "2026-08-20"),
        dig("d2", path((0, 0), (40, 0)), "2026-08-20", "2026-09-01"),
    ]

    def verdicts(start: str) -> dict[tuple[str, str], tuple[str, str]]:
        later = [digs[0], digs[1] | {"window_start": start}]
        rows = of_kind(judge(frames([old, new, water], digs=later)), H)
        return {tuple(sorted((r.thing_a, r.thing_b))): (r.verdict, r.reason) for r in rows.itertuples()}

    assert verdicts("2026-08-20")["old", "water"][0] == "fail", (
        "closed intervals: still in service on that day"
    )
    assert verdicts("2026-08-21")["old", "water"] == ("exempt", "gone_before")
    assert verdicts("2026-08-21")["new", "water"][0] == "fail"


def test_lines_that_are_no_longer_there_or_not_below_the_ground() -> None:
    new = line("new", "W1", path((0, 0), (40, 0)))
    for columns in ({"state": "abandoned"}, {"state": "removed"}, {"state": "in_service", "laying": "JK"}):
        assert not len(
            of_kind(judge(frames([new, line("old", "S", path((0, 0.3), (40, 0.3)), **columns)])), H)
        )
    withdrawn = dig("d", path((0, 0), (40, 0)), "2026-08-01", "2026-08-02", state="withdrawn")
    other = line("other", "S", path((0, 0.3), (40, 0.3)), dig="d")
    assert not len(of_kind(judge(frames([new, other], digs=[withdrawn])), H))


def test_existing_beside_existing_only_on_request() -> None:
    lines = [
        line(n, c, path((0, y), (40, y)), state="in_service") for n, c, y in (("a", "W1", 0), ("b", "S", 0.4))
    ]
    assert not len(of_kind(judge(frames(lines)), H))
    assert only(judge(frames(lines), parameters=Parameters(existing_too=True)), H)["verdict"] == "fail"


@pytest.mark.parametrize(
    ("upper", "lower", "verdict"),
    [
        ({}, {"outer_height_mm": None}, "pass"),
        ({"outer_height_mm": None}, {}, "unknown"),
        ({"depth_start_m": None}, {}, "unknown"),
        (
            {"outer_height_mm": None},
            {"depth_start_m": 1.1, "depth_end_m": 1.1, "outer_height_mm": None},
            "fail",
        ),
        (
            {},
            {
                "depth_reference": "invert",
                "depth_start_m": 1.75,
                "depth_end_m": 1.75,
                "outer_height_mm": 300.0,
            },
            "fail",
        ),
        (
            {},
            {
                "depth_reference": "invert",
                "depth_start_m": 1.95,
                "depth_end_m": 1.95,
                "outer_height_mm": 300.0,
            },
            "pass",
        ),
        (
            {},
            {
                "depth_reference": "invert",
                "depth_start_m": 1.95,
                "depth_end_m": 1.95,
                "outer_height_mm": None,
            },
            "unknown",
        ),
    ],
)
def test_what_is_missing_at_a_crossing(
    upper: dict[str, object], lower: dict[str, object], verdict: str
) -> None:
    """Water over a drain, 0.40 m; the water's underside is at 1.2 m."""
    new = line(
        "new",
        "W1",
        path((0, 0), (40, 0)),
        **{"depth_start_m": 1.0, "depth_end_m": 1.0, "outer_height_mm": 200.0, **upper},
    )
    old = line(
        "old",
        "S",
        path((20, -20), (20, 20)),
        state="in_service",
        **{"depth_start_m": 1.7, "depth_end_m": 1.7, **lower},
    )
    assert only(judge(frames([new, old])), V)["verdict"] == verdict


def test_depth_is_interpolated_by_length_over_the_whole_line() -> None:
    """Falls from 1 m to 3 m over 40 m with a bend; at the crossing, 30 m on, it is 2.5 m deep."""
    new = line("new", "W1", path((0, 0), (20, 0), (20, 20)), depth_start_m=1.0, depth_end_m=3.0)
    old = line("old", "S", path((0, 10), (40, 10)), state="in_service", depth_start_m=2.8, depth_end_m=2.8)
    assert only(judge(frames([new, old])), V)["measured"] == pytest.approx(0.3)


def shifted(rows, move):
    return [row | {"geometry": move(row["geometry"])} for row in rows]


MOVES = {
    "translation": lambda g: affinity.translate(g, 1234.5, -987.25),
    "rotation": lambda g: affinity.rotate(g, 33.3, origin=(EAST, NORTH)),
    "reversal": shapely.reverse,
}


@pytest.mark.parametrize("move", list(MOVES))
def test_findings_move_with_the_ground(move: str) -> None:
    rng = np.random.default_rng(4)
    rows = random_lines(rng)
    if move == "reversal":
        rows = [r | {"depth_start_m": 1.5, "depth_end_m": 1.5} for r in rows]
    plain, moved = judge(frames(rows)).listed, judge(frames(shifted(rows, MOVES[move]))).listed
    columns = ["id", "verdict", "measured", "required", "length_m"]
    assert len(plain) > 20
    assert plain["id"].tolist() == moved["id"].tolist()
    assert plain["verdict"].tolist() == moved["verdict"].tolist()
    for column in columns[2:]:
        np.testing.assert_allclose(plain[column].astype(float), moved[column].astype(float), atol=1e-5)


def random_lines(rng: np.random.Generator) -> list[dict[str, object]]:
    classes = ["W1", "S", "G1", "H", "E1", "T2"]
    out = []
    for n in range(60):
        start, way = rng.uniform(0, 60, 2), rng.uniform(0, 2 * np.pi)
        end = start + rng.uniform(10, 40) * np.array([np.cos(way), np.sin(way)])
        out.append(
            line(
                f"l{n:02d}",
                classes[n % 6],
                path(tuple(start), tuple(end)),
                state="planned" if n % 3 else "in_service",
                outer_width_mm=float(rng.integers(50, 400)),
                depth_start_m=float(rng.uniform(0.6, 2)),
                depth_end_m=float(rng.uniform(0.6, 2)),
                outer_height_mm=200.0,
            )
        )
    return out


def test_the_order_of_rows_changes_nothing() -> None:
    rng = np.random.default_rng(5)
    rows = random_lines(rng)
    plain, mixed = judge(frames(rows)), judge(frames([rows[n] for n in rng.permutation(len(rows))]))
    assert plain.listed["id"].tolist() == mixed.listed["id"].tolist()
    assert plain.counts.equals(mixed.counts)
    np.testing.assert_allclose(plain.listed["length_m"], mixed.listed["length_m"], atol=1e-9)


def test_one_finding_has_every_column_and_an_identity_that_survives_an_edit() -> None:
    rows = [
        line("new", "W1", path((0, 0), (40, 0)), community="com-1"),
        line("old", "S", path((0, 0.5), (40, 0.5)), state="in_service"),
    ]
    first = judge(frames(rows)).listed
    assert tuple(first.columns) == COLUMNS
    assert first.crs is not None
    moved = judge(
        frames([rows[0] | {"geometry": path((1, 0.1), (39, 0.1)), "line_class": "W2"}, rows[1]])
    ).listed
    assert moved["id"].tolist() == first["id"].tolist()
    assert first["geometry"].iloc[0].geom_type == "MultiLineString"
    assert first["community"].iloc[0] == "com-1"


COVERED = [
    ("W1", 1.18, "frost"),
    ("S", 1.03, "frost"),
    ("E1", 0.70, "4.1.1"),
    ("E2", 0.50, "4.1.1"),
    ("T1", 0.60, "4.1.1"),
    ("T2", 0.50, "4.1.1"),
    ("H", 0.70, "4.1.1"),
    ("G1", 0.60, "4.1.1"),
    ("W1", 0.60, "4.1.1"),
    ("R", 0.60, "4.1.1"),
]


@pytest.mark.parametrize(("line_class", "limit", "rule"), COVERED)
def test_cover_beside_the_carriageway(line_class: str, limit: float, rule: str) -> None:
    for cover, verdict in (
        (limit - 0.0015, None),
        (limit - 0.0005, "pass"),
        (limit, "pass"),
        (limit + 0.0015, "pass"),
    ):
        new = line("new", line_class, path((0, 0), (40, 0)), depth_start_m=2.0, depth_end_m=cover)
        found = only(judge(frames([new])), COVER, rule)
        assert found["verdict"] == (
            verdict or ("needs_review" if (line_class, rule) == ("S", "frost") else "fail")
        )
        assert found["measured"] == pytest.approx(cover)
        assert found["required"] == limit


@pytest.mark.parametrize(
    ("line_class", "limit"),
    [
        ("W1", 0.7),
        ("S", 0.7),
        ("E1", 1.0),
        ("E2", 0.5),
        ("T1", 0.9),
        ("T2", 0.6),
        ("H", 1.0),
        ("G1", 0.9),
        ("R", 0.7),
        ("C", 0.5),
    ],
)
def test_cover_below_a_carriageway(line_class: str, limit: float) -> None:
    lane = [{"id": "lane", "kind": "lane", "geometry": house(-5, -3, 45, 3)}]
    for cover, verdict in ((limit - 0.0015, "fail"), (limit, "pass")):
        new = line("new", line_class, path((0, 0), (40, 0)), depth_start_m=cover, depth_end_m=cover)
        assert only(judge(frames([new], ground=lane)), COVER, "4.1.1")["verdict"] == verdict


def test_cover_of_gas_in_a_courtyard_and_of_what_has_no_limit_or_no_depth() -> None:
    def gas(material: str | None, cover: float | None) -> str:
        new = line(
            "new",
            "G0",
            path((0, 0), (40, 0)),
            community="com-1",
            material=material,
            depth_start_m=cover,
            depth_end_m=cover,
        )
        return only(judge(frames([new])), COVER, "4.1.1")["verdict"]

    assert [
        gas("G", 0.29),
        gas("G", 0.31),
        gas("PE", 0.49),
        gas("PE", 0.5),
        gas(None, 0.4),
        gas("PE", None),
    ] == ["fail", "pass", "fail", "pass", "unknown", "unknown"]
    duct = line("new", "C", path((0, 0), (40, 0)), depth_start_m=0.1, depth_end_m=0.1)
    assert only(judge(frames([duct])), COVER, "4.1.1")["verdict"] == "not_applicable"
    drain = line("new", "S", path((0, 0), (40, 0)), depth_reference="invert", outer_height_mm=500.0)
    assert only(judge(frames([drain])), COVER, "4.1.1")["measured"] == pytest.approx(1.0)


def test_layers_of_no_rows_give_no_findings() -> None:
    found = judge({"lines": layer([line("x", "S", path((0, 0), (1, 0)))], LINE_LAYER).iloc[:0]})
    assert found.listed.empty
    assert judge({}).counts.empty
