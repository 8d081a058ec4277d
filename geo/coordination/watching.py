"""What people say about findings and what they follow: comments, and watches on a community or an area."""

from datetime import date
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geo.coordination.judging import as_judgements
from geo.errors import BadInput

COMMENTS = ("id", "finding", "owner", "text", "by", "at")
WATCHES = ("id", "by", "community", "name", "geometry")
LONGEST_COMMENT = 2000
NEW, CHANGED, GONE, JUDGED = "new", "changed", "gone", "judged"


def as_comments(rows: pd.DataFrame | None = None) -> pd.DataFrame:
    """``rows`` with every column of ``COMMENTS``, typed; ``owner`` is the side that speaks, missing for the
    bureau."""
    given = pd.DataFrame() if rows is None else pd.DataFrame(rows)
    out = given.reindex(columns=list(COMMENTS)).astype({name: "string" for name in COMMENTS if name != "at"})
    return out.assign(at=pd.to_datetime(out["at"], utc=True, format="ISO8601")).reset_index(drop=True)


def check_comment(text: str) -> str:
    """The comment without the white space around it. Raises ``BadInput`` (``comment_empty``,
    ``comment_long``)."""
    kept = text.strip()
    if not kept:
        raise BadInput("comment_empty")
    if len(kept) > LONGEST_COMMENT:
        raise BadInput("comment_long", most=LONGEST_COMMENT)
    return kept


def thread(comments: pd.DataFrame, finding: str) -> pd.DataFrame:
    """The comments on a finding, oldest first."""
    rows = as_comments(comments)
    own = rows[(rows["finding"] == finding).fillna(False).to_numpy(dtype=bool)]
    return own.sort_values(["at", "id"], kind="stable", ignore_index=True)


def watched(
    record: gpd.GeoDataFrame, watches: pd.DataFrame, judgements: pd.DataFrame, since: date, timezone: str
) -> pd.DataFrame:
    """watch, finding, what: what has happened in each watch since the day ``since``, that day included.

    ``what`` is the last that holds of gone, judged, changed, new. A watch is a community or an area
    (``geometry`` in the CRS of ``record``). ``record`` and ``judgements`` are those that the watcher may see;
    the day of a judgement is that of ``timezone``.
    """
    what = _happened(record, judgements, since, timezone)
    rows = np.flatnonzero(what != "")
    named = _in_community(record, watches, rows)
    drawn = _in_area(record, watches, rows)
    out = pd.concat([named, drawn], ignore_index=True).drop_duplicates()
    out["what"] = what[out.pop("row").to_numpy(dtype=np.int64)]
    return out.sort_values(["watch", "finding"], kind="stable", ignore_index=True)


def _happened(record: pd.DataFrame, judgements: pd.DataFrame, since: date, timezone: str) -> np.ndarray:
    day = np.datetime64(since, "D")
    came, changed, went = (
        record[name].to_numpy(dtype="datetime64[D]") for name in ("since", "changed_on", "archived_on")
    )
    said = as_judgements(judgements)
    local = said["at"].dt.tz_convert(timezone).dt.date
    lately = said.loc[[one >= since for one in local], "finding"]
    judged = record["id"].isin(lately).to_numpy(dtype=bool)
    conditions = [went >= day, judged & np.isnat(went), (changed >= day) & np.isnat(went), (came >= day)]
    conditions[3] &= np.isnat(went)
    return np.select(conditions, [GONE, JUDGED, CHANGED, NEW], default="").astype(object)


def _in_community(record: pd.DataFrame, watches: pd.DataFrame, rows: np.ndarray) -> pd.DataFrame:
    happened = pd.DataFrame(
        {"row": rows, "finding": record["id"].iloc[rows], "community": record["community"].iloc[rows]}
    ).dropna(subset=["community"])
    named = pd.DataFrame({"watch": watches["id"], "community": watches["community"]}).dropna()
    return named.merge(happened, on="community")[["watch", "finding", "row"]]


def _in_area(record: pd.DataFrame, watches: pd.DataFrame, rows: np.ndarray) -> pd.DataFrame:
    areas = (
        np.asarray(watches["geometry"].array, dtype=object) if "geometry" in watches else np.empty(0, object)
    )
    drawn = np.flatnonzero(~(shapely.is_missing(areas) | shapely.is_empty(areas)))
    shapes = np.asarray(record["geometry"].array, dtype=object)[rows]
    area, row = shapely.STRtree(shapes).query(areas[drawn], predicate="intersects")
    ids: Any = record["id"].to_numpy(dtype=object)[rows[row]]
    names: Any = watches["id"].to_numpy(dtype=object)[drawn[area]]
    return pd.DataFrame({"watch": names, "finding": ids, "row": rows[row]})
