"""Lines and nodes: from the survey's point and line tables, or from files of lines."""

from collections.abc import Sequence
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from geo.errors import BadInput
from geo.intake.attributes import line_columns, node_columns
from geo.intake.context import Context, Settled, conformed, located, settle, shaped
from geo.intake.draft import ROW, SHEET, objects, refuse, remark, text_key
from geo.intake.fields import Fields
from geo.intake.headers import Match, match_headers, match_table
from geo.intake.identity import Naming, filled_from_stored
from geo.intake.organisations import resolve_owners
from geo.intake.pipe_checks import check_equal_at_points, check_pipes
from geo.intake.pipes import kind_of, kind_of_name
from geo.intake.places import Gazetteer, place_in_outlines
from geo.intake.points import place_points, points_of_lines
from geo.intake.report import Level
from geo.intake.survey_checks import check_lines, check_points, label_of
from geo.intake.table import Table
from geo.intake.values import each_value
from geo.layers import LINES, NODES, OWNERS
from geo.vocabulary import LineState

_SHORTEST_M = 0.001
_SAME_PLACE_M = 0.02
_LINE_FACTS = frozenset(("kind", "size", "depth_start", "depth_end", "material", "laying", "status"))


@dataclass(frozen=True)
class SurveyTables:
    """The tables of a survey by what they hold."""

    points: list[tuple[Table, Match]]
    lines: list[tuple[Table, Match]]
    shapes: list[tuple[Table, Match]]


def sort_tables(tables: Sequence[Table]) -> SurveyTables:
    """Which tables hold points, which segments between points, which lines with shapes of their own.

    Raises ``BadInput`` (``no_known_header``) where nothing among them can be lines.
    """
    found = SurveyTables([], [], [])
    for table in tables:
        as_line = match_headers(table.headers, "lines", cut=table.cut_headers)
        as_point = match_headers(table.headers, "nodes", cut=table.cut_headers)
        kinds = set(table.geometry().geometry.geom_type.dropna()) if table.spatial else set()
        if kinds & {"LineString", "MultiLineString"}:
            found.shapes.append((table, as_line))
        elif kinds & {"Point", "MultiPoint"} or (
            "number" in as_point and "x" in as_point and "y" in as_point
        ):
            found.points.append((table, as_point))
        elif "start_number" in as_line and "end_number" in as_line:
            found.lines.append((table, as_line))
        elif (table.spatial and kinds) or _names_lines(as_line):
            found.shapes.append((table, as_line))
    if not (found.lines or found.shapes or found.points):
        first = tables[0]
        raise BadInput(
            "no_known_header",
            file=first.file,
            sheet=first.sheet,
            layer="lines",
            seen=", ".join(first.headers[:30]),
            wanted="物探点号, X坐标, Y坐标, 起点点号, 终点点号",
        )
    return found


def _names_lines(match: Match) -> bool:
    """A plain table that updates lines by their ids."""
    return ("source_id" in match or "id" in match) and bool(_LINE_FACTS & set(match.headers))


def lines_from(tables: Sequence[Table], context: Context, crs: str | None) -> list[Settled]:
    """Lines with their nodes and owners, ready for the store; ``crs`` is that of X and Y where a person
    names it."""
    sorted_tables = sort_tables(tables)
    source = tables[0].source
    points = [_points(table, match, context, crs) for table, match in sorted_tables.points]
    nodes = located(pd.concat(points, ignore_index=True), context) if points else None
    segments = [_segments(table, match, nodes, context, crs) for table, match in sorted_tables.lines]
    segments += [_shaped(table, match, context) for table, match in sorted_tables.shapes]
    lines = located(pd.concat(segments, ignore_index=True), context) if segments else None
    if lines is not None:
        lines = _with_group_of_numbers(lines, "start_number")
        lines = gpd.GeoDataFrame(check_lines(lines, nodes, context.notes))
        check_pipes(lines, label_of(lines), context.notes)
    if nodes is not None:
        nodes = _with_group_of_numbers(_with_group_of_lines(nodes, lines), "number")
        nodes = _without_twins(nodes, text_key(nodes, "utility", "number"), context)
        check_points(nodes, lines, context.notes)
        if lines is not None:
            check_equal_at_points(nodes, lines, context.notes)
    return _settled(lines, nodes, source, context)


def nodes_from(tables: Sequence[Table], context: Context, crs: str | None) -> list[Settled]:
    """Nodes alone, from a point table or a file of points."""
    sorted_tables = sort_tables(tables)
    if not sorted_tables.points:
        match_table(tables[0], "nodes")
    points = [_points(table, match, context, crs) for table, match in sorted_tables.points]
    nodes = _with_group_of_numbers(located(pd.concat(points, ignore_index=True), context), "number")
    return _settled(None, nodes, tables[0].source, context)


