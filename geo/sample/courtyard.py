"""One courtyard in its own axes: slabs in rows facing south, lanes between them, a yard to the south."""

from dataclasses import dataclass

import numpy as np
import shapely

from geo.errors import NotFound
from geo.sample.frames import Floats, Frames, Ints
from geo.sample.grid import Cell, Grid
from geo.sample.housing import Housing
from geo.sample.profile import Slot

NORTH_MARGIN, SOUTH_YARD, SIDE = 9.0, 24.0, 7.2
CORRIDOR = 13.0
ROW_LANE = 12.6
_HEADER = 3.6
LANE_WIDTH, SPINE_WIDTH = 4.5, 5.5
_CLEAR_OF_STREET = 8.0
_GATE_TO_STREET = 42.0


@dataclass(frozen=True)
class Site:
    """A courtyard; metres from its south-west corner, x east, y north.

    ``west``, ``east``, ``north``, ``south`` are the walls of its buildings, ``row`` and ``column`` their
    places; ``spine`` is the x of the main lane, ``headers`` those of the heating headers, ``gate`` S or N.
    """

    width: float
    height: float
    rows: int
    columns: int
    west: Floats
    east: Floats
    north: Floats
    south: Floats
    row: Ints
    column: Ints
    spine: float
    headers: tuple[float, ...]
    gate: str
    notch: tuple[float, float] | None

    @property
    def gate_y(self) -> float:
        return 0.0 if self.gate == "S" else self.height

    def north_of(self, row: int) -> float:
        """The y of the row's north walls."""
        return float(self.north[self.row == row][0])

    def south_of(self, row: int) -> float:
        """The y of the row's south walls."""
        return float(self.south[self.row == row][0])

    def lane_of(self, row: int) -> float:
        """The y of the lane south of the row."""
        return self.south_of(row) - ROW_LANE

    @property
    def approach(self) -> int:
        """On which side of the spine its longer rows lie: -1 west, 1 east."""
        return -1 if self.columns == 2 else 1

    @property
    def one_sided(self) -> bool:
        """Whether its spine has walls along its whole length on the side of ``approach`` only."""
        return self.columns == 1 or self.notch is not None

    def header_of(self, x: float) -> float:
        """The x of the heating header on the side of the spine on which ``x`` lies."""
        return self.headers[0] if x < self.spine else self.headers[-1]

    def east_end(self, row: int) -> float:
        """How far east the ground south of the row reaches."""
        if self.notch is not None and row == self.rows - 1:
            return self.notch[0]
        return self.width

    @property
    def yard_west(self) -> float:
        """How far west the yard south of the last row reaches."""
        return CORRIDOR if self.columns == 1 else SIDE

    @property
    def yard_east(self) -> float:
        """How far east the yard south of the last row reaches, clear of the spine."""
        return self.width if self.notch is None else self.spine - CORRIDOR / 2 + 2.0

    def outline(self) -> shapely.Polygon:
        if self.notch is None:
            return shapely.box(0, 0, self.width, self.height)
        x, y = self.notch
        return shapely.Polygon(
            [(0, 0), (x, 0), (x, y), (self.width, y), (self.width, self.height), (0, self.height)]
        )


def build_site(rng: np.random.Generator, housing: Housing, community: int, slot: Slot, gate: str) -> Site:
    """The courtyard of one community: its buildings set out row by row from the north-west."""
    own = housing.of(community)
    row, column = housing.row[own], housing.column[own]
    length, depth = housing.length_dm[own] / 10, housing.depth_dm[own] / 10
    widths = np.array([length[column == c].max() for c in range(slot.columns)])
    rows = int(row.max()) + 1
    gap = float(rng.choice([26.0, 26.5, 27.0]))
    first = CORRIDOR if slot.columns == 1 else SIDE
    starts = first + np.concatenate([[0.0], np.cumsum(widths[:-1] + CORRIDOR)])
    width = float(starts[-1] + widths[-1] + SIDE)
    height = float(NORTH_MARGIN + rows * depth[0] + (rows - 1) * gap + SOUTH_YARD)
    north = height - NORTH_MARGIN - row * (depth[0] + gap)
    # the first column keeps to the spine, so that its lines run along its walls
    west = starts[column] + np.where((column == 0) & (slot.columns > 1), widths[0] - length, 0.0)
    spine = CORRIDOR / 2 if slot.columns == 1 else float(starts[1] - CORRIDOR / 2)
    east = width - SIDE + _HEADER
    headers = (east,) if slot.columns == 1 else (SIDE - _HEADER, east)
    south = north - depth
    full = len(own) == rows * slot.columns
    above = float(south[row == rows - 2][0]) - ROW_LANE - LANE_WIDTH / 2 - 1.0
    notch = None if full else (spine + CORRIDOR / 2, above)
    return Site(
        width,
        height,
        rows,
        slot.columns,
        west,
        west + length,
        north,
        south,
        row,
        column,
        spine,
        headers,
        gate,
        notch,
    )


def place_sites(rng: np.random.Generator, grid: Grid, sites: list[Site]) -> Frames:
    """The frame of each courtyard in the CRS: near the middle of its cell, turned a little off the grid.

    Raises ``NotFound`` where a courtyard does not fit between the streets.
    """
    turn = rng.uniform(-0.6, 0.6, len(sites))
    shift = rng.uniform(-5, 5, (len(sites), 2))
    corners = np.array(
        [
            _corner(site, cell, t, s)
            for site, cell, t, s in zip(sites, grid.cells, np.radians(turn), shift, strict=True)
        ]
    )
    ground = grid.axes.to_ground(corners, np.zeros(len(sites), dtype=np.int64))
    return Frames(grid.axes.angle[0] + np.radians(turn), ground[:, 0], ground[:, 1])


def _corner(site: Site, cell: Cell, turn: float, shift: Floats) -> Floats:
    """The courtyard's south-west corner in the grid's frame."""
    half = np.array([site.width, site.height]) / 2
    cos, sin = np.cos(turn), np.sin(turn)
    slack = (shapely.bounds(shapely.Polygon(cell.corners))[[1, 3]] - cell.centre[1]).tolist()
    nearer = min(0.0, slack[0] + half[1] + _GATE_TO_STREET) if site.gate == "S" else 0.0
    nearer = max(0.0, slack[1] - half[1] - _GATE_TO_STREET) if site.gate == "N" else nearer
    middle = shapely.get_coordinates(cell.room.centroid)[0]
    tries = [cell.centre + share * (shift + np.array([0.0, nearer])) for share in (1.0, 0.6, 0.3, 0.0)]
    for centre in (*tries, middle):
        corner = centre - np.array([cos * half[0] - sin * half[1], sin * half[0] + cos * half[1]])
        box = shapely.box(0, 0, site.width, site.height).buffer(_CLEAR_OF_STREET, join_style="mitre")
        xy = shapely.get_coordinates(box)
        moved = corner + np.column_stack([cos * xy[:, 0] - sin * xy[:, 1], sin * xy[:, 0] + cos * xy[:, 1]])
        if cell.room.contains(shapely.Polygon(moved)):
            return np.asarray(corner)
    raise NotFound("no_room", town=cell.town, row=cell.row, column=cell.column)
