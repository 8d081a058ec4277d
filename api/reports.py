"""Figures and rows as plain values, the same for HTTP and for the command line."""

import math
from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from geo.district import District
from geo.programme.progress import FIGURES
from geo.programme.reconcile import reconcile, stated_against_counted
from geo.programme.status import by_stage
from maps.atlas import Atlas

HUNDREDTHS = 100
RENAMED = {"floor_area_dm2": "floor_area_m2", "investment_fen": "investment_yuan", "cost_fen": "cost_yuan"}


def exact(hundredths: int) -> int | float:
    """Hundredths as a number: an integer when whole, else two decimals."""
    whole, rest = divmod(int(hundredths), HUNDREDTHS)
    return whole if not rest else round(hundredths / HUNDREDTHS, 2)


def _exact(hundredths: int | None) -> int | float | None:
    return None if hundredths is None else exact(hundredths)


def figures(row: pd.Series) -> dict[str, Any]:
    """One row of ``geo.programme.status`` in m2 and yuan; what is not known is ``None``."""
    known = {name: None if pd.isna(row[name]) else int(row[name]) for name in FIGURES}
    return {
        "communities": int(row["communities"]),
        "buildings": known["buildings"],
        "floor_area_m2": _exact(known["floor_area_dm2"]),
        "households": known["households"],
        "investment_yuan": _exact(known["investment_fen"]),
        "progress": rounded(row["progress"], 1),
        "planned": rounded(row["planned"], 1),
        "late": int(row["late"]),
    }


def status(
    atlas: Atlas, standing: pd.DataFrame, lang: str, towns: Sequence[str] | None = None
) -> dict[str, Any]:
    """Figures of ``standing`` by town (all that the audience has, or those named), by stage and in total."""
    names = atlas.district.town_names(lang)
    codes = atlas.towns if towns is None else towns
    return {
        "towns": [
            {"code": code, "name": names[str(code)], **figures(row)}
            for code, row in atlas.by_town_of(standing, codes).iterrows()
        ],
        "stages": [{"stage": str(stage), **figures(row)} for stage, row in by_stage(standing).iterrows()],
        "total": figures(atlas.totals_of(standing)),
        "as_of": atlas.as_of.isoformat(),
        "revision": atlas.revision,
        "sample": atlas.sample,
    }


def reconciled(standing: pd.DataFrame, district: District) -> dict[str, Any]:
    """The comparison with the plan and with the ledgers, in m2 and yuan."""
    table = reconcile(standing, district)
    differing = stated_against_counted(standing)
    return {
        "equal": bool((table["difference"] == 0).all()),
        "figures": [_compared(row, ("plan", "found", "difference")) for row in table.to_dict("records")],
        "communities": [
            _compared(row, ("stated", "counted", "difference")) for row in differing.to_dict("records")
        ],
    }


def _compared(row: Mapping[Hashable, Any], names: Sequence[str]) -> dict[str, Any]:
    figure = str(row["figure"])
    scaled = figure.endswith(("_dm2", "_fen"))
    values = {name: exact(row[name]) if scaled else int(row[name]) for name in names}
    figure = RENAMED.get(figure, figure.removesuffix("_fen") + "_yuan" if figure.endswith("_fen") else figure)
    kept: dict[str, Any] = {name: row[name] for name in ("community", "name") if name in row}
    return {**kept, "figure": figure, **values}


def rounded(value: Any, digits: int) -> float | None:
    return None if pd.isna(value) else round(float(value), digits)


def plain(value: Any) -> Any:
    """A value of a frame as JSON has it; missing is ``None``, days are ISO text."""
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or value is pd.NA or value is pd.NaT or (isinstance(value, float) and math.isnan(value)):
        return None
    if isinstance(value, pd.Timestamp):
        return value.date().isoformat()
    return round(value, 6) if isinstance(value, float) else value


def plain_rows(rows: pd.DataFrame, columns: Sequence[str]) -> list[dict[str, Any]]:
    """Rows as dictionaries: areas in m2, money in yuan."""
    return [_plain_row(row) for row in rows[list(columns)].to_dict("records")]


def _plain_row(row: dict[Any, Any]) -> dict[str, Any]:
    out: dict[str, Any] = {}
    for name, value in row.items():
        known = plain(value)
        out[RENAMED.get(name, name)] = exact(known) if name in RENAMED and known is not None else known
    return out
