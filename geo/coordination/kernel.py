"""Machine code for near pairs: exact segment distances over a uniform grid, attributes before distance."""

import numpy as np
import numpy.typing as npt

from geo.coordination.chains import Bools, Floats, Ints
from geo.coordination.jit import jit

Small = npt.NDArray[np.int32]
Boxes = npt.NDArray[np.int32]
Traits = npt.NDArray[np.int64]
Bytes = npt.NDArray[np.int8]

POINT, DOT = 2, 1
# boxes are whole numbers of the grid's smallest step, which is its extent divided by this
STEPS = 2.0**29
# a tile is 2^TILE cells wide and high
TILE = 4
TILE_MASK = (1 << TILE) - 1


@jit
def gap2(ax: float, ay: float, bx: float, by: float, cx: float, cy: float, dx: float, dy: float) -> float:
    """Squared distance of the segments ab and cd; 0 where they cross."""
    ux, uy, vx, vy = bx - ax, by - ay, dx - cx, dy - cy
    wx, wy = cx - ax, cy - ay
    cross = ux * vy - uy * vx
    if cross != 0.0:
        s = (wx * vy - wy * vx) / cross
        t = (wx * uy - wy * ux) / cross
        if 0.0 <= s <= 1.0 and 0.0 <= t <= 1.0:
            return 0.0
    best = spot2(ax, ay, cx, cy, vx, vy)
    best = min(best, spot2(bx, by, cx, cy, vx, vy))
    best = min(best, spot2(cx, cy, ax, ay, ux, uy))
    return min(best, spot2(dx, dy, ax, ay, ux, uy))


@jit
def spot2(px: float, py: float, ax: float, ay: float, ux: float, uy: float) -> float:
    """Squared distance of the point p from the segment that starts in a and runs along u."""
    wx, wy = px - ax, py - ay
    length2 = ux * ux + uy * uy
    if length2 > 0.0:
        t = (wx * ux + wy * uy) / length2
        if t >= 1.0:
            wx, wy = wx - ux, wy - uy
        elif t > 0.0:
            off = wx * uy - wy * ux
            return off * off / length2
    return wx * wx + wy * wy


@jit
def segments(xy: Floats, part: Ints, shape: Ints) -> tuple[Small, Small, Bytes, Floats]:
    """First vertex of every segment, the geometry of each, its form, and a summary.

    The form is ``POINT`` for a point, ``DOT`` for a line that never leaves its first vertex, else 0. The
    summary: least x and y, greatest x and y, mean extent of a segment.
    """
    count = 0
    for p in range(len(part) - 1):
        count += max(part[p + 1] - part[p] - 1, 1)
    vertex = np.empty(count, dtype=np.int32)
    owner = np.empty(count, dtype=np.int32)
    form = np.zeros(count, dtype=np.int8)
    west, south, east, north, extent = np.inf, np.inf, -np.inf, -np.inf, 0.0
    k = 0
    for g in range(len(shape) - 1):
        for p in range(shape[g], shape[g + 1]):
            low, high = part[p], part[p + 1]
            kind = POINT if high - low == 1 else DOT
            first = k
            for v in range(low, max(high - 1, low + 1)):
                w = min(v + 1, high - 1)
                x0, y0, x1, y1 = xy[v, 0], xy[v, 1], xy[w, 0], xy[w, 1]
                west, south = min(west, x0, x1), min(south, y0, y1)
                east, north = max(east, x0, x1), max(north, y0, y1)
                extent += max(abs(x1 - x0), abs(y1 - y0))
                vertex[k] = v
                owner[k] = g
                if x0 != x1 or y0 != y1:
                    kind = 0
                k += 1
            form[first:k] = kind
    return vertex, owner, form, np.array([west, south, east, north, extent / max(k, 1)])


