"""The clearance tables as data: limits by class pair with their provenance, overridden by signed cells."""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from geo.coordination.chains import Bools, Floats, Ints
from geo.coordination.classes import GROUPS, LINES, SINGLES
from geo.errors import BadInput
from geo.kinds import read_table

STANDARD = "GB 50289-2016"
HORIZONTAL, VERTICAL, COVER = "4.1.9", "4.1.14", "4.1.1"
OFFICIAL, SIGNED = "official_copy", "signed"
TABLES = {"horizontal": "clearance_horizontal", "vertical": "clearance_vertical", "cover": "cover_depth"}
_CLAUSES = {"horizontal": HORIZONTAL, "vertical": VERTICAL, "cover": COVER}

_DIAMETER_MM = 300.0
# intervals of voltage in which every condition of the tables is decided: below 35, 35, to 330, above
_VOLTAGES_KV: tuple[float, ...] = (34.0, 200.0, 331.0)
_DIAMETERS_MM: tuple[float, ...] = (_DIAMETER_MM, _DIAMETER_MM + 1)
_STATES = 3 * 4
_CROSSED = (*LINES, "TM", "RW", "culvert base")
_FAMILY = {**{code: code for code in _CROSSED}, "W1": "W", "W2": "W", **{f"G{n}": "G" for n in range(5)}}


@dataclass(frozen=True)
class Found:
    """Limits of many pairs, in metres: ``low`` is the least and ``high`` the greatest that may apply.

    Both are equal where everything is known. ``row`` is the row of the table that ``high`` comes from, -1
    where the table has none (then ``high`` is infinite). ``applies`` is false where the cell is blank.
    """

    low: Floats
    high: Floats
    row: Ints
    applies: Bools


@dataclass(frozen=True, eq=False)
class Limits:
    """The tables of one edition, with the district's signed cells in place of theirs.

    ``horizontal``, ``vertical`` and ``cover`` are frames in the order of the files, with the columns
    ``provenance``, ``reference`` and ``note``.
    """

    horizontal: pd.DataFrame
    vertical: pd.DataFrame
    cover: pd.DataFrame

    @cached_property
    def version(self) -> str:
        """Hash of every cell and its provenance: another text, another version."""
        text = "".join(frame.to_csv(index=False) for frame in (self.horizontal, self.vertical, self.cover))
        return hashlib.sha256(text.encode()).hexdigest()

    @cached_property
    def _across(self) -> Found:
        return _by_group(self.horizontal, {code: code for code in SINGLES}, _STATES)

    @cached_property
    def _over(self) -> Found:
        return _by_group(self.vertical, _FAMILY, 1)

    def horizontal_of(
        self, a: Ints, b: Ints, diameter_mm: Floats | None = None, voltage_kv: Floats | None = None
    ) -> Found:
        """Horizontal limits of pairs of groups (``classes.GROUPS``).

        ``diameter_mm`` is the larger nominal diameter of the pair and ``voltage_kv`` the power line's
        voltage; NaN where unknown.
        """
        return _look(self._across, _state(diameter_mm, voltage_kv, len(a)), a, b)

    def vertical_of(self, a: Ints, b: Ints) -> Found:
        """Vertical limits at crossings of pairs of groups."""
        return _look(self._over, np.zeros(len(a), dtype=np.int64), a, b)

    def reach(self, unlisted_m: float) -> Floats:
        """Greatest horizontal limit that any condition gives, by group and group; 0 where none applies."""
        return _reach(self, unlisted_m)


@lru_cache(maxsize=8)
def _reach(limits: Limits, unlisted_m: float) -> Floats:
    across = limits._across
    high = np.where(np.isinf(across.high), unlisted_m, across.high)
    out: Floats = np.where(across.applies, high, 0.0).max(axis=0)
    out.setflags(write=False)
    return out


def read_limits(signed: pd.DataFrame | None = None) -> Limits:
    """The tables of the package with ``signed`` cells put over them.

    ``signed`` has the columns table (horizontal, vertical, cover), a, b, condition, min_m, by, page, date;
    for
    cover a is the class, b the surface (footway, carriageway), condition the laying. Raises ``BadInput``
    for a cell that no table has.
    """
    frames = {name: _read(name) for name in TABLES}
    for cell in [] if signed is None else signed.to_dict("records"):
        _sign(frames, {str(name): value for name, value in cell.items()})
    return Limits(**frames)


def _read(name: str) -> pd.DataFrame:
    frame = pd.DataFrame(read_table(TABLES[name]))
    for column in frame.columns[frame.columns.str.startswith("min_m")]:
        frame[column] = pd.to_numeric(frame[column].replace("", None))
    if "condition" not in frame:
        frame["condition"] = frame.get("laying", "")
    default = f"{STANDARD} table {_CLAUSES[name]}"
    own = frame["reference"] if "reference" in frame else pd.Series("", index=frame.index)
    frame["reference"] = own.where(own != "", default)
    return frame


