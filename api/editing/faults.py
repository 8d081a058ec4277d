"""What is wrong with an edit, told beside each field in the reader's language."""

from typing import Any

from api.editing.asking import FaultyEdit, StaleEdit
from geo.errors import PlanError
from geo.layers import LAYERS, Fault
from maps.wording import Wording


def told_facts(error: PlanError, words: Wording) -> dict[str, Any]:
    """The facts of an error; faults of a contract as ``{layer, row, column, code, title, value}``.

    Of a batch each fault says the number of its ``change``, too.
    """
    facts = dict(error.facts)
    faults = facts.get("faults")
    if not isinstance(faults, tuple) or not all(isinstance(fault, Fault) for fault in faults):
        return facts
    if isinstance(error, FaultyEdit):
        told = zip(error.places, faults, strict=True)
        facts["faults"] = [
            {"change": change, **_told(layer, fault, words)} for (layer, change), fault in told
        ]
    else:
        facts["faults"] = [_told(str(facts.get("layer", "")), fault, words) for fault in faults]
    return facts


def _told(layer: str, fault: Fault, words: Wording) -> dict[str, str]:
    return {
        "layer": layer,
        "row": fault.row,
        "column": fault.column,
        "code": fault.code,
        "title": title_of(layer, fault, words),
        "value": fault.value,
    }


def title_of(layer: str, fault: Fault, words: Wording) -> str:
    """The sentence that stands beside the field: it names neither row nor column."""
    key = f"beside.{fault.code}"
    column = next((one for one in LAYERS[layer].columns if one.name == fault.column), None)
    limits = {"low": _number(column.low), "high": _number(column.high)} if column else {}
    return words(key if key in words else "beside.other", value=fault.value, **limits)


def _number(limit: float | None) -> str:
    return "" if limit is None else f"{limit:g}"


def told_beside(error: PlanError) -> dict[str, Any]:
    """What stands beside the facts: of a stale edit its versions."""
    return dict(error.versions) if isinstance(error, StaleEdit) else {}
