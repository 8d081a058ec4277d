"""From a change that somebody asks for to the rows that are written: checked, merged, compared."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import geopandas as gpd
import pandas as pd
from pyproj import CRS

from geo.errors import DuplicateId, NotFound, StaleRevision
from geo.layers import Layer, check, check_part, layer_named
from geo.store.protocol import Writing
from geo.store.rows import Rows, merged, to_part, to_rows

ADD, UPDATE, REMOVE, RESTORE = "add", "update", "remove", "restore"

COMING = (ADD, RESTORE)
"""The actions by which a row comes into its layer, at its end."""


@dataclass(frozen=True)
class Change:
    """What is to become of one layer: first rows are added, then restored, then updated, then removed.

    ``add`` holds whole rows. ``restore`` holds whole rows, removed ones, that come back under their own
    ids. ``update`` holds ``id`` and the columns to change; the others stay. ``remove`` holds ids. ``seen``
    says at which ``row_revision`` the caller saw a row: if it has changed since, nothing is recorded.
    """

    layer: str
    add: pd.DataFrame | None = None
    update: pd.DataFrame | None = None
    remove: Sequence[str] = ()
    seen: Mapping[str, int] | None = None
    restore: pd.DataFrame | None = None


@dataclass(frozen=True)
class Step:
    """Rows of one layer that take the same action; ``names`` are the columns that an update writes."""

    action: str
    rows: Rows
    before: Sequence[str | None]
    after: Sequence[str | None]
    names: tuple[str, ...] = ()


@dataclass(frozen=True)
class Prepared:
    """A change held to the contract, as plain values: all that can be done before the writer's turn."""

    layer: Layer
    add: Rows | None
    update: Rows | None
    remove: Sequence[str]
    seen: Mapping[str, int]
    restore: Rows | None

    def __len__(self) -> int:
        parts = (self.add, self.restore, self.update, self.remove)
        return sum(len(rows) for rows in parts if rows is not None)


def prepared(change: Change, crs: CRS) -> Prepared:
    """The change with its rows held to the contract and its geometry known to be in ``crs``."""
    layer = layer_named(change.layer)
    add, restore = _whole(change.add, layer, crs), _whole(change.restore, layer, crs)
    update = None
    if change.update is not None:
        update = to_part(check_part(_placed(change.update, layer, crs), layer, crs=crs), layer)
    return Prepared(layer, add, update, tuple(dict.fromkeys(change.remove)), change.seen or {}, restore)


def _whole(frame: pd.DataFrame | None, layer: Layer, crs: CRS) -> Rows | None:
    return None if frame is None else to_rows(check(_placed(frame, layer, crs), layer, crs=crs), layer)


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


def refuse_stale(change: Prepared, writing: Writing) -> None:
    """Raise ``StaleRevision`` if a row has changed since ``seen``, ``NotFound`` if it is gone."""
    if not change.seen:
        return
    _, revisions = _present(writing, change.layer, list(change.seen))
    for (row, seen), current in zip(change.seen.items(), revisions, strict=True):
        if seen != current:
            raise StaleRevision(layer=change.layer.name, row=row, seen=int(seen), current=current)


def addition(change: Prepared, writing: Writing) -> Step | None:
    """Rows to insert; ``DuplicateId`` for an id that is in the layer or ever was."""
    if change.add is None:
        return None
    _refuse_ids("duplicate_id", change.layer, writing.known(change.layer, change.add.ids))
    _refuse_ids("id_used_before", change.layer, writing.retired(change.layer, change.add.ids))
    return Step(ADD, change.add, [None] * len(change.add), change.add.texts())


def restoration(change: Prepared, writing: Writing) -> Step | None:
    """Rows to bring back; ``DuplicateId`` for an id that is there, ``NotFound`` for one that never was."""
    if change.restore is None:
        return None
    ids = change.restore.ids
    _refuse_ids("duplicate_id", change.layer, writing.known(change.layer, ids))
    never = set(ids) - writing.retired(change.layer, ids)
    if never:
        raise NotFound("no_such_row", layer=change.layer.name, row=min(never), count=len(never))
    return Step(RESTORE, change.restore, [None] * len(ids), change.restore.texts())


def _refuse_ids(code: str, layer: Layer, ids: set[str]) -> None:
    if ids:
        raise DuplicateId(code, layer=layer.name, row=min(ids), count=len(ids))


def alteration(change: Prepared, writing: Writing) -> Step | None:
    """Rows to update, merged with what is there; those that come out the same are left out."""
    given = change.update
    if given is None:
        return None
    names = tuple(name for name in given.columns if name != "id")
    names += ("geometry",) if given.wkb else ()
    old, _ = _present(writing, change.layer, given.ids)
    new = merged(old, given, names)
    before, after = old.texts(), new.texts()
    places = [place for place, (was, now) in enumerate(zip(before, after, strict=True)) if was != now]
    kept = new.take(places)
    return Step(UPDATE, kept, [before[place] for place in places], [after[place] for place in places], names)


def removal(change: Prepared, writing: Writing) -> Step | None:
    """Rows to remove, as they are now."""
    if not change.remove:
        return None
    rows, _ = _present(writing, change.layer, change.remove)
    return Step(REMOVE, rows, rows.texts(), [None] * len(rows))


def _present(writing: Writing, layer: Layer, ids: Sequence[str]) -> tuple[Rows, list[int]]:
    """The rows of ``ids`` in that order and their revisions; ``NotFound`` naming the first that is absent."""
    rows, revisions = writing.rows(layer, [row for row in ids if row is not None])
    place_of = {row: place for place, row in enumerate(rows.ids)}
    absent = [row for row in ids if row not in place_of]
    if absent:
        raise NotFound("no_such_row", layer=layer.name, row=str(absent[0]), count=len(absent))
    places = [place_of[row] for row in ids]
    return rows.take(places), [revisions[place] for place in places]
