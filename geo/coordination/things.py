"""What the rules look at, as arrays: lines, buildings and what stands beside them, one row each."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from geo.coordination.chains import Bools, Chains, Floats, Ints, Shapes, chains
from geo.coordination.classes import GROUPS, ground_groups, line_groups, overhead, place_of
from geo.coordination.pairs import EARLIEST, LATEST
from geo.coordination.parameters import Parameters
from geo.coordination.tables import Layers, Table, Texts, among, tables
from geo.vocabulary import DepthReference, DigState, LineState

BESIDE = ("TR", "P1", "K")
_DEAD_LINES = (LineState.ABANDONED, LineState.REMOVED)
_DEAD_DIGS = (DigState.WITHDRAWN, DigState.CLOSED)


@dataclass(frozen=True, eq=False)
class Things:
    """Lines first (``lines`` of them), then buildings, then trees, poles and kerbs; one entry per thing.

    ``half`` is half the outer width in metres, NaN where unknown, ``most`` the greatest that it may be;
    ``start`` and ``end`` the days of a planned line's dig, ``gone`` the last day of a line that is replaced;
    ``series`` numbers owner and utility; ``serves``, ``connects`` and ``replaces`` are rows, -1 for none.
    Lines out of use, above the ground or in a withdrawn dig are not things.
    """

    ids: Texts
    layer: Texts
    shapes: Shapes
    lines: int
    planned: Bools
    leaving: Bools
    group: Ints
    half: Floats
    most: Floats
    diameter: Floats
    voltage: Floats
    owner: Texts
    community: Texts
    start: Ints
    end: Ints
    gone: Ints
    series: Ints
    serves: Ints
    connects: Ints
    replaces: Ints
    depth: Floats
    invert: Bools
    height: Floats
    kind: Texts
    material: Texts
    dig: Texts

    def __len__(self) -> int:
        return len(self.ids)

    _kept: dict[str, Any] = field(default_factory=dict, repr=False)

    def keep(self, name: str, work: Callable[[], Any]) -> Any:
        """What ``work`` gives, worked out once for these things."""
        if name not in self._kept:
            self._kept[name] = work()
        return self._kept[name]

    @cached_property
    def chains(self) -> Chains:
        return chains(self.shapes)

    @cached_property
    def is_line(self) -> Bools:
        return np.arange(len(self)) < self.lines

    def label_groups(self, rows: Ints) -> Texts:
        return np.array(["|".join(group) for group in GROUPS], dtype=object)[self.group[rows]]


def dates_of(days: Ints) -> npt.NDArray[np.datetime64]:
    """Days since 1970 as dates, missing where the day is a default."""
    known = (days > EARLIEST) & (days < LATEST)
    dates = np.where(known, days, 0).astype("datetime64[D]").astype("datetime64[s]")
    return np.where(known, dates, np.datetime64("NaT", "s"))


def given(values: Texts) -> Bools:
    """Which entries of a column of objects are not ``None``."""
    return np.asarray(~pd.isna(values), dtype=np.bool_)


def things(frames: Layers, parameters: Parameters) -> Things:
    """The things in ``frames`` (layers ``lines``, ``digs``, ``buildings``, ``ground``; absent ones are
    empty)."""
    layers = tables(frames)
    digs = _live_digs(layers["digs"])
    lines = _live_lines(layers["lines"], digs, asked="digs" in frames)
    buildings, ground = _drawn(layers["buildings"]), layers["ground"]
    beside = ground_groups(ground)
    kept = (beside >= 0) & _there(ground)
    ground, beside = ground.take(kept), beside[kept]
    parts = {"lines": lines, "buildings": buildings, "ground": ground}
    sizes = [len(part) for part in parts.values()]
    ids = np.concatenate([part.texts("id") for part in parts.values()])
    group = np.concatenate(
        [line_groups(lines), np.full(len(buildings), place_of(("B",)), dtype=np.int64), beside]
    ).astype(np.int64)
    half, most = _halves(lines, ground, beside, len(buildings), parameters)
    planned, leaving = np.zeros(len(ids), dtype=bool), np.zeros(len(ids), dtype=bool)
    planned[: sizes[0]] = lines.texts("state") == LineState.PLANNED
    leaving[: sizes[0]] = lines.texts("state") == LineState.TO_ABANDON
    start, end = _windows(lines, digs, len(ids))
    rows = _referred(ids, lines, ("serves_building", "connects_to", "replaces"))
    return Things(
        ids=ids,
        layer=np.repeat(np.array(list(parts), dtype=object), sizes),
        shapes=np.concatenate([part.shapes for part in parts.values()]),
        lines=sizes[0],
        planned=planned,
        leaving=leaving,
        group=group,
        half=half,
        most=most,
        diameter=_padded(lines.reals("nominal_diameter_mm"), len(ids)),
        voltage=_padded(lines.reals("voltage_kv"), len(ids)),
        owner=_padded_texts(lines, "owner", len(ids)),
        community=np.concatenate([part.texts("community") for part in parts.values()]),
        start=start,
        end=end,
        gone=_gone(rows["replaces"], end),
        series=_series(lines, len(ids)),
        serves=rows["serves_building"],
        connects=rows["connects_to"],
        replaces=rows["replaces"],
        depth=np.stack([lines.reals("depth_start_m"), lines.reals("depth_end_m")], axis=1),
        invert=lines.texts("depth_reference") == DepthReference.INVERT,
        height=lines.reals("outer_height_mm") / 1000,
        kind=lines.texts("kind"),
        material=lines.texts("material"),
        dig=lines.texts("dig"),
    )


def _live_digs(digs: Table) -> Table:
    return digs.take(~among(digs.texts("state"), _DEAD_DIGS))


def _live_lines(lines: Table, digs: Table, *, asked: bool) -> Table:
    """Lines below the ground and in use; where digs are ``asked`` for, planned ones only in a live dig."""
    dead = among(lines.texts("state"), _DEAD_LINES) | overhead(lines)
    dead |= ~_there(lines)
    if asked:
        dig = lines.texts("dig")
        planned = given(dig) & (lines.texts("state") == LineState.PLANNED)
        dead[planned] |= ~pd.Index(dig[planned], dtype=object).isin(pd.Index(digs.texts("id"), dtype=object))
    return lines.take(~dead)


def _drawn(rows: Table) -> Table:
    return rows.take(_there(rows))


def _there(rows: Table) -> Bools:
    """Rows that have a shape."""
    return np.asarray(~(shapely.is_missing(rows.shapes) | shapely.is_empty(rows.shapes)), dtype=np.bool_)


def _halves(
    lines: Table, ground: Table, beside: Ints, buildings: int, parameters: Parameters
) -> tuple[Floats, Floats]:
    """Half outer widths, and the greatest they may be: a tree counts by its stem, a kerb by its line."""
    wide = lines.reals("outer_width_mm") / 2000
    poles = np.where(beside == place_of(("P1",)), ground.reals("width_m") / 2, 0.0)
    half = np.concatenate([wide, np.zeros(buildings), np.nan_to_num(poles)])
    return half, np.where(np.isnan(half), parameters.largest_outer_m / 2, half)


def _windows(lines: Table, digs: Table, count: int) -> tuple[Ints, Ints]:
    start, end = np.full(count, EARLIEST, dtype=np.int64), np.full(count, LATEST, dtype=np.int64)
    owned = lines.texts("dig")
    known = np.flatnonzero(given(owned))
    if len(known) and len(digs):
        row = pd.Index(digs.texts("id"), dtype=object).get_indexer(pd.Index(owned[known], dtype=object))
        known, row = known[row >= 0], row[row >= 0]
        start[known] = digs.days("window_start", EARLIEST)[row]
        end[known] = digs.days("window_end", LATEST)[row]
    return start, end


def _referred(ids: Texts, lines: Table, columns: Sequence[str]) -> dict[str, Ints]:
    """The rows that each line refers to, by column; -1 where it refers to none, and for what is no line."""
    known = {name: np.flatnonzero(given(lines.texts(name))) for name in columns}
    names = [lines.texts(name)[rows] for name, rows in known.items()]
    codes, unique = pd.factorize(np.concatenate(names))
    found = pd.Index(unique, dtype=object).get_indexer(pd.Index(ids, dtype=object))
    there = np.flatnonzero(found >= 0)
    place = np.full(len(unique), -1, dtype=np.int64)
    place[found[there]] = there
    out = {name: np.full(len(ids), -1, dtype=np.int64) for name in columns}
    ends = np.cumsum([len(rows) for rows in known.values()])[:-1]
    for (name, rows), mine in zip(known.items(), np.split(place[codes], ends), strict=True):
        out[name][rows] = mine
    return out


def _gone(replaces: Ints, end: Ints) -> Ints:
    """The last day of each thing: the end of the dig that replaces it, the latest where several do."""
    gone = np.full(len(end), LATEST, dtype=np.int64)
    by = np.flatnonzero(replaces >= 0)
    last = np.full(len(end), EARLIEST, dtype=np.int64)
    np.maximum.at(last, replaces[by], end[by])
    return np.where(last > EARLIEST, last, gone)


def _series(lines: Table, count: int) -> Ints:
    """A number for owner and utility; lines of no known owner are each of their own."""
    out = np.arange(count, dtype=np.int64) + count + 1
    if len(lines):
        owner, _ = pd.factorize(lines.texts("owner"))
        utility, names = pd.factorize(lines.texts("utility"))
        out[: len(lines)] = np.where(owner >= 0, owner * (len(names) + 1) + utility, out[: len(lines)])
    return out


def _padded(values: Floats, count: int) -> Floats:
    return np.concatenate([values, np.full(count - len(values), np.nan)])


def _padded_texts(rows: Table, column: str, count: int) -> Texts:
    values: Texts = np.full(count, None, dtype=object)
    values[: len(rows)] = rows.texts(column)
    return values


def describe(all_things: Things, i: Ints, j: Ints) -> dict[str, Any]:
    """Who is concerned, for pairs of rows (i, j), each column as a function of the pairs that are asked for;
    the window holds the windows of both."""
    every = all_things

    def community(at: Ints) -> Texts:
        first = every.community[i[at]]
        return np.where(given(first), first, every.community[j[at]])

    def first_day(at: Ints) -> npt.NDArray[np.datetime64]:
        starts = every.start[[i[at], j[at]]]
        return dates_of(np.where(starts > EARLIEST, starts, LATEST).min(axis=0))

    def last_day(at: Ints) -> npt.NDArray[np.datetime64]:
        ends = every.end[[i[at], j[at]]]
        return dates_of(np.where(ends < LATEST, ends, EARLIEST).max(axis=0))

    return {
        "thing_a": lambda at: every.ids[i[at]], "thing_b": lambda at: every.ids[j[at]],
        "layer_a": lambda at: every.layer[i[at]], "layer_b": lambda at: every.layer[j[at]],
        "class_a": lambda at: every.label_groups(i[at]), "class_b": lambda at: every.label_groups(j[at]),
        "owner_a": lambda at: every.owner[i[at]], "owner_b": lambda at: every.owner[j[at]],
        "community": community, "window_start": first_day, "window_end": last_day,
    }  # fmt: skip
