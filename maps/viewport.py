"""What is in view: the rows of large layers inside a box, simplified and thinned for the scale."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import orjson
import pandas as pd
import shapely

from geo.errors import BadInput
from geo.selection import Selection, pick_communities, pick_digs, pick_lines
from maps.atlas import MAP_LAYERS, Atlas
from maps.columns import columns, ids
from maps.payload import SHAPES, encoded, spots
from maps.view import Box
from maps.wording import DEFAULT_LANGUAGE

CELL_PX = 10.0
"""One representative per square cell of this side where a layer is thinned."""
MOST = 4000
"""Communities or buildings that are handed out whole."""
SMALL_PX = 3.0
"""Features of which more than half are smaller are thinned."""
MOST_LINES = 12_000
TRUNK_ONLY = 3.0
"""Metres per pixel beyond which only trunk lines are handed out."""
NODES_FROM = 1.0
"""Metres per pixel beyond which nodes are not."""
SIMPLIFY_PX = 0.5
THINNABLE = ("communities", "buildings")

_METRES_PER_DEGREE = 111_320.0
_THIN_COLUMNS = {"communities": ("name", "stage", "late_days"), "buildings": ("stage",)}
_MOST_KEPT = 32
_PIXELS = 16_384
"""A view is no wider and no higher than this: its scale is not finer than its box."""

Mask = npt.NDArray[np.bool_]
Places = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Placed:
    """Where the rows of a layer are: boxes (n, 4) in degrees, their middle (n, 2) in metres from the
    meridian and the equator (northing and easting of the layer's own latitude), size of the longer side in
    metres, and ``order``: the places of the rows with those first that stand for others: late, then large.
    """

    boxes: npt.NDArray[np.float64]
    middle_m: npt.NDArray[np.float64]
    size_m: npt.NDArray[np.float64]
    order: Places


def in_view(
    atlas: Atlas,
    bbox: Box,
    metres_per_px: float,
    layers: Collection[str],
    selection: Selection | None = None,
    *,
    lang: str = DEFAULT_LANGUAGE,
) -> bytes:
    """The answer to a page that asks what is in ``bbox`` (west, south, east, north in degrees), UTF-8 JSON.

    Raises ``BadInput`` for an unknown layer, a box without extent or a scale that is not positive.
    """
    _check(bbox, metres_per_px, layers)
    metres_per_px = max(metres_per_px, _width_m(bbox) / _PIXELS)
    answers, thinned = {}, {}
    for name in layers:
        rows = np.flatnonzero(_meeting(placed(atlas, name), bbox) & _passing(atlas, name, selection))
        if name in THINNABLE and _too_many(placed(atlas, name), rows, metres_per_px):
            answers[name] = _thin(atlas, name, rows, metres_per_px, lang)
            thinned[name] = True
        else:
            answers[name] = _whole(atlas, name, rows, metres_per_px, lang)
    answer = {"revision": atlas.revision, "layers": answers, "thinned": thinned}
    return orjson.dumps(answer, option=orjson.OPT_SERIALIZE_NUMPY)


def prepare(atlas: Atlas, layers: Collection[str], lang: str) -> None:
    """Work out beforehand what the first answers over ``layers`` need."""
    for name in layers:
        placed(atlas, name)
        columns(atlas, name, lang)
        ids(atlas, name)


def placed(atlas: Atlas, name: str) -> Placed:
    """Where the rows of a layer are, worked out once."""
    return atlas.keep(("placed", name), lambda: _placed(atlas, name))


def _placed(atlas: Atlas, name: str) -> Placed:
    boxes = shapely.bounds(np.asarray(atlas.on_screen(name).geometry.array)).reshape(-1, 4)
    known = np.isfinite(boxes).all(axis=1)
    shrink = np.cos(np.radians(boxes[known, 1].mean())) if known.any() else 1.0
    metres = boxes * _METRES_PER_DEGREE * np.array([shrink, 1.0, shrink, 1.0])
    size = (metres[:, 2:] - metres[:, :2]).max(axis=1, initial=0.0)
    size = np.nan_to_num(size)
    late = np.zeros(len(size), dtype=bool)
    if name == "communities":
        late = (atlas.communities["late_days"] > 0).to_numpy(bool)
    elif name == "lines":
        late = _true(atlas.lines["trunk"])
    middle = (metres[:, :2] + metres[:, 2:]) / 2
    return Placed(boxes, middle, size, np.lexsort((-size, ~late)))


def _check(bbox: Box, metres_per_px: float, layers: Collection[str]) -> None:
    for name in layers:
        if name not in MAP_LAYERS:
            raise BadInput("unknown_map_layer", layer=name, known=", ".join(MAP_LAYERS))
    west, south, east, north = bbox
    if not (np.isfinite(bbox).all() and west < east and south < north):
        raise BadInput("bad_box", bbox=",".join(f"{side:g}" for side in bbox))
    if not (np.isfinite(metres_per_px) and metres_per_px > 0):
        raise BadInput("bad_scale", scale=f"{metres_per_px:g}")


def _width_m(bbox: Box) -> float:
    return max(bbox[2] - bbox[0], bbox[3] - bbox[1]) * _METRES_PER_DEGREE


def _meeting(where: Placed, bbox: Box) -> Mask:
    """Rows whose box meets ``bbox``; rows without geometry never do."""
    west, south, east, north = bbox
    boxes = where.boxes
    met = (boxes[:, 0] <= east) & (boxes[:, 2] >= west) & (boxes[:, 1] <= north) & (boxes[:, 3] >= south)
    return np.asarray(met)


def _passing(atlas: Atlas, name: str, selection: Selection | None) -> Mask:
    """Rows of a layer that pass the filter; the last few filters are remembered."""
    if selection is None or selection == Selection():
        return np.ones(len(atlas.frames[name]), dtype=bool)
    kept: dict[tuple[str, Selection], Mask] = atlas.keep("filters", dict)
    mask = kept.get((name, selection))
    if mask is None:
        mask = _picked(atlas, name, selection)
        for oldest in list(kept)[: max(len(kept) - _MOST_KEPT + 1, 0)]:
            kept.pop(oldest, None)
        kept[name, selection] = mask
    return mask


def _picked(atlas: Atlas, name: str, selection: Selection) -> Mask:
    pickers: Mapping[str, Callable[[Atlas, Selection], Mask]] = {
        "communities": _communities,
        "buildings": _buildings,
        "lines": lambda atlas, chosen: _among(atlas.lines, pick_lines(atlas.lines, atlas.digs, chosen)),
        "digs": lambda atlas, chosen: _among(atlas.digs, pick_digs(atlas.digs, chosen)),
        "nodes": _nodes,
    }
    if name not in pickers:
        return np.ones(len(atlas.frames[name]), dtype=bool)
    return pickers[name](atlas, selection)


def _communities(atlas: Atlas, selection: Selection) -> Mask:
    return _among(atlas.standing, pick_communities(atlas.standing, atlas.works, selection))


def _buildings(atlas: Atlas, selection: Selection) -> Mask:
    """Buildings of the communities that pass; those of none where only a town is asked for."""
    place = atlas.keep("home", lambda: atlas.community_places(atlas.buildings["community"]))
    passing = np.append(_passing(atlas, "communities", selection), False)
    if selection == Selection(town=selection.town):
        return np.asarray(
            np.where(place < 0, _true(atlas.buildings["town"] == selection.town), passing[place])
        )
    return np.asarray(passing[place])


def _nodes(atlas: Atlas, selection: Selection) -> Mask:
    keep = np.ones(len(atlas.nodes), dtype=bool)
    for column, wanted in (
        ("town", selection.town),
        ("owner", selection.owner),
        ("utility", selection.utility),
    ):
        if wanted is not None:
            keep &= _true(atlas.nodes[column] == str(wanted))
    return keep


def _among(rows: pd.DataFrame, picked: pd.DataFrame) -> Mask:
    mask = np.zeros(len(rows), dtype=bool)
    mask[rows.index.get_indexer(picked.index)] = True
    return mask


def _true(values: pd.Series) -> Mask:
    return np.asarray(values.fillna(False), dtype=bool)


def _too_many(where: Placed, rows: Places, metres_per_px: float) -> bool:
    if len(rows) > MOST:
        return True
    return bool(len(rows)) and bool(np.median(where.size_m[rows]) < SMALL_PX * metres_per_px)


def _thin(atlas: Atlas, name: str, rows: Places, metres_per_px: float, lang: str) -> dict[str, Any]:
    """One point per cell: of the late ones, then of all, the largest, with how many rows it stands for."""
    where = placed(atlas, name)
    wanted = np.zeros(len(where.size_m), dtype=bool)
    wanted[rows] = True
    rows = where.order[wanted[where.order]]
    cells = np.floor(where.middle_m[rows] / (CELL_PX * metres_per_px)).astype("int64")
    first, count = _first_of_each(cells)
    chosen = rows[first]
    known = columns(atlas, name, lang)
    told = {column: known[column][chosen] for column in _THIN_COLUMNS[name] if column in known}
    boxes = where.boxes[chosen]
    middle = (boxes[:, :2] + boxes[:, 2:]) / 2
    return spots(middle, ids(atlas, name)[chosen], {**told, "count": count})


def _first_of_each(cells: Places) -> tuple[Places, Places]:
    """Place of the first row (n, 2) of each cell, and how many rows it has."""
    if not len(cells):
        return np.empty(0, dtype="int64"), np.empty(0, dtype="int64")
    low = cells.min(axis=0)
    across, up = (cells - low).T
    high = int(up.max()) + 1
    flat = across * high + up
    counts = np.bincount(flat)
    first = np.empty(len(counts), dtype="int64")
    first[flat[::-1]] = np.arange(len(flat))[::-1]
    taken = np.flatnonzero(counts)
    return first[taken], counts[taken]


def _whole(atlas: Atlas, name: str, rows: Places, metres_per_px: float, lang: str) -> dict[str, Any]:
    """Rows with every column, simplified to half a pixel; what would be smaller than a pixel is left out."""
    rows = _worth_drawing(atlas, name, rows, metres_per_px)
    shapes = np.asarray(atlas.on_screen(name).geometry.array)[rows]
    tolerance = SIMPLIFY_PX * metres_per_px / _METRES_PER_DEGREE
    shapes = shapely.simplify(shapes, tolerance, preserve_topology=False)
    left = ~shapely.is_empty(shapes)
    rows, shapes = rows[left], shapes[left]
    told = {column: values[rows] for column, values in columns(atlas, name, lang).items()}
    return encoded(SHAPES[name], shapes, ids(atlas, name)[rows], told)


def _worth_drawing(atlas: Atlas, name: str, rows: Places, metres_per_px: float) -> Places:
    size = placed(atlas, name).size_m
    if name == "nodes":
        return rows if metres_per_px <= NODES_FROM else rows[:0]
    if name == "ground":
        spots = size[rows] == 0
        rows = rows[np.where(spots, metres_per_px <= NODES_FROM, size[rows] >= metres_per_px)]
    if name == "lines":
        if metres_per_px > TRUNK_ONLY:
            rows = rows[_trunks(atlas)[rows]]
        rows = rows[size[rows] >= metres_per_px]
    if name in ("lines", "ground", "digs") and len(rows) > MOST_LINES:
        largest = np.argpartition(-size[rows], MOST_LINES)[:MOST_LINES]
        rows = np.sort(rows[largest])
    return rows


def _trunks(atlas: Atlas) -> Mask:
    return atlas.keep("trunks", lambda: _true(atlas.lines["trunk"]))