def _with_group_of_lines(nodes: gpd.GeoDataFrame, lines: gpd.GeoDataFrame | None) -> gpd.GeoDataFrame:
    """Points whose table names no group take group and kind of the first segment that ends at them."""
    if lines is None or not len(lines) or nodes["utility"].notna().all():
        return nodes
    names = ["number", "utility", "kind"]
    ends = pd.concat(
        [lines[[side, "utility", "kind"]].set_axis(names, axis=1) for side in ("start_number", "end_number")]
    )
    first = ends.dropna(subset=["number"]).groupby("number").first()
    open_rows = nodes["utility"].isna()
    found = {
        name: nodes["number"].map(first[name]).astype("string").where(open_rows)
        for name in ("utility", "kind")
    }
    return nodes.assign(
        utility=nodes["utility"].astype("string").fillna(found["utility"]),
        kind=nodes["kind"].astype("string").fillna(found["kind"]),
    )


def _with_group_of_numbers(frame: gpd.GeoDataFrame, column: str) -> gpd.GeoDataFrame:
    """Rows that name no group take it from the letters before their point number, as in WS12."""
    if column not in frame or frame["utility"].notna().all():
        return frame
    letters = frame[column].astype("string").str.extract(r"^([A-Za-z]{2})[-_]?\d", expand=False)
    found = each_value(
        letters.where(frame["utility"].isna()), lambda word: kind_of(word) if isinstance(word, str) else None
    )
    utilities = pd.Series(pd.array([kind.utility.value if kind else None for kind in found], dtype="string"))
    kinds = pd.Series(pd.array([kind.kind if kind else None for kind in found], dtype="string"))
    return frame.assign(
        utility=frame["utility"].astype("string").fillna(utilities),
        kind=frame["kind"].astype("string").fillna(kinds),
    )


def _points(table: Table, match: Match, context: Context, crs: str | None) -> gpd.GeoDataFrame:
    fields = Fields(table, match, context.notes)
    columns = node_columns(fields, kind_of_name(table.name) or kind_of_name(table.source))
    frame = fields.frame(columns)
    if table.spatial:
        frame = shaped(frame, table, NODES, context)
    else:
        frame = place_points(frame, context.district, context.notes, crs, table.file)
    frame = refuse(frame, frame["number"].isna() & (not table.spatial), context.notes, "point_without_number")
    frame = located(frame.drop(columns=["_x", "_y"], errors="ignore"), context)
    return _without_twins(frame, frame["number"].astype("string"), context)


def _without_twins(frame: gpd.GeoDataFrame, key: pd.Series, context: Context) -> gpd.GeoDataFrame:
    """A number that stands twice: at the same place the second is left out with a note, elsewhere it is
    refused."""
    twice = (key.duplicated(keep="first") & key.notna()).to_numpy(bool)
    if not twice.any():
        return frame
    number = frame["number"]
    first = pd.Series(np.arange(len(frame)), index=key.to_numpy(dtype=object)).groupby(level=0).first()
    firsts = key.map(first).fillna(0).to_numpy(dtype=int)
    shapes = np.asarray(frame.geometry.array)
    near = shapely.distance(shapes, shapes[firsts]) <= _SAME_PLACE_M
    seen = frame[ROW].to_numpy()
    remark(
        frame,
        twice & near,
        context.notes,
        Level.NOTE,
        "point_twice_same_place",
        values=number,
        facts=lambda place: {"first": int(seen[firsts[place]])},
    )
    remark(
        frame,
        twice & ~near,
        context.notes,
        Level.REFUSED,
        "point_twice_elsewhere",
        values=number,
        facts=lambda place: {"first": int(seen[firsts[place]])},
    )
    return gpd.GeoDataFrame(frame.loc[~twice].reset_index(drop=True))


def _segments(
    table: Table, match: Match, nodes: gpd.GeoDataFrame | None, context: Context, crs: str | None
) -> pd.DataFrame:
    """Segments joined to their points, by number in the same group first, else by number alone."""
    fields = Fields(table, match, context.notes)
    columns = line_columns(fields, kind_of_name(table.name) or kind_of_name(table.source))
    for name in ("start_x", "start_y", "end_x", "end_y"):
        columns[f"_{name}"] = fields.real(name)
    frame = fields.frame(columns)
    unnamed = frame["start_number"].isna() | frame["end_number"].isna()
    frame = refuse(frame, unnamed, context.notes, "segment_without_number")
    same = (frame["start_number"] == frame["end_number"]).fillna(False)
    frame = refuse(frame, same, context.notes, "start_equals_end", values=frame["start_number"])
    ends = [_end_places(frame, side, nodes, context, crs, table.file) for side in ("start", "end")]
    missing = [np.asarray(~np.isfinite(place).all(axis=1), dtype=bool) for place in ends]
    starts, stops = frame["start_number"], frame["end_number"]
    absent = missing[0] | missing[1]
    numbers = starts.fillna("") + " → " + stops.fillna("")
    frame = refuse(
        frame,
        absent,
        context.notes,
        "point_missing",
        values=numbers,
        facts=lambda at: {
            "start": str(starts.iloc[at]),
            "end": str(stops.iloc[at]),
            "missing": "、".join(
                str(side.iloc[at]) for side, gone in zip((starts, stops), missing, strict=True) if gone[at]
            ),
        },
    )
    coordinates = np.stack([place[~absent] for place in ends], axis=1)
    frame = frame.drop(
        columns=[name for name in frame if str(name) in ("_start_x", "_start_y", "_end_x", "_end_y")]
    )
    length = np.hypot(*(coordinates[:, 1] - coordinates[:, 0]).T) if len(coordinates) else np.zeros(0)
    shapes = shapely.linestrings(coordinates) if len(coordinates) else np.zeros(0, dtype=object)
    frame = gpd.GeoDataFrame(frame, geometry=shapes, crs=context.district.crs)
    return refuse(
        frame, length < _SHORTEST_M, context.notes, "segment_without_length", values=frame["start_number"]
    )


