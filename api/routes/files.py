"""Styles, scripts and pictures; with the mark of their content they may be kept for ever."""

import mimetypes
from pathlib import PurePosixPath

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from api.access import needs
from api.policy import Need
from geo.errors import NotFound
from maps.assets import STATIC, TOKENS, asset_bytes, asset_url

router = APIRouter(include_in_schema=False)
TYPES = {
    ".js": "text/javascript",
    ".css": "text/css",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".txt": "text/plain",
}
FOR_EVER = "public, max-age=31536000, immutable"


@router.get("/static/{path:path}", dependencies=[needs(Need.OPEN)])
def static(path: str, request: Request) -> Response:
    """One file of the static folder."""
    content = _content(path)
    mark = asset_url(path).partition("?v=")[2]
    kind = (
        TYPES.get(PurePosixPath(path).suffix) or mimetypes.guess_type(path)[0] or "application/octet-stream"
    )
    kept = FOR_EVER if request.query_params.get("v") == mark else "no-cache"
    return Response(content, media_type=kind, headers={"cache-control": kept, "etag": f'"{mark}"'})


@router.get("/favicon.ico", dependencies=[needs(Need.OPEN)])
def favicon() -> Response:
    """The mark."""
    return RedirectResponse(asset_url("app/mark.svg"))


def _content(path: str) -> bytes:
    if path == TOKENS:
        return asset_bytes(path)
    file = (STATIC / path).resolve()
    if not file.is_relative_to(STATIC.resolve()) or not file.is_file() or file.name.startswith("."):
        raise NotFound("no_such_file", path=path)
    return asset_bytes(path)
