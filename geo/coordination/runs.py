"""Machine code for pairs already found: the exact stretches that are too near."""

import math

import numpy as np

from geo.coordination.chains import Floats, Ints
from geo.coordination.jit import jit

# distances that differ by less are the same place
TIE_M = 1e-9


@jit
def bounds_of(xy: Floats, part: Ints, shape: Ints, g: int) -> tuple[float, float, float, float]:
    west, south, east, north = np.inf, np.inf, -np.inf, -np.inf
    for v in range(part[shape[g]], part[shape[g + 1]]):
        west, south = min(west, xy[v, 0]), min(south, xy[v, 1])
        east, north = max(east, xy[v, 0]), max(north, xy[v, 1])
    return west, south, east, north


@jit
def stretches(  # noqa: C901 (the loops of a kernel stand in one place)
    a_xy: Floats, a_part: Ints, a_shape: Ints, b_xy: Floats, b_part: Ints, b_shape: Ints, b_areal: Ints,
    i: Ints, j: Ints, radius: Floats, disc_start: Ints, discs: Floats,
) -> tuple[Floats, Ints, Ints, Floats]:  # fmt: skip
    """The stretches of lines i nearer than ``radius`` to j, less the discs (x, y, r) of the pair.

    Gives per pair length, least distance on the stretches (infinite where there are none), x and y of the
    worst place; the pair of each stretch, the offsets of its vertices, and the vertices.
    """
    result = np.zeros((len(i), 4))
    of, offset, xy = np.empty(256, dtype=np.int64), np.zeros(257, dtype=np.int64), np.empty((1024, 2))
    runs = np.empty((64, 2))
    pieces, points = 0, 0
    for p in range(len(i)):
        result[p, 1] = np.inf
        r = radius[p]
        west, south, east, north = bounds_of(b_xy, b_part, b_shape, j[p])
        for m in range(a_shape[i[p]], a_shape[i[p] + 1]):
            joined = False
            low, high = a_part[m], a_part[m + 1]
            for v in range(low, max(high - 1, low + 1)):
                w = min(v + 1, high - 1)
                ax, ay, bx, by = a_xy[v, 0], a_xy[v, 1], a_xy[w, 0], a_xy[w, 1]
                if (
                    max(ax, bx) < west - r
                    or min(ax, bx) > east + r
                    or max(ay, by) < south - r
                    or min(ay, by) > north + r
                ):
                    joined = False
                    continue
                count, runs = near_runs(ax, ay, bx, by, b_xy, b_part, b_shape, b_areal[j[p]], j[p], r, runs)
                count, runs = cut(ax, ay, bx, by, runs, count, discs, disc_start[p], disc_start[p + 1])
                size = math.hypot(bx - ax, by - ay)
                for k in range(count):
                    t0, t1 = runs[k, 0], runs[k, 1]
                    if (t1 - t0) * size <= TIE_M and size > 0.0:
                        continue
                    x0, y0 = ax + t0 * (bx - ax), ay + t0 * (by - ay)
                    x1, y1 = ax + t1 * (bx - ax), ay + t1 * (by - ay)
                    least, wx, wy = worst(x0, y0, x1, y1, b_xy, b_part, b_shape, b_areal[j[p]], j[p])
                    if least < result[p, 1] - TIE_M:
                        result[p, 1], result[p, 2], result[p, 3] = least, wx, wy
                    if size == 0.0:
                        continue
                    result[p, 0] += (t1 - t0) * size
                    if points + 2 > len(xy):
                        xy = longer_rows(xy)
                    if not (joined and t0 == 0.0):
                        if pieces == len(of):
                            of, offset = longer(of), longer(offset)
                        of[pieces] = p
                        offset[pieces] = points
                        pieces += 1
                        xy[points, 0], xy[points, 1] = x0, y0
                        points += 1
                    xy[points, 0], xy[points, 1] = x1, y1
                    points += 1
                    joined = t1 == 1.0
                if count == 0:
                    joined = False
    if pieces + 1 > len(offset):
        offset = longer(offset)
    offset[pieces] = points
    return result, of[:pieces], offset[: pieces + 1], xy[:points]


@jit
def near_runs(
    ax: float, ay: float, bx: float, by: float, xy: Floats, part: Ints, shape: Ints, areal: int, g: int,
    r: float, runs: Floats,
) -> tuple[int, Floats]:  # fmt: skip
    """Merged parameters (from, to) at which the segment ab is at most ``r`` from geometry g."""
    count = 0
    for m in range(shape[g], shape[g + 1]):
        low, high = part[m], part[m + 1]
        for v in range(low, max(high - 1, low + 1)):
            w = min(v + 1, high - 1)
            cx, cy, dx, dy = xy[v, 0], xy[v, 1], xy[w, 0], xy[w, 1]
            if max(ax, bx) < min(cx, dx) - r or min(ax, bx) > max(cx, dx) + r:
                continue
            if max(ay, by) < min(cy, dy) - r or min(ay, by) > max(cy, dy) + r:
                continue
            t0, t1 = within(ax, ay, bx, by, cx, cy, dx, dy, r)
            if t0 <= t1:
                if count + 2 > len(runs):
                    runs = longer_rows(runs)
                runs[count, 0], runs[count, 1] = t0, t1
                count += 1
    count = merge(runs, count)
    if areal == 1:
        if 2 * count + 2 > len(runs):
            runs = longer_rows(runs)
        count = fill(ax, ay, bx, by, xy, part, shape[g], shape[g + 1], runs, count)
    return count, runs


