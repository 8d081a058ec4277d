"""Everything that is derived from one snapshot on one day for one audience: computed when first asked for,
then kept."""

from collections.abc import Callable, Hashable, Mapping, Sequence
from datetime import date
from functools import cached_property
from typing import Any, TypeVar

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from geo.audience import (
    INTERNAL,
    Audience,
    hides,
    knows_money,
    masks,
    presence,
    visible,
)
from geo.crs import to_screen
from geo.district import District
from geo.layers import LAYERS, empty
from geo.programme import progress, scope, status
from geo.programme.catalogue import WorkKind
from geo.programme.published import published, visible_standing
from geo.vocabulary import AudienceKind, BoundaryLevel
from maps.palette import line_codes, line_styles
from maps.wording import DEFAULT_LANGUAGE

MAP_LAYERS = ("boundaries", "ground", "communities", "buildings", "digs", "lines", "nodes")
"""Layers of the map's payload, bottom up."""

THEMES_OF: Mapping[AudienceKind, tuple[str, ...]] = {
    AudienceKind.INTERNAL: ("progress", "works", "lines", "coordination", "funding"),
    AudienceKind.TOWN: ("progress", "works", "lines", "coordination", "funding"),
    AudienceKind.UTILITY: ("progress", "lines", "coordination"),
    AudienceKind.PUBLIC: ("progress",),
}
"""Themes by whose eyes they are for, in the order of the bar."""

SOURCES: Mapping[str, tuple[str, ...]] = {
    "boundaries": ("boundaries",),
    "outlines": ("communities", "buildings"),
    "buildings": ("buildings", "communities"),
    "ground": ("ground", "communities", "boundaries"),
    "nodes": ("nodes", "communities", "boundaries"),
    "digs": ("digs", "communities", "boundaries", "owners"),
    "lines": ("lines", "digs", "communities", "boundaries", "owners"),
}
"""Layers of the store that something derived, and all that is kept of it by name, is made from."""

OF_LAYERS = frozenset(("on_screen", "tree", "columns", "ids", "placed", "embedded"))
"""What is kept of one layer: the first part of its key, the layer's name being the second."""

Kept = TypeVar("Kept")


