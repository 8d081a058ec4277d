"""Works as ledgers list them (屋面防水、外墙保温3200㎡；供排水) → entries of the catalogue."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import partial

import numpy as np
import pandas as pd

from geo.intake.draft import ROW, SHEET, remark
from geo.intake.report import Level, Notes
from geo.intake.values import each_value, is_nothing, parse_quantity, parse_unit, plain
from geo.programme.catalogue import WorkKind

_SPLIT = re.compile(r"[、,，;；/|\n\r]+|\s{2,}|(?<=\D)\s(?=\D)|(?:以?及|和|与|并)")
_NUMBERING = re.compile(r"^[\s(（]*(?:\d{1,2}|[一二三四五六七八九十])[.．、)）]\s*|^[①-⑳]\s*")
_FILLER = re.compile(
    r"^(对|将|更换|新建|新增|增设|加装|改造|维修|更新|实施|完善|安装|建设|修缮|整治|室外|小区|楼本体|配套)+|(等.*|工程|项目)$"
)
_AMOUNT = re.compile(
    r"^(?P<what>\D*?[^\d.\s:：约])[\s:：约]*(?P<amount>\d[\d,.]*)\s*(?P<unit>万?(?:m2|㎡|平方米|平米|米|m|km|公里)|个|盏|处|套|部|台|项|根|组|座)?$"
)


@dataclass(frozen=True)
class Work:
    """One entry of the catalogue with the quantity that the ledger names, in the catalogue's unit."""

    code: str
    quantity: float | None = None


@dataclass(frozen=True)
class Scope:
    """What a cell names: works known to the catalogue, and the words that it does not know."""

    works: tuple[Work, ...]
    unknown: tuple[str, ...]


def parse_scope(value: object, catalogue: Sequence[WorkKind]) -> Scope:
    """Split a cell and look every part up, whole words first, then the longest catalogue words in it."""
    works: dict[str, Work] = {}
    unknown: list[str] = []
    for part in _SPLIT.split(plain_lines(value)):
        token = _NUMBERING.sub("", plain(part)).strip(" 。.：:")
        if is_nothing(token):
            continue
        what, quantity, unit = _amount(token)
        codes = _codes(what, catalogue)
        if not codes:
            unknown.append(token)
        for entry in codes:
            fits = quantity is not None and len(codes) == 1 and unit == entry.unit
            if not fits and quantity is not None and token not in unknown:
                unknown.append(token)
            works.setdefault(entry.code, Work(entry.code, quantity if fits else None))
    return Scope(tuple(works.values()), tuple(unknown))


def plain_lines(value: object) -> str:
    """Text with its line breaks kept as separators."""
    return "\n".join(plain(line) for line in str(value).splitlines()) if value is not None else ""


def _amount(token: str) -> tuple[str, float | None, str]:
    """``外墙保温3200m2`` → (``外墙保温``, 3200, ``m2``); the unit is m, m2 or count."""
    found = _AMOUNT.match(token)
    if found is None or not found["unit"]:
        return token, None, ""
    amount = parse_quantity(found["amount"])
    unit = parse_unit(found["unit"])
    if amount is None:
        return token, None, ""
    if unit is None:
        return found["what"], float(amount.value), "count"
    base = "m" if unit.base in ("m", "km") else "m2"
    scale = unit.scale * (Decimal(1000) if unit.base == "km" else 1)
    return found["what"], float(amount.value * scale), base


def _codes(what: str, catalogue: Sequence[WorkKind]) -> list[WorkKind]:
    text = what.replace(" ", "")
    for form in (text, _FILLER.sub("", text)):
        exact = [
            entry
            for entry in catalogue
            if form in (entry.code, entry.zh, entry.short_zh, entry.en, *entry.words_zh)
        ]
        if exact:
            return exact
    english = [entry for entry in catalogue if what.strip().lower() in (entry.en.lower(), entry.code)]
    return english or _contained(text, catalogue)


def _contained(text: str, catalogue: Sequence[WorkKind]) -> list[WorkKind]:
    words = sorted(
        {word for entry in catalogue for word in (*entry.words_zh, entry.zh, entry.short_zh)},
        key=len,
        reverse=True,
    )
    found: list[WorkKind] = []
    for word in words:
        if word in text:
            text = text.replace(word, "\0" * len(word))
            found.extend(
                entry
                for entry in catalogue
                if word in (*entry.words_zh, entry.zh, entry.short_zh) and entry not in found
            )
    return [entry for entry in catalogue if entry in found]


def scopes_of(
    frame: pd.DataFrame, cells: pd.Series, catalogue: Sequence[WorkKind], notes: Notes, column: str
) -> np.ndarray:
    """The scope of each row; words that the catalogue does not know get a note."""
    scopes = each_value(cells, partial(parse_scope, catalogue=catalogue))
    unknown = np.array(["、".join(scope.unknown) if scope else "" for scope in scopes], dtype=object)
    remark(frame, unknown != "", notes, Level.NOTE, "works_unknown", column=column, values=unknown)
    return scopes


def works_frame(frame: pd.DataFrame, scopes: np.ndarray, catalogue: Sequence[WorkKind]) -> pd.DataFrame:
    """Rows for the works layer from communities that have ids: one for each community and entry."""
    units = {entry.code: entry.unit for entry in catalogue}
    rows = [
        (
            frame["id"].iloc[place],
            work.code,
            work.quantity,
            units[work.code],
            frame[ROW].iloc[place],
            frame[SHEET].iloc[place],
        )
        for place, scope in enumerate(scopes)
        if scope
        for work in scope.works
    ]
    return pd.DataFrame(rows, columns=["community", "code", "quantity", "unit", ROW, SHEET])