@jit
def within(
    ax: float, ay: float, bx: float, by: float, cx: float, cy: float, dx: float, dy: float, r: float
) -> tuple[float, float]:
    """Where the segment ab is at most ``r`` from cd: one interval, for distance to a segment is convex."""
    t0, t1 = ball(ax, ay, bx, by, cx, cy, r)
    s0, s1 = ball(ax, ay, bx, by, dx, dy, r)
    if s0 <= s1:
        t0, t1 = (min(t0, s0), max(t1, s1)) if t0 <= t1 else (s0, s1)
    ux, uy, vx, vy = bx - ax, by - ay, dx - cx, dy - cy
    size = math.hypot(vx, vy)
    if size > 0.0:
        vx, vy = vx / size, vy / size
        wx, wy = ax - cx, ay - cy
        s0, s1 = slab(wx * vx + wy * vy, ux * vx + uy * vy, 0.0, size)
        q0, q1 = slab(wx * vy - wy * vx, ux * vy - uy * vx, -r, r)
        s0, s1 = max(s0, q0), min(s1, q1)
        if s0 <= s1:
            t0, t1 = (min(t0, s0), max(t1, s1)) if t0 <= t1 else (s0, s1)
    return t0, t1


@jit
def slab(start: float, step: float, low: float, high: float) -> tuple[float, float]:
    """Parameters in 0..1 at which start + t * step lies in low..high; (1, 0) for none."""
    if step == 0.0:
        return (0.0, 1.0) if low <= start <= high else (1.0, 0.0)
    t0, t1 = (low - start) / step, (high - start) / step
    if t0 > t1:
        t0, t1 = t1, t0
    t0, t1 = max(t0, 0.0), min(t1, 1.0)
    return (t0, t1) if t0 <= t1 else (1.0, 0.0)


@jit
def ball(ax: float, ay: float, bx: float, by: float, cx: float, cy: float, r: float) -> tuple[float, float]:
    """Parameters in 0..1 at which the segment ab is at most ``r`` from the point c; (1, 0) for none."""
    ux, uy, wx, wy = bx - ax, by - ay, cx - ax, cy - ay
    size2 = ux * ux + uy * uy
    if size2 == 0.0:
        return (0.0, 1.0) if math.hypot(wx, wy) <= r else (1.0, 0.0)
    size = math.sqrt(size2)
    off = (wx * uy - wy * ux) / size
    if abs(off) > r:
        return 1.0, 0.0
    middle, half = (wx * ux + wy * uy) / size2, math.sqrt((r - off) * (r + off)) / size
    t0, t1 = max(middle - half, 0.0), min(middle + half, 1.0)
    return (t0, t1) if t0 <= t1 else (1.0, 0.0)


@jit
def merge(runs: Floats, count: int) -> int:
    """Sort the first ``count`` intervals and join those that meet; the number that is left."""
    for k in range(1, count):
        t0, t1 = runs[k, 0], runs[k, 1]
        at = k
        while at > 0 and runs[at - 1, 0] > t0:
            runs[at, 0], runs[at, 1] = runs[at - 1, 0], runs[at - 1, 1]
            at -= 1
        runs[at, 0], runs[at, 1] = t0, t1
    left = 0
    for k in range(count):
        if left > 0 and runs[k, 0] <= runs[left - 1, 1] + 1e-15:
            runs[left - 1, 1] = max(runs[left - 1, 1], runs[k, 1])
        else:
            runs[left, 0], runs[left, 1] = runs[k, 0], runs[k, 1]
            left += 1
    return left


@jit
def fill(
    ax: float, ay: float, bx: float, by: float, xy: Floats, part: Ints, low: int, high: int,
    runs: Floats, count: int,
) -> int:  # fmt: skip
    """Add the gaps between the intervals that lie inside the area: its boundary is in the intervals."""
    total = count
    for k in range(count + 1):
        t0 = runs[k - 1, 1] if k > 0 else 0.0
        t1 = runs[k, 0] if k < count else 1.0
        t = (t0 + t1) / 2.0
        if t0 <= t1 and inside(ax + t * (bx - ax), ay + t * (by - ay), xy, part, low, high):
            runs[total, 0], runs[total, 1] = t0, t1
            total += 1
    return merge(runs, total)


