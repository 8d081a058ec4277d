"""The history as a timeline: by day and by change, in words with units; what a revert would bring back."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from typing import Any

import geopandas as gpd
import pandas as pd
import shapely

from geo.layers import Layer, layer_named
from maps.panel import Scene
from maps.questions import label, question, row_name
from maps.wording import Wording

ROWS_SHOWN = 3
"""More rows of one layer than this in one change are told in one line and unfold."""
ROWS_UNFOLDED = 50
SILENT = frozenset({"id", "source", "source_id", "sha256", "media_type", "size_bytes"})
SHAPE = "geometry"
SAMPLE = "sample"
"""Where the sample district comes from: to take all of it back is to make a new store."""
ADD, UPDATE, REMOVE = "add", "update", "remove"
DEGREES = "EPSG:4326"
NUMBERS = frozenset({"exact", "whole", "real", "percent"})
LONGEST = 60


@dataclass(frozen=True)
class Event:
    """One row changed: ``cells`` are (column, before, after), shapes as GeoJSON in degrees."""

    revision: int
    at: datetime
    by: str
    origin: str
    layer: str
    row: str
    action: str
    cells: tuple[tuple[str, Any, Any], ...]


def timeline(
    scene: Scene, events: Sequence[Event], *, cut: bool = False, revert: bool = True
) -> list[dict[str, Any]]:
    """Days, newest first, each with its changes; ``events`` come newest first, ``cut`` in the last change.

    A change is one revision: who, at what time, from where, and per layer and action what became of its rows.
    """
    sizes = shape_changes(scene, events)
    zone = scene.atlas.district.timezone
    days = []
    for day, of_day in groupby(events, key=lambda event: event.at.astimezone(zone).date()):
        entries = [
            _entry(scene, list(part), sizes, day, revert=revert)
            for _, part in groupby(of_day, key=lambda event: event.revision)
        ]
        days.append({"day": day.isoformat(), "today": day == scene.atlas.as_of, "entries": entries})
    if cut and days and days[-1]["entries"][-1]["parts"][-1]["many"]:
        part = days[-1]["entries"][-1]["parts"][-1]
        part["many"] = scene.words("edit.history.and_more", told=part["many"])
    return days


def _entry(
    scene: Scene, events: list[Event], sizes: Mapping[int, tuple[str, str]], day: date, *, revert: bool
) -> dict[str, Any]:
    first, words = events[0], scene.words
    layers = list(dict.fromkeys(event.layer for event in events))
    origin = f"edit.origin.{first.origin.split(':')[0]}"
    may = revert and not scene.atlas.is_past and set(layers) <= scene.reader.edits
    may = may and first.origin != SAMPLE
    return {
        "revision": first.revision,
        "time": first.at.astimezone(scene.atlas.district.timezone).strftime("%H:%M"),
        "at": first.at.isoformat(),
        "by": _actor(words, first.by),
        "origin": words(origin) if origin in words else first.origin,
        "layers": " ".join(layers),
        "parts": list(_parts(scene, events, sizes)),
        "single": len(events) == 1,
        "may_revert": may,
        "then_url": _then(scene, events, day),
    }


def _actor(words: Wording, name: str) -> str:
    key = f"edit.actor.{name}"
    return words(key) if key in words else name or words("edit.history.somebody")


def _then(scene: Scene, events: list[Event], day: date) -> str:
    """The map as it was at the end of that day, at the community that was changed."""
    communities = {
        event.row if event.layer == "communities" else _cell(event, "community") for event in events
    }
    known = [one for one in communities if one in scene.atlas.community_names]
    community = known[0] if len(known) == 1 else None
    return scene.state.url(as_of=day, community=community, view=None, show="")


def _parts(
    scene: Scene, events: list[Event], sizes: Mapping[int, tuple[str, str]]
) -> Iterator[dict[str, Any]]:
    words = scene.words
    for (layer, action), found in groupby(events, key=lambda event: (event.layer, event.action)):
        rows = list(found)
        told = [_row(scene, event, sizes) for event in rows[:ROWS_UNFOLDED]]
        key = f"edit.history.many_{_done(action)}"
        many = len(rows) > ROWS_SHOWN
        yield {
            "layer": layer,
            "many": words(key, layer=words(f"edit.layer.{layer}"), count=len(rows)) if many else "",
            "rows": told,
            "count": len(rows),
            "more": max(len(rows) - ROWS_UNFOLDED, 0),
        }


def _done(action: str) -> str:
    return {ADD: "added", REMOVE: "removed"}.get(action, "updated")


def _row(scene: Scene, event: Event, sizes: Mapping[int, tuple[str, str]]) -> dict[str, Any]:
    words = scene.words
    values = row_values(scene, event)
    name = row_name(scene.atlas, words, event.layer, values)
    head = words(f"edit.history.{_done(event.action)}", layer=words(f"edit.layer.{event.layer}"), name=name)
    changes = changes_in_words(scene, event, values, sizes) if event.action == UPDATE else []
    undone = {ADD: REMOVE, REMOVE: ADD}.get(event.action, UPDATE)
    back = words(f"edit.history.{_done(undone)}", layer=words(f"edit.layer.{event.layer}"), name=name)
    return {
        "layer": event.layer,
        "row": event.row,
        "head": head,
        "changes": [told for told, _ in changes],
        "back": [reverse for _, reverse in changes] or [back],
        "url": scene.state.link(f"/community/{event.row}") if event.layer == "communities" else "",
    }


def row_values(scene: Scene, event: Event) -> dict[str, Any]:
    """What is known of the row that an event changed: as it is now, and as the event left or found it."""
    frame = scene.atlas.frames.get(event.layer)
    values: dict[str, Any] = {"id": event.row}
    if frame is not None and event.action == UPDATE:
        now = pd.DataFrame(frame[frame["id"] == event.row]).drop(columns=SHAPE, errors="ignore")
        if len(now):
            values |= {str(name): value for name, value in now.iloc[0].items()}
    side = 1 if event.action == REMOVE else 2
    return values | {cell[0]: cell[side] for cell in event.cells if cell[0] != SHAPE}


def changes_in_words(
    scene: Scene, event: Event, values: Mapping[str, Any], sizes: Mapping[int, tuple[str, str]]
) -> list[tuple[str, str]]:
    """Each changed column as ``投资：612.40 万元 → 616.93 万元``, forwards and as a revert would do it."""
    words, layer = scene.words, layer_named(event.layer)
    order = {name: place for place, name in enumerate(layer.names)}
    out = []
    for column, before, after in sorted(event.cells, key=lambda cell: order.get(cell[0], len(order))):
        if column in SILENT or (column != SHAPE and column not in order):
            continue
        if column == SHAPE:
            out.append(sizes.get(id(event), _moved(scene)))
            continue
        name = label(words, event.layer, column)
        sides = [_worded(scene, layer, column, value, values) for value in (before, after)]
        out.append((_change(scene, name, *sides), _change(scene, name, sides[1], sides[0])))
    return out


def _moved(scene: Scene) -> tuple[str, str]:
    told = scene.words("edit.history.moved")
    return told, told


def _change(scene: Scene, name: str, before: str, after: str) -> str:
    if not before:
        return scene.words("edit.history.set", name=name, after=after)
    if not after:
        return scene.words("edit.history.cleared", name=name, before=before)
    return scene.words("edit.history.change", name=name, before=before, after=after)


def _worded(scene: Scene, layer: Layer, column: str, value: Any, values: Mapping[str, Any]) -> str:
    """A value as people read it, with its unit; nothing for unknown."""
    held = {**values, column: value}
    asked = question(scene.atlas, scene.words, layer, layer.column(column), held)
    if not asked.shown:
        return ""
    if asked.kind not in NUMBERS:
        word = asked.word
        return word if len(word) <= LONGEST else f"{word[:LONGEST]}…"
    is_year = asked.unit == scene.words("edit.unit.year")
    number = asked.shown if is_year else grouped(asked.shown)
    return f"{number} {asked.unit}" if asked.unit and not is_year else number


def grouped(number: str) -> str:
    """A plain decimal with thousands' marks."""
    whole, dot, part = number.partition(".")
    return f"{int(whole):,}{dot}{part}" if whole.lstrip("-").isdigit() else number


