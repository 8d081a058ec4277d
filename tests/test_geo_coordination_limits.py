"""Limits are the tables' own cells: symmetric, with their provenance, and never more certain than the
attributes."""

import numpy as np
import pandas as pd
import pytest

from geo.coordination.classes import GAS, GROUPS, LINES, POWER, UNKNOWN, WATER, label, line_groups, place_of
from geo.coordination.limits import read_limits
from geo.errors import BadInput
from geo.kinds import read_table

LIMITS = read_limits()
HORIZONTAL = read_table("clearance_horizontal")
VERTICAL = read_table("clearance_vertical")
FAMILY = {"W": WATER, "G": GAS}


def code(name: str) -> np.ndarray:
    return np.array([place_of((name,))])


def conditions(text: str) -> tuple[np.ndarray | None, np.ndarray | None]:
    known = {
        "": (None, None),
        "nominal_diameter_mm<=300": (300, None),
        "nominal_diameter_mm>300": (301, None),
        "voltage_kv<35": (None, 34.9),
        "voltage_kv>=35": (None, 35),
        "voltage_kv<=330": (None, 330),
        "voltage_kv>330": (None, 331),
    }
    size, volts = known[text]
    return (None if size is None else np.array([size], float)), (
        None if volts is None else np.array([volts], float)
    )


@pytest.mark.parametrize("row", range(len(HORIZONTAL)))
def test_every_horizontal_cell_both_ways_round(row: int) -> None:
    cell = HORIZONTAL[row]
    if (
        cell["a"] == cell["b"] == ""
        or "electrified" in cell["condition"]
        or (cell["a"], cell["b"]) == ("H", "P3")
    ):
        return
    for a, b in ((cell["a"], cell["b"]), (cell["b"], cell["a"])):
        found = LIMITS.horizontal_of(code(a), code(b), *conditions(cell["condition"]))
        assert found.row[0] == row
        assert found.applies[0] == (cell["min_m"] != "")
        if cell["min_m"]:
            assert found.low[0] == found.high[0] == float(cell["min_m"])


@pytest.mark.parametrize("row", range(len(VERTICAL)))
def test_every_vertical_cell_for_every_class_of_its_families(row: int) -> None:
    cell = VERTICAL[row]
    for a in FAMILY.get(cell["a"], (cell["a"],)):
        for b in FAMILY.get(cell["b"], (cell["b"],)):
            for one, two in ((a, b), (b, a)):
                found = LIMITS.vertical_of(code(one), code(two))
                assert found.low[0] == found.high[0] == float(cell["min_m"])


def test_an_open_condition_leaves_both_limits_open() -> None:
    gas = LIMITS.horizontal_of(code("G0"), code("G2"), np.array([np.nan]))
    assert (gas.low[0], gas.high[0]) == (0.4, 0.5)
    railway = LIMITS.horizontal_of(code("E1"), code("RW"))
    assert (railway.low[0], railway.high[0]) == (3.0, 10.0)
    cable = LIMITS.horizontal_of(code("T2"), code("E1"), None, np.array([np.nan]))
    assert (cable.low[0], cable.high[0]) == (0.5, 2.0)
    tower = LIMITS.horizontal_of(code("H"), code("P3"))
    assert (tower.low[0], tower.high[0]) == (3.0, 5.0)


def test_an_open_class_takes_the_least_and_the_greatest_of_what_it_may_be() -> None:
    gas, wall = np.array([place_of(GAS)]), code("B")
    found = LIMITS.horizontal_of(gas, wall)
    assert (found.low[0], found.high[0]) == (0.7, 13.5)
    water = LIMITS.horizontal_of(np.array([place_of(WATER)]), code("S"))
    assert (water.low[0], water.high[0]) == (1.0, 1.5)
    blank = LIMITS.horizontal_of(np.array([place_of(WATER)]), code("W1"))
    assert not blank.applies[0]


def test_a_pair_without_any_row_has_no_greatest_limit() -> None:
    found = LIMITS.vertical_of(code("C"), code("TR"))
    assert found.row[0] == -1
    assert np.isinf(found.high[0])
    assert found.applies[0]


def test_every_pair_of_line_classes_is_symmetric() -> None:
    codes = np.arange(len(GROUPS))
    a, b = (side.ravel() for side in np.meshgrid(codes, codes))
    for look in (LIMITS.horizontal_of, LIMITS.vertical_of):
        there, back = look(a, b), look(b, a)
        assert (there.low == back.low).all()
        assert (there.high == back.high).all()
        assert (there.applies == back.applies).all()