def _sign(frames: dict[str, pd.DataFrame], cell: dict[str, Any]) -> None:
    table = str(cell["table"])
    if table not in frames:
        raise BadInput("no_such_cell", table=table)
    frame, condition = frames[table], cell.get("condition")
    condition = "" if condition is None or pd.isna(condition) else str(condition)
    if table == "cover":
        column, found = f"min_m_{cell['b']}", frame["class"] == cell["a"]
    else:
        a, b = cell["a"], cell["b"]
        column = "min_m"
        found = ((frame["a"] == a) & (frame["b"] == b)) | ((frame["a"] == b) & (frame["b"] == a))
    found &= frame["condition"] == condition
    if not found.any() or column not in frame:
        raise BadInput("no_such_cell", table=table, a=str(cell["a"]), b=str(cell["b"]), condition=condition)
    frame.loc[found, column] = float(cell["min_m"])
    frame.loc[found, "provenance"] = SIGNED
    frame.loc[found, "reference"] = f"{cell['by']}, {cell['page']}, {cell['date']}"


def _state(diameter: Floats | None, voltage: Floats | None, count: int) -> Ints:
    """0..11: diameter at most 300, above, unknown; times voltage below 35, to 330, above, unknown."""
    size = np.full(count, np.nan) if diameter is None else np.asarray(diameter, dtype=np.float64)
    volts = np.full(count, np.nan) if voltage is None else np.asarray(voltage, dtype=np.float64)
    by_size = np.where(np.isnan(size), 2, (size > _DIAMETER_MM).astype(np.int64))
    by_volts = np.where(np.isnan(volts), 3, (volts >= 35).astype(np.int64) + (volts > 330))
    return np.asarray(by_size * 4 + by_volts, dtype=np.int64)


def _look(table: Found, state: Ints, a: Ints, b: Ints) -> Found:
    at = (state, a, b)
    return Found(table.low[at], table.high[at], table.row[at], table.applies[at])


def _holds(condition: str, state: int) -> bool:
    """Whether the row may apply: its condition holds or cannot be decided."""
    size, volts = divmod(state, 4)
    found = re.fullmatch(r"(\w+)(<=|>=|<|>)([\d.]+)", condition)
    if not found:
        return True
    name, sign, bound = found[1], found[2], float(found[3])
    if name == "nominal_diameter_mm":
        values = _DIAMETERS_MM if size == 2 else _DIAMETERS_MM[size : size + 1]
    elif name == "voltage_kv":
        values = _VOLTAGES_KV[:3] if volts == 3 else _VOLTAGES_KV[volts : volts + 1]
    else:
        raise BadInput("unknown_condition", condition=condition)
    tests = {"<=": np.less_equal, ">=": np.greater_equal, "<": np.less, ">": np.greater}
    return bool(tests[sign](values, bound).any())


def _by_group(frame: pd.DataFrame, family: dict[str, str], states: int) -> Found:
    """The table by state, group and group: least and greatest over what each side may be."""
    codes = sorted(set(family.values()))
    base = [_by_class(frame, codes, state) for state in range(states)]
    low, high, row, blank = (np.stack(column) for column in zip(*base, strict=True))
    members = [sorted({codes.index(family[code]) for code in group if code in family}) for group in GROUPS]
    shape = (states, len(GROUPS), len(GROUPS))
    out = Found(np.zeros(shape), np.full(shape, np.inf), np.full(shape, -1), np.ones(shape, dtype=bool))
    for p, mine in enumerate(members):
        for q, theirs in enumerate(members):
            if mine and theirs:
                _fold(out, (p, q), low, high, row, blank, np.ix_(range(states), mine, theirs))
    return out


def _fold(
    out: Found, at: tuple[int, int], low: Floats, high: Floats, row: Ints, blank: Bools, part: tuple[Any, ...]
) -> None:
    states = len(low)
    flat_high = high[part].reshape(states, -1)
    worst = flat_high.argmax(axis=1)
    out.low[:, at[0], at[1]] = low[part].reshape(states, -1).min(axis=1)
    out.high[:, at[0], at[1]] = flat_high.max(axis=1)
    out.row[:, at[0], at[1]] = row[part].reshape(states, -1)[np.arange(states), worst]
    out.applies[:, at[0], at[1]] = ~blank[part].reshape(states, -1).all(axis=1)


def _by_class(
    frame: pd.DataFrame, codes: Sequence[str], state: int
) -> tuple[Floats, Floats, Ints, npt.NDArray[np.bool_]]:
    """Least and greatest limit, row and blankness for every pair of single classes in one state."""
    count = len(codes)
    low, high = np.full((count, count), np.inf), np.full((count, count), -np.inf)
    row, blank = np.full((count, count), -1), np.zeros((count, count), dtype=bool)
    place = {code: n for n, code in enumerate(codes)}
    rows = zip(frame["a"], frame["b"], frame["condition"], frame["min_m"], strict=True)
    for number, (a, b, condition, least) in enumerate(rows):
        if a not in place or b not in place or not _holds(condition, state):
            continue
        for p, q in {(place[a], place[b]), (place[b], place[a])}:
            blank[p, q] = bool(np.isnan(least))
            value = 0.0 if blank[p, q] else float(least)
            low[p, q] = min(low[p, q], value)
            if value > high[p, q] or row[p, q] < 0:
                high[p, q], row[p, q] = value, number
    unlisted = row < 0
    return np.where(unlisted, 0.0, low), np.where(unlisted, np.inf, high), row, blank
