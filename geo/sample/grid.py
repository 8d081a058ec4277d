"""The plan of the district: streets on a loose lattice inside the outlines, cells, parks, canal."""

from dataclasses import dataclass
from itertools import pairwise

import geopandas as gpd
import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from geo.district import District
from geo.errors import NotFound
from geo.sample.frames import Floats, Frames, Ints, frame
from geo.sample.profile import Slot
from geo.vocabulary import BoundaryLevel

_INSET = 46.0
_CANAL = (8.0, 25.0)
_CELL = (165.0, 150.0)
_SHORTEST_STREET = 120.0
_CLEAR_OF_EDGE = 4.0


@dataclass(frozen=True)
class Street:
    """A centreline in the grid's frame; ``row`` is its place from the north for those that run east."""

    line: shapely.LineString
    width: float
    row: int | None


@dataclass(frozen=True)
class Cell:
    """A block between streets: its corners in the grid's frame (4, 2) from the north-west
    clockwise, and what of it lies inside its town."""

    town: str
    row: int
    column: int
    corners: Floats
    room: BaseGeometry

    @property
    def centre(self) -> Floats:
        return np.asarray(self.corners.mean(axis=0), dtype=float)


@dataclass(frozen=True)
class Grid:
    """``axes`` holds the grid's frame at index 0; ``cells`` one per community, in the order of the slots."""

    axes: Frames
    streets: tuple[Street, ...]
    cells: tuple[Cell, ...]
    parks: tuple[shapely.Polygon, ...]
    canals: tuple[shapely.Polygon, ...]


def build_grid(
    rng: np.random.Generator, district: District, boundaries: gpd.GeoDataFrame, slots: tuple[Slot, ...]
) -> Grid:
    """Lay out ``slots`` inside the outlines of their towns (``boundaries`` in the district's CRS).

    Raises ``NotFound`` for a town without an outline and for an outline without room for its communities.
    """
    outlines = [town_outline(boundaries, code) for code in district.town_codes()]
    whole = shapely.union_all(outlines)
    axes = frame(np.radians(rng.uniform(1.2, 2.8)), whole.centroid.x, whole.centroid.y)
    towns = [_local(axes, outline) for outline in outlines]
    canals = _canals(towns)
    water: BaseGeometry = shapely.union_all(list(canals))
    usable = [_usable(town, water) for town in towns]
    counts = [sum(slot.town == code for slot in slots) for code in district.town_codes()]
    edges = _row_edges(usable, counts)
    lattices = [
        _lattice(rng, town, edges, count, code)
        for town, count, code in zip(usable, counts, district.town_codes(), strict=True)
    ]
    cells, spare = [], []
    for code, lattice, count, town in zip(district.town_codes(), lattices, counts, towns, strict=True):
        taken, free = _cells(rng, code, lattice, count, town.buffer(-_CLEAR_OF_EDGE) - water)
        cells += taken
        spare += free
    land: BaseGeometry = shapely.union_all(towns)
    streets = _streets(rng, lattices, land, water, len(edges))
    return Grid(axes, streets, tuple(cells), tuple(_park(cell) for cell in spare), canals)


def town_outline(boundaries: gpd.GeoDataFrame, code: str) -> shapely.Polygon:
    """The largest part of the town's outline."""
    rows = boundaries[(boundaries["level"] == BoundaryLevel.TOWN) & (boundaries["code"] == code)]
    if not len(rows):
        raise NotFound("no_outline", town=code)
    return _largest(shapely.get_parts(rows.geometry.to_numpy()))


def _largest(parts: np.ndarray) -> shapely.Polygon:
    largest: shapely.Polygon = parts[int(np.argmax(shapely.area(parts)))]
    return largest


def _local(axes: Frames, outline: shapely.Polygon) -> shapely.Polygon:
    xy, zeros = shapely.get_coordinates(outline.exterior), np.zeros(1, dtype=np.int64)
    return shapely.Polygon(axes.to_local(xy, np.repeat(zeros, len(xy))))


