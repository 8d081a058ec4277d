"""JSON behind the application: the same figures and rows as the pages."""

from typing import Annotated, Any

import pandas as pd
from fastapi import APIRouter, Query

from api.access import needs
from api.deps import SceneDep, ServicesDep
from api.policy import Need
from api.reports import plain_rows, status
from api.schemas import FoundList, Rows, Status
from geo.errors import NotFound
from maps.dossier import LAYERS_OF_A_COMMUNITY, standing_of
from maps.linepanel import picked_digs, picked_lines
from maps.panel import Scene
from maps.search import find

router = APIRouter(prefix="/api", tags=["data"])

MOST = 10_000
Limit = Annotated[int, Query(ge=1, le=MOST)]
Offset = Annotated[int, Query(ge=0)]

COMMUNITY = (
    "id", "name", "town", "committee", "stage", "year_built", "buildings", "households", "floor_area_dm2",
    "investment_fen", "progress", "planned", "late_days", "delay_reason", "has_outline", "provisional",
)  # fmt: skip
LINE = (
    "id", "owner", "utility", "kind", "style", "state", "community", "town", "dig", "size_text", "material",
    "laying", "depth_start_m", "depth_end_m", "year_laid", "length_m",
)  # fmt: skip
DIG = (
    "id", "number", "owner", "utility", "state", "community", "town", "window_start", "window_end", "width_m",
    "depth_m", "length_m",
)  # fmt: skip
OWNER = ("id", "name", "name_en", "short_name", "utilities")
OF_A_COMMUNITY = {
    "buildings": (
        "id",
        "number",
        "storeys",
        "units",
        "households",
        "floor_area_dm2",
        "year_built",
        "structure",
    ),
    "works": (
        "id",
        "building",
        "code",
        "quantity",
        "unit",
        "cost_fen",
        "progress_percent",
        "planned_start",
        "planned_end",
    ),
    "lines": LINE,
    "digs": DIG,
}


@router.get("/status", dependencies=[needs(Need.PUBLIC_VIEW)])
def status_of(scene: SceneDep) -> Status:
    """Figures by town, by stage and in total of the communities that pass the filter."""
    return Status.model_validate(status(scene.atlas, scene.standing(), scene.state.lang))


@router.get("/towns", dependencies=[needs(Need.PUBLIC_VIEW)])
def towns(scene: SceneDep) -> list[dict[str, str]]:
    """The towns of the district."""
    return [
        {"code": code, "name": name}
        for code, name in scene.atlas.district.town_names(scene.state.lang).items()
        if code in scene.atlas.towns
    ]


@router.get("/communities", dependencies=[needs(Need.PUBLIC_VIEW)])
def communities(scene: SceneDep, limit: Limit = 1000, offset: Offset = 0) -> Rows:
    """How each community that passes the filter stands."""
    return _part(scene.standing(), COMMUNITY, limit, offset)


@router.get("/community/{community}", dependencies=[needs(Need.PUBLIC_VIEW)])
def community(community: str, scene: SceneDep) -> dict[str, Any]:
    """One community with everything that is its own."""
    standing = pd.DataFrame([standing_of(scene, community)])
    own = {
        layer: plain_rows(_own(scene, layer, community), OF_A_COMMUNITY[layer])
        for layer in LAYERS_OF_A_COMMUNITY
        if layer in OF_A_COMMUNITY
    }
    return {**plain_rows(standing, COMMUNITY)[0], **own}


def _own(scene: Scene, layer: str, community: str) -> pd.DataFrame:
    rows = getattr(scene.atlas, layer)
    return pd.DataFrame(rows[(rows["community"] == community).fillna(False)])


@router.get("/owners", dependencies=[needs(Need.SEE)])
def owners(scene: SceneDep, limit: Limit = 1000, offset: Offset = 0) -> Rows:
    """Every owner."""
    return _part(scene.atlas.frames["owners"], OWNER, limit, offset)


@router.get("/owner/{owner}", dependencies=[needs(Need.SEE)])
def owner(owner: str, scene: SceneDep) -> dict[str, Any]:
    """One owner with its lines and digs."""
    frame = scene.atlas.frames["owners"]
    rows = frame[frame["id"] == owner]
    if rows.empty or not scene.atlas.opens(owner):
        raise NotFound("no_such_owner", owner=owner)
    lines, digs = scene.atlas.lines, scene.atlas.digs
    return {
        **plain_rows(rows, OWNER)[0],
        "lines": plain_rows(lines[(lines["owner"] == owner).fillna(False)], LINE),
        "digs": plain_rows(digs[(digs["owner"] == owner).fillna(False)], DIG),
    }


@router.get("/lines", dependencies=[needs(Need.SEE)])
def lines(scene: SceneDep, limit: Limit = 1000, offset: Offset = 0) -> Rows:
    """Lines that pass the filter."""
    return _part(picked_lines(scene), LINE, limit, offset)


@router.get("/digs", dependencies=[needs(Need.SEE)])
def digs(scene: SceneDep, limit: Limit = 1000, offset: Offset = 0) -> Rows:
    """Digs that pass the filter."""
    return _part(picked_digs(scene), DIG, limit, offset)


@router.get("/search", dependencies=[needs(Need.PUBLIC_VIEW)])
def search(scene: SceneDep, services: ServicesDep) -> FoundList:
    """Communities, owners and digs whose name or number has the text ``q`` in it."""
    return FoundList.model_validate({"found": find(scene, scene.state.q)})


def _part(rows: pd.DataFrame, columns: tuple[str, ...], limit: int, offset: int) -> Rows:
    part = pd.DataFrame(rows.iloc[offset : offset + limit])
    return Rows(count=len(rows), offset=offset, rows=plain_rows(part, columns))
