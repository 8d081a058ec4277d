"""Everybody's accounts, for an administrator."""

from collections.abc import Callable

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from api.access import PrincipalDep, accounts_of, needs
from api.account_views import SMALL, Text, answer, day
from api.accounts.people import ROLES, Account, role_named
from api.deps import services_of, words_of
from api.policy import Need, Principal
from geo.errors import BadInput, NotFound, PlanError
from maps.account_pages import accounts_page

router = APIRouter(include_in_schema=False)

LINK_HOURS = 72
HOUR_S = 3600


@router.get("/accounts", dependencies=[needs(Need.ACCOUNTS)])
def everybody(request: Request, principal: PrincipalDep) -> Response:
    """Every account."""
    return _everybody(request, principal)


@router.post("/accounts", dependencies=[needs(Need.ACCOUNTS)], max_body_size=SMALL)
def add(
    request: Request,
    principal: PrincipalDep,
    name: Text = "",
    display_name: Text = "",
    role: Text = "",
    town: Text = "",
    owner: Text = "",
) -> Response:
    """A new account, and the link by which its person comes in first."""
    accounts = accounts_of(request)
    try:
        account = accounts.people.add(
            name, role_named(role), display_name=display_name, **_known_places(request, town, owner)
        )
    except BadInput as error:
        return _everybody(request, principal, error=error)
    return _linked(request, principal, account)


@router.post("/accounts/{account}/link", dependencies=[needs(Need.ACCOUNTS)], max_body_size=SMALL)
def link(request: Request, principal: PrincipalDep, account: str) -> Response:
    """A link that lets somebody in once; for a first sign-in or a forgotten password."""
    return _linked(request, principal, _other(request, principal, account))


@router.post("/accounts/{account}/role", dependencies=[needs(Need.ACCOUNTS)], max_body_size=SMALL)
def set_role(
    request: Request,
    principal: PrincipalDep,
    account: str,
    role: Text = "",
    town: Text = "",
    owner: Text = "",
) -> Response:
    """Make somebody something else."""

    def change(known: Account) -> None:
        places = _known_places(request, town, owner)
        accounts_of(request).people.set_role(known.id, role_named(role), **places)

    return _changed(request, principal, account, change)


@router.post("/accounts/{account}/disable", dependencies=[needs(Need.ACCOUNTS)], max_body_size=SMALL)
def disable(request: Request, principal: PrincipalDep, account: str) -> Response:
    """Shut somebody out."""
    people = accounts_of(request).people
    return _changed(request, principal, account, lambda known: people.set_disabled(known.id, True))


@router.post("/accounts/{account}/enable", dependencies=[needs(Need.ACCOUNTS)], max_body_size=SMALL)
def enable(request: Request, principal: PrincipalDep, account: str) -> Response:
    """Let somebody in again."""
    people = accounts_of(request).people
    return _changed(request, principal, account, lambda known: people.set_disabled(known.id, False))


def _known_places(request: Request, town: str, owner: str) -> dict[str, str | None]:
    """Town and owner as an account may have them: those that the district knows, or none."""
    services = services_of(request)
    if town and town not in services.district.town_codes():
        raise BadInput("bad_parameter", parameter="town", value=town[:40], known="")
    if owner and owner not in set(services.atlas().frames["owners"]["id"]):
        raise BadInput("bad_parameter", parameter="owner", value=owner[:40], known="")
    return {"town": town or None, "owner": owner or None}


def _other(request: Request, principal: Principal, account: str) -> Account:
    """Somebody else's account: nobody shuts themselves out by a slip."""
    known = accounts_of(request).people.find(account)
    if not known.name:
        raise NotFound("no_such_account", account=account[:60])
    if known.id == principal.id:
        raise BadInput("own_account")
    return known


def _changed(
    request: Request, principal: Principal, account: str, change: Callable[[Account], object]
) -> Response:
    known = _other(request, principal, account)
    try:
        change(known)
    except BadInput as error:
        return _everybody(request, principal, error=error)
    return RedirectResponse("/accounts", 303)


def _linked(request: Request, principal: Principal, account: Account) -> Response:
    words = words_of(request)
    secret = accounts_of(request).entry.make_link(account.id, LINK_HOURS * HOUR_S)
    made = {
        "title": words("account.link_made", name=account.display_name),
        "text": f"{request.base_url}sign-in?token={secret}",
        "hint": words("account.link_made_hint", hours=LINK_HOURS),
    }
    return _everybody(request, principal, made=made)


def _everybody(
    request: Request,
    principal: Principal,
    *,
    made: dict[str, str] | None = None,
    error: PlanError | None = None,
) -> Response:
    accounts, words, services = accounts_of(request), words_of(request), services_of(request)
    last = accounts.entry.last()
    owners = services.atlas().frames["owners"]
    data = {
        "own": principal.id,
        "made": made,
        "roles": ROLES,
        "towns": [
            {"code": code, "name": name} for code, name in services.district.town_names(words.lang).items()
        ],
        "owners": owners[["id", "name"]].to_dict("records"),
        "accounts": [
            {
                **vars(one),
                "role": str(one.role),
                "last": words("account.last", date=day(request, last[one.id]))
                if one.id in last
                else words("account.never"),
            }
            for one in accounts.people.all()
        ],
    }
    return answer(request, principal, accounts_page, data, error=error)
