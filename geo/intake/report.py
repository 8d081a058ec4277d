"""What an import found: one note per row that was refused, repaired or is worth a word."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import numpy as np
import pandas as pd

from geo.errors import BadInput, DuplicateId, UnknownTown


class Level(StrEnum):
    """How much a note weighs: a refused row is not stored."""

    REFUSED = "refused"
    REPAIRED = "repaired"
    NOTE = "note"


@dataclass(frozen=True)
class RowNote:
    """One remark. ``row`` is the number as seen in the file (Excel row, or feature counted from 1).

    The words are in the locale under ``intake.<code>``, filled with ``facts``, ``column`` and ``value``.
    """

    level: Level
    code: str
    sheet: str = ""
    row: int | None = None
    column: str = ""
    value: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Intake:
    """What is ready for the store, and what was said on the way.

    ``frames``: full rows that keep the layer's contract, by layer, in the district's CRS; a row that the
    store has already carries the id that it has there. ``removed``: ids that a replacing import takes away,
    by layer. ``created``: rows that no line of the file stands for itself, by layer (communities named by
    footprints, owners). ``kept``: rows that equal what is stored.
    """

    frames: Mapping[str, pd.DataFrame]
    rows: tuple[RowNote, ...]
    read: int
    accepted: int
    repaired: int
    refused: int
    created: Mapping[str, int]
    layer: str
    source: str
    removed: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    kept: int = 0

    def fault(self) -> BadInput | None:
        """The error that stands for the refused rows, the first of its kind; ``None`` when none was
        refused."""
        first = next((note for note in self.rows if note.level is Level.REFUSED), None)
        if first is None:
            return None
        facts = {
            "refused": self.refused,
            "sheet": first.sheet,
            "row": first.row,
            "column": first.column,
            "value": first.value,
            "note": first,
        }
        if first.code in ("town_unknown", "town_unknown_suggested"):
            return UnknownTown(guess=first.facts.get("suggestion", ""), **facts)
        if first.code in ("duplicate_id", "already_stored"):
            return DuplicateId(**facts)
        return BadInput("rows_refused", **facts)


class Notes:
    """Collects notes while a file is being read, and knows which rows were refused."""

    def __init__(self) -> None:
        self._notes: list[RowNote] = []

    def __iter__(self) -> Iterator[RowNote]:
        return iter(self._notes)

    def all(self) -> tuple[RowNote, ...]:
        """Every note once, refused first, then in the order of the file."""
        order = list(Level)
        return tuple(
            sorted(self._notes, key=lambda note: (order.index(note.level), note.sheet, note.row or 0))
        )

    def add(
        self,
        level: Level,
        code: str,
        *,
        sheet: str = "",
        row: int | None = None,
        column: str = "",
        value: Any = "",
        **facts: Any,
    ) -> None:
        """One note."""
        self._notes.append(RowNote(level, code, sheet, row, column, shown(value), facts))

    def where(
        self,
        mask: Sequence[bool] | np.ndarray | pd.Series,
        level: Level,
        code: str,
        *,
        sheet: str | Sequence[str] | np.ndarray,
        rows: np.ndarray,
        column: str = "",
        values: Any = None,
        facts: Callable[[int], Mapping[str, Any]] | None = None,
    ) -> None:
        """One note for each true place of ``mask``; ``facts(place)`` adds to it."""
        for place in np.flatnonzero(np.asarray(mask, dtype=bool)).tolist():
            value = "" if values is None else shown(_at(values, place))
            name = sheet if isinstance(sheet, str) else str(sheet[place])
            more = dict(facts(place)) if facts is not None else {}
            self._notes.append(RowNote(level, code, name, int(rows[place]), column, value, more))


def _at(values: Any, place: int) -> Any:
    return values.iloc[place] if isinstance(values, pd.Series) else values[place]


def shown(value: Any) -> str:
    """A value as a person wrote it; empty where missing."""
    if value is None or value is pd.NA or value is pd.NaT:
        return ""
    if isinstance(value, float):
        return "" if np.isnan(value) else f"{value:.12g}"
    return str(value)
