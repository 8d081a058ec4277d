"""The read model: every layer of one revision in memory, moved on by the events in between."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geo.layers import LAYERS
from geo.store.protocol import Store, View

WHOLE_LAYER = 2000


@dataclass(frozen=True, eq=False)
class Tree:
    """A spatial index that is built when it is first asked for, by one thread, and kept."""

    shapes: np.ndarray
    _built: list[shapely.STRtree] = field(default_factory=list)
    _building: threading.Lock = field(default_factory=threading.Lock)

    def get(self) -> shapely.STRtree:
        with self._building:
            if not self._built:
                self._built.append(shapely.STRtree(self.shapes))
        return self._built[0]


@dataclass(frozen=True, eq=False)
class Snapshot:
    """A store at one revision. The frames belong to everybody: read them, never write into them.

    ``frames`` by layer are typed as the contract has them, with ``row_revision``, in the order in which the
    rows came, geometry in the store's CRS.
    """

    revision: int
    meta: Mapping[str, str]
    frames: Mapping[str, pd.DataFrame]
    _trees: dict[str, Tree] = field(default_factory=dict)

    def tree(self, layer: str) -> shapely.STRtree:
        """Index over the geometries of a layer; its numbers are positions in the layer's frame."""
        return self._trees.setdefault(layer, Tree(_shapes(self.frames[layer]))).get()


def _shapes(frame: pd.DataFrame) -> np.ndarray:
    return np.asarray(frame["geometry"].array)


def _snapshot(
    revision: int, meta: Mapping[str, str], frames: Mapping[str, pd.DataFrame], old: Snapshot | None
) -> Snapshot:
    """With the trees of ``old`` whose geometries, in their order, are the same still."""
    before = list(old._trees.items()) if old else []
    kept = {name: tree for name, tree in before if _is_same(tree.shapes, _shapes(frames[name]))}
    return Snapshot(revision, meta, MappingProxyType(dict(frames)), kept)


def _is_same(left: np.ndarray, right: np.ndarray) -> bool:
    return len(left) == len(right) and np.shares_memory(left, right)


def load(view: View) -> Snapshot:
    """The whole store as ``view`` sees it."""
    return _snapshot(view.revision(), view.meta(), {name: view.read(name) for name in LAYERS}, None)


def advance(old: Snapshot, view: View) -> Snapshot:
    """The store as ``view`` sees it, from an older snapshot and the rows touched since.

    Equal in every row, type and order to ``load(view)``. Columns in which no row changed are shared.
    """
    touched = view.touched(old.revision)
    frames = {
        name: _moved_on(frame, touched[name], view, name) if name in touched else frame
        for name, frame in old.frames.items()
    }
    return _snapshot(view.revision(), view.meta(), frames, old)


def _moved_on(frame: pd.DataFrame, touched: Mapping[str, bool], view: View, layer: str) -> pd.DataFrame:
    """The frame with the touched rows as ``view`` has them.

    Rows stand in the order in which they came. One that went and came back stands at the end, as new ones do:
    so what is fresh are first the rows that stayed, as the frame has them in order, then those that came.
    """
    if len(touched) > max(WHOLE_LAYER, len(frame) // 4):
        return view.read(layer)
    fresh = view.read(layer, list(touched))
    came = fresh["id"].map(touched).to_numpy(dtype=bool)
    there = np.flatnonzero(frame["id"].isin(list(touched)).to_numpy())
    stays = frame["id"].iloc[there].isin(fresh["id"][~came]).to_numpy()
    moved = _with_rows(frame, there[stays], fresh[~came])
    if not stays.all():
        moved = moved.drop(index=moved.index[there[~stays]]).reset_index(drop=True)
    return pd.concat([moved, fresh[came]], ignore_index=True) if came.any() else moved


def _with_rows(frame: pd.DataFrame, places: np.ndarray, rows: pd.DataFrame) -> pd.DataFrame:
    """The frame with ``rows`` at ``places``; shares with it every column in which they are the same."""
    moved = frame.copy(deep=False)
    before = frame.iloc[places]
    for name in frame.columns if len(places) else ():
        if not _same(before[name].array, rows[name].array):
            values = frame[name].array.copy()
            values[places] = rows[name].array
            moved[name] = pd.Series(values, index=frame.index)
    return moved


def _same(left: Any, right: Any) -> bool:
    if isinstance(left, gpd.array.GeometryArray):
        return bool(np.array_equal(shapely.to_wkb(np.asarray(left)), shapely.to_wkb(np.asarray(right))))
    return bool(left.equals(right))


class SnapshotKeeper:
    """Holds the snapshot of a store and brings it up to the store's revision before it is given out."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._snapshot: Snapshot | None = None
        self._moving = threading.Lock()

    def current(self) -> Snapshot:
        """The snapshot of the store's present revision; any thread may ask."""
        snapshot = self._snapshot
        if snapshot is not None and snapshot.revision == self._store.revision():
            return snapshot
        with self._moving:
            return self._brought_up()

    def _brought_up(self) -> Snapshot:
        with self._store.view() as view:
            old, revision = self._snapshot, view.revision()
            if old is not None and old.revision == revision:
                return old
            new = load(view) if old is None or old.revision > revision else advance(old, view)
        self._snapshot = new
        return new
