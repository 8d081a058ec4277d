"""Nobody learns more of another's pipes than the stretch that a finding on their own dig concerns."""

import re
from datetime import date
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from geo.audience import INTERNAL, PUBLIC, Audience
from geo.coordination.cutting import MARGIN_M, STRETCH, Cut, cut, rounded, stretch_of
from geo.coordination.judging import follow
from geo.vocabulary import AudienceKind
from tests.coordination_scenes import EAST, NORTH, TODAY, buildings, dig, frames, house, judge, line, path
from tests.test_geo_sample import sample

GAS, WATER = (Audience(AudienceKind.UTILITY, owner=name) for name in ("own-gas", "own-water"))
SECRET_TEXTS = ("water-line", "water-dig", "gas-line", "gas-dig")


def scene(state: str = "submitted", **new: Any) -> dict[str, pd.DataFrame]:
    """A gas dig with its line beside a water pipe of somebody else that goes on far to both sides."""
    lines = [
        line("gas-line", "G2", path((0, 0), (20, 0)), owner="own-gas", dig="gas-dig", **new),
        line(
            "water-line", "W2", path((-80, 40), (-30, 0.4), (50, 0.4), (90, 60)), owner="own-water",
            state="in_service", outer_width_mm=300.0, outer_height_mm=300.0, nominal_diameter_mm=300.0,
        ),
    ]  # fmt: skip
    digs = [dig("gas-dig", path((0, 0), (20, 0)), "2026-08-01", "2026-08-20", owner="own-gas", state=state)]
    out = frames(lines, digs)
    out["owners"] = pd.DataFrame(
        {
            "id": ["own-gas", "own-water", "own-else"],
            "name": ["燃气", "供水", "别家"],
            "name_en": [None, None, None],
            "short_name": [None, None, None],
            "contact": ["1", "2", "3"],
        }
    )
    return out


def seen(where: dict[str, pd.DataFrame], audience: Audience, kind: str = "horizontal_clearance") -> Cut:
    listed = judge(where).listed
    return cut(listed[listed["kind"] == kind].reset_index(drop=True), where, audience)


def texts_of(found: Cut) -> str:
    """Everything that is written in what is handed out."""
    plain = [
        frame.drop(columns=["geometry", "worst"], errors="ignore")
        for frame in (found.findings, found.stretches)
    ]
    return "\n".join(frame.to_csv(index=False) for frame in plain)


def test_the_bureau_sees_all_and_the_public_nothing() -> None:
    where = scene()
    listed = judge(where).listed
    whole = cut(listed, where, INTERNAL)
    pd.testing.assert_frame_equal(whole.findings.drop(columns="hidden"), listed)
    assert (whole.findings["hidden"] == "").all() and whole.stretches.empty
    assert set(whole.parties["id"]) == {"own-gas", "own-water"}
    assert cut(listed, where, PUBLIC).findings.empty


def test_a_town_sees_the_findings_of_its_communities() -> None:
    where = scene()
    where["lines"]["community"] = "com-1"
    where["communities"] = pd.DataFrame({"id": ["com-1"], "town": ["t1"]})
    listed = judge(where).listed
    assert len(cut(listed, where, Audience(AudienceKind.TOWN, town="t1")).findings) == len(listed)
    assert cut(listed, where, Audience(AudienceKind.TOWN, town="t2")).findings.empty


def test_of_another_s_line_only_the_stretch_with_five_metres_to_each_end() -> None:
    found = seen(scene(), GAS)
    whole = seen(scene(), INTERNAL).findings.iloc[0]
    row = found.findings.iloc[0]
    assert row["geometry"].equals(whole["geometry"])
    stretch = found.stretches.iloc[0]
    low, _, high, _ = stretch["geometry"].bounds
    assert low == pytest.approx(EAST - MARGIN_M, abs=0.05)
    assert high == pytest.approx(EAST + 20 + MARGIN_M, abs=0.05)
    assert stretch[["owner", "utility"]].tolist() == ["own-water", "JS"]
    assert list(found.stretches.columns) == list(STRETCH)


def test_of_the_other_thing_no_id_size_class_or_figure_beyond_a_decimetre() -> None:
    found = seen(scene(), GAS)
    row = found.findings.iloc[0]
    assert (row["hidden"], row["class_b"], row["owner_b"]) == ("b", "JS", "own-water")
    assert pd.isna(row["thing_b"])
    assert not any(name in texts_of(found) for name in ("water-line", "W2", "300"))
    whole = seen(scene(), INTERNAL).findings.iloc[0]
    assert (whole["measured"], row["measured"]) == (pytest.approx(0.25), 0.2)
    assert row["required"] == whole["required"]


def test_contacts_of_those_alone_whom_a_finding_names() -> None:
    assert set(seen(scene(), GAS).parties["contact"]) == {"1", "2"}


