"""From a change that somebody asks for to the rows that are written: checked, merged, compared."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
from pyproj import CRS

from geo.errors import DuplicateId, NotFound, StaleRevision
from geo.layers import Layer, check, check_crs, conform, layer_named
from geo.store.protocol import Writing
from geo.store.rows import Rows, to_rows

ADD, UPDATE, REMOVE = "add", "update", "remove"


@dataclass(frozen=True)
class Change:
    """What is to become of one layer: first rows are added, then updated, then removed.

    ``add`` holds whole rows. ``update`` holds ``id`` and the columns to change; the others stay. ``remove``
    holds ids. ``seen`` says at which ``row_revision`` the caller saw a row: if it has changed since, nothing
    is recorded.
    """

    layer: str
    add: pd.DataFrame | None = None
    update: pd.DataFrame | None = None
    remove: Sequence[str] = ()
    seen: Mapping[str, int] | None = None


@dataclass(frozen=True)
class Step:
    """Rows of one layer that take the same action; ``names`` are the columns that an update writes."""

    action: str
    rows: Rows
    before: Sequence[str | None]
    after: Sequence[str | None]
    names: tuple[str, ...] = ()


def checked(change: Change, crs: CRS) -> Change:
    """The change with its added rows held to the contract and its geometry known to be in ``crs``."""
    layer = layer_named(change.layer)
    add = None if change.add is None else check(_placed(change.add, layer, crs), layer, crs=crs)
    update = None if change.update is None else _placed(change.update, layer, crs)
    if layer.geometry and isinstance(update, gpd.GeoDataFrame) and "geometry" in update:
        check_crs(update, layer, crs)
    return Change(change.layer, add, update, tuple(dict.fromkeys(change.remove)), change.seen)


def _placed(frame: pd.DataFrame, layer: Layer, crs: CRS) -> pd.DataFrame:
    """The frame with its geometry, if any, in the column ``geometry`` of a GeoDataFrame."""
    if not layer.geometry:
        return frame
    if isinstance(frame, gpd.GeoDataFrame) and frame.active_geometry_name not in (None, "geometry"):
        frame = frame.rename_geometry("geometry")
    if "geometry" not in frame:
        return frame
    placed: pd.DataFrame = frame
    if frame["geometry"].isna().all():
        plain = pd.DataFrame(frame).drop(columns="geometry")
        placed = gpd.GeoDataFrame(plain, geometry=[None] * len(frame), crs=crs)
    elif not isinstance(frame, gpd.GeoDataFrame):
        placed = gpd.GeoDataFrame(frame, geometry="geometry")
    return placed


def refuse_stale(change: Change, writing: Writing) -> None:
    """Raise ``StaleRevision`` if a row has changed since ``seen``, ``NotFound`` if it is gone."""
    if not change.seen:
        return
    current = _present(writing, layer_named(change.layer), list(change.seen))
    for row, revision in zip(current["id"], current["row_revision"], strict=True):
        if change.seen[row] != revision:
            seen = int(change.seen[row])
            raise StaleRevision(layer=change.layer, row=row, seen=seen, current=int(revision))


def addition(change: Change, writing: Writing) -> Step | None:
    """Rows to insert; ``DuplicateId`` for an id that is in the layer or ever was."""
    if change.add is None:
        return None
    layer = layer_named(change.layer)
    rows = to_rows(change.add, layer)
    _refuse_ids("duplicate_id", layer, writing.known(layer, rows.ids))
    _refuse_ids("id_used_before", layer, writing.retired(layer, rows.ids))
    return Step(ADD, rows, [None] * len(rows), rows.texts())


def _refuse_ids(code: str, layer: Layer, ids: set[str]) -> None:
    if ids:
        raise DuplicateId(code, layer=layer.name, row=min(ids), count=len(ids))


def alteration(change: Change, writing: Writing) -> Step | None:
    """Rows to update, merged with what is there; those that come out the same are left out."""
    if change.update is None:
        return None
    layer = layer_named(change.layer)
    given = conform(change.update, layer, writing.crs)
    names = tuple(name for name in given.columns if name in change.update.columns and name != "id")
    old = _present(writing, layer, given["id"].tolist()).drop(columns="row_revision")
    new = check(old.assign(**{name: given[name] for name in names}), layer, crs=writing.crs)
    before, rows = to_rows(old, layer).texts(), to_rows(new, layer)
    after = rows.texts()
    places = [place for place, (was, now) in enumerate(zip(before, after, strict=True)) if was != now]
    kept = rows.take(places)
    return Step(UPDATE, kept, [before[place] for place in places], [after[place] for place in places], names)


def removal(change: Change, writing: Writing) -> Step | None:
    """Rows to remove, as they are now."""
    if not change.remove:
        return None
    layer = layer_named(change.layer)
    rows = to_rows(_present(writing, layer, list(change.remove)), layer)
    return Step(REMOVE, rows, rows.texts(), [None] * len(rows))


def _present(writing: Writing, layer: Layer, ids: list[str]) -> pd.DataFrame:
    """The rows of ``ids`` in that order; ``NotFound`` naming the first that is not there."""
    frame = writing.read(layer, [row for row in ids if not pd.isna(row)])
    places = pd.Index(frame["id"]).get_indexer(pd.Index(ids, dtype="string"))
    absent = np.flatnonzero(places < 0)
    if len(absent):
        raise NotFound("no_such_row", layer=layer.name, row=str(ids[absent[0]]), count=len(absent))
    present: pd.DataFrame = frame.iloc[places].reset_index(drop=True)
    return present
