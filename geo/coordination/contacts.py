"""Machine code for pairs already found: where they cross or touch."""

import math

import numpy as np

from geo.coordination.chains import Floats, Ints
from geo.coordination.jit import jit


@jit
def touches(  # noqa: C901 (the loops of a kernel stand in one place)
    a_xy: Floats, a_part: Ints, a_shape: Ints, b_xy: Floats, b_part: Ints, b_shape: Ints,
    i: Ints, j: Ints, snap: float,
) -> tuple[Ints, Floats]:  # fmt: skip
    """Points where lines i and j cross or touch within ``snap`` metres: the pair of each, and its figures.

    Figures: x, y, sine of the angle, fraction of the length along a and along b, and 1 where the point is an
    end of a, of b. Stretches that run along each other give no point, but two ends that meet do.
    """
    pair = np.empty(256, dtype=np.int64)
    figures = np.empty((256, 7))
    count = 0
    for p in range(len(i)):
        whole_a = length_of(a_xy, a_part, a_shape, i[p])
        whole_b = length_of(b_xy, b_part, b_shape, j[p])
        west, south, east, north = bounds_of(b_xy, b_part, b_shape, j[p])
        first = count
        run_a = 0.0
        for m in range(a_shape[i[p]], a_shape[i[p] + 1]):
            for v in range(a_part[m], a_part[m + 1] - 1):
                ax, ay, bx, by = a_xy[v, 0], a_xy[v, 1], a_xy[v + 1, 0], a_xy[v + 1, 1]
                size_a = math.hypot(bx - ax, by - ay)
                off = max(ax, bx) < west - snap or min(ax, bx) > east + snap
                off = off or max(ay, by) < south - snap or min(ay, by) > north + snap
                run_b = 0.0
                if not off and size_a > 0.0:
                    for n in range(b_shape[j[p]], b_shape[j[p] + 1]):
                        for w in range(b_part[n], b_part[n + 1] - 1):
                            cx, cy, dx, dy = b_xy[w, 0], b_xy[w, 1], b_xy[w + 1, 0], b_xy[w + 1, 1]
                            size_b = math.hypot(dx - cx, dy - cy)
                            if size_b > 0.0:
                                s, t, sine = meet(ax, ay, bx, by, cx, cy, dx, dy, size_a, size_b, snap)
                                if sine >= 0.0:
                                    x, y = ax + s * (bx - ax), ay + s * (by - ay)
                                    at_a, at_b = run_a + s * size_a, run_b + t * size_b
                                    end_a = at_a <= snap or at_a >= whole_a - snap
                                    end_b = at_b <= snap or at_b >= whole_b - snap
                                    meets = sine > 0.0 or (end_a and end_b)
                                    if meets and not known(figures, first, count, x, y, sine, snap):
                                        if count == len(pair):
                                            pair, figures = longer(pair), longer_rows(figures)
                                        pair[count] = p
                                        figures[count, 0], figures[count, 1], figures[count, 2] = (
                                            x,
                                            y,
                                            sine,
                                        )
                                        figures[count, 3] = at_a / whole_a
                                        figures[count, 4] = at_b / whole_b
                                        figures[count, 5] = 1.0 if end_a else 0.0
                                        figures[count, 6] = 1.0 if end_b else 0.0
                                        count += 1
                            run_b += size_b
                run_a += size_a
    return pair[:count], figures[:count]


@jit
def meet(
    ax: float, ay: float, bx: float, by: float, cx: float, cy: float, dx: float, dy: float,
    size_a: float, size_b: float, snap: float,
) -> tuple[float, float, float]:  # fmt: skip
    """Fractions along ab and cd of the point where they meet, and the sine of their angle; sine -1: nowhere.

    Ends within ``snap`` of the other segment meet it. Two ends that meet and lead away from each other give
    sine 0 where they go straight on: the joint of two pieces of one line.
    """
    ux, uy, vx, vy = bx - ax, by - ay, dx - cx, dy - cy
    cross = ux * vy - uy * vx
    sine = abs(cross) / (size_a * size_b)
    slack_a, slack_b = snap / size_a, snap / size_b
    if sine > 1e-6:
        wx, wy = cx - ax, cy - ay
        s, t = (wx * vy - wy * vx) / cross, (wx * uy - wy * ux) / cross
        if -slack_a <= s <= 1.0 + slack_a and -slack_b <= t <= 1.0 + slack_b:
            return min(max(s, 0.0), 1.0), min(max(t, 0.0), 1.0), min(sine, 1.0)
    for e in range(4):
        px, py = (ax, ay) if e < 2 else (bx, by)
        qx, qy = (cx, cy) if e % 2 == 0 else (dx, dy)
        if math.hypot(px - qx, py - qy) <= snap:
            away = (ux * vx + uy * vy) * (1.0 if e < 2 else -1.0) * (1.0 if e % 2 == 0 else -1.0)
            s, t = (0.0 if e < 2 else 1.0), (0.0 if e % 2 == 0 else 1.0)
            if sine > 1e-6:
                return s, t, sine
            return s, t, (0.0 if away <= 0.0 else -1.0)
    return 0.0, 0.0, -1.0


