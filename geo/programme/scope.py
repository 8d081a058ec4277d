"""Which items of the catalogue are in scope in which community, how far each is, and which are late."""

from collections.abc import Sequence
from datetime import date

import pandas as pd

from geo.programme.progress import overdue_days


def cells(works: pd.DataFrame, as_of: date) -> pd.DataFrame:
    """One row per community and item in scope, in the order of first appearance.

    Columns: community, code, percent (``float64``, weighted by cost; by rows where no row of the cell has a
    cost), done (``bool``: every row at 100), late_days (``int64``), cost_fen (``Int64``).
    """
    table = pd.DataFrame(
        {
            "community": works["community"],
            "code": works["code"],
            "weight": works["cost_fen"].astype("float64").fillna(0),
            "percent": works["progress_percent"].astype("float64").fillna(0),
            "late_days": overdue_days(works, as_of),
            "cost_fen": works["cost_fen"],
        }
    )
    by = ["community", "code"]
    costed = table.groupby(by)["weight"].transform("sum") > 0
    table["weight"] = table["weight"].where(costed, 1.0)
    table["earned"] = table["weight"] * table["percent"]
    grouped = table.groupby(by, sort=False)
    out = grouped.agg(
        earned=("earned", "sum"),
        weight=("weight", "sum"),
        least=("percent", "min"),
        late_days=("late_days", "max"),
    )
    out["cost_fen"] = grouped["cost_fen"].sum(min_count=1)
    out = out.assign(percent=out["earned"] / out["weight"], done=out["least"] >= 100).reset_index()
    return out[["community", "code", "percent", "done", "late_days", "cost_fen"]]


def item_counts(cells: pd.DataFrame, codes: Sequence[str]) -> pd.DataFrame:
    """For each of ``codes``: in_scope, done and late communities (``int64``), percent (``float64``, by cost).

    Items that no community has stay, as zeros.
    """
    weight = cells["cost_fen"].astype("float64").fillna(0)
    costed = weight.groupby(cells["code"]).transform("sum") > 0
    weight = weight.where(costed, 1.0)
    table = pd.DataFrame(
        {
            "code": cells["code"],
            "in_scope": 1,
            "done": cells["done"].astype("int64"),
            "late": (cells["late_days"] > 0).astype("int64"),
            "earned": cells["percent"] * weight,
            "weight": weight,
        }
    )
    sums = table.groupby("code").sum().reindex(list(codes)).fillna(0)
    percent = (sums["earned"] / sums["weight"]).where(sums["weight"] > 0, 0.0)
    return sums[["in_scope", "done", "late"]].astype("int64").assign(percent=percent)
