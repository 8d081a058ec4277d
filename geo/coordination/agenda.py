"""The weekly meeting: its agenda, the worst first, and its minutes out of the judgements between two moments.

*Harm* ranks what is still to be judged. It is a sum of points, at most 100, so that everybody can see why one
finding stands above another:

- verdict, up to 40: a limit broken 40, one that cannot be decided for want of a figure 20, one to look at 10,
  a chance to dig once 0;
- shortfall, up to 30: how much of what is required is missing (measured 0.9 of 1.5 m: 40 %, 12 points); half
  of it where nothing could be measured; days in a closed season count in thirtieths;
- danger, up to 20: of the more dangerous of the two things, by class: gas above 0.4 MPa 20, other gas 16,
  power 14, heat 10, water, drains and ducts 4, telecom 3;
- days, up to 10: days of open trench that one dig would save, in thirtieths.

Points, not probabilities: they order a list, they decide nothing.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from geo.coordination.judging import Status, as_judgements, overdue
from geo.vocabulary import FindingKind, Verdict

Floats = npt.NDArray[np.float64]

VERDICT_POINTS = {Verdict.FAIL: 40.0, Verdict.UNKNOWN: 20.0, Verdict.NEEDS_REVIEW: 10.0}
SHORTFALL_POINTS, DANGER_POINTS, DAYS_POINTS = 30.0, 20.0, 10.0
DANGER = {
    **dict.fromkeys(("G3", "G4"), 20.0),
    **dict.fromkeys(("G0", "G1", "G2"), 16.0),
    **dict.fromkeys(("E1", "E2"), 14.0),
    "H": 10.0,
    **dict.fromkeys(("W1", "W2", "R", "S", "C"), 4.0),
    **dict.fromkeys(("T1", "T2"), 3.0),
}
"""Points of danger by class of line; what may be of several classes counts as the worst of them."""
UTILITY_DANGER = {"RQ": 16.0, "DL": 14.0, "RL": 10.0, "JS": 4.0, "PS": 4.0, "TX": 3.0}
"""The same where only the group is known: digs."""
DAYS = 30.0
HORIZON_DAYS = 14
HARM = ("verdict", "shortfall", "danger", "days", "harm")

_IN_DAYS = (FindingKind.SEASON, FindingKind.SAME_DAYS)
_OVER = (FindingKind.MANY_DIGS, FindingKind.ORDER)


@dataclass(frozen=True)
class Agenda:
    """What the meeting looks at, each frame in the order in which it is taken up.

    ``unjudged``: new and partly judged findings, by harm; ``overdue``: one row per side that owes an answer,
    the longest first; ``again``: findings to be re-judged, by harm; ``coming``: days agreed on that begin or
    end up to ``until``. All but ``overdue`` have the columns of ``ranked``.
    """

    unjudged: pd.DataFrame
    overdue: pd.DataFrame
    again: pd.DataFrame
    coming: pd.DataFrame
    until: date


def harm(findings: pd.DataFrame, utilities: dict[str, str] | None = None) -> pd.DataFrame:
    """Points of each row: verdict, shortfall, danger, days and their sum ``harm``, as the module explains.

    ``utilities``: group by id of digs, which have no class of their own.
    """
    verdict = findings["verdict"].map({str(name): value for name, value in VERDICT_POINTS.items()})
    out = pd.DataFrame(
        {
            "verdict": verdict.fillna(0.0).to_numpy(dtype=np.float64),
            "shortfall": SHORTFALL_POINTS * _shortfall(findings),
            "danger": _danger(findings, utilities or {}),
            "days": DAYS_POINTS * np.clip(_reals(findings, "saved_days") / DAYS, 0.0, 1.0),
        },
        index=findings.index,
    )
    out["days"] = out["days"].fillna(0.0)
    out["harm"] = out.sum(axis=1)
    return out


def _reals(frame: pd.DataFrame, name: str) -> Floats:
    return frame[name].to_numpy(dtype=np.float64, na_value=np.nan)


def _shortfall(findings: pd.DataFrame) -> Floats:
    """Share of the required that is missing, 0 to 1."""
    measured, required = _reals(findings, "measured"), _reals(findings, "required")
    kind = findings["kind"]
    with np.errstate(divide="ignore", invalid="ignore"):
        share = (required - measured) / required
        over = np.where(required > 0, measured / required - 1.0, measured)
    share = np.where(kind.isin(_IN_DAYS), measured / DAYS, np.where(kind.isin(_OVER), over, share))
    share = np.where(np.isnan(measured), 0.5, share)
    meets = kind.isin([FindingKind.OPPORTUNITY, FindingKind.DUG_TWICE]).to_numpy(dtype=bool)
    return np.asarray(np.where(meets, 0.0, np.clip(np.nan_to_num(share), 0.0, 1.0)))


def _danger(findings: pd.DataFrame, utilities: dict[str, str]) -> Floats:
    both = []
    for side in ("a", "b"):
        by_class = [np.nan if pd.isna(label) else _worst(label) for label in findings[f"class_{side}"]]
        by_group = [UTILITY_DANGER.get(utilities.get(thing, ""), 0.0) for thing in findings[f"thing_{side}"]]
        both.append(np.where(np.isnan(by_class), by_group, by_class))
    return np.asarray(np.maximum(*both))


def _worst(label: Any) -> float:
    return max(DANGER.get(code, 0.0) for code in str(label).split("|"))


def ranked(
    record: pd.DataFrame, standings: pd.DataFrame, utilities: dict[str, str] | None = None
) -> pd.DataFrame:
    """``record`` with where each finding stands (columns of ``judging.standing``), its points (``points_*``)
    and ``harm``; the most harmful first."""
    points = harm(record, utilities)
    named = points.rename(columns={name: f"points_{name}" for name in HARM[:-1]})
    out = pd.concat([pd.DataFrame(record), named], axis=1).merge(standings, on="id", how="left")
    return out.sort_values(
        ["harm", "since", "id"], ascending=[False, True, True], kind="stable", ignore_index=True
    )


def agenda(
    record: pd.DataFrame,
    standings: pd.DataFrame,
    answered: pd.DataFrame,
    meeting: date,
    utilities: dict[str, str] | None = None,
    horizon_days: int = HORIZON_DAYS,
) -> Agenda:
    """What the meeting on the day ``meeting`` looks at, from the record, where each finding stands and the
    answers of the sides on that day (``judging``)."""
    rows = ranked(record, standings, utilities)
    until = meeting + timedelta(days=horizon_days)
    status = rows["status"].to_numpy(dtype=object)
    first = np.isin(status.astype(str), (str(Status.NEW), str(Status.PARTLY_JUDGED)))
    low, high = np.datetime64(meeting, "D"), np.datetime64(until, "D")
    starts, ends = (rows[name].to_numpy(dtype="datetime64[D]") for name in ("agreed_from", "agreed_to"))
    soon = ((starts >= low) & (starts <= high)) | ((ends >= low) & (ends <= high))
    alive = status != str(Status.ARCHIVED)
    coming = rows[soon & alive].sort_values(["agreed_from", "id"], kind="stable")
    return Agenda(
        unjudged=rows[first].reset_index(drop=True),
        overdue=overdue(answered),
        again=rows[status == str(Status.TO_BE_RE_JUDGED)].reset_index(drop=True),
        coming=coming.reset_index(drop=True),
        until=until,
    )


@dataclass(frozen=True)
class Minutes:
    """What was decided after ``since`` and up to ``until``, moments with a zone.

    ``decided``: the judgements, by finding and moment, with the finding's kind, community, things and harm;
    ``owed``: the answers that are still to be given, by owner and due day; ``gone``: findings archived in
    these days.
    """

    since: datetime
    until: datetime
    decided: pd.DataFrame
    owed: pd.DataFrame
    gone: pd.DataFrame


_ABOUT = (
    "kind",
    "verdict",
    "thing_a",
    "thing_b",
    "owner_a",
    "owner_b",
    "community",
    "measured",
    "required",
    "unit",
)


def minutes(
    record: pd.DataFrame,
    judgements: pd.DataFrame,
    answered: pd.DataFrame,
    since: datetime,
    until: datetime,
    utilities: dict[str, str] | None = None,
) -> Minutes:
    """The minutes of what was said after ``since`` and up to ``until``. Judgements that were carried over
    from a row that was split are not said anew."""
    said = as_judgements(judgements)
    inside = (
        (said["at"] > pd.Timestamp(since)) & (said["at"] <= pd.Timestamp(until)) & said["carried_from"].isna()
    )
    about = pd.DataFrame(record)[["id", *_ABOUT]].rename(columns={"id": "finding"})
    about["harm"] = harm(record, utilities)["harm"].to_numpy()
    decided = said[inside.to_numpy(dtype=bool)].merge(about, on="finding", how="inner")
    decided = decided.sort_values(
        ["harm", "finding", "at", "id"], ascending=[False, True, True, True], kind="stable", ignore_index=True
    )
    owed = answered[answered["due"].notna().to_numpy(dtype=bool)].sort_values(
        ["owner", "due", "finding"], kind="stable", ignore_index=True
    )
    first, last = np.datetime64(since.date(), "D"), np.datetime64(until.date(), "D")
    went = record["archived_on"].to_numpy(dtype="datetime64[D]")
    gone = pd.DataFrame(record[(went > first) & (went <= last)]).reset_index(drop=True)
    return Minutes(since, until, decided, owed, gone)