@jit
def cut(
    ax: float, ay: float, bx: float, by: float, runs: Floats, count: int, discs: Floats, low: int, high: int
) -> tuple[int, Floats]:
    """Take out of the intervals what lies in one of the discs."""
    for d in range(low, high):
        t0, t1 = ball(ax, ay, bx, by, discs[d, 0], discs[d, 1], discs[d, 2])
        if t0 > t1:
            continue
        kept = np.empty((count + 1, 2))
        left = 0
        for k in range(count):
            if runs[k, 0] < t0:
                kept[left, 0], kept[left, 1] = runs[k, 0], min(runs[k, 1], t0)
                left += 1
            if runs[k, 1] > t1:
                if left == len(kept):
                    kept = longer_rows(kept)
                kept[left, 0], kept[left, 1] = max(runs[k, 0], t1), runs[k, 1]
                left += 1
        while left > len(runs):
            runs = longer_rows(runs)
        runs[:left] = kept[:left]
        count = left
    return count, runs


@jit
def worst(
    ax: float, ay: float, bx: float, by: float, xy: Floats, part: Ints, shape: Ints, areal: int, g: int
) -> tuple[float, float, float]:
    """Least distance of the segment ab from geometry g, and the place on ab where it is reached.

    Where a parallel run is equally near all along, the middle of that run.
    """
    best, best_t = np.inf, 0.5
    for m in range(shape[g], shape[g + 1]):
        low, high = part[m], part[m + 1]
        for v in range(low, max(high - 1, low + 1)):
            w = min(v + 1, high - 1)
            far, t = closest(ax, ay, bx, by, xy[v, 0], xy[v, 1], xy[w, 0], xy[w, 1])
            if far < best - TIE_M:
                best, best_t = far, t
    x, y = (ax + bx) / 2.0, (ay + by) / 2.0
    if areal == 1 and best > 0.0 and inside(x, y, xy, part, shape[g], shape[g + 1]):
        best, best_t = 0.0, 0.5
    return best, ax + best_t * (bx - ax), ay + best_t * (by - ay)


@jit
def closest(
    ax: float, ay: float, bx: float, by: float, cx: float, cy: float, dx: float, dy: float
) -> tuple[float, float]:
    """Distance of the segments ab and cd, and the parameter on ab, the mean one where several are equal."""
    ux, uy, vx, vy = bx - ax, by - ay, dx - cx, dy - cy
    wx, wy = cx - ax, cy - ay
    cross = ux * vy - uy * vx
    if cross != 0.0:
        s, t = (wx * vy - wy * vx) / cross, (wx * uy - wy * ux) / cross
        if 0.0 <= s <= 1.0 and 0.0 <= t <= 1.0:
            return 0.0, s
    size2 = ux * ux + uy * uy
    of_a, of_b = spot(ax, ay, cx, cy, dx, dy), spot(bx, by, cx, cy, dx, dy)
    of_c, of_d = spot(cx, cy, ax, ay, bx, by), spot(dx, dy, ax, ay, bx, by)
    at_c, at_d = 0.0, 0.0
    if size2 > 0.0:
        at_c = min(max(((cx - ax) * ux + (cy - ay) * uy) / size2, 0.0), 1.0)
        at_d = min(max(((dx - ax) * ux + (dy - ay) * uy) / size2, 0.0), 1.0)
    best = min(min(of_a, of_b), min(of_c, of_d))
    least, most = 1.0, 0.0
    if of_a <= best + TIE_M:
        least, most = min(least, 0.0), max(most, 0.0)
    if of_b <= best + TIE_M:
        least, most = min(least, 1.0), max(most, 1.0)
    if of_c <= best + TIE_M:
        least, most = min(least, at_c), max(most, at_c)
    if of_d <= best + TIE_M:
        least, most = min(least, at_d), max(most, at_d)
    return best, (least + most) / 2.0


@jit
def spot(px: float, py: float, ax: float, ay: float, bx: float, by: float) -> float:
    """Distance of the point p from the segment ab."""
    ux, uy, wx, wy = bx - ax, by - ay, px - ax, py - ay
    size2 = ux * ux + uy * uy
    if size2 > 0.0:
        t = (wx * ux + wy * uy) / size2
        if t >= 1.0:
            return math.hypot(px - bx, py - by)
        if t > 0.0:
            return abs(wx * uy - wy * ux) / math.sqrt(size2)
    return math.hypot(wx, wy)


@jit
def inside(x: float, y: float, xy: Floats, part: Ints, low: int, high: int) -> bool:
    """Whether the point lies in the area bounded by the rings ``low:high`` (even-odd)."""
    odd = False
    for p in range(low, high):
        for v in range(part[p], part[p + 1] - 1):
            ya, yb = xy[v, 1], xy[v + 1, 1]
            if (ya > y) != (yb > y):
                across = xy[v, 0] + (y - ya) / (yb - ya) * (xy[v + 1, 0] - xy[v, 0])
                if across > x:
                    odd = not odd
    return odd


@jit
def longer(values: Ints) -> Ints:
    out = np.zeros(2 * len(values) + 1, dtype=np.int64)
    out[: len(values)] = values
    return out


@jit
def longer_rows(values: Floats) -> Floats:
    out = np.empty((2 * len(values) + 2, values.shape[1]))
    out[: len(values)] = values
    return out
