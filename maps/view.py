"""What is looked at: one theme of the district or of a town, as rows, figures and extent, of no medium."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cache, cached_property
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from pyproj import Transformer

from geo.crs import SCREEN, district_box
from geo.errors import BadInput, UnknownTown
from geo.programme import scope, status
from geo.selection import Selection
from geo.vocabulary import BoundaryLevel, LineState
from maps.atlas import MAP_LAYERS, Atlas
from maps.palette import LINES
from maps.wording import DEFAULT_LANGUAGE, wording

THEMES = ("progress", "works", "lines", "coordination", "funding")
EMBED_LIMIT = 2000
"""Layers of more rows are not put into the page: it asks for what is in view."""
PADDING = 0.04
NEARBY = 0.2
"""Ground of a town's map reaches so far beyond the extent, as a share of it."""
_LEAST_SIDE_M = 40.0

Box = tuple[float, float, float, float]
Places = npt.NDArray[np.int64]


@dataclass(frozen=True)
class MapView:
    """One look at an atlas. ``extent`` is west, south, east, north in degrees.

    ``rows`` are the places of each layer's rows in ``atlas.layer(name)``; of the layers in ``remote`` they
    are not handed out with the view. ``embed_limit`` is ``None`` when everything is.
    """

    atlas: Atlas = field(repr=False, compare=False)
    theme: str
    town: str | None
    lang: str
    selection: Selection
    extent: Box
    embed_limit: int | None
    rows: Mapping[str, Places] = field(repr=False, compare=False)
    summary: Mapping[str, Any] = field(repr=False, compare=False)

    @property
    def as_of(self) -> date:
        return self.atlas.as_of

    @property
    def revision(self) -> int:
        return self.atlas.revision

    @property
    def sample(self) -> bool:
        return self.atlas.sample

    @property
    def counts(self) -> dict[str, int]:
        """Rows of each layer in the view."""
        return {name: len(rows) for name, rows in self.rows.items()}

    @property
    def remote(self) -> tuple[str, ...]:
        """Layers that are asked for by what is in view."""
        return tuple(name for name in self.rows if not self.embeds(name))

    def embeds(self, name: str) -> bool:
        """Whether the rows of a layer go with the view."""
        return self.embed_limit is None or len(self.rows[name]) <= self.embed_limit

    @cached_property
    def frames(self) -> Mapping[str, gpd.GeoDataFrame]:
        """The rows of each embedded layer in longitude and latitude."""
        return {
            name: self.atlas.on_screen(name).iloc[rows]
            for name, rows in self.rows.items()
            if self.embeds(name)
        }

    @cached_property
    def communities(self) -> gpd.GeoDataFrame:
        """How the communities of the view stand, in the district's CRS."""
        return self.atlas.communities.iloc[self.rows["communities"]]

    @cached_property
    def not_on_map(self) -> gpd.GeoDataFrame:
        """Communities of the view that have neither outline nor buildings."""
        return self.communities[self.communities["geometry"].isna()]

    @property
    def place(self) -> str:
        """Name of what is looked at, in the view's language."""
        district = self.atlas.district
        if self.town is None:
            return wording(self.lang).name_of(district.names)
        return district.town_names(self.lang)[self.town]


def build_view(
    atlas: Atlas,
    *,
    theme: str = "progress",
    town: str | None = None,
    lang: str = DEFAULT_LANGUAGE,
    selection: Selection | None = None,
    embed_limit: int | None = EMBED_LIMIT,
) -> MapView:
    """The view of ``atlas`` in one theme; ``town`` is a code or a name.

    Raises ``UnknownTown``, ``BadInput`` for an unknown theme and ``NotFound`` for an unknown language.
    """
    if theme not in THEMES:
        raise BadInput("unknown_theme", theme=theme, known=", ".join(THEMES))
    wording(lang)
    code = None if town is None else town_code(atlas, town)
    return MapView(
        atlas=atlas,
        theme=theme,
        town=code,
        lang=lang,
        selection=selection or Selection(town=code),
        extent=extent(atlas, code),
        embed_limit=embed_limit,
        rows=atlas.keep(("rows", code), lambda: _rows(atlas, code)),
        summary=atlas.keep(("summary", code, lang), lambda: _summary(atlas, code, lang)),
    )


def extent(atlas: Atlas, town: str | None) -> Box:
    """What the map of the district or of a town (code) opens on, degrees: west, south, east, north."""
    return atlas.keep(("extent", town), lambda: _extent(atlas, town))


def town_code(atlas: Atlas, town: str) -> str:
    """The code of a town by code or name. Raises ``UnknownTown`` naming those that there are."""
    code = atlas.district.town_code(town)
    if code is None:
        known = [f"{code} {name}" for code, name in atlas.district.town_names().items()]
        raise UnknownTown(town=town, known=", ".join(known))
    return code


def _rows(atlas: Atlas, town: str | None) -> Mapping[str, Places]:
    """Every row of the district; of a town its own, every boundary, and the ground near it."""
    if town is None:
        return {name: np.arange(len(atlas.frames[name])) for name in MAP_LAYERS}
    rows = {name: np.flatnonzero(_in_town(atlas.layer(name), town)) for name in MAP_LAYERS[2:]}
    near = _near(atlas, _grown(_extent(atlas, town), NEARBY))
    return {"boundaries": np.arange(len(atlas.boundaries)), "ground": near, **rows}


def _in_town(rows: pd.DataFrame, town: str) -> npt.NDArray[np.bool_]:
    return np.asarray((rows["town"] == town).fillna(False), dtype=bool)


