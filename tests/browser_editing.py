"""What the tests of editing do on a page: open a form, fill it in, save it, draw on the map."""

from typing import Any

from playwright.sync_api import Locator, Page, expect

from maps.wording import wording
from tests.browser_fixtures import Service, Watched
from tests.browser_steps import api, settled

WORDS = wording("zh")


def community_named(service: Service, name: str) -> dict[str, Any]:
    """The row of a community by its name."""
    rows = api(service, "/api/communities")["rows"]
    row: dict[str, Any] = next(row for row in rows if row["name"] == name)
    return row


def row_now(service: Service, layer: str, row: str) -> dict[str, Any]:
    """A row as the service answers it to a planner."""
    now: dict[str, Any] = api(service, f"/api/rows/{layer}/{row}")
    return now


def open_form(page: Page, layer: str, *, part: str = "", row: str = "", scope: str = "") -> Locator:
    """Press what opens a form, and wait for it."""
    wanted = f'[data-edit="{layer}"]'
    wanted += f'[data-part="{part}"]' if part else ""
    wanted += f'[data-id="{row}"]' if row else ""
    page.locator(f"{scope} {wanted}".strip()).first.click()
    form = page.locator("#edit-form")
    expect(form).to_be_visible()
    return form


def save(page: Page) -> None:
    page.locator("#edit-form [data-save]").click()


def saved(page: Page) -> Locator:
    """The toast that says it is saved, once the form is gone."""
    toast = page.locator(".toast").filter(has_text=WORDS("edit.js.saved"))
    expect(toast).to_be_visible()
    expect(page.locator("#edit-form")).to_have_count(0)
    return toast


def map_box(page: Page) -> tuple[float, float, float, float]:
    """Left, top, width and height of the map on the page."""
    box = page.locator(".folium-map").bounding_box()
    assert box is not None
    return box["x"], box["y"], box["width"], box["height"]


def spot(page: Page, across: float, down: float) -> tuple[float, float]:
    """A pixel of the map by its share of width and height."""
    left, top, width, height = map_box(page)
    return left + across * width, top + down * height


def click_map(page: Page, *shares: tuple[float, float]) -> None:
    for across, down in shares:
        x, y = spot(page, across, down)
        page.mouse.move(x, y)
        page.mouse.click(x, y)


def drag(page: Page, handle: Locator, by: tuple[float, float]) -> None:
    """Drag the middle of a handle."""
    box = handle.bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + by[0] / 2, y + by[1] / 2, steps=3)
    page.mouse.move(x + by[0], y + by[1], steps=3)
    page.mouse.up()


def at_community(watched: Watched, service: Service, community: str, tab: str = "") -> Page:
    """Go to a community's page and wait for its map."""
    watched.page.goto(f"{service.url}/community/{community}{f'?tab={tab}' if tab else ''}")
    settled(watched)
    return watched.page
