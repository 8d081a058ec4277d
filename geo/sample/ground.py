"""The ground: streets, canal, parks; in each courtyard lanes, gates, wall, green, trees, parking, places."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import geopandas as gpd
import numpy as np
import shapely
from pyproj import CRS

from geo.sample.courtyard import CORRIDOR, LANE_WIDTH, SPINE_WIDTH, Site
from geo.sample.frames import Frames
from geo.sample.grid import Grid
from geo.sample.network import Ways, transformer
from geo.sample.words import (
    CANAL,
    FEEDER_LANE,
    GATES,
    PARK,
    PARKING,
    PLAYGROUND,
    ROW_LANE,
    SPINE_LANE,
    STREET,
    TRANSFORMER,
)
from geo.vocabulary import GroundKind

_GATE_GAP = 3.4
# trees stand at the lane, clear of the lines along the facade
_TREES = 8.7


@dataclass
class _Rows:
    """Growing columns; ``frame`` tells in whose axes a shape is."""

    kind: list[str] = field(default_factory=list)
    name: list[str | None] = field(default_factory=list)
    community: list[int] = field(default_factory=list)
    width: list[float | None] = field(default_factory=list)
    height: list[float | None] = field(default_factory=list)
    shape: list[shapely.Geometry] = field(default_factory=list)
    frame: list[int] = field(default_factory=list)

    def add(
        self,
        kind: GroundKind,
        shape: shapely.Geometry,
        frame: int,
        *,
        name: str | None = None,
        community: int = -1,
        width: float | None = None,
        height: float | None = None,
    ) -> None:
        self.kind.append(str(kind))
        self.name.append(name)
        self.community.append(community)
        self.width.append(width)
        self.height.append(height)
        self.shape.append(shape)
        self.frame.append(frame)


def build_ground(
    rng: np.random.Generator,
    grid: Grid,
    sites: Sequence[Site],
    frames: Frames,
    ways: Ways,
    community_ids: Sequence[str],
    crs: CRS,
) -> gpd.GeoDataFrame:
    """Rows of the ``ground`` layer; ``frames`` are the courtyards' and then the CRS itself."""
    rows, plan = _Rows(), len(frames.angle)
    _town(rows, grid, plan)
    for community, site in enumerate(sites):
        _lanes(rows, site, community, frames, ways)
        _gates(rows, site, community)
        _greenery(rng, rows, site, community)
        _yard(rows, site, community)
    placed = frames.joined(grid.axes).place(rows.shape, rows.frame)
    ids = np.array([*community_ids, None], dtype=object)
    return gpd.GeoDataFrame(
        {
            "id": [f"gnd-{i:04d}" for i in range(1, len(rows.kind) + 1)],
            "kind": rows.kind,
            "name": rows.name,
            "community": ids[rows.community],
            "width_m": rows.width,
            "height_m": rows.height,
            "schematic": True,
        },
        geometry=gpd.GeoSeries(placed, crs=crs),
    )


def street_names(grid: Grid) -> list[str]:
    return [f"{STREET} {place}" for place in range(1, len(grid.streets) + 1)]


def _town(rows: _Rows, grid: Grid, plan: int) -> None:
    for name, street in zip(street_names(grid), grid.streets, strict=True):
        rows.add(GroundKind.STREET, street.line, plan, name=name, width=street.width)
    for canal in grid.canals:
        rows.add(GroundKind.WATER, canal, plan, name=CANAL)
    for place, park in enumerate(grid.parks, 1):
        rows.add(GroundKind.GREEN, park, plan, name=f"{PARK} {place}")


