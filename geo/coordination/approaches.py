"""Machine code for approaches: the pairs of lines for which a place where two lines cross counts."""

import math

import numpy as np
import numpy.typing as npt

from geo.coordination.chains import Floats, Ints
from geo.coordination.jit import jit

Small = npt.NDArray[np.int32]


@jit
def approaches(
    first: Ints, second: Ints, at: Floats, reach: Floats, begin: Ints, following: Ints,
    xy: Floats, part: Ints, shape: Ints, start: Ints, other: Ints, pair: Ints,
) -> tuple[Ints, Ints]:  # fmt: skip
    """Pairs of lines for which a place counts, and the number of that place; some come twice.

    At place n the lines ``first[n]`` and ``second[n]`` meet. Each goes on in the segments
    ``following[begin[k]:begin[k + 1]]`` of line k, those in theirs, as long as they are at most ``reach[n]``
    metres from the place. The pairs of line k are ``pair[start[k]:start[k + 1]]``, with the lines ``other``.
    """
    count = 0
    out, of = np.empty(1024, dtype=np.int64), np.empty(1024, dtype=np.int64)
    lines = len(shape) - 1
    mine, theirs = np.empty(64, dtype=np.int64), np.empty(64, dtype=np.int64)
    in_mine, in_theirs = np.full(lines, -1, dtype=np.int32), np.full(lines, -1, dtype=np.int32)
    for n in range(len(first)):
        left, mine = spread(first[n], at, n, reach[n], begin, following, xy, part, shape, in_mine, mine)
        asked = 0
        for k in range(left):
            asked += start[mine[k] + 1] - start[mine[k]]
        if asked == 0:
            continue
        _, theirs = spread(second[n], at, n, reach[n], begin, following, xy, part, shape, in_theirs, theirs)
        for k in range(left):
            for p in range(start[mine[k]], start[mine[k] + 1]):
                if in_theirs[other[p]] == n:
                    if count == len(out):
                        out, of = longer(out), longer(of)
                    out[count], of[count] = pair[p], n
                    count += 1
    return out[:count], of[:count]


@jit
def goes_on(cells: Ints, series: Ints) -> tuple[Ints, Ints]:
    """In which lines each line goes on: ``following[begin[k]:begin[k + 1]]`` for line k.

    ``cells`` (n, 4) are the cells of each line's start and end; lines go on in others of their series.
    """
    knot, knots = knotted(cells, series)
    lines = len(series)
    at = np.zeros(knots + 1, dtype=np.int64)
    for k in range(len(knot)):
        at[knot[k] + 1] += 1
    for k in range(knots):
        at[k + 1] += at[k]
    members, place = np.empty(len(knot), dtype=np.int64), at.copy()
    for k in range(len(knot)):
        members[place[knot[k]]] = k // 2
        place[knot[k]] += 1
    begin = np.zeros(lines + 1, dtype=np.int64)
    following = np.empty(len(knot) + 1, dtype=np.int64)
    count = 0
    for line in range(lines):
        for end in range(2):
            here = knot[2 * line + end]
            for k in range(at[here], at[here + 1]):
                if members[k] != line:
                    if count == len(following):
                        following = longer(following)
                    following[count] = members[k]
                    count += 1
        begin[line + 1] = count
    return begin, following[:count]


@jit
def knotted(cells: Ints, series: Ints) -> tuple[Ints, int]:
    """A number for each start and end of a line, the same for one cell and series, and how many there are."""
    size = 4
    while size < 4 * len(series):
        size *= 2
    first, number = np.full(size, -1, dtype=np.int64), np.empty(2 * len(series), dtype=np.int64)
    count = 0
    for k in range(2 * len(series)):
        x, y, own = cells[k // 2, 2 * (k % 2)], cells[k // 2, 2 * (k % 2) + 1], series[k // 2]
        mixed = (x * 73856093) ^ (y * 19349663) ^ (own * 83492791)
        slot = (mixed ^ (mixed >> 17)) & (size - 1)
        while True:
            other = first[slot]
            if other < 0:
                first[slot], number[k] = k, count
                count += 1
                break
            line, end = other // 2, 2 * (other % 2)
            if cells[line, end] == x and cells[line, end + 1] == y and series[line] == own:
                number[k] = number[other]
                break
            slot = (slot + 1) & (size - 1)
    return number, count


@jit
def spread(
    seed: int, at: Floats, n: int, reach: float, begin: Ints, following: Ints,
    xy: Floats, part: Ints, shape: Ints, seen: Small, found: Ints,
) -> tuple[int, Ints]:  # fmt: skip
    """How many lines are reached from ``seed``, segment by segment, and those; marked with n in ``seen``."""
    found[0], count, done = seed, 1, 0
    seen[seed] = n
    while done < count:
        line = found[done]
        done += 1
        for k in range(begin[line], begin[line + 1]):
            ahead = following[k]
            if seen[ahead] != n and within(at[n, 0], at[n, 1], xy, part, shape, ahead, reach):
                seen[ahead] = n
                if count == len(found):
                    found = longer(found)
                found[count] = ahead
                count += 1
    return count, found


@jit
def within(x: float, y: float, xy: Floats, part: Ints, shape: Ints, line: int, reach: float) -> bool:
    """Whether the line is at most ``reach`` from a point, as GEOS computes it."""
    for m in range(shape[line], shape[line + 1]):
        for v in range(part[m], part[m + 1] - 1):
            ax, ay, bx, by = xy[v, 0], xy[v, 1], xy[v + 1, 0], xy[v + 1, 1]
            ux, uy = bx - ax, by - ay
            size2 = ux * ux + uy * uy
            t = ((x - ax) * ux + (y - ay) * uy) / size2 if size2 > 0.0 else 0.0
            if t <= 0.0:
                far = math.sqrt((x - ax) * (x - ax) + (y - ay) * (y - ay))
            elif t >= 1.0:
                far = math.sqrt((x - bx) * (x - bx) + (y - by) * (y - by))
            else:
                far = abs(((ay - y) * ux - (ax - x) * uy) / size2) * math.sqrt(size2)
            if far <= reach:
                return True
    return False


@jit
def longer(values: Ints) -> Ints:
    out = np.empty(2 * len(values), dtype=np.int64)
    out[: len(values)] = values
    return out
