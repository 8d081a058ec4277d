"""Attributes of lines and nodes, column by column."""

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from geo.intake.fields import Fields
from geo.intake.pipes import KindFound, Size, attribute_code, kind_of, parse_size, state_of
from geo.intake.report import Level
from geo.intake.values import LENGTH_UNITS, each_value, is_nothing, parse_year, plain
from geo.kinds import depth_reference
from geo.layers import LINES, NODES
from geo.vocabulary import Utility

_PRESSURE_WORDS = {"低压": 0.01, "中压": 0.4, "中压B": 0.2, "中压A": 0.4, "次高压B": 0.8, "次高压A": 1.6}


def line_columns(fields: Fields, group: KindFound | None) -> dict[str, pd.Series]:
    """Columns of the lines layer that the table has; ``group`` is what its name says where no column does."""
    columns = _shared(fields, group)
    for name in ("start_number", "end_number"):
        columns[name] = _number_text(fields, name)
    columns |= _depths(fields, columns["utility"])
    for side in ("start", "end"):
        if f"elevation_{side}" in fields:
            columns[f"elevation_{side}_m"] = fields.real(f"elevation_{side}", LENGTH_UNITS)
    columns |= _sizes(fields)
    for name in ("material", "laying"):
        if name in fields:
            columns[name] = _words(fields, name, partial(attribute_code, name))
    columns["state"] = _states(fields)
    columns |= _measures(fields)
    for name in ("dig", "road", "note", "line_class", "replaces", "connects_to", "serves_building"):
        if name in fields:
            columns[name] = fields.text(name)
    for name in ("trunk", "house_connection"):
        if name in fields:
            columns[name] = fields.truth(name)
    return _known(columns, LINES.names)


def node_columns(fields: Fields, group: KindFound | None) -> dict[str, pd.Series]:
    """Columns of the nodes layer that the table has, with X (northing) and Y (easting) as ``_x`` and
    ``_y``."""
    columns = _shared(fields, group)
    columns["number"] = _number_text(fields, "number")
    for name in ("feature", "appurtenance", "note"):
        if name in fields:
            columns[name] = fields.text(name)
    for name, column in (("ground_elevation", "ground_elevation_m"), ("chamber_depth", "chamber_depth_m")):
        if name in fields:
            columns[column] = fields.real(name, LENGTH_UNITS)
    for name in ("chamber_width_mm", "chamber_length_mm"):
        if name in fields:
            columns[name] = fields.real(name)
    if "rotation" in fields:
        columns["rotation_deg"] = fields.real("rotation")
    if "chamber_size" in fields:
        sizes = each_value(fields.raw("chamber_size"), parse_size)
        columns["chamber_width_mm"] = _reals(size and (size.width_mm or size.diameter_mm) for size in sizes)
        columns["chamber_length_mm"] = _reals(size and (size.height_mm or size.diameter_mm) for size in sizes)
    columns["_x"], columns["_y"] = fields.real("x"), fields.real("y")
    return _known(columns, NODES.names)


def _known(columns: dict[str, pd.Series], names: list[str]) -> dict[str, pd.Series]:
    return {name: values for name, values in columns.items() if name in names or name.startswith("_")}


def _shared(fields: Fields, group: KindFound | None) -> dict[str, pd.Series]:
    columns = {name: fields.text(name) for name in ("id", "source_id") if name in fields}
    utilities, kinds, words = _kinds(fields, group)
    columns |= {"utility": utilities, "kind": kinds, "_kind_word": words}
    columns["_owner"], columns["_community"] = fields.text("owner"), fields.text("community")
    if "surveyed_on" in fields:
        columns["surveyed_on"] = fields.date("surveyed_on")
    return columns


def _kinds(fields: Fields, group: KindFound | None) -> tuple[pd.Series, pd.Series, pd.Series]:
    """Group and kind of each row from its kind, its code or its group column, else from the table's name.

    A column that names only the group leaves the kind to another that knows it; so does the table's name.
    """
    found = [
        each_value(fields.raw(name), lambda word: kind_of(plain(word)))
        for name in ("kind", "kind_code", "utility")
    ]
    utilities, kinds = [], []
    for options in zip(*found, strict=True):
        named = [option for option in options if option is not None] + ([group] if group else [])
        best = named[0] if named else None
        exact = next(
            (option for option in named if option.kind and best and option.utility is best.utility), best
        )
        utilities.append(best.utility.value if best else None)
        kinds.append(exact.kind if exact else None)
    words = fields.text("kind").fillna(fields.text("kind_code")).fillna(fields.text("utility"))
    return pd.Series(pd.array(utilities, dtype="string")), pd.Series(pd.array(kinds, dtype="string")), words


def _number_text(fields: Fields, name: str) -> pd.Series:
    """Point numbers: 12 and 12.0 are the same, and case and white space do not tell points apart."""
    text = fields.text(name)
    return text.str.replace(" ", "", regex=False).str.upper()


