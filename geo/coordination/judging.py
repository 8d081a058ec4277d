"""The life of a finding: new, judged by each side, to be judged again, archived; and the clock of the
replies.

A finding is told apart by its id alone (``findings.identities``). What is remembered of it is the *record*:
every finding that was ever listed, as it was last seen, with the days on which it came, changed and went.
What people decided is in *judgements*; a judgement holds as long as the finding rests on the same grounds.
"""

import hashlib
from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from typing import Any, Literal

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from geo.coordination.findings import COLUMNS, identities
from geo.coordination.limits import COVER, HORIZONTAL, STANDARD, VERTICAL
from geo.coordination.working_days import WorkingDays
from geo.errors import BadInput
from geo.vocabulary import FindingKind, Verdict

BUREAU = ""
"""Who answers where no owner is known; a missing ``owner`` in the frames."""
REPLY_DAYS = 5
"""Working days in which a side is to answer, by default."""
DAY: Literal["datetime64[s]"] = "datetime64[s]"

_OWNED = ("lines", "digs", "nodes")
_TABLES = (HORIZONTAL, VERTICAL, COVER)
_PER_M = 1000.0
# neither a whole nor half a millimetre lies on an edge of this grid
_SHIFT = 0.2137


class Decision(StrEnum):
    """What one side says to a finding."""

    ACCEPTED = "accepted"
    TO_CHANGE = "to_change"
    AGREED_TO_SHARE = "agreed_to_share"
    EXCEPTION = "exception"


class Status(StrEnum):
    """Where a finding stands, in the order in which it is looked at."""

    NEW = "new"
    PARTLY_JUDGED = "partly_judged"
    TO_BE_RE_JUDGED = "to_be_re_judged"
    JUDGED = "judged"
    ARCHIVED = "archived"


OPEN = (Status.NEW, Status.PARTLY_JUDGED, Status.TO_BE_RE_JUDGED)
SHARED = (FindingKind.DUG_TWICE, FindingKind.SAME_DAYS, FindingKind.OPPORTUNITY, FindingKind.MANY_DIGS)
"""Kinds to which the answer can be to dig together."""

JUDGEMENT_TEXTS = (
    "id",
    "finding",
    "owner",
    "decision",
    "approver",
    "measure",
    "note",
    "by",
    "basis",
    "carried_from",
)
JUDGEMENT_DATES = ("agreed_from", "agreed_to")
JUDGEMENTS = (*JUDGEMENT_TEXTS, *JUDGEMENT_DATES, "at")
RECORD = (*COLUMNS, "basis", "since", "changed_on", "archived_on")
RECORD_DATES = ("since", "changed_on", "archived_on")


def as_judgements(rows: pd.DataFrame | None = None) -> pd.DataFrame:
    """``rows`` with every column of ``JUDGEMENTS``, typed: text ``string``, dates, ``at`` as moments in UTC.

    One row is what one side (``owner``; missing: the bureau) said at one moment through the account ``by``,
    on the grounds ``basis``. ``carried_from`` names the finding of a row that has been split since.
    """
    given = pd.DataFrame() if rows is None else pd.DataFrame(rows)
    out: dict[str, Any] = {name: _column(given, name).astype("string") for name in JUDGEMENT_TEXTS}
    out |= {name: pd.to_datetime(_column(given, name)).astype(DAY) for name in JUDGEMENT_DATES}
    out["at"] = pd.to_datetime(_column(given, "at"), utc=True, format="ISO8601")
    return pd.DataFrame(out, columns=list(JUDGEMENTS)).reset_index(drop=True)


def _column(frame: pd.DataFrame, name: str) -> pd.Series:
    if name in frame:
        return frame[name]
    return pd.Series([None] * len(frame), index=frame.index, dtype=object)


def bases(findings: pd.DataFrame, edition: str = STANDARD) -> pd.Series:
    """What each finding rests on, as a hash by row: place, dates, classes, figures, limit and its edition.

    Places to the millimetre, figures to the millimetre or the day. Who vouches for a limit is not part of it:
    a cell that is confirmed as it stands asks nobody again, one that is corrected does.
    """
    shapes = _places(findings["geometry"])
    windows = [_days(findings[name]) for name in ("window_start", "window_end")]
    names = ("verdict", "class_a", "class_b", "clause", "reason", "unit")
    texts = [findings[name].astype("string").fillna("").to_numpy(dtype=object) for name in names]
    figures = [_figure(findings[name]) for name in ("measured", "required")]
    ruled = np.where(findings["clause"].isin(_TABLES).to_numpy(dtype=bool), edition, "")
    rows = zip(shapes, *windows, *texts, *figures, ruled, strict=True)
    hashed = [hashlib.sha256("\x1f".join(map(str, row)).encode()).hexdigest() for row in rows]
    return pd.Series(pd.array(hashed, dtype="string"), index=findings.index, name="basis")


