"""Cover over planned lines: the table by class, laying and surface, and the frost depth of the district."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd
import shapely

from geo.coordination.chains import Bools, Chains, Floats, Ints, Shapes, chains
from geo.coordination.classes import GROUPS
from geo.coordination.crossings import extents, sources
from geo.coordination.findings import Rows, draft
from geo.coordination.limits import COVER, Limits
from geo.coordination.pairs import Traits, near_pairs
from geo.coordination.parameters import Parameters
from geo.coordination.stretches import stretches
from geo.coordination.tables import Table, among, table
from geo.coordination.things import Things, describe, given
from geo.vocabulary import FindingKind, GroundKind, Verdict

FROST = "frost"
_FAMILY = {"W1": "W", "W2": "W", **{f"G{n}": "G" for n in range(5)}}
# what lies under a carriageway for less only touches it
_TOUCH_M = 0.1
# by how much a buffer of a path may fall short of its width
_ROUND = 0.01
_PLASTIC = ("PE", "PVC")
# what the frost depth governs, by the note of the table; for water with a margin below it
_BELOW_FROST = {"W": Verdict.FAIL, "S": Verdict.NEEDS_REVIEW, "R": Verdict.NEEDS_REVIEW}


def find_cover(
    things: Things,
    ground: pd.DataFrame | Table | None,
    limits: Limits,
    parameters: Parameters,
    rows: Ints | None = None,
) -> list[Rows]:
    """Findings of kind 3 for planned lines (or ``rows``): the least cover along each against what is asked.

    Under a street or lane the carriageway's figure counts, else the footway's. Two rules: the table's own
    clause, and ``frost``, each at most once per line.
    """
    if rows is None:
        rows = np.flatnonzero(things.is_line if parameters.existing_too else things.planned)
    if not len(rows):
        return []
    low, high, at_end = _least_cover(things, rows)
    road = _under_roads(things.shapes[rows], table(ground, "ground"))
    by_table = _by_table(things, rows, low, high, at_end, road, limits, parameters)
    return [by_table, _by_frost(things, rows, low, high, at_end, parameters)]


def _least_cover(things: Things, rows: Ints) -> tuple[Floats, Floats, Ints]:
    """Least cover along each line, as (least, greatest) that it may be, and at which end it is."""
    tops = [extents(things.depth[rows, end], things.invert[rows], things.height[rows])[0] for end in (0, 1)]
    low, high = (np.minimum(tops[0][n], tops[1][n]) for n in (0, 1))
    return low, high, (tops[1][1] < tops[0][1]).astype(np.int64)


def _under_roads(shapes: Shapes, ground: Table) -> Bools:
    """Whether each line runs under a street or lane for more than a touch."""
    out = np.zeros(len(shapes), dtype=bool)
    roads = ground.take(among(ground.texts("kind"), (GroundKind.STREET, GroundKind.LANE)))
    paths = np.isin(shapely.get_type_id(roads.shapes), (1, 5))
    half = np.where(paths, roads.reals("width_m") / 2, 0.0)
    roads, paths, half = (
        roads.take(~paths | (half > 0)),
        paths[~paths | (half > 0)],
        half[~paths | (half > 0)],
    )
    if not len(roads) or not len(shapes):
        return out
    line, road = near_pairs(shapes, roads.shapes, 0.0, traits_b=Traits(margin=half))
    sure = _plainly_under(chains(shapes), chains(roads.shapes), line, road, half)
    out[line[sure]] = True
    left = ~out[line]
    line, road = line[left], road[left]
    crossed, place = np.unique(road, return_inverse=True)
    areas = _areas(roads.shapes[crossed], paths[crossed], half[crossed])
    inside = stretches(shapes, areas, line, place, np.zeros(len(line)))
    out[line[inside.length > _TOUCH_M]] = True
    return out


def _plainly_under(lines: Chains, roads: Chains, line: Ints, road: Ints, half: Floats) -> Bools:
    """Which lines run under their road whatever its ends and bends look like: within nearly half its width
    of its path, and farther than that from its ends."""
    reach = half[road]
    first, last = roads.part[roads.shape[:-1]], roads.part[roads.shape[1:]] - 1
    ends = np.stack([roads.xy[first[road]], roads.xy[last[road]]], axis=1).reshape(-1, 2)
    discs = np.column_stack([ends, np.repeat(reach * (1 + _ROUND), 2)])
    pair = np.repeat(np.arange(len(line)), 2)
    found = stretches(lines, roads, line, road, reach * (1 - _ROUND), (pair, discs))
    plain = (reach > 0) & (np.diff(roads.shape) == 1)[road]
    return np.asarray((found.length > _TOUCH_M) & plain)


def _areas(shapes: Shapes, paths: Bools, half: Floats) -> Shapes:
    """Carriageways as areas: a drawn area, or a path with ``half`` its width to each side."""
    out = shapes.copy()
    straight = paths & (shapely.get_num_coordinates(shapes) == 2)
    out[straight] = _strips(shapes[straight], half[straight])
    bent = paths & ~straight
    out[bent] = shapely.buffer(shapes[bent], half[bent], cap_style="flat")
    return out


def _strips(paths: Shapes, half: Floats) -> Shapes:
    """Straight paths as rectangles ``half`` to each side of them."""
    ends = shapely.get_coordinates(paths).reshape(-1, 2, 2)
    way = ends[:, 1] - ends[:, 0]
    far = half / np.maximum(np.hypot(way[:, 0], way[:, 1]), 1e-9)
    aside = np.stack([-way[:, 1], way[:, 0]], axis=1) * far[:, None]
    ring = [ends[:, 0] + aside, ends[:, 1] + aside, ends[:, 1] - aside, ends[:, 0] - aside]
    return np.asarray(shapely.polygons(np.stack(ring, axis=1)))


def _by_table(
    things: Things, rows: Ints, low: Floats, high: Floats, at_end: Ints, road: Bools,
    limits: Limits, parameters: Parameters,
) -> Rows:  # fmt: skip
    least, most, row = _required(things, rows, road, limits, parameters)
    tolerance = parameters.tolerance_m
    fails, passes = high < least - tolerance, low >= most - tolerance
    verdict = np.where(fails, Verdict.FAIL, np.where(passes, Verdict.PASS, Verdict.UNKNOWN)).astype(object)
    verdict[np.isnan(most)] = Verdict.NOT_APPLICABLE
    columns = {
        "rule": COVER, "clause": COVER, "verdict": verdict.astype(str),
        "measured": np.where(np.isfinite(high), np.where(fails, high, low), np.nan),
        "required": np.where(fails, least, most), **sources(limits.cover, row),
    }  # fmt: skip
    return _drafted(things, rows, at_end, columns)


def _by_frost(
    things: Things, rows: Ints, low: Floats, high: Floats, at_end: Ints, parameters: Parameters
) -> Rows:
    family = _families(things, rows)
    asked = np.isin(family, list(_BELOW_FROST))
    required = parameters.frost_depth_m + np.where(family == "W", parameters.water_below_frost_m, 0.0)
    tolerance = parameters.tolerance_m
    fails, passes = high < required - tolerance, low >= required - tolerance
    severe = np.array([str(_BELOW_FROST.get(name, Verdict.PASS)) for name in family], dtype=object)
    verdict = np.where(fails, severe, np.where(passes, str(Verdict.PASS), str(Verdict.UNKNOWN)))
    verdict = np.where(asked, verdict, str(Verdict.NOT_APPLICABLE))
    columns = {
        "rule": FROST, "clause": COVER, "verdict": verdict.astype(object),
        "measured": np.where(np.isfinite(high), np.where(fails, high, low), np.nan),
        "required": required, "provenance": "parameter", "reference": "",
    }  # fmt: skip
    return _drafted(things, rows, at_end, columns)


def _families(things: Things, rows: Ints) -> np.ndarray:
    names = np.array(
        [
            found.pop() if len(found := {_FAMILY.get(code, code) for code in group}) == 1 else ""
            for group in GROUPS
        ],
        dtype=object,
    )
    return names[things.group[rows]]


@lru_cache(maxsize=4)
def _asked(limits: Limits) -> tuple[Floats, Floats, Ints]:
    """Least and greatest cover by surface (footway, carriageway) and group, and the row of the greatest."""
    table = limits.cover
    footway, carriageway = (
        table[f"min_m_{name}"].to_numpy(np.float64) for name in ("footway", "carriageway")
    )
    least, most = np.empty((2, len(GROUPS))), np.empty((2, len(GROUPS)))
    which = np.full((2, len(GROUPS)), -1, dtype=np.int64)
    place = {name: number for number, name in enumerate(table["class"])}
    for column, group in enumerate(GROUPS):
        found = sorted({place[name] for code in group if (name := _FAMILY.get(code, code)) in place})
        for surface, values in enumerate((footway, carriageway)):
            there = [values[number] for number in found if not np.isnan(values[number])]
            least[surface, column] = (
                min(there) if len(there) == len(found) and there else (0.0 if there else np.nan)
            )
            most[surface, column] = max(there) if there else np.nan
            which[surface, column] = max(found, key=lambda n: np.nan_to_num(values[n]), default=-1)
    return least, most, which


def _required(
    things: Things, rows: Ints, road: Bools, limits: Limits, parameters: Parameters
) -> tuple[Floats, Floats, Ints]:
    """Least and greatest cover that the table may ask, NaN where it asks none, and the row of the
    greatest."""
    least, most, which = _asked(limits)
    at = (road.astype(np.int64), things.group[rows])
    low, high = least[at].copy(), most[at].copy()
    yard_gas = (_families(things, rows) == "G") & ~road & given(things.community[rows])
    plastic = np.isin(things.material[rows], _PLASTIC)
    eased = np.where(plastic, parameters.gas_plastic_cover_m, parameters.gas_yard_cover_m)
    unknown = ~given(things.material[rows])
    low = np.where(yard_gas, eased, low)
    high = np.where(yard_gas, np.where(unknown, parameters.gas_plastic_cover_m, eased), high)
    return low, high, which[at]


def _drafted(things: Things, rows: Ints, at_end: Ints, columns: Mapping[str, Any]) -> Rows:
    about = {name: value for name, value in describe(things, rows, rows).items() if not name.endswith("_b")}

    def spots(at: Ints) -> Shapes:
        shapes = things.shapes[rows[at]]
        first = shapely.line_interpolate_point(shapes, 0.0)
        return np.where(at_end[at] == 0, first, shapely.line_interpolate_point(shapes, 1.0, normalized=True))

    extra = {
        "unit": "m",
        "worst": spots,
        "geometry": lambda at: things.shapes[rows[at]],
        "length_m": lambda at: shapely.length(things.shapes[rows[at]]),
    }
    return draft(FindingKind.COVER, {**about, **columns, **extra}, len(rows))
