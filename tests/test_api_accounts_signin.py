"""Coming in, staying in and going out over HTTP; what other sites, old cookies and forged texts get."""

import logging
import re
from urllib.parse import parse_qs, urlsplit

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from api.access import COOKIE, CSRF_HEADER, SECURE_COOKIE, SHARE_COOKIE
from api.account_views import local
from api.accounts.people import Account
from api.app import create_app
from api.wiring import Services
from geo.vocabulary import Role
from tests.service_fixtures import ClientAs

PAGE = {"accept": "text/html"}
PASSWORD = "correct horse battery"


@pytest.fixture
def visitor(own_app: FastAPI) -> TestClient:
    """Nobody yet, with cookies of their own."""
    return TestClient(own_app, follow_redirects=False)


@pytest.fixture
def planner(own_services: Services) -> Account:
    accounts = own_services.accounts
    account = accounts.people.add("planner", Role.PLANNER, display_name="王工")
    accounts.entry.set_password(account, PASSWORD)
    return accounts.people.find(account.id)


def enter(client: TestClient, password: str = PASSWORD, **more: str):
    return client.post("/sign-in", data={"name": "planner", "password": password, **more})


def who(client: TestClient) -> str:
    """Whose name the account page says, ``""`` for nobody's."""
    found = re.search(r"<h1>(.*?)</h1>", client.get("/account", headers=PAGE, follow_redirects=False).text)
    return found[1] if found else ""


def csrf(client: TestClient) -> str:
    found = re.search(r'name="csrf" value="([^"]+)"', client.get("/account", headers=PAGE).text)
    assert found
    return found[1]


def test_name_and_password_let_in_and_lead_on(visitor: TestClient, planner: Account) -> None:
    asked = visitor.get("/owner/own-water?lang=en", headers=PAGE)
    assert asked.status_code == 303
    onward = parse_qs(urlsplit(asked.headers["location"]).query)["next"][0]
    form = visitor.get(asked.headers["location"], headers=PAGE)
    assert form.status_code == 200 and 'name="password"' in form.text
    answer = enter(visitor, next=onward)
    assert (answer.status_code, answer.headers["location"]) == (303, "/owner/own-water?lang=en")
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie and "SameSite=lax" in cookie and "Secure" not in cookie
    assert who(visitor) == "王工"
    assert visitor.get("/sign-in?next=/table").headers["location"] == "/table"


def test_a_wrong_password_says_so_and_keeps_the_name(visitor: TestClient, planner: Account) -> None:
    answer = enter(visitor, "wrong")
    assert answer.status_code == 401 and "账号或密码不对" in answer.text and 'value="planner"' in answer.text
    assert "set-cookie" not in answer.headers and who(visitor) == ""


def test_a_session_from_before_signing_in_is_not_the_session_after(
    visitor: TestClient, own_app: FastAPI, planner: Account, own_services: Services
) -> None:
    """Fixation: whoever planted a cookie has nothing of it, whether it was made up or a session of theirs."""
    sessions = own_services.accounts.sessions
    planted = sessions.start(own_services.accounts.people.add("mallory", Role.VIEWER).id)
    for secret in ("made-up", planted):
        visitor.cookies.set(COOKIE, secret)
        answer = enter(visitor)
        assert answer.cookies[COOKIE] != secret
        assert who(TestClient(own_app, cookies={COOKIE: secret})) == ""
        visitor.cookies.clear()


def test_signing_out_ends_the_session_on_the_server(
    visitor: TestClient, own_app: FastAPI, planner: Account
) -> None:
    secret = enter(visitor).cookies[COOKIE]
    answer = visitor.post("/sign-out", data={"csrf": csrf(visitor)})
    assert answer.status_code == 303 and 'tongchou_session=""' in answer.headers["set-cookie"]
    assert who(TestClient(own_app, cookies={COOKIE: secret})) == ""


def test_signing_out_everywhere(visitor: TestClient, own_app: FastAPI, planner: Account) -> None:
    other = TestClient(own_app, follow_redirects=False)
    assert enter(visitor).status_code == enter(other).status_code == 303
    assert visitor.post("/account/sign-out-everywhere", data={"csrf": csrf(visitor)}).status_code == 303
    assert who(visitor) == who(other) == ""


