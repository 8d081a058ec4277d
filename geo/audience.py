"""Whose eyes the rows are for: what of the frames and of the history an audience may see.

A layer that has no rule is seen by the inside only. A row that is seen names no row that is not: such a
reference is missing, as is every column that is not for the audience.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt
import orjson
import pandas as pd
import shapely

from geo.layers import LAYERS
from geo.vocabulary import AudienceKind, BoundaryLevel, LineState

Mask = npt.NDArray[np.bool_]
Shapes = npt.NDArray[np.object_]
Frames = Mapping[str, pd.DataFrame]


@dataclass(frozen=True)
class Audience:
    """Hashable: it is part of the key of everything that is kept. ``town`` and ``owner`` by kind."""

    kind: AudienceKind
    town: str | None = None
    owner: str | None = None


INTERNAL = Audience(AudienceKind.INTERNAL)
PUBLIC = Audience(AudienceKind.PUBLIC)

_SOURCES = ("source", "source_id")
HIDDEN: Mapping[tuple[AudienceKind, str], frozenset[str]] = {
    # Who knows how far each work is, and by how much that moves its community, knows what it costs: so a
    # utility has of the works what is to be done when, and of the community how far it is.
    (AudienceKind.UTILITY, "works"): frozenset(
        ("cost_fen", "contractor", "note", "progress_percent", "actual_start", "actual_end")
    ),
    (AudienceKind.UTILITY, "communities"): frozenset(("investment_fen", "delay_reason", "note")),
    (AudienceKind.UTILITY, "owners"): frozenset(("contact",)),
    (AudienceKind.PUBLIC, "communities"): frozenset(
        ("address", "year_built", "delay_reason", "floor_area_dm2", "investment_fen", "note", *_SOURCES)
    ),
    (AudienceKind.PUBLIC, "buildings"): frozenset(
        ("units", "households", "floor_area_dm2", "year_built", "structure", *_SOURCES)
    ),
    (AudienceKind.PUBLIC, "ground"): frozenset(("height_m", *_SOURCES)),
    (AudienceKind.PUBLIC, "boundaries"): frozenset(_SOURCES),
}


def hides(audience: Audience, layer: str, column: str) -> bool:
    """Whether a column of a layer is not for the audience."""
    return column in HIDDEN.get((audience.kind, layer), ())


def knows_money(audience: Audience) -> bool:
    """Whether the audience has the investment of what it sees."""
    return not hides(audience, "communities", "investment_fen")


@dataclass(frozen=True)
class Sight:
    """What the rules look at beside the row itself: towns by community, the town's outline, digs seen."""

    audience: Audience
    towns: Mapping[str, str]
    outline: shapely.Geometry | None
    digs: frozenset[str]

    def owned(self, rows: pd.DataFrame) -> Mask:
        return _true(rows["owner"] == self.audience.owner)

    def at_home(self, rows: pd.DataFrame) -> Mask:
        """Rows whose community is of the town."""
        return _true(rows["community"].map(self.towns) == self.audience.town)

    def inside(self, shapes: Shapes) -> Mask:
        """Shapes with a point in the town's own outline; none where that is schematic or not there."""
        if self.outline is None:
            return np.zeros(len(shapes), dtype=bool)
        points = shapely.point_on_surface(shapes)
        return np.asarray(shapely.intersects(self.outline, points), dtype=bool)


Rule = Callable[[pd.DataFrame, Shapes, Sight], Mask]


def _all(rows: pd.DataFrame, shapes: Shapes, sight: Sight) -> Mask:
    return np.ones(len(rows), dtype=bool)


def _none(rows: pd.DataFrame, shapes: Shapes, sight: Sight) -> Mask:
    return np.zeros(len(rows), dtype=bool)


def _own(rows: pd.DataFrame, shapes: Shapes, sight: Sight) -> Mask:
    return sight.owned(rows)


