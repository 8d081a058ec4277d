"""Photos and documents of a community or a dig."""

from collections.abc import AsyncIterator
from typing import Annotated
from urllib.parse import quote

from anyio import to_thread
from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import FileResponse

from api.access import PrincipalDep, needs
from api.attachments import (
    PICTURES,
    Upload,
    clean_name,
    discard,
    folder_of,
    keep,
    place_of,
    received,
    state_of,
)
from api.deps import ServicesDep
from api.editing.asking import ADD, Ask
from api.editing.preconditions import ReceiptsDep
from api.editing.recording import edit
from api.editing.rowviews import row_view
from api.editing.schemas import Row
from api.policy import Need
from api.routes.edits import created
from geo.errors import StoreError
from geo.layers import FILES

router = APIRouter(tags=["files"])
SANDBOX = "default-src 'none'; sandbox; frame-ancestors 'self'; base-uri 'none'; form-action 'none'"
KB = 1024


async def upload_of(request: Request, services: ServicesDep) -> AsyncIterator[Upload]:
    """The file in the body of the request, for as long as it is handled."""
    folder = await to_thread.run_sync(folder_of, services.settings)
    upload = await received(request, folder, services.settings.file_limit_mb * KB * KB)
    try:
        yield upload
    finally:
        await to_thread.run_sync(discard, upload.path)


UploadDep = Annotated[Upload, Depends(upload_of)]


@router.post("/api/files", status_code=201, dependencies=[needs(Need.EDIT)])
def add_file(
    upload: UploadDep,
    response: Response,
    services: ServicesDep,
    principal: PrincipalDep,
    receipts: ReceiptsDep,
    name: Annotated[str, Query(max_length=500)],
    community: str | None = None,
    dig: str | None = None,
    caption: Annotated[str | None, Query(max_length=500)] = None,
    taken_on: str | None = None,
) -> Row:
    """Keep the file in the body and record that it belongs to a community or to a dig."""
    fixed = {
        "community": community or None,
        "dig": dig or None,
        "media_type": upload.media_type,
        "size_bytes": upload.size_bytes,
        "sha256": upload.sha256,
    }
    fields = {"name": clean_name(name, upload.media_type), "caption": caption, "taken_on": taken_on}
    done = edit(
        services,
        principal,
        [Ask(ADD, FILES, fields=fields, fixed=fixed)],
        receipts.of([fields, fixed]),
        ready=lambda: keep(upload, folder_of(services.settings)),
    )
    return created(response, row_view(services, principal, "files", done.rows[0].row, done.revision))


@router.get("/files/{row}", dependencies=[needs(Need.SEE)])
def content(row: str, services: ServicesDep, principal: PrincipalDep) -> FileResponse:
    """The bytes of a file: a picture to look at, anything else to save."""
    fields = row_view(services, principal, "files", row).fields
    place = place_of(folder_of(services.settings), fields["sha256"])
    state = state_of(place, fields["size_bytes"])
    if state:
        raise StoreError(state, path=str(place.parent.parent), file=fields["sha256"])
    shown = "inline" if fields["media_type"] in PICTURES else "attachment"
    headers = {
        "content-disposition": f"{shown}; filename*=UTF-8''{quote(fields['name'], safe='')}",
        "content-security-policy": SANDBOX,
        "cache-control": "private, no-store",
    }
    return FileResponse(place, media_type=fields["media_type"], headers=headers)