class Atlas:
    """One revision of the store as the map, the table and the export read it; never changed once made.

    ``frames`` are the store's layers by name, in the district's CRS; absent ones are empty. Everything else
    is worked out once. Frames that are handed out must not be written to. ``as_of`` is the day that is shown,
    ``today`` the present one; ``began`` the day of the first revision, where that is later than ``as_of``.
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
        today: date | None = None,
        began: date | None = None,
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
        self.today = today or as_of
        self.began = began
        self.audience = INTERNAL
        self._whole: Atlas | None = None
        self._seen: Mapping[str, npt.NDArray[np.bool_]] = {}
        self._kept: dict[Hashable, Any] = {}

    def take_over(self, old: "Atlas") -> None:
        """Take from the atlas of an earlier revision what is the same here: what frames of both give.

        ``old`` is of the same district, day and audience. What is kept under (kind, layer, …) goes along with
        the layer.
        """
        same = {name for name, frame in self.frames.items() if frame is old.frames[name]}
        fixed = {name for name, sources in SOURCES.items() if same.issuperset(sources)}
        self.__dict__.update({name: old.__dict__[name] for name in fixed & old.__dict__.keys()})
        for key, value in list(old._kept.items()):
            if isinstance(key, tuple) and len(key) > 1 and key[0] in OF_LAYERS and key[1] in fixed:
                self._kept[key] = value

    def seen_by(self, audience: Audience) -> "Atlas":
        """The same revision and day as ``audience`` may see it; what it sees whole is shared."""
        if audience == self.audience:
            return self
        part = Atlas(
            visible(self.frames, audience),
            district=self.district,
            catalogue=self.catalogue,
            as_of=self.as_of,
            revision=self.revision,
            sample=self.sample,
            today=self.today,
            began=self.began,
        )
        part.audience = audience
        part._whole, part._seen = self, masks(self.frames, audience)
        return part

    @property
    def themes(self) -> tuple[str, ...]:
        """Themes that the audience has."""
        return THEMES_OF[self.audience.kind]

    @property
    def is_past(self) -> bool:
        """Whether another day than today is shown."""
        return self.as_of != self.today

    @property
    def towns(self) -> tuple[str, ...]:
        """Codes of the towns that the audience has figures of."""
        own = self.audience.town
        return self.district.town_codes() if own is None else (own,)

    @property
    def has_money(self) -> bool:
        """Whether the audience has what things cost."""
        return knows_money(self.audience)

    @property
    def has_plan(self) -> bool:
        """Whether the district's plan can be held against what the audience sees: all of it."""
        return self.audience.kind is AudienceKind.INTERNAL

    def opens(self, owner: str) -> bool:
        """Whether the audience has a page of an owner: a utility only its own."""
        return self.audience.owner in (None, owner)

    def hides(self, layer: str, column: str) -> bool:
        """Whether a column is not for the audience."""
        return hides(self.audience, layer, column)

    @cached_property
    def presence(self) -> pd.DataFrame:
        """Whose lines, beside the audience's own, lie in which community: ``geo.audience.presence``."""
        return presence((self._whole or self).frames, self.audience)

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
        if self._whole is not None:
            rows = self._whole.standing[self._seen["communities"]]
            return visible_standing(rows.reset_index(drop=True), self.audience)
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
        return self.totals_of(self.standing)

    @cached_property
    def by_town(self) -> pd.DataFrame:
        return self.by_town_of(self.standing, self.towns)

    @cached_property
    def by_stage(self) -> pd.DataFrame:
        return status.by_stage(self.standing)

    def totals_of(self, standing: pd.DataFrame) -> pd.Series:
        """``geo.programme.status.totals`` of rows of ``standing``.

        An audience without the money has the progress of the whole and of whole towns, as published, and of
        nothing else: it is weighted by money.
        """
        row = status.totals(standing)
        if self._published is not None and len(standing):
            town = "" if len(standing) == len(self.standing) else standing["town"].iloc[0]
            if (standing["town"] == town).all() or not town:
                row["progress"] = self._as_published(pd.DataFrame([row], index=[town]))[town]
        return row

    def by_town_of(self, standing: pd.DataFrame, towns: Sequence[str]) -> pd.DataFrame:
        """``geo.programme.status.by_town`` of rows of ``standing``, progress as in ``totals_of``."""
        table = status.by_town(standing, towns)
        return table if self._published is None else table.assign(progress=self._as_published(table))

    def _as_published(self, table: pd.DataFrame) -> pd.Series:
        """The published progress of those groups of which every community is in ``table``."""
        assert self._published is not None
        known = self._published.reindex(table.index)
        return known["progress"].where((known["communities"] == table["communities"]).fillna(False))

    @cached_property
    def _published(self) -> pd.DataFrame | None:
        if self._whole is None or self.has_money:
            return None
        return published(self._whole.standing, self.district.town_codes())

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
        return self.keep(("on_screen", name), lambda: self._on_screen(name))

    def _on_screen(self, name: str) -> gpd.GeoDataFrame:
        """Shapes that somebody else sees too are moved once for all."""
        if self._whole is None:
            return to_screen(self.layer(name))
        moved = self._whole.on_screen(name).geometry
        shapes = moved.array if self._seen[name].all() else moved.array[self._seen[name]]
        return self.layer(name).set_geometry(gpd.GeoSeries(shapes, crs=moved.crs))

    def tree(self, name: str) -> shapely.STRtree:
        """Index of ``on_screen``, degrees."""
        if self._whole is not None and self._seen[name].all():
            return self._whole.tree(name)
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