def _files_of_own_digs(rows: pd.DataFrame, shapes: Shapes, sight: Sight) -> Mask:
    return np.asarray(rows["dig"].isin(sight.digs), dtype=bool)


def _town_itself(rows: pd.DataFrame, shapes: Shapes, sight: Sight) -> Mask:
    return _true(rows["town"] == sight.audience.town)


def _home(rows: pd.DataFrame, shapes: Shapes, sight: Sight) -> Mask:
    return sight.at_home(rows)


def _home_or_in_town(rows: pd.DataFrame, shapes: Shapes, sight: Sight) -> Mask:
    """Buildings of no community have the town themselves."""
    return sight.at_home(rows) | (_missing(rows["community"]) & _town_itself(rows, shapes, sight))


def _home_or_public(rows: pd.DataFrame, shapes: Shapes, sight: Sight) -> Mask:
    """Streets and what stands in them are there for everybody."""
    return sight.at_home(rows) | _missing(rows["community"])


def _home_or_inside(rows: pd.DataFrame, shapes: Shapes, sight: Sight) -> Mask:
    """Pipes and digs of no community are of the town in whose surveyed outline they lie."""
    seen = sight.at_home(rows)
    lost = np.flatnonzero(_missing(rows["community"]))
    seen[lost] = sight.inside(shapes[lost])
    return seen


def _files_at_home(rows: pd.DataFrame, shapes: Shapes, sight: Sight) -> Mask:
    """What a file names has to be of the town, community and dig alike, and it has to name one."""
    no_community, no_dig = _missing(rows["community"]), _missing(rows["dig"])
    of_dig = np.asarray(rows["dig"].isin(sight.digs), dtype=bool)
    return np.asarray(
        (no_community | sight.at_home(rows)) & (no_dig | of_dig) & ~(no_community & no_dig), dtype=bool
    )


RULES: Mapping[AudienceKind, Mapping[str, Rule]] = {
    AudienceKind.TOWN: {
        "boundaries": _all,
        "owners": _all,
        "communities": _town_itself,
        "buildings": _home_or_in_town,
        "ground": _home_or_public,
        "lines": _home_or_inside,
        "nodes": _home_or_inside,
        "digs": _home_or_inside,
        "works": _home,
        "inspections": _home,
        "files": _files_at_home,
    },
    AudienceKind.UTILITY: {
        "boundaries": _all,
        "owners": _all,
        "communities": _all,
        "buildings": _all,
        "ground": _all,
        "works": _all,
        "lines": _own,
        "nodes": _own,
        "digs": _own,
        "files": _files_of_own_digs,
    },
    AudienceKind.PUBLIC: {"boundaries": _all, "communities": _all, "buildings": _all, "ground": _all},
}
"""Which rows of which layer an audience sees; of a layer that is not named, none."""


def has_layer(audience: Audience, layer: str) -> bool:
    """Whether the audience may see any row of a layer."""
    return audience.kind is AudienceKind.INTERNAL or layer in RULES[audience.kind]


def masks(frames: Frames, audience: Audience) -> Mapping[str, Mask]:
    """Which rows of each frame the audience sees, (rows,) truth by layer."""
    if audience.kind is AudienceKind.INTERNAL:
        return {name: np.ones(len(frame), dtype=bool) for name, frame in frames.items()}
    sight = sight_of(frames, audience)
    return {name: _seen(name, frame, _shapes(frame), sight) for name, frame in frames.items()}


def sight_of(frames: Frames, audience: Audience) -> Sight:
    """What the rules need to know of the whole frames."""
    towns: Mapping[str, str] = {}
    if "communities" in frames:
        towns = dict(zip(frames["communities"]["id"], frames["communities"]["town"], strict=True))
    sight = Sight(audience, towns, _outline(frames, audience), frozenset())
    digs = frames.get("digs")
    if digs is None:
        return sight
    seen = _seen("digs", digs, _shapes(digs), sight)
    return Sight(audience, towns, sight.outline, frozenset(digs.loc[seen, "id"]))


