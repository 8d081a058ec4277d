"""The history for a page: the events that somebody may see, as the maps room reads them."""

from datetime import datetime

from api.editing.schemas import Happening
from api.happenings import Filter, history
from api.policy import Principal
from api.wiring import Services
from maps.dossier import HISTORY_SHOWN
from maps.history import Event
from maps.panel import Scene


def told_of(services: Services, principal: Principal, scene: Scene, wanted: Filter) -> list[Event]:
    """The newest events that pass a filter, of the past where the scene is of the past."""
    before = f"{scene.atlas.revision}.0" if scene.atlas.is_past else None
    return page_of(services, principal, wanted, before)[0]


def page_of(
    services: Services, principal: Principal, wanted: Filter, before: str | None
) -> tuple[list[Event], str | None]:
    """One page of events, newest first, and where the next begins."""
    found = history(services, principal, wanted, before, HISTORY_SHOWN)
    return [_event(one) for one in found.events], found.next


def _event(one: Happening) -> Event:
    cells = tuple((cell.column, cell.before, cell.after) for cell in one.changes)
    at = datetime.fromisoformat(one.at)
    return Event(one.revision, at, one.by, one.origin, one.layer, one.row, one.action, cells)