def test_a_change_of_role_or_disabling_ends_what_is_open(
    visitor: TestClient, planner: Account, own_services: Services
) -> None:
    people = own_services.accounts.people
    for change in (
        lambda: people.set_role(planner.id, Role.VIEWER),
        lambda: people.set_disabled(planner.id, True),
    ):
        assert enter(visitor).status_code == 303 and who(visitor) == "王工"
        change()
        assert who(visitor) == ""
    assert enter(visitor).status_code == 401


def test_a_new_password_needs_the_old_one_and_ends_other_sessions(
    visitor: TestClient, own_app: FastAPI, planner: Account
) -> None:
    other = TestClient(own_app, follow_redirects=False)
    enter(visitor), enter(other)
    form = {"csrf": csrf(visitor), "new": "a new long password", "again": "a new long password"}
    for wrong, said in (
        ({"old": "guess"}, "原密码不对"),
        ({"old": PASSWORD, "again": "another"}, "两次写的密码不一样"),
        ({"old": PASSWORD, "new": "short", "again": "short"}, "10"),
    ):
        answer = visitor.post("/password", data={**form, **wrong})
        assert answer.status_code == 422 and said in answer.text
    assert 'id="old"' in visitor.get("/password").text
    before = visitor.cookies[COOKIE]
    assert visitor.post("/password", data={**form, "old": PASSWORD}).headers["location"] == "/account"
    assert who(visitor) == "王工" and visitor.cookies[COOKIE] != before and who(other) == ""
    assert enter(other).status_code == 401 and enter(other, "a new long password").status_code == 303


def test_a_link_shows_whom_it_lets_in_and_is_used_up_by_pressing(
    visitor: TestClient, own_app: FastAPI, own_services: Services
) -> None:
    accounts = own_services.accounts
    account = accounts.people.add("first", Role.PLANNER, display_name="李工")
    link = accounts.entry.make_link(account.id, 60)
    for _ in range(2):
        looked = visitor.get(f"/sign-in?token={link}")
        assert looked.status_code == 200 and "李工" in looked.text
        assert looked.headers["referrer-policy"] == "strict-origin"
        assert looked.headers["cache-control"] == "no-store"
    answer = visitor.post("/sign-in", data={"token": link})
    assert answer.headers["location"] == "/password?next=%2F&first=1"
    offered = visitor.get(answer.headers["location"])
    assert "以后再设" in offered.text and 'id="old"' not in offered.text
    again = TestClient(own_app, follow_redirects=False)
    assert again.get(f"/sign-in?token={link}").status_code == 401
    assert again.post("/sign-in", data={"token": link}).status_code == 401


def test_the_link_that_serve_prints_lets_in_at_once_but_not_from_another_site(
    visitor: TestClient, own_services: Services
) -> None:
    accounts = own_services.accounts
    account = accounts.people.add("first", Role.PLANNER, display_name="李工")
    address = f"/sign-in?token={accounts.entry.make_link(account.id, 60)}&go=1"
    led_here = visitor.get(address, headers={"sec-fetch-site": "cross-site"})
    assert led_here.status_code == 200 and who(visitor) == ""
    assert visitor.get(address).status_code == 303 and who(visitor) == "李工"
    assert TestClient(visitor.app, follow_redirects=False).get(address).status_code == 401


def test_a_forgotten_password_is_set_anew_after_a_link(
    visitor: TestClient, planner: Account, own_services: Services
) -> None:
    link = own_services.accounts.entry.make_link(planner.id, 60)
    assert visitor.post("/sign-in", data={"token": link, "next": "/table"}).headers["location"] == "/table"
    assert 'id="old"' not in visitor.get("/password").text
    form = {"csrf": csrf(visitor), "new": "a new long password", "again": "a new long password"}
    assert visitor.post("/password", data=form).status_code == 303
    assert 'id="old"' in visitor.get("/password").text


