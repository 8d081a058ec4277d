"""Limits that the district's engineer signs: the cells, what is signed of them, and what rests on them."""

from collections.abc import Mapping
from datetime import date
from itertools import product
from typing import Any

import numpy as np
import pandas as pd

from geo.coordination.limits import COVER, HORIZONTAL, OFFICIAL, SIGNED, STANDARD, VERTICAL, Limits
from geo.errors import BadInput

CELL = ("table", "a", "b", "condition")
SIGNOFFS = ("id", *CELL, "edition", "min_m", "signed_by", "page", "signed_on", "by", "at")
SURFACES = ("footway", "carriageway")
MOST_M = 100.0
_TABLE_OF = {HORIZONTAL: "horizontal", VERTICAL: "vertical", COVER: "cover"}
_FAMILY = {"W1": "W", "W2": "W", **{f"G{n}": "G" for n in range(5)}}


def as_signoffs(rows: pd.DataFrame | None = None) -> pd.DataFrame:
    """``rows`` with every column of ``SIGNOFFS``, typed.

    One row is one signature: a cell of an edition (in ``cover``, a is the class, b the surface, condition the
    laying), its value in metres (missing: the table sets no limit), who vouches for it (``signed_by``), the
    page of the text and the day. ``by`` and ``at`` are the account and the moment that recorded it.
    """
    given = pd.DataFrame() if rows is None else pd.DataFrame(rows)
    out = given.reindex(columns=list(SIGNOFFS))
    for name in SIGNOFFS:
        if name == "min_m":
            out[name] = pd.to_numeric(out[name]).astype("float64")
        elif name == "signed_on":
            out[name] = pd.to_datetime(out[name]).astype("datetime64[s]")
        elif name == "at":
            out[name] = pd.to_datetime(out[name], utc=True, format="ISO8601")
        else:
            out[name] = out[name].astype("string")
    return out.reset_index(drop=True)


def cells(limits: Limits) -> pd.DataFrame:
    """Every cell: table, a, b, condition, min_m, provenance, reference, note, ``official`` (no need to sign).

    The cover table has a cell for each surface.
    """
    parts: list[pd.DataFrame] = [
        limits.horizontal.assign(table="horizontal"),
        limits.vertical.assign(table="vertical"),
    ]
    for surface in SURFACES:
        cover = limits.cover
        parts.append(
            cover.assign(table="cover", a=cover["class"], b=surface, min_m=cover[f"min_m_{surface}"])
        )
    columns = [*CELL, "min_m", "provenance", "reference", "note"]
    out = pd.concat([part.reindex(columns=columns) for part in parts], ignore_index=True)
    texts = [name for name in columns if name != "min_m"]
    out[texts] = out[texts].fillna("").astype("string")
    out["official"] = out["provenance"].isin([OFFICIAL, SIGNED]).to_numpy(dtype=bool)
    return out


def check_signoff(signoff: Mapping[str, Any], limits: Limits) -> None:
    """Refuse a signature that does not say which cell, who, where it stands and when.

    Raises ``BadInput``: ``no_such_cell``, ``signoff_incomplete``, ``limit_out_of_range``.
    """
    table = cells(limits)
    wanted = ["" if pd.isna(signoff.get(name)) else str(signoff.get(name)) for name in CELL]
    same = np.ones(len(table), dtype=bool)
    for name, part in zip(CELL, wanted, strict=True):
        same &= (table[name] == part).to_numpy(dtype=bool)
    if not same.any():
        raise BadInput("no_such_cell", **dict(zip(CELL, wanted, strict=True)))
    missing = [name for name in ("signed_by", "page", "signed_on") if not _text(signoff.get(name))]
    if missing:
        raise BadInput("signoff_incomplete", missing=", ".join(missing))
    value = signoff.get("min_m")
    if value is not None and not pd.isna(value) and not 0 <= float(value) <= MOST_M:
        raise BadInput("limit_out_of_range", value=str(value), most=f"{MOST_M:.0f}")


def _text(value: Any) -> str:
    return "" if value is None or pd.isna(value) else str(value).strip()


