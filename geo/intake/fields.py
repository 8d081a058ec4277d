"""Columns of a table read as the contract's types, with a note for each value that is not one."""

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from geo.intake.draft import ROW, SHEET
from geo.intake.headers import Match
from geo.intake.report import Level, Notes
from geo.intake.table import Table
from geo.intake.values import (
    AREA_UNITS,
    MONEY_UNITS,
    NOTHING,
    Quantity,
    Unit,
    each_value,
    is_nothing,
    parse_date,
    parse_quantity,
    parse_truth,
    parse_unit,
    parse_year,
    plain,
    whole,
)

Mask = npt.NDArray[np.bool_]

TEN_THOUSAND = Decimal(10000)
_MONEY_BOUND = Decimal(100000)
_AREA_LOW, _AREA_HIGH = Decimal(100), Decimal(300)


class Fields:
    """Reads fields of one table; remembers which rows hold a value that cannot be read."""

    def __init__(self, table: Table, match: Match, notes: Notes) -> None:
        self.table, self.match, self.notes = table, match, notes
        self.refused: Mask = np.zeros(len(table.frame), dtype=bool)

    def __contains__(self, name: str) -> bool:
        return name in self.match

    def raw(self, name: str) -> pd.Series:
        """The column as it stands; all missing where the file has none."""
        if name in self.match:
            return self.table.frame[self.match.headers[name]]
        return pd.Series([None] * len(self.table.frame), index=self.table.frame.index, dtype=object)

    def text(self, name: str) -> pd.Series:
        """Text without needless space; marks for nothing become missing."""
        values = self.raw(name)
        if name not in self.match or _is_clean(values):
            return values.astype("string")
        return pd.Series(pd.array(each_value(values, _text), dtype="string"), index=values.index)

    def integer(self, name: str) -> pd.Series:
        """Whole numbers; ``6+1`` counts as 6 with a note; anything else is refused."""
        numbers, _ = self._numbers(name, first_of_sum=True)
        odd = numbers.notna() & (numbers != numbers.round())
        self._refuse(odd.to_numpy(dtype=bool), "not_whole", name)
        return numbers.where(~odd).astype("Int64")

    def real(
        self, name: str, units: Mapping[str, Decimal] | None = None, *, header_unit: bool = True
    ) -> pd.Series:
        """Real numbers; with ``units`` a unit in the cell or the heading is taken into account."""
        numbers, quantities = self._numbers(name)
        if units is None or name not in self.match:
            return numbers.astype("float64")
        headed = self._header_unit(name, units) if header_unit else None
        factor = np.ones(len(numbers))
        for place, quantity in enumerate(quantities if quantities is not None else ()):
            own = (
                quantity.unit.factor(dict(units))
                if quantity is not None and quantity.unit is not None
                else None
            )
            factor[place] = float(own or headed or 1)
        if quantities is None and headed is not None:
            factor[:] = float(headed)
        return (numbers.astype("float64") * factor).round(6)

    def year(self, name: str) -> pd.Series:
        """Years; a span counts as its first year, a decade as missing, each with a note."""
        parsed = each_value(
            self.raw(name), lambda value: None if is_nothing(plain(value)) else parse_year(value) or "bad"
        )
        self._refuse(np.array([found == "bad" for found in parsed], dtype=bool), "not_a_year", name)
        doubts = np.array([getattr(found, "doubt", "") for found in parsed], dtype=object)
        for code in ("year_first", "year_inexact", "year_short"):
            self._remark(doubts == code, Level.REPAIRED, code, name)
        return pd.Series(
            pd.array([getattr(found, "year", None) for found in parsed], dtype="Int64"),
            index=self.raw(name).index,
        )

    def date(self, name: str, parse: Callable[[Any], Any] = parse_date) -> pd.Series:
        """Dates in any of the usual spellings, ``datetime64[s]``."""
        parsed = each_value(
            self.raw(name), lambda value: None if is_nothing(plain(value)) else parse(value) or "bad"
        )
        bad = np.array([isinstance(found, str) for found in parsed], dtype=bool)
        self._refuse(bad, "not_a_date", name)
        parsed[bad] = None
        return pd.Series(
            pd.to_datetime(pd.Series(parsed, dtype=object)).astype("datetime64[s]").to_numpy(),
            index=self.raw(name).index,
        )

    def truth(self, name: str) -> pd.Series:
        """Yes and no."""
        parsed = each_value(
            self.raw(name), lambda value: None if is_nothing(plain(value)) else parse_truth(value)
        )
        return pd.Series(pd.array(list(parsed), dtype="boolean"), index=self.raw(name).index)

    def area(self, name: str, *, default: str | None = None) -> pd.Series:
        """Floor area in integer 0.01 m2, exact; without a unit ``default``, else by size of the values."""
        return self._amount(
            name, AREA_UNITS, Decimal(100), default, "area", (_AREA_LOW, _AREA_HIGH, "m2", "万m2")
        )

    def money(self, name: str) -> pd.Series:
        """Money in integer fen, exact; without a unit 元 where all are large, 万元 where none is, else
        refused."""
        return self._amount(
            name, MONEY_UNITS, Decimal(100), None, "money", (_MONEY_BOUND, _MONEY_BOUND, "元", "万元")
        )

    def frame(self, columns: Mapping[str, pd.Series]) -> pd.DataFrame:
        """The columns as a frame of the rows that were not refused, with geometry where the table has it."""
        data = {name: values.reset_index(drop=True) for name, values in columns.items()}
        data[ROW] = pd.Series(self.table.rows)
        data[SHEET] = pd.Series([self.table.sheet] * len(self.table.rows), dtype=object)
        frame = pd.DataFrame(data)
        if self.table.spatial:
            shapes = self.table.geometry()
            frame = gpd.GeoDataFrame(frame, geometry=shapes.geometry.array, crs=shapes.crs)
        return frame.loc[~self.refused].reset_index(drop=True)

    def _numbers(self, name: str, *, first_of_sum: bool = False) -> tuple[pd.Series, Any]:
        values = self.raw(name)
        if pd.api.types.is_numeric_dtype(values.dtype) and not pd.api.types.is_bool_dtype(values.dtype):
            return values.astype("Float64").mask(~np.isfinite(values.astype("float64").fillna(0))), None
        quantities = each_value(values, _quantity)
        if first_of_sum:
            quantities = self._first_of_sums(values, quantities, name)
        bad = np.array([found == "bad" for found in quantities], dtype=bool)
        self._refuse(bad, "not_a_number", name)
        quantities[bad] = None
        self._remark([bool(found and found.about) for found in quantities], Level.REPAIRED, "about", name)
        scaled = [
            None
            if found is None
            else float(found.value * (found.unit.scale if found.unit and not found.unit.base else 1))
            for found in quantities
        ]
        return pd.Series(pd.array(scaled, dtype="Float64"), index=values.index), quantities

    def _first_of_sums(self, values: pd.Series, quantities: Any, name: str) -> Any:
        sums = each_value(values, _first_of_sum)
        taken = np.array([found is not None for found in sums]) & np.array(
            [found == "bad" for found in quantities]
        )
        self._remark(taken, Level.REPAIRED, "first_taken", name)
        quantities[taken] = sums[taken]
        return quantities

    def _amount(
        self,
        name: str,
        units: dict[str, Decimal],
        parts: Decimal,
        default: str | None,
        family: str,
        bounds: tuple[Decimal, Decimal, str, str],
    ) -> pd.Series:
        values = self.raw(name)
        headed = self._header_unit(name, units)
        if headed is None and default is not None:
            headed = (parse_unit(default) or Unit("", Decimal(1))).factor(units)
        if headed is not None and pd.api.types.is_float_dtype(values.dtype):
            exact = _exact_parts(values, headed * parts)
            if exact is not None:
                return exact
        _, quantities = self._numbers(name)
        if quantities is None:
            quantities = each_value(values, _quantity)
        factors = [None if found is None else _factor(found, units) for found in quantities]
        free = np.array(
            [found is not None and factor is None for found, factor in zip(quantities, factors, strict=True)]
        )
        if free.any() and headed is None:
            headed = self._guess_unit(
                name, [quantities[place].value for place in np.flatnonzero(free)], units, family, bounds
            )
            if headed is None:
                self._refuse(free, f"{family}_unit_unclear", name)
        whole_parts = [
            None if found is None else _whole_parts(found.value, factor or headed, parts)
            for found, factor in zip(quantities, factors, strict=True)
        ]
        return pd.Series(pd.array(whole_parts, dtype="Int64"), index=values.index)

    def _guess_unit(
        self,
        name: str,
        values: list[Decimal],
        units: dict[str, Decimal],
        family: str,
        bounds: tuple[Decimal, Decimal, str, str],
    ) -> Decimal | None:
        below, above, large, small = bounds
        some = [value for value in values if value != 0]
        word = (
            large
            if all(value >= above for value in some)
            else small
            if all(value < below for value in some)
            else None
        )
        unit = parse_unit(word) if word else None
        if unit is None:
            return None
        self.notes.add(
            Level.REPAIRED,
            f"{family}_unit_taken",
            sheet=self.table.sheet,
            column=self.match.headers[name],
            unit=word,
        )
        return unit.factor(units)

    def _header_unit(self, name: str, units: Mapping[str, Decimal]) -> Decimal | None:
        """The unit in the heading, else the only one of its family in the text above the table."""
        unit = parse_unit(self.match.units.get(name, ""))
        factor = unit.factor(dict(units)) if unit is not None else None
        if factor is not None:
            return factor
        for found in re.findall(r"单位[:：]\s*([^\s。；;]+)", self.table.title):
            for word in re.split(r"[、,，/]", found):
                unit = parse_unit(word.strip(" )（）(]"))
                if unit is not None and unit.base in units:
                    return unit.factor(dict(units))
        return None

    def _refuse(self, mask: Any, code: str, name: str) -> None:
        wrong = np.asarray(mask, dtype=bool) & ~self.refused
        self.refused |= wrong
        self._remark(wrong, Level.REFUSED, code, name)

    def _remark(self, mask: Any, level: Level, code: str, name: str) -> None:
        wrong = np.asarray(mask, dtype=bool)
        if wrong.any():
            header = self.match.headers[name]
            self.notes.where(
                wrong,
                level,
                code,
                sheet=self.table.sheet,
                rows=self.table.rows,
                column=header,
                values=self.table.frame[header],
            )


