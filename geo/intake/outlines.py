"""Shapes from files made fit for a layer: flat, valid, of the right type; what cannot be is refused."""

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geo.crs import frame_from_gcj02, is_gcj02, named_crs, swap_axes, to_district
from geo.district import District
from geo.errors import MissingCRS, WrongCRS, WrongGeometry
from geo.intake.draft import objects, refuse, remark
from geo.intake.headers import bare
from geo.intake.report import Level, Notes
from geo.intake.table import Table
from geo.intake.values import each_value, parse_quantity, plain
from geo.intake.words import column_words
from geo.layers import Layer

POINT, PATHS, AREAS, COLLECTION = (0, 4), (1, 5), (3, 6), 7
SLIVER_M2 = 0.01


def with_shapes(table: Table, notes: Notes) -> Table:
    """A plain table that carries shapes in a WKT or longitude and latitude column → a spatial one, CRS
    unknown."""
    if table.spatial:
        return table
    by_name = {bare(header): header for header in reversed(table.headers)}
    text = next((by_name[bare(word)] for word in column_words("shape_text") if bare(word) in by_name), None)
    if text is not None:
        return _from_wkt(table, text, notes)
    lon = next((by_name[bare(word)] for word in column_words("longitude") if bare(word) in by_name), None)
    lat = next((by_name[bare(word)] for word in column_words("latitude") if bare(word) in by_name), None)
    if lon is None or lat is None:
        return table
    xy = np.column_stack([_reals(table.frame[lon]), _reals(table.frame[lat])])
    shapes = np.full(len(xy), None, dtype=object)
    whole = np.isfinite(xy).all(axis=1)
    shapes[whole] = shapely.points(xy[whole])
    return _spatial(table, shapes, [lon, lat])


def _from_wkt(table: Table, header: str, notes: Notes) -> Table:
    texts = objects(table.frame[header].astype("string"))
    wkt = np.array([None if text is None else text.split(";", 1)[-1].strip() for text in texts], dtype=object)
    if not any(
        text and text.lstrip().upper().startswith(("POINT", "LINE", "POLY", "MULTI", "GEOM")) for text in wkt
    ):
        return table
    shapes = shapely.from_wkt(wkt, on_invalid="ignore")
    broken = shapely.is_missing(shapes) & np.array([text is not None for text in wkt])
    notes.where(
        broken,
        Level.NOTE,
        "wkt_unreadable",
        sheet=table.sheet,
        rows=table.rows,
        column=header,
        values=table.frame[header],
    )
    return _spatial(table, shapes, [header])


def _spatial(table: Table, shapes: np.ndarray, used: list[str]) -> Table:
    frame = table.frame.drop(
        columns=[*used, *[name for name in table.frame if name == "geometry" and name not in used]]
    )
    return Table(**{**table.__dict__, "frame": gpd.GeoDataFrame(frame, geometry=shapes), "spatial": True})


def _reals(values: pd.Series) -> np.ndarray:
    parsed = each_value(values, lambda value: parse_quantity(value) if plain(value) else None)
    return np.array([np.nan if found is None else float(found.value) for found in parsed])


def into_district(table: Table, crs: str | None, district: District, notes: Notes) -> Table:
    """The table's shapes in the district's CRS. ``crs`` is what a person names and wins over the file's own.

    Exchanged axes are put right with a note. Raises ``MissingCRS`` and ``WrongCRS`` with the file's name.
    """
    if not table.spatial:
        return table
    frame = table.geometry()
    if crs is not None:
        frame = _declared(frame, crs, table, district, notes)
    try:
        return table.with_frame(_landed(frame, table, district, notes))
    except (MissingCRS, WrongCRS) as error:
        facts = {"file": table.file, "sheet": table.sheet, **error.facts}
        raise type(error)(error.code, **facts) from error


def _declared(
    frame: gpd.GeoDataFrame, crs: str, table: Table, district: District, notes: Notes
) -> gpd.GeoDataFrame:
    named = named_crs(crs, district)
    if frame.crs is not None and frame.crs != named and not frame.crs.equals(named, ignore_axis_order=True):
        notes.add(Level.NOTE, "crs_overridden", sheet=table.sheet, declared=frame.crs.name, named=crs)
    frame = frame.set_crs(named, allow_override=True)
    return frame_from_gcj02(frame) if is_gcj02(crs) else frame


def _landed(frame: gpd.GeoDataFrame, table: Table, district: District, notes: Notes) -> gpd.GeoDataFrame:
    try:
        return to_district(frame, district)
    except WrongCRS as error:
        if error.code != "axes_swapped":
            raise
    notes.add(Level.REPAIRED, "axes_exchanged", sheet=table.sheet)
    return to_district(swap_axes(frame), district)


def fit_shapes(frame: gpd.GeoDataFrame, layer: Layer, notes: Notes, *, file: str) -> gpd.GeoDataFrame:
    """Shapes of ``frame`` made flat, valid and of the layer's type.

    Empty shapes are refused where the layer needs one. Raises ``WrongGeometry`` where no row has a shape of
    the type.
    """
    frame = _flattened(frame, notes)
    absent = shapely.is_missing(frame.geometry.array) | shapely.is_empty(frame.geometry.array)
    if layer.geometry_required:
        frame = gpd.GeoDataFrame(refuse(frame, absent, notes, "no_geometry"))
    else:
        frame = frame.set_geometry(gpd.GeoSeries(np.where(absent, None, frame.geometry.array), crs=frame.crs))
    frame = _typed(frame, layer, notes, file)
    if set(layer.geometry) & {"Polygon", "MultiPolygon"}:
        frame = _valid(frame, layer, notes)
    return frame


