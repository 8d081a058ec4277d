"""A view as the drawing in the browser reads it: columnar JSON with coordinates as whole-number steps.

The format is in ``docs/map-payload.md``. Bytes are safe inside ``<script type="application/json">``.
"""

import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import orjson
import shapely

from maps.atlas import Atlas
from maps.columns import Columns, columns, ids
from maps.palette import for_browser
from maps.past import past_told
from maps.view import MapView
from maps.wording import Wording, wording

REMOTE = "/api/view"
LINKS = {"community": "/community/{id}", "search": "/api/search"}
"""Pages and answers of the service, for a page that it serves; each is asked with ``asks`` of the payload."""
STEP = 1e-7
"""Degrees of one step of a coordinate: about 1 cm."""

SHAPES = {
    "boundaries": "area",
    "communities": "area",
    "buildings": "area",
    "ground": "mixed",
    "lines": "path",
    "nodes": "spot",
    "digs": "path or area",
}
_WORDS = (
    "map",
    "theme",
    "stage",
    "line_state",
    "dig_state",
    "field",
    "ground",
    "utility",
    "work",
    "kind",
    "unit",
)
_DIMENSIONS = {"spots": 0, "paths": 1, "areas": 2}
_SHAPE_OF = {"spots": "spot", "paths": "path", "areas": "area"}
_ESCAPES = (
    (b"<", b"\\u003c"),
    (b">", b"\\u003e"),
    (b"&", b"\\u0026"),
    ("\u2028".encode(), b"\\u2028"),
    ("\u2029".encode(), b"\\u2029"),
)

Shapes = npt.NDArray[np.object_]


def payload(view: MapView, *, remote: str | None = REMOTE, tolerance: float = 0.0) -> bytes:
    """The whole payload of a view, UTF-8.

    ``remote`` is where layers that are not embedded are asked for, ``None`` in a file that stands alone.
    ``tolerance`` (degrees) simplifies areas and paths.
    """
    return payload_text(view, remote=remote, tolerance=tolerance).encode()


def payload_text(view: MapView, *, remote: str | None = REMOTE, tolerance: float = 0.0) -> str:
    """``payload`` as text; what is made of it is kept, so that a page of the same rows costs a copy."""
    keep = view.atlas.keep
    head = keep(("head", view.theme, view.town, view.lang, remote), lambda: _head(view, remote).decode())
    layers = keep(
        ("layers", view.town, view.lang, view.embed_limit, tolerance), lambda: _layers(view, tolerance)
    )
    return f'{head[:-1]},"layers":{layers}}}'


def _layers(view: MapView, tolerance: float) -> str:
    parts = (b'"%s":%s' % (name.encode(), _layer(view, name, tolerance)) for name in view.rows)
    return (b"{" + b",".join(parts) + b"}").decode()


def _layer(view: MapView, name: str, tolerance: float) -> bytes:
    if not view.embeds(name):
        return dumped({"count": len(view.rows[name]), "remote": True})
    atlas, rows = view.atlas, view.rows[name]
    # The rows of a layer in view can change where the layer does not, as the ground near a town's edge.
    for_rows, text = atlas.keep(
        ("embedded", name, view.town, view.lang, tolerance),
        lambda: (rows, embedded(atlas, name, rows, view.lang, tolerance)),
    )
    if np.array_equal(for_rows, rows):
        return text
    return embedded(atlas, name, rows, view.lang, tolerance)


def embedded(
    atlas: Atlas, name: str, rows: npt.NDArray[np.int64], lang: str, tolerance: float = 0.0
) -> bytes:
    """One layer of ``atlas`` at ``rows``, with every column of the contract."""
    shapes = np.asarray(atlas.on_screen(name).geometry.array)[rows]
    if tolerance > 0:
        shapes = shapely.simplify(shapes, tolerance, preserve_topology=True)
    told = {column: values[rows] for column, values in columns(atlas, name, lang).items()}
    return dumped(encoded(SHAPES[name], shapes, ids(atlas, name)[rows], told))


def dumped(tree: Any) -> bytes:
    """JSON that may stand inside a script element."""
    text = orjson.dumps(tree, option=orjson.OPT_SERIALIZE_NUMPY)
    for plain, escaped in _ESCAPES:
        text = text.replace(plain, escaped)
    return text


