"""A layer kept with its indexes: rows by id, by place, by community and by what they refer to, and a few
changed rows on top."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import shapely

from geo.coordination.chains import Bools, Ints, Shapes, ranges
from geo.coordination.tables import SHAPED, Table, Texts, joined

REFERENCES: Mapping[str, tuple[str, ...]] = {
    "lines": ("dig", "replaces", "connects_to"),
    "digs": ("replaces", "joins"),
    "consents": ("dig",),
}
_NOWHERE = np.empty(0, dtype=np.int64)


@dataclass(frozen=True, eq=False)
class Inverse:
    """Which rows hold a value: ``rows[start[c]:start[c + 1]]`` for the code c of the value."""

    code: Mapping[str, int]
    start: Ints
    rows: Ints

    def of(self, wanted: Collection[str]) -> Ints:
        """Rows that hold any of the values, in order."""
        code = self.code
        found = [code[value] for value in wanted if value in code]
        if not found:
            return _NOWHERE
        at = np.array(found, dtype=np.int64)
        inner, _ = ranges(self.start[at], self.start[at + 1])
        return np.sort(self.rows[inner])


def inverse(values: Texts) -> Inverse:
    """The rows of each value; missing ones are left out."""
    codes, unique = pd.factorize(values)
    rows = np.argsort(codes, kind="stable")
    rows = rows[np.count_nonzero(codes < 0) :]
    start = np.concatenate([[0], np.cumsum(np.bincount(codes[codes >= 0], minlength=len(unique)))])
    code = dict(zip(unique.tolist(), range(len(unique)), strict=True))
    return Inverse(code, start.astype(np.int64), rows.astype(np.int64))


@dataclass(frozen=True, eq=False)
class Layer:
    """Rows of ``base`` that are not ``gone``, then those of ``extra``; a row's place counts through both."""

    base: Table
    extra: Table
    gone: Bools
    by_id: Inverse
    by_community: Inverse
    by_reference: Mapping[str, Inverse]
    tree: shapely.STRtree | None

    def changed(self, rows: Table, removed: Collection[str]) -> "Layer":
        """The layer with ``rows`` in place of those of their ids, and without ``removed``."""
        out = {*rows.texts("id").tolist(), *removed}
        stay = np.array([name not in out for name in self.extra.texts("id")], dtype=bool)
        return replace(
            self,
            extra=joined([rows, self.extra.take(stay)]) if len(rows) else self.extra.take(stay),
            gone=without(self.gone, self.by_id.of(out)),
        )

    def of_ids(self, ids: Collection[str]) -> Ints:
        """Places of the rows with these ids."""
        return self._places(self.by_id, "id", ids)

    def of_communities(self, communities: Collection[str]) -> Ints:
        return self._places(self.by_community, "community", communities)

    def referring(self, column: str, ids: Collection[str]) -> Ints:
        """Places of the rows whose ``column`` names one of ``ids``."""
        return self._places(self.by_reference[column], column, ids)

    def near(self, shapes: Shapes, distance: float) -> Ints:
        """Places of the rows at most ``distance`` metres from any of the shapes."""
        if not len(shapes) or self.tree is None:
            return _NOWHERE
        base = np.unique(self.tree.query(shapes, predicate="dwithin", distance=distance)[1])
        if len(self.extra):
            few = shapely.STRtree(self.extra.shapes).query(shapes, predicate="dwithin", distance=distance)
            return np.concatenate([self._alive(base), len(self.base) + np.unique(few[1])])
        return self._alive(base)

    def around(self, shapes: Shapes, distance: float) -> Ints:
        """Places of at least the rows ``near`` the shapes: those whose boxes come that near to theirs."""
        if not len(shapes) or self.tree is None:
            return _NOWHERE
        west, south, east, north = shapely.bounds(shapes).T
        boxes = shapely.box(west - distance, south - distance, east + distance, north + distance)
        base = self._alive(np.unique(self.tree.query(boxes)[1]))
        if not len(self.extra):
            return base
        few = np.unique(shapely.STRtree(self.extra.shapes).query(boxes)[1])
        return np.concatenate([base, len(self.base) + few])

    def take(self, places: Ints) -> Table:
        """The rows at these places."""
        mine = places < len(self.base)
        if mine.all():
            return self.base.take(places)
        return joined([self.base.take(places[mine]), self.extra.take(places[~mine] - len(self.base))])

    def column(self, places: Ints, name: str) -> Texts:
        """One column of texts or shapes of the rows at these places."""
        mine = places < len(self.base)
        old = self.base.texts(name)[places[mine]]
        if mine.all():
            return old
        return np.concatenate([old, self.extra.texts(name)[places[~mine] - len(self.base)]])

    def _places(self, index: Inverse, column: str, wanted: Collection[str]) -> Ints:
        base = self._alive(index.of(wanted))
        if not len(self.extra):
            return base
        known = set(wanted)
        more = [place for place, value in enumerate(self.extra.texts(column)) if value in known]
        return np.concatenate([base, np.array(more, dtype=np.int64) + len(self.base)])

    def _alive(self, rows: Ints) -> Ints:
        return rows[~self.gone[rows]].astype(np.int64)


def keep(name: str, rows: Table) -> Layer:
    """Index the rows of a layer."""
    ids = rows.texts("id") if "id" in rows.columns else np.arange(len(rows)).astype(str).astype(object)
    return Layer(
        base=rows,
        extra=rows.take(_NOWHERE),
        gone=np.zeros(len(rows), dtype=bool),
        by_id=inverse(ids),
        by_community=inverse(rows.texts("community")),
        by_reference={column: inverse(rows.texts(column)) for column in REFERENCES.get(name, ())},
        tree=shapely.STRtree(rows.shapes) if name in SHAPED else None,
    )


def without(gone: Bools, rows: Ints) -> Bools:
    """``gone`` with more rows marked, as an array of its own."""
    out = gone.copy()
    out[rows] = True
    return out


def texts_of(layer: Layer, places: Ints, column: str) -> set[str]:
    """The values of a column at these places, without the missing."""
    return {str(value) for value in layer.column(places, column) if value is not None}


def merged(places: Iterable[Ints]) -> Ints:
    """Places once each, in order."""
    kept = [each for each in places if len(each)]
    return np.unique(np.concatenate(kept)) if kept else _NOWHERE
