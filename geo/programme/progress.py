"""How each community stands: figures, progress, plan and lateness on a given day."""

from datetime import date

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geo.vocabulary import Stage

_ORDER = {str(stage): place for place, stage in enumerate(Stage)}
_BEFORE_WORKS = frozenset({Stage.SURVEY, Stage.SELECTION, Stage.PREPARATION})
FIGURES = ("buildings", "households", "floor_area_dm2", "investment_fen")


def standing(
    communities: pd.DataFrame, buildings: pd.DataFrame, works: pd.DataFrame, as_of: date
) -> pd.DataFrame:
    """One row per community, in the order of ``communities``.

    Columns: id, name, town, committee, stage, year_built, delay_reason; buildings, households,
    floor_area_dm2, investment_fen (``Int64``: the sum of the community's own rows where each of them
    carries the figure, else what the ledger states, else what rows there are); ``*_stated`` the ledger's
    own figure; progress and planned in percent, weighted by cost (``float64``, missing where nothing is
    known); late_days (``int64``, 0 when on time); has_outline, provisional (``bool``).
    """
    out = communities[["id", "name", "town", "committee", "stage", "year_built", "delay_reason"]].copy()
    ids = pd.Index(communities["id"])
    out = out.assign(**_figures(communities, buildings, works, ids))
    out = out.assign(**work_progress(works, as_of, ids, "community"))
    out["progress"] = _stage_progress(out["stage"], out["progress"])
    out["late_days"] = _late_days(communities, works, as_of, ids)
    drawn = _drawn(communities)
    out["has_outline"] = drawn
    out["provisional"] = ~drawn & ids.isin(buildings["community"].dropna().unique())
    return pd.DataFrame(out).reset_index(drop=True)


def _drawn(communities: pd.DataFrame) -> np.ndarray:
    if "geometry" not in communities:
        return np.zeros(len(communities), dtype=bool)
    shapes = np.asarray(communities["geometry"].array)
    return np.asarray(~(shapely.is_missing(shapes) | shapely.is_empty(shapes)))


def _figures(
    communities: pd.DataFrame, buildings: pd.DataFrame, works: pd.DataFrame, ids: pd.Index
) -> dict[str, pd.Series]:
    out: dict[str, pd.Series] = {}
    counted = buildings.groupby("community", sort=False).size().reindex(ids).astype("Int64")
    out["buildings"] = _merge(counted, counted.notna(), communities["building_count"])
    out["buildings_stated"] = communities["building_count"]
    for figure in ("households", "floor_area_dm2"):
        total, complete = _sums(buildings, figure, ids)
        out[figure] = _merge(total, complete, communities[figure])
        out[f"{figure}_stated"] = communities[figure]
    total, complete = _sums(works, "cost_fen", ids)
    out["investment_fen"] = _merge(total, complete, communities["investment_fen"])
    out["investment_fen_stated"] = communities["investment_fen"]
    return out


def _sums(rows: pd.DataFrame, figure: str, ids: pd.Index) -> tuple[pd.Series, pd.Series]:
    grouped = rows.groupby("community", sort=False)[figure]
    known = grouped.count().reindex(ids).fillna(0)
    total = grouped.sum(min_count=1).reindex(ids).astype("Int64")
    return total, (known > 0) & (known == grouped.size().reindex(ids))


def _merge(own: pd.Series, complete: pd.Series, stated: pd.Series) -> pd.Series:
    own, complete = own.set_axis(stated.index), complete.fillna(False).astype(bool).set_axis(stated.index)
    return own.where(complete, stated.fillna(own)).astype("Int64")


