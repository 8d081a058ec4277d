"""Forms to edit one row or to make a new one, as parts of a page; and who may ask for them."""

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Query
from fastapi.responses import Response

from api.access import PrincipalDep, needs
from api.deps import SceneDep, ServicesDep
from api.editing.rowviews import row_view
from api.policy import OWNERS_STATES, Need, Principal, adds
from api.security import fresh_nonce, page
from geo.errors import NotAllowed
from geo.layers import layer_named
from geo.vocabulary import DigState, LineState, Role
from maps.forms import make_form, new_values
from maps.page import form_part
from maps.panel import Scene

router = APIRouter(include_in_schema=False)

Part = Annotated[str, Query(max_length=40)]


@router.get("/edit/{layer}/new", dependencies=[needs(Need.EDIT)])
def new_row(
    layer: str,
    scene: SceneDep,
    principal: PrincipalDep,
    part: Part = "all",
    community: str = "",
    dig: str = "",
    owner: str = "",
) -> Response:
    """The form of a row that is not there yet; the query names what it belongs to."""
    layer_named(layer)
    if not adds(principal, layer) or scene.atlas.is_past:
        raise NotAllowed("change_not_allowed", layer=layer, action="add")
    given = new_values(layer, {"community": community, "dig": dig, "owner": owner})
    values = {**_first_values(layer, principal), **given}
    return _answer(scene, principal, layer, part, values, None, removable=False)


@router.get("/edit/{layer}/{row:path}", dependencies=[needs(Need.EDIT)])
def edit_row(
    layer: str,
    row: str,
    scene: SceneDep,
    services: ServicesDep,
    principal: PrincipalDep,
    part: Part = "all",
) -> Response:
    """The form of a row as it is now; ``NotAllowed`` for who may see it but not change it."""
    limit = services.settings.file_limit_mb
    seen = row_view(services, principal, layer, row)
    if "update" not in seen.may or scene.atlas.is_past:
        raise NotAllowed("change_not_allowed", layer=layer, action="update")
    values = {**seen.fields, "id": seen.id, "row_revision": seen.row_revision}
    removable = "remove" in seen.may and layer != "communities"
    return _answer(scene, principal, layer, part, values, seen.geometry, removable=removable, limit=limit)


def _answer(
    scene: Scene,
    principal: Principal,
    layer: str,
    part: str,
    values: Mapping[str, Any],
    geometry: Mapping[str, Any] | None,
    *,
    removable: bool,
    limit: int = 0,
) -> Response:
    allowed = _allowed(principal, layer)
    form = make_form(scene.atlas, scene.words, layer, part, values, allowed=allowed)
    html = form_part(scene, form, values, geometry, removable=removable, file_limit_mb=limit)
    return page(html, fresh_nonce())


def _first_values(layer: str, principal: Principal) -> dict[str, str]:
    """What a new row begins with."""
    first = {"digs": {"state": str(DigState.DRAFT)}, "lines": {"state": str(LineState.PLANNED)}}.get(
        layer, {}
    )
    return {**first, "owner": principal.owner} if layer in ("digs", "lines") and principal.owner else first


def _allowed(principal: Principal, layer: str) -> dict[str, tuple[str, ...]]:
    """The answers that a role may give where it may not give all."""
    if principal.role is Role.TOWN:
        return {"town": (principal.town or "",)}
    if principal.role is not Role.UTILITY:
        return {}
    states = {"state": tuple(map(str, OWNERS_STATES))} if layer == "digs" else {}
    return {"owner": (principal.owner or "",), **states}