def _places(shapes: pd.Series) -> npt.NDArray[np.object_]:
    """Well-known binary in hex of the places on the shifted grid, however their parts are ordered."""
    there = np.asarray(shapes.array, dtype=object)
    moved = shapely.transform(there, lambda xy: np.round(xy * _PER_M + _SHIFT))
    hexed = shapely.to_wkb(shapely.normalize(moved), hex=True, output_dimension=2, byte_order=1)
    return np.where(pd.isna(hexed), "", hexed)


def _days(values: pd.Series) -> npt.NDArray[np.object_]:
    return values.to_numpy().astype("datetime64[D]").astype(str).astype(object)


def _figure(values: pd.Series) -> npt.NDArray[np.object_]:
    figures = values.to_numpy(dtype=np.float64, na_value=np.nan)
    return np.array([f"{value:.0f}" for value in figures * _PER_M + _SHIFT], dtype=object)


def follow(
    record: gpd.GeoDataFrame | None, found: gpd.GeoDataFrame, today: date, edition: str = STANDARD
) -> gpd.GeoDataFrame:
    """The record of findings after ``found``, those that are listed today, in the order of ``found``.

    ``since`` is the day on which a finding came (or came back), ``changed_on`` the last day on which its
    grounds were other than before, ``archived_on`` the day on which it was no longer true: such rows stay,
    last, as they were.
    """
    fresh = found.drop_duplicates("id").reset_index(drop=True)
    fresh = fresh.assign(basis=bases(fresh, edition))
    before = pd.DataFrame({name: [] for name in ("id", "basis", *RECORD_DATES)}) if record is None else record
    old = pd.DataFrame(before).drop_duplicates("id").set_index("id")
    there = old.reindex(fresh["id"])
    day = np.datetime64(today, "s")
    since, changed, archived = (there[name].to_numpy(dtype=DAY) for name in RECORD_DATES)
    came = np.isnat(since) | ~np.isnat(archived)
    rested = there["basis"].astype("string").fillna("").to_numpy(dtype=object)
    same = (rested == fresh["basis"].to_numpy(dtype=object)) | came
    fresh["since"] = np.where(came, day, since)
    fresh["changed_on"] = np.where(same, changed, day)
    fresh["archived_on"] = np.full(len(fresh), np.datetime64("NaT", "s"))
    if record is None or record.empty:
        return fresh[list(RECORD)]
    gone = record[~record["id"].isin(fresh["id"]).to_numpy(dtype=bool)]
    gone = gone.assign(archived_on=gone["archived_on"].fillna(pd.Timestamp(today)).astype(DAY))
    parts = [part[list(RECORD)] for part in (fresh, gone) if len(part)]
    both = pd.concat(parts, ignore_index=True) if parts else fresh[list(RECORD)]
    return gpd.GeoDataFrame(both, geometry="geometry", crs=found.crs)


def sides(findings: pd.DataFrame) -> pd.DataFrame:
    """Who answers for each finding: finding, owner (``BUREAU`` where nobody else does), once each.

    The owners of both things. A line or dig of unknown owner, and a finding that concerns nobody's thing, is
    the bureau's to answer for.
    """
    parts = []
    for side in ("a", "b"):
        owner = findings[f"owner_{side}"].astype("string").fillna(BUREAU)
        lost = findings[f"layer_{side}"].isin(_OWNED).to_numpy(dtype=bool) & (owner == BUREAU).to_numpy()
        parts.append(
            pd.DataFrame(
                {"finding": findings["id"], "owner": owner, "asked": (owner != BUREAU).to_numpy() | lost}
            )
        )
    both = pd.concat(parts, ignore_index=True)
    alone = ~findings["id"].isin(both.loc[both["asked"], "finding"]).to_numpy(dtype=bool)
    rest = pd.DataFrame({"finding": findings.loc[alone, "id"], "owner": BUREAU})
    asked = pd.concat([both.loc[both["asked"], ["finding", "owner"]], rest], ignore_index=True)
    return asked.astype("string").drop_duplicates(ignore_index=True)