@pytest.mark.parametrize(
    "onward",
    [
        "https://evil.example/",
        "//evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "javascript:alert(1)",
        "/\t/evil.example",
        "/ /evil",
        "evil",
        "",
    ],
)
def test_only_paths_of_our_own_are_gone_on_to(visitor: TestClient, planner: Account, onward: str) -> None:
    assert local(onward) == "/"
    assert 'name="next" value="/"' in visitor.get("/sign-in", params={"next": onward}).text
    assert enter(visitor, next=onward).headers["location"] == "/"
    assert local("/table?town=640302106&q=%E7%A4%BA") == "/table?town=640302106&q=%E7%A4%BA"


def test_guessing_is_answered_with_when_to_come_again(
    visitor: TestClient, own_app: FastAPI, planner: Account
) -> None:
    assert {enter(visitor, "guess").status_code for _ in range(8)} == {401}
    answer = enter(visitor)
    assert answer.status_code == 429 and int(answer.headers["retry-after"]) > 0
    elsewhere = TestClient(own_app, client=("10.1.1.1", 5000), follow_redirects=False)
    assert enter(elsewhere).status_code == 303
    form = {"csrf": csrf(elsewhere), "old": "x", "new": "a new long password", "again": "a new long password"}
    told = {elsewhere.post("/password", data=form).status_code for _ in range(9)}
    assert told == {422, 429}


def changing(client: TestClient, **headers: str) -> int:
    body = {"summary": "", "changes": []}
    return client.post("/api/changes", json=body, headers=headers).status_code


def test_a_change_needs_what_only_our_own_pages_know(own_client_as: ClientAs) -> None:
    planner, other = own_client_as(Role.PLANNER), own_client_as(Role.PLANNER)
    right = planner.headers.pop(CSRF_HEADER)
    fine = changing(planner, **{CSRF_HEADER: right})
    assert fine not in (401, 403)
    for wrong in ("", "x", right[:-1], other.headers[CSRF_HEADER]):
        assert changing(planner, **{CSRF_HEADER: wrong}) == 403
    assert changing(planner) == 403
    form = {"content-type": "application/x-www-form-urlencoded"}
    assert planner.post("/sign-out", content="csrf=wrong", headers=form).json()["code"] == "csrf"
    assert planner.post("/sign-out", content="a=b", headers=form).json()["code"] == "csrf"
    large = f"csrf={right}&x={'x' * 70_000}"
    assert planner.post("/api/changes", content=large, headers=form).json()["code"] == "csrf"
    file = planner.post("/sign-out", files={"csrf": ("x", right)})
    assert file.json()["code"] == "csrf"


@pytest.mark.parametrize(
    ("headers", "lets"),
    [
        ({"origin": "http://testserver"}, True),
        ({"origin": "https://testserver"}, True),
        ({"origin": "http://evil.example"}, False),
        ({"origin": "http://testserver.evil.example"}, False),
        ({"origin": "http://testserver:81"}, False),
        ({"origin": "null"}, False),
        ({"sec-fetch-site": "same-origin", "origin": "https://behind.a.proxy"}, True),
        ({"sec-fetch-site": "none"}, True),
        ({"sec-fetch-site": "same-site"}, False),
        ({"sec-fetch-site": "cross-site", "origin": "http://testserver"}, False),
    ],
)
def test_other_sites_can_neither_change_nor_sign_anybody_in(
    own_client: TestClient, visitor: TestClient, planner: Account, headers: dict[str, str], lets: bool
) -> None:
    assert (changing(own_client, **headers) != 403) == lets
    data = {"name": "planner", "password": PASSWORD}
    answer = visitor.post("/sign-in", data=data, headers=headers)
    assert (answer.status_code == 303) == lets
    assert own_client.get("/api/lines", headers=headers).status_code == 200, "looking is not changing"


def test_a_service_behind_tls_marks_its_cookies(own_services: Services, planner: Account) -> None:
    app = create_app(own_services)
    client = TestClient(app, base_url="https://testserver", follow_redirects=False)
    answer = enter(client)
    assert SECURE_COOKIE in answer.cookies and "Secure" in answer.headers["set-cookie"]
    assert who(client) == "王工"
    plain = TestClient(app, cookies={COOKIE: answer.cookies[SECURE_COOKIE]}, base_url="https://testserver")
    assert who(plain) == "", "a cookie that another host of the domain may have set"
    own_services.settings.https = True
    assert "Secure" in enter(TestClient(app, follow_redirects=False)).headers["set-cookie"]


