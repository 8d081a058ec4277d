"""The Folium page, and what of it is in view."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from api.access import needs
from api.deps import AtlasDep, SceneDep, ServicesDep, StateDep
from api.drawing import map_page
from api.policy import Need
from api.security import nonce_for, page
from geo.errors import BadInput
from maps.viewport import in_view

router = APIRouter(tags=["map"])


@router.get("/map", include_in_schema=False, dependencies=[needs(Need.PUBLIC_VIEW)])
def map_of(
    request: Request,
    scene: SceneDep,
    services: ServicesDep,
    printing: Annotated[bool, Query(alias="print")] = False,
) -> Response:
    """The map of the district or of a town, as one page; with ``print`` it asks for paper at once."""
    atlas, state = scene.atlas, scene.state
    seen = f"{atlas.audience.kind}/{atlas.audience.town or ''}/{atlas.audience.owner or ''}"
    shown = f"{atlas.revision}/{atlas.as_of}/{atlas.is_past}"
    key = f"{seen}/{shown}/{state.theme}/{state.town or ''}/{state.lang}/{printing}"
    nonce = nonce_for(key)
    etag = f'"{nonce_for("etag" + key)}"'
    kept = {"etag": etag, "cache-control": "no-cache"}
    if etag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=kept)
    limit = services.settings.embed_limit
    html = request.app.state.pages.get(key, lambda: map_page(scene, limit, nonce, printing=printing))
    return page(html, nonce, **kept)


@router.get("/api/view", dependencies=[needs(Need.PUBLIC_VIEW)])
def view(
    atlas: AtlasDep,
    state: StateDep,
    bbox: Annotated[str, Query(description="west,south,east,north in degrees")],
    scale: Annotated[float, Query(description="metres per CSS pixel")],
    layers: Annotated[str, Query(description="layers of the map, apart by commas")],
) -> Response:
    """The rows of the asked layers in a box, simplified for the scale and filtered by the state."""
    names = [name for name in layers.split(",") if name]
    answer = in_view(atlas, _box(bbox), scale, names, state.selection(), lang=state.lang)
    return Response(answer, media_type="application/json", headers={"cache-control": "no-store"})


def _box(text: str) -> tuple[float, float, float, float]:
    try:
        west, south, east, north = (float(side) for side in text.split(","))
    except ValueError as error:
        raise BadInput("bad_box", bbox=text[:100]) from error
    return west, south, east, north