def answers(
    record: pd.DataFrame,
    judgements: pd.DataFrame,
    *,
    today: date,
    calendar: WorkingDays,
    reply_days: int = REPLY_DAYS,
) -> pd.DataFrame:
    """One row per finding and side: what it said last, whether that still holds, and by when it must answer.

    Columns finding, owner, judgement, decision, approver, measure, note, by, at, agreed_from, agreed_to,
    answered (a judgement on the present grounds), stale (one on other grounds), asked_on, due, overdue.
    ``due`` is the ``reply_days``-th working day after ``asked_on``; missing where nothing is asked.
    """
    table = sides(record).merge(_latest(judgements), on=["finding", "owner"], how="left")
    about = pd.DataFrame(record)[["id", "basis", *RECORD_DATES]].rename(
        columns={"id": "finding", "basis": "now"}
    )
    table = table.merge(about, on="finding", how="left")
    said = table["judgement"].notna().to_numpy(dtype=bool)
    held = said & (table["basis"] == table["now"]).fillna(False).to_numpy(dtype=bool)
    alive = table["archived_on"].isna().to_numpy(dtype=bool)
    since, changed = (table[name].to_numpy(dtype="datetime64[D]") for name in ("since", "changed_on"))
    again = said & ~held & ~np.isnat(changed)
    nothing = np.datetime64("NaT", "D")
    asked = np.where(held | ~alive, nothing, np.where(again, np.fmax(since, changed), since))
    due = calendar.after(asked, reply_days)
    table["answered"], table["stale"] = held, said & ~held
    table["asked_on"], table["due"] = asked.astype(DAY), due.astype(DAY)
    table["overdue"] = ~np.isnat(due) & (due < np.datetime64(today, "D"))
    return table.drop(columns=["now", "basis", *RECORD_DATES])


def _latest(judgements: pd.DataFrame) -> pd.DataFrame:
    """The last judgement of each side on each finding."""
    rows = as_judgements(judgements)
    rows["owner"] = rows["owner"].fillna(BUREAU)
    rows = rows.sort_values(["at", "id"], kind="stable").drop_duplicates(["finding", "owner"], keep="last")
    return rows.rename(columns={"id": "judgement"})


def standing(record: pd.DataFrame, answered: pd.DataFrame) -> pd.DataFrame:
    """One row per finding of ``record``, in its order: id, status, sides, owed, unsettled, due, overdue,
    agreed_from, agreed_to.

    ``owed`` counts the sides that must still answer. Judged is what every side has answered; a failing limit
    that everybody merely accepts is not settled by that: somebody must change, or an exception be recorded.
    ``agreed_from`` and ``agreed_to`` are the days on which all sides agreed to dig together.
    """
    ids = pd.Index(record["id"])
    said = answered.assign(
        owes=~answered["answered"],
        tolerates=answered["answered"] & (answered["decision"] == Decision.ACCEPTED).fillna(False),
        shares=answered["answered"] & (answered["decision"] == Decision.AGREED_TO_SHARE).fillna(False),
    )
    groups = said.groupby("finding", sort=False)
    table = groups.agg(
        sides=("owner", "size"),
        owed=("owes", "sum"),
        stale=("stale", "any"),
        tolerates=("tolerates", "all"),
        shares=("shares", "all"),
        due=("due", "min"),
        overdue=("overdue", "any"),
        agreed_from=("agreed_from", "max"),
        agreed_to=("agreed_to", "min"),
    ).reindex(ids)
    fails = (record["verdict"] == Verdict.FAIL).fillna(False).to_numpy(dtype=bool)
    table["unsettled"] = fails & table.pop("tolerates").to_numpy(dtype=bool)
    apart = ~table.pop("shares").to_numpy(dtype=bool) | (table["agreed_from"] > table["agreed_to"]).to_numpy()
    table.loc[apart, ["agreed_from", "agreed_to"]] = pd.NaT
    table["status"] = _status(record, table)
    table = table.drop(columns="stale").rename_axis("id").reset_index()
    return table.astype({"id": "string", "status": "string", "sides": "int64", "owed": "int64"})


def _status(record: pd.DataFrame, table: pd.DataFrame) -> npt.NDArray[np.object_]:
    owed, count = table["owed"].to_numpy(), table["sides"].to_numpy()
    partly = (owed < count) & (owed > 0) | table["unsettled"].to_numpy(dtype=bool)
    conditions = [
        record["archived_on"].notna().to_numpy(dtype=bool),
        table["stale"].to_numpy(dtype=bool),
        partly,
        owed == 0,
    ]
    outcomes = (Status.ARCHIVED, Status.TO_BE_RE_JUDGED, Status.PARTLY_JUDGED, Status.JUDGED)
    return np.select(conditions, list(map(str, outcomes)), default=str(Status.NEW)).astype(object)


def unjudged(record: pd.DataFrame, standings: pd.DataFrame, verdict: Verdict = Verdict.FAIL) -> pd.Series:
    """Ids of the findings of ``verdict`` that people have not settled (``OPEN``)."""
    status = standings.set_index("id")["status"].reindex(record["id"]).to_numpy(dtype=object)
    waiting = np.isin(status.astype(str), [str(one) for one in OPEN])
    return record.loc[waiting & (record["verdict"] == verdict).fillna(False).to_numpy(dtype=bool), "id"]


