"""The pages of one community and of one owner: facts, tables and history."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from geo.audience import has_layer
from geo.errors import NotFound
from geo.vocabulary import AudienceKind, Stage
from maps.attachments import cards, inspections
from maps.history import Event
from maps.history import timeline as days
from maps.ledgers import buildings_of, digs_of, lines_of, works_of
from maps.linepanel import is_planned, month_spans, open_by_month
from maps.panel import Scene
from maps.sheet import written
from maps.timeline import timeline
from maps.wording import DEFAULT_LANGUAGE

TABS = ("buildings", "works", "lines", "digs", "inspections", "files", "history")
HISTORY_SHOWN = 100
LAYERS_OF_A_COMMUNITY = ("buildings", "works", "lines", "digs", "nodes", "ground")


def standing_of(scene: Scene, community: str) -> dict[str, Any]:
    """The standing row of a community, or ``NotFound``."""
    rows = scene.atlas.standing[scene.atlas.standing["id"] == community]
    if rows.empty:
        raise NotFound("no_such_community", community=community)
    return {str(name): value for name, value in rows.iloc[0].items()}


def community_ids(scene: Scene, community: str) -> dict[str, list[str]]:
    """Ids of a community and of everything that is its own, by layer."""
    frames = scene.atlas.frames
    ids = {
        layer: frames[layer].loc[(frames[layer]["community"] == community).fillna(False), "id"].tolist()
        for layer in LAYERS_OF_A_COMMUNITY
    }
    return {"communities": [community], **ids}


def tabs_of(scene: Scene) -> tuple[str, ...]:
    """The tables that the audience has of a community; the public has no history."""
    audience = scene.atlas.audience
    public = audience.kind is AudienceKind.PUBLIC
    return tuple(tab for tab in TABS if (not public if tab == "history" else has_layer(audience, tab)))


def presence_of(scene: Scene, community: str) -> list[dict[str, str]]:
    """Owners whose lines lie in a community beside the audience's own, each with what they are for."""
    rows = scene.atlas.presence
    rows = rows[(rows["community"] == community).to_numpy(bool)]
    names, words = scene.atlas.owner_names(scene.words.lang), scene.words
    return [
        {
            "owner": names.get(str(owner), words("presence.unknown_owner")),
            "utilities": words("app.list").join(words(f"utility.{code}") for code in part["utility"]),
        }
        for owner, part in rows.groupby("owner", sort=True, dropna=False)
    ]


def community_page(scene: Scene, community: str, tab: str, events: Sequence[Event]) -> dict[str, Any]:
    """What the community's template fills in; ``events`` is its history, newest first."""
    row = standing_of(scene, community)
    lines = _of(scene.atlas.lines, community)
    digs = _of(scene.atlas.digs, community)
    sheets = {
        "buildings": buildings_of(scene, community),
        "works": works_of(scene, community),
        "lines": lines_of(scene, lines, inside=True),
        "digs": digs_of(scene, digs, inside=True),
    }
    told, files = inspections(scene, community), cards(scene, community=community)
    counts = {name: len(sheet.rows) for name, sheet in sheets.items()}
    counts |= {"inspections": len(told), "files": len(files)}
    link = f"/community/{community}"
    return {
        "head": community_head(scene, row),
        "row": row,
        "tabs": [
            {
                "name": scene.words(f"app.tab.{name}"),
                "count": counts.get(name, ""),
                "url": scene.state.link(link, "theme", tab=name),
                "current": name == tab,
                "code": name,
            }
            for name in tabs_of(scene)
        ],
        "tab": tab,
        "presence": presence_of(scene, community),
        "sheet": written(sheets[tab], scene.figures, scene.words) if tab in sheets else None,
        "timeline": timeline(scene, digs) if tab == "digs" else None,
        "inspections": told if tab == "inspections" else None,
        "files": files if tab == "files" else None,
        "history": {"days": days(scene, events), "older_url": "", "newest_url": ""}
        if tab == "history"
        else None,
    }


def community_head(scene: Scene, row: Mapping[str, Any]) -> dict[str, Any]:
    """Title, chip, place and the four figures of a community."""
    words, show = scene.words, scene.figures
    frame = scene.atlas.frames["communities"]
    facts = frame[frame["id"] == row["id"]].iloc[0]
    works = _of(scene.atlas.frames["works"], row["id"])
    window = show.days(works["planned_start"].min(), works["planned_end"].max()) if len(works) else show.none
    days = int(row["late_days"])
    year = row["year_built"]
    place = [
        scene.town_name(row["town"]),
        row["committee"] if pd.notna(row["committee"]) else words("app.community.no_committee"),
        words("app.community.built", year=int(year)) if pd.notna(year) else words("app.community.no_year"),
        words("app.community.window", window=window),
    ]
    return {
        "id": row["id"],
        "name": row["name"],
        "town": scene.town_name(row["town"]),
        "town_url": scene.state.url(town=row["town"], community=None, view=None),
        "map_url": scene.state.url(community=row["id"], view=None),
        "stage": row["stage"],
        "chip": stage_chip(scene, row),
        "steps": stage_steps(row["stage"]),
        "stage_word": words(f"stage.{row['stage']}"),
        "percent": show.percent(row["progress"], 0) if pd.notna(row["progress"]) else "",
        "planned": words("app.community.planned", percent=show.percent(row["planned"], 0))
        if pd.notna(row["planned"])
        else "",
        "late": words("map.late", days=days) if days else "",
        "reason": row["delay_reason"] if days and pd.notna(row["delay_reason"]) else "",
        "place": place,
        "sample": bool(facts["sample"]) if pd.notna(facts["sample"]) else scene.atlas.sample,
        "note": show.text(facts["note"]) if pd.notna(facts["note"]) else "",
        "waiting": not (row["has_outline"] or row["provisional"]),
        "provisional": bool(row["provisional"]),
        "figures": [
            {"value": show.count(row["buildings"]), "label": words("app.figure.buildings")},
            {"value": show.count(row["households"]), "label": words("app.figure.households")},
            {"value": show.area(row["floor_area_dm2"]), "label": words("unit.area_name")},
            {"value": show.money(row["investment_fen"]), "label": words("unit.money_name")},
        ],
    }


