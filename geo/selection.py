"""What of the district is being looked at: one filter for the map, the table and the export."""

from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from geo.vocabulary import LineState, Stage


@dataclass(frozen=True)
class Selection:
    """Filters by attribute; an absent one lets everything through.

    ``month`` is the first day of a month; ``existing`` is True for lines in the ground, False for planned.
    """

    town: str | None = None
    stages: frozenset[Stage] = field(default_factory=frozenset)
    late: bool = False
    work: str | None = None
    owner: str | None = None
    utility: str | None = None
    existing: bool | None = None
    month: str | None = None
    text: str = ""
    community: str | None = None

    def widened(self) -> "Selection":
        """The same town, with every other filter let go."""
        return replace(Selection(), town=self.town)


def pick_communities(standing: pd.DataFrame, works: pd.DataFrame, selection: Selection) -> pd.DataFrame:
    """Rows of ``standing`` (one per community, see ``geo.programme.progress``) that pass the filter."""
    keep = np.ones(len(standing), dtype=bool)
    if selection.town is not None:
        keep &= _equal(standing["town"], selection.town)
    if selection.stages:
        keep &= standing["stage"].isin([str(stage) for stage in selection.stages]).to_numpy(bool)
    if selection.late:
        keep &= (standing["late_days"] > 0).to_numpy(bool)
    if selection.work is not None:
        in_scope = works.loc[_equal(works["code"], selection.work), "community"]
        keep &= standing["id"].isin(in_scope).to_numpy(bool)
    if selection.text:
        keep &= _contains(standing["name"], selection.text)
    return standing[keep]


def pick_lines(lines: pd.DataFrame, digs: pd.DataFrame, selection: Selection) -> pd.DataFrame:
    """Rows of ``lines`` that pass; a month lets planned lines through whose dig is open in it.

    ``lines`` carries ``town`` beside the layer's own columns where a town is asked for.
    """
    keep = np.ones(len(lines), dtype=bool)
    if selection.town is not None:
        keep &= _equal(lines["town"], selection.town)
    if selection.owner is not None:
        keep &= _equal(lines["owner"], selection.owner)
    if selection.utility is not None:
        keep &= _equal(lines["utility"], selection.utility)
    if selection.community is not None:
        keep &= _equal(lines["community"], selection.community)
    planned = _equal(lines["state"], LineState.PLANNED)
    if selection.existing is not None:
        keep &= ~planned if selection.existing else planned
    if selection.month is not None:
        open_digs = pick_digs(digs, Selection(month=selection.month))["id"]
        keep &= planned & lines["dig"].isin(open_digs).to_numpy(bool)
    return lines[keep]


def pick_digs(digs: pd.DataFrame, selection: Selection) -> pd.DataFrame:
    """Rows of ``digs`` that pass; a dig without a window is in no month."""
    keep = np.ones(len(digs), dtype=bool)
    if selection.town is not None:
        keep &= _equal(digs["town"], selection.town)
    if selection.owner is not None:
        keep &= _equal(digs["owner"], selection.owner)
    if selection.utility is not None:
        keep &= _equal(digs["utility"], selection.utility)
    if selection.community is not None:
        keep &= _equal(digs["community"], selection.community)
    if selection.existing:
        keep &= False
    if selection.month is not None:
        first = pd.Timestamp(f"{selection.month}-01")
        last = first + pd.offsets.MonthEnd(1)
        keep &= ((digs["window_start"] <= last) & (digs["window_end"] >= first)).to_numpy(bool)
    return digs[keep]


def _equal(values: pd.Series, wanted: str) -> np.ndarray:
    return (values == str(wanted)).fillna(False).to_numpy(bool)


def _contains(values: pd.Series, text: str) -> np.ndarray:
    return values.str.contains(text, case=False, regex=False).fillna(False).to_numpy(bool)