def work_progress(works: pd.DataFrame, as_of: date, groups: pd.Index, by: str) -> dict[str, np.ndarray]:
    """Percent done and percent planned by the end of ``as_of`` for each of ``groups`` of column ``by``.

    Weighted by cost; where no row of a group has a cost, every row weighs the same. The plan runs linearly
    over each row's window, both days included; a row without a window has no plan.
    """
    weight = works["cost_fen"].astype("float64")
    costed = weight.fillna(0).groupby(works[by]).transform("sum") > 0
    weight = weight.fillna(0).where(costed, 1.0)
    done = works["progress_percent"].astype("float64").fillna(0)
    planned = planned_percent(works, as_of)
    table = pd.DataFrame(
        {
            "group": works[by],
            "weight": weight,
            "done": weight * done,
            "known": weight.where(planned.notna(), 0.0),
            "plan": (weight * planned).fillna(0),
        }
    )
    sums = table.groupby("group").sum().reindex(groups)
    with np.errstate(invalid="ignore", divide="ignore"):
        progress = (sums["done"] / sums["weight"]).to_numpy("float64")
        plan = (sums["plan"] / sums["known"]).to_numpy("float64")
    return {"progress": progress, "planned": plan}


def planned_percent(works: pd.DataFrame, as_of: date) -> pd.Series:
    """Share of each row's window that has passed by the end of ``as_of``, 0…100; missing without a window."""
    length = _days(works["planned_end"] - works["planned_start"]) + 1
    passed = _days(pd.Timestamp(as_of) - works["planned_start"]) + 1
    return (100 * passed / length).clip(0, 100)


def _days(spans: pd.Series) -> pd.Series:
    """Whole days of time spans, as floats; missing stays missing."""
    return pd.Series(spans.dt.days, index=spans.index, dtype="float64")


def overdue_days(works: pd.DataFrame, as_of: date) -> np.ndarray:
    """Days since the planned end of each unfinished row, 0 when it is not overdue (``int64``)."""
    days = _days(pd.Timestamp(as_of) - works["planned_end"])
    unfinished = works["progress_percent"].fillna(0) < 100
    return np.asarray(days.where(unfinished, 0).fillna(0).clip(lower=0), dtype="int64")


def _stage_progress(stage: pd.Series, progress: pd.Series) -> np.ndarray:
    """A community before its works has none done; without works rows, the stage is what is known."""
    before = stage.isin([str(s) for s in _BEFORE_WORKS]).to_numpy(bool)
    after = stage.isin([str(Stage.ACCEPTANCE), str(Stage.LONG_TERM)]).to_numpy(bool)
    known = np.asarray(progress, dtype="float64")
    return np.where(np.isnan(known), np.where(before, 0.0, np.where(after, 100.0, np.nan)), known)


def _late_days(communities: pd.DataFrame, works: pd.DataFrame, as_of: date, ids: pd.Index) -> np.ndarray:
    stage_days = _days(pd.Timestamp(as_of) - communities["stage_due"])
    by_stage = np.asarray(stage_days.fillna(0).clip(lower=0), dtype="int64")
    overdue = pd.Series(overdue_days(works, as_of), index=works["community"].to_numpy())
    by_works = overdue.groupby(level=0).max().reindex(ids).fillna(0).to_numpy("int64")
    return np.asarray(np.maximum(by_stage, by_works))


def outlines(communities: gpd.GeoDataFrame, buildings: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """``communities`` with the hull of their buildings where the outline is missing, marked ``provisional``.

    The hull is drawn 3 m outside the outermost walls so that it can be told from them. A community with
    neither stays without geometry.
    """
    drawn = _drawn(communities)
    out = communities.assign(provisional=False)
    absent = communities.loc[~drawn, "id"]
    of_absent = buildings[buildings["community"].isin(absent)]
    if not len(of_absent):
        return out
    hulls = (
        of_absent[["community", "geometry"]].dissolve("community").convex_hull.buffer(3.0, join_style="mitre")
    )
    rows = out["id"].isin(hulls.index).to_numpy(bool) & ~drawn
    out.loc[rows, "geometry"] = hulls.reindex(out.loc[rows, "id"]).to_numpy()
    out.loc[rows, "provisional"] = True
    return out


def stage_order(stages: pd.Series) -> pd.Series:
    """Place of each stage in the plan, 0 for survey."""
    return stages.map(_ORDER).astype("Int64")