def signed_cells(signoffs: pd.DataFrame, edition: str = STANDARD) -> pd.DataFrame:
    """What ``limits.read_limits(signed=…)`` takes: the last signature of each cell of ``edition``."""
    rows = as_signoffs(signoffs)
    rows = rows[(rows["edition"].fillna(edition) == edition).to_numpy(dtype=bool)]
    rows = rows.assign(condition=rows["condition"].fillna(""), key=list(map(_cell_key, _cells_of(rows))))
    last = rows.sort_values(["at", "id"], kind="stable").drop_duplicates("key", keep="last").sort_index()
    days = last["signed_on"].dt.strftime("%Y-%m-%d")
    out = last.assign(by=last["signed_by"], date=days)
    return out[[*CELL, "min_m", "by", "page", "date"]].reset_index(drop=True)


def _cells_of(rows: pd.DataFrame) -> list[tuple[str, ...]]:
    return [tuple(map(_text, row)) for row in rows[list(CELL)].itertuples(index=False)]


def _cell_key(cell: tuple[str, ...]) -> str:
    """Cells of the clearance tables are the same either way round."""
    table, a, b, condition = cell
    sides = (a, b) if table == "cover" else tuple(sorted((a, b)))
    return "\x1f".join((table, *sides, condition))


def resting_on(findings: pd.DataFrame, limits: Limits) -> pd.DataFrame:
    """finding, table, a, b, condition: the cells that may decide each finding, every one that its classes
    leave open."""
    table = cells(limits)
    table["key"] = [_cell_key((*cell[:3], "")) for cell in _cells_of(table)]
    asked: list[tuple[str, str]] = []
    ruled = findings[findings["rule"].isin(_TABLE_OF)]
    for finding, rule, one, two in ruled[["id", "rule", "class_a", "class_b"]].itertuples(index=False):
        name = _TABLE_OF[rule]
        firsts = _classes(one, name)
        seconds = list(SURFACES) if name == "cover" else _classes(two, name)
        asked += [(finding, _cell_key((name, a, b, ""))) for a, b in product(firsts, seconds)]
    links = pd.DataFrame(asked, columns=["finding", "key"]).drop_duplicates()
    found = links.merge(table, on="key")[["finding", *CELL]]
    return found.drop_duplicates(ignore_index=True)


def _classes(label: Any, table: str) -> list[str]:
    """Classes of a label such as ``G0|G1``, as the table names them."""
    codes = _text(label).split("|")
    return sorted({code if table == "horizontal" else _FAMILY.get(code, code) for code in codes})


def to_sign(limits: Limits, findings: pd.DataFrame, signoffs: pd.DataFrame) -> pd.DataFrame:
    """``cells`` with ``findings`` (how many may rest on each) and the last signature (signed_by, page,
    signed_on), those on which most rests and nobody has vouched for first."""
    table = cells(limits)
    rests = resting_on(findings, limits)
    names = list(CELL)
    counted = rests.groupby(names).size().rename("findings").reset_index()
    counted[names] = counted[names].astype("string")
    table = table.merge(counted, on=names, how="left")
    table["findings"] = table["findings"].fillna(0).astype("int64")
    signed = as_signoffs(signoffs).sort_values(["at", "id"], kind="stable")
    signed["key"] = list(map(_cell_key, _cells_of(signed)))
    signed = signed.drop_duplicates("key", keep="last")[["key", "signed_by", "page", "signed_on"]]
    table["key"] = list(map(_cell_key, _cells_of(table)))
    table = table.merge(signed, on="key", how="left").drop(columns="key")
    order = ["official", "findings", *names]
    up = [True, False, *([True] * len(names))]
    return table.sort_values(order, ascending=up, kind="stable", ignore_index=True)


def confirmation(
    cell: Mapping[str, Any], signed_by: str, page: str, day: date, min_m: float | None = None
) -> dict[str, Any]:
    """A signature under ``cell`` (a row of ``cells``): as it stands, or with another value."""
    value = cell["min_m"] if min_m is None else min_m
    names = {name: cell[name] for name in CELL}
    return {
        **names,
        "edition": STANDARD,
        "min_m": value,
        "signed_by": signed_by,
        "page": page,
        "signed_on": day,
    }
