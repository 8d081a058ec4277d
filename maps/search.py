"""Finding by name or number, the nearest first."""

from typing import Any

import numpy as np
import pandas as pd

from maps.panel import Scene

MOST = 12


def find(scene: Scene, text: str) -> list[dict[str, Any]]:
    """Communities, owners and digs with ``text`` in their name or number: those that begin with it first."""
    if not text:
        return []
    found = [*_communities(scene, text), *_owners(scene, text), *_digs(scene, text)]
    found.sort(key=lambda one: (not one["name"].lower().startswith(text.lower()), len(one["name"])))
    return found[:MOST]


def _has(values: pd.Series, text: str) -> np.ndarray:
    return np.asarray(values.str.contains(text, case=False, regex=False).fillna(False), dtype=bool)


def _communities(scene: Scene, text: str) -> list[dict[str, Any]]:
    standing = scene.atlas.standing
    return [
        {
            "layer": "communities",
            "id": row["id"],
            "name": row["name"],
            "note": f"{scene.town_name(row['town'])} · {scene.words('stage.' + row['stage'])}",
            "url": scene.state.but(q="").link(f"/community/{row['id']}"),
        }
        for row in standing[_has(standing["name"], text)].head(MOST).to_dict("records")
    ]


def _owners(scene: Scene, text: str) -> list[dict[str, Any]]:
    owners = scene.atlas.frames["owners"]
    hit = _has(owners["name"], text) | _has(owners["name_en"], text) | _has(owners["short_name"], text)
    names = scene.atlas.owner_names(scene.words.lang)
    hit &= np.array([scene.atlas.opens(owner) for owner in owners["id"]], dtype=bool)
    return [
        {
            "layer": "owners",
            "id": owner,
            "name": names[owner],
            "note": scene.words("field.owner"),
            "url": scene.state.but(q="").link(f"/owner/{owner}"),
        }
        for owner in owners.loc[hit, "id"].head(MOST)
    ]


def _digs(scene: Scene, text: str) -> list[dict[str, Any]]:
    digs = scene.atlas.digs
    names = scene.atlas.owner_names(scene.words.lang)
    rows = pd.DataFrame(digs.loc[_has(digs["number"], text), ["id", "number", "owner", "community"]]).head(
        MOST
    )
    return [
        {
            "layer": "digs",
            "id": row["id"],
            "name": row["number"],
            "note": names.get(row["owner"], scene.words("map.layer.digs")),
            "url": scene.state.but(q="").link("/table", theme="coordination"),
        }
        for row in rows.to_dict("records")
    ]
