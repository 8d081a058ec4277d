"""Owners named in a file: found among those known, else made."""

from collections.abc import Callable, Iterable

import numpy as np
import pandas as pd

from geo.intake.draft import ROW, SHEET
from geo.intake.values import plain

_LEAST_PART = 2


def resolve_owners(
    words: Iterable[object],
    utilities: Iterable[object],
    owners: pd.DataFrame,
    new_id: Callable[[str], str],
    source: str,
) -> tuple[pd.Series, pd.DataFrame]:
    """Owner ids for the words of a column, and the rows of owners that have to be made.

    A word is an owner's id, name, short name or English name, or a part of the name of one owner only.
    """
    words, utilities = list(words), list(utilities)
    known = _known(owners)
    found: dict[str, str] = {}
    made: dict[str, tuple[str, str]] = {}
    used: dict[str, set[str]] = {}
    for word, utility in zip(words, utilities, strict=True):
        text = "" if word is None or word is pd.NA else plain(word)
        if not text:
            continue
        if text not in found:
            identity = known.get(_key(text)) or _part_of_one(text, owners)
            if identity is None:
                identity = new_id("owners")
                made[text] = (identity, text)
            found[text] = identity
        if utility is not None and utility is not pd.NA:
            used.setdefault(text, set()).add(str(utility))
    ids = [found.get("" if word is None or word is pd.NA else plain(word)) for word in words]
    rows = [
        {
            "id": identity,
            "name": name,
            "utilities": ",".join(sorted(used.get(name, ()))) or None,
            "source": source,
            "source_id": name,
            ROW: 0,
            SHEET: "",
        }
        for identity, name in made.values()
    ]
    columns = ["id", "name", "utilities", "source", "source_id", ROW, SHEET]
    return pd.Series(pd.array(ids, dtype="string")), pd.DataFrame(rows, columns=columns)


def owner_keys(owners: pd.DataFrame) -> pd.Series:
    """Names of owners as they are compared."""
    return owners["name"].map(_key).astype("string")


def _known(owners: pd.DataFrame) -> dict[str, str]:
    known: dict[str, str] = {}
    for column in ("name_en", "short_name", "name", "id"):
        if column in owners:
            pairs = zip(owners[column], owners["id"], strict=True)
            known.update(
                {
                    _key(name): str(identity)
                    for name, identity in pairs
                    if name is not pd.NA and name is not None
                }
            )
    return known


def _part_of_one(text: str, owners: pd.DataFrame) -> str | None:
    if len(text) < _LEAST_PART or not len(owners):
        return None
    holds = np.array([_key(text) in _key(name) for name in owners["name"]], dtype=bool)
    return str(owners["id"].iloc[int(np.flatnonzero(holds)[0])]) if holds.sum() == 1 else None


def _key(name: object) -> str:
    return plain(name).replace(" ", "").lower()
