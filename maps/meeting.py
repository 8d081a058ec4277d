"""The weekly meeting on paper: its agenda and its minutes."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

import pandas as pd

from geo.coordination.agenda import (
    DANGER_POINTS,
    DAYS_POINTS,
    HARM,
    SHORTFALL_POINTS,
    VERDICT_POINTS,
    Agenda,
    Minutes,
)
from maps.findingcard import due, moment, row_view
from maps.findinglook import Desk, Look, records


def agenda_view(
    desk: Desk, agenda: Agenda, meeting: date, look: Look, bureau: str, revision: int
) -> dict[str, Any]:
    """What ``agenda.html`` fills in; numbers run through all sections."""
    sections = []
    number = 0
    for name, rows in (("unjudged", agenda.unjudged), ("again", agenda.again), ("coming", agenda.coming)):
        views = []
        for row in records(rows):
            number += 1
            views.append({**row_view(desk, look, row, number), **_points(row), "agreed": _agreed(desk, row)})
        title = desk.words(f"agenda.section.{name}", count=len(views), until=desk.words.day(agenda.until))
        sections.append({"code": name, "title": title, "rows": views})
    late = _late(desk, agenda.overdue)
    return {
        "title": desk.words("agenda.title", date=desk.words.day(meeting)),
        "place": bureau,
        "meeting": desk.words.day(meeting),
        "until": desk.words.day(agenda.until),
        "sections": sections,
        "overdue": late,
        "overdue_title": desk.words("agenda.section.overdue", count=sum(one["count"] for one in late)),
        "harm": harm_told(desk),
        "foot": desk.words("agenda.foot", date=desk.words.day(desk.today), revision=revision),
    }


def _points(row: Mapping[str, Any]) -> dict[str, Any]:
    return {"points": [f"{row[f'points_{name}']:.0f}" for name in HARM[:-1]]}


def _agreed(desk: Desk, row: Mapping[str, Any]) -> str:
    return "" if pd.isna(row["agreed_from"]) else desk.figures.days(row["agreed_from"], row["agreed_to"])


def harm_told(desk: Desk) -> list[dict[str, str]]:
    """How harm is counted, with the figures that the code counts with."""
    most = {
        "verdict": max(VERDICT_POINTS.values()),
        "shortfall": SHORTFALL_POINTS,
        "danger": DANGER_POINTS,
        "days": DAYS_POINTS,
    }
    return [
        {"name": desk.words(f"harm.{name}"), "most": f"{points:.0f}", "why": desk.words(f"harm_why.{name}")}
        for name, points in most.items()
    ]


def _late(desk: Desk, overdue: pd.DataFrame) -> list[dict[str, Any]]:
    """Who owes how many answers, and since when; the most first."""
    out = []
    for owner, rows in overdue.groupby("owner", sort=True):
        first = records(rows.sort_values("due").head(1))[0]
        out.append({"owner": desk.owner_name(owner), "count": len(rows), "due": due(desk, first)})
    return sorted(out, key=lambda one: (-int(str(one["count"])), str(one["owner"])))


def minutes_view(
    desk: Desk,
    minutes: Minutes,
    look: Look,
    *,
    people: Mapping[str, str],
    timezone: str,
    bureau: str,
    revision: int,
) -> dict[str, Any]:
    """What ``minutes.html`` fills in: what was decided by finding, what is owed by owner, what went."""
    decided = []
    known = desk.rows.drop_duplicates("id").set_index("id", drop=False)
    for number, (finding, said) in enumerate(minutes.decided.groupby("finding", sort=False), start=1):
        if finding not in known.index:
            continue
        row = records(known.loc[[finding]])[0]
        decisions = [_decision(desk, one, people, timezone) for one in records(said)]
        decided.append({**row_view(desk, look, row, number), "decisions": decisions})
    owed = [
        {"owner": desk.owner_name(owner), "count": len(rows), "due": desk.figures.day(rows["due"].min())}
        for owner, rows in minutes.owed.groupby("owner", sort=True)
    ]
    return {
        "title": desk.words("minutes.title"),
        "place": bureau,
        "span": desk.words(
            "minutes.span", since=_told(minutes.since, timezone), until=_told(minutes.until, timezone)
        ),
        "decided": decided,
        "owed": owed,
        "gone": [
            row_view(desk, look, row, 0)
            for row in records(known.reindex(minutes.gone["id"]).dropna(subset=["id"]))
        ],
        "foot": desk.words("agenda.foot", date=desk.words.day(desk.today), revision=revision),
    }


def _told(at: datetime, timezone: str) -> str:
    return moment(pd.Timestamp(at), timezone)


def _decision(desk: Desk, row: Mapping[str, Any], people: Mapping[str, str], timezone: str) -> dict[str, str]:
    plain = {name: "" if pd.isna(row[name]) else str(row[name]) for name in ("approver", "measure", "note")}
    return {
        "owner": desk.owner_name(row["owner"]),
        "decision": desk.words(f"decision.{row['decision']}"),
        "agreed": _agreed(desk, row),
        "by": people.get(str(row["by"]), ""),
        "at": moment(row["at"], timezone),
        **plain,
    }