def _lanes(rows: _Rows, site: Site, community: int, frames: Frames, ways: Ways) -> None:
    def lane(xy: list[tuple[float, float]], name: str, width: float) -> None:
        rows.add(
            GroundKind.LANE, shapely.LineString(xy), community, name=name, community=community, width=width
        )  # fmt: skip

    inner = site.lane_of(0) if site.gate == "S" else site.lane_of(site.rows - 1)
    beyond = site.height - 4.0 if site.gate == "S" else max(inner - 1.0, 3.0)
    lane([(site.spine, site.gate_y), (site.spine, beyond)], SPINE_LANE, SPINE_WIDTH)
    for row in range(site.rows):
        west = 0.0 if row == 0 and _has_west_gate(site) else 3.0
        lane([(west, site.lane_of(row)), (site.east_end(row) - 3.0, site.lane_of(row))], ROW_LANE, LANE_WIDTH)
    away = -1.0 if site.gate == "S" else 1.0
    meeting = ways.meet(frames, community, (site.spine, site.gate_y), away, 0.0)
    end = frames.to_local(meeting[None, :], np.array([community]))[0]
    lane([(site.spine, site.gate_y), (float(end[0]), float(end[1]))], FEEDER_LANE, SPINE_WIDTH)


def _has_west_gate(site: Site) -> bool:
    return len(site.row) >= 4


def _gates(rows: _Rows, site: Site, community: int) -> None:
    gates = [(site.spine, site.gate_y, GATES[site.gate], 6.8)]
    if _has_west_gate(site):
        gates.append((0.0, site.lane_of(0), GATES["W"], 5.4))
    for x, y, name, width in gates:
        rows.add(
            GroundKind.GATE, shapely.Point(x, y), community, name=name, community=community, width=width
        )  # fmt: skip
    gaps = shapely.union_all(shapely.buffer(shapely.points([gate[:2] for gate in gates]), _GATE_GAP))
    wall = shapely.line_merge(shapely.difference(site.outline().exterior, gaps))
    rows.add(GroundKind.WALL, wall, community, community=community, height=2.2)


def _greenery(rng: np.random.Generator, rows: _Rows, site: Site, community: int) -> None:
    for west, east, south in zip(site.west, site.east, site.south, strict=True):
        strip = shapely.box(west - 1.0, south - 9.9, east + 1.0, south - 1.6)
        rows.add(GroundKind.GREEN, strip, community, community=community)
        count = int((east - west) // 9)
        x = np.linspace(west + 3, east - 3, count) + rng.uniform(-1.5, 1.5, count)
        y = south - _TREES - rng.uniform(0, 0.4, count)
        for spot in zip(x.tolist(), y.tolist(), strict=True):
            rows.add(GroundKind.TREE, shapely.Point(spot), community, community=community)
    side = site.width - 2.8
    top, low = site.height - 4.0, site.notch[1] + 3.0 if site.notch else 26.0
    rows.add(GroundKind.GREEN, shapely.box(side, low, site.width - 0.8, top), community, community=community)


def _yard(rows: _Rows, site: Site, community: int) -> None:
    west, box = site.yard_west, transformer(site)
    if site.columns > 1 and site.notch is None:
        stalls = [(west, site.spine - CORRIDOR / 2)]
        play = (site.spine + CORRIDOR / 2 + 2.0, min(site.spine + CORRIDOR / 2 + 30.0, box[0] - 4.0))
        if box[0] - play[1] > 24.0:
            stalls.append((play[1] + 4.0, box[0] - 4.0))
    else:
        middle = west + 0.56 * (box[0] - west)
        stalls, play = [(west, middle)], (middle + 3.0, box[0] - 3.0)
    for left, right in stalls:
        rows.add(
            GroundKind.PARKING, shapely.box(left, 2.4, right, 7.4), community, name=PARKING,
            community=community,
        )  # fmt: skip
    for shape, name in (
        (shapely.box(play[0], 2.0, play[1], 7.6), PLAYGROUND),
        (shapely.box(box[0], box[1], box[0] + 3.4, box[1] + 2.8), TRANSFORMER),
    ):
        rows.add(GroundKind.PLACE, shape, community, name=name, community=community)
