"""Figures as a reader of one language sees them: numbers without their unit, and the unit's word apart."""

from datetime import date
from typing import Any

import pandas as pd

from maps.wording import Wording

METRES_PER_KM = 1000.0


class Figures:
    """Formats values of the store's units; a missing value is the dash of the language."""

    def __init__(self, words: Wording) -> None:
        self.words = words
        self.none = words("unit.none")
        self._scale = {name: 100 * float(words(f"unit.{name}_divisor")) for name in ("money", "area")}
        self._decimals = {name: int(words(f"app.decimals.{name}")) for name in ("money", "area")}

    def count(self, value: Any) -> str:
        return self.none if pd.isna(value) else f"{int(value):,}"

    def days_late(self, value: Any) -> str:
        """Days, or nothing where it is not late."""
        return "" if pd.isna(value) or not int(value) else f"{int(value):,}"

    def money(self, fen: Any) -> str:
        """Investment in the unit ``unit.money_name``, from fen."""
        return self._scaled("money", fen)

    def area(self, dm2: Any) -> str:
        """Floor area in the unit ``unit.area_name``, from 0.01 m2."""
        return self._scaled("area", dm2)

    def scaled(self, name: str, value: Any) -> float | None:
        """The number itself in the reader's unit of ``money`` or ``area``."""
        return None if pd.isna(value) else float(value) / self._scale[name]

    def decimals(self, name: str) -> int:
        return self._decimals[name]

    def percent(self, value: Any, decimals: int = 1) -> str:
        """``44.7%``."""
        return self.words.percent(None if pd.isna(value) else float(value), decimals)

    def share(self, value: Any, decimals: int = 1) -> str:
        """``44.7``, without the sign."""
        return self.none if pd.isna(value) else f"{float(value):.{decimals}f}"

    def metres(self, value: Any, decimals: int = 2) -> str:
        return self.none if pd.isna(value) else f"{float(value):,.{decimals}f}"

    def real(self, value: Any) -> str:
        """A quantity with no more decimals than it needs, two at most."""
        return self.none if pd.isna(value) else f"{float(value):,.2f}".rstrip("0").rstrip(".")

    def kilometres(self, metres: Any) -> str:
        """Two decimals of km, without the unit."""
        return self.none if pd.isna(metres) else f"{float(metres) / METRES_PER_KM:,.2f}"

    def day(self, value: Any) -> str:
        return self.none if pd.isna(value) else str(value)[:10]

    def days(self, start: Any, end: Any) -> str:
        """``07-20 — 08-08`` with the year where it is needed."""
        return self.words.days(_date(start), _date(end))

    def text(self, value: Any) -> str:
        return self.none if pd.isna(value) or value == "" else str(value)

    def _scaled(self, name: str, value: Any) -> str:
        number = self.scaled(name, value)
        return self.none if number is None else f"{number:,.{self._decimals[name]}f}"


def _date(value: Any) -> date | None:
    return None if pd.isna(value) else pd.Timestamp(value).date()
