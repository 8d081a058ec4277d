"""Machine code for near pairs: exact segment distances over a uniform grid, attributes before distance."""

import numpy as np
import numpy.typing as npt

from geo.coordination.chains import Bools, Floats, Ints
from geo.coordination.jit import jit

Singles = npt.NDArray[np.float32]
Small = npt.NDArray[np.int32]
Bytes = npt.NDArray[np.int8]

POINT, DOT = 2, 1


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
def segments(xy: Floats, part: Ints, shape: Ints) -> tuple[Floats, Ints, Bytes, Floats]:
    """Ends (m, 4) of every segment, the geometry of each, its form, and a summary.

    The form is ``POINT`` for a point, ``DOT`` for a line that never leaves its first vertex, else 0. The summary:
    least x and y, greatest x and y, mean extent of a segment.
    """
    count = 0
    for p in range(len(part) - 1):
        count += max(part[p + 1] - part[p] - 1, 1)
    ends = np.empty((count, 4), dtype=np.float64)
    owner = np.empty(count, dtype=np.int64)
    form = np.zeros(count, dtype=np.int8)
    west, south, east, north, extent = np.inf, np.inf, -np.inf, -np.inf, 0.0
    k = 0
    for g in range(len(shape) - 1):
        for p in range(shape[g], shape[g + 1]):
            low, high = part[p], part[p + 1]
            shape_of = POINT if high - low == 1 else DOT
            first = k
            for v in range(low, max(high - 1, low + 1)):
                w = min(v + 1, high - 1)
                x0, y0, x1, y1 = xy[v, 0], xy[v, 1], xy[w, 0], xy[w, 1]
                west, south = min(west, x0, x1), min(south, y0, y1)
                east, north = max(east, x0, x1), max(north, y0, y1)
                extent += max(abs(x1 - x0), abs(y1 - y0))
                ends[k, 0], ends[k, 1], ends[k, 2], ends[k, 3] = x0, y0, x1, y1
                owner[k] = g
                if x0 != x1 or y0 != y1:
                    shape_of = 0
                k += 1
            form[first:k] = shape_of
    return ends, owner, form, np.array([west, south, east, north, extent / max(k, 1)])


@jit
def pieces(x0: float, y0: float, x1: float, y1: float, cell: float) -> int:
    """Into how many pieces a segment is cut so that none is much longer than a cell."""
    return int(max(abs(x1 - x0), abs(y1 - y0)) / (1.5 * cell)) + 1


@jit
def box(ends: Floats, k: int, piece: int, count: int, grid: Floats) -> tuple[float, float, float, float]:
    """The widened box of one piece of segment k, from the grid's corner."""
    west, south, pad = grid[0], grid[1], grid[5]
    x0, y0 = ends[k, 0] - west, ends[k, 1] - south
    x1, y1 = ends[k, 2] - west, ends[k, 3] - south
    if count > 1:
        dx, dy = (x1 - x0) / count, (y1 - y0) / count
        x0, y0 = x0 + piece * dx, y0 + piece * dy
        x1, y1 = x0 + dx, y0 + dy
    return min(x0, x1) - pad, min(y0, y1) - pad, max(x0, x1) + pad, max(y0, y1) + pad


