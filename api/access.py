"""The door of every route: who calls, whether they may, and whether it is they who meant it."""

import hmac
from typing import Annotated
from urllib.parse import urlsplit

from anyio import to_thread
from fastapi import Depends, FastAPI, Request, params
from fastapi.routing import iter_route_contexts

from api.accounts.accounts import Accounts
from api.accounts.people import Account
from api.accounts.sessions import Session
from api.accounts.shares import as_seen
from api.policy import NOBODY, Need, Principal, Way, adds, may
from api.sharing import covers
from api.wiring import Services
from geo.errors import NotAllowed, PlanError, SignInNeeded
from geo.layers import LAYERS
from maps.reader import Reader

SAFE = frozenset(("GET", "HEAD", "OPTIONS"))
COOKIE, SECURE_COOKIE = "tongchou_session", "__Host-tongchou_session"
SHARE_COOKIE, MOST_SHARES = "tongchou_share_", 8
CSRF_HEADER, CSRF_FIELD = "x-csrf-token", "csrf"
FORM, MOST_FORM = "application/x-www-form-urlencoded", 64 * 1024


def principal_of(request: Request) -> Principal:
    """Who calls: by token, by session, by a shared link that covers the request, else nobody."""
    principal: Principal = _principal(request)
    request.state.principal = principal
    return principal


async def _known_principal(request: Request) -> Principal:
    """``principal_of`` without a thread where the gate has asked already."""
    known: Principal | None = getattr(request.state, "principal", None)
    return known if known is not None else await to_thread.run_sync(principal_of, request)


PrincipalDep = Annotated[Principal, Depends(_known_principal)]


def _principal(request: Request) -> Principal:
    accounts = accounts_of(request)
    bearer = request.headers.get("authorization", "")
    if bearer:
        return _by_token(bearer, accounts)
    session = session_of(request)
    if session is not None:
        return as_principal(session.account, Way.SESSION, csrf=session.csrf)
    return _by_share(request, accounts) or NOBODY


def accounts_of(request: Request) -> Accounts:
    services: Services = request.app.state.services
    return services.accounts


def session_of(request: Request) -> Session | None:
    """The session of the caller's cookie, if it lives."""
    secret = request.cookies.get(cookie_name(request))
    return accounts_of(request).sessions.find(secret) if secret else None


def _by_token(bearer: str, accounts: Accounts) -> Principal:
    """Whose token it is; one that opens nothing is refused, not taken for nobody's."""
    scheme, _, secret = bearer.partition(" ")
    found = accounts.tokens.find(secret.strip()) if scheme.lower() == "bearer" else None
    if found is None:
        raise SignInNeeded("token_refused")
    account, scopes = found
    return as_principal(account, Way.TOKEN, scopes=scopes)


def _by_share(request: Request, accounts: Accounts) -> Principal | None:
    """What the first of the caller's shared links that covers the request lets them see."""
    held = [value for name, value in request.cookies.items() if name.startswith(SHARE_COOKIE)]
    for signed in held[:MOST_SHARES]:
        share = accounts.shares.find(signed)
        if share and covers(share.path, share.query, request.url.path, request.query_params):
            role, town, owner = as_seen(share.account)
            return Principal(share.account.id, share.account.display_name, role, Way.SHARE, town, owner)
    return None


def as_principal(
    account: Account, way: Way, *, csrf: str = "", scopes: frozenset[str] = frozenset()
) -> Principal:
    """Somebody who comes in by a way of their own."""
    return Principal(
        account.id, account.display_name, account.role, way, account.town, account.owner, scopes, csrf
    )


def reader_of(principal: Principal) -> Reader:
    """What a page says of whoever looks at it."""
    return Reader(
        principal.name,
        str(principal.role),
        str(principal.way),
        principal.csrf,
        frozenset(str(need) for need in Need if may(principal, need)),
        frozenset(layer for layer in LAYERS if adds(principal, layer)),
        frozenset(layer for layer in LAYERS if adds(principal, layer, "update")),
        principal.id,
    )


def is_secure(request: Request) -> bool:
    """Whether the caller came by https, by itself or through a proxy."""
    services: Services = request.app.state.services
    return services.settings.https or request.url.scheme == "https"


def cookie_name(request: Request) -> str:
    return SECURE_COOKIE if is_secure(request) else COOKIE


def address_of(request: Request) -> str:
    """The caller's address, as the server knows it."""
    return request.client.host if request.client else ""


class Gate:
    """What a route needs, asked before anything else of the request is looked at."""

    def __init__(self, need: Need) -> None:
        self.need = need

    async def __call__(self, request: Request) -> None:
        if request.method not in SAFE:
            refuse_foreign(request)
        if self.need is Need.OPEN:
            return
        principal = await to_thread.run_sync(principal_of, request)
        if not may(principal, self.need):
            raise refusal(principal)
        if request.method not in SAFE and principal.way is Way.SESSION:
            await _refuse_unmeant(request, principal)


def refusal(principal: Principal) -> PlanError:
    """What somebody is told who may not: nobody and holders of a link are asked to sign in."""
    if principal.way in (Way.NOBODY, Way.SHARE):
        return SignInNeeded()
    return NotAllowed("scope_missing" if principal.way is Way.TOKEN else None)


def needs(need: Need) -> params.Depends:
    """A route's declaration of what it needs: ``dependencies=[needs(Need.SEE)]``."""
    gate: params.Depends = Depends(Gate(need))
    return gate


def refuse_foreign(request: Request) -> None:
    """Raise ``NotAllowed`` (``foreign_origin``) for a request that another site's page makes."""
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        if site not in ("same-origin", "none"):
            raise NotAllowed("foreign_origin")
        return
    origin = request.headers.get("origin")
    if origin is not None and urlsplit(origin).netloc != request.headers.get("host", ""):
        raise NotAllowed("foreign_origin")


def _is_small_form(request: Request) -> bool:
    """Whether the body is one of our own forms: nothing else is read before it is known who sends it."""
    size = request.headers.get("content-length", "")
    return (
        request.headers.get("content-type", "").startswith(FORM)
        and size.isdecimal()
        and int(size) <= MOST_FORM
    )


async def _refuse_unmeant(request: Request, principal: Principal) -> None:
    """Raise ``NotAllowed`` (``csrf``) unless the request carries what only our own pages know."""
    given = request.headers.get(CSRF_HEADER)
    if given is None and _is_small_form(request):
        field = (await request.form()).get(CSRF_FIELD)
        given = field if isinstance(field, str) else None
    if given is None or not hmac.compare_digest(given.encode(), principal.csrf.encode()):
        raise NotAllowed("csrf")


def need_of(route: object) -> Need | None:
    """What a route has declared, ``None`` where it has not."""
    dependant = getattr(route, "dependant", None)
    gates = [one.call for one in dependant.dependencies if isinstance(one.call, Gate)] if dependant else []
    return gates[0].need if len(gates) == 1 else None


def refuse_undeclared(app: FastAPI) -> None:
    """Raise ``LookupError`` with the routes that have not declared what they need, or have twice."""
    open_doors = [route.path for route in iter_route_contexts(app.routes) if need_of(route) is None]
    if open_doors:
        raise LookupError(f"routes without a policy: {', '.join(map(str, open_doors))}")