def _canals(towns: list[shapely.Polygon]) -> tuple[shapely.Polygon, ...]:
    """A strip of water along each edge that two towns share, on the later town's side."""
    near, far = _CANAL
    canals = []
    for place, town in enumerate(towns):
        for earlier in towns[:place]:
            shared = shapely.line_merge(earlier.boundary.intersection(town.boundary))
            if shared.length < _SHORTEST_STREET:
                continue
            strip = shared.buffer(far, cap_style="flat") - shared.buffer(near)
            parts = shapely.get_parts(strip.intersection(town))
            canals.append(_largest(parts))
    return tuple(canals)


def _usable(town: shapely.Polygon, water: BaseGeometry) -> shapely.Polygon:
    """What lies well inside the town; along a canal, closer to it."""
    beside_water = town.buffer(-8).difference(water.buffer(_INSET - 22)).intersection(water.buffer(90))
    inside = town.buffer(-_INSET).union(beside_water).difference(water.buffer(14))
    return _largest(shapely.get_parts(inside))


def _row_edges(usable: list[shapely.Polygon], counts: list[int]) -> Floats:
    """Heights of the streets that run east, from the north: as many as leave the cells roomiest."""
    bounds = np.array([town.bounds for town in usable])
    centre = [town.centroid.x for town in usable]
    top = max(
        min(_span(town, x, vertical=True)[1], b[3]) for town, x, b in zip(usable, centre, bounds, strict=True)
    )
    low = min(
        max(_span(town, x, vertical=True)[0], b[1]) for town, x, b in zip(usable, centre, bounds, strict=True)
    )
    best, roomiest = 1, -1.0
    for rows in range(1, 12):
        room = (top - low) / rows / _CELL[1]
        for town, count in zip(usable, counts, strict=True):
            width = float(np.median([_width(town, v) for v in np.linspace(low, top, 9)[1:-1]]))
            room = min(room, width / -(-(count + 1) // rows) / _CELL[0])
        if room > roomiest:
            best, roomiest = rows, room
    return np.linspace(top, low, best + 1)


def _span(town: shapely.Polygon, at: float, *, vertical: bool) -> tuple[float, float]:
    west, south, east, north = town.bounds
    ends = [(at, south - 1), (at, north + 1)] if vertical else [(west - 1, at), (east + 1, at)]
    parts = shapely.get_parts(shapely.LineString(ends).intersection(town))
    if not len(parts) or shapely.length(parts).max() == 0:
        return (0.0, 0.0)
    box = parts[int(np.argmax(shapely.length(parts)))].bounds
    return (box[1], box[3]) if vertical else (box[0], box[2])


def _width(town: shapely.Polygon, at: float) -> float:
    west, east = _span(town, at, vertical=False)
    return east - west


def _lattice(
    rng: np.random.Generator, town: shapely.Polygon, edges: Floats, count: int, code: str
) -> dict[int, Floats]:
    """Junctions (columns + 1, 2) by row edge, for the rows that the town reaches."""
    middles = (edges[:-1] + edges[1:]) / 2
    bands = np.array([_span(town, float(v), vertical=False) for v in middles])
    wide = np.flatnonzero(np.diff(bands, axis=1).ravel() > _CELL[0])
    if not len(wide):
        raise NotFound("no_room", town=code, communities=count)
    columns = -(-(count + 1) // len(wide))
    inside = range(int(wide[0]), int(wide[-1]) + 2)
    beside = [np.clip([j - 1, j], wide[0], wide[-1]) for j in inside]
    spans = np.array([bands[pair].mean(axis=0) for pair in beside])
    out = {}
    for j, (west, east) in zip(inside, spans, strict=True):
        u = np.linspace(west, east, columns + 1)
        u[1:-1] += rng.uniform(-4, 4, columns - 1)
        out[j] = np.column_stack([u, edges[j] + rng.uniform(-5, 5, columns + 1)])
    return out


def _cells(
    rng: np.random.Generator, town: str, lattice: dict[int, Floats], count: int, land: BaseGeometry
) -> tuple[list[Cell], list[Cell]]:
    """The cells that hold communities, row by row, and those that become parks; one stays bare if it can."""
    cells = []
    for upper, lower in pairwise(sorted(lattice)):
        north, south = lattice[upper], lattice[lower]
        for i in range(len(north) - 1):
            corners = np.array([north[i], north[i + 1], south[i + 1], south[i]])
            cells.append(Cell(town, upper, i, corners, shapely.Polygon(corners).intersection(land)))
    if len(cells) < count:
        raise NotFound("no_room", town=town, communities=count)
    outer = max(cells, key=lambda cell: (cell.row, abs(cell.centre[0])))
    spare = len(cells) - count
    bare = [outer] if spare > 1 else []
    others = [cell for cell in cells if cell is not outer]
    drawn = rng.permutation(len(others))[: spare - len(bare)]
    left_out = [others[i] for i in np.sort(drawn)]
    taken = [cell for cell in cells if not any(cell is other for other in (*left_out, *bare))]
    return taken, left_out[: max(1, spare // 2)]


def _streets(
    rng: np.random.Generator,
    lattices: list[dict[int, Floats]],
    land: BaseGeometry,
    water: BaseGeometry,
    rows: int,
) -> tuple[Street, ...]:
    drawn = []
    for row in range(rows):
        nodes: list[Floats] = [lattice[row] for lattice in lattices if row in lattice]
        if nodes:
            xy = np.vstack([nodes[i] for i in np.argsort([each[:, 0].mean() for each in nodes])])
            width = 13.0 if row % 2 else float(rng.choice([8.0, 9.0, 10.0]))
            drawn.append(Street(_through(xy, land), width, row))
    for lattice in lattices:
        columns = np.stack([lattice[row] for row in sorted(lattice)], axis=1)
        for xy in columns:
            if not shapely.is_empty(water) and shapely.LineString(xy).distance(water) < 60:
                continue
            drawn.append(Street(_through(xy, land), float(rng.choice([8.0, 10.0, 12.0])), None))
    return tuple(street for street in drawn if street.line.length > _SHORTEST_STREET)


def _through(xy: Floats, land: BaseGeometry) -> shapely.LineString:
    """A gentle curve through the junctions, run out to the edge of the land."""
    ends = np.vstack([xy[0] + (xy[0] - xy[1]), xy, xy[-1] + (xy[-1] - xy[-2])])
    inside = shapely.intersection(shapely.LineString(_curve(ends)), land.buffer(-1))
    parts = shapely.get_parts(inside)
    longest: shapely.LineString = parts[int(np.argmax(shapely.length(parts)))]
    return longest


def _curve(xy: Floats) -> Floats:
    """Catmull-Rom through ``xy``, four pieces to a span."""
    padded = np.vstack([2 * xy[0] - xy[1], xy, 2 * xy[-1] - xy[-2]])
    before, start, end, after = padded[:-3], padded[1:-2], padded[2:-1], padded[3:]
    t = np.linspace(0, 1, 4, endpoint=False)[None, :, None]
    start, end, before, after = (each[:, None, :] for each in (start, end, before, after))
    points = 0.5 * (
        2 * start
        + (end - before) * t
        + (2 * before - 5 * start + 4 * end - after) * t**2
        + (3 * start - before - 3 * end + after) * t**3
    )
    return np.vstack([points.reshape(-1, 2), xy[-1:]])


def _park(cell: Cell) -> shapely.Polygon:
    return cell.room.buffer(-16, join_style="mitre")


def row_of_gate(cells: tuple[Cell, ...]) -> Ints:
    """The street that each cell opens to, by its row: the northernmost row to its north, the others to their
    south, so that no two gates face each other across a street."""
    top = min(cell.row for cell in cells)
    return np.array([cell.row + (cell.row > top) for cell in cells], dtype=np.int64)
