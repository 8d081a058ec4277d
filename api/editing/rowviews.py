"""One row as JSON shows it to somebody, now or as an edit left it."""

from api.editing.asking import LATEST
from api.editing.desk import Desk
from api.editing.recording import name_of, state_at, version_of
from api.editing.schemas import Changed, Row
from api.editing.sight import Sight
from api.policy import Principal, actions
from api.wiring import Services
from geo.errors import NotFound
from geo.layers import layer_named


def row_view(services: Services, principal: Principal, layer: str, row: str, revision: int = LATEST) -> Row:
    """A row as it is, or as it was at a revision of the store.

    Raises ``NotFound`` where there is none, and in the same words where the principal may not see it.
    """
    named = layer_named(layer)
    with services.store.view() as view:
        state = state_at(view, named, row, revision)
        seen = Sight(services, principal).of(layer, state.row, state.actor)
        if seen is None:
            raise NotFound("no_such_row", layer=layer, row=row)
        may = actions(principal, layer, state.row, Desk(view))
        told = version_of(named, seen.row, state.revision, view.crs)
    changed = Changed(at=state.at, by=name_of(services, seen.actor), revision=state.revision)
    return Row(layer=layer, id=row, may=may, changed=changed, **told)
