"""What asked changes come to: rows before and after, by the policy, the contract and what is believable."""

import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import groupby

import pandas as pd
import shapely

from api.editing.asking import ADD, NOT_SAID, REMOVE, Ask, FaultyEdit, Planned
from api.editing.desk import Desk
from api.editing.drawn import Misdrawn, from_geojson, to_degrees
from api.editing.given import Row, frame_of, given_values, shape_of
from api.policy import Principal, may_change, sees
from geo.errors import ContractError, NotFound, StaleRevision
from geo.layers import BUILDINGS, COMMUNITIES, LAYERS, Fault, check_part
from geo.plausible import column_faults, lies_outside, shape_faults
from geo.store.blobs import single
from geo.store.record import Change
from geo.vertices import keep_vertices

TOWNS = "towns"
SAME_COMMUNITY = {"works": ("building",), "inspections": ("building", "work")}


def plan(asks: Sequence[Ask], desk: Desk, principal: Principal) -> list[Planned]:
    """The changes as they would be recorded.

    Raises, in this order, ``NotFound`` (also for what the principal may not see), ``NotAllowed``,
    ``StaleRevision`` for the first row that it holds of, and ``FaultyEdit`` with every fault of all changes
    where there is one that the record would not find.
    """
    for layer, some in groupby(sorted(asks, key=_layer_name), key=_layer_name):
        desk.fetch(LAYERS[layer], [ask.row for ask in some if ask.row])
    ids = [ask.row or secrets.token_hex(10) for ask in asks]
    refs = {ask.ref: row for ask, row in zip(asks, ids, strict=True) if ask.ref}
    planned = [_planned(ask, row, desk, principal, refs) for ask, row in zip(asks, ids, strict=True)]
    _refuse_faulty(planned, desk, principal)
    return planned


def _layer_name(ask: Ask) -> str:
    return ask.layer.name


def _planned(ask: Ask, row: str, desk: Desk, principal: Principal, refs: Mapping[str, str]) -> Planned:
    layer = ask.layer.name
    before = desk.row(layer, row) if ask.row else None
    if ask.row and before is None:
        raise NotFound("no_such_row", layer=layer, row=row)
    one = Planned(ask, row, before, None) if ask.action == REMOVE else _written(ask, row, before, desk, refs)
    may_change(principal, layer, ask.action, before, one.after, desk)
    current = desk.revisions.get((layer, row))
    if ask.seen is not None and ask.seen != current:
        raise StaleRevision(layer=layer, row=row, seen=ask.seen, current=current)
    desk.lay(layer, row, one.after)
    return one


def _written(ask: Ask, row: str, before: Row | None, desk: Desk, refs: Mapping[str, str]) -> Planned:
    """An addition or an alteration: what was typed and drawn, laid over what was there."""
    name = ask.row or ask.ref
    given, faults = given_values(ask.fields, ask.layer, name, refs)
    given |= ask.fixed
    if ask.layer.name == "buildings" and "town" not in given and given.get("community"):
        given["town"] = desk.town_of_community(given["community"])
    blank: Row = dict.fromkeys(ask.layer.names)
    after = {**(before if before is not None else blank), **given, "id": row}
    names = set(given) if before is not None else set(ask.layer.names)
    shape = None
    if ask.layer.geometry or ask.geometry is not NOT_SAID:
        after.setdefault("geometry", None)
        try:
            if ask.geometry is not NOT_SAID:
                shape = keep_vertices(shape_of(after), from_geojson(ask.geometry, ask.layer, desk.view.crs))
                after["geometry"] = hex_of(shape)
                names.add("geometry")
            elif before is None:
                names.add("geometry")
        except Misdrawn as error:
            faults.append(error.fault(name))
    return Planned(ask, row, before, after, frozenset(names - {"id"}), shape, faults)


def hex_of(shape: shapely.Geometry | None) -> str | None:
    """A shape as rows have it: WKB in hex, a multi of one part as that part."""
    if shape is None or shapely.is_empty(shape):
        return None
    return single(shapely.to_wkb(shape, byte_order=1, output_dimension=2, include_srid=False)).hex()


def _refuse_faulty(planned: Sequence[Planned], desk: Desk, principal: Principal) -> None:
    for one in planned:
        if one.after is not None:
            one.faults += _reference_faults(one, desk, principal)
            one.faults += _believable(one, desk)
    if any(one.faults for one in planned):
        refuse_breaches(planned, desk)


def refuse_breaches(planned: Sequence[Planned], desk: Desk) -> None:
    """Raise ``FaultyEdit`` with what is known to be wrong and every breach of the contract; if there is any.

    The record holds every change to the contract, so this is asked only to tell all that is wrong at once.
    """
    written = [one for one in planned if one.after is not None]
    for _, some in groupby(sorted(written, key=_kind), _kind):
        _hold_to_contract(list(some), desk)
    told = [(place, fault) for place, one in enumerate(planned) for fault in _first_of_each(one.faults)]
    if told:
        places = [(planned[place].ask.layer.name, place) for place, _ in told]
        raise FaultyEdit(places, [fault for _, fault in told])


