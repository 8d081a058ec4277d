"""Who changed what, and when."""

from typing import Annotated

from fastapi import APIRouter, Query

from api.access import PrincipalDep, needs
from api.deps import ServicesDep
from api.editing.schemas import History
from api.happenings import Filter, history
from api.policy import Need

router = APIRouter(prefix="/api", tags=["history"])


@router.get("/history", dependencies=[needs(Need.SEE)])
def read_history(
    services: ServicesDep,
    principal: PrincipalDep,
    community: str | None = None,
    layer: str | None = None,
    row: str | None = None,
    before: str | None = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> History:
    """Changes of a community with all that is its own, of a layer, of a row or of all, newest first."""
    return history(services, principal, Filter(community, layer, row), before, limit)