def test_tokens_open_what_their_scopes_say(
    own_app: FastAPI, planner: Account, own_services: Services
) -> None:
    accounts = own_services.accounts

    def client(scope: str) -> TestClient:
        token, secret = accounts.tokens.make(planner.id, "t", [scope], 1)
        made[scope] = token.id
        return TestClient(own_app, headers={"authorization": f"Bearer {secret}"})

    made: dict[str, str] = {}
    read, edit, export = client("read"), client("edit"), client("export")
    assert read.get("/api/lines").status_code == 200
    assert read.get("/api/export").json()["code"] == "scope_missing"
    assert changing(read) == 403 and changing(edit) != 403
    assert edit.get("/api/lines").status_code == 403 and export.get("/api/export").status_code == 200
    assert read.get("/account").status_code == 403
    accounts.tokens.revoke(planner.id, made["read"])
    refused = read.get("/api/lines")
    assert refused.status_code == 401 and refused.headers["www-authenticate"] == "Bearer"
    assert read.get("/api/status").status_code == 401, "a dead token is not taken for nobody's"
    assert read.get("/healthz").status_code == 200
    basic = TestClient(own_app, headers={"authorization": "Basic eDp5"})
    assert basic.get("/api/status").json()["code"] == "token_refused"


def shared(own_app: FastAPI, maker: TestClient, page: str) -> tuple[TestClient, str]:
    """Somebody who has opened the link of a page, and where it led."""
    made = maker.post("/account/shares", data={"page": page, "days": "2"})
    assert made.status_code == 200, made.text
    link = re.search(r'value="http://testserver(/shared/[^"]+)"', made.text)
    assert link
    client = TestClient(own_app, follow_redirects=False)
    answer = client.get(link[1])
    assert answer.status_code == 303 and "HttpOnly" in answer.headers["set-cookie"]
    return client, answer.headers["location"]


def test_a_shared_link_shows_its_page_and_nothing_else(own_app: FastAPI, own_client: TestClient) -> None:
    own_client.headers["origin"] = "http://testserver"
    visitor, page = shared(own_app, own_client, "http://testserver/map?theme=lines&town=640302106")
    assert page == "/map?theme=lines&town=640302106"
    seen = visitor.get(page)
    assert seen.status_code == 200 and seen.headers["cache-control"] == "private, no-store"
    view = "/api/view?bbox=105,37,107,39&scale=1&layers=lines"
    assert visitor.get(f"{view}&town=640302106").json()["layers"]
    lines = visitor.get(f"{view}&town=640302106").json()["layers"]["lines"]
    own_lines = own_client.get(f"{view}&town=640302106").json()["layers"]["lines"]
    assert lines == own_lines
    for beside in (
        "/map?theme=lines",
        "/map?theme=lines&town=640302107",
        "/map?theme=funding&town=640302106",
    ):
        assert visitor.get(beside).status_code == 401, beside
    assert visitor.get("/api/lines").status_code == 401
    assert visitor.get("/owner/own-water", headers=PAGE).status_code == 303
    assert (
        visitor.get(f"{view}&town=640302107").text == TestClient(own_app).get(f"{view}&town=640302107").text
    )
    assert visitor.get("/api/export?town=640302106").status_code == 401
    assert changing(visitor) == 401


def test_a_shared_link_ends_with_its_maker_and_by_hand(own_app: FastAPI, own_client: TestClient) -> None:
    visitor, page = shared(own_app, own_client, "/map?theme=lines")
    token = csrf(own_client)
    share = re.search(r"/account/shares/(\w+)/revoke", own_client.get("/account").text)
    assert share and visitor.get(page).status_code == 200
    gone = own_client.post(f"/account/shares/{share[1]}/revoke", data={"csrf": token}, follow_redirects=False)
    assert gone.status_code == 303
    assert visitor.get(page).status_code == 401
    for dead in ("x", "eyJhIjoxfQ.x", next(iter(visitor.cookies.values()))):
        assert visitor.get(f"/shared/{dead}").json()["code"] == "no_such_share"