def _end_places(
    frame: pd.DataFrame,
    side: str,
    nodes: gpd.GeoDataFrame | None,
    context: Context,
    crs: str | None,
    file: str,
) -> npt.NDArray[np.float64]:
    """Easting and northing of one end of every segment; not finite where neither a point nor the row
    tells."""
    places = np.full((len(frame), 2), np.nan)
    number = frame[f"{side}_number"].astype("string")
    if nodes is not None and len(nodes):
        xy = shapely.get_coordinates(np.asarray(nodes.geometry.array))
        at = _point_places(number, frame["utility"].astype("string"), nodes)
        places[at >= 0] = xy[at[at >= 0]]
    open_ends = ~np.isfinite(places).all(axis=1)
    own = points_of_lines(frame, side, context.district, context.notes, crs, file)
    places[open_ends] = own[open_ends]
    return places


def _point_places(number: pd.Series, utility: pd.Series, nodes: gpd.GeoDataFrame) -> npt.NDArray[np.int64]:
    grouped = objects(nodes["utility"].astype("string") + "\x1f" + nodes["number"].astype("string"))
    single = nodes["number"].astype("string")
    plain = objects(single.where(~single.duplicated(keep=False)))
    places = pd.Series(np.arange(len(nodes)))
    by_group = places.groupby(grouped).first()
    by_number = places.groupby(plain).first()
    found = (utility + "\x1f" + number).map(by_group).fillna(number.map(by_number))
    return found.fillna(-1).to_numpy(dtype=np.int64)


def _shaped(table: Table, match: Match, context: Context) -> gpd.GeoDataFrame:
    fields = Fields(table, match, context.notes)
    columns = line_columns(fields, kind_of_name(table.name) or kind_of_name(table.source))
    return shaped(fields.frame(columns), table, LINES, context)


def _settled(
    lines: gpd.GeoDataFrame | None, nodes: gpd.GeoDataFrame | None, source: str, context: Context
) -> list[Settled]:
    owners = context.stored("owners")
    settled: list[Settled] = []
    made_owners: list[pd.DataFrame] = []
    for frame, layer in ((nodes, NODES), (lines, LINES)):
        if frame is None:
            continue
        stored = context.stored(layer.name)
        frame = filled_from_stored(frame, source, stored, ("utility", "kind"))
        words = frame.get("_kind_word")
        frame = refuse(frame, frame["utility"].isna(), context.notes, "kind_unknown", values=words)
        ids, made = resolve_owners(frame["_owner"], frame["utility"], owners, context.new_id, source)
        owners = pd.concat([owners, made], ignore_index=True) if len(made) else owners
        made_owners.append(made)
        frame = _with_places(frame.assign(owner=ids), context)
        frame = frame.drop(
            columns=[name for name in frame if str(name).startswith("_") and name not in (ROW, SHEET)]
        )
        naming = Naming(
            layer,
            source,
            _key(frame, layer.name),
            _key(stored, layer.name),
            defaults={"state": LineState.IN_SERVICE.value} if layer is LINES else {},
            derived=("depth_reference", "community"),
        )
        settled.append(settle(frame, naming, context))
    made = pd.concat(made_owners, ignore_index=True)
    return [
        Settled("owners", conformed(made, OWNERS, context), np.zeros(len(made), dtype=bool), made=True),
        *settled,
    ]


def _key(frame: pd.DataFrame, layer: str) -> pd.Series:
    """Nodes by group and number; segments by both numbers and kind."""
    if layer == "nodes":
        return text_key(frame, "utility", "number") if "number" in frame else _none(frame)
    kind = (
        frame["kind"].astype("string").fillna(frame["utility"].astype("string"))
        if "kind" in frame
        else frame["utility"]
    )
    return text_key(frame.assign(_k=kind), "start_number", "end_number", "_k")


def _none(frame: pd.DataFrame) -> pd.Series:
    return pd.Series([None] * len(frame), dtype="string")


def _with_places(frame: pd.DataFrame, context: Context) -> gpd.GeoDataFrame:
    """Community by name, else by the outline that holds the node or most of the line."""
    stored = context.stored("communities")
    words = frame["_community"].astype("string").reset_index(drop=True)
    gazetteer = Gazetteer(stored)
    ids = pd.Series(pd.array(each_value(words, lambda word: gazetteer.find(word, None)), dtype="string"))
    silent = ids.isna().to_numpy(bool)
    if silent.any():
        ids[silent] = place_in_outlines(np.asarray(frame["geometry"].array)[silent], stored).to_numpy(
            dtype=object
        )
    return gpd.GeoDataFrame(frame.assign(community=ids))
