"""How the test of every route calls each one: what fills its parameters, and what its answer rests on."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

PDF = b"%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n"
STALE = {"if-match": '"999999"'}
VIEW = "bbox=105,37,107,39&scale=2&layers=communities"


@dataclass(frozen=True)
class Case:
    """One way to call a route.

    ``of`` names the kind of object that fills ``{id}`` in path, query, body or form; ``""`` is none.
    ``rests_on`` says what of the policy decides once the caller may knock: ``see``, ``update``, ``remove``,
    ``add`` (of a row that names the object), ``adds`` (of rows of the layer at all), ``owner`` (a utility
    sees the page of its own only), ``mine``, ``account``, ``not_in_yet`` or ``nothing``; of ``alike`` and
    ``revert`` only that what is not seen answers as what is not there.
    ``ok`` is the status where nothing stands in the way.
    """

    path: str
    of: str = ""
    rests_on: str = "nothing"
    ok: int = 200
    layer: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    json: Any = None
    form: Mapping[str, str] | None = None
    content: bytes | None = None
    fields: Mapping[str, Any] = field(default_factory=dict)
    """Of the row that is added, where the policy looks at them."""

    def ends_something(self) -> bool:
        """Whether callers and what is theirs are not the same after it."""
        return self.form is not None


def rows(verb: Callable[[str], Case], *layers: str) -> list[Case]:
    return [
        verb(layer) for layer in layers or ("communities", "buildings", "works", "lines", "digs", "files")
    ]


READ_ROW = rows(lambda layer: Case(f"/api/rows/{layer}/{{id}}", layer, "see"))
EDIT_FORM = [
    Case("/edit/communities/{id}?part=facts", "communities", "update"),
    Case("/edit/digs/{id}", "digs", "update"),
]
CHANGE_ROW = rows(
    lambda layer: Case(
        f"/api/rows/{layer}/{{id}}", layer, "update", 412, headers=STALE, json={"fields": {"note": "x"}}
    )
)
REMOVE_ROW = rows(
    lambda layer: Case(f"/api/rows/{layer}/{{id}}", layer, "remove", 412, headers=STALE),
    *("communities", "digs", "files"),
)
CHANGE_MANY = rows(
    lambda layer: Case(
        "/api/changes",
        layer,
        "update",
        412,
        json={"changes": [{"action": "update", "layer": layer, "id": "{id}", "seen": 999999, "fields": {}}]},
    ),
    *("works", "digs"),
)
REVERT = rows(
    lambda layer: Case("/api/revisions/1/revert", layer, "revert", json={"layer": layer, "row": "{id}"}),
    *("communities", "digs"),
)


def new_row(layer: str, of: str, name: str, **more: Any) -> Case:
    """An addition with a fault, so that it gets past the policy or not, and never into the store."""
    body = {"fields": {name: "{id}", "no_such_field": 1, **more}}
    return Case(f"/api/rows/{layer}", of, "add", 422, layer=layer, json=body, fields={name: "{id}", **more})


CASES: Mapping[tuple[str, str], list[Case]] = {
    ("GET", "/"): [Case("/")],
    ("GET", "/table"): [Case("/table")],
    ("GET", "/map"): [Case("/map")],
    ("GET", "/community/{community}"): [Case("/community/{id}", "communities", "see")],
    ("GET", "/owner/{owner}"): [Case("/owner/{id}", "owners", "owner")],
    ("GET", "/history"): [Case("/history"), Case("/history?of={id}", "communities", "alike")],
    ("GET", "/api/view"): [Case(f"/api/view?{VIEW}")],
    ("GET", "/api/status"): [Case("/api/status")],
    ("GET", "/api/towns"): [Case("/api/towns")],
    ("GET", "/api/communities"): [Case("/api/communities")],
    ("GET", "/api/community/{community}"): [Case("/api/community/{id}", "communities", "see")],
    ("GET", "/api/owners"): [Case("/api/owners")],
    ("GET", "/api/owner/{owner}"): [Case("/api/owner/{id}", "owners", "owner")],
    ("GET", "/api/lines"): [Case("/api/lines")],
    ("GET", "/api/digs"): [Case("/api/digs")],
    ("GET", "/api/search"): [Case("/api/search?q=%E7%A4%BA%E4%BE%8B")],
    ("GET", "/api/export"): [Case("/api/export?format=csv")],
    ("GET", "/api/history"): [
        Case("/api/history"),
        Case("/api/history?community={id}", "communities", "alike"),
        Case("/api/history?layer=digs&row={id}", "digs", "alike"),
    ],
    ("GET", "/api/rows/{layer}/{row:path}"): READ_ROW,
    ("POST", "/api/rows/{layer}"): [
        new_row("works", "communities", "community", code="roof"),
        new_row("inspections", "communities", "community"),
        new_row("digs", "owners", "owner", state="draft"),
        new_row("digs", "owners", "owner", state="approved"),
    ],
    ("PATCH", "/api/rows/{layer}/{row:path}"): CHANGE_ROW,
    ("DELETE", "/api/rows/{layer}/{row:path}"): REMOVE_ROW,
    ("POST", "/api/changes"): CHANGE_MANY,
    ("POST", "/api/revisions/{revision}/revert"): REVERT,
    ("POST", "/api/files"): [
        Case(
            "/api/files?name=a.pdf&community={id}",
            "communities",
            "add",
            201,
            layer="files",
            content=PDF,
            fields={"community": "{id}"},
        ),
        Case(
            "/api/files?name=a.pdf&dig={id}",
            "digs",
            "add",
            201,
            layer="files",
            content=PDF,
            fields={"dig": "{id}"},
        ),
    ],
    ("GET", "/files/{row}"): [Case("/files/{id}", "files", "see")],
    ("GET", "/edit/{layer}/new"): [
        Case(f"/edit/{layer}/new", rests_on="adds", layer=layer) for layer in ("works", "digs", "inspections")
    ],
    ("GET", "/edit/{layer}/{row:path}"): EDIT_FORM,
    ("GET", "/sign-in"): [Case("/sign-in", rests_on="not_in_yet")],
    ("POST", "/sign-in"): [Case("/sign-in", ok=401, form={"name": "{caller}", "password": "x"})],
    ("POST", "/sign-out"): [Case("/sign-out", ok=303, form={})],
    ("GET", "/shared/{signed}"): [Case("/shared/{id}", "signed", "mine", 303)],
    ("GET", "/password"): [Case("/password")],
    ("POST", "/password"): [Case("/password", ok=422, form={"new": "short", "again": "short"})],
    ("GET", "/account"): [Case("/account")],
    ("POST", "/account/sign-out-everywhere"): [Case("/account/sign-out-everywhere", ok=303, form={})],
    ("POST", "/account/tokens"): [Case("/account/tokens", ok=422, form={"label": ""})],
    ("POST", "/account/tokens/{token}/revoke"): [
        Case("/account/tokens/{id}/revoke", "tokens", "mine", 303, form={})
    ],
    ("POST", "/account/shares"): [Case("/account/shares", ok=422, form={"page": "/api/status"})],
    ("POST", "/account/shares/{share}/revoke"): [
        Case("/account/shares/{id}/revoke", "shares", "mine", 303, form={})
    ],
    ("GET", "/accounts"): [Case("/accounts")],
    ("POST", "/accounts"): [Case("/accounts", ok=422, form={"name": ""})],
    ("POST", "/accounts/{account}/link"): [Case("/accounts/{id}/link", "accounts", "account", form={})],
    ("POST", "/accounts/{account}/role"): [
        Case("/accounts/{id}/role", "accounts", "account", 303, form={"role": "viewer"})
    ],
    ("POST", "/accounts/{account}/disable"): [
        Case("/accounts/{id}/disable", "accounts", "account", 303, form={})
    ],
    ("POST", "/accounts/{account}/enable"): [
        Case("/accounts/{id}/enable", "accounts", "account", 303, form={})
    ],
    ("GET", "/healthz"): [Case("/healthz")],
    ("GET", "/readyz"): [Case("/readyz")],
    ("GET", "/static/{path:path}"): [Case("/static/css/app.css")],
    ("GET", "/favicon.ico"): [Case("/favicon.ico", ok=307)],
}

NEEDS: Mapping[str, str] = {
    "open": "GET /healthz, GET /readyz, GET /static/{path:path}, GET /favicon.ico, "
    "GET /sign-in, POST /sign-in, GET /shared/{signed}",
    "public_view": "GET /, GET /table, GET /map, GET /community/{community}, GET /api/view, "
    "GET /api/status, GET /api/towns, GET /api/communities, GET /api/community/{community}, GET /api/search",
    "accounts": "GET /accounts, POST /accounts, POST /accounts/{account}/link, "
    "POST /accounts/{account}/role, POST /accounts/{account}/disable, POST /accounts/{account}/enable",
    "self": "GET /account, GET /password, POST /password, POST /sign-out, "
    "POST /account/sign-out-everywhere, POST /account/tokens, POST /account/tokens/{token}/revoke, "
    "POST /account/shares/{share}/revoke",
    "share": "POST /account/shares",
    "export": "GET /api/export",
}
"""The routes that ask for less than somebody signed in, or for something else, written down once more: who
opens a door by a slip has to say so here as well. Whatever changes a row needs ``edit``, the rest ``see``."""
