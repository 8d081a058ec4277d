"""Whether the service lives, and whether it can answer."""

from fastapi import APIRouter

from api.access import needs
from api.deps import ServicesDep
from api.policy import Need
from api.schemas import Health, Ready

router = APIRouter(tags=["health"])


@router.get("/healthz", dependencies=[needs(Need.OPEN)])
def healthz() -> Health:
    """The process answers."""
    return Health(status="ok")


@router.get("/readyz", dependencies=[needs(Need.OPEN)])
def readyz(services: ServicesDep) -> Ready:
    """The store answers, and what it holds is in memory."""
    atlas = services.atlas()
    return Ready(status="ok", revision=atlas.revision, as_of=atlas.as_of, sample=atlas.sample)
