"""One column of a layer as a question: its words, unit and answers, and what a row holds as it is typed."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any

import pandas as pd

from geo.kinds import attribute_words, kinds
from geo.layers import BOOLEAN, DATE, INTEGER, REAL, Column, Layer
from geo.vocabulary import DepthReference, DigState, InspectionResult, LineState, Stage, Utility
from maps.atlas import Atlas
from maps.wording import Wording

EXACT = {"0.01 m2": ("m2", 2), "fen": ("money", 6)}
"""Units that people do not type: the word for what they do type, and the decimals that make it whole."""

CHOICE_WORDS: Mapping[type[StrEnum], str] = {
    Stage: "stage",
    Utility: "utility",
    LineState: "line_state",
    DigState: "dig_state",
    DepthReference: "edit.depth_reference",
    InspectionResult: "inspection_result",
}
SEGMENTS = frozenset({"result"})
LADDERS = frozenset({"stage"})
LONG = frozenset({"note", "delay_reason", "purpose"})
MOST_CHOICES = 600
"""A list longer than this is no list to choose from; the row keeps what it has."""


@dataclass(frozen=True)
class Choice:
    """One answer to choose: its value in the store, its word, and the group that it belongs to."""

    value: str
    word: str
    group: str = ""


@dataclass(frozen=True)
class Question:
    """One field of a form. ``kind`` says how it is asked: text, long, whole, real, exact, percent, day, flag,
    choice, segments or ladder. ``shown`` is what it holds as people type it, "" for unknown; ``decimals`` of
    an exact one shift what is typed into the store's whole number; ``low`` and ``high`` are as typed,
    ``empty`` says what it means to choose nothing.
    """

    name: str
    label: str
    kind: str
    shown: str = ""
    unit: str = ""
    required: bool = False
    choices: tuple[Choice, ...] = ()
    low: str = ""
    high: str = ""
    decimals: int = 0
    hint: str = ""
    empty: str = ""

    @property
    def word(self) -> str:
        """What it holds in words: the chosen answer's, else as typed."""
        return next((one.word for one in self.choices if one.value == self.shown), self.shown)


def question(
    atlas: Atlas,
    words: Wording,
    layer: Layer,
    column: Column,
    values: Mapping[Any, Any],
    allowed: Iterable[str] | None = None,
) -> Question:
    """One column of a layer as a question, holding what the row holds."""
    value = values.get(column.name)
    choices = _choices(atlas, words, layer, column, values)
    shown = shown_value(column, value)
    if choices is not None and allowed is not None:
        choices = tuple(one for one in choices if one.value in {*allowed, shown})
    if choices is not None and shown and shown not in {one.value for one in choices}:
        choices = (*choices, Choice(shown, shown))
    unit, decimals = EXACT.get(column.unit, (_unit_key(column.unit), 0))
    return Question(
        name=column.name,
        label=label(words, layer.name, column.name),
        kind=_kind(column, choices),
        shown=shown,
        unit=words(f"edit.unit.{unit}") if unit else "",
        required=column.required,
        choices=choices or (),
        low="" if column.low is None else f"{column.low:g}",
        high="" if column.high is None else f"{column.high:g}",
        decimals=decimals,
        hint=_hint(words, layer.name, column.name),
        empty=_empty(words, layer.name, column.name),
    )


def label(words: Wording, layer: str, column: str) -> str:
    """The word for a column of a layer: its own, else the field's."""
    for key in (f"edit.field.{layer}_{column}", f"edit.field.{column}", f"field.{column}"):
        if key in words:
            return words(key)
    return words("edit.other_field")


def _hint(words: Wording, layer: str, column: str) -> str:
    key = f"edit.hint.{layer}_{column}"
    return words(key) if key in words else ""


def _empty(words: Wording, layer: str, column: str) -> str:
    key = f"edit.empty.{layer}_{column}"
    return words(key) if key in words else words("edit.unknown")


def _unit_key(unit: str) -> str:
    return {"m": "m", "mm": "mm", "MPa": "mpa", "kV": "kv", "%": "percent", "year": "year"}.get(unit, "")


def _kind(column: Column, choices: tuple[Choice, ...] | None) -> str:
    if column.name in LADDERS:
        return "ladder"
    if column.name in SEGMENTS:
        return "segments"
    if choices is not None:
        return "choice"
    if column.unit in EXACT:
        return "exact"
    if column.unit == "%":
        return "percent"
    plain = {INTEGER: "whole", REAL: "real", DATE: "day", BOOLEAN: "flag"}
    return plain.get(column.kind, "long" if column.name in LONG else "text")