def _first_of_each(faults: Iterable[Fault]) -> Iterable[Fault]:
    """One fault beside each field: the first that was found."""
    return {fault.column: fault for fault in reversed(list(faults))}.values()


def _name(one: Planned) -> str:
    return one.ask.row or one.ask.ref


def _reference_faults(one: Planned, desk: Desk, principal: Principal) -> Iterable[Fault]:
    after = one.after or {}
    for column in one.ask.layer.columns:
        value = after.get(column.name)
        if not column.refers_to or column.name not in one.names or value is None:
            continue
        if column.refers_to == TOWNS:
            if value not in desk.view.meta()["towns"].split(","):
                yield Fault("unknown_reference", _name(one), column.name, value)
        elif (column.refers_to, value) == (one.ask.layer.name, one.row):
            yield Fault("names_itself", _name(one), column.name, value)
        else:
            yield from _named_row_faults(one, column.name, column.refers_to, desk, principal)


def _named_row_faults(
    one: Planned, name: str, layer: str, desk: Desk, principal: Principal
) -> Iterable[Fault]:
    """Another's row and an absent one answer alike."""
    after = one.after or {}
    named = desk.row(layer, after[name])
    if named is None or not sees(principal, layer, named, desk):
        yield Fault("unknown_reference", _name(one), name, after[name])
    elif name in SAME_COMMUNITY.get(one.ask.layer.name, ()) and named["community"] != after["community"]:
        yield Fault("of_another_community", _name(one), name, after[name])


def _believable(one: Planned, desk: Desk) -> Iterable[Fault]:
    after = one.after or {}
    yield from column_faults({**after, "id": _name(one)}, one.ask.layer, one.names)
    if one.shape is None:
        return
    for fault in shape_faults(one.shape, _name(one)):
        yield _in_degrees(fault, desk)
    if one.ask.layer.name != "boundaries" and _leaves(one.shape, one.before, desk):
        yield Fault("outside_district", _name(one), "geometry")


def _in_degrees(fault: Fault, desk: Desk) -> Fault:
    if not fault.value:
        return fault
    x, y = map(float, fault.value.split(", "))
    east, north = to_degrees(x, y, desk.view.crs)
    return Fault(fault.code, fault.row, fault.column, f"{east:.6f}, {north:.6f}")


def _leaves(shape: shapely.Geometry, before: Row | None, desk: Desk) -> bool:
    """Whether a shape lies outside of the district and was not there already."""
    if desk.outline is None or not lies_outside(shape, desk.outline):
        return False
    old = shape_of(before or {})
    return old is None or not lies_outside(old, desk.outline)


def _kind(one: Planned) -> tuple[str, str, list[str]]:
    """What changes have in common that are written in one frame."""
    return one.ask.action, one.ask.layer.name, sorted(one.names)


def _hold_to_contract(some: Sequence[Planned], desk: Desk) -> None:
    """Add to each change of one kind what the contract says of the columns that it writes."""
    layer, crs = some[0].ask.layer, desk.view.crs
    try:
        check_part(_frame(some, desk), layer, crs=crs)
    except ContractError as error:
        of_row = {one.row: one for one in some}
        for fault in error.facts["faults"]:
            one = of_row[fault.row]
            one.faults.append(Fault(fault.code, _name(one), fault.column, fault.value))


def _frame(some: Sequence[Planned], desk: Desk) -> pd.DataFrame:
    """The columns that changes of one kind write, with the id."""
    rows = [one.after or {} for one in some]
    shapes = [one.shape for one in some]
    return frame_of(rows, some[0].ask.layer, {"id", *some[0].names}, shapes, desk.view.crs)


def changes_of(planned: Sequence[Planned], desk: Desk) -> list[Change]:
    """The changes for the record, in the order asked; those of one kind that follow each other as one."""
    return [_change(list(some), desk) for _, some in groupby(planned, _kind)]


def _change(some: Sequence[Planned], desk: Desk) -> Change:
    ask = some[0].ask
    seen = {one.row: one.ask.seen for one in some if one.ask.seen is not None}
    if ask.action == REMOVE:
        return Change(ask.layer.name, remove=[one.row for one in some], seen=seen)
    frame = _frame(some, desk)
    if ask.action == ADD:
        return Change(ask.layer.name, add=frame)
    return Change(ask.layer.name, update=frame, seen=seen)


def following(planned: Sequence[Planned], desk: Desk, buildings: Callable[[], pd.DataFrame]) -> list[Change]:
    """A community that changes its town takes its buildings along; ``buildings`` gives those of now."""
    towns = {one.row: one.after["town"] for one in planned if one.after and _moves_town(one)}
    if not towns:
        return []
    frame = buildings()
    own = frame.loc[frame["community"].isin(towns).to_numpy(bool), "id"].tolist()
    rows = [row for row in desk.among("buildings", own).values() if row["community"] in towns]
    moved: list[Row] = [{**row, "town": towns[row["community"]]} for row in rows]
    return [Change("buildings", update=frame_of(moved, BUILDINGS, ("id", "town"), (), desk.view.crs))]


def _moves_town(one: Planned) -> bool:
    after, before = one.after or {}, one.before
    return one.ask.layer is COMMUNITIES and before is not None and after["town"] != before["town"]