@jit
def known(figures: Floats, low: int, high: int, x: float, y: float, sine: float, snap: float) -> bool:
    """Whether the place is there already; the flattest angle at a place is the one that is kept."""
    for k in range(low, high):
        if math.hypot(figures[k, 0] - x, figures[k, 1] - y) <= snap:
            if 0.0 < sine < figures[k, 2]:
                figures[k, 2] = sine
            return True
    return False


@jit
def nearest(xy: Floats, part: Ints, shape: Ints, rows: Ints, points: Floats) -> Floats:
    """The place on each of the lines ``rows`` that is nearest to its point, as GEOS computes it."""
    out = np.full((len(rows), 2), np.nan)
    for k in range(len(rows)):
        x, y = points[k, 0], points[k, 1]
        best = np.inf
        for m in range(shape[rows[k]], shape[rows[k] + 1]):
            for v in range(part[m], part[m + 1] - 1):
                ax, ay, bx, by = xy[v, 0], xy[v, 1], xy[v + 1, 0], xy[v + 1, 1]
                ux, uy = bx - ax, by - ay
                size2 = ux * ux + uy * uy
                t = ((x - ax) * ux + (y - ay) * uy) / size2 if size2 > 0.0 else 0.0
                begin = math.sqrt((x - ax) * (x - ax) + (y - ay) * (y - ay))
                end = math.sqrt((x - bx) * (x - bx) + (y - by) * (y - by))
                if 0.0 < t < 1.0:
                    far = abs(((ay - y) * ux - (ax - x) * uy) / size2) * math.sqrt(size2)
                else:
                    far = begin if t <= 0.0 else end
                if far < best:
                    best = far
                    if begin == 0.0 or end == 0.0:
                        out[k, 0], out[k, 1] = x, y
                    elif 0.0 < t < 1.0:
                        out[k, 0], out[k, 1] = ax + t * ux, ay + t * uy
                    elif begin < end:
                        out[k, 0], out[k, 1] = ax, ay
                    else:
                        out[k, 0], out[k, 1] = bx, by
    return out


@jit
def gaps(xy: Floats, part: Ints, shape: Ints, areal: Ints, rows: Ints, points: Floats) -> Floats:
    """The distance of each point from the geometry ``rows`` of it, 0 inside an area, as GEOS computes it."""
    out = np.full(len(rows), np.inf)
    for k in range(len(rows)):
        x, y = points[k, 0], points[k, 1]
        odd = False
        for m in range(shape[rows[k]], shape[rows[k] + 1]):
            for v in range(part[m], max(part[m + 1] - 1, part[m] + 1)):
                w = min(v + 1, part[m + 1] - 1)
                ax, ay, bx, by = xy[v, 0], xy[v, 1], xy[w, 0], xy[w, 1]
                ux, uy = bx - ax, by - ay
                size2 = ux * ux + uy * uy
                t = ((x - ax) * ux + (y - ay) * uy) / size2 if size2 > 0.0 else 0.0
                if t <= 0.0:
                    far = math.sqrt((x - ax) * (x - ax) + (y - ay) * (y - ay))
                elif t >= 1.0:
                    far = math.sqrt((x - bx) * (x - bx) + (y - by) * (y - by))
                else:
                    far = abs(((ay - y) * ux - (ax - x) * uy) / size2) * math.sqrt(size2)
                out[k] = min(out[k], far)
                if (ay > y) != (by > y) and ax + (y - ay) / (by - ay) * ux > x:
                    odd = not odd
        if odd and areal[rows[k]] == 1:
            out[k] = 0.0
    return out


@jit
def length_of(xy: Floats, part: Ints, shape: Ints, g: int) -> float:
    total = 0.0
    for m in range(shape[g], shape[g + 1]):
        for v in range(part[m], part[m + 1] - 1):
            total += math.hypot(xy[v + 1, 0] - xy[v, 0], xy[v + 1, 1] - xy[v, 1])
    return total


@jit
def bounds_of(xy: Floats, part: Ints, shape: Ints, g: int) -> tuple[float, float, float, float]:
    west, south, east, north = np.inf, np.inf, -np.inf, -np.inf
    for v in range(part[shape[g]], part[shape[g + 1]]):
        west, south = min(west, xy[v, 0]), min(south, xy[v, 1])
        east, north = max(east, xy[v, 0]), max(north, xy[v, 1])
    return west, south, east, north


# As in ``runs``: a module that ``machine`` runs uncompiled can call no compiled function of another.
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
