"""Digs in fresh paving: younger than its protection, or planned after the yard is paved."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
import shapely

from geo.coordination.findings import NOTHING, Rows, draft, joined
from geo.coordination.pairs import EARLIEST
from geo.coordination.parameters import Parameters
from geo.coordination.things import days_of, texts
from geo.coordination.trenches import Trenches
from geo.vocabulary import FindingKind, Verdict

PAVING = "paving"
YARD, STREET = "yard", "art. 33"
OVERHAUL = "overhaul"


def find_fresh_paving(digs: Trenches, frames: Mapping[str, pd.DataFrame], parameters: Parameters) -> Rows:
    """Kind 6. ``measured`` is the age of the paving in days when the dig opens, ``required`` its protection.

    Yards: the rows ``paving`` of the layer ``works``, finished or planned. Streets: an optional frame
    ``pavings`` with id, geometry, handed_over and works (``new`` or ``overhaul``).
    """
    parts = [_yards(digs, frames.get("works"), parameters), _streets(digs, frames.get("pavings"), parameters)]
    return joined(parts)


def _yards(digs: Trenches, works: pd.DataFrame | None, parameters: Parameters) -> Rows:
    if works is None or works.empty or not len(digs):
        return NOTHING
    paved = works[(works["code"] == PAVING).to_numpy(dtype=bool)]
    actual, planned = days_of(paved["actual_end"], EARLIEST), days_of(paved["planned_end"], EARLIEST)
    done = actual > EARLIEST
    table = pd.DataFrame(
        {
            "community": texts(paved, "community"),
            "work": texts(paved, "id"),
            "day": np.where(done, actual, planned),
            "reason": np.where(done, "paved", "to_be_paved"),
        }
    )
    table = table[table["day"] > EARLIEST]
    asked = pd.DataFrame({"dig": np.arange(len(digs)), "community": digs.community})
    met = asked[digs.dated].merge(table, on="community")
    rows = met["dig"].to_numpy(dtype=np.int64)
    age = digs.start[rows] - met["day"].to_numpy(dtype=np.int64)
    # a dig that is open while the yard is paved belongs to the same works
    fresh = (age > 0) & (age < parameters.yard_paving_days)
    columns = {
        **digs.describe(rows),
        "thing_b": met["work"].to_numpy(dtype=object),
        "layer_b": "works",
        "rule": YARD,
        "clause": "",
        "verdict": np.where(fresh, str(Verdict.FAIL), str(Verdict.PASS)).astype(object),
        "reason": met["reason"].to_numpy(dtype=object),
        "unit": "d",
        "measured": age.astype(np.float64),
        "required": float(parameters.yard_paving_days),
        "provenance": "parameter",
        **_shape(digs, rows),
    }
    return draft(FindingKind.FRESH_PAVING, columns, len(rows))


def _streets(digs: Trenches, pavings: pd.DataFrame | None, parameters: Parameters) -> Rows:
    if pavings is None or pavings.empty or not len(digs):
        return NOTHING
    areas = np.asarray(pavings["geometry"].array, dtype=object)
    trench = shapely.buffer(digs.path, np.maximum(digs.half, 1e-3), cap_style="flat")
    rows, road = shapely.STRtree(areas).query(trench, predicate="intersects")
    keep = digs.dated[rows]
    rows, road = rows[keep], road[keep]
    age = digs.start[rows] - days_of(pavings["handed_over"], EARLIEST)[road]
    overhauled = texts(pavings, "works")[road] == OVERHAUL
    required = np.where(overhauled, parameters.overhauled_street_days, parameters.new_street_days)
    fresh = (age > 0) & (age < required)
    cut = shapely.intersection(digs.path[rows], areas[road])
    columns = {
        **digs.describe(rows),
        "thing_b": texts(pavings, "id")[road],
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


def _shape(digs: Trenches, rows: np.ndarray) -> dict[str, np.ndarray]:
    return {
        "worst": np.asarray(shapely.line_interpolate_point(digs.path[rows], 0.5, normalized=True)),
        "geometry": digs.path[rows],
        "length_m": np.asarray(shapely.length(digs.path[rows])),
    }
