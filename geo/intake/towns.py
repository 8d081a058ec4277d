"""Which town and which residents' committee a row names."""

import csv
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

import numpy as np
import pandas as pd

from geo.district import District
from geo.errors import UnreadableFile
from geo.intake.draft import refuse, remark
from geo.intake.report import Level, Notes
from geo.intake.values import each_value, plain

_TOWN_ENDINGS = re.compile(r"(镇人民政府|街道办事处|街道办|街道|镇|乡)$")
_COMMITTEE_ENDINGS = re.compile(r"(社区居民委员会|社区居委会|居民委员会|居委会|社区)$")


@dataclass(frozen=True)
class Committee:
    """A residents' committee of the pick-list and the code of its town."""

    name: str
    town: str


def read_committees(path: Path) -> tuple[Committee, ...]:
    """Committees from a CSV with ``name`` and ``streetCode``. Raises ``UnreadableFile``."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            return tuple(
                Committee(row["name"].strip(), row["streetCode"].strip()) for row in csv.DictReader(stream)
            )
    except (OSError, UnicodeDecodeError, KeyError, csv.Error) as error:
        raise UnreadableFile(path=path.name, problem=f"{type(error).__name__}: {error}") from error


def town_of(text: str, district: District) -> str | None:
    """The code for a town as people write it: in full, without 镇, after the name of its district, in
    English.

    ``None`` where it is no town of the district.
    """
    wanted = plain(text).replace(" ", "")
    exact = district.town_code(plain(text)) or district.town_code(wanted)
    if exact or not wanted:
        return exact
    lowered = re.sub(r"(town|subdistrict|township)$", "", wanted.lower())
    for town in district.towns:
        for name in town.names.values():
            stem = _TOWN_ENDINGS.sub("", name.lower())
            if (
                lowered in (name.lower(), stem)
                or _TOWN_ENDINGS.sub("", lowered) == stem
                or _ends_with(lowered, name.lower())
            ):
                return town.code
    return None


def _ends_with(text: str, name: str) -> bool:
    """Whether a town's name stands after that of a larger unit, with or without 人民政府."""
    head, found, tail = text.rpartition(name)
    return (
        bool(found)
        and tail in ("", "人民政府", "政府")
        and head.endswith(("区", "县", "市", "省", "-", "/", ",", "自治区"))
    )


def nearest_town(text: str, district: District) -> str:
    """The name of the town that ``text`` may have meant, or ""."""
    names = [name for town in district.towns for name in town.names.values()]
    close = get_close_matches(plain(text).replace(" ", ""), names, n=1, cutoff=0.5)
    return close[0] if close else ""


def resolve_towns(
    frame: pd.DataFrame, words: pd.Series, district: District, notes: Notes, *, column: str
) -> pd.DataFrame:
    """``frame`` with ``town`` as codes; rows whose word is no town of the district are refused with a
    suggestion."""
    words = words.reset_index(drop=True)
    codes = pd.Series(pd.array(each_value(words, lambda word: town_of(word, district)), dtype="string"))
    frame = frame.assign(town=codes.to_numpy(dtype=object))
    unknown = (words.notna() & codes.isna()).to_numpy(dtype=bool)
    if not unknown.any():
        return frame.astype({"town": "string"})
    nearest = each_value(words, lambda word: nearest_town(word, district))
    suggested = unknown & np.array([bool(name) for name in nearest])
    remark(
        frame,
        suggested,
        notes,
        Level.REFUSED,
        "town_unknown_suggested",
        column=column,
        values=words,
        facts=lambda place: {"suggestion": nearest[place]},
    )
    known = ", ".join(district.town_names().values())
    remark(
        frame,
        unknown & ~suggested,
        notes,
        Level.REFUSED,
        "town_unknown",
        column=column,
        values=words,
        facts=lambda _: {"known": known},
    )
    return frame.loc[~unknown].reset_index(drop=True).astype({"town": "string"})


def fill_merged(values: pd.Series) -> pd.Series:
    """Blank cells below a filled one take its value, where every value stands exactly once as in merged
    cells."""
    filled = values.dropna()
    grouped = len(values) > len(filled) > 0 and pd.notna(values.iloc[0]) and not filled.duplicated().any()
    return values.ffill() if grouped else values


def implied_town(names: Iterable[str], district: District) -> str | None:
    """The one town that sheet, title or file names speak of, or ``None``."""
    found = {
        town.code
        for text in names
        for town in district.towns
        if any(name in plain(text) for name in town.names.values())
    }
    return found.pop() if len(found) == 1 else None


def resolve_committees(
    frame: pd.DataFrame, committees: Sequence[Committee], notes: Notes, *, column: str
) -> pd.DataFrame:
    """``frame`` with ``committee`` as on the pick-list, and the town that the committee implies where it has
    none.

    A committee never decides against a town that the row names itself (there are names that a town and a
    committee share).
    """
    if "committee" not in frame or not committees:
        return frame
    by_stem: dict[str, list[Committee]] = {}
    for each in committees:
        by_stem.setdefault(_COMMITTEE_ENDINGS.sub("", each.name), []).append(each)
    found = each_value(
        frame["committee"], lambda name: by_stem.get(_COMMITTEE_ENDINGS.sub("", plain(name).replace(" ", "")))
    )
    single = [options[0] if options and len(options) == 1 else None for options in found]
    stated = frame["committee"].astype("string")
    towns = pd.Series([each.town if each else None for each in single], dtype="string")
    names = pd.Series([each.name if each else None for each in single], dtype="string")
    remark(
        frame,
        stated.notna() & names.isna(),
        notes,
        Level.NOTE,
        "committee_unknown",
        column=column,
        values=stated,
    )
    other = (names.notna() & frame["town"].notna() & (towns != frame["town"])).fillna(False)
    remark(frame, other, notes, Level.NOTE, "committee_elsewhere", column=column, values=stated)
    implied = (frame["town"].isna() & towns.notna()).to_numpy(dtype=bool)
    remark(frame, implied, notes, Level.REPAIRED, "town_from_committee", column=column, values=stated)
    return frame.assign(
        committee=names.where(~other, stated).fillna(stated),
        town=frame["town"].astype("string").fillna(towns),
    )


def refuse_without_town(frame: pd.DataFrame, notes: Notes) -> pd.DataFrame:
    """``frame`` without the rows for which no town could be found."""
    return refuse(frame, frame["town"].isna(), notes, "town_missing")
