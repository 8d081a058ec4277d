"""What was counted beside what the plan and the ledgers say."""

import numpy as np
import pandas as pd

from geo.district import District
from geo.programme.progress import FIGURES

PLAN_FIGURES = ("communities", *FIGURES)
FUNDING = "funding_fen"


def reconcile(standing: pd.DataFrame, district: District) -> pd.DataFrame:
    """One row per figure of the plan: figure, plan, found, difference (``int64``, in the store's units).

    ``standing`` is the whole district (see ``geo.programme.progress.standing``). The last row, where the plan
    names sums by source, holds what the sources add up to against the plan's investment.
    """
    found = {"communities": len(standing)} | {name: int(standing[name].fillna(0).sum()) for name in FIGURES}
    rows = [(name, int(getattr(district.plan, name)), found[name]) for name in PLAN_FIGURES]
    if district.plan.funding:
        rows.append((FUNDING, district.plan.investment_fen, sum(district.plan.funding.values())))
    table = pd.DataFrame(rows, columns=["figure", "plan", "found"])
    return table.assign(difference=table["found"] - table["plan"])


def is_equal(table: pd.DataFrame) -> bool:
    """Whether every figure of ``reconcile`` equals the plan, to the last digit."""
    return bool((table["difference"] == 0).all())


def stated_against_counted(standing: pd.DataFrame) -> pd.DataFrame:
    """Communities whose ledger says otherwise than their own rows.

    One row per community and figure that differ: community, name, figure, stated, counted, difference.
    """
    parts = [_differing(standing, figure) for figure in FIGURES]
    return pd.concat(parts, ignore_index=True)


def _differing(standing: pd.DataFrame, figure: str) -> pd.DataFrame:
    counted, stated = standing[figure], standing[f"{figure}_stated"]
    wrong = (counted.notna() & stated.notna() & (counted != stated)).fillna(False).to_numpy(bool)
    rows = standing.loc[wrong, ["id", "name"]].rename(columns={"id": "community"})
    rows = rows.assign(
        figure=np.full(len(rows), figure, dtype=object), stated=stated[wrong], counted=counted[wrong]
    )
    return rows.assign(difference=rows["counted"] - rows["stated"])
