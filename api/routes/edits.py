"""Edits of single rows and of many at once; each names the row revision that it saw."""

from urllib.parse import quote

from fastapi import APIRouter, Response

from api.access import PrincipalDep, needs
from api.deps import ServicesDep
from api.editing.asking import Outcome, addition_of, alteration_of, batch_of, removal_of, row_to_revert
from api.editing.bodies import JsonDep, PerhapsJsonDep
from api.editing.preconditions import ReceiptsDep, SeenDep, etag
from api.editing.recording import edit, revert
from api.editing.rowviews import row_view
from api.editing.schemas import Changing, Recorded, Row
from api.policy import Need

router = APIRouter(prefix="/api", tags=["edits"])


@router.get("/rows/{layer}/{row:path}", dependencies=[needs(Need.SEE)])
def read_row(layer: str, row: str, response: Response, services: ServicesDep, principal: PrincipalDep) -> Row:
    """One row as the store has it, with the tag that an edit of it names."""
    return tagged(response, row_view(services, principal, layer, row))


@router.post("/rows/{layer}", status_code=201, dependencies=[needs(Need.EDIT)])
def add_row(
    layer: str,
    body: JsonDep,
    response: Response,
    services: ServicesDep,
    principal: PrincipalDep,
    receipts: ReceiptsDep,
) -> Row:
    """Add a row; its id is made here."""
    done = edit(services, principal, [addition_of(layer, body)], receipts.of(body))
    return created(response, row_view(services, principal, layer, done.rows[0].row, done.revision))


@router.patch("/rows/{layer}/{row:path}", dependencies=[needs(Need.EDIT)])
def change_row(
    layer: str,
    row: str,
    body: JsonDep,
    seen: SeenDep,
    response: Response,
    services: ServicesDep,
    principal: PrincipalDep,
    receipts: ReceiptsDep,
) -> Row:
    """Change the named fields and the shape of a row that nobody has changed since it was seen."""
    done = edit(services, principal, [alteration_of(layer, row, seen, body)], receipts.of(body))
    return tagged(response, row_view(services, principal, layer, row, done.revision))


@router.delete("/rows/{layer}/{row:path}", dependencies=[needs(Need.EDIT)])
def remove_row(
    layer: str,
    row: str,
    seen: SeenDep,
    services: ServicesDep,
    principal: PrincipalDep,
    receipts: ReceiptsDep,
) -> dict[str, int]:
    """Remove a row that nobody has changed since it was seen and that no other row names."""
    done = edit(services, principal, [removal_of(layer, row, seen)], receipts.of(None))
    return {"revision": done.revision}


@router.post("/changes", dependencies=[needs(Need.EDIT)])
def change_many(
    body: JsonDep, services: ServicesDep, principal: PrincipalDep, receipts: ReceiptsDep
) -> Recorded:
    """Record many changes as one, or none of them."""
    summary, asks = batch_of(body)
    return recorded(edit(services, principal, asks, receipts.of(body), summary))


@router.post("/revisions/{revision}/revert", dependencies=[needs(Need.EDIT)])
def revert_revision(
    revision: int, body: PerhapsJsonDep, services: ServicesDep, principal: PrincipalDep, receipts: ReceiptsDep
) -> Recorded:
    """Bring back what a revision changed, of one row or of all of them, as a new change."""
    layer, row = row_to_revert(body)
    return recorded(revert(services, principal, revision, layer, row, receipts.of(body)))


def tagged(response: Response, view: Row) -> Row:
    response.headers["etag"] = etag(view.row_revision)
    return view


def created(response: Response, view: Row) -> Row:
    response.headers["location"] = f"/api/rows/{view.layer}/{quote(view.id)}"
    return tagged(response, view)


def recorded(outcome: Outcome) -> Recorded:
    rows = [
        Changing(layer=done.layer, id=done.row, row_revision=done.row_revision, **{"as": done.ref or None})
        for done in outcome.rows
    ]
    return Recorded(revision=outcome.revision, rows=rows)
