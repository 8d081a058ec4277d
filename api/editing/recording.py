"""Edits: looked at in one view, recorded in one transaction, answered from what its events say.

A request that comes again with its ``Idempotency-Key`` is answered from the same events and so gets the
same answer; nothing is written twice.
"""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
from pyproj import CRS

from api.editing.asking import ADD, LATEST, REMOVE, UPDATE, Ask, Done, FaultyEdit, Outcome, StaleEdit
from api.editing.bodies import canonical
from api.editing.desk import Desk
from api.editing.drawn import Misdrawn, from_geojson, to_geojson
from api.editing.given import Row, given_values
from api.editing.planning import changes_of, following, hex_of, plan, refuse_breaches
from api.editing.sight import Sight
from api.policy import Principal, Way, may_change, sees
from api.wiring import Services, now
from geo.errors import BadInput, ContractError, NotFound, StaleRevision
from geo.layers import LAYERS, Layer, conform
from geo.store.past import row_at
from geo.store.protocol import View
from geo.store.record import Change, Receipt, record, replayed
from geo.store.reverting import undo
from geo.store.rows import to_part, to_rows

ORIGINS = {Way.TOKEN: "api"}
NAMES = ("layer", "row_id")


@dataclass(frozen=True)
class State:
    """A row as one event left it."""

    layer: Layer
    row: Row
    revision: int
    at: str
    actor: str


def receipt_for(principal: Principal, method: str, path: str, key: str | None, body: Any) -> Receipt | None:
    """The receipt of a request that has a key: of its own for each person and route, good for one body."""
    if key is None:
        return None
    name = canonical([principal.id, method, path, key])
    return Receipt(hashlib.sha256(name).hexdigest(), hashlib.sha256(canonical(body)).hexdigest())


def edit(
    services: Services,
    principal: Principal,
    asks: Sequence[Ask],
    receipt: Receipt | None = None,
    summary: str = "",
    ready: Callable[[], object] = lambda: None,
) -> Outcome:
    """Record what is asked as one revision, and say what became of it.

    ``ready`` is called when all is looked at and nothing recorded yet: what it raises stops the record.

    Raises what ``plan`` and ``record`` raise, a stale row as ``StaleEdit`` with its versions, a removal of
    what others still name as ``BadInput`` (``still_referenced``).
    """
    try:
        with services.store.view() as view:
            known = replayed(view, receipt)
            if known is not None:
                return outcome(view, known.revision, asks)
            desk = Desk(view)
            planned = plan(asks, desk, principal)
            changes = changes_of(planned, desk) + following(planned, desk, lambda: _buildings(services))
        ready()
        done, replay = write(services, principal, changes, receipt, summary)
    except ContractError as error:
        if not isinstance(error, FaultyEdit):
            refuse_breaches(planned, desk)
        raise
    except StaleRevision as error:
        raise stale_edit(services, principal, asks, error) from error
    with services.store.view() as view:
        return outcome(view, done, asks, None if replay else [one.row for one in planned])


def write(
    services: Services,
    principal: Principal,
    changes: Sequence[Change],
    receipt: Receipt | None,
    summary: str,
    origin: str = "",
) -> tuple[int, bool]:
    """Record for the principal; the revision of the changes, and whether it is that of a first time."""
    try:
        recorded = record(
            services.store,
            changes,
            actor=principal.id,
            at=now(),
            origin=origin or ORIGINS.get(principal.way, "web"),
            summary=summary,
            receipt=receipt,
        )
    except ContractError as error:
        raise _still_named(error) from error
    return recorded.revision, recorded.replayed


def _still_named(error: ContractError) -> BadInput:
    """A removal that leaves others dangling, counted by layer; any other error as it is."""
    faults = error.facts["faults"]
    if faults[0].code != "still_referenced":
        return error
    layers = pd.Series([fault.column.partition(".")[0] for fault in faults])
    counts = ", ".join(f"{layer} {count}" for layer, count in layers.value_counts(sort=False).items())
    return BadInput(
        "still_referenced", layer=error.facts["layer"], row=faults[0].row, count=len(faults), named_by=counts
    )


def _buildings(services: Services) -> pd.DataFrame:
    return services.keeper.current().frames["buildings"]


def outcome(view: View, revision: int, asks: Sequence[Ask], ids: Sequence[str] | None = None) -> Outcome:
    """What became of each of ``asks`` at ``revision``; ``ids`` of their rows, where they are known."""
    rows = ids or _ids_of(view, revision, asks)
    done = []
    for ask, row in zip(asks, rows, strict=True):
        gone = ask.action == REMOVE
        at = None if gone else state_at(view, ask.layer, row, revision).revision
        done.append(Done(ask.layer.name, row, at, ask.ref))
    return Outcome(revision, done)


def _ids_of(view: View, revision: int, asks: Sequence[Ask]) -> list[str]:
    """The rows that were asked for, those that were added by the order in which the events tell of them."""
    events = view.events(since=revision - 1, until=revision)
    added: dict[str, list[str]] = {}
    for layer, row in zip(*(events.loc[events["action"] == ADD, name] for name in NAMES), strict=True):
        added.setdefault(layer, []).append(row)
    news = {layer: iter(rows) for layer, rows in added.items()}
    return [ask.row or next(news[ask.layer.name]) for ask in asks]


def state_at(view: View, layer: Layer, row: str, revision: int = LATEST) -> State:
    """A row as it was at a revision of the store, by default the present one.

    Raises ``NotFound`` (``no_such_row``) where there was none.
    """
    event = view.last_event(layer.name, row, revision)
    if event is None or event.after is None:
        raise NotFound("no_such_row", layer=layer.name, row=row)
    return State(layer, json.loads(event.after), event.revision, event.at, event.actor)


