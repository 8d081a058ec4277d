"""The read model: every layer of one revision in memory, moved on by the events in between."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np
import pandas as pd
import shapely

from geo.layers import LAYERS
from geo.store.protocol import Store, View

WHOLE_LAYER = 2000


@dataclass(frozen=True, eq=False)
class Tree:
    """A spatial index that is built when it is first asked for, by one thread, and kept."""

    frame: pd.DataFrame
    _built: list[shapely.STRtree] = field(default_factory=list)
    _building: threading.Lock = field(default_factory=threading.Lock)

    def get(self) -> shapely.STRtree:
        with self._building:
            if not self._built:
                self._built.append(shapely.STRtree(np.asarray(self.frame["geometry"].array)))
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
        return self._trees.setdefault(layer, Tree(self.frames[layer])).get()


def _snapshot(
    revision: int, meta: Mapping[str, str], frames: Mapping[str, pd.DataFrame], old: Snapshot | None
) -> Snapshot:
    kept = {
        name: tree for name, tree in list((old._trees if old else {}).items()) if tree.frame is frames[name]
    }
    return Snapshot(revision, meta, MappingProxyType(dict(frames)), kept)


def load(view: View) -> Snapshot:
    """The whole store as ``view`` sees it."""
    return _snapshot(view.revision(), view.meta(), {name: view.read(name) for name in LAYERS}, None)


def advance(old: Snapshot, view: View) -> Snapshot:
    """The store as ``view`` sees it, from an older snapshot and the rows touched since.

    Equal in every row, type and order to ``load(view)``.
    """
    touched = view.touched(old.revision)
    frames = {
        name: _moved_on(frame, name, touched[name], view) if name in touched else frame
        for name, frame in old.frames.items()
    }
    return _snapshot(view.revision(), view.meta(), frames, old)


def _moved_on(frame: pd.DataFrame, layer: str, ids: list[str], view: View) -> pd.DataFrame:
    if len(ids) > max(WHOLE_LAYER, len(frame) // 4):
        return view.read(layer)
    fresh = view.read(layer, ids)
    stays = ~frame["id"].isin(ids).to_numpy()
    places = pd.Index(frame["id"]).get_indexer(pd.Index(fresh["id"]))
    order = np.concatenate([np.flatnonzero(stays), np.where(places < 0, len(frame), places)])
    return (
        pd.concat([frame[stays], fresh], ignore_index=True)
        .iloc[np.argsort(order, kind="stable")]
        .reset_index(drop=True)
    )


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
