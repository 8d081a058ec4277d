"""Digs along time: one row per dig, month rules and today, as shares of the width."""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import pandas as pd

from maps.panel import Scene

ROWS_SHOWN = 120


@dataclass(frozen=True)
class Span:
    """The days that a timeline shows, from the first of a month to the last of another."""

    first: pd.Timestamp
    last: pd.Timestamp

    def share(self, day: Any) -> float:
        """Place of the beginning of ``day``, 0…100."""
        whole = (self.last - self.first).days + 1
        return round(100 * (pd.Timestamp(day) - self.first).days / whole, 3)


def span_of(digs: pd.DataFrame, as_of: date) -> Span | None:
    """Whole months around every window and today; ``None`` where no dig has a window."""
    dated = digs[digs["window_start"].notna() & digs["window_end"].notna()]
    if dated.empty:
        return None
    first = min(dated["window_start"].min(), pd.Timestamp(as_of)).to_period("M").start_time
    last = max(dated["window_end"].max(), pd.Timestamp(as_of)).to_period("M").end_time.normalize()
    return Span(first, last)


def timeline(scene: Scene, digs: pd.DataFrame) -> dict[str, Any] | None:
    """Rows, month rules and today of the digs, in the order in which they open."""
    span = span_of(digs, scene.atlas.as_of)
    if span is None:
        return None
    months = pd.date_range(span.first, span.last, freq="MS")
    return {
        "months": [
            {
                "name": scene.words("app.month_short", month=month.month, name=month.strftime("%b")),
                "at": span.share(month),
            }
            for month in months
        ],
        "today": span.share(scene.atlas.as_of),
        "rows": [_row(scene, span, row) for row in _ordered(digs).head(ROWS_SHOWN).to_dict("records")],
        "more": max(len(digs) - ROWS_SHOWN, 0),
    }


def _ordered(digs: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame(digs.drop(columns="geometry")).sort_values(
        ["window_start", "id"], na_position="last", kind="stable"
    )


def _row(scene: Scene, span: Span, row: Mapping[Hashable, Any]) -> dict[str, Any]:
    dated = pd.notna(row["window_start"]) and pd.notna(row["window_end"])
    left = span.share(row["window_start"]) if dated else 0.0
    right = span.share(row["window_end"] + pd.Timedelta(days=1)) if dated else 0.0
    return {
        "id": row["id"],
        "number": scene.figures.text(row["number"]),
        "style": row["style"],
        "owner": scene.atlas.owner_names(scene.words.lang).get(row["owner"], scene.figures.none),
        "community": scene.atlas.community_names.get(row["community"], scene.figures.none),
        "window": scene.figures.days(row["window_start"], row["window_end"]),
        "dated": dated,
        "left": left,
        "width": round(right - left, 3),
    }
