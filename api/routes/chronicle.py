"""The page of the district's history."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import Response

from api.access import PrincipalDep, needs
from api.chronicle import page_of
from api.deps import SceneDep, ServicesDep
from api.happenings import Filter
from api.policy import Need, Principal, audience_of
from api.security import fresh_nonce, page
from api.wiring import Services
from geo.audience import INTERNAL
from geo.store.past import revision_at
from maps import page as pages
from maps.history import day_of
from maps.panel import Scene

router = APIRouter(include_in_schema=False)
ONE_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Asked:
    """What the filter of the page holds, as it stands in the address."""

    of: str
    layer: str
    who: str
    day: str
    before: str


@router.get("/history", dependencies=[needs(Need.SEE)])
def history(
    scene: SceneDep,
    services: ServicesDep,
    principal: PrincipalDep,
    of: Annotated[str, Query(max_length=100, description="id of a community")] = "",
    layer: Annotated[str, Query(max_length=40)] = "",
    who: Annotated[str, Query(max_length=100)] = "",
    day: Annotated[str, Query(max_length=10)] = "",
    before: Annotated[str, Query(max_length=30)] = "",
) -> Response:
    """Who changed what and when, newest first, by community, layer, person and day."""
    asked = Asked(of, layer, who, day, before)
    events, older = page_of(services, principal, *_wanted(services, scene, asked))
    wanted = {"of": of, "layer": layer, "who": who, "day": day}
    if day and len(events) < pages.HISTORY_SHOWN:
        older = None
    nonce = fresh_nonce()
    people = _people(services, principal)
    return page(pages.history_page(scene, events, wanted, people, before, older, nonce), nonce)


def _wanted(services: Services, scene: Scene, asked: Asked) -> tuple[Filter, str | None]:
    """The filter, and the place from which it reads: the end of a day that is asked for."""
    start = _start(scene, asked.day)
    wanted = Filter(asked.of or None, asked.layer or None, None, asked.who or None, start)
    if asked.before or start is None:
        return wanted, asked.before or None
    with services.store.view() as view:
        last = revision_at(view, start + ONE_DAY - timedelta.resolution)
    return wanted, f"{last}.0"


def _start(scene: Scene, text: str) -> datetime | None:
    """The beginning of a day where the district is."""
    day = day_of(text)
    return None if day is None else datetime.combine(day, time(), scene.atlas.district.timezone)


def _people(services: Services, principal: Principal) -> dict[str, str]:
    """Accounts to choose from, for those who may see everything that was done."""
    if audience_of(principal) != INTERNAL:
        return {}
    return {one.id: one.display_name for one in services.accounts.people.all()}
