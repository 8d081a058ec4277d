"""Coming in and going out: the sign-in page, one-time links, shared links."""

import hashlib
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import RedirectResponse, Response

from api.access import (
    SHARE_COOKIE,
    accounts_of,
    address_of,
    cookie_name,
    is_secure,
    needs,
    session_of,
)
from api.account_views import SMALL, Text, answer, local
from api.accounts.people import Account
from api.policy import NOBODY, Need
from geo.errors import NotFound, PlanError, SignInNeeded, TooManyTries
from maps.account_pages import sign_in_page

router = APIRouter(include_in_schema=False)

NO_TOKEN_IN_REFERER = {"referrer-policy": "strict-origin"}
"""Stricter than for other pages: the address of this one may carry the secret of a link."""


@router.get("/sign-in", dependencies=[needs(Need.OPEN)])
def sign_in(
    request: Request,
    next_: Annotated[str, Query(alias="next", max_length=3000)] = "/",
    token: str = "",
    at_once: Annotated[bool, Query(alias="go")] = False,
) -> Response:
    """Name and password; with ``token`` one press, and looking does not use the link up.

    Links go through chats that look at them first. The one that ``serve`` prints goes from a terminal to a
    browser: it says ``go``, and opening it is enough, unless another site's page leads here.
    """
    if token and at_once and request.headers.get("sec-fetch-site", "none") in ("none", "same-origin"):
        return enter(request, token=token, next_=next_)
    if token:
        account = accounts_of(request).entry.behind_link(token[:300])
        if account is None:
            return _page(request, next_, error=SignInNeeded("link_used"))
        return _page(request, next_, link=account, token=token)
    if session_of(request) is not None:
        return RedirectResponse(local(next_), 303)
    return _page(request, next_)


@router.post("/sign-in", dependencies=[needs(Need.OPEN)], max_body_size=SMALL)
def enter(
    request: Request,
    name: Text = "",
    password: Text = "",
    token: Text = "",
    next_: Annotated[str, Form(alias="next", max_length=3000)] = "/",
) -> Response:
    """Start a session; whatever session the caller had before is over."""
    entry, address = accounts_of(request).entry, address_of(request)
    try:
        if token:
            account = entry.by_link(token, address)
        else:
            account = entry.by_password(name, password, address)
    except (SignInNeeded, TooManyTries) as error:
        return _page(request, next_, error=error, name=name)
    onward = local(next_)
    if token and not account.has_password:
        onward = f"/password?{urlencode({'next': onward, 'first': '1'})}"
    return entered(request, account, onward, by_link=bool(token))


def entered(request: Request, account: Account, onward: str, *, by_link: bool = False) -> Response:
    """On to ``onward`` with a new session in place of the caller's old one."""
    sessions, name = accounts_of(request).sessions, cookie_name(request)
    old = request.cookies.get(name)
    if old:
        sessions.end(old)
    onto = RedirectResponse(onward, 303)
    onto.set_cookie(
        name,
        sessions.start(account.id, by_link=by_link),
        max_age=sessions.life_s,
        path="/",
        secure=is_secure(request),
        httponly=True,
        samesite="lax",
    )
    return onto


@router.post("/sign-out", dependencies=[needs(Need.SELF)], max_body_size=SMALL)
def leave(request: Request) -> Response:
    """End the session."""
    accounts_of(request).sessions.end(request.cookies.get(cookie_name(request), ""))
    return left(request)


def left(request: Request) -> Response:
    """On to the map without a session."""
    onto = RedirectResponse("/", 303)
    onto.delete_cookie(
        cookie_name(request), path="/", secure=is_secure(request), httponly=True, samesite="lax"
    )
    return onto


@router.get("/shared/{signed}", dependencies=[needs(Need.OPEN)])
def shared(request: Request, signed: str) -> Response:
    """On to the page that was shared, with what opens it and the data that it needs."""
    share = accounts_of(request).shares.find(signed)
    if share is None:
        raise NotFound("no_such_share")
    onto = RedirectResponse(share.path + (f"?{share.query}" if share.query else ""), 303)
    name = SHARE_COOKIE + hashlib.sha256(share.id.encode()).hexdigest()[:12]
    left_s = share.expires_at - accounts_of(request).clock()
    onto.set_cookie(
        name, signed, max_age=left_s, path="/", secure=is_secure(request), httponly=True, samesite="lax"
    )
    onto.headers.update({"cache-control": "no-store", "referrer-policy": "no-referrer"})
    return onto


def _page(
    request: Request,
    next_: str,
    *,
    error: PlanError | None = None,
    link: Account | None = None,
    token: str = "",
    name: str = "",
) -> Response:
    onward = local(next_)
    data = {
        "next": onward,
        "name": name[:60],
        "link": {"name": link.display_name, "role": str(link.role)} if link else None,
        "token": token,
    }
    kept = {"next": onward, **({"token": token} if token else {})}
    return answer(request, NOBODY, sign_in_page, data, error=error, kept=kept, **NO_TOKEN_IN_REFERER)
