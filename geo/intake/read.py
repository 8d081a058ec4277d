"""Reading what GDAL reads, behind a fence: a damaged file costs a worker, never the service."""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import shapely

from geo.errors import UnreadableFile
from geo.intake.encodings import UTF8, TextEncoding, dbf_encoding, read_dbf_header, text_encoding
from geo.intake.table import Table

TIMEOUT_S = 900
SHAPEFILE, GEOPACKAGE, GEOJSON, DBF = "Shapefile", "GeoPackage", "GeoJSON", "DBF"
_WORKER = Path(__file__).with_name("worker.py")
_FORMATS = {
    ".shp": SHAPEFILE,
    ".gpkg": GEOPACKAGE,
    ".geojson": GEOJSON,
    ".json": GEOJSON,
    ".geojsonl": GEOJSON,
    ".geojsons": GEOJSON,
    ".ndjson": GEOJSON,
    ".jsonl": GEOJSON,
    ".dbf": DBF,
}
_FID = "OGC_FID"


@dataclass(frozen=True)
class Sublayer:
    """One layer of a spatial file: geometry type as GDAL names it or ``None``, CRS as text or ``None``."""

    name: str
    geometry: str | None
    crs: str | None
    rows: int
    columns: tuple[str, ...]


def format_of(path: Path) -> str | None:
    """Name of the format by suffix, among those read through GDAL."""
    return _FORMATS.get(path.suffix.lower())


def file_encoding(path: Path, given: str | None = None) -> TextEncoding:
    """How the text in a spatial file is encoded and why. Raises ``UnreadableFile``."""
    kind = format_of(path)
    if kind == GEOPACKAGE:
        return TextEncoding(UTF8, "format")
    if kind in (SHAPEFILE, DBF):
        dbf = _beside(path, ".dbf")
        return dbf_encoding(dbf, given) if dbf else TextEncoding(UTF8, "ascii")
    return text_encoding(path, given)


def sublayers(path: Path, *, encoding: str | None = None, fenced: bool = True) -> list[Sublayer]:
    """The layers of a spatial file. Raises ``UnreadableFile``."""
    found = file_encoding(path, encoding)
    with _prepared(path, found) as (place, options, names):
        reply = _ask({"do": "layers", "path": str(place), **options}, path, fenced)
    return [
        Sublayer(each["name"], each["geometry"], each["crs"], each["rows"], tuple(names or each["columns"]))
        for each in reply["layers"]
    ]


def read_features(
    path: Path, *, sublayer: str | None = None, encoding: str | None = None, fenced: bool = True
) -> Table:
    """The rows of one layer of a spatial file, in the CRS that the file declares, without Z and M.

    Rows are numbered from 1 in the order of the file. ``fenced`` reads in a process of its own. Raises
    ``UnreadableFile``.
    """
    found = file_encoding(path, encoding)
    with TemporaryDirectory(prefix="tongchou-") as folder, _prepared(path, found) as (place, options, names):
        out = Path(folder) / "rows.arrow"
        reply = _ask(
            {"do": "read", "path": str(place), "layer": sublayer, "out": str(out), **options}, path, fenced
        )
        with pa.OSFile(str(out), "rb") as source:
            rows = pa.ipc.open_file(source).read_all()
    frame = _frame(rows, reply, names)
    return Table(
        name=sublayer or path.stem,
        file=path.name,
        source=path.stem,
        frame=frame,
        rows=np.arange(1, len(frame) + 1, dtype=np.int64),
        sheet=sublayer or "",
        cut_headers=format_of(path) in (SHAPEFILE, DBF),
        encoding=found.name,
        encoding_declared=found.declared,
        spatial=isinstance(frame, gpd.GeoDataFrame),
    )


def _frame(rows: pa.Table, reply: Mapping[str, Any], names: Sequence[str]) -> pd.DataFrame:
    shape_name = reply["geometry_name"] if reply["geometry_name"] in rows.column_names else "wkb_geometry"
    dropped = {_FID, reply["fid_column"], shape_name}
    texts = [
        name
        for name, kind in zip(rows.column_names, rows.schema.types, strict=True)
        if name not in dropped and not pa.types.is_binary(kind) and not pa.types.is_large_binary(kind)
    ]
    frame: pd.DataFrame = pa.table([_sound(rows[name]) for name in texts], names=texts).to_pandas()
    frame.columns = list(names) if len(names) == len(texts) else [str(name) for name in texts]
    if shape_name not in rows.column_names or not reply["geometry_type"]:
        return frame
    shapes = shapely.from_wkb(rows[shape_name].to_numpy(zero_copy_only=False), on_invalid="fix")
    frame = frame.drop(columns=[name for name in frame.columns if name == "geometry"])
    spatial: pd.DataFrame = gpd.GeoDataFrame(frame, geometry=shapes, crs=reply["crs"])
    return spatial


def _sound(values: pa.ChunkedArray) -> pa.ChunkedArray:
    """Text whose last character was cut off by the width of its field, without that piece."""
    if not (pa.types.is_string(values.type) or pa.types.is_large_string(values.type)):
        return values
    try:
        values.validate(full=True)
    except pa.ArrowInvalid:
        raw = values.cast(pa.binary()).to_pylist()
        texts = [None if text is None else text.decode("utf-8", errors="ignore") for text in raw]
        return pa.chunked_array([pa.array(texts, pa.string())])
    return values


