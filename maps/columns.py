"""What each layer of the map tells of its rows: the columns of the payload, as plain arrays."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from geo.vocabulary import LineState
from maps.atlas import Atlas
from maps.wording import Wording, wording

Columns = dict[str, npt.NDArray[Any]]
"""Arrays of the layer's length: numbers and truth as such, text and what may be missing as objects."""

_FEN_PER_YUAN = 100
_DM2_PER_M2 = 100


def columns(atlas: Atlas, layer: str, lang: str) -> Columns:
    """Columns of ``layer`` for every row of it; those that are all missing are left out."""
    return atlas.keep(("columns", layer, lang), lambda: _made(atlas, layer, wording(lang)))


def ids(atlas: Atlas, layer: str) -> npt.NDArray[Any]:
    """Ids of every row of ``layer``."""
    return atlas.keep(("ids", layer), lambda: _objects(atlas.layer(layer)["id"]))


def _made(atlas: Atlas, layer: str, words: Wording) -> Columns:
    makers: dict[str, Callable[[Atlas, Wording], Mapping[str, Any]]] = {
        "boundaries": _boundaries,
        "communities": _communities,
        "buildings": _buildings,
        "ground": _ground,
        "lines": _lines,
        "nodes": _nodes,
        "digs": _digs,
    }
    made = {name: _plain(values) for name, values in makers[layer](atlas, words).items()}
    return {name: values for name, values in made.items() if not _all_missing(values)}


def _boundaries(atlas: Atlas, words: Wording) -> Mapping[str, Any]:
    rows = atlas.boundaries
    names = _town_names(atlas, words) | {atlas.district.code: words.name_of(atlas.district.names)}
    return {
        "level": rows["level"],
        "code": rows["code"],
        "name": rows["code"].map(names).fillna(rows["name"]),
        "schematic": rows["schematic"],
    }


def _communities(atlas: Atlas, words: Wording) -> Mapping[str, Any]:
    rows = atlas.communities
    return {
        "name": rows["name"],
        "town": rows["town"],
        "town_name": rows["town"].map(_town_names(atlas, words)),
        "committee": rows["committee"],
        "stage": rows["stage"],
        "late_days": rows["late_days"],
        "reason": rows["delay_reason"],
        "progress": rows["progress"].round(1),
        "planned": rows["planned"].round(1),
        "buildings": rows["buildings"],
        "households": rows["households"],
        "area_m2": rows["floor_area_dm2"] / _DM2_PER_M2,
        "investment_yuan": rows["investment_fen"] / _FEN_PER_YUAN,
        "year_built": rows["year_built"],
        "provisional": rows["provisional"],
        **(_works(atlas) if "works" in atlas.themes else {}),
    }


def _works(atlas: Atlas) -> Mapping[str, Any]:
    """``roof:40 water:100`` and the overdue ones, ``roof``, in the order of the catalogue."""
    cells = atlas.work_cells
    order = {kind.code: place for place, kind in enumerate(atlas.catalogue)}
    cells = cells.iloc[np.argsort(cells["code"].map(order).fillna(len(order)).to_numpy(), kind="stable")]
    percent = cells["percent"].round().astype("int64").astype("string")
    late = (cells["late_days"] > 0).to_numpy(bool)
    return {
        "works": _joined(atlas, cells["community"], cells["code"] + ":" + percent),
        "late_works": _joined(atlas, cells["community"][late], cells["code"][late]),
    }


def _joined(atlas: Atlas, communities: pd.Series, texts: pd.Series) -> npt.NDArray[Any]:
    """Texts of each community in one, apart by spaces; ``None`` for one without."""
    places = atlas.community_places(communities)
    order = np.argsort(places, kind="stable")
    order = order[places[order] >= 0]
    sorted_texts = _objects(texts)[order]
    found, starts = np.unique(places[order], return_index=True)
    ends = np.append(starts, len(order))[1:]
    out = np.full(len(atlas.standing), None, dtype=object)
    out[found] = [" ".join(sorted_texts[a:b]) for a, b in zip(starts, ends, strict=True)]
    return out


def _buildings(atlas: Atlas, words: Wording) -> Mapping[str, Any]:
    rows = atlas.buildings
    return {
        "number": rows["number"],
        "community": rows["community"],
        "community_name": rows["community"].map(atlas.community_names),
        "town": rows["town"],
        "stage": rows["stage"],
        "storeys": rows["storeys"],
        "units": rows["units"],
        "households": rows["households"],
        "area_m2": rows["floor_area_dm2"] / _DM2_PER_M2,
        "year_built": rows["year_built"],
    }


