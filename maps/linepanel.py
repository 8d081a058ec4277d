"""The side panel of the lines and coordination themes: lines and digs by kind, owner, state and month."""

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from geo.selection import Selection, pick_digs, pick_lines
from geo.vocabulary import LineState
from maps import palette
from maps.panel import Scene, chips, title
from maps.state import State

OWNERS_SHOWN = 40
DIGS_SHOWN = 200


def picked_lines(scene: Scene, **changes: Any) -> pd.DataFrame:
    """Lines that pass the filter, after ``changes`` to the state."""
    state = scene.state.but(**changes)
    lines = pick_lines(scene.atlas.lines, scene.atlas.digs, _but_kind(state))
    return _of_kind(lines, state.kind)


def picked_digs(scene: Scene, **changes: Any) -> pd.DataFrame:
    """Digs that pass the filter, after ``changes`` to the state."""
    state = scene.state.but(**changes)
    return _of_kind(pick_digs(scene.atlas.digs, _but_kind(state)), state.kind)


def _but_kind(state: State) -> Selection:
    """The filter without the kind: on the map a kind is a style, and a line on its way out has its own."""
    return replace(state.selection(), utility=None)


def _of_kind(rows: pd.DataFrame, kind: str | None) -> pd.DataFrame:
    return rows if kind is None else rows[(rows["style"] == kind).to_numpy(bool)]


def panel(scene: Scene) -> dict[str, Any]:
    """What the panel's template fills in, for the theme of the state."""
    shared = {"chips": chips(scene), "months": months(scene), "owners": owners(scene)}
    return shared | (_lines(scene) if scene.state.theme == "lines" else _coordination(scene))


def _lines(scene: Scene) -> dict[str, Any]:
    lines, show, words = picked_lines(scene), scene.figures, scene.words
    planned = is_planned(lines)
    return {
        "title": title(scene, len(lines), "app.panel.lines"),
        "headline": {
            "value": show.kilometres(lines["length_m"].sum()),
            "unit": "km",
            "label": words("app.panel.total_length"),
        },
        "figures": [
            {
                "value": show.kilometres(lines.loc[~planned, "length_m"].sum()),
                "label": words("app.figure.existing_km", count=show.count(int((~planned).sum()))),
            },
            {
                "value": show.kilometres(lines.loc[planned, "length_m"].sum()),
                "label": words("app.figure.planned_km", count=show.count(int(planned.sum()))),
            },
            {"value": show.count(lines["owner"].nunique()), "label": words("app.figure.owners")},
            {
                "value": show.count(int(unknown_depth(lines).sum())),
                "label": words("app.figure.unknown_depth"),
            },
        ],
        "kinds": kinds(scene),
        "states": states(scene),
    }


def is_planned(lines: pd.DataFrame) -> np.ndarray:
    """Which lines are drawn only."""
    return np.asarray((lines["state"] == str(LineState.PLANNED)).fillna(False), dtype=bool)


def unknown_depth(lines: pd.DataFrame) -> pd.Series:
    """Which lines lack the depth at one end or both."""
    return lines["depth_start_m"].isna() | lines["depth_end_m"].isna()


def kinds(scene: Scene) -> list[dict[str, Any]]:
    """The legend of line kinds, with existing and planned counts and lengths as if no kind were chosen."""
    lines = picked_lines(scene, kind=None)
    planned = is_planned(lines)
    table = pd.DataFrame(
        {
            "style": lines["style"].astype("object"),
            "existing": (~planned).astype("int64"),
            "planned": planned.astype("int64"),
            "length": lines["length_m"],
        }
    )
    sums = table.groupby("style").sum()
    present = set(scene.atlas.lines["style"])
    return [
        {
            "code": code,
            "style": code,
            "name": scene.words(f"utility.{code}"),
            "existing": int(sums["existing"].get(code, 0)),
            "planned": int(sums["planned"].get(code, 0)),
            "length": scene.figures.kilometres(sums["length"].get(code, 0.0)),
            "url": scene.state.url(kind=None if scene.state.kind == code else code),
            "pressed": scene.state.kind == code,
        }
        for code in palette.LINES
        if code in present or code == scene.state.kind
    ]


def states(scene: Scene) -> list[dict[str, Any]]:
    """Existing and planned, with counts and lengths as if no state were chosen."""
    lines = picked_lines(scene, state=None)
    planned = is_planned(lines)
    return [
        {
            "code": name,
            "name": scene.words(f"app.line_state.{name}"),
            "count": int(mask.sum()),
            "length": scene.figures.kilometres(lines.loc[mask, "length_m"].sum()),
            "url": scene.state.url(state=None if scene.state.state == name else name),
            "pressed": scene.state.state == name,
        }
        for name, mask in (("existing", ~planned), ("planned", planned))
    ]