def overdue(answered: pd.DataFrame) -> pd.DataFrame:
    """The answers that are late, those due first first: rows of ``answers``."""
    late = answered[answered["overdue"].to_numpy(dtype=bool)]
    return late.sort_values(["due", "owner", "finding"], kind="stable", ignore_index=True)


def parents(frames: Mapping[str, pd.DataFrame]) -> dict[str, str]:
    """Of every row that says so in ``split_from``, the row that it was split from."""
    out: dict[str, str] = {}
    for frame in frames.values():
        if "split_from" in frame:
            split = frame[frame["split_from"].notna()]
            out |= dict(zip(split["id"].astype(str), split["split_from"].astype(str), strict=True))
    return out


def carried(judgements: pd.DataFrame, findings: pd.DataFrame, split_from: Mapping[str, str]) -> pd.DataFrame:
    """``judgements`` and, for findings on rows that were split, those on the row before it was split.

    The copies rest on no grounds (``basis`` missing): their findings are to be judged again.
    """
    rows = as_judgements(judgements)
    links = _ancestors(findings, split_from)
    copies = links.merge(rows, left_on="ancestor", right_on="finding", suffixes=("_new", ""))
    if copies.empty:
        return rows
    copies = copies.assign(carried_from=copies["finding"], finding=copies["finding_new"], basis=None)
    return as_judgements(pd.concat([copies[list(JUDGEMENTS)], rows], ignore_index=True))


def _ancestors(findings: pd.DataFrame, split_from: Mapping[str, str]) -> pd.DataFrame:
    """finding, ancestor: what a finding was called while one of its things, or both, were still whole."""
    columns = ("id", "kind", "rule", "thing_a", "thing_b")
    touched = findings["thing_a"].isin(split_from) | findings["thing_b"].isin(split_from)
    pairs: list[tuple[str, str]] = []
    for finding, kind, rule, a, b in findings.loc[touched, list(columns)].itertuples(index=False):
        lines = [(one, other) for one in _line_of(a, split_from) for other in _line_of(b, split_from)]
        firsts, seconds = [one for one, _ in lines], [other for _, other in lines]
        names = identities([kind] * len(lines), [rule] * len(lines), firsts, seconds)
        pairs += [(finding, name) for name in names if name != finding]
    out = pd.DataFrame(pairs, columns=["finding", "ancestor"], dtype="string")
    return out.drop_duplicates(ignore_index=True)


def _line_of(thing: Any, split_from: Mapping[str, str]) -> list[str]:
    """A row, the row that it was split from, and so on upwards."""
    out = ["" if pd.isna(thing) else str(thing)]
    while out[-1] in split_from and split_from[out[-1]] not in out:
        out.append(split_from[out[-1]])
    return out


def decisions_for(kind: str, verdict: str) -> tuple[Decision, ...]:
    """What may be said to a finding: sharing where digs meet, an exception where a limit is broken."""
    out = [Decision.TO_CHANGE, Decision.ACCEPTED]
    if kind in SHARED:
        out.insert(0, Decision.AGREED_TO_SHARE)
    if verdict != Verdict.OPPORTUNITY:
        out.append(Decision.EXCEPTION)
    return tuple(out)


def check_judgement(judgement: Mapping[str, Any], finding: Mapping[str, Any], owners: list[str]) -> None:
    """Refuse what is no answer to ``finding`` (a row of the record) of one of its sides ``owners``.

    Raises ``BadInput``: ``no_such_decision``, ``not_a_side``, ``finding_archived``, ``exception_incomplete``
    (an exception names its approver and its measure), ``agreed_dates`` (both days, in order).
    """
    known = decisions_for(str(finding["kind"]), str(finding["verdict"]))
    decision, owner = judgement.get("decision"), judgement.get("owner")
    if decision not in known:
        raise BadInput("no_such_decision", decision=str(decision), known=", ".join(known))
    if (BUREAU if _blank(owner) else owner) not in owners:
        raise BadInput("not_a_side", owner=str(owner))
    if not pd.isna(finding["archived_on"]):
        raise BadInput("finding_archived", finding=str(finding["id"]))
    missing = [name for name in ("approver", "measure") if _blank(judgement.get(name))]
    if decision == Decision.EXCEPTION and missing:
        raise BadInput("exception_incomplete", missing=", ".join(missing))
    days = [judgement.get(name) for name in JUDGEMENT_DATES]
    given = [day for day in days if not _blank(day)]
    if (decision == Decision.AGREED_TO_SHARE and len(given) < 2) or len(given) == 1:
        raise BadInput("agreed_dates")
    if given and pd.Timestamp(str(given[0])) > pd.Timestamp(str(given[1])):
        raise BadInput("agreed_dates")


def _blank(value: Any) -> bool:
    return value is None or (not isinstance(value, str) and pd.isna(value)) or not str(value).strip()
