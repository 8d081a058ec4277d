"""Days on which a dig may not be open: the heating season, frost for wet works, days that the district
excludes."""

from datetime import date

import numpy as np
import shapely

from geo.coordination.chains import Ints
from geo.coordination.findings import Rows, draft
from geo.coordination.parameters import Parameters, Season
from geo.coordination.trenches import Trenches
from geo.vocabulary import FindingKind, Verdict

HEATING, FROST, EXCLUDED = "heating", "frost", "excluded"


def find_season(digs: Trenches, parameters: Parameters) -> list[Rows]:
    """Kind 7. ``measured`` is the number of days of the window in the closed season."""
    wet = np.isin(digs.utility, parameters.wet_utilities)
    return [
        _rule(digs, HEATING, season_days(digs, parameters.heating_season), digs.heating, Verdict.FAIL),
        _rule(digs, FROST, season_days(digs, parameters.frost_season), wet, Verdict.NEEDS_REVIEW),
        _rule(digs, EXCLUDED, _excluded(digs, parameters), np.ones(len(digs), dtype=bool), Verdict.FAIL),
    ]


def _rule(digs: Trenches, rule: str, days: Ints, asked: np.ndarray, verdict: Verdict) -> Rows:
    rows = np.flatnonzero(digs.dated & asked)
    columns = {
        **digs.describe(rows),
        "rule": rule, "verdict": np.where(days[rows] > 0, str(verdict), str(Verdict.PASS)).astype(object),
        "unit": "d", "measured": days[rows].astype(np.float64), "required": 0.0, "provenance": "parameter",
        "worst": lambda at: _middle(digs, rows[at]), "geometry": lambda at: digs.path[rows[at]],
    }  # fmt: skip
    return draft(FindingKind.SEASON, columns, len(rows))


def _middle(digs: Trenches, rows: Ints) -> np.ndarray:
    return np.asarray(shapely.line_interpolate_point(digs.path[rows], 0.5, normalized=True))


def season_days(digs: Trenches, season: Season) -> Ints:
    """How many days of each window lie in the season of any year; 0 for digs without a window."""
    out = np.zeros(len(digs), dtype=np.int64)
    if not digs.dated.any():
        return out
    first = np.datetime64(int(digs.start[digs.dated].min()), "D").astype(object).year
    last = np.datetime64(int(digs.end[digs.dated].max()), "D").astype(object).year
    for year in range(first - 1, last + 1):
        turns = season.end < season.start
        out += _common(digs, date(year, *season.start), date(year + turns, *season.end))
    return out


def _excluded(digs: Trenches, parameters: Parameters) -> Ints:
    out = np.zeros(len(digs), dtype=np.int64)
    for first, last in parameters.excluded_days:
        out += _common(digs, first, last)
    return out


def _common(digs: Trenches, first: date, last: date) -> Ints:
    low, high = (np.datetime64(day, "D").astype(np.int64) for day in (first, last))
    days = np.minimum(digs.end, high) - np.maximum(digs.start, low) + 1
    return np.where(digs.dated, np.maximum(days, 0), 0)
