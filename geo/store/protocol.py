"""What every kind of store can do: a consistent view to read, and one transaction to write."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Protocol, Self

import pandas as pd
from pyproj import CRS

from geo.layers import Layer
from geo.store.rows import Rows


class Event(NamedTuple):
    """One line of the history; ``before`` and ``after`` are canonical JSON text."""

    seq: int
    revision: int
    at: str
    actor: str
    origin: str
    layer: str
    row_id: str
    action: str
    before: str | None
    after: str | None
    hash: str


class Revision(NamedTuple):
    """One transaction of the store: who made it, when, from where and what for."""

    revision: int
    at: str
    actor: str
    origin: str
    summary: str


class Receipt(NamedTuple):
    """What makes a record count once: ``key`` names the request, ``digest`` says what it asks for."""

    key: str
    digest: str


class KeptReceipt(NamedTuple):
    """A receipt in the store, with the revision and time of the record that it came with."""

    key: str
    digest: str
    revision: int
    at: str


class Standing(NamedTuple):
    """How a row stood at a revision: its ``row_revision``, and the event by which it last came in."""

    revision: int
    born: int


@dataclass(frozen=True)
class Problem:
    """What is broken in a store and where: at an event, in a row of a layer, or neither (0 and "")."""

    seq: int
    code: str
    layer: str = ""
    row: str = ""
    detail: str = ""


class Reading(Protocol):
    """What a store and a view of it give alike."""

    @property
    def crs(self) -> CRS:
        """The district's projected CRS: that of every geometry in the store."""
        ...

    def revision(self) -> int:
        """Number of the last transaction; one number read, cheap enough for every request."""
        ...

    def meta(self) -> Mapping[str, str]:
        """What the store says of itself: district, crs, towns, sample, as_of, schema_version, revision."""
        ...

    def read(self, layer: Layer | str, ids: Collection[str] | None = None) -> pd.DataFrame:
        """Rows of a layer in the order in which they came, typed as contracted, with ``row_revision``.

        A GeoDataFrame in the store's CRS where the layer has geometry. Unknown ``ids`` are left out.
        """
        ...

    def events(
        self,
        *,
        since: int = 0,
        until: int | None = None,
        layer: str | None = None,
        ids: Collection[str] | None = None,
        limit: int | None = None,
        newest_first: bool = False,
    ) -> pd.DataFrame:
        """The history after revision ``since`` up to ``until``: ``at`` in UTC, the rows as JSON text."""
        ...


class View(Reading, Protocol):
    """A store as it was at one revision."""

    def rows(self, layer: Layer, ids: Collection[str] | None = None) -> tuple[Rows, list[int]]:
        """What ``read`` gives as plain values, and the row revisions."""
        ...

    def last_event(self, layer: str, row: str, until: int) -> Event | None:
        """The last event of a row up to revision ``until``; ``None`` where there was none yet."""
        ...

    def touched(self, since: int) -> Mapping[str, Mapping[str, bool]]:
        """By layer the ids that events after revision ``since`` name, and whether the row came in since."""
        ...

    def before(self, since: int) -> Mapping[str, Mapping[str, str | None]]:
        """By layer the rows touched after revision ``since`` as they were then, as canonical JSON."""
        ...

    def stood(self, layer: str, until: int, ids: Collection[str] | None = None) -> Mapping[str, Standing]:
        """How the rows that a layer had had by revision ``until`` stood; all of them without ``ids``."""
        ...

    def receipt(self, key: str) -> KeptReceipt | None:
        """The receipt of that key, if it was given."""
        ...

    def receipts(self) -> Iterator[KeptReceipt]:
        """Every receipt."""
        ...

    def revision_at(self, at: str) -> int:
        """The last revision whose stamp is not after ``at``; 0 if there is none."""
        ...

    def head(self) -> tuple[int, str]:
        """Number and hash of the last event; (0, GENESIS) before the first."""
        ...

    def chain(self, since: int = 0) -> Iterator[Event]:
        """Every event after revision ``since``, oldest first."""
        ...

    def revisions(self) -> Iterator[Revision]:
        """Every revision, oldest first."""
        ...

    def unsound(self) -> Iterator[Problem]:
        """What is broken in the tables, indexes and guards themselves, whatever the history says."""
        ...


class Writing(View, Protocol):
    """One transaction: all of it is kept or nothing."""

    def known(self, layer: Layer, ids: Collection[str]) -> set[str]:
        """Those of ``ids`` that are in the layer now."""
        ...

    def retired(self, layer: Layer, ids: Collection[str]) -> set[str]:
        """Those of ``ids`` that were in the layer once and have been removed."""
        ...

    def referring(self, layer: Layer, column: str, ids: Collection[str]) -> list[tuple[str, str]]:
        """(row id, value) of the layer's rows whose ``column`` is one of ``ids``."""
        ...

    def insert(self, rows: Rows, revision: int | Sequence[int]) -> None:
        """Add rows at the end of their layer, each at ``revision`` or at its own."""
        ...

    def update(self, rows: Rows, names: Sequence[str], revision: int) -> None:
        """Write the named columns (``geometry`` among them or not) of rows that are there."""
        ...

    def remove(self, layer: Layer, ids: Sequence[str]) -> None: ...

    def append(self, events: Sequence[Event]) -> None: ...

    def add_revision(self, revision: Revision) -> None:
        """Close the transaction's books: ``revision`` is the store's from now on."""
        ...

    def keep_receipt(self, receipt: KeptReceipt) -> None:
        """Keep a receipt whose key is not there yet."""
        ...


class Store(Reading, Protocol):
    """A district's store. Reading is free for every thread; writing takes turns."""

    def view(self) -> AbstractContextManager[View]: ...

    def writing(self) -> AbstractContextManager[Writing]: ...

    def backup(self, path: Path) -> None:
        """Write the store as it is now to a new file."""
        ...

    def close(self) -> None: ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...
