"""What the pages around a person share: their answer, days, and where they lead on to."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import Form, Request
from fastapi.responses import Response

from api.access import reader_of
from api.deps import services_of, words_of
from api.errors import status_of
from api.policy import Principal
from api.security import fresh_nonce, page
from geo.errors import PlanError, TooManyTries
from maps.account_pages import Page
from maps.wording import languages

SMALL = 16 * 1024
"""Bytes of a form at most."""
LOCAL = re.compile(r"/(?![/\\])[^\\\x00-\x20\x7f]*")
Text = Annotated[str, Form(max_length=300)]


def local(next_: str) -> str:
    """A path of this service to go on to, else the map."""
    return next_ if LOCAL.fullmatch(next_) else "/"


def day(request: Request, moment: int) -> str:
    """The day of a moment in the district's time zone."""
    zone = services_of(request).district.timezone
    return datetime.fromtimestamp(moment, UTC).astimezone(zone).date().isoformat()


def answer(
    request: Request,
    principal: Principal,
    render: Callable[[Page], str],
    data: dict[str, Any],
    *,
    error: PlanError | None = None,
    kept: dict[str, str] | None = None,
    **headers: str,
) -> Response:
    """A page for ``principal``; with ``error`` it says so and has its status.

    ``kept`` stays in the address of the page in another language.
    """
    words, home = words_of(request), services_of(request).settings.lang
    path = "/" + request.url.path.split("/")[1]
    shown = Page(
        words,
        reader_of(principal),
        home="/" if words.lang == home else f"/?lang={words.lang}",
        away={lang: f"{path}?{urlencode({**(kept or {}), 'lang': lang})}" for lang in languages()},
        message=words.error(error) if error else "",
        data=data,
    )
    told = page(render(shown), fresh_nonce(), **headers)
    if error is not None:
        told.status_code = status_of(error)
    if isinstance(error, TooManyTries):
        told.headers["retry-after"] = str(error.facts["seconds"])
    return told