def _outline(frames: Frames, audience: Audience) -> shapely.Geometry | None:
    """The outline of the audience's town where it was surveyed: a schematic one decides nothing."""
    if audience.kind is not AudienceKind.TOWN or "boundaries" not in frames:
        return None
    rows = frames["boundaries"]
    own = _true(rows["level"] == str(BoundaryLevel.TOWN)) & _true(rows["code"] == audience.town)
    surveyed = own & ~_true(rows["schematic"])
    if not surveyed.any():
        return None
    outline: shapely.Geometry = shapely.union_all(_shapes(rows)[surveyed])
    shapely.prepare(outline)
    return outline


def _seen(layer: str, rows: pd.DataFrame, shapes: Shapes, sight: Sight) -> Mask:
    if sight.audience.kind is AudienceKind.INTERNAL:
        return _all(rows, shapes, sight)
    return RULES[sight.audience.kind].get(layer, _none)(rows, shapes, sight)


def visible(frames: Frames, audience: Audience) -> Frames:
    """The frames with the rows and columns that the audience sees, typed and ordered as they were.

    What is not for it is missing; columns and frames that lose nothing are shared, not copied.
    """
    if audience.kind is AudienceKind.INTERNAL:
        return frames
    seen = masks(frames, audience)
    kept = {name: _kept(frame, seen[name]) for name, frame in frames.items()}
    return MappingProxyType({name: _blanked(frame, name, kept, audience) for name, frame in kept.items()})


def _kept(frame: pd.DataFrame, seen: Mask) -> pd.DataFrame:
    return frame if seen.all() else frame[seen].reset_index(drop=True)


def _blanked(frame: pd.DataFrame, layer: str, kept: Frames, audience: Audience) -> pd.DataFrame:
    changed: dict[str, pd.Series] = {}
    hidden = HIDDEN.get((audience.kind, layer), frozenset())
    for column in LAYERS[layer].columns if layer in LAYERS else ():
        if column.name not in frame:
            continue
        values = frame[column.name]
        if column.name in hidden:
            changed[column.name] = values.mask(np.ones(len(frame), dtype=bool))
        elif column.refers_to in kept:
            lost = _true(values.notna() & ~values.isin(kept[column.refers_to]["id"]))
            if lost.any():
                changed[column.name] = values.mask(lost)
    return frame.assign(**changed) if changed else frame


def presence(frames: Frames, audience: Audience) -> pd.DataFrame:
    """community, owner, utility: once each, of others' lines that lie in a community, for a utility.

    An unknown owner is missing. What has been removed lies there no more. For everybody else no row: they
    see the lines themselves or are told nothing.
    """
    lines = frames["lines"][["community", "owner", "utility", "state"]]
    others = np.zeros(len(lines), dtype=bool)
    if audience.kind is AudienceKind.UTILITY:
        there = lines["community"].notna() & (lines["state"] != str(LineState.REMOVED))
        others = _true(there) & ~_true(lines["owner"] == audience.owner)
    told = pd.DataFrame(lines.loc[others, ["community", "owner", "utility"]]).drop_duplicates()
    return told.sort_values(["community", "owner", "utility"], na_position="last", ignore_index=True)


def visible_events(events: pd.DataFrame, audience: Audience, frames: Frames) -> pd.DataFrame:
    """The events that an audience sees, in their order, columns that are not for it missing on both sides.

    ``frames`` are the whole ones of now: where a community is, and which digs are seen, is as it is now.
    An event is seen where its row is seen before and after; a change of nothing that is seen is not. The
    public sees none. ``origin`` can name a file and stays inside; of others' rows a utility does not learn
    who changed them.
    """
    if audience.kind is AudienceKind.INTERNAL:
        return events
    if audience.kind is AudienceKind.PUBLIC or events.empty:
        return events.iloc[:0]
    sight = sight_of(frames, audience)
    parts = [
        _events_of(str(layer), part, sight, frames)
        for layer, part in events.groupby("layer", sort=False)
        if layer in LAYERS
    ]
    if not parts:
        return events.iloc[:0]
    told = pd.concat(parts)
    return pd.DataFrame(told.reindex(events.index[events.index.isin(told.index)]))


