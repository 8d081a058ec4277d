"""Tables of rows: columns with kinds, sorted and totalled once, for the page and for the workbook."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from geo.errors import BadInput
from maps.figures import Figures
from maps.wording import Wording

NUMERIC = frozenset({"count", "money", "area", "percent", "metres", "real", "days"})
PAGE = 500


@dataclass(frozen=True)
class Column:
    """One column: ``kind`` says how a value is written; ``total`` is ``sum``, ``given`` or nothing.

    Kinds: text, name, stage, style, day, count, days, money (fen), area (0.01 m2), percent, metres,
    real, year.
    """

    key: str
    kind: str = "text"
    total: str = ""

    @property
    def numeric(self) -> bool:
        return self.kind in NUMERIC


@dataclass(frozen=True)
class Sheet:
    """Rows in order, their columns and totals.

    ``rows`` has every column's key, ``id``, and ``href`` where a row leads somewhere; ``totals`` raw values
    by key; ``drawn`` how many of the rows are on the map, ``layer`` in which of its layers.
    """

    name: str
    columns: tuple[Column, ...]
    rows: pd.DataFrame
    totals: Mapping[str, Any]
    layer: str = ""
    drawn: int | None = None
    sort: str = ""


def make_sheet(
    name: str,
    columns: Sequence[Column],
    rows: pd.DataFrame,
    *,
    sort: str = "",
    given: Mapping[str, Any] | None = None,
    layer: str = "",
    drawn: int | None = None,
) -> Sheet:
    """Sort ``rows`` by ``sort`` (a column's key, ``-`` in front for descending) and total them.

    Missing values come last either way; equal ones keep their order; where no row has a value there is no
    sum. Raises ``BadInput`` for an unknown key.
    """
    key = sort.removeprefix("-")
    if sort and key not in {column.key for column in columns}:
        known = ", ".join(column.key for column in columns)
        raise BadInput("bad_parameter", parameter="sort", value=sort, known=known)
    if sort:
        rows = rows.sort_values(key, ascending=not sort.startswith("-"), kind="stable", na_position="last")
    least = 1 if len(rows) else 0
    totals = {
        column.key: rows[column.key].sum(min_count=least) for column in columns if column.total == "sum"
    }
    totals |= dict(given or {})
    return Sheet(name, tuple(columns), rows, totals, layer, drawn, sort)


def heading(column: Column, words: Wording) -> str:
    """The column's words with its unit: ``建筑面积 万 m²``."""
    own = f"app.column.{column.key}"
    text = words(own) if own in words else words(f"field.{column.key}")
    unit = {"money": "unit.money_name", "area": "unit.area_name", "metres": "unit.m"}.get(column.kind)
    return f"{text} {words(unit)}" if unit and own not in words else text


def writer(column: Column, show: Figures, words: Wording) -> Callable[[Any], str]:
    """How a value of the column is written for reading."""
    return {
        "count": show.count,
        "days": show.days_late,
        "money": show.money,
        "area": show.area,
        "percent": show.percent,
        "metres": show.metres,
        "real": show.real,
        "day": show.day,
        "year": lambda value: show.none if pd.isna(value) else str(int(value)),
        "stage": lambda value: show.none if pd.isna(value) else words(f"stage.{value}"),
    }.get(column.kind, show.text)


def written(sheet: Sheet, show: Figures, words: Wording, page: int = 1) -> dict[str, Any]:
    """The sheet as text for the template: one page of rows, its headings and its totals."""
    part = sheet.rows.iloc[(page - 1) * PAGE : page * PAGE]
    cells = [list(map(writer(column, show, words), part[column.key])) for column in sheet.columns]
    blank = pd.Series([""] * len(part))
    side = {
        name: part[name].fillna("") if name in part else blank
        for name in ("id", "href", "stage", "style", "late_days")
    }
    rows = [
        {"id": row, "href": href, "stage": stage, "style": style, "late": late, "cells": values}
        for row, href, stage, style, late, values in zip(
            *side.values(), zip(*cells, strict=True), strict=True
        )
    ]
    return {
        "name": sheet.name,
        "layer": sheet.layer,
        "columns": [
            {
                "key": column.key,
                "kind": column.kind,
                "numeric": column.numeric,
                "label": heading(column, words),
            }
            for column in sheet.columns
        ],
        "rows": rows,
        "totals": [
            writer(column, show, words)(sheet.totals[column.key]) if column.key in sheet.totals else ""
            for column in sheet.columns
        ],
        "count": len(sheet.rows),
        "counts": ""
        if sheet.drawn is None
        else words("app.sheet.counts", drawn=show.count(sheet.drawn), rows=show.count(len(sheet.rows))),
        "sort": sheet.sort,
        "page": page,
        "pages": max(-(-len(sheet.rows) // PAGE), 1),
    }


def number(column: Column, value: Any, show: Figures) -> Any:
    """A value for a workbook: numbers in the reader's unit, dates as dates, missing as ``None``."""
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or pd.isna(value):
        return None
    if column.kind in ("money", "area"):
        return show.scaled(column.kind, value)
    if column.kind == "day":
        return pd.Timestamp(value).to_pydatetime()
    if column.numeric or column.kind == "year":
        return float(value) if column.kind in ("percent", "metres", "real") else int(value)
    return str(value)