def owners(scene: Scene) -> list[dict[str, Any]]:
    """Owners with their lines, length and digs as if no owner were chosen; the longest first."""
    lines, digs = picked_lines(scene, owner=None), picked_digs(scene, owner=None)
    grouped = lines.groupby("owner")["length_m"].agg(["size", "sum"])
    dug = digs.groupby("owner").size()
    names = {
        owner: name
        for owner, name in scene.atlas.owner_names(scene.words.lang).items()
        if scene.atlas.opens(owner)
    }
    rows: list[dict[str, Any]] = [
        {
            "id": owner,
            "name": name,
            "lines": int(grouped["size"].get(owner, 0)),
            "metres": float(grouped["sum"].get(owner, 0.0)),
            "length": scene.figures.kilometres(grouped["sum"].get(owner, 0.0)),
            "digs": int(dug.get(owner, 0)),
            "url": scene.state.url(owner=None if scene.state.owner == owner else owner),
            "page": scene.state.link(f"/owner/{owner}"),
            "pressed": scene.state.owner == owner,
        }
        for owner, name in names.items()
    ]
    by = "digs" if scene.state.theme == "coordination" else "metres"
    rows.sort(key=lambda row: (-float(row[by]), str(row["id"])))
    return rows[:OWNERS_SHOWN]


def months(scene: Scene) -> list[dict[str, Any]]:
    """Months from the first to the last window, each with the digs that are open in it."""
    digs = picked_digs(scene, month=None)
    spans = month_spans(digs)
    every = month_spans(scene.atlas.digs)
    if every.empty:
        return []
    first, last = int(every["first"].min()), int(every["last"].max())
    counts = open_by_month(spans, first, last)
    widest = max(int(counts.max()), 1) if len(counts) else 1
    current = scene.atlas.as_of.strftime("%Y-%m")
    return [
        {
            "code": (code := f"{place // 12}-{place % 12 + 1:02d}"),
            "name": scene.words("app.month", year=place // 12, month=place % 12 + 1, code=code),
            "count": int(count),
            "width": round(100 * int(count) / widest, 1),
            "url": scene.state.url(month=None if scene.state.month == code else code),
            "pressed": scene.state.month == code,
            "current": code == current,
        }
        for place, count in zip(range(first, last + 1), counts, strict=True)
    ]


def month_spans(digs: pd.DataFrame) -> pd.DataFrame:
    """First and last month of each dig with a whole window, as months since year 0 (``int64``)."""
    dated = digs[digs["window_start"].notna() & digs["window_end"].notna()]
    return pd.DataFrame(
        {
            "first": (dated["window_start"].dt.year * 12 + dated["window_start"].dt.month - 1).astype(
                "int64"
            ),
            "last": (dated["window_end"].dt.year * 12 + dated["window_end"].dt.month - 1).astype("int64"),
        }
    )


def open_by_month(spans: pd.DataFrame, first: int, last: int) -> np.ndarray:
    """How many spans cover each month from ``first`` to ``last``, (months,) ``int64``."""
    steps = np.zeros(last - first + 2, dtype="int64")
    np.add.at(steps, spans["first"].to_numpy("int64") - first, 1)
    np.add.at(steps, spans["last"].to_numpy("int64") - first + 1, -1)
    return np.cumsum(steps)[:-1]


def _coordination(scene: Scene) -> dict[str, Any]:
    digs, show, words = picked_digs(scene), scene.figures, scene.words
    dated = digs["window_start"].notna() & digs["window_end"].notna()
    return {
        "title": title(scene, len(digs), "app.panel.digs"),
        "headline": {
            "value": show.count(len(digs)),
            "unit": words("app.unit.digs", n=len(digs)),
            "label": words("app.panel.planned_digs"),
        },
        "figures": [
            {"value": show.kilometres(digs["length_m"].sum()), "label": words("app.figure.trench_km")},
            {"value": show.count(digs["owner"].nunique()), "label": words("app.figure.owners")},
            {"value": show.count(digs["community"].nunique()), "label": words("app.figure.dug_communities")},
            {"value": show.count(int((~dated).sum())), "label": words("app.figure.undated")},
        ],
        "digs": dig_rows(scene, digs),
        "digs_more": max(len(digs) - DIGS_SHOWN, 0),
        "kinds": dig_kinds(scene),
    }


def dig_kinds(scene: Scene) -> list[dict[str, Any]]:
    """The legend of digs by kind, as if no kind were chosen."""
    counts = picked_digs(scene, kind=None)["style"].value_counts()
    present = set(scene.atlas.digs["style"])
    return [
        {
            "code": code,
            "style": code,
            "name": scene.words(f"utility.{code}"),
            "count": int(counts.get(code, 0)),
            "url": scene.state.url(kind=None if scene.state.kind == code else code),
            "pressed": scene.state.kind == code,
        }
        for code in palette.LINES
        if code in present
    ]


def dig_rows(scene: Scene, digs: pd.DataFrame) -> list[dict[str, Any]]:
    """Digs by the day on which they open, those without a date last."""
    owners_named = scene.atlas.owner_names(scene.words.lang)
    communities = scene.atlas.community_names
    ordered = digs.sort_values(["window_start", "id"], na_position="last").head(DIGS_SHOWN)
    return [
        {
            "id": row["id"],
            "number": scene.figures.text(row["number"]),
            "style": row["style"],
            "owner": owners_named.get(row["owner"], scene.figures.none),
            "community": communities.get(row["community"], scene.figures.none),
            "window": scene.figures.days(row["window_start"], row["window_end"]),
            "length": scene.figures.metres(row["length_m"], 1),
        }
        for row in ordered.drop(columns="geometry").to_dict("records")
    ]
