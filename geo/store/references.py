"""References between layers: what a row names must be there, and what is named must stay."""

from collections.abc import Iterable, Sequence

from geo.errors import ContractError
from geo.layers import LAYERS, Column, Fault
from geo.store.protocol import Writing
from geo.store.rows import Rows
from geo.store.steps import COMING, REMOVE, Step

TOWNS = "towns"


def check_references(writing: Writing, steps: Sequence[Step]) -> None:
    """Raise ``ContractError`` with every dangling reference that ``steps``, written already, would leave.

    ``unknown_reference``: an added or updated row names what is not there. ``still_referenced``: a removed
    row is named by one that stays.
    """
    for step in steps:
        faults = tuple(_orphans(writing, step.rows) if step.action == REMOVE else _dangling(writing, step))
        if faults:
            raise ContractError(layer=step.rows.layer.name, faults=faults)


def _dangling(writing: Writing, step: Step) -> Iterable[Fault]:
    rows = step.rows
    for column in rows.layer.columns:
        if column.refers_to and (step.action in COMING or column.name in step.names):
            values = rows.columns[column.name]
            named = {value for value in values if value is not None}
            unknown = named - _there(writing, column, named)
            for row, value in zip(rows.ids, values, strict=True):
                if value in unknown:
                    yield Fault("unknown_reference", row, column.name, value)


def _there(writing: Writing, column: Column, named: set[str]) -> set[str]:
    if column.refers_to == TOWNS:
        return set(writing.meta()["towns"].split(","))
    return writing.known(LAYERS[column.refers_to], named)


def _orphans(writing: Writing, removed: Rows) -> Iterable[Fault]:
    for layer in LAYERS.values():
        for column in layer.columns:
            if column.refers_to == removed.layer.name:
                for row, value in writing.referring(layer, column.name, removed.ids):
                    yield Fault("still_referenced", value, f"{layer.name}.{column.name}", row)
