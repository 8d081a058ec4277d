"""The lines that lie there already: along facades, lanes and spine of each courtyard, out to the street."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely

from geo.sample.courtyard import CORRIDOR, ROW_LANE, SIDE, Site
from geo.sample.draft import LONGEST, STREET, Draft
from geo.sample.fabric import FABRICS, Fabric
from geo.sample.frames import Floats, Frames
from geo.sample.grid import Grid
from geo.sample.words import BEND, CABINET, END, ENTRY, STRAIGHT

_JOINED = 4.0
_SPREAD = 0.03
_HOUSE_AT = {"water": 0.42, "gas": 0.62, "heat": 0.3, "power": 0.85, "telecom": 0.12}
_SOUTH_SIDE = ("storm", "gas", "heat", "power", "light", "telecom")
_EVERY_STREET = ("water", "foul")
_NO_STREET = ("heat", "power", "light")


@dataclass(frozen=True)
class Outlet:
    """Where a courtyard's main meets the street: the node, its coordinates in the CRS, the street's place."""

    fabric: str
    node: int
    xy: Floats
    street: int


@dataclass(frozen=True)
class Ways:
    """The street that each courtyard's gate opens to: its place in the grid, its centreline in the CRS."""

    street: tuple[int, ...]
    lines: tuple[shapely.LineString, ...]
    across: Floats

    def meet(
        self, frames: Frames, community: int, start: tuple[float, float], away: float, offset: float
    ) -> Floats:
        """Where a straight run from ``start`` (local) towards ``away`` (+1 north, -1 south) meets the line
        ``offset`` metres north of the street's middle; in the CRS."""
        which = np.array([community, community])
        ray = frames.to_ground(np.array([start, (start[0], start[1] + away * 400)]), which)
        street = self.street[community]
        shifted = shapely.LineString(shapely.get_coordinates(self.lines[street]) + offset * self.across)
        meeting = shapely.intersection(shapely.LineString(ray), shifted)
        if meeting.is_empty:
            return np.asarray(frames.to_ground(np.array([(start[0], start[1] + away * 12)]), which[:1])[0])
        return np.asarray(shapely.get_coordinates(meeting)[0])


