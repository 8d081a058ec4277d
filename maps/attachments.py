"""What is attached to a community or a dig, as cards; and its inspections as rows."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from geo.layers import layer_named
from maps.panel import Scene
from maps.questions import question

PICTURES = frozenset({"image/jpeg", "image/png", "image/webp"})
KB = 1024
BADGES: Mapping[str, str] = {"application/pdf": "PDF"}
RESULT_ORDER = ("passed", "to_fix", "failed")


def cards(scene: Scene, *, community: str | None = None, dig: str | None = None) -> list[dict[str, Any]]:
    """The files of a dig, or of a community and its digs, newest first: what they are and where they open."""
    frame = scene.atlas.frames["files"]
    rows = frame[(frame["dig"] == dig).fillna(False)] if dig else frame[_of_community(scene, community)]
    rows = rows.sort_values(["taken_on", "id"], ascending=False, na_position="last")
    return [_card(scene, row) for row in rows.to_dict("records")]


def _of_community(scene: Scene, community: str | None) -> pd.Series:
    digs, files = scene.atlas.frames["digs"], scene.atlas.frames["files"]
    own = digs.loc[(digs["community"] == community).fillna(False), "id"]
    return (files["community"] == community).fillna(False) | files["dig"].isin(own)


def _card(scene: Scene, row: Mapping[Any, Any]) -> dict[str, Any]:
    name, kind = str(row["name"]), str(row["media_type"])
    ending = name.rpartition(".")[2].upper() if "." in name else ""
    return {
        "id": row["id"],
        "name": name,
        "caption": row["caption"] if pd.notna(row["caption"]) else "",
        "day": scene.figures.day(row["taken_on"]) if pd.notna(row["taken_on"]) else "",
        "size": size_text(int(row["size_bytes"])),
        "url": f"/files/{row['id']}",
        "picture": kind in PICTURES,
        "badge": BADGES.get(kind, ending[:5]),
    }


def size_text(size: int) -> str:
    """``12 KB`` or ``3.4 MB``."""
    if size < KB * KB:
        return f"{max(1, round(size / KB))} KB"
    return f"{size / KB / KB:.1f} MB"


def inspections(scene: Scene, community: str) -> list[dict[str, Any]]:
    """What inspectors wrote of a community, newest first."""
    frame = scene.atlas.frames["inspections"]
    rows = frame[(frame["community"] == community).fillna(False)]
    rows = rows.sort_values(["inspected_on", "id"], ascending=False)
    layer = layer_named("inspections")
    out = []
    for row in rows.to_dict("records"):
        told = {
            name: question(scene.atlas, scene.words, layer, layer.column(name), row).word
            for name in ("building", "work", "result")
        }
        out.append(
            {
                "id": row["id"],
                "day": scene.figures.day(row["inspected_on"]),
                "about": " · ".join(part for part in (told["building"], told["work"]) if part)
                or scene.words("edit.inspections.whole"),
                "result": row["result"],
                "result_word": told["result"],
                "note": row["note"] if pd.notna(row["note"]) else "",
            }
        )
    return out
