"""Findings handed out as files: GeoPackage, XLSX and DXF, in words, always to a new file, whole or not at
all."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from ezdxf.document import Drawing
from ezdxf.enums import TextEntityAlignment
from ezdxf.filemanagement import new as new_drawing
from pyproj import CRS

from geo.errors import BadInput, MissingCRS
from geo.exports import new_file, write_layers
from geo.vocabulary import Verdict

FINDINGS, STRETCHES = "findings", "stretches"
COLUMNS = (
    "number",
    "kind",
    "verdict",
    "told",
    "thing_a",
    "owner_a",
    "thing_b",
    "owner_b",
    "community",
    "measured",
    "required",
    "unit",
    "length_m",
    "clause",
    "provenance",
    "status",
    "due",
    "window_start",
    "window_end",
    "saved_m",
    "harm",
    "id",
)
SUFFIXES = (".gpkg", ".xlsx", ".dxf")

DXF_VERSION = "R2013"
METRES = 6
TEXT_M = 0.6
LONGEST_DXF_NAME, LONGEST_DXF_TEXT = 200, 250
FONT = "simsun.ttc"
# CAD colours (AutoCAD index): yellow, pale yellow, grey, green
_ACI = {Verdict.FAIL: 2, Verdict.NEEDS_REVIEW: 51, Verdict.UNKNOWN: 9, Verdict.OPPORTUNITY: 94}
_NOT_IN_NAMES = re.compile(r"[<>/\\\":;?*|=`,^%\x00-\x1f]")
_NOT_IN_TEXT = re.compile(r"[\x00-\x1f\x7f]")


@dataclass(frozen=True)
class Words:
    """What stands in the files: headers by layer and column, values by column and code, names of layers."""

    headers: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    layers: Mapping[str, str] = field(default_factory=dict)

    def value(self, column: str, code: Any) -> Any:
        """The word of a code; what has none stays as it is."""
        return code if pd.isna(code) else self.values.get(column, {}).get(str(code), code)


def as_handout(
    findings: gpd.GeoDataFrame, words: Words, told: Sequence[str] | None = None
) -> gpd.GeoDataFrame:
    """``findings`` (rows of ``agenda.ranked`` after ``cutting.cut``): ``COLUMNS`` in words, and their place.

    Numbered in their order; ``told`` is the sentence of each. Findings at points and on stretches come
    together: the geometry is what the finding has.
    """
    out: dict[str, Any] = {}
    for name in COLUMNS:
        if name == "number":
            values: Any = np.arange(1, len(findings) + 1)
        elif name == "told":
            values = list(told) if told is not None else [""] * len(findings)
        elif name in findings:
            values = findings[name]
        else:
            values = [None] * len(findings)
        out[name] = pd.Series(np.asarray(values, dtype=object), dtype=object)
    frame = pd.DataFrame(out)
    for name in words.values:
        if name in frame:
            frame[name] = [words.value(name, code) for code in frame[name]]
    return gpd.GeoDataFrame(_typed(frame), geometry=np.asarray(findings.geometry.array), crs=findings.crs)


def _typed(frame: pd.DataFrame) -> pd.DataFrame:
    reals, days = (
        ("measured", "required", "length_m", "saved_m", "harm"),
        ("due", "window_start", "window_end"),
    )
    for name in frame.columns:
        if name in reals:
            frame[name] = pd.to_numeric(frame[name]).astype("float64").round(3)
        elif name in days:
            frame[name] = pd.to_datetime(frame[name]).astype("datetime64[s]")
        elif name == "number":
            frame[name] = frame[name].astype("int64")
        else:
            frame[name] = frame[name].astype("string")
    return frame


def hand_out(
    findings: gpd.GeoDataFrame,
    stretches: gpd.GeoDataFrame,
    path: Path,
    words: Words,
    *,
    told: Sequence[str] | None = None,
    overwrite: bool = False,
) -> None:
    """Write findings and others' stretches (``cutting.Cut``) to ``path``; its suffix decides how.

    In the CRS of the findings. GeoPackage: findings at points and on stretches as two layers, and the
    stretches of others. XLSX: one sheet of findings, no shapes. DXF: a layer for each kind and verdict, in
    UTF-8 as DXF is since R2007 (GDAL and QGIS believe the old code page: they want DXF_ENCODING=UTF-8).
    Raises ``BadInput`` (``export_format``, ``file_exists``) and ``MissingCRS``.
    """
    if findings.crs is None:
        raise MissingCRS(bounds="", guess="")
    writers: dict[str, Callable[[], None]] = {
        ".gpkg": lambda: _write_geopackage(findings, stretches, path, words, told, overwrite),
        ".xlsx": lambda: _write_workbook(findings, path, words, told, overwrite),
        ".dxf": lambda: _write_dxf(findings, stretches, path, words, told, overwrite),
    }
    writer = writers.get(path.suffix.lower())
    if writer is None:
        raise BadInput("export_format", path=path.name, known=", ".join(SUFFIXES))
    writer()


def _write_geopackage(
    findings: gpd.GeoDataFrame,
    stretches: gpd.GeoDataFrame,
    path: Path,
    words: Words,
    told: Sequence[str] | None,
    overwrite: bool,
) -> None:
    rows = as_handout(findings, words, told)
    flat = shapely.get_dimensions(np.asarray(rows.geometry.array)) == 0
    name = _layer_name(words, FINDINGS)
    frames: dict[str, pd.DataFrame] = {name: _headed(rows[~flat], words, FINDINGS)}
    if flat.any():
        frames[f"{name}_points"] = _headed(rows[flat], words, FINDINGS)
    if len(stretches):
        others = stretches.assign(utility=[words.value("utility", code) for code in stretches["utility"]])
        frames[_layer_name(words, STRETCHES)] = _headed(others, words, STRETCHES)
    write_layers(frames, path, overwrite=overwrite)


def _write_workbook(
    findings: gpd.GeoDataFrame, path: Path, words: Words, told: Sequence[str] | None, overwrite: bool
) -> None:
    rows = pd.DataFrame(as_handout(findings, words, told)).drop(columns="geometry")
    write_layers({_layer_name(words, FINDINGS): _headed(rows, words, FINDINGS)}, path, overwrite=overwrite)


def _headed(rows: pd.DataFrame, words: Words, layer: str) -> pd.DataFrame:
    return rows.rename(columns=dict(words.headers.get(layer, {}))).reset_index(drop=True)


def _layer_name(words: Words, layer: str) -> str:
    return words.layers.get(layer, layer)


def _write_dxf(
    findings: gpd.GeoDataFrame,
    stretches: gpd.GeoDataFrame,
    path: Path,
    words: Words,
    told: Sequence[str] | None,
    overwrite: bool,
) -> None:
    drawing = new_drawing(DXF_VERSION, setup=["linetypes"], units=METRES)
    drawing.styles.add("CJK", font=FONT)
    shown = as_handout(findings, words, told)
    codes = zip(findings["kind"], findings["verdict"], strict=True)
    worst = findings["worst"] if "worst" in findings else [None] * len(findings)
    for (_, row), (kind, verdict), spot in zip(shown.iterrows(), codes, worst, strict=True):
        layer = _dxf_layer(drawing, words, str(kind), str(verdict))
        _draw(drawing, row["geometry"], layer)
        label = f"{row['number']} {row['kind']} {row['told']}"
        _label(drawing, spot if spot is not None else row["geometry"], label, layer)
    if len(stretches):
        name = dxf_name(_layer_name(words, STRETCHES))
        drawing.layers.add(name, color=8, linetype="DASHED")
        for shape in stretches.geometry:
            _draw(drawing, shape, name)
    drawing.header["$PROJECTNAME"] = dxf_text(_crs_name(findings.crs))
    with new_file(path, overwrite) as place:
        drawing.saveas(place)


def _crs_name(crs: CRS) -> str:
    return ":".join(CRS.from_user_input(crs).to_authority() or ("", crs.name))


def _dxf_layer(drawing: Drawing, words: Words, kind: str, verdict: str) -> str:
    """The layer of a kind and verdict, made when first asked for."""
    name = dxf_name(f"{words.value('kind', kind)}-{words.value('verdict', verdict)}")
    if name not in drawing.layers:
        colour = next((aci for known, aci in _ACI.items() if known == verdict), 7)
        drawing.layers.add(
            name, color=colour, linetype="DASHED" if verdict == Verdict.NEEDS_REVIEW else "Continuous"
        )
    return name


def _draw(drawing: Drawing, shape: Any, layer: str) -> None:
    space, about = drawing.modelspace(), {"layer": layer}
    for part in shapely.get_parts(shape) if shape is not None else []:
        if part.geom_type == "Point":
            space.add_circle((part.x, part.y), TEXT_M / 2, dxfattribs=about)
        elif part.geom_type == "LineString":
            space.add_lwpolyline(shapely.get_coordinates(part), dxfattribs={**about, "const_width": 0.1})
        else:
            for ring in (part.exterior, *part.interiors):
                space.add_lwpolyline(shapely.get_coordinates(ring)[:-1], close=True, dxfattribs=about)


def _label(drawing: Drawing, place: Any, text: str, layer: str) -> None:
    if place is None or shapely.is_empty(place):
        return
    spot = place if place.geom_type == "Point" else shapely.point_on_surface(place)
    label = drawing.modelspace().add_text(
        dxf_text(text), height=TEXT_M, dxfattribs={"layer": layer, "style": "CJK"}
    )
    label.set_placement((spot.x + TEXT_M, spot.y + TEXT_M), align=TextEntityAlignment.LEFT)


def dxf_name(text: str) -> str:
    """A name that a DXF table takes: no signs that CAD keeps for itself."""
    return _NOT_IN_NAMES.sub("_", text).strip()[:LONGEST_DXF_NAME] or "0"


def dxf_text(text: str) -> str:
    """One line of text that CAD shows as it is: no control characters and none of its codes (``%%``, ``^``,
    ``\\U+``)."""
    plain = _NOT_IN_TEXT.sub(" ", text).replace("%%", "% %").replace("^", "\u02c6").replace("\\", "\u2216")
    return plain[:LONGEST_DXF_TEXT]