def _ask(request: Mapping[str, Any], path: Path, fenced: bool) -> dict[str, Any]:
    reply = _ask_worker(request, path) if fenced else _ask_here(request)
    if "error" in reply:
        raise UnreadableFile(path=path.name, problem=str(reply["error"]))
    return reply


def _ask_here(request: Mapping[str, Any]) -> dict[str, Any]:
    from pyogrio.errors import DataSourceError, FeatureError, FieldError

    from geo.intake import worker

    try:
        return worker.answer(dict(request))
    except (DataSourceError, FeatureError, FieldError, pa.ArrowException, ValueError, RuntimeError) as error:
        return {"error": f"{type(error).__name__}: {error}"}


def _ask_worker(request: Mapping[str, Any], path: Path) -> dict[str, Any]:
    try:
        done = subprocess.run(
            [sys.executable, "-P", str(_WORKER)],
            input=json.dumps(dict(request)) + "\n",
            capture_output=True,
            text=True,
            encoding="utf-8",
            errors="replace",
            timeout=TIMEOUT_S,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise UnreadableFile(path=path.name, problem=f"not read within {TIMEOUT_S} s") from error
    answers = [line for line in done.stdout.splitlines() if line.startswith("{")]
    if not answers:
        raise UnreadableFile(
            "reader_died", path=path.name, status=done.returncode, problem=done.stderr.strip()[-300:]
        )
    reply: dict[str, Any] = json.loads(answers[-1])
    return reply


@contextmanager
def _prepared(path: Path, encoding: TextEncoding) -> Iterator[tuple[Path, dict[str, Any], list[str]]]:
    """Where GDAL shall look, how, and the field names where GDAL cannot read them.

    Places other than ``path`` go away afterwards.
    """
    _check_magic(path)
    kind = format_of(path)
    with TemporaryDirectory(prefix="tongchou-") as folder:
        if kind in (SHAPEFILE, DBF):
            place, names = _shapefile_place(path, Path(folder), encoding.name)
            restored = kind == SHAPEFILE and _beside(path, ".shx") is None
            yield (
                place,
                {"encoding": encoding.name, "options": {"SHAPE_RESTORE_SHX": "YES"} if restored else {}},
                names,
            )
        elif kind == GEOJSON and encoding.name not in (UTF8, "UTF-8-SIG"):
            copy = Path(folder) / path.name
            copy.write_text(path.read_text(encoding=encoding.name), encoding="utf-8")
            yield copy, {}, []
        else:
            yield path, {}, []


def _shapefile_place(path: Path, folder: Path, encoding: str) -> tuple[Path, list[str]]:
    """The Shapefile, or a stand-in for it in ``folder``.

    Without index it gets one. With names that are cut off in the middle of a character it gets plain ones,
    and the names that can be read are handed back.
    """
    dbf = _beside(path, ".dbf")
    header = read_dbf_header(dbf) if dbf is not None else None
    cut = header is not None and not all(_reads(each.name, encoding) for each in header.fields)
    if not cut and (path.suffix.lower() == ".dbf" or _beside(path, ".shx") is not None):
        return path, []
    for part in path.parent.iterdir():
        if part.stem.lower() == path.stem.lower() and part.is_file() and part != dbf:
            (folder / part.name).symlink_to(part.resolve())
    if dbf is None or header is None:
        return folder / path.name, []
    copy = folder / dbf.name
    shutil.copyfile(dbf, copy)
    if not cut:
        return folder / path.name, []
    with copy.open("r+b") as stream:
        for place in range(len(header.fields)):
            stream.seek(32 + 32 * place)
            stream.write(f"F{place}".encode().ljust(11, b"\0"))
    return folder / path.name, _distinct(
        [each.name.decode(encoding, errors="ignore") for each in header.fields]
    )


def _reads(name: bytes, encoding: str) -> bool:
    try:
        name.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def _distinct(names: Sequence[str]) -> list[str]:
    seen: dict[str, int] = {}
    for place, name in enumerate(names):
        seen.setdefault(name, place)
    return [name if seen[name] == place else f"{name}_{place}" for place, name in enumerate(names)]


def _beside(path: Path, suffix: str) -> Path | None:
    """The companion of a Shapefile with that suffix, whatever its case."""
    for part in path.parent.iterdir():
        if part.suffix.lower() == suffix and part.stem.lower() == path.stem.lower():
            return part
    return None


def _check_magic(path: Path) -> None:
    """A file must begin as its suffix says, so that GDAL never takes it for a format that reaches
    elsewhere."""
    try:
        with path.open("rb") as stream:
            head = stream.read(4096)
    except OSError as error:
        raise UnreadableFile(path=path.name, problem=error.strerror or "cannot be opened") from error
    kind = format_of(path)
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    right = {
        SHAPEFILE: head.startswith(b"\x00\x00\x27\x0a"),
        GEOPACKAGE: head.startswith(b"SQLite format 3\x00"),
        GEOJSON: text[:1] in (b"{", b"[", b"\x1e") or head[:2] in (b"\xff\xfe", b"\xfe\xff"),
        DBF: len(head) > 32,
    }
    if kind is None or not right[kind]:
        raise UnreadableFile("not_that_format", path=path.name, format=kind or path.suffix)