def moment(at: pd.Timestamp) -> str:
    """A moment as ISO text in UTC."""
    return at.isoformat().replace("+00:00", "Z")


def version_of(layer: Layer, row: Row, revision: int, crs: CRS) -> dict[str, Any]:
    """A row as JSON shows it: fields in the contract's units, geometry as GeoJSON in CRS84."""
    return {
        "fields": {name: row.get(name) for name in layer.names if name != "id"},
        "geometry": to_geojson(row.get("geometry"), crs) if layer.geometry else None,
        "row_revision": revision,
    }


def stale_edit(
    services: Services, principal: Principal, asks: Sequence[Ask], error: StaleRevision
) -> StaleEdit:
    """The error with what the editor saw, what it makes of that, and what stands there now.

    Raises ``NotFound`` (``no_such_row``) where that is no longer for the editor's eyes.
    """
    named = (error.facts["layer"], error.facts["row"])
    ask = next(ask for ask in asks if (ask.layer.name, ask.row) == named)
    layer, seen, sight = ask.layer, int(error.facts["seen"]), Sight(services, principal)
    with services.store.view() as view:
        state = state_at(view, layer, ask.row)
        theirs = sight.of(layer.name, state.row, state.actor)
        if theirs is None:
            raise NotFound("no_such_row", layer=layer.name, row=ask.row)
        first = row_at(view, layer.name, ask.row, seen)
        base = sight.of(layer.name, first) if first else None
        yours = _as_asked(ask, base.row if base else theirs.row, view.crs)
        versions = {
            "base": version_of(layer, base.row, seen, view.crs) if base else None,
            "yours": version_of(layer, yours, seen, view.crs),
            "theirs": version_of(layer, theirs.row, state.revision, view.crs),
            "changed": {"at": state.at, "by": name_of(services, theirs.actor)},
        }
    return StaleEdit(versions, **{**error.facts, "current": state.revision})


def _as_asked(ask: Ask, base: Mapping[str, Any], crs: CRS) -> Row:
    """A row with what somebody typed and drew, whatever is wrong with it left out."""
    given, _ = given_values(ask.fields, ask.layer, ask.row, {})
    yours = {**base, **given}
    if isinstance(ask.geometry, Mapping) or ask.geometry is None:
        try:
            yours["geometry"] = hex_of(from_geojson(ask.geometry, ask.layer, crs))
        except Misdrawn:
            return yours
    return yours


def name_of(services: Services, actor: str) -> str:
    """The name of an account; what stands in the history where it has none."""
    return services.accounts.names([actor]).get(actor, actor)


def revert(
    services: Services,
    principal: Principal,
    revision: int,
    layer: str | None,
    row: str | None,
    receipt: Receipt | None,
) -> Outcome:
    """Bring back what a revision changed, of one row or of all of them, as a new change.

    Raises ``NotFound`` (``no_such_revision``) where there is none or it changed what the principal may not
    see, ``NotAllowed``, ``StaleRevision`` where somebody has changed the same since, and as ``record`` does.
    """
    with services.store.view() as view:
        known = replayed(view, receipt)
        changes = [] if known else _taken_back(view, principal, revision, layer, row)
    done = known.revision if known else write(services, principal, changes, receipt, "", "revert")[0]
    with services.store.view() as view:
        events = view.events(since=done - 1, until=done)
    rows = [
        Done(layer, row, None if action == REMOVE else done)
        for layer, row, action in zip(events["layer"], events["row_id"], events["action"], strict=True)
    ]
    return Outcome(done, rows)


def _taken_back(
    view: View, principal: Principal, revision: int, layer: str | None, row: str | None
) -> list[Change]:
    """The changes that take a revision back, each row of them held to the policy.

    Where one of them is not for the principal's eyes, there is no such revision: not even a value that has
    changed since is told.
    """
    desk = Desk(view)
    absent = NotFound("no_such_revision", revision=revision)
    if not 0 < revision <= view.revision():
        raise absent
    ids = None if row is None else [row]
    events = view.events(since=revision - 1, until=revision, layer=layer, ids=ids)
    if events.empty:
        raise absent
    for name, was, left in zip(events["layer"], events["before"], events["after"], strict=True):
        for text in (was, left):
            if not pd.isna(text) and not sees(principal, name, json.loads(text), desk):
                raise absent
    changes = undo(view, revision, layer=layer, row=row)
    try:
        for change in changes:
            _hold_to_policy(change, desk, principal)
    except NotFound as error:
        raise absent from error
    return changes


def _hold_to_policy(change: Change, desk: Desk, principal: Principal) -> None:
    layer = LAYERS[change.layer]
    if change.restore is not None:
        for text in to_rows(conform(change.restore, layer, desk.view.crs), layer).texts():
            back: Row = json.loads(text)
            may_change(principal, layer.name, "restore", None, back, desk)
            desk.lay(layer.name, back["id"], back)
    for given in () if change.update is None else _parts(change.update, layer):
        before = desk.row(layer.name, given["id"])
        after = None if before is None else {**before, **given}
        may_change(principal, layer.name, UPDATE, before, after, desk)
    for row in change.remove:
        may_change(principal, layer.name, REMOVE, desk.row(layer.name, row), None, desk)


def _parts(frame: pd.DataFrame, layer: Layer) -> list[Row]:
    """The given columns of each row of an update, as canonical values."""
    part = to_part(frame, layer)
    columns: dict[str, Sequence[Any]] = dict(part.columns)
    if part.wkb:
        columns["geometry"] = [None if blob is None else blob.hex() for blob in part.wkb]
    return [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]
