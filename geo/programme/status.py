"""Figures of any set of communities: in total, by town, by stage.

A figure that none of a set's communities has is missing.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from geo.programme.progress import FIGURES
from geo.vocabulary import Stage

COLUMNS = ("communities", *FIGURES, "progress", "planned", "late", "late_households")


def totals(standing: pd.DataFrame) -> pd.Series:
    """One row of ``COLUMNS`` over all of ``standing`` (see ``geo.programme.progress.standing``)."""
    return _grouped(standing, np.zeros(len(standing), dtype="int64"), [0]).iloc[0]


def by_town(standing: pd.DataFrame, towns: Sequence[str]) -> pd.DataFrame:
    """``COLUMNS`` for each town code in ``towns``, in that order; empty ones stay, as zeros."""
    return _grouped(standing, standing["town"], towns)


def by_stage(standing: pd.DataFrame) -> pd.DataFrame:
    """``COLUMNS`` for each of the six stages in the order of the plan; empty ones stay."""
    return _grouped(standing, standing["stage"], [str(stage) for stage in Stage])


def _grouped(standing: pd.DataFrame, keys: pd.Series | np.ndarray, groups: Sequence[object]) -> pd.DataFrame:
    weight = standing["investment_fen"].astype("float64").fillna(0.0)
    late = (standing["late_days"] > 0).to_numpy(bool)
    households = standing["households"].fillna(0).astype("int64")
    table = pd.DataFrame(
        {
            "communities": 1,
            **{figure: standing[figure].fillna(0).astype("int64") for figure in FIGURES},
            **{f"{figure}_known": standing[figure].notna().astype("int64") for figure in FIGURES},
            "late": late.astype("int64"),
            "late_households": households.where(late, 0),
            **_weighted(standing, weight, "progress"),
            **_weighted(standing, weight, "planned"),
        }
    )
    sums = table.groupby(np.asarray(keys, dtype=object)).sum().reindex(list(groups)).fillna(0)
    counts = _known(sums[["communities", *FIGURES]].astype("int64"), sums)
    shares = {
        name: (sums[f"{name}_sum"] / sums[f"{name}_weight"]).where(sums[f"{name}_weight"] > 0)
        for name in ("progress", "planned")
    }
    return counts.assign(
        **shares, late=sums["late"].astype("int64"), late_households=sums["late_households"].astype("int64")
    )


def _known(counts: pd.DataFrame, sums: pd.DataFrame) -> pd.DataFrame:
    """Figures that no community of a group has are missing there; those of no community are 0."""
    there = sums["communities"] > 0
    for figure in FIGURES:
        unknown = there & (sums[f"{figure}_known"] == 0)
        if unknown.any():
            counts[figure] = counts[figure].astype("Int64").mask(unknown)
    return counts


def _weighted(standing: pd.DataFrame, weight: pd.Series, name: str) -> dict[str, pd.Series]:
    known = standing[name].notna()
    return {
        f"{name}_sum": (standing[name] * weight).where(known, 0.0),
        f"{name}_weight": weight.where(known, 0.0),
    }