def test_many_shared_links_are_held_side_by_side(
    own_app: FastAPI, own_client: TestClient, own_services: Services, planner: Account
) -> None:
    visitor, first = shared(own_app, own_client, "/map?theme=lines")
    other, second = shared(own_app, own_client, "/map?theme=funding")
    visitor.cookies.update(other.cookies)
    assert visitor.get(first).status_code == visitor.get(second).status_code == 200
    forged = TestClient(own_app, cookies={f"{SHARE_COOKIE}{n}": "forged" for n in range(9)})
    assert forged.get(first).status_code == 401


@pytest.mark.parametrize(
    "page", ["/api/status", "https://evil.example/map", "//evil/map", "/community/", "x"]
)
def test_only_pages_of_ours_are_shared(own_client: TestClient, page: str) -> None:
    answer = own_client.post("/account/shares", data={"page": page})
    assert answer.status_code == 422 and "不能分享" in answer.text


def test_tokens_are_made_and_ended_on_the_account_page(own_app: FastAPI, own_client: TestClient) -> None:
    assert own_client.post("/account/tokens", data={"label": "燃气"}).status_code == 422
    made = own_client.post("/account/tokens", data={"label": "燃气", "scopes": ["read"], "days": "3"})
    secret = re.search(r'value="(tongchou_[^"]+)"', made.text)
    assert secret and "燃气" in made.text
    assert secret[1] not in own_client.get("/account").text
    client = TestClient(own_app, headers={"authorization": f"Bearer {secret[1]}"})
    assert client.get("/api/lines").status_code == 200
    token = re.search(r"/account/tokens/(\w+)/revoke", own_client.get("/account").text)
    assert token
    own_client.post(f"/account/tokens/{token[1]}/revoke")
    assert client.get("/api/lines").status_code == 401


def test_an_administrator_looks_after_accounts(
    own_app: FastAPI, own_client_as: ClientAs, own_services: Services
) -> None:
    chief = own_client_as(Role.ADMINISTRATOR)
    made = chief.post("/accounts", data={"name": "gas", "role": "utility", "owner": "own-gas"})
    link = re.search(r'value="http://testserver(/sign-in\?token=([^"]+))"', made.text)
    assert made.status_code == 200 and link
    gas = TestClient(own_app, follow_redirects=False)
    assert gas.post("/sign-in", data={"token": link[2]}).status_code == 303
    account = own_services.accounts.people.named("gas")
    assert who(gas) == "gas"
    moved = chief.post(
        f"/accounts/{account.id}/role", data={"role": "town", "town": "640302106"}, follow_redirects=False
    )
    assert moved.status_code == 303 and who(gas) == ""
    assert own_services.accounts.people.find(account.id).town == "640302106"
    chief.post(f"/accounts/{account.id}/disable")
    assert own_services.accounts.people.find(account.id).disabled and "已停用" in chief.get("/accounts").text
    chief.post(f"/accounts/{account.id}/enable")
    assert "sign-in?token=" in chief.post(f"/accounts/{account.id}/link").text
    own_services.accounts.people.forget(account.id)
    assert chief.post(f"/accounts/{account.id}/link").status_code == 404


@pytest.mark.parametrize(
    "form",
    [
        {"name": "", "role": "viewer"},
        {"name": "x", "role": "king"},
        {"name": "x", "role": "town"},
        {"name": "x", "role": "town", "town": "1"},
        {"name": "x", "role": "utility", "owner": "nobody"},
    ],
)
def test_accounts_that_cannot_be(own_client_as: ClientAs, form: dict[str, str]) -> None:
    answer = own_client_as(Role.ADMINISTRATOR).post("/accounts", data=form)
    assert answer.status_code == 422 and 'role="alert"' in answer.text