@jit
def bucket(ends: Floats, grid: Floats, size: int) -> tuple[Ints, Singles, Small, Small]:
    """The grid's cells as runs ``start[c]:start[c+1]`` of boxes, segments and corner flags.

    ``grid`` is west, south, cell, columns, rows, pad; cells wrap at ``size``. The flag is 1 where the cell is
    the first column of the box, 2 where it is its first row, 3 where it is both.
    """
    cell, columns, rows = grid[2], int(grid[3]), int(grid[4])
    each = 1.0 / cell
    start = np.zeros(size + 1, dtype=np.int64)
    for k in range(len(ends)):
        count = pieces(ends[k, 0], ends[k, 1], ends[k, 2], ends[k, 3], cell)
        for piece in range(count):
            west, south, east, north = box(ends, k, piece, count, grid)
            c0, c1 = max(int(west * each), 0), min(int(east * each), columns - 1)
            r0, r1 = max(int(south * each), 0), min(int(north * each), rows - 1)
            for r in range(r0, r1 + 1):
                for c in range(c0, c1 + 1):
                    start[(r * columns + c) % size + 1] += 1
    for c in range(size):
        start[c + 1] += start[c]
    total = start[size]
    boxes = np.empty((total, 4), dtype=np.float32)
    segment = np.empty(total, dtype=np.int32)
    flag = np.empty(total, dtype=np.int32)
    place = start[:-1].copy()
    for k in range(len(ends)):
        count = pieces(ends[k, 0], ends[k, 1], ends[k, 2], ends[k, 3], cell)
        for piece in range(count):
            west, south, east, north = box(ends, k, piece, count, grid)
            c0, c1 = max(int(west * each), 0), min(int(east * each), columns - 1)
            r0, r1 = max(int(south * each), 0), min(int(north * each), rows - 1)
            for r in range(r0, r1 + 1):
                for c in range(c0, c1 + 1):
                    key = (r * columns + c) % size
                    at = place[key]
                    boxes[at, 0], boxes[at, 1], boxes[at, 2], boxes[at, 3] = west, south, east, north
                    segment[at] = k
                    flag[at] = (1 if c == c0 else 0) + (2 if r == r0 else 0)
                    place[key] = at + 1
    return start, boxes, segment, flag


@jit
def search(
    a_ends: Floats,
    a_shape: Ints,
    a_form: Bytes,
    a_owner: Ints,
    a_from: Ints,
    a_to: Ints,
    a_group: Ints,
    a_margin: Floats,
    a_start: Ints,
    a_boxes: Singles,
    a_segment: Small,
    a_flag: Small,
    b_ends: Floats,
    b_shape: Ints,
    b_form: Bytes,
    b_owner: Ints,
    b_from: Ints,
    b_to: Ints,
    b_group: Ints,
    b_margin: Floats,
    b_start: Ints,
    b_boxes: Singles,
    b_segment: Small,
    b_flag: Small,
    reach: Floats,
    band: float,
    itself: bool,
    first_cell: int,
    last_cell: int,
) -> tuple[Ints, Ints, Bools]:
    """Pairs (i, j) whose distance is at most the reach of their groups plus both margins; some come twice.

    Only the cells from ``first_cell`` up to, not with, ``last_cell`` are looked at.

    ``sure`` is false where the distance is within ``band`` of that limit. Pairs of one owner (codes below zero
    are nobody), of windows that do not overlap and of a negative reach are dropped before any distance.
    """
    out_i, out_j = np.empty(4096, dtype=np.int64), np.empty(4096, dtype=np.int64)
    out_sure = np.empty(4096, dtype=np.bool_)
    count = 0
    recent = np.full(1 << 14, -1, dtype=np.int64)
    others = len(b_owner)
    crowd = 1
    for cell in range(first_cell, last_cell):
        crowd = max(crowd, b_start[cell + 1] - b_start[cell] + 1)
    hits = np.empty(crowd, dtype=np.int64)
    for cell in range(first_cell, last_cell):
        for p in range(a_start[cell], a_start[cell + 1]):
            west, south, east, north = a_boxes[p, 0], a_boxes[p, 1], a_boxes[p, 2], a_boxes[p, 3]
            flag = a_flag[p]
            met = 0
            # without branches: whether two boxes meet is a coin toss to the processor
            for q in range(p + 1 if itself else b_start[cell], b_start[cell + 1]):
                apart = (b_boxes[q, 0] > east) | (b_boxes[q, 2] < west)
                apart |= (b_boxes[q, 1] > north) | (b_boxes[q, 3] < south)
                apart |= (flag | b_flag[q]) != 3
                hits[met] = q
                met += 1 - apart
            for at in range(met):
                q = hits[at]
                k, t = a_segment[p], b_segment[q]
                i, j = a_shape[k], b_shape[t]
                if itself:
                    if i == j:
                        continue
                    if i > j:
                        i, j, k, t = j, i, t, k
                if a_owner[i] == b_owner[j] and a_owner[i] >= 0:
                    continue
                if a_from[i] > b_to[j] or b_from[j] > a_to[i]:
                    continue
                limit = reach[a_group[i], b_group[j]]
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
                far2 = gap2(
                    a_ends[k, 0], a_ends[k, 1], a_ends[k, 2], a_ends[k, 3],
                    b_ends[t, 0], b_ends[t, 1], b_ends[t, 2], b_ends[t, 3],
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
