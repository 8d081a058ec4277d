"""Hand-outs: layers written as GeoPackage, Shapefile, GeoJSON, CSV or XLSX, always to a new file, whole or
not at all."""

import csv
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pyogrio
import shapely
import xlsxwriter
from pyproj import CRS

from geo.errors import BadInput, MissingCRS
from geo.layers import BOOLEAN, DATE, INTEGER, LAYERS, REAL

Headers = Mapping[str, Mapping[str, str]]

_ARROW = {DATE: pa.date32(), INTEGER: pa.int64(), REAL: pa.float64(), BOOLEAN: pa.bool_()}
_DBF_NAME_BYTES = 10
# Contract names that would mean something else, or not be told apart, once a DBF has cut them.
_SHORT = {
    "floor_area_dm2": "area_dm2",
    "investment_fen": "invest_fen",
    "elevation_start_m": "elev_s_m",
    "elevation_end_m": "elev_e_m",
    "depth_start_m": "depth_s_m",
    "depth_end_m": "depth_e_m",
}
_WIDEST_CELL = 60
_SHEET_NAME_LENGTH = 31


def write_layers(
    frames: Mapping[str, pd.DataFrame],
    path: Path,
    *,
    crs: CRS | str | None = None,
    headers: Headers | None = None,
    encoding: str = "GBK",
    overwrite: bool = False,
) -> None:
    """Write layers to a file; its suffix decides: .gpkg, .zip (Shapefile), .geojson, .csv or .xlsx.

    ``crs`` is what shapes are converted to (GeoJSON is always CRS84); ``headers`` names columns by layer, by
    default as the contract does; ``encoding`` is that of a Shapefile. XLSX holds no shapes, CSV holds them
    as WKT. Raises ``BadInput``: ``file_exists``, ``export_format`` and ``one_layer_only`` for GeoJSON and
    CSV.
    """
    writers: dict[str, Callable[[Mapping[str, pd.DataFrame], Path], None]] = {
        ".gpkg": _write_geopackage,
        ".geojson": _write_geojson,
        ".json": _write_geojson,
        ".csv": _write_csv,
        ".xlsx": write_workbook,
        ".zip": lambda named, place: _write_shapefiles(named, place, encoding),
    }
    writer = writers.get(path.suffix.lower())
    if writer is None:
        raise BadInput("export_format", path=path.name, known=", ".join(writers))
    target: CRS | str | None = "OGC:CRS84" if path.suffix.lower() in (".geojson", ".json") else crs
    named = {layer: _renamed(_moved(frame, target), layer, headers) for layer, frame in frames.items()}
    with new_file(path, overwrite) as place:
        writer(named, place)


def write_workbook(frames: Mapping[str, pd.DataFrame], path: Path) -> None:
    """One sheet for each frame, shapes left out; text stays text: nothing in a cell is ever a formula or a
    link."""
    options = {
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
        "nan_inf_to_errors": False,
    }
    with xlsxwriter.Workbook(str(path), options) as book:
        head = book.add_format({"bold": True, "bottom": 1})
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        for name, frame in frames.items():
            sheet = book.add_worksheet(_sheet_name(name))
            table = pd.DataFrame(frame).drop(columns="geometry", errors="ignore")
            for column, header in enumerate(table.columns):
                _write_column(sheet, column, str(header), table.iloc[:, column], head, day)
            sheet.freeze_panes(1, 0)
            if len(table) and len(table.columns):
                sheet.autofilter(0, 0, len(table), len(table.columns) - 1)


def _write_column(sheet: Any, column: int, header: str, values: pd.Series, head: Any, day: Any) -> None:
    sheet.write_string(0, column, header, head)
    widest = _width(header)
    dates = pd.api.types.is_datetime64_any_dtype(values.dtype)
    for row, value in enumerate(values, start=1):
        if (
            value is None
            or value is pd.NaT
            or value is pd.NA
            or (isinstance(value, float) and not np.isfinite(value))
        ):
            continue
        if dates:
            sheet.write_datetime(row, column, value.to_pydatetime(), day)
        elif isinstance(value, bool | np.bool_):
            sheet.write_boolean(row, column, bool(value))
        elif isinstance(value, int | float | np.integer | np.floating):
            sheet.write_number(
                row, column, float(value) if isinstance(value, float | np.floating) else int(value)
            )
        else:
            sheet.write_string(row, column, str(value))
            widest = max(widest, _width(str(value)))
    sheet.set_column(column, column, min(_WIDEST_CELL, max(10 if dates else 6, widest + 2)))