def encoded(shape: str, shapes: Shapes, row_ids: npt.NDArray[Any], told: Columns) -> dict[str, Any]:
    """A layer as a tree of arrays; ``path or area`` is mixed only where there are both."""
    dimensions = shapely.get_dimensions(shapes)
    if shape == "path or area":
        areal = dimensions == _DIMENSIONS["areas"]
        shape = "mixed" if areal.any() and not areal.all() else "area" if areal.any() else "path"
    if shape != "mixed":
        return _plain_layer(shape, shapes, row_ids, told)
    parts = {}
    for part, dimension in _DIMENSIONS.items():
        rows = np.flatnonzero(dimensions == dimension)
        if len(rows):
            own = {name: values[rows] for name, values in told.items()}
            parts[part] = _plain_layer(_SHAPE_OF[part], shapes[rows], row_ids[rows], own)
    return {"count": len(shapes), "shape": "mixed", **parts}


def _plain_layer(shape: str, shapes: Shapes, row_ids: npt.NDArray[Any], told: Columns) -> dict[str, Any]:
    if shape == "spot":
        shapes, rows = shapely.get_parts(shapes, return_index=True)
        own = {name: values[rows] for name, values in told.items()}
        return spots(shapely.get_coordinates(shapes), row_ids[rows], own)
    xy, offsets = _ragged(shape, shapes)
    return _layer_tree(shape, xy, offsets, row_ids, told)


def spots(xy: npt.NDArray[np.float64], row_ids: npt.NDArray[Any], told: Columns) -> dict[str, Any]:
    """A layer of points (n, 2) in degrees, as a tree of arrays."""
    return _layer_tree("spot", xy, {}, row_ids, told)


def _layer_tree(
    shape: str,
    xy: npt.NDArray[np.float64],
    offsets: Mapping[str, npt.NDArray[np.int64]],
    row_ids: npt.NDArray[Any],
    told: Columns,
) -> dict[str, Any]:
    origin = xy.min(axis=0).round(6) if len(xy) else np.zeros(2)
    steps = np.rint((xy - origin) / STEP).astype("int64")
    return {
        "count": len(row_ids),
        "shape": shape,
        "origin": origin,
        "step": STEP,
        "xy": np.diff(steps, axis=0, prepend=np.zeros((1, 2), dtype="int64")).ravel(),
        **offsets,
        "id": row_ids.tolist(),
        "columns": {name: _listed(values) for name, values in told.items()},
    }


def _ragged(shape: str, shapes: Shapes) -> tuple[npt.NDArray[np.float64], dict[str, npt.NDArray[np.int64]]]:
    """Coordinates (n, 2) and where rings, parts and features begin in what is below them."""
    if not len(shapes) or shapely.is_missing(shapes).all():
        nothing = np.zeros(1, dtype="int64")
        features = np.zeros(len(shapes) + 1, dtype="int64")
        offsets = {
            "area": {"rings": nothing, "parts": nothing, "features": features},
            "path": {"parts": nothing, "features": features},
        }
        return np.empty((0, 2)), offsets[shape]
    _, xy, found = shapely.to_ragged_array(shapes, include_z=False)
    levels = [np.asarray(level, dtype="int64") for level in found]
    names = {"area": ("rings", "parts", "features"), "path": ("parts", "features")}[shape]
    while len(levels) < len(names):
        levels.append(np.arange(len(shapes) + 1))
    return np.asarray(xy, dtype="float64"), dict(zip(names, levels, strict=True))


def _listed(values: npt.NDArray[Any]) -> Any:
    return values.tolist() if values.dtype == object else np.ascontiguousarray(values)


def _head(view: MapView, remote: str | None) -> bytes:
    crs = view.atlas.district.crs
    west, south, east, north = view.extent
    return dumped(
        {
            "lang": view.lang,
            "theme": view.theme,
            "town": view.town,
            "as_of": view.as_of.isoformat(),
            "revision": view.revision,
            "sample": view.sample,
            "place": view.place,
            "themes": view.atlas.themes,
            **_past(view),
            "crs": {"name": view.atlas.district.crs_name(), "proj4": proj4(crs)},
            "extent": [west, south, east, north],
            **({} if remote is None else {"remote": remote, "links": LINKS}),
            "palette": for_browser(),
            "words": words_for_browser(view.atlas, wording(view.lang)),
            "summary": view.summary,
        }
    )


def _past(view: MapView) -> dict[str, Any]:
    """What is said over a day that has passed, and the parameter that keeps it in every link and question."""
    told = past_told(view.atlas, wording(view.lang))
    return {} if told is None else {"past": told, "asks": {"as_of": view.as_of.isoformat()}}


def words_for_browser(atlas: Atlas, words: Wording) -> Mapping[str, str]:
    """The sentences that the drawing needs: flat, with the catalogue's own works."""
    works = {f"work.{kind.code}": words.work(kind) for kind in atlas.catalogue}
    return {**works, **words.section(*_WORDS)}


def proj4(crs: Any) -> str:
    """The PROJ string of a CRS for the browser; pyproj warns that the datum loses its name in it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        return str(crs.to_proj4())
