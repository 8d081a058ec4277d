"""Everything that is derived from one snapshot on one day: computed when first asked for, then kept."""

from collections.abc import Callable, Hashable, Mapping, Sequence
from datetime import date
from functools import cached_property
from typing import Any, TypeVar

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from geo.crs import to_screen
from geo.district import District
from geo.layers import LAYERS, empty
from geo.programme import progress, scope, status
from geo.programme.catalogue import WorkKind
from geo.vocabulary import BoundaryLevel
from maps.palette import line_codes, line_styles
from maps.wording import DEFAULT_LANGUAGE

MAP_LAYERS = ("boundaries", "ground", "communities", "buildings", "digs", "lines", "nodes")
"""Layers of the map's payload, bottom up."""

Kept = TypeVar("Kept")


class Atlas:
    """One revision of the store as the map, the table and the export read it; never changed once made.

    ``frames`` are the store's layers by name, in the district's CRS; absent ones are empty. Everything else
    is worked out once. Frames that are handed out must not be written to.
    """

    def __init__(
        self,
        frames: Mapping[str, pd.DataFrame],
        *,
        district: District,
        catalogue: Sequence[WorkKind],
        as_of: date,
        revision: int,
        sample: bool,
    ) -> None:
        self.frames: Mapping[str, pd.DataFrame] = {
            name: frames[name] if name in frames else empty(layer, district.crs)
            for name, layer in LAYERS.items()
        }
        self.district = district
        self.catalogue = tuple(catalogue)
        self.as_of = as_of
        self.revision = revision
        self.sample = sample
        self._kept: dict[Hashable, Any] = {}

    def keep(self, key: Hashable, make: Callable[[], Kept]) -> Kept:
        """What ``make`` gives, made once per ``key``; two threads may make it twice, one of them is kept."""
        if key not in self._kept:
            self._kept.setdefault(key, make())
        kept: Kept = self._kept[key]
        return kept

    @cached_property
    def standing(self) -> pd.DataFrame:
        """How each community stands, in the order of the layer: ``geo.programme.progress.standing``."""
        frames = self.frames
        return progress.standing(frames["communities"], frames["buildings"], frames["works"], self.as_of)

    @cached_property
    def outlines(self) -> gpd.GeoDataFrame:
        """Communities with their outline, or the hull of their buildings marked ``provisional``."""
        return progress.outlines(self._located("communities"), self._located("buildings"))

    @cached_property
    def works(self) -> pd.DataFrame:
        """Rows of the works, as the store has them."""
        return self.frames["works"]

    @cached_property
    def work_cells(self) -> pd.DataFrame:
        """One row per community and item in scope: ``geo.programme.scope.cells``."""
        return scope.cells(self.works, self.as_of)

    @cached_property
    def totals(self) -> pd.Series:
        return status.totals(self.standing)

    @cached_property
    def by_town(self) -> pd.DataFrame:
        return status.by_town(self.standing, self.district.town_codes())

    @cached_property
    def by_stage(self) -> pd.DataFrame:
        return status.by_stage(self.standing)

    @cached_property
    def communities(self) -> gpd.GeoDataFrame:
        """``standing`` with ``geometry`` (district CRS; missing where the community is not on the map)."""
        standing = self.standing.assign(provisional=self.outlines["provisional"].to_numpy(bool))
        shapes = np.asarray(self.outlines["geometry"].array)
        return gpd.GeoDataFrame(standing, geometry=shapes, crs=self.district.crs)

    @cached_property
    def buildings(self) -> gpd.GeoDataFrame:
        """Buildings with ``town`` and ``stage`` of their community where they have one."""
        rows = self._located("buildings")
        place = self.community_places(rows["community"])
        return rows.assign(
            town=_taken(self.standing["town"], place).fillna(rows["town"]),
            stage=_taken(self.standing["stage"], place),
        )

    @cached_property
    def lines(self) -> gpd.GeoDataFrame:
        """Lines with ``town``, ``style``, ``shown_code``, ``length_m``, ``window_start`` and ``window_end``.

        The window is that of the dig that lays the line.
        """
        rows = self._located("lines")
        digs = self.frames["digs"]
        place = _places(rows["dig"], digs["id"])
        return rows.assign(
            town=self.towns_of(rows),
            style=line_styles(rows["utility"], rows["kind"], rows["state"]),
            shown_code=line_codes(rows["utility"], rows["kind"]),
            length_m=shapely.length(np.asarray(rows.geometry.array)),
            window_start=_taken(digs["window_start"], place),
            window_end=_taken(digs["window_end"], place),
        )

    @cached_property
    def nodes(self) -> gpd.GeoDataFrame:
        """Nodes with ``town``, ``style`` and ``shown_code``."""
        rows = self._located("nodes")
        return rows.assign(
            town=self.towns_of(rows),
            style=line_styles(rows["utility"], rows["kind"]),
            shown_code=line_codes(rows["utility"], rows["kind"]),
        )

    @cached_property
    def digs(self) -> gpd.GeoDataFrame:
        """Digs with ``town``, ``style`` and ``length_m`` (of a band: half its outline less its width)."""
        rows = self._located("digs")
        unknown = pd.Series(pd.NA, index=rows.index, dtype="string")
        return rows.assign(
            town=self.towns_of(rows),
            style=line_styles(rows["utility"], unknown),
            length_m=_trench_lengths(rows),
        )

    @cached_property
    def boundaries(self) -> gpd.GeoDataFrame:
        return self._located("boundaries")

    @cached_property
    def ground(self) -> gpd.GeoDataFrame:
        """Ground with ``town``."""
        rows = self._located("ground")
        return rows.assign(town=self.towns_of(rows))

    def layer(self, name: str) -> gpd.GeoDataFrame:
        """One of ``MAP_LAYERS`` with what is derived of it, in the district's CRS."""
        frame: gpd.GeoDataFrame = getattr(self, name)
        return frame

    def on_screen(self, name: str) -> gpd.GeoDataFrame:
        """``layer`` in longitude and latitude."""
        return self.keep(("on_screen", name), lambda: to_screen(self.layer(name)))

    def tree(self, name: str) -> shapely.STRtree:
        """Index of ``on_screen``, degrees."""
        return self.keep(
            ("tree", name), lambda: shapely.STRtree(np.asarray(self.on_screen(name).geometry.array))
        )

    @cached_property
    def community_names(self) -> Mapping[str, str]:
        """Name of each community by id."""
        communities = self.frames["communities"]
        return dict(zip(communities["id"], communities["name"], strict=True))

    def owner_names(self, lang: str) -> Mapping[str, str]:
        """Name of each owner by id: the short one in Chinese, the English one where there is one."""
        return self.keep(("owner_names", lang), lambda: self._owner_names(lang))

    def _owner_names(self, lang: str) -> Mapping[str, str]:
        owners = self.frames["owners"]
        shown = owners["short_name"] if lang == DEFAULT_LANGUAGE else owners["name_en"]
        return dict(zip(owners["id"], shown.fillna(owners["name"]), strict=True))

    def community_places(self, ids: pd.Series) -> npt.NDArray[np.int64]:
        """Row of each community id in ``standing``; -1 where there is none."""
        return _places(ids, self.standing["id"])

    def towns_of(self, rows: gpd.GeoDataFrame) -> pd.Series:
        """Town of each row: that of its community, else of the town outline that a point of it lies in."""
        towns = _taken(self.standing["town"], self.community_places(rows["community"]))
        towns = towns.set_axis(rows.index)
        lost = np.flatnonzero(towns.isna().to_numpy(bool))
        outlines = self.boundaries[self.boundaries["level"] == str(BoundaryLevel.TOWN)]
        if not len(lost) or not len(outlines):
            return towns
        points = shapely.point_on_surface(np.asarray(rows.geometry.array)[lost])
        found, town = shapely.STRtree(np.asarray(outlines.geometry.array)).query(
            points, predicate="intersects"
        )
        first = pd.Series(town, index=found).groupby(level=0).min()
        towns.iloc[lost[first.index.to_numpy("int64")]] = (
            outlines["code"].iloc[first.to_numpy("int64")].to_numpy()
        )
        return towns

    def _located(self, name: str) -> gpd.GeoDataFrame:
        frame = self.frames[name]
        located: gpd.GeoDataFrame = frame if isinstance(frame, gpd.GeoDataFrame) else gpd.GeoDataFrame(frame)
        return located


def _places(wanted: pd.Series, known: pd.Series) -> npt.NDArray[np.int64]:
    return np.asarray(pd.Index(known).get_indexer(pd.Index(wanted)), dtype="int64")


def _taken(values: pd.Series, places: npt.NDArray[np.int64]) -> pd.Series:
    """``values`` at ``places``; missing at -1."""
    return values.reset_index(drop=True).reindex(places).reset_index(drop=True)


def _trench_lengths(digs: gpd.GeoDataFrame) -> npt.NDArray[np.float64]:
    shapes = np.asarray(digs.geometry.array)
    lengths = shapely.length(shapes)
    areal = shapely.get_dimensions(shapes) == 2
    width = digs["width_m"].fillna(0).to_numpy("float64")
    return np.asarray(np.where(areal, np.maximum(lengths / 2 - width, 0.0), lengths))