@jit
def spread(xy: Floats, v: int, form: int, piece: int, grid: Floats) -> tuple[int, float, float, float, float]:
    """Into how many pieces a segment is cut, and the widened box of one of them, in steps of the grid.

    No piece is much longer than a cell. ``grid``: west, south, cells per step, columns, rows, pad in
    steps, steps per metre.
    """
    w = v if form == POINT else v + 1
    scale, pad = grid[6], grid[5]
    x0, y0 = (xy[v, 0] - grid[0]) * scale, (xy[v, 1] - grid[1]) * scale
    x1, y1 = (xy[w, 0] - grid[0]) * scale, (xy[w, 1] - grid[1]) * scale
    count = int(max(abs(x1 - x0), abs(y1 - y0)) * grid[2] / 1.5) + 1
    if count > 1:
        dx, dy = (x1 - x0) / count, (y1 - y0) / count
        x0, y0 = x0 + piece * dx, y0 + piece * dy
        x1, y1 = x0 + dx, y0 + dy
    return count, min(x0, x1) - pad, min(y0, y1) - pad, max(x0, x1) + pad, max(y0, y1) + pad


@jit
def cell_of(column: int, row: int, grid: Floats, size: int) -> int:
    """The bucket of a cell. Cells are numbered tile by tile, so that what is near lies near in memory."""
    tile = (row >> TILE) * (((int(grid[3]) - 1) >> TILE) + 1) + (column >> TILE)
    key = (tile << 2 * TILE) + ((row & TILE_MASK) << TILE) + (column & TILE_MASK)
    return key if key < size else key % size


@jit
def cells(xy: Floats, vertex: Small, form: Bytes, grid: Floats, size: int, first: int, last: int) -> Small:
    """How many boxes of the segments ``first:last`` each bucket gets; cells wrap at ``size`` buckets."""
    each, columns, rows = grid[2], int(grid[3]), int(grid[4])
    counts = np.zeros(size, dtype=np.int32)
    for k in range(first, last):
        count = 1
        piece = 0
        while piece < count:
            count, west, south, east, north = spread(xy, vertex[k], form[k], piece, grid)
            c0, c1 = max(int(west * each), 0), min(int(east * each), columns - 1)
            r0, r1 = max(int(south * each), 0), min(int(north * each), rows - 1)
            for r in range(r0, r1 + 1):
                for c in range(c0, c1 + 1):
                    counts[cell_of(c, r, grid, size)] += 1
            piece += 1
    return counts


@jit
def bucket(
    xy: Floats,
    vertex: Small,
    form: Bytes,
    grid: Floats,
    at: Ints,
    boxes: Boxes,
    first: int,
    last: int,
) -> None:
    """Write the boxes of the segments ``first:last`` into ``boxes``, each at the next place of its bucket.

    ``at`` holds the next place of every bucket and is moved on. A box is west, south, east, north, segment
    and flag: the last column is four times the segment, plus 1 where the cell is the first column of the box,
    plus 2 where it is its first row.
    """
    each, columns, rows, size = grid[2], int(grid[3]), int(grid[4]), len(at)
    for k in range(first, last):
        count = 1
        piece = 0
        while piece < count:
            count, west, south, east, north = spread(xy, vertex[k], form[k], piece, grid)
            c0, c1 = max(int(west * each), 0), min(int(east * each), columns - 1)
            r0, r1 = max(int(south * each), 0), min(int(north * each), rows - 1)
            for r in range(r0, r1 + 1):
                for c in range(c0, c1 + 1):
                    key = cell_of(c, r, grid, size)
                    place = at[key]
                    boxes[place, 0], boxes[place, 1] = int(west) - 1, int(south) - 1
                    boxes[place, 2], boxes[place, 3] = int(east) + 1, int(north) + 1
                    boxes[place, 4] = 4 * k + (1 if c == c0 else 0) + (2 if r == r0 else 0)
                    at[key] = place + 1
            piece += 1


