"""Coming in by the first link, on a desk and on a phone, with and without scripts; and going out."""

import pytest
from playwright.sync_api import expect

from api.settings import Settings
from api.wiring import accounts_of
from geo.vocabulary import Role
from tests.browser_fixtures import DESKTOP, PHONE, Open, Service, sign_in

pytestmark = pytest.mark.browser
PASSWORD = "correct horse battery"


def link_for(service: Service, name: str) -> str:
    """A one-time link of a new planner."""
    accounts = accounts_of(Settings(store=str(service.store)))
    try:
        account = accounts.people.add(name, Role.PLANNER, display_name="规划员")
        return f"{service.url}/sign-in?token={accounts.entry.make_link(account.id, 600)}"
    finally:
        accounts.close()


@pytest.mark.parametrize(("size", "scripts"), [(DESKTOP, True), (PHONE, True), (PHONE, False)])
def test_in_by_link_a_password_of_ones_own_out_and_in_again(
    served: Service, open_page: Open, size: tuple[int, int], scripts: bool
) -> None:
    name = f"link-{size[0]}-{scripts}".lower()
    watched = open_page(
        link_for(served, name), size, signed_in=False, java_script_enabled=scripts, locale="zh-CN"
    )
    page = watched.page
    watched.forgiven = ("ERR_ABORTED",)
    assert "规划员" in page.inner_text("h1")
    page.click("button[type=submit]")
    page.wait_for_url("**/password?*")
    assert "token" not in page.url
    page.fill("#new", PASSWORD)
    page.fill("#again", PASSWORD)
    page.click("form.form button[type=submit]")
    page.wait_for_url(f"{served.url}/")
    assert page.locator(".user-menu").count() == 1
    assert page.evaluate("document.documentElement.scrollWidth") <= size[0] if scripts else True
    page.click(".user-menu summary")
    assert "规划员" in page.inner_text(".user-box")
    watched.shot(f"user-menu-{size[0]}")
    page.click(".user-box form button")
    page.wait_for_selector(".user-sign-in")
    page.click(".user-sign-in")
    page.fill("#name", name.upper())
    page.fill("#password", PASSWORD)
    watched.shot(f"sign-in-{size[0]}")
    page.click("form.form button[type=submit]")
    page.wait_for_selector(".user-menu")


def test_nobody_gets_the_public_page_and_is_asked_in_for_more(served: Service, open_page: Open) -> None:
    watched = open_page(f"{served.url}/", PHONE, signed_in=False)
    page = watched.page
    assert page.inner_text(".user-sign-in") == "登录"
    page.goto(f"{served.url}/owner/own-water")
    assert "/sign-in?next=" in page.url and page.locator("#password").count() == 1


@pytest.mark.parametrize("size", [DESKTOP, PHONE])
@pytest.mark.parametrize("path", ["/account", "/accounts", "/password", "/sign-in"])
def test_pages_around_a_person_fit(
    served: Service, open_page: Open, path: str, size: tuple[int, int]
) -> None:
    watched = open_page(f"{served.url}{path}", size, role=Role.ADMINISTRATOR, signed_in=path != "/sign-in")
    page = watched.page
    assert page.evaluate("document.documentElement.scrollWidth") <= size[0]
    least = 44 if size == PHONE else 36
    short = page.evaluate(
        """least => [...document.querySelectorAll('main button, main select, main input:not([type=hidden])'
          + ':not([type=checkbox])')].filter(one => one.offsetHeight && one.offsetHeight < least)
          .map(one => one.outerHTML)""",
        least,
    )
    assert short == []
    unnamed = page.evaluate(
        """() => [...document.querySelectorAll('input:not([type=hidden]), select')]
          .filter(one => !one.labels.length && !one.getAttribute('aria-label')).map(one => one.outerHTML)"""
    )
    assert unnamed == []
    watched.shot(f"{path.strip('/')}-{size[0]}", full=True)


def test_a_wrong_password_is_told_where_it_is_read_first(served: Service, open_page: Open) -> None:
    watched = open_page(f"{served.url}/sign-in", signed_in=False)
    watched.forgiven = ("answer 401", "401 (Unauthorized)")
    page = watched.page
    page.fill("#name", "nobody")
    page.fill("#password", "wrong")
    page.click("form.form button[type=submit]")
    assert "账号或密码不对" in page.inner_text("[role=alert]")
    assert page.input_value("#name") == "nobody"


def test_an_administrator_gives_somebody_a_link(served: Service, open_page: Open) -> None:
    chief = open_page(f"{served.url}/accounts", role=Role.ADMINISTRATOR).page
    chief.fill("#new-name", "新来的")
    chief.select_option("#role-new", "inspector")
    chief.click("form.in-line button[type=submit]")
    link = chief.input_value("#made")
    page = open_page(link, signed_in=False).page
    page.click("button[type=submit]")
    page.wait_for_url("**/password?*")
    page.click("a.button.wide")
    expect(page.locator(".user-menu .user-name")).to_contain_text("新来的")


def test_a_shared_map_opens_for_somebody_without_an_account(served: Service, open_page: Open) -> None:
    maker = open_page(f"{served.url}/?theme=lines").page
    maker.click(".user-menu summary")
    maker.click(".user-box a[href*='share=']")
    assert maker.input_value("#page") == "/?theme=lines"
    maker.fill("#page", "/map?theme=lines")
    maker.click("form:has(#page) button[type=submit]")
    link = maker.input_value("#made")
    watched = open_page(link, signed_in=False)
    assert watched.page.url == f"{served.url}/map?theme=lines"
    watched.page.wait_for_selector(".leaflet-container")


def test_signing_in_for_tests_is_signing_in(served: Service, open_page: Open) -> None:
    watched = open_page(f"{served.url}/sign-in", signed_in=False)
    sign_in(watched.context, served, Role.UTILITY, owner="own-gas")
    watched.page.goto(f"{served.url}/account")
    assert "管线单位" in watched.page.inner_text("main")