def _events_of(layer: str, events: pd.DataFrame, sight: Sight, frames: Frames) -> pd.DataFrame:
    sides = {name: [_parsed(text) for text in events[name]] for name in ("before", "after")}
    seen = np.ones(len(events), dtype=bool)
    own = np.zeros(len(events), dtype=bool)
    for rows in sides.values():
        there = np.array([row is not None for row in rows], dtype=bool)
        frame, shapes = _as_rows(rows)
        seen &= ~there | _seen(layer, frame, shapes, sight)
        own |= there & sight.owned(frame)
    known = _known(layer, [row for rows in sides.values() for row in rows if row], sight, frames)
    for name, rows in sides.items():
        sides[name] = [None if row is None else _told(row, layer, sight.audience, known) for row in rows]
    pairs = zip(sides["before"], sides["after"], strict=True)
    silent = [before is not None and before == after for before, after in pairs]
    who = events["actor"] if sight.audience.kind is AudienceKind.TOWN else events["actor"].where(own, "")
    texts = {name: pd.array(list(map(_text, rows)), dtype="string") for name, rows in sides.items()}
    told = events.assign(actor=who, origin=events["origin"].mask(seen, ""), **texts)
    return pd.DataFrame(told[seen & ~np.array(silent, dtype=bool)])


def _known(
    layer: str, rows: Sequence[Mapping[str, Any]], sight: Sight, frames: Frames
) -> Mapping[str, frozenset[str]]:
    """Of the rows that these rows name, those that are seen now, by the column that names them."""
    out: dict[str, frozenset[str]] = {}
    for column in LAYERS[layer].columns:
        frame = frames.get(column.refers_to)
        if frame is not None:
            named = frame[frame["id"].isin([row.get(column.name) for row in rows]).to_numpy(bool)]
            seen = _seen(column.refers_to, named, _shapes(named), sight)
            out[column.name] = frozenset(named.loc[seen, "id"])
    return out


_RULED = ("id", "owner", "community", "dig", "town")


def _as_rows(rows: list[dict[str, Any] | None]) -> tuple[pd.DataFrame, Shapes]:
    """What the rules look at, of rows as the history has them; a side that is not there is all missing."""
    columns = {name: [row.get(name) if row else None for row in rows] for name in _RULED}
    frame = pd.DataFrame({name: pd.array(values, dtype="string") for name, values in columns.items()})
    blobs = [bytes.fromhex(row["geometry"]) if row and row.get("geometry") else None for row in rows]
    return frame, np.asarray(shapely.from_wkb(np.array(blobs, dtype=object)))


def _told(
    row: Mapping[str, Any], layer: str, audience: Audience, known: Mapping[str, frozenset[str]]
) -> dict[str, Any]:
    """A row of the history without what is not for the audience."""
    hidden = HIDDEN.get((audience.kind, layer), frozenset())
    return {
        name: None if name in hidden or (name in known and value not in known[name]) else value
        for name, value in row.items()
    }


def _parsed(text: Any) -> dict[str, Any] | None:
    return None if pd.isna(text) else orjson.loads(text)


def _text(row: Mapping[str, Any] | None) -> str | None:
    return None if row is None else orjson.dumps(row).decode()


def _shapes(frame: pd.DataFrame) -> Shapes:
    if "geometry" not in frame:
        return np.full(len(frame), None, dtype=object)
    return np.asarray(frame["geometry"].array)


def _true(values: pd.Series) -> Mask:
    return np.array(values.fillna(False), dtype=bool)


def _missing(values: pd.Series) -> Mask:
    return np.asarray(values.isna(), dtype=bool)
