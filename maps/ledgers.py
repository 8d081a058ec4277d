"""The tables of the application: rows as filtered, and what belongs to one community."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from geo.programme.progress import overdue_days
from maps import palette
from maps.linepanel import picked_digs, picked_lines
from maps.panel import Scene
from maps.sheet import Column, Sheet, make_sheet

COMMUNITIES = (
    Column("name", "name"),
    Column("town_name"),
    Column("committee"),
    Column("stage", "stage"),
    Column("buildings", "count", "sum"),
    Column("floor_area_dm2", "area", "sum"),
    Column("households", "count", "sum"),
    Column("investment_fen", "money", "sum"),
    Column("progress", "percent", "given"),
    Column("planned", "percent", "given"),
    Column("late_days", "days"),
    Column("delay_reason"),
)
LINES = (
    Column("code", "style"),
    Column("size_text"),
    Column("state_word"),
    Column("owner_name"),
    Column("community_name"),
    Column("length_m", "metres", "sum"),
    Column("material"),
    Column("depth_start_m", "metres"),
    Column("depth_end_m", "metres"),
    Column("year_laid", "year"),
)
DIGS = (
    Column("number", "name"),
    Column("style_word", "style"),
    Column("owner_name"),
    Column("community_name"),
    Column("window_start", "day"),
    Column("window_end", "day"),
    Column("length_m", "metres", "sum"),
    Column("width_m", "metres"),
    Column("depth_m", "metres"),
    Column("state_word"),
)
BUILDINGS = (
    Column("number", "name"),
    Column("storeys", "count"),
    Column("units", "count"),
    Column("households", "count", "sum"),
    Column("floor_area_dm2", "area", "sum"),
    Column("year_built", "year"),
    Column("structure"),
)
WORKS = (
    Column("work_name", "name"),
    Column("building_number"),
    Column("quantity", "real"),
    Column("unit_word"),
    Column("cost_fen", "money", "sum"),
    Column("progress_percent", "percent"),
    Column("planned_start", "day"),
    Column("planned_end", "day"),
    Column("late_days", "days"),
)


def sheet_for(scene: Scene) -> Sheet:
    """The table of what the theme of the state looks at."""
    makers = {"lines": line_sheet, "coordination": dig_sheet}
    return makers.get(scene.state.theme, community_sheet)(scene)


def sheet_of(scene: Scene, layer: str) -> Sheet:
    """The table of a layer as filtered, whatever the theme."""
    makers = {"lines": line_sheet, "digs": dig_sheet, "buildings": building_sheet}
    return makers.get(layer, community_sheet)(scene)


def community_sheet(scene: Scene) -> Sheet:
    standing = scene.standing()
    rows = standing.assign(
        town_name=standing["town"].map(scene.atlas.district.town_names(scene.words.lang)),
        href=[scene.state.link(f"/community/{row}") for row in standing["id"]],
    )
    if scene.state.sort.removeprefix("-") == "stage":
        rows = _by_plan(rows, descending=scene.state.sort.startswith("-"))
        return _communities(scene, rows, standing, "")
    return _communities(scene, rows, standing, scene.state.sort)


def _by_plan(rows: pd.DataFrame, *, descending: bool) -> pd.DataFrame:
    order = {str(stage): place for place, stage in enumerate(palette.STAGES)}
    return rows.sort_values(
        "stage", key=lambda stages: stages.map(order), ascending=not descending, kind="stable"
    )


def _communities(scene: Scene, rows: pd.DataFrame, standing: pd.DataFrame, sort: str) -> Sheet:
    figures = scene.atlas.totals_of(standing)
    sheet = make_sheet(
        "communities",
        COMMUNITIES,
        rows,
        sort=sort,
        given={name: figures[name] for name in ("progress", "planned")},
        layer="communities",
        drawn=int((standing["has_outline"] | standing["provisional"]).sum()),
    )
    return sheet if sort else _resorted(sheet, scene.state.sort)


def _resorted(sheet: Sheet, sort: str) -> Sheet:
    return Sheet(sheet.name, sheet.columns, sheet.rows, sheet.totals, sheet.layer, sheet.drawn, sort)


def line_sheet(scene: Scene) -> Sheet:
    return lines_of(scene, picked_lines(scene), scene.state.sort)


def lines_of(scene: Scene, lines: pd.DataFrame, sort: str = "", *, inside: bool = False) -> Sheet:
    """The table of any rows of the lines; ``inside`` one community its name is not repeated."""
    rows = _plain(lines).assign(
        code=lines["shown_code"],
        state_word=lines["state"].map(scene.words_of("line_state")),
        material=_worded(scene, lines["material"], "material"),
        **_names(scene, lines),
    )
    columns = _but(LINES, "community_name") if inside else LINES
    return make_sheet("lines", columns, rows, sort=sort, layer="lines", drawn=_drawn(lines))


def dig_sheet(scene: Scene) -> Sheet:
    return digs_of(scene, picked_digs(scene), scene.state.sort)


def digs_of(scene: Scene, digs: pd.DataFrame, sort: str = "", *, inside: bool = False) -> Sheet:
    """The table of any rows of the digs; ``inside`` one community its name is not repeated."""
    rows = _plain(digs).assign(
        style_word=digs["style"].map(scene.words_of("utility")),
        state_word=digs["state"].map(scene.words_of("dig_state")),
        **_names(scene, digs),
    )
    columns = _but(DIGS, "community_name") if inside else DIGS
    return make_sheet("digs", columns, rows, sort=sort, layer="digs", drawn=_drawn(digs))


def buildings_of(scene: Scene, community: str) -> Sheet:
    rows = _of(scene.atlas.frames["buildings"], community)
    return make_sheet("buildings", BUILDINGS, _plain(rows), layer="buildings", drawn=_drawn(rows))


def building_sheet(scene: Scene) -> Sheet:
    """Buildings of the communities that pass the filter."""
    rows = scene.atlas.frames["buildings"]
    rows = rows[rows["community"].isin(scene.standing()["id"]).to_numpy(bool)]
    named = _plain(rows).assign(community_name=rows["community"].map(scene.atlas.community_names))
    columns = (BUILDINGS[0], Column("community_name"), *BUILDINGS[1:])
    return make_sheet("buildings", columns, named, layer="buildings", drawn=_drawn(rows))


def works_of(scene: Scene, community: str) -> Sheet:
    """The works of a community in the order of the catalogue."""
    rows = _of(scene.atlas.works, community)
    order = {kind.code: place for place, kind in enumerate(scene.atlas.catalogue)}
    rows = rows.sort_values("code", key=lambda codes: codes.map(order), kind="stable")
    buildings = scene.atlas.frames["buildings"]
    numbers = dict(zip(buildings["id"], buildings["number"], strict=True))
    rows = rows.assign(
        work_name=rows["code"].map(scene.work_names()).fillna(rows["code"]),
        building_number=rows["building"].map(numbers),
        late_days=_late_days(scene, rows),
        unit_word=rows["unit"].map(scene.words_of("app.work_unit")).fillna(rows["unit"]),
    )
    return make_sheet("works", WORKS, rows)


def _late_days(scene: Scene, works: pd.DataFrame) -> npt.NDArray[np.int64]:
    """None where one is not told how far the works are."""
    if scene.atlas.hides("works", "progress_percent"):
        return np.zeros(len(works), dtype="int64")
    return overdue_days(works, scene.atlas.as_of)


def _of(rows: pd.DataFrame, community: str) -> pd.DataFrame:
    return rows[(rows["community"] == community).fillna(False)]


def _but(columns: Sequence[Column], key: str) -> tuple[Column, ...]:
    return tuple(column for column in columns if column.key != key)


def _plain(rows: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame(rows.drop(columns="geometry"))


def _drawn(rows: pd.DataFrame) -> int:
    shapes = np.asarray(rows["geometry"].array)
    return int((~(shapely.is_missing(shapes) | shapely.is_empty(shapes))).sum())


def _names(scene: Scene, rows: pd.DataFrame) -> dict[str, Any]:
    return {
        "owner_name": rows["owner"].map(scene.atlas.owner_names(scene.words.lang)),
        "community_name": rows["community"].map(scene.atlas.community_names),
    }


def _worded(scene: Scene, codes: pd.Series, section: str) -> pd.Series:
    """The standard's word for a code; what is no code stays as it is."""
    return codes.map(scene.words_of(section)).fillna(codes)