@pytest.mark.parametrize("state", ["draft", "withdrawn"])
def test_a_dig_that_is_not_submitted_opens_nothing(state: str) -> None:
    found = seen(scene(state), GAS)
    assert found.stretches.empty
    assert "water-line" not in texts_of(found)


def test_the_owner_of_the_old_line_sees_its_own_stretch_and_nothing_of_the_new_one() -> None:
    where = scene()
    found = seen(where, WATER)
    row = found.findings.iloc[0]
    assert (row["hidden"], row["class_a"], row["thing_b"]) == ("a", "RQ", "water-line")
    assert pd.isna(row["thing_a"]) and found.stretches.empty
    own = where["lines"].set_index("id").loc["water-line", "geometry"]
    assert shapely.distance(shapely.points(shapely.get_coordinates(row["geometry"])), own).max() < 1e-6
    assert own.distance(row["worst"]) < 1e-6
    assert not any(name in texts_of(found) for name in ("gas-line", "gas-dig", "G2"))


def test_others_findings_are_not_seen_at_all() -> None:
    found = seen(scene(), Audience(AudienceKind.UTILITY, owner="own-else"))
    assert found.findings.empty and found.stretches.empty and found.parties.empty


def test_what_everybody_sees_stays_as_it_is() -> None:
    where = scene()
    where["buildings"] = buildings(("house", house(-5, -8, 25, -0.8)))
    found = cut(judge(where).listed, where, GAS).findings
    row = found[found["layer_b"] == "buildings"].iloc[0]
    assert (row["thing_b"], row["hidden"]) == ("house", "")
    assert row["measured"] == pytest.approx(0.8)


def test_a_crossing_gives_the_place_and_five_metres_of_the_other_line() -> None:
    where = frames(
        [
            line("gas-line", "G2", path((0, 0), (20, 0)), owner="own-gas", dig="gas-dig"),
            line("water-line", "W1", path((10, -40), (10, 40)), owner="own-water", state="in_service"),
        ],
        [dig("gas-dig", path((0, 0), (20, 0)), "2026-08-01", "2026-08-20", owner="own-gas")],
    )
    found = seen(where, GAS, "vertical_clearance")
    assert found.stretches["geometry"].length.tolist() == [pytest.approx(2 * MARGIN_M, abs=0.01)]
    other = seen(where, WATER, "vertical_clearance")
    assert other.stretches.empty
    assert other.findings["geometry"].geom_type.tolist() == ["Point"]


def test_another_s_dig_is_cut_as_its_lines_are() -> None:
    where = frames(
        digs=[
            dig("gas-dig", path((0, 0), (30, 0)), "2026-08-01", "2026-08-20", owner="own-gas"),
            dig("water-dig", path((-60, 1), (90, 1)), "2026-09-01", "2026-09-20", owner="own-water"),
        ]
    )
    found = seen(where, GAS, "opportunity")
    low, _, high, _ = found.stretches["geometry"].iloc[0].bounds
    assert low >= EAST - MARGIN_M - 2.0 and high <= EAST + 30 + MARGIN_M + 2.0
    assert "water-dig" not in texts_of(found)
    other = seen(where, WATER, "opportunity")
    assert other.stretches["owner"].tolist() == ["own-gas"]
    area = where["digs"].copy()
    area.loc[area["id"] == "water-dig", "geometry"] = house(-60, 0.6, 90, 1.4)
    found = seen({"digs": area}, GAS, "opportunity")
    low, _, high, _ = found.stretches["geometry"].iloc[0].bounds
    assert low >= EAST - MARGIN_M - 2.1 and high <= EAST + 30 + MARGIN_M + 2.1


def test_gates_name_one_s_own_digs_only() -> None:
    gate = [
        {
            "id": "gate",
            "kind": "gate",
            "community": "com-1",
            "geometry": shapely.Point(EAST, NORTH),
        }
    ]
    where = frames(
        digs=[
            dig("gas-dig", path((-5, 0), (5, 0)), "2026-08-01", "2026-08-20", owner="own-gas"),
            dig("water-dig", path((0, -5), (0, 5)), "2026-08-01", "2026-08-20", owner="own-water"),
        ],
        ground=gate,
    )
    listed = judge(where).listed
    listed = listed[listed["rule"] == "gates"].reset_index(drop=True)
    assert listed["reason"].tolist() == ["gas-dig,water-dig"]
    assert cut(listed, where, GAS).findings["reason"].tolist() == ["gas-dig"]
    assert cut(listed, where, Audience(AudienceKind.UTILITY, owner="own-else")).findings.empty


def test_the_record_s_grounds_are_not_told_where_something_is_hidden() -> None:
    where = scene()
    record = follow(None, judge(where).listed, TODAY)
    found = cut(record, where, GAS).findings
    assert found.loc[found["hidden"] != "", "basis"].isna().all()