def _ground(atlas: Atlas, words: Wording) -> Mapping[str, Any]:
    rows = atlas.ground
    return {name: rows[name] for name in ("kind", "name", "width_m", "schematic")}


def _lines(atlas: Atlas, words: Wording) -> Mapping[str, Any]:
    rows = atlas.lines
    return {
        "owner": rows["owner"],
        "owner_name": rows["owner"].map(atlas.owner_names(words.lang)),
        "style": rows["style"],
        "code": rows["shown_code"],
        "size": rows["size_text"],
        "state": rows["state"],
        "kind": rows["kind"],
        "kind_word": _worded(rows["kind"], words, "kind"),
        "material": _worded(rows["material"], words, "material"),
        "laying": _worded(rows["laying"], words, "laying"),
        "depth_start_m": rows["depth_start_m"].round(2),
        "depth_end_m": rows["depth_end_m"].round(2),
        "year_laid": rows["year_laid"],
        "trunk": rows["trunk"],
        "house_connection": rows["house_connection"],
        **_where(atlas, rows),
        "dig": rows["dig"],
        **_months(rows, (rows["state"] == str(LineState.PLANNED)).fillna(False)),
    }


def _nodes(atlas: Atlas, words: Wording) -> Mapping[str, Any]:
    rows = atlas.nodes
    return {
        "style": rows["style"],
        "code": rows["shown_code"],
        "appurtenance": rows["appurtenance"],
        "feature": rows["feature"],
        "number": rows["number"],
        "community": rows["community"],
        "town": rows["town"],
    }


def _digs(atlas: Atlas, words: Wording) -> Mapping[str, Any]:
    rows = atlas.digs
    return {
        "number": rows["number"],
        "owner": rows["owner"],
        "owner_name": rows["owner"].map(atlas.owner_names(words.lang)),
        "style": rows["style"],
        "state": rows["state"],
        "window_start": rows["window_start"].dt.strftime("%Y-%m-%d"),
        "window_end": rows["window_end"].dt.strftime("%Y-%m-%d"),
        "width_m": rows["width_m"].round(2),
        "depth_m": rows["depth_m"].round(2),
        **_where(atlas, rows),
        **_months(rows, pd.Series(True, index=rows.index)),
    }


def _where(atlas: Atlas, rows: pd.DataFrame) -> Mapping[str, Any]:
    return {
        "community": rows["community"],
        "community_name": rows["community"].map(atlas.community_names),
        "town": rows["town"],
    }


def _months(rows: pd.DataFrame, planned: pd.Series) -> Mapping[str, Any]:
    """``2026-07``: the months in which the window opens and ends; missing where not planned."""
    return {
        "month_from": rows["window_start"].dt.strftime("%Y-%m").where(planned.astype(bool)),
        "month_to": rows["window_end"].dt.strftime("%Y-%m").where(planned.astype(bool)),
    }


def _worded(codes: pd.Series, words: Wording, section: str) -> pd.Series:
    """The standard's word for a code; what is no code stays as it is."""
    table = {key.split(".", 1)[1]: text for key, text in words.section(section).items()}
    return codes.map(table).fillna(codes)


def _town_names(atlas: Atlas, words: Wording) -> dict[str, str]:
    return atlas.district.town_names(words.lang)


def _plain(values: pd.Series | npt.NDArray[Any]) -> npt.NDArray[Any]:
    if isinstance(values, np.ndarray):
        return values
    if values.dtype == "Int64":
        return _objects(values) if values.hasnans else values.to_numpy("int64")
    if values.dtype in ("Float64", "float64"):
        return values.to_numpy("float64", na_value=np.nan)
    if values.dtype in ("int64", "bool"):
        return values.to_numpy()
    return _objects(values)


def _objects(values: pd.Series) -> npt.NDArray[Any]:
    out = values.to_numpy(dtype=object, copy=True)
    out[values.isna().to_numpy(bool)] = None
    return np.asarray(out)


def _all_missing(values: npt.NDArray[Any]) -> bool:
    if values.dtype == object:
        return bool(len(values)) and all(value is None for value in values)
    return values.dtype.kind == "f" and bool(len(values)) and bool(np.isnan(values).all())
