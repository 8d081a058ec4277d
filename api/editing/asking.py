"""What an edit asks for, as it comes over HTTP and as it has been looked at."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import shapely

from api.editing.bodies import Json
from api.editing.given import Row
from geo.errors import BadInput, ContractError, StaleRevision
from geo.layers import Fault, Layer, layer_named

ADD, UPDATE, REMOVE = "add", "update", "remove"
MOST_CHANGES = 1000
LATEST = 2**31 - 1
"""No store comes to more revisions."""
NOT_SAID: Any = object()
MEMBERS = {
    ADD: frozenset({"action", "layer", "fields", "geometry", "as"}),
    UPDATE: frozenset({"action", "layer", "id", "seen", "fields", "geometry"}),
    REMOVE: frozenset({"action", "layer", "id", "seen"}),
}


@dataclass(frozen=True)
class Ask:
    """One change that somebody asks for. ``geometry`` is GeoJSON in CRS84, or ``NOT_SAID``."""

    action: str
    layer: Layer
    row: str = ""
    seen: int | None = None
    fields: Mapping[str, Any] = field(default_factory=dict)
    geometry: Any = NOT_SAID
    ref: str = ""
    fixed: Mapping[str, Any] = field(default_factory=dict)
    """Values that the service sets and nobody types."""


@dataclass
class Planned:
    """A change that has been looked at; ``names`` are the columns that it writes."""

    ask: Ask
    row: str
    before: Row | None
    after: Row | None
    names: frozenset[str] = frozenset()
    shape: shapely.Geometry | None = None
    faults: list[Fault] = field(default_factory=list)


@dataclass(frozen=True)
class Done:
    """What became of one asked change: the row's id, and its revision unless it was removed."""

    layer: str
    row: str
    row_revision: int | None
    ref: str = ""


@dataclass(frozen=True)
class Outcome:
    """What became of a batch, at which revision of the store."""

    revision: int
    rows: Sequence[Done]


class StaleEdit(StaleRevision):
    """An edit of a row that somebody changed meanwhile; ``versions`` has base, yours, theirs and changed."""

    def __init__(self, versions: Mapping[str, Any], /, **facts: Any) -> None:
        super().__init__("stale_revision", **facts)
        self.versions = versions


class FaultyEdit(ContractError):
    """``facts["faults"]`` as ever; ``places`` has the layer of each and the number of its change."""

    def __init__(self, places: Sequence[tuple[str, int]], faults: Sequence[Fault]) -> None:
        super().__init__("contract", layer=places[0][0], faults=tuple(faults))
        self.places = tuple(places)


def addition_of(layer: str, body: Json) -> Ask:
    """The row that ``{"fields", "geometry"}`` describes; raises ``BadInput`` and ``NotFound``."""
    return ask_of({**_only(body, "fields", "geometry"), "action": ADD, "layer": layer})


def alteration_of(layer: str, row: str, seen: int, body: Json) -> Ask:
    """What ``{"fields", "geometry"}`` makes of a row; raises ``BadInput`` and ``NotFound``."""
    said = _only(body, "fields", "geometry")
    return ask_of({**said, "action": UPDATE, "layer": layer, "id": row, "seen": seen})


def removal_of(layer: str, row: str, seen: int) -> Ask:
    return Ask(REMOVE, layer_named(layer), row, seen)


def batch_of(body: Json) -> tuple[str, list[Ask]]:
    """The summary and the changes of a batch; raises ``BadInput`` and ``NotFound``."""
    _only(body, "summary", "changes")
    summary, told = body.get("summary", ""), body.get("changes")
    if not isinstance(summary, str) or len(summary) > 500:
        raise _wrong("summary")
    if not isinstance(told, list) or not told:
        raise _wrong("changes")
    if len(told) > MOST_CHANGES:
        raise BadInput("too_many_changes", count=len(told), most=MOST_CHANGES)
    asks = [ask_of(one) for one in told]
    refs = [ask.ref for ask in asks if ask.ref]
    rows = [(ask.layer.name, ask.row) for ask in asks if ask.row]
    if len(set(refs)) < len(refs):
        raise _wrong("as")
    if len(set(rows)) < len(rows):
        layer, row = next(one for one in rows if rows.count(one) > 1)
        raise BadInput("row_twice", layer=layer, row=row)
    return summary, asks


def row_to_revert(body: Json) -> tuple[str | None, str | None]:
    """Layer and row of ``{"layer", "row"}``, both or neither; raises ``BadInput`` and ``NotFound``."""
    if not _only(body, "layer", "row"):
        return None, None
    return layer_named(_word(body, "layer")).name, _word(body, "row")


def ask_of(told: Any) -> Ask:
    """One change of a batch; raises ``BadInput`` and ``NotFound``."""
    if not isinstance(told, dict) or told.get("action") not in MEMBERS:
        raise _wrong("action")
    action = told["action"]
    _only(told, *MEMBERS[action])
    layer = layer_named(_word(told, "layer"))
    if action == ADD and layer.name == "files":
        raise BadInput("files_are_uploaded")
    fields = told.get("fields", {})
    if not isinstance(fields, dict):
        raise _wrong("fields")
    return Ask(
        action,
        layer,
        row="" if action == ADD else _word(told, "id"),
        seen=None if action == ADD else _revision(told),
        fields=fields,
        geometry=told.get("geometry", NOT_SAID),
        ref=_word(told, "as") if "as" in told else "",
    )


def _word(told: Json, name: str) -> str:
    value = told.get(name)
    if not isinstance(value, str) or not value or len(value) > 200:
        raise _wrong(name)
    return value


def _revision(told: Json) -> int:
    seen = told.get("seen")
    if isinstance(seen, bool) or not isinstance(seen, int) or not 0 < seen <= LATEST:
        raise _wrong("seen")
    return seen


def _only(told: Json, *names: str) -> Json:
    for name in told:
        if name not in names:
            raise BadInput("unknown_member", name=name, known=", ".join(sorted(names)))
    return told


def _wrong(name: str) -> BadInput:
    return BadInput("wrong_member", name=name)
