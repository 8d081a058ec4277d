"""The application without a mouse: by keyboard alone, and by finger on a phone."""

import pytest
from playwright.sync_api import expect

from maps.wording import wording
from tests.browser_fixtures import PHONE, Open, Service, Watched
from tests.browser_steps import (
    api,
    await_drawn,
    await_query,
    drawn,
    overflow,
    settled,
    small_targets,
    tap_on,
)

pytestmark = pytest.mark.browser
WORDS = wording("zh")


def test_keyboard_alone(served: Service, open_page: Open) -> None:
    watched = open_page(f"{served.url}/")
    settled(watched)
    page, keyboard = watched.page, watched.page.keyboard
    keyboard.press("Tab")
    expect(page.locator("a.skip")).to_be_focused()
    expect(page.locator("a.skip")).to_be_in_viewport()
    tab_to(watched, "[data-key=theme-lines]")
    keyboard.press("Enter")
    await_query(watched, theme="lines")
    expect(page.locator("[data-key=theme-lines]")).to_be_focused()
    tab_to(watched, "[data-key=theme-progress]", backwards=True)
    keyboard.press("Enter")
    await_query(watched, theme=None)
    tab_to(watched, "[data-key=stage-acceptance]")
    keyboard.press("Enter")
    await_query(watched, stage="acceptance")
    await_drawn(watched, "communities", api(served, "/api/status?stage=acceptance")["total"]["communities"])
    expect(page.locator("[data-key=stage-acceptance]")).to_be_focused()
    tab_to(watched, ".plate-keys")
    assert watched.page.evaluate("() => window.tongchou.plate.focused !== null")
    keyboard.press("ArrowRight")
    expect(page.locator(".plate-tip")).to_be_visible()
    watched.shot("app-keyboard")
    keyboard.press("Enter")
    expect(page.locator(".plate-card")).to_be_visible()
    keyboard.press("Escape")
    expect(page.locator(".plate-card")).to_be_hidden()
    await_query(watched, community=None)
    expect(page.locator(".plate-keys")).to_be_focused()
    tab_to(watched, "a[data-lang]", backwards=True)
    keyboard.press("Enter")
    page.wait_for_function("() => document.documentElement.lang === 'en'")
    settled(watched)


def tab_to(watched: Watched, selector: str, *, backwards: bool = False) -> None:
    """Press Tab until ``selector`` has the focus and shows it."""
    for _ in range(120):
        watched.page.keyboard.press("Shift+Tab" if backwards else "Tab")
        if watched.page.evaluate("(selector) => document.activeElement.matches(selector)", selector):
            break
    ring = watched.page.evaluate(
        "() => { const s = getComputedStyle(document.activeElement);"
        " return s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) > 0 || s.boxShadow !== 'none'"
        " || document.activeElement.matches('.plate-keys'); }"
    )
    assert watched.page.evaluate("(selector) => document.activeElement.matches(selector)", selector), selector
    assert ring, f"{selector} has the focus and does not show it"


def test_the_sheet_of_a_phone_has_three_stops(served: Service, open_page: Open) -> None:
    watched = open_page(f"{served.url}/", PHONE, has_touch=True, is_mobile=True)
    settled(watched)
    panel, page = watched.page.locator("#panel"), watched.page
    assert sheet_share(watched) == pytest.approx(0.45, abs=0.02)
    page.locator("[data-sheet=down]").tap()
    expect(panel).to_have_attribute("data-stop", "peek")
    watched.page.wait_for_function("() => document.getElementById('panel').offsetHeight === 88")
    assert drawn(watched)["communities"] == 25
    watched.shot("app-sheet-peek")
    page.locator("[data-sheet=up]").tap()
    page.locator("[data-sheet=up]").tap()
    expect(panel).to_have_attribute("data-stop", "full")
    assert sheet_share(watched) > 0.95
    assert small_targets(watched) == []
    watched.shot("app-sheet-full")
    grip = page.locator(".sheet-grip").bounding_box()
    assert grip is not None
    page.mouse.move(grip["x"] + 60, grip["y"] + 8)
    page.mouse.down()
    page.mouse.move(grip["x"] + 60, grip["y"] + 400, steps=6)
    page.mouse.up()
    expect(panel).to_have_attribute("data-stop", "half")
    assert overflow(watched) <= 0


def sheet_share(watched: Watched) -> float:
    share: float = watched.page.evaluate(
        "() => document.getElementById('panel').offsetHeight / document.getElementById('work').clientHeight"
    )
    return share


def test_a_tap_on_a_phone_shows_the_community_once(served: Service, open_page: Open) -> None:
    watched = open_page(f"{served.url}/", PHONE, has_touch=True, is_mobile=True)
    settled(watched)
    row = api(served, "/api/communities?late=1")["rows"][0]
    tap_on(watched, "communities", row["id"])
    await_query(watched, community=row["id"])
    shown = watched.page.get_by_role("heading", name=row["name"], exact=True)
    expect(shown.first).to_be_visible()
    settled(watched)
    expect(watched.page.locator(".plate-tip")).to_be_hidden()
    watched.shot("app-phone-chosen")
    links = watched.page.get_by_role("link", name=WORDS("map.open"), exact=True)
    assert [link.is_visible() for link in links.all()].count(True) == 1
