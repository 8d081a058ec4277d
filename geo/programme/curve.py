"""How much of the investment was planned to be done, and is done, by the end of each of a row of days."""

from collections.abc import Sequence
from datetime import date

import numpy as np
import pandas as pd


def cumulative(works: pd.DataFrame, days: Sequence[date], as_of: date) -> pd.DataFrame:
    """Percent of all cost by the end of each day: day, planned, actual (missing after ``as_of``).

    The plan runs linearly over each row's window. What is done runs linearly from the actual start to the
    actual end, or to ``as_of`` while the row goes on; without an actual start it counts from the planned one.
    Where no row has a cost every row weighs the same; without rows both are missing.
    """
    cost = works["cost_fen"].astype("float64").fillna(0).to_numpy()
    weight = cost if cost.sum() > 0 else np.ones(len(works))
    when = np.array([np.datetime64(day) for day in days], dtype="datetime64[D]")
    planned = _share(when, _days(works["planned_start"]), _days(works["planned_end"]))
    start, end = _actual_window(works, np.datetime64(as_of))
    done = works["progress_percent"].astype("float64").fillna(0).to_numpy() / 100
    actual = _share(when, start, end) * done
    out = pd.DataFrame(
        {"day": when, "planned": _weighted(planned, weight), "actual": _weighted(actual, weight)}
    )
    out.loc[when > np.datetime64(as_of), "actual"] = np.nan
    return out


def _days(values: pd.Series) -> np.ndarray:
    return values.to_numpy(dtype="datetime64[D]")


def _actual_window(works: pd.DataFrame, as_of: np.datetime64) -> tuple[np.ndarray, np.ndarray]:
    start, end = _days(works["actual_start"]), _days(works["actual_end"])
    planned = _days(works["planned_start"])
    start = np.where(np.isnat(start), np.where(np.isnat(planned), as_of, planned), start)
    start = np.minimum(start, as_of)
    return start, np.where(np.isnat(end), as_of, np.minimum(end, as_of))


def _share(when: np.ndarray, start: np.ndarray, end: np.ndarray) -> np.ndarray:
    """(days, rows): how much of each closed window has passed by the end of each day; nothing without one."""
    length = (end - start).astype("float64") + 1
    passed = (when[:, None] - start[None, :]).astype("float64") + 1
    with np.errstate(invalid="ignore", divide="ignore"):
        share = np.clip(passed / np.maximum(length, 1)[None, :], 0, 1)
    return np.where(np.isnat(start)[None, :] | np.isnat(end)[None, :], 0.0, share)


def _weighted(share: np.ndarray, weight: np.ndarray) -> np.ndarray:
    if not len(weight):
        return np.full(len(share), np.nan)
    return np.asarray(100 * (share @ weight) / weight.sum())