def test_nobody_shuts_the_last_administrator_out(own_client_as: ClientAs, own_services: Services) -> None:
    chief, second = own_client_as(Role.ADMINISTRATOR), own_client_as(Role.ADMINISTRATOR)
    first, other = (
        own_services.accounts.sessions.find(client.cookies[COOKIE]).account.id for client in (chief, second)
    )
    assert chief.post(f"/accounts/{first}/disable").status_code == 422
    assert chief.post(f"/accounts/{other}/role", data={"role": "king"}).status_code == 422
    assert chief.post(f"/accounts/{other}/disable").status_code == 200
    assert second.post(f"/accounts/{first}/disable").status_code == 401


def test_what_somebody_was_shown_is_kept_by_nobody(own_client: TestClient, visitor: TestClient) -> None:
    private = {"cache-control": "private, no-store"}
    for path in ("/", "/map", "/table", "/api/status", "/api/lines", "/api/export?format=csv", "/account"):
        assert private.items() <= dict(own_client.get(path).headers).items(), path
    assert "cookie" in visitor.get("/map").headers["vary"].lower()
    etag = visitor.get("/map").headers["etag"]
    assert visitor.get("/map", headers={"if-none-match": etag}).status_code == 304
    url = re.search(r'href="(/static/[^"]+)"', own_client.get("/").text)
    assert url and "immutable" in own_client.get(url[1].replace("&amp;", "&")).headers["cache-control"]


@pytest.mark.parametrize(
    "path", ["/", "/map", "/sign-in", "/account", "/accounts", "/password", "/owner/none"]
)
def test_pages_allow_nothing_inline_and_nobody_to_frame_them(own_client_as: ClientAs, path: str) -> None:
    answer = own_client_as(Role.ADMINISTRATOR).get(path, headers=PAGE)
    policy = answer.headers["content-security-policy"]
    assert "unsafe" not in policy and "frame-ancestors 'self'" in policy and "default-src 'none'" in policy
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] in ("same-origin", "strict-origin")
    assert not re.search(r"<[^>]+\sstyle=|<[^>]+\son\w+=|<script(?![^>]*nonce=|[^>]*json)", answer.text)


def test_secrets_are_in_no_log(
    visitor: TestClient, planner: Account, own_services: Services, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    link = own_services.accounts.entry.make_link(planner.id, 60)
    _, token = own_services.accounts.tokens.make(planner.id, "t", ["read"], 1)
    visitor.post("/sign-in", data={"token": link})
    enter(visitor)
    visitor.get("/api/lines", headers={"authorization": f"Bearer {token}"})
    own = [record for record in caplog.records if not record.name.startswith(("httpx", "httpcore"))]
    told = "\n".join(record.getMessage() for record in own)
    assert not [secret for secret in (link, token, PASSWORD) if secret in told]


def test_the_menu_says_who_is_in(own_client: TestClient, visitor: TestClient) -> None:
    assert 'action="/sign-out"' in own_client.get("/").text
    page = visitor.get("/?q=x").text
    assert 'href="/sign-in?next=%2F%3Fq%3Dx"' in page or "/sign-in?next=/%3Fq%3Dx" in page
    part = visitor.get("/?theme=lines", headers={**PAGE, "x-part": "1"})
    assert part.status_code == 401 and part.headers["content-type"] == "application/problem+json"


def test_a_form_of_somebody_signed_out_leads_to_the_sign_in_page(visitor: TestClient) -> None:
    answer = visitor.post("/account/tokens", data={}, headers=PAGE)
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in?next=%2F")


def test_a_page_that_is_not_for_an_account_says_so(own_client: TestClient) -> None:
    answer = own_client.get("/accounts", headers=PAGE)
    assert answer.status_code == 403 and "管理员" in answer.text


def test_a_large_form_is_not_read(visitor: TestClient) -> None:
    assert visitor.post("/sign-in", data={"name": "x" * 20_000}).status_code == 413


def test_an_answer_without_an_address_is_an_address_of_its_own(own_app: FastAPI, planner: Account) -> None:
    # A server on a Unix socket knows no address of its caller; the test client's type has no such case.
    client = TestClient(own_app, client=None, follow_redirects=False)  # type: ignore[arg-type]
    assert enter(client).status_code == 303
