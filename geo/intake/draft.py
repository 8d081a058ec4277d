"""Rows on their way to the contract: frames that remember the row of the file that each came from."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from geo.intake.report import Level, Notes

ROW, SHEET = "_row", "_sheet"
OWN_COLUMNS = (ROW, SHEET)

Facts = Callable[[int], Mapping[str, Any]]


def remark(
    frame: pd.DataFrame,
    mask: Any,
    notes: Notes,
    level: Level,
    code: str,
    *,
    column: str = "",
    values: Any = None,
    facts: Facts | None = None,
) -> None:
    """A note for each row of ``frame`` where ``mask`` is true; ``values`` and ``facts(place)`` fill it in."""
    wrong = np.asarray(mask, dtype=bool)
    if wrong.any():
        notes.where(
            wrong,
            level,
            code,
            sheet=frame[SHEET].to_numpy(dtype=object),
            rows=frame[ROW].to_numpy(dtype=np.int64),
            column=column,
            values=values,
            facts=facts,
        )


def refuse(
    frame: pd.DataFrame,
    mask: Any,
    notes: Notes,
    code: str,
    *,
    column: str = "",
    values: Any = None,
    facts: Facts | None = None,
) -> pd.DataFrame:
    """``frame`` without the rows where ``mask`` is true, each of them noted as refused."""
    wrong = np.asarray(mask, dtype=bool)
    if not wrong.any():
        return frame
    remark(frame, wrong, notes, Level.REFUSED, code, column=column, values=values, facts=facts)
    return frame.loc[~wrong].reset_index(drop=True)


def refuse_doubles(
    frame: pd.DataFrame, key: pd.Series, notes: Notes, code: str, *, column: str = ""
) -> pd.DataFrame:
    """``frame`` without the second and later rows of a key that is not missing; notes name the first row."""
    double = (key.duplicated(keep="first") & key.notna()).to_numpy(dtype=bool)
    if not double.any():
        return frame
    first = pd.Series(frame[ROW].to_numpy(), index=key.to_numpy(dtype=object)).groupby(level=0).first()
    return refuse(
        frame,
        double,
        notes,
        code,
        column=column,
        values=key,
        facts=lambda place: {"first": int(first[key.iloc[place]])},
    )


def objects(values: pd.Series) -> npt.NDArray[np.object_]:
    """Values as an object array with ``None`` where missing."""
    out = np.asarray(values.array.astype(object), dtype=object).copy()
    out[values.isna().to_numpy(dtype=bool)] = None
    return out


def text_key(frame: pd.DataFrame, *names: str) -> pd.Series:
    """The named text columns joined into one key; missing where one of them is."""
    key = frame[names[0]].astype("string")
    for name in names[1:]:
        key = key + "\x1f" + frame[name].astype("string")
    return key