def shown_value(column: Column, value: Any) -> str:
    """A value of the store as people type it, exactly; unknown is empty, never zero."""
    if is_missing(value):
        return ""
    if column.unit in EXACT:
        return _plain(Decimal(int(value)).scaleb(-EXACT[column.unit][1]))
    if column.kind == BOOLEAN:
        return "true" if bool(value) else "false"
    if column.kind == DATE:
        return str(value)[:10]
    if column.kind == REAL:
        return _plain(Decimal(repr(float(value))))
    return str(int(value)) if column.kind == INTEGER else str(value)


def _plain(number: Decimal) -> str:
    """``12.5``: no exponent, no zeros at the end."""
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _choices(
    atlas: Atlas, words: Wording, layer: Layer, column: Column, values: Mapping[Any, Any]
) -> tuple[Choice, ...] | None:
    """The answers of a column with a closed list; ``None`` for one that is typed."""
    if column.choices is not None:
        section = CHOICE_WORDS[column.choices]
        return tuple(Choice(str(one), words(f"{section}.{one}")) for one in column.choices)
    if column.kind == BOOLEAN:
        return tuple(Choice(value, words(f"edit.flag.{value}")) for value in ("true", "false"))
    if column.refers_to:
        return _rows_to_choose(atlas, words, column.refers_to, values)
    return _code_choices(atlas, words, layer.name, column.name)


def _code_choices(atlas: Atlas, words: Wording, layer: str, column: str) -> tuple[Choice, ...] | None:
    if (layer, column) == ("works", "code"):
        return tuple(
            Choice(kind.code, words.work(kind), words(f"part.{kind.part}")) for kind in atlas.catalogue
        )
    if (layer, column) == ("works", "unit"):
        units = dict.fromkeys(kind.unit for kind in atlas.catalogue if kind.unit)
        return tuple(Choice(unit, _text_or_word(words, "app.work_unit", unit)) for unit in units)
    if (layer, column) == ("lines", "kind"):
        return tuple(
            Choice(code, f"{code} {words(f'kind.{code}')}", str(kind.utility))
            for code, kind in kinds().items()
        )
    if layer == "lines" and column in ("material", "laying"):
        return tuple(Choice(code, words(f"{column}.{code}")) for code in attribute_words(column))
    return None


def _rows_to_choose(
    atlas: Atlas, words: Wording, target: str, values: Mapping[Any, Any]
) -> tuple[Choice, ...]:
    """Rows that a reference may name: towns and owners all, the others those of the row's community."""
    if target == "towns":
        return tuple(Choice(code, name) for code, name in atlas.district.town_names(words.lang).items())
    if target == "owners":
        return tuple(Choice(owner, name) for owner, name in atlas.owner_names(words.lang).items())
    if target == "communities":
        return tuple(Choice(one, name) for one, name in atlas.community_names.items())[:MOST_CHOICES]
    frame = pd.DataFrame(atlas.frames[target])
    own = frame[(frame["community"] == as_text(values.get("community"))).fillna(False)].head(MOST_CHOICES)
    return tuple(
        Choice(str(row["id"]), row_name(atlas, words, target, row))
        for row in own.drop(columns="geometry", errors="ignore").to_dict("records")
        if row["id"] != values.get("id")
    )


def row_name(atlas: Atlas, words: Wording, layer: str, values: Mapping[Any, Any]) -> str:
    """What people call a row: its name, its number, its item of work; never its id."""
    return about(atlas, words, layer, values) or words("edit.unnamed")


def about(atlas: Atlas, words: Wording, layer: str, values: Mapping[Any, Any]) -> str:
    if layer == "works":
        names = {kind.code: words.work(kind) for kind in atlas.catalogue}
        code = as_text(values.get("code"))
        return names.get(code, code)
    if layer == "lines":
        code = as_text(values.get("kind")) or as_text(values.get("utility"))
        return " ".join(
            part for part in (_text_or_word(words, "kind", code), as_text(values.get("size_text"))) if part
        )
    if layer == "digs":
        owner = atlas.owner_names(words.lang).get(as_text(values.get("owner")), "")
        return " ".join(part for part in (owner, as_text(values.get("number"))) if part)
    if layer == "inspections":
        return as_text(values.get("inspected_on"))[:10]
    if layer == "files":
        return as_text(values.get("caption")) or as_text(values.get("name"))
    return as_text(values.get("name")) or as_text(values.get("number"))


def _text_or_word(words: Wording, section: str, code: str) -> str:
    key = f"{section}.{code}"
    if key in words:
        return words(key)
    return words(f"utility.{code}") if f"utility.{code}" in words else code


def is_missing(value: Any) -> bool:
    return value is None or (not isinstance(value, str | list | dict) and bool(pd.isna(value)))


def as_text(value: Any) -> str:
    return "" if is_missing(value) else str(value)