def build_network(
    rng: np.random.Generator, sites: Sequence[Site], frames: Frames, ways: Ways, has: Sequence[frozenset[str]]
) -> Draft:
    """Every existing line: ``has`` tells each courtyard's utilities; ``frames`` ends with the CRS itself."""
    draft = Draft()
    outlets: list[Outlet] = []
    for community, site in enumerate(sites):
        for fabric in FABRICS:
            if fabric in has[community] and fabric not in ("feeder",):
                outlets += _comb(rng, draft, site, frames, ways, community, fabric)
        if "feeder" in has[community]:
            outlets += _feeder(draft, site, frames, ways, community)
    for fabric in (name for name in FABRICS if name not in _NO_STREET):
        for street in sorted(set(ways.street)):
            if fabric in _EVERY_STREET or (street // 2) % 2 == list(FABRICS).index(fabric) % 2:
                _trunk(
                    draft,
                    len(frames.angle) - 1,
                    ways,
                    [o for o in outlets if o.fabric == fabric and o.street == street],
                    fabric,
                    street,
                )
    return draft


def _depth(rng: np.random.Generator, fabric: Fabric) -> float:
    return round(fabric.depth + float(rng.uniform(0.0, _SPREAD)), 2)


def main_y(site: Site, fabric: str, row: int) -> float:
    """The y of the row main: north of the row for water and foul, south of it for the others."""
    if fabric == "storm":
        return site.lane_of(row)
    along = FABRICS[fabric].along
    return site.south_of(row) - along if fabric in _SOUTH_SIDE else site.north_of(row) + along


def spine_x(site: Site, fabric: str) -> float:
    """The x of the spine main; of heat, that of the header of the longer rows."""
    entry = FABRICS[fabric]
    if fabric == "heat":
        return site.headers[0]
    if site.one_sided:
        return site.spine + site.approach * (CORRIDOR / 2 - entry.beside)
    return site.spine - site.approach * entry.across


def _tees(site: Site, fabric: str, row: int) -> list[tuple[float, float, int]]:
    """x of each junction, y of the wall that it serves and the building's place in the courtyard, or -1."""
    tees = []
    for place in np.flatnonzero(site.row == row):
        west, length = float(site.west[place]), float(site.east[place] - site.west[place])
        if fabric == "storm":
            tees.append((west + 0.5 * length, 0.0, -1))
        elif fabric == "light":
            tees += [(west + share * length, 0.0, -1) for share in (0.15, 0.85)]
        elif fabric == "foul":
            share = 0.3 if west < site.spine else 0.7
            tees.append((west + share * length, float(site.north[place]), int(place)))
        elif fabric == "telecom":
            tees.append((west + _HOUSE_AT[fabric] * length, 0.0, -1))
        else:
            wall = float(site.north[place] if fabric == "water" else site.south[place])
            tees.append((west + _HOUSE_AT[fabric] * length, wall, int(place)))
    return tees


def _comb(
    rng: np.random.Generator,
    draft: Draft,
    site: Site,
    frames: Frames,
    ways: Ways,
    community: int,
    fabric: str,
) -> list[Outlet]:
    """Row mains with their house connections, a spine through their hubs, and the way out to the street.

    Heat has a header on each side, so that its mains never cross the spine lane.
    """
    depth = _depth(rng, FABRICS[fabric])
    if fabric != "heat":
        tees = [_tees(site, fabric, row) for row in range(site.rows)]
        return _tree(draft, site, frames, ways, community, fabric, spine_x(site, fabric), tees, depth)
    out: list[Outlet] = []
    for x in site.headers:
        tees = [
            [tee for tee in _tees(site, fabric, row) if site.header_of(tee[0]) == x]
            for row in range(site.rows)
        ]
        out += _tree(draft, site, frames, ways, community, fabric, x, tees, depth)
    return out


def _tree(
    draft: Draft,
    site: Site,
    frames: Frames,
    ways: Ways,
    community: int,
    fabric: str,
    x: float,
    tees: Sequence[list[tuple[float, float, int]]],
    depth: float,
) -> list[Outlet]:
    """One spine at ``x`` and the arms of each row's ``tees``."""
    above: int | None = None
    hubs: dict[int, int] = {}
    for row in range(site.rows) if site.gate == "S" else range(site.rows - 1, -1, -1):
        if not tees[row]:
            continue
        y = main_y(site, fabric, row)
        hub = draft.node(fabric, (x, y), community, community, FABRICS[fabric].hub_role, depth)
        for side, arm in ((-1, [t for t in tees[row] if t[0] < x]), (1, [t for t in tees[row] if t[0] >= x])):
            far_first = sorted(arm, key=lambda t: -abs(t[0] - x))
            _arm(draft, fabric, community, row, side, y, hub, far_first, depth)
        if above is not None:
            draft.segment(fabric, above, hub)
        above = hubs[row] = hub
    if fabric == "power":
        _from_transformer(draft, site, community, hubs[site.rows - 1], depth)
    if above is None or fabric in ("light", "power"):
        return []
    return [_way_out(draft, site, frames, ways, community, fabric, above, depth)]


def _arm(
    draft: Draft,
    fabric: str,
    community: int,
    row: int,
    side: int,
    y: float,
    hub: int,
    tees: list[tuple[float, float, int]],
    depth: float,
) -> None:
    entry, behind = FABRICS[fabric], None
    for x, wall, building in tees:
        node = draft.node(fabric, (x, y), community, community, entry.tee_role, depth)
        if building >= 0:
            shallow = depth - 0.25 if entry.slope else depth
            door = draft.node(fabric, (x, wall), community, community, ENTRY, shallow)
            draft.segment(fabric, door, node, row=row, building=building)
        if behind is not None:
            draft.segment(fabric, behind, node, row=row, side=side)
        behind = node
    if behind is not None:
        draft.segment(fabric, behind, hub, row=row, side=side)


def _way_out(
    draft: Draft, site: Site, frames: Frames, ways: Ways, community: int, fabric: str, last: int, depth: float
) -> Outlet:
    entry, away = FABRICS[fabric], -1.0 if site.gate == "S" else 1.0
    x = draft.node_xy[last][0]
    begin = np.array(draft.node_xy[last])
    xy = ways.meet(frames, community, (x, site.gate_y), away, entry.street)
    end = frames.to_local(xy[None, :], np.array([community]))[0]
    run = float(np.hypot(*(end - begin)))
    pieces = int(np.ceil(run / LONGEST))
    at_gate = abs(site.gate_y - away * 1.2 - begin[1]) / run
    share = 0.0
    for step in range(1, pieces):
        role = entry.gate_role if step == 1 or entry.slope else STRAIGHT
        share = min(max(at_gate, 1 - LONGEST / run), LONGEST / run) if pieces == 2 else step / pieces
        middle = draft.node(fabric, begin + share * (end - begin), community, community, role, depth)
        draft.segment(fabric, last, middle)
        last = middle
    street = draft.node(fabric, xy, len(frames.angle) - 1, community, entry.end_role, depth)
    draft.segment(fabric, last, street, length=run * (1 - share))
    return Outlet(fabric, street, xy, ways.street[community])


def transformer(site: Site) -> tuple[float, float]:
    """Where the transformer stands: the south-west corner of its 3.4 x 2.8 m box."""
    return site.yard_east - 8.0, 3.2


def _from_transformer(draft: Draft, site: Site, community: int, hub: int, depth: float) -> None:
    x, y = transformer(site)[0] + 0.8, draft.node_xy[hub][1] - 0.4
    box = draft.node("power", (x, transformer(site)[1] + 2.8), community, community, CABINET, depth)
    bend = draft.node("power", (x, y), community, community, BEND, depth)
    draft.segment("power", box, bend)
    draft.stretch("power", bend, hub, row=site.rows - 1)


def _feeder(draft: Draft, site: Site, frames: Frames, ways: Ways, community: int) -> list[Outlet]:
    """10 kV from the street through the gate, along the last lane to the transformer."""
    entry, x = FABRICS["feeder"], spine_x(site, "feeder")
    corner = transformer(site)
    y = site.lane_of(site.rows - 1) - 3.1
    box = draft.node("feeder", (corner[0] + 1.7, corner[1] + 2.8), community, community, CABINET, entry.depth)
    bend = draft.node("feeder", (corner[0] + 1.7, y), community, community, entry.hub_role, entry.depth)
    draft.segment("feeder", box, bend)
    last = draft.node("feeder", (x, y), community, community, entry.hub_role, entry.depth)
    draft.stretch("feeder", bend, last, row=site.rows - 1)
    if site.gate == "N":
        top = draft.node(
            "feeder", (x, main_y(site, "telecom", 0)), community, community, STRAIGHT, entry.depth
        )
        draft.stretch("feeder", last, top)
        last = top
    return [_way_out(draft, site, frames, ways, community, "feeder", last, entry.depth)]


def _trunk(draft: Draft, ground: int, ways: Ways, outlets: list[Outlet], fabric: str, street: int) -> None:
    """The main under a street, from the first courtyard that joins it to the last, falling eastward."""
    if len(outlets) < 2:
        return
    entry = FABRICS[fabric]
    line = shapely.LineString(shapely.get_coordinates(ways.lines[street]) + entry.street * ways.across)
    joins = shapely.points(np.array([o.xy for o in outlets]))
    at: Floats = np.asarray(shapely.line_locate_point(line, joins))
    order = np.argsort(at, kind="stable")
    behind: int | None = None
    station = 0.0
    for place in order:
        node, here = outlets[place].node, float(at[place])
        if behind is not None and here - station < _JOINED:
            draft.merge(node, behind)
            continue
        if behind is not None:
            pieces = max(1, int(np.ceil((here - station) / LONGEST)))
            for step in range(1, pieces):
                xy = shapely.get_coordinates(line.interpolate(station + (here - station) * step / pieces))[0]
                depth = draft.node_depth[behind]
                role = entry.gate_role if entry.slope else STRAIGHT
                middle = draft.node(fabric, xy, ground, STREET, role, depth)
                draft.segment(fabric, behind, middle, trunk=True, street=street)
                behind = middle
            draft.segment(fabric, behind, node, trunk=True, street=street)
        behind, station = node, here


def add_relics(rng: np.random.Generator, draft: Draft, sites: Sequence[Site]) -> None:
    """Lines that were left in the ground years ago: one stub in every third courtyard or so."""
    for community, site in enumerate(sites):
        if rng.random() > 0.36:
            continue
        fabric = str(rng.choice(["water", "telecom", "gas"]))
        y = site.south_of(0) - ROW_LANE - 1.4
        west, east = SIDE, site.spine - 6.0 if site.columns > 1 else site.width - SIDE
        if site.columns == 1:
            west = site.spine + 6.0
        ends = [(west + float(rng.uniform(0, 6)), y), (east - float(rng.uniform(2, 10)), y)]
        depth = _depth(rng, FABRICS[fabric])
        nodes = [draft.node(fabric, xy, community, community, END, depth) for xy in ends]
        draft.segment(fabric, nodes[0], nodes[1], row=0, state="abandoned")


def ways_of(grid: Grid, gates: Sequence[int]) -> Ways:
    """The streets of ``grid`` in the CRS and which of them each gate opens to (``gates``: by row edge)."""
    lines = grid.axes.place(
        [street.line for street in grid.streets], np.zeros(len(grid.streets), dtype=np.int64)
    )
    by_row = {street.row: place for place, street in enumerate(grid.streets) if street.row is not None}
    angle = float(grid.axes.angle[0])
    return Ways(tuple(by_row[row] for row in gates), tuple(lines), np.array([-np.sin(angle), np.cos(angle)]))
