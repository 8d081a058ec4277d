"""The rows that an edit is about, read in one view of the store, with what the edit makes of them."""

import json
from collections.abc import Collection, Iterable, Mapping
from functools import cached_property
from typing import Any

import pandas as pd
import shapely

from api.editing.given import Row, shape_of
from geo.audience import Sight
from geo.layers import BOUNDARIES, LAYERS, Layer
from geo.plausible import outline_of
from geo.store.protocol import View
from geo.vocabulary import BoundaryLevel


class Desk:
    """Rows as canonical values (days as ISO text, geometry as WKB in hex), each read once.

    ``lay`` puts a row as a change leaves it over the one that was read: later changes of the batch see that.
    """

    def __init__(self, view: View) -> None:
        self.view = view
        self._read: dict[tuple[str, str], Row | None] = {}
        self._laid: dict[tuple[str, str], Row | None] = {}
        self.revisions: dict[tuple[str, str], int] = {}
        self._sights: dict[str, Sight] = {}

    def fetch(self, layer: Layer, ids: Iterable[str]) -> None:
        """Read those rows of ``ids`` that were not read yet, all at once."""
        wanted = [row for row in dict.fromkeys(ids) if (layer.name, row) not in self._read]
        if not wanted:
            return
        rows, revisions = self.view.rows(layer, wanted)
        self._read |= {(layer.name, row): None for row in wanted}
        for row, text, revision in zip(rows.ids, rows.texts(), revisions, strict=True):
            self._read[layer.name, row] = json.loads(text)
            self.revisions[layer.name, row] = revision

    def row(self, layer: str, row: str) -> Row | None:
        """A row as the changes so far leave it; ``None`` where there is none."""
        if (layer, row) in self._laid:
            return self._laid[layer, row]
        self.fetch(LAYERS[layer], [row])
        return self._read[layer, row]

    def lay(self, layer: str, row: str, values: Row | None) -> None:
        self._laid[layer, row] = values

    def town_of_community(self, community: str) -> str | None:
        """The town of a community; ``None`` where there is no such community."""
        row = self.row("communities", community)
        return None if row is None else row["town"]

    def inside(self, town: str, row: Mapping[str, Any]) -> bool:
        """Whether a row's shape has a point in the surveyed outline of a town."""
        spot, outline = shapely.point_on_surface(shape_of(row)), self._town_outline(town)
        return bool(shapely.intersects(outline, spot))

    def _town_outline(self, town: str) -> shapely.Geometry | None:
        rows = self._boundaries
        surveyed = (rows["code"] == town).fillna(False) & ~rows["schematic"].fillna(False)
        return outline_of(rows[surveyed.to_numpy(bool)], BoundaryLevel.TOWN)

    @cached_property
    def _boundaries(self) -> pd.DataFrame:
        return self.view.read(BOUNDARIES)

    @cached_property
    def outline(self) -> shapely.Geometry | None:
        """The district's outline in the store's CRS."""
        shape = outline_of(self._boundaries, BoundaryLevel.DISTRICT)
        if shape is not None:
            shapely.prepare(shape)
        return shape

    def among(self, layer: str, ids: Collection[str]) -> Mapping[str, Row]:
        """Those rows of ``ids`` that are there."""
        self.fetch(LAYERS[layer], ids)
        found = {row: self.row(layer, row) for row in ids}
        return {row: values for row, values in found.items() if values is not None}