def _is_clean(values: pd.Series) -> bool:
    """Whether every text of a column of text is plain already and stands for something."""
    if not isinstance(values.dtype, pd.StringDtype):
        return False
    texts = pa.array(values, type=pa.large_string())
    clean = pc.and_(pc.utf8_is_alnum(texts), pc.equal(pc.utf8_normalize(texts, form="NFKC"), texts))
    nothing = pc.is_in(pc.utf8_lower(texts), value_set=pa.array(sorted(NOTHING), type=pa.large_string()))
    return bool(pc.all(clean).as_py() is not False) and not pc.any(nothing).as_py()


def _text(value: Any) -> str | None:
    text = plain(value)
    if text[:1] == "'" and text[1:2] in ("=", "+", "-", "@"):
        text = text[1:]
    return None if is_nothing(text) else text


def _quantity(value: Any) -> Any:
    if is_nothing(plain(value)):
        return None
    return parse_quantity(value) or "bad"


def _first_of_sum(value: Any) -> Quantity | None:
    found = re.match(
        r"^(?:地上)?(\d+)(?:层|f)?(?:\+|/-|、地下|,地下|加).*$", plain(value).replace(" ", "").lower()
    )
    return Quantity(Decimal(found[1])) if found else None


def _factor(quantity: Quantity, units: dict[str, Decimal]) -> Decimal | None:
    """The unit in the cell; 12万 without more is ten thousand of the family's own unit."""
    if quantity.unit is None:
        return None
    if not quantity.unit.base:
        return quantity.unit.scale
    return quantity.unit.factor(units)


def _whole_parts(value: Decimal, factor: Decimal | None, parts: Decimal) -> int | None:
    return None if factor is None else whole(value * factor * parts)


def _exact_parts(values: pd.Series, factor: Decimal) -> pd.Series | None:
    """Floats times ``factor`` as integers where each is whole to within the last digits of a float."""
    parts = values.astype("float64").to_numpy() * float(factor)
    near = np.rint(parts)
    finite = np.isfinite(parts)
    if (np.abs(near[finite]) > 2**52).any() or (np.abs(parts[finite] - near[finite]) > 1e-3).any():
        return None
    return pd.Series(pd.array(near, dtype="Float64"), index=values.index).mask(~finite).astype("Int64")