def _width(text: str) -> int:
    return sum(2 if ord(letter) > 0x2E80 else 1 for letter in text)


def _sheet_name(name: str) -> str:
    return "".join("_" if letter in "[]:*?/\\" else letter for letter in name)[:_SHEET_NAME_LENGTH] or "1"


def _write_geopackage(frames: Mapping[str, pd.DataFrame], path: Path) -> None:
    for place, (name, frame) in enumerate(frames.items()):
        _write_ogr(frame, path, name, "GPKG", append=place > 0)


def _write_geojson(frames: Mapping[str, pd.DataFrame], path: Path) -> None:
    name, frame = _only(frames, path)
    options = {"RFC7946": "YES", "COORDINATE_PRECISION": "9"} if _has_shapes(frame) else {}
    _write_ogr(frame, path, name, "GeoJSON", options=options)


def _write_shapefiles(frames: Mapping[str, pd.DataFrame], path: Path, encoding: str) -> None:
    with TemporaryDirectory(prefix="tongchou-") as folder:
        for name, frame in frames.items():
            for tail, part in _by_family(frame):
                short = part.rename(columns=_dbf_names([str(column) for column in part.columns], encoding))
                suffix = ".shp" if _has_shapes(part) else ".dbf"
                target = Path(folder) / f"{name}{tail}{suffix}"
                _write_ogr(short, target, target.stem, "ESRI Shapefile", encoding=encoding)
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for member in sorted(Path(folder).iterdir()):
                archive.write(member, member.name)


def _by_family(frame: pd.DataFrame) -> Iterator[tuple[str, pd.DataFrame]]:
    """A Shapefile holds one kind of shape: a frame of several kinds becomes several."""
    if not _has_shapes(frame):
        yield "", pd.DataFrame(frame).drop(columns="geometry", errors="ignore")
        return
    kinds = np.char.replace(frame["geometry"].geom_type.fillna("").to_numpy(dtype=str), "Multi", "")
    families = sorted(set(kinds) - {""})
    for family in families:
        yield (
            ("" if len(families) == 1 else f"_{family.lower()}"),
            frame.loc[(kinds == family) | (kinds == "") & (family == families[0])],
        )


def _dbf_names(names: list[str], encoding: str) -> dict[str, str]:
    """Names cut to ten bytes at a whole character, and kept different."""
    short: dict[str, str] = {}
    for name in names:
        if name == "geometry":
            continue
        wanted = _SHORT.get(name, name)
        cut, turn = _cut(wanted, encoding, _DBF_NAME_BYTES), 1
        while cut.lower() in (used.lower() for used in short.values()):
            turn += 1
            cut = _cut(wanted, encoding, _DBF_NAME_BYTES - len(str(turn)) - 1) + f"_{turn}"
        short[name] = cut
    return short


def _cut(text: str, encoding: str, size: int) -> str:
    return text.encode(encoding, errors="replace")[:size].decode(encoding, errors="ignore")