def _near(atlas: Atlas, box: Box) -> Places:
    found = atlas.tree("ground").query(shapely.box(*box))
    return np.sort(np.asarray(found, dtype="int64"))


def _extent(atlas: Atlas, town: str | None) -> Box:
    """Of a town its outline, communities and buildings; of the district its communities and buildings.

    A schematic outline that lies elsewhere than these is left aside. With nothing of that on the map the
    boundaries, with none of these the district's own extent.
    """
    boundaries, communities = atlas.boundaries, atlas.communities
    if town is None:
        first = [communities, atlas.buildings]
    else:
        own = (boundaries["level"] == str(BoundaryLevel.TOWN)) & (boundaries["code"] == town)
        outline = boundaries[own.fillna(False)]
        inside = [rows[_in_town(rows, town)] for rows in (communities, atlas.buildings)]
        first = inside if _astray(outline, inside) else [outline, *inside]
    for frames in (first, [boundaries]):
        box = _bounds(frames)
        if box is not None:
            return _degrees(atlas, _grown(box, PADDING))
    return atlas.district.extent if town is None else _degrees(atlas, district_box(atlas.district))


def _astray(outline: gpd.GeoDataFrame, inside: list[gpd.GeoDataFrame]) -> bool:
    """Whether an outline is only schematic and touches nothing of what is drawn of its town."""
    shapes = np.concatenate([np.asarray(rows.geometry.array) for rows in inside])
    if not outline["schematic"].fillna(False).all() or shapely.is_missing(shapes).all():
        return False
    return not shapely.intersects(outline.geometry.union_all(), shapes).any()


def _bounds(frames: list[gpd.GeoDataFrame]) -> Box | None:
    shapes = np.concatenate([np.asarray(frame.geometry.array) for frame in frames])
    drawn = shapes[~shapely.is_missing(shapes) & ~shapely.is_empty(shapes)]
    if not len(drawn):
        return None
    west, south, east, north = (float(side) for side in shapely.total_bounds(drawn))
    return west, south, east, north


def _grown(box: Box, share: float) -> Box:
    west, south, east, north = box
    margin = share * max(east - west, north - south)
    return west - margin, south - margin, east + margin, north + margin


@cache
def _to_screen(crs: str) -> Transformer:
    """Made once: it takes longer to make than all that it transforms here."""
    return Transformer.from_crs(crs, SCREEN, always_xy=True)


def _degrees(atlas: Atlas, box: Box) -> Box:
    west, south, east, north = box
    across, up = (max(_LEAST_SIDE_M - side, 0) / 2 for side in (east - west, north - south))
    degrees = _to_screen(atlas.district.crs)
    sides = degrees.transform_bounds(west - across, south - up, east + across, north + up)
    west, south, east, north = (round(float(side), 7) for side in sides)
    return west, south, east, north


def _summary(atlas: Atlas, town: str | None, lang: str) -> Mapping[str, Any]:
    standing = atlas.standing if town is None else atlas.standing[_in_town(atlas.standing, town)]
    stages = status.by_stage(standing)
    totals = atlas.totals_of(standing)
    names = atlas.district.town_names(lang)
    return {
        "stages": {stage: _count(row, "communities", "households") for stage, row in _rows_of(stages)},
        "late": {"communities": int(totals["late"]), "households": int(totals["late_households"])},
        "towns": {code: {"name": names[code], **_figures(row)} for code, row in _rows_of(atlas.by_town)},
        "totals": _figures(totals),
        "lines": _line_counts(atlas, town),
        "works": _work_counts(atlas, standing) if "works" in atlas.themes else {},
    }


def _count(row: pd.Series, *names: str) -> dict[str, int | None]:
    return {name: None if pd.isna(row[name]) else int(row[name]) for name in names}


def _figures(row: pd.Series) -> dict[str, Any]:
    return {
        **_count(row, "communities", "buildings", "households"),
        "area_m2": _hundredth(row["floor_area_dm2"]),
        "investment_yuan": _hundredth(row["investment_fen"]),
        "progress": _tenth(row["progress"]),
        "planned": _tenth(row["planned"]),
        "late": int(row["late"]),
    }


def _hundredth(value: Any) -> float | None:
    return None if pd.isna(value) else int(value) / 100


def _tenth(percent: float) -> float | None:
    return None if pd.isna(percent) else round(float(percent), 1)


def _line_counts(atlas: Atlas, town: str | None) -> dict[str, dict[str, int]]:
    lines = atlas.lines if town is None else atlas.lines[_in_town(atlas.lines, town)]
    planned = np.asarray((lines["state"] == str(LineState.PLANNED)).fillna(False), dtype=bool)
    existing, drawn = (lines.loc[mask, "style"].value_counts() for mask in (~planned, planned))
    found = set(existing.index) | set(drawn.index)
    return {
        style: {"existing": int(existing.get(style, 0)), "planned": int(drawn.get(style, 0))}
        for style in LINES
        if style in found
    }


def _work_counts(atlas: Atlas, standing: pd.DataFrame) -> dict[str, dict[str, int | None]]:
    cells = atlas.work_cells
    if len(standing) < len(atlas.standing):
        cells = cells[cells["community"].isin(standing["id"])]
    counts = scope.item_counts(cells, [kind.code for kind in atlas.catalogue])
    return {code: _count(row, "in_scope", "done") for code, row in _rows_of(counts)}


def _rows_of(table: pd.DataFrame) -> Iterator[tuple[str, pd.Series]]:
    """The few rows of a table of sums by their code."""
    for code, row in table.iterrows():
        yield str(code), row
