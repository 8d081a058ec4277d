"""Every route × every caller × own, another's and absent objects: the answers that the policy says.

A route that ``tests/route_cases.py`` does not know fails: say there how it is called.
"""

import json
import re
import secrets
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from fastapi import APIRouter, FastAPI
from fastapi.routing import iter_route_contexts
from fastapi.testclient import TestClient
from httpx import Response

from api.access import SHARE_COOKIE, as_principal, need_of, refuse_undeclared
from api.accounts.shares import as_seen
from api.app import PARTS, create_app
from api.editing.desk import Desk
from api.policy import NOBODY, Need, Principal, Way, adds, may, may_change, sees
from api.settings import Settings
from api.sharing import covers
from api.wiring import Services, open_services
from geo.errors import NotAllowed, NotFound
from geo.layers import LAYERS
from geo.store.export import copy_store
from geo.store.opening import open_store
from geo.vocabulary import Role
from tests.route_cases import CASES, NEEDS, PDF, Case
from tests.service_fixtures import signed_in

ABSENT = "not-there-0"
NONCE = re.compile(r'nonce="[^"]*"')
PRIVATE = "private, no-store"
SHARED = "/map"


def routes() -> list[tuple[str, str, Need | None]]:
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
    for part in PARTS:
        app.include_router(part.router)
    return [
        (method, route.path or "", need_of(route))
        for route in iter_route_contexts(app.routes)
        for method in sorted(route.methods or ())
    ]


@dataclass
class Caller:
    name: str
    client: TestClient
    principal: Principal
    objects: dict[str, dict[str, str]]
    """Ids by kind and by whose they are, of what is made for this caller alone."""


@dataclass
class World:
    """A service over a store with something of two towns and two owners."""

    services: Services
    app: FastAPI
    towns: tuple[str, str]
    owners: tuple[str, str]
    rows: dict[str, dict[str, str]]
    """Ids by layer and by whose they are."""
    opened: ExitStack
    callers: list[Caller] = field(default_factory=list)