def _depths(fields: Fields, utilities: pd.Series) -> dict[str, pd.Series]:
    columns: dict[str, pd.Series] = {}
    if "depth_start" in fields or "depth_end" in fields:
        columns["depth_start_m"] = fields.real("depth_start", LENGTH_UNITS)
        columns["depth_end_m"] = fields.real("depth_end", LENGTH_UNITS)
    elif "depth" in fields:
        columns["depth_start_m"] = columns["depth_end_m"] = fields.real("depth", LENGTH_UNITS)
    references = {member.value: depth_reference(member).value for member in Utility}
    columns["depth_reference"] = utilities.map(references).astype("string")
    if "depth_reference" in fields:
        columns["depth_reference"] = fields.text("depth_reference").fillna(columns["depth_reference"])
    return columns


def _sizes(fields: Fields) -> dict[str, pd.Series]:
    columns = {
        name: fields.real(name)
        for name in ("nominal_diameter_mm", "outer_width_mm", "outer_height_mm")
        if name in fields
    }
    if "size" not in fields:
        return columns
    sizes: list[Size | None] = list(each_value(fields.raw("size"), parse_size))
    columns["size_text"] = pd.Series(
        pd.array([size.text if size else None for size in sizes], dtype="string")
    )
    read = {
        "nominal_diameter_mm": _reals(size and size.diameter_mm for size in sizes),
        "outer_width_mm": _reals(size and size.width_mm for size in sizes),
        "outer_height_mm": _reals(size and size.height_mm for size in sizes),
    }
    for name, values in read.items():
        columns[name] = columns[name].reset_index(drop=True).fillna(values) if name in columns else values
    return columns


def _measures(fields: Fields) -> dict[str, pd.Series]:
    columns: dict[str, pd.Series] = {}
    for name in ("cable_count", "hole_count", "holes_used"):
        if name in fields:
            columns[name] = fields.integer(name)
    if "voltage" in fields:
        columns["voltage_kv"] = _voltages(fields)
    if "pressure" in fields:
        columns["pressure_mpa"] = _pressures(fields)
    if "flow" in fields:
        columns["flow"] = _flows(fields)
    if "laid_on" in fields:
        years = each_value(fields.raw("laid_on"), parse_year)
        columns["year_laid"] = pd.Series(
            pd.array([year.year if year else None for year in years], dtype="Int64")
        )
    return columns


def _voltages(fields: Fields) -> pd.Series:
    """10kV, 380V, 0.4, 低压 → kV."""

    def kilovolts(value: object) -> float | None:
        text = plain(value).upper().replace(" ", "").replace("千伏", "KV").replace("伏", "V")
        text = {"低压": "0.4KV", "高压": "10KV"}.get(text, text)
        number = text.removesuffix("KV").removesuffix("V")
        try:
            size = float(number)
        except ValueError:
            return None
        return size / 1000 if (text.endswith("V") and not text.endswith("KV")) or size > _LARGEST_KV else size

    return _reals(each_value(fields.raw("voltage"), kilovolts))


_LARGEST_KV = 1000.0


def _pressures(fields: Fields) -> pd.Series:
    """0.4, 0.4MPa, 400kPa, 中压A → MPa; words for a class give its upper bound."""

    def megapascals(value: object) -> float | None:
        text = plain(value).upper().replace(" ", "")
        if text in _PRESSURE_WORDS:
            return _PRESSURE_WORDS[text]
        scale = 0.001 if text.endswith("KPA") else 1.0
        try:
            return float(text.removesuffix("MPA").removesuffix("KPA")) * scale
        except ValueError:
            return None

    return _reals(each_value(fields.raw("pressure"), megapascals))


def _flows(fields: Fields) -> pd.Series:
    """Flow along the line is 1, against it -1, none or unknown missing; 0/1 of the survey is
    along/against."""
    survey = {
        "0": 1,
        "1": -1,
        "+": 1,
        "正向": 1,
        "起点到终点": 1,
        "反向": -1,
        "终点到起点": -1,
        "-1": -1,
        "顺": 1,
        "逆": -1,
    }
    values = fields.raw("flow")
    own = "flow" in fields and fields.match.headers["flow"] == "flow"
    codes = {"1": 1, "-1": -1} if own else survey
    found = each_value(values, lambda value: codes.get(plain(value)))
    return pd.Series(pd.array(list(found), dtype="Int64"))


def _states(fields: Fields) -> pd.Series:
    words = fields.text("status")
    found = each_value(words, lambda word: None if is_nothing(plain(word)) else state_of(word) or "bad")
    unknown = np.array([state == "bad" for state in found])
    if unknown.any():
        fields.notes.where(
            unknown,
            Level.REPAIRED,
            "status_unknown",
            sheet=fields.table.sheet,
            rows=fields.table.rows,
            column=fields.match.headers["status"],
            values=words,
        )
    states = [None if state in (None, "bad") else state.value for state in found]
    return pd.Series(pd.array(states, dtype="string"))


def _words(fields: Fields, name: str, code: Callable[[str | None], str | None]) -> pd.Series:
    return pd.Series(pd.array(each_value(fields.raw(name), code), dtype="string"))


def _reals(values: Iterable[Any]) -> pd.Series:
    return pd.Series(
        np.array([np.nan if value is None else float(value) for value in values], dtype=np.float64)
    )
