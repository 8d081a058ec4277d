"""The history page by page: events newest first, what each changed, and only what the reader may see."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pandas as pd
from pyproj import CRS

from api.editing.asking import LATEST
from api.editing.drawn import to_geojson
from api.editing.recording import moment
from api.editing.schemas import Cell, Happening, History
from api.policy import Principal, audience_of
from api.wiring import Services
from geo.audience import visible_events
from geo.errors import BadInput
from geo.layers import layer_named
from geo.store.protocol import View

AT_ONCE = 2000
"""Events that are looked at together."""
AT_MOST = 20_000
"""Events that one request looks at; where nothing was among them, ``next`` goes on from there."""


@dataclass(frozen=True)
class Filter:
    """Which events somebody wants."""

    community: str | None = None
    layer: str | None = None
    row: str | None = None
    actor: str | None = None
    since: datetime | None = None


@dataclass(frozen=True)
class Cursor:
    """How far somebody has read: all events after ``revision``, and ``passed`` of its own, newest first."""

    revision: int | None
    passed: int

    def __str__(self) -> str:
        return f"{self.revision}.{self.passed}"


def cursor_of(text: str | None) -> Cursor:
    """The place that ``next`` named; ``BadInput`` (``wrong_member``) for what it never said."""
    if text is None:
        return Cursor(None, 0)
    revision, dot, passed = text.partition(".")
    if not (
        dot and revision.isdecimal() and passed.isdecimal() and len(text) < 20 and int(revision) <= LATEST
    ):
        raise BadInput("wrong_member", name="before")
    return Cursor(int(revision), int(passed))


def history(
    services: Services, principal: Principal, wanted: Filter, before: str | None, limit: int
) -> History:
    """At most ``limit`` events that the principal may see; raises ``BadInput`` and ``NotFound``."""
    if wanted.layer is not None:
        layer_named(wanted.layer)
    frames = services.keeper.current().frames
    audience = audience_of(principal)
    found: list[pd.Series] = []
    cursor, looked, more = cursor_of(before), 0, True
    with services.store.view() as view:
        while more and looked < AT_MOST and len(found) < limit:
            events = _page(view, wanted, cursor)
            more = len(events) == AT_ONCE
            seen = visible_events(_wanted(events, wanted), audience, frames)
            for place, event in _in_order(seen):
                if len(found) == limit:
                    break
                found.append(event)
                last = place
            full = len(found) == limit
            end = last if full else len(events) - 1
            more = more or end < len(events) - 1
            cursor = _after(cursor, events.iloc[: end + 1])
            looked += len(events)
        names = services.accounts.names({str(event["actor"]) for event in found})
        told = [_happening(event, names, view.crs) for event in found]
    return History(events=told, next=str(cursor) if more else None)


def _page(view: View, wanted: Filter, cursor: Cursor) -> pd.DataFrame:
    """The next events of the rows that are asked for, numbered from nought."""
    events = view.events(
        until=cursor.revision,
        layer=wanted.layer,
        ids=None if wanted.row is None else [wanted.row],
        limit=cursor.passed + AT_ONCE,
        newest_first=True,
    )
    return events.iloc[cursor.passed :].reset_index(drop=True)


def _in_order(events: pd.DataFrame) -> Iterator[tuple[int, pd.Series]]:
    for place, (_, event) in zip(events.index, events.iterrows(), strict=True):
        yield int(place), event


def _after(cursor: Cursor, read: pd.DataFrame) -> Cursor:
    if read.empty:
        return cursor
    last = int(read["revision"].iloc[-1])
    passed = int((read["revision"] == last).sum())
    return Cursor(last, passed + (cursor.passed if last == cursor.revision else 0))


def _wanted(events: pd.DataFrame, wanted: Filter) -> pd.DataFrame:
    """Those events that the filter lets through; their places stay."""
    events = _about(events, wanted.community)
    if wanted.actor is not None:
        events = events[(events["actor"] == wanted.actor).to_numpy(bool)]
    if wanted.since is not None:
        events = events[(events["at"] >= wanted.since).to_numpy(bool)]
    return events


def _about(events: pd.DataFrame, community: str | None) -> pd.DataFrame:
    """Events of a community and of the rows that are or were its own."""
    if community is None:
        return events
    itself = (events["layer"] == "communities") & (events["row_id"] == community)
    named = json.dumps({"community": community}, ensure_ascii=False, separators=(",", ":"))[1:-1]
    own = [events[side].str.contains(named, regex=False, na=False) for side in ("before", "after")]
    return events[(itself | own[0] | own[1]).to_numpy(bool)]


def _happening(event: pd.Series, names: dict[str, str], crs: CRS) -> Happening:
    before = {} if pd.isna(event["before"]) else json.loads(event["before"])
    after = {} if pd.isna(event["after"]) else json.loads(event["after"])
    return Happening(
        revision=int(event["revision"]),
        at=moment(event["at"]),
        by=names.get(str(event["actor"]), str(event["actor"])),
        origin=str(event["origin"]),
        layer=str(event["layer"]),
        row=str(event["row_id"]),
        action=str(event["action"]),
        changes=[
            Cell(column=name, before=_shown(name, before, crs), after=_shown(name, after, crs))
            for name in sorted(before.keys() | after.keys())
            if before.get(name) != after.get(name)
        ],
    )


def _shown(name: str, row: dict[str, Any], crs: CRS) -> Any:
    return to_geojson(row.get(name), crs) if name == "geometry" else row.get(name)
