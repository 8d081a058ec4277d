"""What an open store of either kind gives to read, each time as of one moment."""

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping
from contextlib import AbstractContextManager
from types import TracebackType
from typing import Self

import pandas as pd
from pyproj import CRS

from geo.errors import StoreError
from geo.layers import Layer
from geo.store.protocol import View


class SqlStore(ABC):
    """An open store. ``shown`` is its place as people may read it."""

    def __init__(self, shown: str, crs: CRS) -> None:
        self._shown = shown
        self._crs = crs
        self._closed = False

    @abstractmethod
    def view(self) -> AbstractContextManager[View]:
        """The store at one revision, whatever is written meanwhile."""

    @abstractmethod
    def close(self) -> None:
        """Close every connection; the store is of no use afterwards."""

    @property
    def crs(self) -> CRS:
        """The district's projected CRS: that of every geometry in the store."""
        return self._crs

    def meta(self) -> Mapping[str, str]:
        """What the store says of itself: district, crs, towns, sample, as_of, schema_version, revision."""
        with self.view() as view:
            return view.meta()

    def read(self, layer: Layer | str, ids: Collection[str] | None = None) -> pd.DataFrame:
        """Rows of a layer as ``SqlView.read`` gives them."""
        with self.view() as view:
            return view.read(layer, ids)

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
        """The history as ``SqlView.events`` gives it."""
        with self.view() as view:
            return view.events(
                since=since, until=until, layer=layer, ids=ids, limit=limit, newest_first=newest_first
            )

    def _refuse_closed(self) -> None:
        if self._closed:
            raise StoreError("store_closed", path=self._shown)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