def _write_csv(frames: Mapping[str, pd.DataFrame], path: Path) -> None:
    _, frame = _only(frames, path)
    table = pd.DataFrame(frame).drop(columns="geometry", errors="ignore")
    if _has_shapes(frame):
        table["wkt"] = shapely.to_wkt(np.asarray(frame["geometry"].array), rounding_precision=6)
    with path.open("w", encoding="utf-8-sig", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow([_inert(str(header)) for header in table.columns])
        columns = [[_cell(value) for value in table.iloc[:, place]] for place in range(len(table.columns))]
        writer.writerows(zip(*columns, strict=True))


def _cell(value: Any) -> str:
    if value is None or value is pd.NaT or value is pd.NA or (isinstance(value, float) and np.isnan(value)):
        return ""
    if isinstance(value, pd.Timestamp):
        return value.date().isoformat()
    return _inert(value) if isinstance(value, str) else str(value)


def _inert(text: str) -> str:
    """Text that a spreadsheet would take for a formula gets a quotation mark in front."""
    return (
        f"'{text}"
        if text[:1] in ("=", "+", "@", "\t", "\r") or (text[:1] == "-" and not text[1:2].isdigit())
        else text
    )


def _write_ogr(
    frame: pd.DataFrame,
    path: Path,
    layer: str,
    driver: str,
    *,
    append: bool = False,
    encoding: str | None = None,
    options: Mapping[str, str] | None = None,
) -> None:
    plain = pd.DataFrame(frame).drop(columns="geometry", errors="ignore")
    arrays = {str(name): _arrow(plain[name]) for name in plain.columns}
    shaped = _has_shapes(frame)
    shapes = _same_family(np.asarray(frame["geometry"].array)) if shaped else None
    if shapes is not None:
        arrays["geometry"] = pa.array(shapely.to_wkb(shapes, include_srid=False), type=pa.binary())
    pyogrio.write_arrow(
        pa.table(arrays),
        str(path),
        layer=layer,
        driver=driver,
        geometry_name="geometry" if shaped else None,
        geometry_type=_type_name(shapes) if shapes is not None else None,
        crs=frame["geometry"].crs.to_wkt() if shaped and frame["geometry"].crs is not None else None,
        encoding=encoding,
        append=append,
        **({"layer_options": dict(options)} if options else {}),
    )


def _arrow(values: pd.Series) -> pa.Array:
    kind = (
        DATE
        if pd.api.types.is_datetime64_any_dtype(values.dtype)
        else BOOLEAN
        if pd.api.types.is_bool_dtype(values.dtype)
        else INTEGER
        if pd.api.types.is_integer_dtype(values.dtype)
        else REAL
        if pd.api.types.is_float_dtype(values.dtype)
        else None
    )
    if kind == DATE:
        return pa.array(values.to_numpy("datetime64[s]"), from_pandas=True).cast(pa.date32())
    if kind is None:
        return pa.array(
            [None if value is pd.NA or value is None else str(value) for value in values], pa.string()
        )
    return pa.array(values, type=_ARROW[kind], from_pandas=True)


def _same_family(shapes: np.ndarray) -> np.ndarray:
    """Simple shapes beside multi ones become multi ones, so that a layer has one type."""
    kinds = set(shapely.get_type_id(shapes).tolist()) - {-1}
    for single, multi, make in ((1, 5, shapely.multilinestrings), (3, 6, shapely.multipolygons)):
        if kinds == {single, multi}:
            out = shapes.copy()
            alone = shapely.get_type_id(shapes) == single
            out[alone] = [make([shape]) for shape in shapes[alone]]
            return out
    return shapes


def _type_name(shapes: np.ndarray) -> str:
    names = {
        0: "Point",
        1: "LineString",
        3: "Polygon",
        4: "MultiPoint",
        5: "MultiLineString",
        6: "MultiPolygon",
    }
    kinds = set(shapely.get_type_id(shapes).tolist()) - {-1}
    return names.get(kinds.pop(), "Unknown") if len(kinds) == 1 else "Unknown"


def _has_shapes(frame: pd.DataFrame) -> bool:
    return isinstance(frame, gpd.GeoDataFrame) and "geometry" in frame


def _only(frames: Mapping[str, pd.DataFrame], path: Path) -> tuple[str, pd.DataFrame]:
    if len(frames) != 1:
        raise BadInput("one_layer_only", path=path.name, layers=", ".join(frames))
    return next(iter(frames.items()))


def _moved(frame: pd.DataFrame, crs: CRS | str | None) -> pd.DataFrame:
    if crs is None or not _has_shapes(frame):
        return frame
    if frame["geometry"].crs is None:
        raise MissingCRS(bounds="", guess="")
    moved: pd.DataFrame = gpd.GeoDataFrame(frame).to_crs(crs)
    return moved


def _renamed(frame: pd.DataFrame, layer: str, headers: Headers | None) -> pd.DataFrame:
    known = LAYERS[layer].names if layer in LAYERS else []
    order = [name for name in frame.columns if name != "row_revision"] if known else list(frame.columns)
    names = (headers or {}).get(layer, {})
    return frame[order].rename(columns={name: header for name, header in names.items() if name != "geometry"})


@contextmanager
def new_file(path: Path, overwrite: bool) -> Iterator[Path]:
    """A place to write beside ``path``, moved there once it is whole."""
    if path.exists() and not overwrite:
        raise BadInput("file_exists", path=path.name)
    with TemporaryDirectory(prefix=".tongchou-", dir=path.parent) as folder:
        place = Path(folder) / path.name
        yield place
        place.replace(path)
