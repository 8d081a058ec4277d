"""The pages of the application."""

from dataclasses import replace

from fastapi import APIRouter, Request
from fastapi.responses import Response

from api.access import PrincipalDep, needs
from api.chronicle import told_of
from api.deps import SceneDep, ServicesDep, not_for
from api.drawing import map_parts
from api.happenings import Filter
from api.policy import Need
from api.schemas import Tab
from api.security import fresh_nonce, page
from maps import page as pages
from maps.dossier import standing_of, tabs_of
from maps.panel import Scene

router = APIRouter(include_in_schema=False)


@router.get("/", dependencies=[needs(Need.PUBLIC_VIEW)])
def application(request: Request, scene: SceneDep, services: ServicesDep) -> Response:
    """The map with its side panel, or the matrix, or what of it changes."""
    if scene.state.show == "matrix":
        nonce = fresh_nonce()
        return page(pages.matrix_page(scene, nonce), nonce)
    return _application(request, scene, services)


@router.get("/table", dependencies=[needs(Need.PUBLIC_VIEW)])
def table(request: Request, scene: SceneDep, services: ServicesDep) -> Response:
    """The application with its table."""
    return _application(request, replace(scene, state=scene.state.but(show="table")), services)


def _application(request: Request, scene: Scene, services: ServicesDep) -> Response:
    nonce = fresh_nonce()
    if request.headers.get("x-part"):
        return page(pages.application_part(scene), nonce, vary="X-Part")
    parts = map_parts(scene, services.settings.embed_limit, nonce)
    return page(pages.application(scene, parts, nonce), nonce, vary="X-Part")


@router.get("/community/{community}", dependencies=[needs(Need.PUBLIC_VIEW)])
def community(
    request: Request,
    community: str,
    scene: SceneDep,
    services: ServicesDep,
    principal: PrincipalDep,
    tab: Tab = Tab.BUILDINGS,
) -> Response:
    """One community: its facts, map, tables and history."""
    standing_of(scene, community)
    if tab not in tabs_of(scene):
        raise not_for(principal, "tab", tab, tabs_of(scene))
    nonce = fresh_nonce()
    limit = services.settings.embed_limit
    whole = not request.headers.get("x-part")
    parts = map_parts(scene, limit, nonce, card=False, url=False) if whole else None
    events = told_of(services, principal, scene, Filter(community)) if tab is Tab.HISTORY else []
    most = services.settings.file_limit_mb
    html = pages.community_page(scene, community, tab, events, parts, nonce, file_limit_mb=most)
    return page(html, nonce, vary="X-Part")


@router.get("/owner/{owner}", dependencies=[needs(Need.SEE)])
def owner(owner: str, scene: SceneDep) -> Response:
    """One owner: its lines and digs by community and month."""
    nonce = fresh_nonce()
    return page(pages.owner_page(scene, owner, nonce), nonce)