@jit
def search(  # noqa: C901 (the loops of a kernel stand in one place)
    a_xy: Floats,
    a_vertex: Small,
    a_shape: Small,
    a_form: Bytes,
    a_traits: Traits,
    a_margin: Floats,
    a_start: Ints,
    a_boxes: Boxes,
    b_xy: Floats,
    b_vertex: Small,
    b_shape: Small,
    b_form: Bytes,
    b_traits: Traits,
    b_margin: Floats,
    b_start: Ints,
    b_boxes: Boxes,
    reach: Floats,
    band: float,
    itself: bool,
    first_cell: int,
    last_cell: int,
) -> tuple[Ints, Ints, Bools]:
    """Pairs (i, j) whose distance is at most the reach of their groups plus both margins; some come twice.

    Only the cells from ``first_cell`` up to, not with, ``last_cell`` are looked at.

    The traits of a geometry are its owner, the first and last day of its window, and its group. ``sure`` is
    false where the distance is within ``band`` of that limit. Pairs of one owner (codes below zero
    are nobody), of windows that do not overlap and of a negative reach are dropped before any distance.
    """
    out_i, out_j = np.empty(4096, dtype=np.int64), np.empty(4096, dtype=np.int64)
    out_sure = np.empty(4096, dtype=np.bool_)
    count = 0
    recent = np.full(1 << 14, -1, dtype=np.int64)
    others = len(b_margin)
    crowd = 1
    for cell in range(first_cell, last_cell):
        crowd = max(crowd, b_start[cell + 1] - b_start[cell] + 1)
    hits = np.empty(crowd, dtype=np.int64)
    for cell in range(first_cell, last_cell):
        for p in range(a_start[cell], a_start[cell + 1]):
            west, south, east, north = a_boxes[p, 0], a_boxes[p, 1], a_boxes[p, 2], a_boxes[p, 3]
            flag = a_boxes[p, 4] & 3
            met = 0
            # without branches: whether two boxes meet is a coin toss to the processor
            for q in range(p + 1 if itself else b_start[cell], b_start[cell + 1]):
                apart = (b_boxes[q, 0] > east) | (b_boxes[q, 2] < west)
                apart |= (b_boxes[q, 1] > north) | (b_boxes[q, 3] < south)
                apart |= ((flag | b_boxes[q, 4]) & 3) != 3
                hits[met] = q
                met += 1 - apart
            for at in range(met):
                q = hits[at]
                k, t = a_boxes[p, 4] >> 2, b_boxes[q, 4] >> 2
                i, j = np.int64(a_shape[k]), np.int64(b_shape[t])
                if itself:
                    if i == j:
                        continue
                    if i > j:
                        i, j, k, t = j, i, t, k
                if a_traits[i, 1] > b_traits[j, 2] or b_traits[j, 1] > a_traits[i, 2]:
                    continue
                if a_traits[i, 0] == b_traits[j, 0] and a_traits[i, 0] >= 0:
                    continue
                limit = reach[a_traits[i, 3], b_traits[j, 3]]
                if limit < 0.0:
                    continue
                # as GEOS has it: a line of no length is near to points and areas, never to lines
                if (a_form[k] == DOT and b_form[t] != POINT) or (b_form[t] == DOT and a_form[k] != POINT):
                    continue
                pair = 2 * (i * others + j)
                slot = (pair * 0x9E3779B1 >> 7) & (len(recent) - 1)
                if recent[slot] == pair + 1:
                    continue
                limit += a_margin[i] + b_margin[j]
                v, u = a_vertex[k], b_vertex[t]
                w, z = (v if a_form[k] == POINT else v + 1), (u if b_form[t] == POINT else u + 1)
                far2 = gap2(
                    a_xy[v, 0], a_xy[v, 1], a_xy[w, 0], a_xy[w, 1],
                    b_xy[u, 0], b_xy[u, 1], b_xy[z, 0], b_xy[z, 1],
                )  # fmt: skip
                if far2 > (limit + band) * (limit + band):
                    continue
                sure = limit > band and far2 < (limit - band) * (limit - band)
                if not sure and recent[slot] == pair:
                    continue
                recent[slot] = pair + (1 if sure else 0)
                if count == len(out_i):
                    out_i, out_j, out_sure = grown(out_i), grown(out_j), grown_bool(out_sure)
                out_i[count], out_j[count], out_sure[count] = i, j, sure
                count += 1
    return out_i[:count], out_j[:count], out_sure[:count]


@jit
def grown(values: Ints) -> Ints:
    out = np.empty(2 * len(values), dtype=np.int64)
    out[: len(values)] = values
    return out


@jit
def grown_bool(values: Bools) -> Bools:
    out = np.empty(2 * len(values), dtype=np.bool_)
    out[: len(values)] = values
    return out
