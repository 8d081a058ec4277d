"""Communities by works: one cell per item in scope, and the curve of what is done beside the plan."""

from collections.abc import Hashable, Mapping
from datetime import timedelta
from typing import Any

import pandas as pd

from geo.programme.curve import cumulative
from geo.programme.scope import item_counts
from geo.vocabulary import WorkPart
from maps.panel import Scene, chips, four_figures, funding

ROWS_SHOWN = 400


def matrix(scene: Scene) -> dict[str, Any]:
    """What the matrix's template fills in: rows by town, column groups, feet, the curve and the sources."""
    standing = scene.standing()
    cells = scene.atlas.work_cells
    cells = cells[cells["community"].isin(standing["id"])]
    kinds = scene.atlas.catalogue
    counts = item_counts(cells, [kind.code for kind in kinds])
    figures = scene.atlas.totals_of(standing)
    return {
        "communities": len(standing),
        "items": len(kinds),
        "figures": four_figures(scene, figures),
        "total": scene.figures.money(figures["investment_fen"]),
        "chips": chips(scene),
        "parts": [
            {
                "name": scene.words(f"part.{part}"),
                "kinds": [_kind(scene, kind) for kind in kinds if kind.part is part],
            }
            for part in WorkPart
        ],
        "towns": _towns(scene, standing, cells),
        "more": max(len(standing) - ROWS_SHOWN, 0),
        "feet": [
            {"code": code, "done": int(row["done"]), "scope": int(row["in_scope"])}
            for code, row in counts.iterrows()
        ],
        "curve": curve(scene, standing, figures),
        "funding": funding(scene),
    }


def _kind(scene: Scene, kind: Any) -> dict[str, Any]:
    return {
        "code": kind.code,
        "short": scene.words.work(kind),
        "url": scene.state.url(work=None if scene.state.work == kind.code else kind.code),
        "pressed": scene.state.work == kind.code,
    }


def _towns(scene: Scene, standing: pd.DataFrame, cells: pd.DataFrame) -> list[dict[str, Any]]:
    by_community = {
        community: {cell["code"]: _cell(cell) for cell in part.to_dict("records")}
        for community, part in cells.groupby("community", sort=False)
    }
    shown = standing.head(ROWS_SHOWN)
    return [
        {
            "name": scene.town_name(code),
            "count": int((standing["town"] == code).sum()),
            "rows": [
                _row(scene, row, by_community.get(row["id"], {}))
                for row in shown[shown["town"] == code].to_dict("records")
            ],
        }
        for code in scene.atlas.district.town_codes()
        if (standing["town"] == code).any()
    ]


def _cell(cell: Mapping[Hashable, Any]) -> dict[str, Any]:
    percent = round(float(cell["percent"]), 1)
    late = cell["late_days"] > 0
    name = "done" if cell["done"] else "late" if late else "going" if percent > 0 else "todo"
    return {"state": name, "percent": percent, "late_days": int(cell["late_days"])}


def _row(scene: Scene, row: Mapping[Hashable, Any], cells: dict[str, Any]) -> dict[str, Any]:
    days = int(row["late_days"])
    return {
        "id": row["id"],
        "name": row["name"],
        "stage": row["stage"],
        "stage_word": scene.words(f"stage.{row['stage']}"),
        "late": scene.words("map.late", days=days) if days else "",
        "url": scene.state.link(f"/community/{row['id']}"),
        "cells": {kind.code: cells.get(kind.code, {"state": "out"}) for kind in scene.atlas.catalogue},
        "progress": scene.figures.percent(row["progress"]),
        "done": 0 if pd.isna(row["progress"]) else round(float(row["progress"]), 1),
        "money": scene.figures.money(row["investment_fen"]),
    }


def curve(scene: Scene, standing: pd.DataFrame, figures: pd.Series) -> dict[str, Any] | None:
    """Points of the planned and the actual curve in percent of both axes; ``None`` without windows."""
    works = scene.atlas.frames["works"]
    works = works[works["community"].isin(standing["id"]).to_numpy(bool)]
    if works.empty or works["planned_start"].isna().all() or works["planned_end"].isna().all():
        return None
    as_of = scene.atlas.as_of
    first = min(works["planned_start"].min(), pd.Timestamp(as_of)).to_period("M").start_time
    last = max(works["planned_end"].max(), pd.Timestamp(as_of)).to_period("M").end_time.normalize()
    ends = [day.date() for day in pd.date_range(first, last, freq="ME")]
    days = sorted({first.date() - timedelta(days=1), *ends, as_of})
    table = cumulative(works, days, as_of)
    whole = (last - first).days + 1
    place = [round(100 * ((pd.Timestamp(day) - first).days + 1) / whole, 2) for day in days]
    points = list(zip(place, table["planned"], table["actual"], strict=True))
    done, plan = figures["progress"], figures["planned"]
    return {
        "planned": " ".join(f"{x:.2f},{100 - y:.2f}" for x, y, _ in points),
        "actual": " ".join(f"{x:.2f},{100 - y:.2f}" for x, _, y in points if pd.notna(y)),
        "today": place[days.index(as_of)],
        "plan_now": None if pd.isna(plan) else round(float(plan), 2),
        "done_now": None if pd.isna(done) else round(float(done), 2),
        "plan_text": scene.figures.share(plan),
        "done_text": scene.figures.share(done),
        "months": [
            {
                "name": scene.words("app.month_short", month=end.month, name=end.strftime("%b")),
                "at": round(100 * ((pd.Timestamp(end).replace(day=15) - first).days) / whole, 2),
            }
            for end in ends
        ],
    }
