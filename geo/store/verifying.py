"""Whether a store is what its history says: the chain, the rows that it leads to, and the store itself."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field

import shapely

from geo.errors import StoreError
from geo.layers import LAYERS, Layer
from geo.store.canonical import walked
from geo.store.protocol import Event, Problem, Revision, Store, View
from geo.store.steps import COMING, REMOVE, RESTORE


def verify(store: Store) -> list[Problem]:
    """Everything that is broken in a store, and where; nothing if it is whole.

    At an event: ``gap``, ``hash``, ``order`` (the chain), ``replay`` (it does not follow from the events
    before), ``revision`` (its revision says otherwise or is not there). Of a row: ``row_missing``,
    ``row_extra``, ``row_differs``, ``row_revision``. Of a layer that cannot be read: ``unreadable``. Of a
    revision: ``revision_gap``, ``revision_empty``. Of the store itself: what its view calls ``unsound``.
    """
    return list(_found(store))


def _found(store: Store) -> Iterator[Problem]:
    try:
        with store.view() as view:
            yield from problems(view)
    except StoreError as error:
        if error.code not in ("store_unreadable", "store_failed"):
            raise
        yield Problem(0, "damaged", detail=str(error.facts["problem"]))


def problems(view: View) -> Iterator[Problem]:
    """What ``verify`` gives, of a store as ``view`` sees it."""
    yield from view.unsound()
    replay = Replay({revision.revision: revision for revision in view.revisions()})
    for event, broken in walked(view.chain()):
        yield from broken
        yield from replay.take(event)
    yield from replay.unused()
    for layer in LAYERS.values():
        yield from _differing(view, layer, replay.rows_of(layer.name))


@dataclass
class Replay:
    """The rows that the events so far have led to: by layer and id a digest and the row revision."""

    revisions: dict[int, Revision]
    rows: dict[tuple[str, str], tuple[bytes, int]] = field(default_factory=dict)
    used: set[int] = field(default_factory=set)
    gone: set[tuple[str, str]] = field(default_factory=set)

    def take(self, event: Event) -> Iterator[Problem]:
        key = event.layer, event.row_id
        there = self.rows.pop(key, (b"", 0))[0]
        before, after = _digest(event.before), _digest(event.after)
        follows = there == before and (event.action in COMING) != bool(before)
        if event.action == REMOVE:
            self.gone.add(key)
        if not follows or bool(after) == (event.action == REMOVE) or not self._may_come(event, key):
            yield Problem(event.seq, "replay", event.layer, event.row_id)
        if after:
            self.rows[key] = after, event.revision
        said = self.revisions.get(event.revision)
        if said is None or (said.at, said.actor, said.origin) != (event.at, event.actor, event.origin):
            yield Problem(event.seq, "revision", event.layer, event.row_id)
        self.used.add(event.revision)

    def _may_come(self, event: Event, key: tuple[str, str]) -> bool:
        """A row is added under an id that was never used and restored under one that was."""
        return event.action not in COMING or (event.action == RESTORE) == (key in self.gone)

    def unused(self) -> Iterator[Problem]:
        """Revisions that are not numbered one after the other, or have no event."""
        for place, revision in enumerate(sorted(self.revisions), start=1):
            if revision != place:
                yield Problem(0, "revision_gap", detail=str(place))
                break
        for revision in sorted(self.revisions.keys() - self.used):
            yield Problem(0, "revision_empty", detail=str(revision))

    def rows_of(self, layer: str) -> dict[str, tuple[bytes, int]]:
        return {row: kept for (name, row), kept in self.rows.items() if name == layer}


def _digest(text: str | None) -> bytes:
    return b"" if text is None else hashlib.sha256(text.encode()).digest()


def _differing(view: View, layer: Layer, expected: dict[str, tuple[bytes, int]]) -> Iterator[Problem]:
    try:
        rows, revisions = view.rows(layer)
        texts = rows.texts()
    except (shapely.errors.ShapelyError, ValueError, TypeError) as error:
        yield Problem(0, "unreadable", layer.name, detail=str(error))
        return
    for row, revision, text in zip(rows.ids, revisions, texts, strict=True):
        if row not in expected:
            yield Problem(0, "row_extra", layer.name, str(row))
            continue
        digest, at = expected.pop(row)
        if digest != _digest(text):
            yield Problem(0, "row_differs", layer.name, row)
        elif revision != at:
            yield Problem(0, "row_revision", layer.name, row)
    for row in expected:
        yield Problem(0, "row_missing", layer.name, row)
