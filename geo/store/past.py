"""The store as it was at an earlier revision, worked out from how it is and what has happened since."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import orjson
import pandas as pd
from pyproj import CRS

from geo.errors import NotFound
from geo.layers import BOOLEAN, Layer, layer_named
from geo.store.canonical import stamp
from geo.store.protocol import View
from geo.store.rows import to_frame


def revision_at(view: View, moment: datetime) -> int:
    """The last revision that was recorded at ``moment`` (with a time zone) or before; 0 if none was."""
    return view.revision_at(stamp(moment))


def frames_at(view: View, frames: Mapping[str, pd.DataFrame], revision: int) -> dict[str, pd.DataFrame]:
    """The frames of a snapshot of ``revision``: the same rows, ``row_revision``, types and order.

    ``frames`` are those of a snapshot of ``view``'s revision. Layers in which nothing happened since are the
    same frames. Raises ``NotFound`` (``no_such_revision``) for one that is not there.
    """
    if not 0 <= revision <= view.revision():
        raise NotFound("no_such_revision", revision=revision)
    before = view.before(revision)
    return {
        name: _layer_at(view, layer_named(name), frame, before[name], revision) if name in before else frame
        for name, frame in frames.items()
    }


def _layer_at(
    view: View, layer: Layer, frame: pd.DataFrame, before: Mapping[str, str | None], revision: int
) -> pd.DataFrame:
    stays = frame[~frame["id"].isin(list(before))]
    was = {row: text for row, text in before.items() if text is not None}
    if not was:
        return stays.reset_index(drop=True)
    stood = view.stood(layer.name, revision, was)
    old = rows_of(layer, list(was.values()), [stood[row].revision for row in was], view.crs)
    both = pd.concat([stays, old], ignore_index=True) if len(stays) else old
    place = _places(view, layer, frame, was, revision)
    order = both["id"].map(place).argsort(kind="stable")
    return both.iloc[order].reset_index(drop=True)


def _places(
    view: View, layer: Layer, frame: pd.DataFrame, was: Mapping[str, str], revision: int
) -> Mapping[str, int]:
    """A number for each row by which the layer was in order: that of the event by which the row came in.

    Where every row that was there is there still, and never went, its place in ``frame`` does as well, and
    the history of all others need not be read.
    """
    if set(was) <= set(frame["id"]):
        then, now = view.stood(layer.name, revision, was), view.stood(layer.name, view.revision(), was)
        if all(then[row].born == now[row].born for row in was):
            return {row: place for place, row in enumerate(frame["id"])}
    return {row: standing.born for row, standing in view.stood(layer.name, revision).items()}


def row_at(view: View, layer: str, id: str, row_revision: int) -> dict[str, Any] | None:
    """A row as it was at its ``row_revision``; ``None`` where it never stood there or had gone by then.

    The contract's columns as plain values, dates as ISO text, and ``geometry`` as little-endian WKB in hex.
    """
    event = view.last_event(layer, id, row_revision)
    if event is None or event.after is None or event.revision != row_revision:
        return None
    return dict(orjson.loads(event.after))


def rows_of(layer: Layer, texts: list[str], revisions: list[int], crs: CRS) -> pd.DataFrame:
    """The typed frame of rows as events tell them, each at its row revision, geometry in ``crs``."""
    told = [orjson.loads(text) for text in texts]
    values: dict[str, list[Any]] = {
        column.name: [
            None if one is None else int(one) if column.kind == BOOLEAN else one
            for one in (row.get(column.name) for row in told)
        ]
        for column in layer.columns
    }
    values["row_revision"] = revisions
    wkb = [bytes.fromhex(row["geometry"]) if row.get("geometry") else None for row in told]
    return to_frame(layer, values, wkb, crs)