@pytest.fixture(scope="module")
def world(sample_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    path = tmp_path_factory.mktemp("matrix") / "district.gpkg"
    with open_store(str(sample_path)) as store:
        copy_store(store, path)
    services = open_services(Settings(store=str(path)))
    with ExitStack() as opened:
        opened.callback(services.close)
        app = create_app(services)
        made = World(services, app, *_two(services), {}, opened)
        made.rows = _rows(made)
        made.callers = callers(made, opened)
        yield made


def _two(services: Services) -> tuple[tuple[str, str], tuple[str, str]]:
    frames = services.keeper.current().frames
    towns = services.district.town_codes()
    owners = frames["digs"]["owner"].value_counts().index[:2]
    return (towns[0], towns[1]), (str(owners[0]), str(owners[1]))


def _rows(world: World) -> dict[str, dict[str, str]]:
    """A row of each town and of each owner in every layer that the cases ask for."""
    frames = world.services.keeper.current().frames
    communities = frames["communities"]
    homes = [str(communities.loc[communities["town"] == town, "id"].iloc[0]) for town in world.towns]
    of_town = dict(zip(world.towns, homes, strict=True))
    rows: dict[str, dict[str, str]] = {
        "communities": of_town,
        "owners": dict(zip(world.owners, world.owners, strict=True)),
    }
    for layer in ("buildings", "works"):
        frame = frames[layer]
        rows[layer] = {
            town: str(frame.loc[frame["community"] == home, "id"].iloc[0]) for town, home in of_town.items()
        }
    for layer in ("lines", "digs"):
        frame = frames[layer]
        of_owner = {
            f"{owner} in {town}": frame[(frame["owner"] == owner) & (frame["community"] == home)]
            for owner in world.owners
            for town, home in of_town.items()
        }
        some = [(name, str(found["id"].iloc[0])) for name, found in of_owner.items() if len(found)]
        rows[layer] = dict([some[0], some[-1]])
        assert len(rows[layer]) > 1, f"too few {layer} of two owners"
    rows["files"] = _files(world, {**of_town, **rows["digs"]})
    return rows


def _files(world: World, things: Mapping[str, str]) -> dict[str, str]:
    planner = signed_in(world.app, world.opened, Role.PLANNER)
    made = {}
    for name, thing in things.items():
        kind = "community" if name in world.towns else "dig"
        answer = planner.post(f"/api/files?name=a.pdf&{kind}={thing}", content=PDF + name.encode())
        assert answer.status_code == 201, answer.text
        made[name] = answer.json()["id"]
    return made


def callers(world: World, stack: ExitStack) -> list[Caller]:
    """Somebody new in every role, somebody with each kind of token, somebody with a link, and nobody."""
    accounts = world.services.accounts
    found = []
    for role in (role for role in Role if role is not Role.PUBLIC):
        town = world.towns[0] if role is Role.TOWN else None
        owner = world.owners[0] if role is Role.UTILITY else None
        client = signed_in(world.app, stack, role, town, owner)
        account = accounts.people.find(_who(world, client))
        found.append(Caller(str(role), client, as_principal(account, Way.SESSION), _mine(world, account.id)))
    planner = accounts.people.find(next(one for one in found if one.name == "planner").principal.id)
    for scope in ("read", "edit", "export"):
        _, secret = accounts.tokens.make(planner.id, scope, [scope], 1)
        client = TestClient(world.app, headers={"authorization": f"Bearer {secret}"})
        scopes = frozenset([scope])
        principal = as_principal(planner, Way.TOKEN, scopes=scopes)
        found.append(Caller(f"token to {scope}", client, principal, _mine(world, planner.id)))
    signed = accounts.shares.make(planner, SHARED, "", 1)
    client = TestClient(world.app, cookies={f"{SHARE_COOKIE}x": signed})
    role, town, owner = as_seen(planner)
    link = Principal(planner.id, planner.display_name, role, Way.SHARE, town, owner)
    found.append(Caller("shared link", client, link, _mine(world, planner.id)))
    found.append(Caller("nobody", TestClient(world.app), NOBODY, _mine(world, planner.id)))
    return found


def _who(world: World, client: TestClient) -> str:
    session = world.services.accounts.sessions.find(next(iter(client.cookies.values())))
    assert session is not None
    return session.account.id


def _mine(world: World, account: str) -> dict[str, dict[str, str]]:
    """Tokens, links and accounts: the caller's own and another's."""
    accounts = world.services.accounts
    other = accounts.people.add(f"other-{secrets.token_hex(6)}", Role.PLANNER)
    made: dict[str, dict[str, str]] = {"tokens": {}, "shares": {}, "signed": {}, "accounts": {}}
    for whose, one in (("own", account), ("another's", other.id)):
        made["tokens"][whose] = accounts.tokens.make(one, "t", ["read"], 1)[0].id
        signed = accounts.shares.make(accounts.people.find(one), SHARED, "", 1)
        made["signed"]["own"] = signed
        made["shares"][whose] = accounts.shares.of(one)[0].id
        made["accounts"][whose] = one
    return made


def filled(value: Any, row: str) -> Any:
    return json.loads(json.dumps(value).replace("{id}", row))


def call(caller: Caller, method: str, case: Case, row: str) -> Response:
    form = (
        None
        if case.form is None
        else {name: text.replace("{caller}", caller.name) for name, text in case.form.items()}
    )
    return caller.client.request(
        method,
        case.path.replace("{id}", row),
        headers={**case.headers, **({"content-type": "application/pdf"} if case.content else {})},
        json=None if case.json is None else filled(case.json, row),
        data=form,
        content=case.content,
        follow_redirects=False,
    )


def known_as(caller: Caller, case: Case) -> Principal:
    """Who the caller is to that request: a shared link is somebody only where it leads."""
    if caller.principal.way is Way.SHARE:
        path, _, query = case.path.partition("?")
        asked = dict(part.split("=") for part in query.split("&") if part)
        return caller.principal if covers(SHARED, "", path, asked) else NOBODY
    return caller.principal


def expected(world: World, caller: Caller, need: Need, case: Case, whose: str, row: str) -> str:
    """The status that the policy says, as text; ``like absent`` where only that is promised."""
    principal = known_as(caller, case)
    if not may(principal, need):
        return "401" if principal.way is Way.NOBODY else "403"
    rule = case.rests_on
    if rule == "nothing":
        return str(case.ok)
    if rule == "not_in_yet":
        return "303" if principal.way is Way.SESSION else "200"
    if rule == "adds":
        return str(case.ok) if adds(principal, case.layer) else "403"
    if rule == "mine":
        return str(case.ok) if whose == "own" else "404"
    if rule == "account":
        return {"own": "422", "another's": str(case.ok)}.get(whose, "404")
    return _of_rows(world, principal, case, row)


def _of_rows(world: World, principal: Principal, case: Case, row: str) -> str:
    with world.services.store.view() as view:
        desk = Desk(view)
        before = desk.row(case.of, row)
        seen = before is not None and sees(principal, case.of, before, desk)
        if case.rests_on in ("alike", "revert"):
            return "any" if seen else "like absent"
        if case.rests_on == "add":
            after = dict.fromkeys(LAYERS[case.layer].names) | filled(case.fields, row)
            done = case.ok if before is not None else 422
            return _judged(principal, case.layer, "add", None, after, desk) or str(done)
        if not seen or (case.rests_on == "owner" and principal.owner not in (None, row)):
            return "404"
        if case.rests_on in ("see", "owner"):
            return str(case.ok)
        after = before if case.rests_on == "update" else None
        return _judged(principal, case.of, case.rests_on, before, after, desk) or str(case.ok)


def _judged(principal: Principal, layer: str, action: str, before: Any, after: Any, desk: Desk) -> str:
    try:
        may_change(principal, layer, action, before, after, desk)
    except NotFound:
        return "404"
    except NotAllowed:
        return "403"
    return ""


def same(answer: Response, row: str) -> tuple[int, str, str]:
    """What somebody can tell from an answer, apart from the id that they asked for themselves."""
    text = NONCE.sub("", answer.text.replace(row, "ID"))
    return answer.status_code, answer.headers.get("content-type", ""), text


@pytest.mark.parametrize(
    ("method", "path", "need"),
    routes(),
    ids=lambda value: str(value) if not isinstance(value, Need) else value,
)
def test_every_route_answers_every_caller_as_the_policy_says(
    world: World, method: str, path: str, need: Need | None
) -> None:
    assert need is not None, f"{method} {path} does not say what it needs"
    assert (method, path) in CASES, f"{method} {path}: say in tests/route_cases.py how it is called"
    wrong = []
    for number in range(len(CASES[method, path])):
        case = CASES[method, path][number]
        with ExitStack() as stack:
            for caller in callers(world, stack) if case.ends_something() else world.callers:
                wrong += judge(world, caller, method, need, case)
    assert not wrong, "\n".join(wrong)


def judge(world: World, caller: Caller, method: str, need: Need, case: Case) -> list[str]:
    """One readable line for each answer that is not the one that the policy says."""
    known = {**world.rows, **caller.objects}.get(case.of, {"": ""})
    absent = call(caller, method, case, ABSENT) if case.of else None
    wrong = []
    for whose, row in [*known.items(), *([("absent", ABSENT)] if case.of else [])]:
        said = expected(world, caller, need, case, whose, row)
        answer = absent if row == ABSENT and absent is not None else call(caller, method, case, row)
        line = f"{method} {case.path} {case.json or ''} by {caller.name}, {case.of} of {whose}: "
        if said not in ("any", "like absent") and str(answer.status_code) != said:
            wrong.append(f"{line}{answer.status_code} instead of {said}: {answer.text[:200]}")
        if said in ("404", "like absent") and absent is not None:
            seen, unseen = same(answer, row), same(absent, ABSENT)
            if seen != unseen:
                wrong.append(f"{line}answers otherwise than absent: {seen} instead of {unseen}")
        kept = answer.headers.get("cache-control")
        if known_as(caller, case).way is not Way.NOBODY and need is not Need.OPEN and kept != PRIVATE:
            wrong.append(f"{line}may be kept: {kept}")
    return wrong


def test_no_door_is_opened_by_a_slip() -> None:
    said = {route: need for need, routes_ in NEEDS.items() for route in routes_.split(", ")}
    wrong = {
        f"{method} {path}": str(need)
        for method, path, need in routes()
        if str(need) != said.get(f"{method} {path}", "edit" if method != "GET" or "/edit/" in path else "see")
    }
    assert wrong == {}


def test_cases_are_of_routes_that_there_are() -> None:
    assert set(CASES) <= {(method, path) for method, path, _ in routes()}


def test_an_application_with_an_undeclared_route_is_refused(services: Services) -> None:
    app = create_app(services)

    @app.get("/forgotten")
    def forgotten() -> None: ...

    with pytest.raises(LookupError, match="/forgotten"):
        refuse_undeclared(app)


def test_a_plain_route_beside_fastapi_is_refused_as_well() -> None:
    app = FastAPI()
    router = APIRouter()
    app.include_router(router)
    with pytest.raises(LookupError, match=r"/openapi\.json"):
        refuse_undeclared(app)
