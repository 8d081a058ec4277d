"""The pages of the application."""

import pandas as pd
from fastapi import APIRouter, Request
from fastapi.responses import Response

from api.deps import SceneDep, ServicesDep
from api.drawing import map_parts
from api.schemas import Tab
from api.security import fresh_nonce, page
from geo.store.protocol import Store
from maps import page as pages
from maps.dossier import HISTORY_SHOWN, community_ids, standing_of
from maps.panel import Scene

router = APIRouter(include_in_schema=False)


@router.get("/")
def application(request: Request, scene: SceneDep, services: ServicesDep) -> Response:
    """The map with its side panel, or the matrix, or what of it changes."""
    if scene.state.show == "matrix":
        nonce = fresh_nonce()
        return page(pages.matrix_page(scene, nonce), nonce)
    return _application(request, scene, services)


@router.get("/table")
def table(request: Request, scene: SceneDep, services: ServicesDep) -> Response:
    """The application with its table."""
    return _application(request, pages.make_scene(scene.atlas, scene.state.but(show="table")), services)


def _application(request: Request, scene: Scene, services: ServicesDep) -> Response:
    nonce = fresh_nonce()
    if request.headers.get("x-part"):
        return page(pages.application_part(scene), nonce, vary="X-Part")
    parts = map_parts(scene, services.settings.embed_limit, nonce)
    return page(pages.application(scene, parts, nonce), nonce, vary="X-Part")


@router.get("/community/{community}")
def community(community: str, scene: SceneDep, services: ServicesDep, tab: Tab = Tab.BUILDINGS) -> Response:
    """One community: its facts, map, tables and history."""
    standing_of(scene, community)
    nonce = fresh_nonce()
    parts = map_parts(scene, services.settings.embed_limit, nonce, card=False, url=False)
    events = history_of(services.store, scene, community)
    return page(pages.community_page(scene, community, tab, events, parts, nonce), nonce)


@router.get("/owner/{owner}")
def owner(owner: str, scene: SceneDep) -> Response:
    """One owner: its lines and digs by community and month."""
    nonce = fresh_nonce()
    return page(pages.owner_page(scene, owner, nonce), nonce)


def history_of(store: Store, scene: Scene, community: str) -> pd.DataFrame:
    """Events of a community and of all that is its own, newest first."""
    ids = [row for rows in community_ids(scene, community).values() for row in rows]
    return store.events(ids=ids, limit=HISTORY_SHOWN, newest_first=True)
