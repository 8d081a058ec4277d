"""Findings as a report has them: counted by kind and verdict, as plain records, as layers to hand out."""

from collections.abc import Collection
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geo.coordination.findings import COLUMNS, DATES, REALS, TEXTS, Findings
from geo.vocabulary import FindingKind, Verdict

_LINES, _AREAS = (1, 5), (3, 6)


def counted(findings: Findings) -> pd.DataFrame:
    """How often each verdict occurs (columns), by kind (rows); every kind and every verdict is there."""
    table = findings.counts.pivot_table(
        index="kind", columns="verdict", values="count", aggfunc="sum", fill_value=0
    )
    kinds, verdicts = [str(kind) for kind in FindingKind], [str(verdict) for verdict in Verdict]
    return table.reindex(index=kinds, columns=verdicts, fill_value=0).astype("int64")


def chosen(
    findings: Findings, *, communities: Collection[str] | None = None, kind: FindingKind | None = None
) -> Findings:
    """The findings in some communities, or of one kind; the counts count only them."""
    parts = []
    for rows in (findings.listed, findings.unlisted):
        keep = np.ones(len(rows), dtype=bool)
        if communities is not None:
            keep &= rows["community"].isin(list(communities)).to_numpy(dtype=bool)
        if kind is not None:
            keep &= (rows["kind"] == str(kind)).to_numpy(dtype=bool)
        parts.append(rows[keep].reset_index(drop=True))
    return Findings.of(*parts)


def records(listed: gpd.GeoDataFrame) -> list[dict[str, Any]]:
    """Findings as dictionaries that JSON can hold: numbers, texts and ISO dates, ``None`` where missing.

    ``worst`` is [longitude, latitude] in CRS84.
    """
    degrees = _degrees(listed)
    plain = {name: listed[name].astype(object).where(listed[name].notna(), None) for name in (*TEXTS, *REALS)}
    days = {name: listed[name].dt.strftime("%Y-%m-%d") for name in DATES}
    plain |= {name: values.astype(object).where(listed[name].notna(), None) for name, values in days.items()}
    frame = pd.DataFrame(plain)
    rows = [{str(name): value for name, value in row.items()} for row in frame.to_dict("records")]
    return [{**row, "worst": spot} for row, spot in zip(rows, degrees, strict=True)]


def _degrees(listed: gpd.GeoDataFrame) -> list[list[float] | None]:
    worst = gpd.GeoSeries(listed["worst"], crs=listed.crs)
    if listed.crs is not None:
        worst = worst.to_crs("OGC:CRS84")
    xy = np.stack([shapely.get_x(worst.array), shapely.get_y(worst.array)], axis=1)
    return [None if np.isnan(x) else [round(float(x), 7), round(float(y), 7)] for x, y in xy]


def handed_out(listed: gpd.GeoDataFrame) -> dict[str, pd.DataFrame]:
    """Layers of findings for a file: ``stretches`` (lines), ``places`` (points) and, if any, ``areas``."""
    shapes = np.asarray(listed.geometry.array)
    shapes = np.where(shapely.is_missing(shapes), np.asarray(listed["worst"].array), shapes)
    kinds = shapely.get_type_id(shapes)
    plain = pd.DataFrame(listed[[name for name in COLUMNS if name not in ("worst", "geometry")]])
    whole = gpd.GeoDataFrame(plain, geometry=list(shapes), crs=listed.crs)
    lines, areas = np.isin(kinds, _LINES), np.isin(kinds, _AREAS)
    out = {"stretches": whole[lines], "places": whole[~lines & ~areas], "areas": whole[areas]}
    return {name: rows for name, rows in out.items() if len(rows) or name == "stretches"}


def table_of(listed: gpd.GeoDataFrame) -> pd.DataFrame:
    """Findings without shapes, for a workbook; the worst place as easting and northing."""
    plain = pd.DataFrame(listed[[name for name in COLUMNS if name not in ("worst", "geometry")]])
    worst = np.asarray(listed["worst"].array)
    return plain.assign(worst_east_m=shapely.get_x(worst), worst_north_m=shapely.get_y(worst))