@given(st.floats(0, 50, allow_nan=False))
def test_a_figure_is_never_finer_than_a_decimetre_and_never_greater(value: float) -> None:
    shown = float(rounded(np.array([value]))[0])
    assert shown * 10 == pytest.approx(round(shown * 10), abs=1e-6)
    assert value - 0.1 - 1e-6 <= shown <= value + 1e-6


COORDINATES = st.tuples(st.integers(-400, 400), st.integers(-400, 400))
PATHS = st.lists(COORDINATES, min_size=2, max_size=9, unique=True)


def networks(points: list[tuple[int, int]]) -> shapely.LineString:
    return path(*[(x / 10, y / 10) for x, y in points])


@settings(max_examples=60, deadline=None, phases=(Phase.explicit, Phase.reuse, Phase.generate))
@given(PATHS, PATHS, st.sampled_from(["submitted", "draft"]))
def test_nothing_else_of_the_other_s_place_can_be_got(
    own: list[tuple[int, int]], others: list[tuple[int, int]], state: str
) -> None:
    where = frames(
        [
            line("gas-line", "G2", networks(own), owner="own-gas", dig="gas-dig", outer_width_mm=100.0),
            line(
                "water-line",
                "W1",
                networks(others),
                owner="own-water",
                state="in_service",
                outer_width_mm=200.0,
            ),
        ],
        [dig("gas-dig", networks(own), "2026-08-01", "2026-08-20", owner="own-gas", state=state)],
    )
    listed = judge(where).listed
    found = cut(listed, where, GAS)
    mine, other = networks(own), networks(others)
    for column in ("geometry", "worst"):
        shapes = found.findings[column].dropna()
        corners = shapely.points(shapely.get_coordinates(np.asarray(shapes.array)))
        assert (shapely.distance(corners, mine) <= 2e-3).all()
    assert state == "submitted" or found.stretches.empty
    stretches = shapely.union_all(np.asarray(found.stretches.geometry.array))
    given_away = shapely.points(shapely.get_coordinates(stretches)) if not stretches.is_empty else np.empty(0)
    # the widest limit between the two, with both half widths, and a zone of 0.5 m from the trench
    far = 0.5 + 0.15 + 0.4 + MARGIN_M
    vertices = shapely.points(shapely.get_coordinates(other))
    beyond = vertices[shapely.distance(vertices, mine) > far + 1.0]
    for vertex in beyond:
        assert not len(given_away) or shapely.distance(vertex, given_away).min() > 1e-3
    longest = listed["length_m"].fillna(0).sum() if len(listed) else 0.0
    assert found.stretches.geometry.length.sum() <= 40 * (longest + 2 * MARGIN_M + 10)
    assert "water-line" not in texts_of(found)


@settings(max_examples=150, deadline=None, phases=(Phase.explicit, Phase.reuse, Phase.generate))
@given(PATHS, st.floats(0, 1), st.floats(0, 1), st.floats(0, 6))
def test_a_stretch_is_part_of_its_line_and_no_longer_than_asked(
    points: list[tuple[int, int]], one: float, other: float, margin: float
) -> None:
    whole = networks(points)
    low, high = sorted((one, other))
    concerned = shapely.ops.substring(whole, low, high, normalized=True)
    found = stretch_of(whole, concerned, margin)
    corners = shapely.points(shapely.get_coordinates(found))
    assert (shapely.distance(corners, whole) < 1e-6).all()
    assert found.covers(concerned) or found.distance(concerned) < 1e-6
    near = shapely.buffer(concerned, margin + 0.01, quad_segs=64)
    assert shapely.difference(found, near).length < 1e-6


def test_no_place_no_stretch() -> None:
    whole = path((0, 0), (10, 0))
    assert stretch_of(None, whole, 5.0).is_empty
    assert stretch_of(whole, None, 5.0).is_empty
    empty = gpd.GeoSeries([shapely.LineString()])
    assert stretch_of(whole, empty.iloc[0], 5.0).is_empty


def test_nobody_reads_another_s_ids_in_the_sample_district() -> None:
    where = sample()
    listed = judge(where, today=date(2026, 7, 15)).listed
    for owner in where["owners"]["id"]:
        found = cut(listed, where, Audience(AudienceKind.UTILITY, owner=owner))
        text = texts_of(found)
        for layer in ("lines", "digs", "nodes"):
            others = where[layer][(where[layer]["owner"] != owner).fillna(True).to_numpy(dtype=bool)]
            named = set(others["id"]) & set(re.split(r"[,\n\"]", text))
            assert not named, (owner, layer, sorted(named)[:3])
        assert (found.stretches["owner"] != owner).all()
