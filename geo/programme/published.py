"""What an audience may know of how the communities stand: the inside's figures, less what is not for it."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from geo.audience import Audience
from geo.programme import status
from geo.vocabulary import AudienceKind

FEWEST = 5
"""Communities of which an audience without the money may know a sum that is weighted by money."""


_MONEY = ("investment_fen", "investment_fen_stated", "delay_reason", "planned")
HIDDEN_FIGURES: Mapping[AudienceKind, frozenset[str]] = {
    AudienceKind.UTILITY: frozenset(_MONEY),
    AudienceKind.PUBLIC: frozenset((*_MONEY, "floor_area_dm2", "floor_area_dm2_stated", "year_built")),
}
"""Columns of ``geo.programme.progress.standing``; ``planned`` runs day by day through the windows of the
works, weighted by their cost: with the windows it would tell them."""


def visible_standing(standing: pd.DataFrame, audience: Audience) -> pd.DataFrame:
    """``geo.programme.progress.standing`` of the rows that an audience sees, without what is not for it.

    It is worked out from whole rows, so that a community is as far for everybody as it is inside; for an
    audience without the money to a tenth of a percent.
    """
    hidden = HIDDEN_FIGURES.get(audience.kind, frozenset())
    if not hidden:
        return standing
    nothing = np.ones(len(standing), dtype=bool)
    blank = {name: standing[name].mask(nothing) for name in standing.columns if name in hidden}
    return standing.assign(**blank, progress=standing["progress"].round(1))


def published(standing: pd.DataFrame, towns: Sequence[str]) -> pd.DataFrame:
    """What everybody may know of the progress of many: communities and progress of the whole (index ``""``)
    and of each town, from the standing that the inside has, to a tenth of a percent.

    Progress is weighted by money: of fewer than ``FEWEST`` communities, or of any set that one likes, it
    would tell how the money is spread among them.
    """
    whole = status.totals(standing)[["communities", "progress"]]
    table = pd.concat([pd.DataFrame([whole], index=[""]), status.by_town(standing, towns)])
    table = table[["communities", "progress"]].astype("float64")
    return table.assign(progress=table["progress"].where(table["communities"] >= FEWEST).round(1))
