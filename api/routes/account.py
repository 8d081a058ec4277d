"""One's own account: password, tokens, shared links, sessions."""

from typing import Annotated

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import RedirectResponse, Response

from api.access import PrincipalDep, accounts_of, address_of, needs, session_of
from api.account_views import SMALL, Text, answer, day, local
from api.accounts import shares, tokens
from api.accounts.hashing import SHORTEST
from api.accounts.people import Account
from api.deps import services_of, words_of
from api.policy import Need, Principal
from api.routes.signin import entered, left
from api.sharing import page_of
from geo.errors import BadInput, PlanError
from maps.account_pages import account_page, password_page

router = APIRouter(include_in_schema=False)

Days = Annotated[int, Form()]


@router.get("/password", dependencies=[needs(Need.SELF)])
def password(
    request: Request,
    principal: PrincipalDep,
    next_: Annotated[str, Query(alias="next", max_length=3000)] = "/account",
    first: str = "",
) -> Response:
    """A new password for one's own account."""
    return _password(request, principal, local(next_), first=bool(first))


@router.post("/password", dependencies=[needs(Need.SELF)], max_body_size=SMALL)
def set_password(
    request: Request,
    principal: PrincipalDep,
    old: Text = "",
    new: Text = "",
    again: Text = "",
    next_: Annotated[str, Form(alias="next", max_length=3000)] = "/account",
) -> Response:
    """Set it; every session of the account is over but a new one for the caller."""
    accounts = accounts_of(request)
    account = accounts.people.find(principal.id)
    try:
        if _wants_old(request, account) and not accounts.entry.is_password(account, old, address_of(request)):
            raise BadInput("not_that_password")
        if new != again:
            raise BadInput("passwords_differ")
        accounts.entry.set_password(account, new)
    except PlanError as error:
        return _password(request, principal, local(next_), error=error)
    return entered(request, account, local(next_))


def _wants_old(request: Request, account: Account) -> bool:
    session = session_of(request)
    return account.has_password and not (session and session.may_reset)


def _password(
    request: Request,
    principal: Principal,
    onward: str,
    *,
    first: bool = False,
    error: PlanError | None = None,
) -> Response:
    account = accounts_of(request).people.find(principal.id)
    data = {
        "old": _wants_old(request, account),
        "first": first and not account.has_password,
        "next": onward,
        "shortest": SHORTEST,
        "username": account.name,
    }
    return answer(request, principal, password_page, data, error=error, kept={"next": onward})


@router.get("/account", dependencies=[needs(Need.SELF)])
def own(
    request: Request, principal: PrincipalDep, share: Annotated[str, Query(max_length=3000)] = ""
) -> Response:
    """One's own account; ``share`` is a page to be shared, filled in."""
    return _own(request, principal, share=share)


@router.post("/account/sign-out-everywhere", dependencies=[needs(Need.SELF)], max_body_size=SMALL)
def leave_everywhere(request: Request, principal: PrincipalDep) -> Response:
    """End every session of the account."""
    accounts_of(request).sessions.end_all(principal.id)
    return left(request)


@router.post("/account/tokens", dependencies=[needs(Need.SELF)], max_body_size=SMALL)
def make_token(
    request: Request,
    principal: PrincipalDep,
    label: Text = "",
    scopes: Annotated[list[str] | None, Form()] = None,
    days: Days = 90,
) -> Response:
    """A new token, shown this once."""
    words = words_of(request)
    try:
        token, secret = accounts_of(request).tokens.make(principal.id, label, scopes or (), days)
    except BadInput as error:
        return _own(request, principal, error=error)
    made = {"title": words("account.token_made", label=token.label), "text": secret}
    return _own(request, principal, made={**made, "hint": words("account.shown_once")})


@router.post("/account/tokens/{token}/revoke", dependencies=[needs(Need.SELF)], max_body_size=SMALL)
def revoke_token(request: Request, principal: PrincipalDep, token: str) -> Response:
    """End one of one's own tokens."""
    accounts_of(request).tokens.revoke(principal.id, token)
    return RedirectResponse("/account", 303)


@router.post("/account/shares", dependencies=[needs(Need.SHARE)], max_body_size=SMALL)
def make_share(
    request: Request,
    principal: PrincipalDep,
    address: Annotated[str, Form(alias="page", max_length=3000)] = "",
    days: Days = 14,
) -> Response:
    """A link to a page as one sees it oneself, for whoever has the link."""
    words, accounts = words_of(request), accounts_of(request)
    try:
        known = page_of(_without_host(request, address.strip()))
        if known is None:
            raise BadInput("bad_share", path=address[:80])
        signed = accounts.shares.make(accounts.people.find(principal.id), *known, days)
    except BadInput as error:
        return _own(request, principal, error=error, share=address)
    made = {"title": words("account.share_made"), "text": f"{request.base_url}shared/{signed}"}
    return _own(request, principal, made={**made, "hint": words("account.share_made_hint", days=days)})


def _without_host(request: Request, address: str) -> str:
    """People copy the whole address from the browser."""
    base = str(request.base_url)
    return "/" + address.removeprefix(base) if address.startswith(base) else address


@router.post("/account/shares/{share}/revoke", dependencies=[needs(Need.SELF)], max_body_size=SMALL)
def revoke_share(request: Request, principal: PrincipalDep, share: str) -> Response:
    """End one of one's own shared links."""
    accounts_of(request).shares.revoke(principal.id, share)
    return RedirectResponse("/account", 303)


def _own(
    request: Request,
    principal: Principal,
    *,
    share: str = "",
    made: dict[str, str] | None = None,
    error: PlanError | None = None,
) -> Response:
    accounts, words, services = accounts_of(request), words_of(request), services_of(request)
    account = accounts.people.find(principal.id)
    district = services.district
    owners = services.atlas().frames["owners"]
    place = district.town_names(words.lang).get(account.town or "", "")
    place = place or next(iter(owners.loc[owners["id"] == account.owner, "name"]), "")
    data = {
        "account": account,
        "place": place,
        "made": made,
        "share_page": share,
        "scopes": tokens.SCOPES,
        "most_share_days": shares.MOST_DAYS,
        "most_token_days": tokens.MOST_DAYS,
        "shares": [
            {
                "id": one.id,
                "page": one.path + (f"?{one.query}" if one.query else ""),
                "until": day(request, one.expires_at),
            }
            for one in accounts.shares.of(account.id)
        ],
        "tokens": [
            {
                "id": one.id,
                "label": one.label,
                "scopes": words("app.list").join(words(f"scope.{scope}") for scope in one.scopes),
                "until": day(request, one.expires_at),
            }
            for one in accounts.tokens.of(account.id)
        ],
    }
    return answer(request, principal, account_page, data, error=error)
