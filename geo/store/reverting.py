"""Undo: the changes that bring back what a revision changed, to be recorded as a new one."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from typing import Any, NamedTuple

import orjson

from geo.errors import DuplicateId, NotFound, StaleRevision
from geo.layers import LAYERS, Layer
from geo.store.past import rows_of
from geo.store.protocol import View
from geo.store.steps import Change

Row = Mapping[str, Any]


class Net(NamedTuple):
    """What a revision did to one row, from how the row was before to how it was left, as JSON."""

    row: str
    before: str | None
    after: str | None


def undo(view: View, revision: int, *, layer: str | None = None, row: str | None = None) -> list[Change]:
    """The changes that take back what ``revision`` changed: all of it, of a layer, or of one row.

    Of an updated row only the columns that the revision changed go back. What was added is removed, what was
    removed comes back under its own id. ``seen`` is what ``view`` shows, so that nothing that is recorded in
    between is overwritten. Raises ``NotFound`` (``no_such_revision``; ``no_such_change`` where it did not
    touch that layer or row; ``no_such_row`` where an updated or added row has gone since), ``StaleRevision``
    naming ``layer``, ``row`` and ``column`` where a value is no longer the one that the revision left, and
    ``DuplicateId`` where a removed row is there again.
    """
    nets = _nets(view, revision, layer, row)
    back = [change for name in LAYERS if name in nets for change in _restored(view, LAYERS[name], nets[name])]
    for name in reversed(LAYERS):
        if name in nets:
            back += _taken_back(view, LAYERS[name], nets[name])
    return back


def _nets(view: View, revision: int, layer: str | None, row: str | None) -> Mapping[str, list[Net]]:
    """By layer what the revision did to each row; a row that came and went within it is left out."""
    if not 0 < revision <= view.revision():
        raise NotFound("no_such_revision", revision=revision)
    ids = None if row is None else [row]
    events = view.events(since=revision - 1, until=revision, layer=layer, ids=ids)
    if events.empty:
        raise NotFound("no_such_change", revision=revision, layer=layer or "", row=row or "")
    first: dict[tuple[str, str], str | None] = {}
    last: dict[tuple[str, str], str | None] = {}
    told = events[["layer", "row_id", "before", "after"]].astype(object)
    for name, one, before, after in told.where(told.notna(), None).itertuples(index=False, name=None):
        first.setdefault((name, one), before)
        last[name, one] = after
    nets: dict[str, list[Net]] = {}
    for (name, one), before in first.items():
        if before != last[name, one]:
            nets.setdefault(name, []).append(Net(one, before, last[name, one]))
    return nets


def _restored(view: View, layer: Layer, nets: Iterable[Net]) -> Iterator[Change]:
    gone = {net.row: net.before for net in nets if net.before is not None and net.after is None}
    if not gone:
        return
    there = view.rows(layer, list(gone))[0].ids
    if there:
        raise DuplicateId("duplicate_id", layer=layer.name, row=there[0], count=len(there))
    texts = [text for text in gone.values() if text is not None]
    frame = rows_of(layer, texts, [0] * len(texts), view.crs)
    yield Change(layer.name, restore=frame.drop(columns="row_revision"))


def _taken_back(view: View, layer: Layer, nets: Iterable[Net]) -> Iterator[Change]:
    """Updates, one for each set of columns, and the removal of what was added."""
    left = [net for net in nets if net.after is not None]
    if not left:
        return
    rows, revisions = view.rows(layer, [net.row for net in left])
    now = dict(zip(rows.ids, zip(map(orjson.loads, rows.texts()), revisions, strict=True), strict=True))
    absent = [net.row for net in left if net.row not in now]
    if absent:
        raise NotFound("no_such_row", layer=layer.name, row=absent[0], count=len(absent))
    columns = {net.row: _columns(net, *now[net.row], layer) for net in left}
    updated = [net for net in left if net.before is not None]
    for names, part in groupby(
        sorted(updated, key=lambda net: columns[net.row]), lambda net: columns[net.row]
    ):
        yield _update(layer, list(part), names, now, view)
    added = [net.row for net in left if net.before is None]
    if added:
        yield Change(layer.name, remove=added, seen={row: now[row][1] for row in added})


def _columns(net: Net, now: Row, current: int, layer: Layer) -> tuple[str, ...]:
    """The columns that the revision wrote in the row: they must be as it left them."""
    before, after = orjson.loads(net.before or "{}"), orjson.loads(net.after or "{}")
    names = tuple(sorted(name for name in after if net.before is None or before.get(name) != after[name]))
    for name in names:
        if now.get(name) != after[name]:
            raise StaleRevision(layer=layer.name, row=net.row, column=name, current=current)
    return names


def _update(
    layer: Layer, nets: list[Net], names: tuple[str, ...], now: Mapping[str, tuple[Row, int]], view: View
) -> Change:
    frame = rows_of(layer, [str(net.before) for net in nets], [0] * len(nets), view.crs)
    return Change(
        layer.name,
        update=frame[["id", *names]],
        seen={net.row: now[net.row][1] for net in nets},
    )