def _flattened(frame: gpd.GeoDataFrame, notes: Notes) -> gpd.GeoDataFrame:
    shapes = np.asarray(frame.geometry.array)
    deep = shapely.has_z(shapes) | shapely.has_m(shapes)
    if not deep.any():
        return frame
    notes.add(Level.NOTE, "z_dropped", count=int(deep.sum()))
    return frame.set_geometry(gpd.GeoSeries(shapely.force_2d(shapes), crs=frame.crs))


def _typed(frame: gpd.GeoDataFrame, layer: Layer, notes: Notes, file: str) -> gpd.GeoDataFrame:
    allowed = {name.replace("Multi", "") for name in layer.geometry}
    shapes = np.asarray(frame.geometry.array)
    kinds = shapely.get_type_id(shapes)
    if "Polygon" in allowed and "LineString" not in allowed:
        shapes, closed = _rings_to_areas(shapes, kinds)
        remark(frame, closed, notes, Level.REPAIRED, "ring_to_area")
    shapes, single = _single_parts(shapes, multi_ok="MultiPoint" in layer.geometry or "Point" not in allowed)
    remark(frame, single, notes, Level.NOTE, "part_taken")
    kinds = shapely.get_type_id(shapes)
    families = {"Point": 0, "LineString": 1, "Polygon": 3}
    right = np.isin(kinds, [families[name] for name in allowed]) | (kinds < 0)
    multi = {"MultiPoint": 4, "MultiLineString": 5, "MultiPolygon": 6}
    right |= np.isin(kinds, [multi[name] for name in layer.geometry if name in multi])
    frame = frame.set_geometry(gpd.GeoSeries(shapes, crs=frame.crs))
    if len(frame) and not right.any():
        found = sorted(set(frame.geometry.geom_type.dropna()))
        raise WrongGeometry(
            file=file,
            layer=layer.name,
            found=", ".join(found),
            expected=", ".join(layer.geometry),
            rows=len(frame),
        )
    names = frame.geometry.geom_type.to_numpy(dtype=object)
    return gpd.GeoDataFrame(
        refuse(
            frame,
            ~right,
            notes,
            "wrong_geometry",
            values=names,
            facts=lambda _: {"wanted": ", ".join(layer.geometry)},
        )
    )


def _rings_to_areas(shapes: np.ndarray, kinds: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    closed = (kinds == 1) & shapely.is_closed(shapes) & (shapely.get_num_coordinates(shapes) >= 4)
    if closed.any():
        shapes = shapes.copy()
        shapes[closed] = [shapely.Polygon(shapely.get_coordinates(ring)) for ring in shapes[closed]]
    return shapes, closed


def _single_parts(shapes: np.ndarray, *, multi_ok: bool) -> tuple[np.ndarray, np.ndarray]:
    """Multi shapes of one part → that part; points of several parts cannot be one."""
    kinds, parts = shapely.get_type_id(shapes), shapely.get_num_geometries(shapes)
    one = np.isin(kinds, (4, 5, 6, 7)) & (parts == 1)
    if one.any():
        shapes = shapes.copy()
        shapes[one] = shapely.get_geometry(shapes[one], 0)
    return shapes, one & ~np.full(len(shapes), multi_ok)


def _valid(frame: gpd.GeoDataFrame, layer: Layer, notes: Notes) -> gpd.GeoDataFrame:
    shapes = np.asarray(frame.geometry.array).copy()
    areal = np.isin(shapely.get_type_id(shapes), AREAS)
    broken = areal & ~shapely.is_valid(shapes)
    if not broken.any():
        return frame
    reasons = shapely.is_valid_reason(shapes[broken])
    by_place = dict(zip(np.flatnonzero(broken).tolist(), reasons, strict=True))
    shapes[broken] = [_areal_part(shape) for shape in shapely.make_valid(shapes[broken])]
    lost = broken & shapely.is_missing(shapes)
    remark(
        frame,
        broken & ~lost,
        notes,
        Level.REPAIRED,
        "made_valid",
        facts=lambda place: {"reason": str(by_place[place]).split("[")[0]},
    )
    frame = frame.set_geometry(gpd.GeoSeries(shapes, crs=frame.crs))
    return gpd.GeoDataFrame(refuse(frame, lost, notes, "area_collapsed"))


def _areal_part(shape: shapely.Geometry) -> shapely.Geometry | None:
    """The areas of a repaired shape without slivers, as Polygon or MultiPolygon; ``None`` where nothing is
    left."""
    parts = shapely.get_parts(shape)
    while len(parts) and np.isin(shapely.get_type_id(parts), (*AREAS[1:], COLLECTION)).any():
        parts = shapely.get_parts(parts)
    areas = parts[(shapely.get_type_id(parts) == AREAS[0]) & (shapely.area(parts) > SLIVER_M2)]
    if not len(areas):
        return None
    whole: shapely.Geometry = areas[0] if len(areas) == 1 else shapely.multipolygons(areas)
    return whole
