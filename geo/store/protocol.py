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


@dataclass(frozen=True)
class Problem:
    """What is broken in a store and where: at an event, in a row of a layer, or neither (0 and "")."""

    seq: int
    code: str
    layer: str = ""
    row: str = ""
    detail: str = ""


class View(Protocol):
    """A store as it was at one revision."""

    @property
    def crs(self) -> CRS: ...

    def revision(self) -> int: ...

    def meta(self) -> Mapping[str, str]: ...

    def read(self, layer: Layer | str, ids: Collection[str] | None = None) -> pd.DataFrame: ...

    def rows(self, layer: Layer, ids: Collection[str] | None = None) -> tuple[Rows, list[int]]:
        """What ``read`` gives as plain values, and the row revisions."""
        ...

    def events(
        self,
        *,
        since: int = 0,
        layer: str | None = None,
        ids: Collection[str] | None = None,
        limit: int | None = None,
        newest_first: bool = False,
    ) -> pd.DataFrame: ...

    def touched(self, since: int) -> Mapping[str, list[str]]:
        """Ids of the rows that events after revision ``since`` name, by layer."""
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


class Store(Protocol):
    """A district's store. Reading is free for every thread; writing takes turns."""

    @property
    def crs(self) -> CRS: ...

    def revision(self) -> int: ...

    def meta(self) -> Mapping[str, str]: ...

    def read(self, layer: Layer | str, ids: Collection[str] | None = None) -> pd.DataFrame: ...

    def events(
        self,
        *,
        since: int = 0,
        layer: str | None = None,
        ids: Collection[str] | None = None,
        limit: int | None = None,
        newest_first: bool = False,
    ) -> pd.DataFrame: ...

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
