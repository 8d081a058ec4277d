"""Working days: Monday to Friday, but for the public holidays and the weekends that make up for them."""

from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from geo.kinds import read_table

Days = npt.NDArray[np.datetime64]
Ints = npt.NDArray[np.int64]

TABLE = "public_holidays"
OFF, WORK = "off", "work"
FIRST, LAST = np.datetime64("2000-01-01", "D"), np.datetime64("2100-12-31", "D")
_MONDAY_IS_0 = 3
"""1970-01-01 was a Thursday."""


@dataclass(frozen=True, eq=False)
class WorkingDays:
    """``counted[n]``: working days from ``FIRST`` up to and with the n-th day after it.

    ``years`` are those that the table speaks of; in other years every Monday to Friday counts.
    """

    counted: Ints
    years: tuple[int, ...]

    def knows(self, day: date) -> bool:
        """Whether the holidays of that year are known."""
        return day.year in self.years

    def is_working(self, day: date) -> bool:
        place = int(_places([day])[0])
        return bool(self.counted[place] > (self.counted[place - 1] if place else 0))

    def after(self, days: Any, count: int) -> Days:
        """The ``count``-th working day after each of ``days``; missing where the day is."""
        given = np.asarray(days, dtype="datetime64[D]")
        missing = np.isnat(given)
        wanted = self.counted[_places(np.where(missing, FIRST, given))] + count
        place = np.minimum(np.searchsorted(self.counted, wanted), len(self.counted) - 1)
        return np.where(missing, np.datetime64("NaT", "D"), FIRST + place)

    def between(self, start: Any, end: Any) -> Ints:
        """Working days after ``start`` up to and with ``end``; negative where ``end`` is the earlier."""
        return np.asarray(self.counted[_places(end)] - self.counted[_places(start)])


def _places(days: Any) -> Ints:
    given = np.clip(np.asarray(days, dtype="datetime64[D]"), FIRST, LAST)
    return np.asarray((given - FIRST).astype(np.int64))


def working_days(table: pd.DataFrame) -> WorkingDays:
    """Working days by ``table``: first, last (closed, dates or ISO text) and what (``off`` or ``work``)."""
    days = np.arange(FIRST, LAST + 1)
    working = (days.astype(np.int64) + _MONDAY_IS_0) % 7 < 5
    starts, ends = (table[name].to_numpy().astype("datetime64[D]") for name in ("first", "last"))
    for start, end, what in zip(starts, ends, table["what"], strict=True):
        working[int(_places(start)) : int(_places(end)) + 1] = what == WORK
    years = sorted({int(str(day)[:4]) for day in starts})
    return WorkingDays(np.cumsum(working).astype(np.int64), tuple(years))


@cache
def china() -> WorkingDays:
    """The working days of the People's Republic, by the notices that ``public_holidays.csv`` cites."""
    return working_days(pd.DataFrame(read_table(TABLE)))
