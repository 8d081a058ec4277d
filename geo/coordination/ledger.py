"""Findings kept by the things that they are about, so that a few can be replaced without touching the
rest."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from geo.coordination.chains import Bools, Ints
from geo.coordination.findings import LISTED, Findings, Rows, framed, identities, joined
from geo.coordination.kept import Inverse, inverse, merged, without

Counts = Mapping[tuple[str, str, str], int]
_KEYS = ("kind", "verdict", "reason")
_ORDER = ["kind", "rule", "thing_a", "thing_b", "verdict"]


@dataclass(frozen=True, eq=False)
class Scope:
    """Things whose findings are found again, and communities whose yards are."""

    ids: frozenset[str]
    communities: frozenset[str]

    def holds(self, rows: Rows) -> Bools:
        """Which rows are about the scope."""
        things = [rows.columns.get(name) for name in ("thing_a", "thing_b", "layer_a", "layer_b")]
        out = np.zeros(len(rows), dtype=bool)
        for thing, layer in ((things[0], things[2]), (things[1], things[3])):
            if thing is not None and layer is not None:
                out |= np.array(
                    [
                        name in self.ids or (where == "communities" and name in self.communities)
                        for name, where in zip(thing, layer, strict=True)
                    ],
                    dtype=bool,
                )
        return out


@dataclass(frozen=True, eq=False)
class Part:
    """Findings of a frame by what they are about."""

    frame: gpd.GeoDataFrame
    columns: Mapping[str, np.ndarray]
    by_a: Inverse
    by_b: Inverse

    def about(self, scope: Scope) -> Ints:
        """Rows that are about the scope."""
        found = [self.by_a.of(scope.ids), self.by_b.of(scope.ids)]
        for index, layer in ((self.by_a, "layer_a"), (self.by_b, "layer_b")):
            rows = index.of(scope.communities)
            found.append(rows[self.columns[layer][rows] == "communities"])
        return merged(found)


def part(frame: gpd.GeoDataFrame) -> Part:
    """Index a frame of findings."""
    names = ("id", *_KEYS, "thing_a", "thing_b", "layer_a", "layer_b")
    columns = {name: np.asarray(frame[name].astype(object), dtype=object) for name in names}
    return Part(frame, columns, inverse(columns["thing_a"]), inverse(columns["thing_b"]))


@dataclass(frozen=True, eq=False)
class Delta:
    """What an edit changed: ids of listed findings that are no longer there as they were, and those that
    are there now (a frame as ``Findings.listed``; an id may be among both)."""

    removed: tuple[str, ...]
    rows: Rows = field(repr=False)
    crs: Any

    @cached_property
    def added(self) -> gpd.GeoDataFrame:
        return framed(self.rows, self.crs)


@dataclass(frozen=True, eq=False)
class Batch:
    """What one edit found, and everything that it is about."""

    rows: Rows
    about: frozenset[str]


def _batch(rows: Rows) -> Batch:
    names = [rows.columns[name] for name in ("thing_a", "thing_b") if name in rows.columns]
    return Batch(rows, frozenset(str(thing) for things in names for thing in things if thing is not None))


@dataclass(frozen=True, eq=False)
class Ledger:
    """Findings of a whole run (``listed``, ``unlisted``) without the ``gone``, and those found since."""

    listed: Part
    unlisted: Part
    gone: tuple[Bools, Bools]
    fresh: tuple[Batch, ...]
    counts: Counts
    crs: Any

    def replaced(self, scope: Scope, found: Rows) -> tuple["Ledger", Delta]:
        """What is about ``scope`` replaced by what was ``found`` (all of it, and nothing else, about it)."""
        removed: list[str] = []
        counts = dict(self.counts)
        gone = []
        for side, dead in ((self.listed, self.gone[0]), (self.unlisted, self.gone[1])):
            about = side.about(scope)
            rows = about[~dead[about]]
            _count(counts, {name: side.columns[name][rows] for name in _KEYS}, len(rows), -1)
            if side is self.listed:
                removed += side.columns["id"][rows].tolist()
            gone.append(without(dead, rows))
        everything, fresh = scope.ids | scope.communities, []
        for batch in self.fresh:
            if batch.about.isdisjoint(everything):
                fresh.append(batch)
                continue
            old = scope.holds(batch.rows)
            out = batch.rows.where(old)
            _count(counts, out.columns, len(out), -1)
            removed += _ids(shown(out))
            if not old.all():
                fresh.append(_batch(batch.rows.where(~old)))
        if len(found):
            _count(counts, found.columns, len(found), 1)
            fresh.append(_batch(found))
        book = Ledger(self.listed, self.unlisted, (gone[0], gone[1]), tuple(fresh), counts, self.crs)
        return book, Delta(tuple(removed), shown(found), self.crs)

    def findings(self) -> Findings:
        """All of them as one frame each, in the order of a whole run."""
        new = framed(joined(batch.rows for batch in self.fresh), self.crs)
        listed = new["verdict"].isin([str(verdict) for verdict in LISTED]).to_numpy(dtype=bool)
        return Findings.of(
            _merged(self.listed.frame, self.gone[0], new[listed]),
            _merged(self.unlisted.frame, self.gone[1], new[~listed]),
        )


def ledger(findings: Findings, crs: Any) -> Ledger:
    """Index the findings of a whole run."""
    counts: dict[tuple[str, str, str], int] = {}
    for row in findings.counts.to_dict("records"):
        counts[row["kind"], row["verdict"], row["reason"]] = int(row["count"])
    sides = part(findings.listed), part(findings.unlisted)
    gone = np.zeros(len(findings.listed), dtype=bool), np.zeros(len(findings.unlisted), dtype=bool)
    return Ledger(*sides, gone, (), counts, crs)


def shown(rows: Rows) -> Rows:
    """The rows that are listed."""
    if not len(rows):
        return rows
    return rows.where(np.isin(rows.columns["verdict"].astype(str), [str(verdict) for verdict in LISTED]))


def _ids(rows: Rows) -> list[str]:
    if not len(rows):
        return []
    none = np.full(len(rows), None, dtype=object)
    kind, rule, a, b = (rows.columns.get(name, none) for name in ("kind", "rule", "thing_a", "thing_b"))
    return identities(kind, rule, a, b)


def _count(
    counts: dict[tuple[str, str, str], int], columns: Mapping[str, Any], length: int, step: int
) -> None:
    none = [None] * length
    for kind, verdict, reason in zip(*(columns.get(name, none) for name in _KEYS), strict=True):
        key = (str(kind), str(verdict), "" if pd.isna(reason) else str(reason))
        counts[key] = counts.get(key, 0) + step
        if not counts[key]:
            del counts[key]


def _merged(old: gpd.GeoDataFrame, gone: Bools, new: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    parts = [rows for rows in (old[~gone], new) if len(rows)]
    if not parts:
        return old.iloc[:0]
    both = pd.concat(parts, ignore_index=True).sort_values(_ORDER, na_position="first", kind="stable")
    return gpd.GeoDataFrame(both.reset_index(drop=True), geometry="geometry", crs=old.crs)
