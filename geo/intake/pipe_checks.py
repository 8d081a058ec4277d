"""Checks of what segments are made of: material, usual depth, and no change where nothing changes them."""

from collections.abc import Mapping
from functools import cache, partial

import numpy as np
import numpy.typing as npt
import pandas as pd

from geo.intake.draft import remark
from geo.intake.report import Level, Notes
from geo.kinds import groups, read_table
from geo.vocabulary import Utility

_EVERY_BUT = "all but"
_CHANGES = frozenset({"变径", "三通", "四通", "多通", "reducer", "tee", "cross"})


@cache
def materials_of_groups() -> Mapping[Utility, frozenset[str]]:
    """Codes of the materials that fit each group (CJJ 61-2017 annex C, secondary copy)."""
    rows = [row for row in read_table("line_attributes") if row["domain"] == "material"]
    return {
        utility: frozenset(row["code"] for row in rows if _fits(english, row["used_for"]))
        for utility, (_, english) in groups().items()
    }


def _fits(group: str, used_for: str) -> bool:
    return (group not in used_for) if used_for.startswith(_EVERY_BUT) else (group in used_for.split())


@cache
def usual_depths() -> Mapping[str, float]:
    """Greatest usual depth in metres by group; unverified, so only ever a question to the surveyor."""
    return {row["utility"]: float(row["most_m"]) for row in read_table("depth_usual")}


def check_pipes(lines: pd.DataFrame, label: pd.Series, notes: Notes) -> None:
    """Notes on segments whose material does not fit their group or that lie deeper than usual."""
    if "material" in lines:
        fitting = lines["utility"].map(materials_of_groups())
        known = frozenset().union(*materials_of_groups().values())
        wrong = [
            material in known and isinstance(fit, frozenset) and material not in fit
            for material, fit in zip(lines["material"].fillna(""), fitting, strict=True)
        ]
        remark(
            lines,
            wrong,
            notes,
            Level.NOTE,
            "material_unfit",
            values=label,
            column="material",
            facts=lambda at: {"material": str(lines["material"].iloc[at])},
        )
    depth = _deepest(lines)
    limit = lines["utility"].map(usual_depths()).to_numpy(dtype=float, na_value=np.nan)
    with np.errstate(invalid="ignore"):
        deep = depth > limit
    remark(
        lines,
        deep,
        notes,
        Level.NOTE,
        "depth_unusual",
        values=label,
        facts=lambda at: {"depth": f"{depth[at]:.2f}", "limit": f"{limit[at]:g}"},
    )


def _deepest(lines: pd.DataFrame) -> npt.NDArray[np.float64]:
    ends = [name for name in ("depth_start_m", "depth_end_m") if name in lines]
    if not ends:
        return np.full(len(lines), np.nan)
    return np.asarray(lines[ends].max(axis=1).to_numpy(dtype=float, na_value=np.nan))


def check_equal_at_points(nodes: pd.DataFrame, lines: pd.DataFrame, notes: Notes) -> None:
    """Notes on points whose segments differ in size or material where nothing there changes them.

    A chamber, a reducer, a tee or a cross may join unlike segments.
    """
    number = nodes["number"].astype("string")
    may_change = np.zeros(len(nodes), dtype=bool)
    if "appurtenance" in nodes:
        may_change |= nodes["appurtenance"].notna().to_numpy(bool)
    if "feature" in nodes:
        may_change |= nodes["feature"].isin(_CHANGES).to_numpy(bool)
    for column, code in (("size_text", "sizes_differ"), ("material", "materials_differ")):
        if column not in lines:
            continue
        found = _values_at_points(lines, column)
        several = number.map(found.map(len)).fillna(0).to_numpy(dtype=int) > 1
        shown = number.map(found.map(", ".join)).fillna("")
        remark(
            nodes,
            several & ~may_change,
            notes,
            Level.NOTE,
            code,
            values=number,
            facts=partial(_found, shown),
        )


def _found(shown: pd.Series, at: int) -> dict[str, str]:
    return {"found": str(shown.iloc[at])}


def _values_at_points(lines: pd.DataFrame, column: str) -> pd.Series:
    """The different values of a column among the segments that end at each point number, in order."""
    ends = pd.concat(
        [
            pd.DataFrame({"number": lines[side], "value": lines[column]})
            for side in ("start_number", "end_number")
        ]
    ).dropna()
    return ends.astype(str).groupby("number")["value"].agg(lambda values: sorted(set(values)))
