"""Digs in fresh paving: younger than its protection, or planned after the yard is paved."""

from typing import Any

import numpy as np
import pandas as pd
import shapely

from geo.coordination.chains import Bools, Ints, ranges
from geo.coordination.findings import NOTHING, Rows, draft
from geo.coordination.pairs import EARLIEST
from geo.coordination.parameters import Parameters
from geo.coordination.tables import Layers, Table, table
from geo.coordination.things import given
from geo.coordination.trenches import Trenches
from geo.vocabulary import FindingKind, Verdict

PAVING = "paving"
YARD, STREET = "yard", "art. 33"
OVERHAUL = "overhaul"


def find_fresh_paving(digs: Trenches, frames: Layers, parameters: Parameters) -> list[Rows]:
    """Kind 6. ``measured`` is the age of the paving in days when the dig opens, ``required`` its protection.

    Yards: the rows ``paving`` of the layer ``works``, finished or planned. Streets: an optional frame
    ``pavings`` with id, geometry, handed_over and works (``new`` or ``overhaul``).
    """
    works, pavings = table(frames.get("works"), "works"), table(frames.get("pavings"), "pavings")
    return [_yards(digs, works, parameters), _streets(digs, pavings, parameters)]


def _yards(digs: Trenches, works: Table, parameters: Parameters) -> Rows:
    if not len(works) or not len(digs):
        return NOTHING
    paved = works.take(works.texts("code") == PAVING)
    actual, planned = paved.days("actual_end", EARLIEST), paved.days("planned_end", EARLIEST)
    done = actual > EARLIEST
    day = np.where(done, actual, planned)
    rows, work = _same_yard(digs, paved, day > EARLIEST)
    age = digs.start[rows] - day[work]
    # a dig that is open while the yard is paved belongs to the same works
    fresh = (age > 0) & (age < parameters.yard_paving_days)
    columns = {
        **digs.describe(rows),
        "thing_b": paved.texts("id")[work],
        "layer_b": "works",
        "rule": YARD,
        "clause": "",
        "verdict": np.where(fresh, str(Verdict.FAIL), str(Verdict.PASS)).astype(object),
        "reason": np.where(done, "paved", "to_be_paved").astype(object)[work],
        "unit": "d",
        "measured": age.astype(np.float64),
        "required": float(parameters.yard_paving_days),
        "provenance": "parameter",
        **_shape(digs, rows),
    }
    return draft(FindingKind.FRESH_PAVING, columns, len(rows))


def _same_yard(digs: Trenches, paved: Table, known: Bools) -> tuple[Ints, Ints]:
    """Pairs of a dig with a window and a paving of the same community."""
    asked, there = np.flatnonzero(digs.dated & given(digs.community)), np.flatnonzero(known)
    codes, yards = pd.factorize(paved.texts("community")[there])
    order = np.argsort(codes, kind="stable")
    begin = np.searchsorted(codes[order], np.arange(len(yards) + 1)).astype(np.int64)
    at = pd.Index(yards, dtype=object).get_indexer(pd.Index(digs.community[asked], dtype=object))
    asked, at = asked[at >= 0], at[at >= 0]
    inner, offsets = ranges(begin[at], begin[at + 1])
    return np.repeat(asked, np.diff(offsets)), there[order[inner]]


def _streets(digs: Trenches, pavings: Table, parameters: Parameters) -> Rows:
    if not len(pavings) or not len(digs):
        return NOTHING
    areas = pavings.shapes
    trench = shapely.buffer(digs.path, np.maximum(digs.half, 1e-3), cap_style="flat")
    rows, road = shapely.STRtree(areas).query(trench, predicate="intersects")
    keep = digs.dated[rows]
    rows, road = rows[keep], road[keep]
    age = digs.start[rows] - pavings.days("handed_over", EARLIEST)[road]
    overhauled = pavings.texts("works")[road] == OVERHAUL
    required = np.where(overhauled, parameters.overhauled_street_days, parameters.new_street_days)
    fresh = (age > 0) & (age < required)
    cut = shapely.intersection(digs.path[rows], areas[road])
    columns = {
        **digs.describe(rows),
        "thing_b": pavings.texts("id")[road],
        "layer_b": "pavings",
        "rule": STREET,
        "clause": STREET,
        "verdict": np.where(fresh, str(Verdict.FAIL), str(Verdict.PASS)).astype(object),
        "unit": "d",
        "measured": age.astype(np.float64),
        "required": required.astype(np.float64),
        "provenance": "statute",
        **_shape(digs, rows),
        "geometry": cut,
        "length_m": shapely.length(cut),
    }
    return draft(FindingKind.FRESH_PAVING, columns, len(rows))


def _shape(digs: Trenches, rows: Ints) -> dict[str, Any]:
    return {
        "worst": lambda at: shapely.line_interpolate_point(digs.path[rows[at]], 0.5, normalized=True),
        "geometry": lambda at: digs.path[rows[at]],
        "length_m": lambda at: shapely.length(digs.path[rows[at]]),
    }