def test_a_signed_cell_replaces_the_tables_own_and_makes_a_new_version() -> None:
    cell = {
        "table": "horizontal",
        "a": "S",
        "b": "W1",
        "condition": None,
        "min_m": 1.2,
        "by": "工程师",
        "page": "p. 14",
        "date": "2026-07-01",
    }
    signed = read_limits(pd.DataFrame([cell]))
    found = signed.horizontal_of(code("W1"), code("S"))
    assert found.high[0] == 1.2
    row = signed.horizontal.iloc[found.row[0]]
    assert row["provenance"] == "signed"
    assert "p. 14" in row["reference"]
    assert signed.version != LIMITS.version
    assert read_limits().version == LIMITS.version


@pytest.mark.parametrize(
    "cell", [{"table": "sideways"}, {"table": "horizontal", "b": "XX"}, {"table": "cover", "b": "roof"}]
)
def test_a_cell_that_no_table_has_cannot_be_signed(cell: dict[str, str]) -> None:
    base = {
        "table": "horizontal",
        "a": "W1",
        "b": "S",
        "condition": None,
        "min_m": 1,
        "by": "x",
        "page": "1",
        "date": "d",
    }
    with pytest.raises(BadInput):
        read_limits(pd.DataFrame([base | cell]))


def line_of(**columns: object) -> str:
    base = {
        "line_class": None,
        "utility": None,
        "kind": None,
        "laying": None,
        "pressure_mpa": None,
        "nominal_diameter_mm": None,
        "voltage_kv": None,
    }
    return label(int(line_groups(pd.DataFrame([base | columns]))[0]))


@pytest.mark.parametrize(
    ("columns", "wanted"),
    [
        ({"utility": "JS", "kind": "JP", "nominal_diameter_mm": 200}, "W1"),
        ({"utility": "JS", "kind": "JP", "nominal_diameter_mm": 201}, "W2"),
        ({"utility": "JS", "kind": "JP"}, "W1|W2"),
        ({"utility": "JS"}, "W1|W2|R"),
        ({"utility": "JS", "kind": "ZS", "nominal_diameter_mm": 100}, "R"),
        ({"utility": "PS", "kind": "WS"}, "S"),
        ({"utility": "RQ", "pressure_mpa": 0.003}, "G0"),
        ({"utility": "RQ", "pressure_mpa": 0.01}, "G1"),
        ({"utility": "RQ", "pressure_mpa": 0.2}, "G1"),
        ({"utility": "RQ", "pressure_mpa": 0.3}, "G2"),
        ({"utility": "RQ", "pressure_mpa": 0.4}, "G2"),
        ({"utility": "RQ", "pressure_mpa": 0.8}, "G3"),
        ({"utility": "RQ", "pressure_mpa": 1.6}, "G4"),
        ({"utility": "RQ", "pressure_mpa": 2.5}, "G0|G1|G2|G3|G4"),
        ({"utility": "RQ"}, "G0|G1|G2|G3|G4"),
        ({"utility": "RL", "laying": "ZM"}, "H"),
        ({"utility": "RL", "laying": "GG"}, "C"),
        ({"utility": "RL"}, "H|C"),
        ({"utility": "DL", "laying": "ZM"}, "E1"),
        ({"utility": "DL", "laying": "GM"}, "E2"),
        ({"utility": "DL"}, "E1|E2|C"),
        ({"utility": "TX", "laying": "GK"}, "T2"),
        ({"utility": "TX", "laying": "ZM"}, "T1"),
        ({"utility": "QT", "laying": "ZH"}, "C"),
        ({"utility": "QT", "kind": "BM"}, "|".join(LINES)),
        ({"utility": "GY"}, "|".join(LINES)),
        ({"utility": "JS", "line_class": "S"}, "S"),
        ({"utility": "DL", "line_class": "nonsense", "laying": "ZM"}, "E1"),
    ],
)
def test_what_a_line_is_and_what_it_may_be(columns: dict[str, object], wanted: str) -> None:
    assert line_of(**columns) == wanted


def test_no_line_at_all_has_no_class() -> None:
    assert len(line_groups(pd.DataFrame({"utility": []}))) == 0
    assert label(UNKNOWN) == "|".join(LINES)
    assert label(place_of(POWER)) == "E1|E2"