def stage_chip(scene: Scene, row: Mapping[str, Any]) -> str:
    """``全面改造 62%``; the percentage only while the works go on."""
    word = scene.words(f"stage.{row['stage']}")
    if row["stage"] != Stage.RENOVATION or pd.isna(row["progress"]):
        return word
    return f"{word} {scene.figures.percent(row['progress'], 0)}"


def stage_steps(stage: str) -> list[dict[str, Any]]:
    """The six stages, those up to the community's own reached."""
    order = [str(member) for member in Stage]
    return [{"code": code, "reached": place <= order.index(stage)} for place, code in enumerate(order)]


def owner_page(scene: Scene, owner: str) -> dict[str, Any]:
    """What the owner's template fills in: lengths by kind, lines and digs by community and month."""
    frame = scene.atlas.frames["owners"]
    rows = frame[frame["id"] == owner]
    if rows.empty or not scene.atlas.opens(owner):
        raise NotFound("no_such_owner", owner=owner)
    lines = scene.atlas.lines[(scene.atlas.lines["owner"] == owner).fillna(False)]
    digs = scene.atlas.digs[(scene.atlas.digs["owner"] == owner).fillna(False)]
    planned, show, words = is_planned(lines), scene.figures, scene.words
    return {
        "id": owner,
        "name": _full_name(scene, rows.iloc[0]),
        "map_url": scene.state.url(theme="lines", owner=owner, community=None, view=None),
        "figures": [
            {
                "value": show.kilometres(lines.loc[~planned, "length_m"].sum()),
                "label": words("app.figure.existing_km", count=int((~planned).sum())),
            },
            {
                "value": show.kilometres(lines.loc[planned, "length_m"].sum()),
                "label": words("app.figure.planned_km", count=int(planned.sum())),
            },
            {"value": show.count(len(digs)), "label": words("app.panel.planned_digs")},
            {
                "value": show.count(pd.concat([lines["community"], digs["community"]]).nunique()),
                "label": words("field.communities"),
            },
        ],
        "communities": owner_communities(scene, lines, digs),
        "months": owner_months(scene, digs),
        "timeline": timeline(scene, digs),
        "sheet": written(digs_of(scene, digs, "window_start"), show, words),
    }


def _full_name(scene: Scene, row: pd.Series) -> str:
    """The whole name, where the map has the short one."""
    english = row["name_en"]
    return str(row["name"] if scene.words.lang == DEFAULT_LANGUAGE or pd.isna(english) else english)


def owner_communities(scene: Scene, lines: pd.DataFrame, digs: pd.DataFrame) -> list[dict[str, Any]]:
    """Per community: existing and planned length, digs and their trench length; those outside last."""
    planned = is_planned(lines)
    keys = lines["community"].fillna("")
    table = pd.DataFrame(
        {
            "existing": lines["length_m"].where(~planned, 0.0).groupby(keys).sum(),
            "planned": lines["length_m"].where(planned, 0.0).groupby(keys).sum(),
            "lines": keys.groupby(keys).size(),
        }
    )
    dug = digs.groupby(digs["community"].fillna(""))["length_m"].agg(["size", "sum"])
    table = table.join(dug.rename(columns={"size": "digs", "sum": "trench"}), how="outer").fillna(0)
    table = table.iloc[
        sorted(range(len(table)), key=lambda place: (table.index[place] == "", table.index[place]))
    ]
    show = scene.figures
    return [
        {
            "name": scene.atlas.community_names.get(str(community), scene.words("app.owner.outside")),
            "url": scene.state.link(f"/community/{community}", tab="lines") if community else "",
            "lines": int(row["lines"]),
            "existing": show.metres(row["existing"], 1),
            "planned": show.metres(row["planned"], 1),
            "digs": int(row["digs"]),
            "trench": show.metres(row["trench"], 1),
        }
        for community, row in table.iterrows()
    ]


def owner_months(scene: Scene, digs: pd.DataFrame) -> list[dict[str, Any]]:
    """Months in which the owner has a trench open, with how many."""
    spans = month_spans(digs)
    if spans.empty:
        return []
    first, last = int(spans["first"].min()), int(spans["last"].max())
    counts = open_by_month(spans, first, last)
    widest = max(int(counts.max()), 1)
    return [
        {
            "name": scene.words(
                "app.month",
                year=place // 12,
                month=place % 12 + 1,
                code=f"{place // 12}-{place % 12 + 1:02d}",
            ),
            "count": int(count),
            "width": round(100 * int(count) / widest, 1),
        }
        for place, count in zip(range(first, last + 1), counts, strict=True)
    ]


def _of(rows: pd.DataFrame, community: str) -> pd.DataFrame:
    return rows[(rows["community"] == community).fillna(False)]