def _cell(event: Event, column: str) -> Any:
    return next(
        (after if after is not None else before for name, before, after in event.cells if name == column),
        None,
    )


def shape_changes(scene: Scene, events: Iterable[Event]) -> dict[int, tuple[str, str]]:
    """How long or large shapes were and became, forwards and back, by the event's identity."""
    moved = [(event, _shapes(event)) for event in events if event.action == UPDATE and _shapes(event)]
    if not moved:
        return {}
    flat = [shapely.geometry.shape(dict(one)) for _, pair in moved for one in pair]
    there = gpd.GeoSeries(flat, crs=DEGREES).to_crs(scene.atlas.district.crs)
    areal = shapely.get_dimensions(there.array) == 2
    sizes = [
        f"{size:,.1f}" for size in shapely.area(there.array) * areal + shapely.length(there.array) * ~areal
    ]
    out = {}
    for place, (event, _) in enumerate(moved):
        key = "edit.history.moved_area" if areal[2 * place] else "edit.history.moved_length"
        before, after = sizes[2 * place : 2 * place + 2]
        forth = scene.words(key, before=before, after=after)
        out[id(event)] = (forth, scene.words(key, before=after, after=before))
    return out


def _shapes(event: Event) -> list[Mapping[str, Any]]:
    """Both shapes of a changed geometry; nothing where one of them is not there."""
    pair = next(([before, after] for name, before, after in event.cells if name == SHAPE), [])
    return pair if len(pair) == 2 and all(pair) else []


def day_of(text: str) -> date | None:
    """A day from a query; nothing for none and for what is no day."""
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        return None
