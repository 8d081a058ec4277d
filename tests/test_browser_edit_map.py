"""Drawing in Chromium: digs, lines and outlines, points moved, by mouse, finger and keyboard."""

import math
from itertools import pairwise
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from geo.vocabulary import Role
from maps.wording import wording
from tests.browser_editing import (
    WORDS,
    at_community,
    click_map,
    community_named,
    drag,
    map_box,
    open_form,
    row_now,
    save,
    saved,
    spot,
)
from tests.browser_fixtures import PHONE, Open, Service
from tests.browser_steps import api, number_in, overflow, settled, small_targets, violations

pytestmark = pytest.mark.browser
NAME = "朝阳家园"
METRES_PER_DEGREE = 111_320.0


def length_of(coordinates: list[list[float]]) -> float:
    """Metres along a line in degrees, near enough for a courtyard."""
    shrink = math.cos(math.radians(coordinates[0][1]))
    return sum(
        math.hypot((b[0] - a[0]) * METRES_PER_DEGREE * shrink, (b[1] - a[1]) * METRES_PER_DEGREE)
        for a, b in pairwise(coordinates)
    )


def digs_of(service: Service, community: str) -> dict[str, dict[str, Any]]:
    rows = api(service, f"/api/community/{community}")["digs"]
    return {row["id"]: row for row in rows}


def vertices(page: Page) -> int:
    return page.locator(".edit-handle.is-vertex").count()


def test_a_dig_is_drawn_and_a_vertex_of_it_is_moved(own_served: Service, open_page: Open) -> None:
    row = community_named(own_served, NAME)
    known = digs_of(own_served, row["id"])
    watched = open_page(own_served.url)
    page = at_community(watched, own_served, row["id"], "digs")
    form = open_form(page, "digs", scope=".rows-do")
    expect(page.locator(".edit-bar")).to_be_visible()
    assert violations(page) == []
    click_map(page, (0.25, 0.45), (0.42, 0.45))
    x, y = spot(page, 0.42, 0.62)
    page.mouse.move(x, y)
    assert number_in(page.locator(".edit-readout").inner_text()) > 20
    page.mouse.dblclick(x, y)
    expect(page.locator(".is-drawing.plate-map")).to_have_count(0)
    assert vertices(page) == 3
    form.locator("#f-owner").select_option("water" if "water" in _values(form) else _values(form)[1])
    form.locator("#f-utility").select_option("JS")
    form.locator("#f-width_m").fill("1.2")
    form.locator("#f-depth_m").fill("1.8")
    form.locator("#f-window_start").fill("2026-09-01")
    form.locator("#f-window_end").fill("2026-09-10")
    watched.shot("edit-dig-wide")
    shown = number_in(form.locator(".form-draw-fact").inner_text())
    save(page)
    saved(page)
    new = digs_of(own_served, row["id"]).keys() - known.keys()
    assert len(new) == 1
    dig = new.pop()
    drawn = row_now(own_served, "digs", dig)
    assert drawn["fields"]["state"] == "draft"
    assert drawn["fields"]["width_m"] == 1.2
    assert drawn["geometry"]["type"] == "LineString"
    assert length_of(drawn["geometry"]["coordinates"]) == pytest.approx(shown, rel=0.01)
    page.wait_for_function("(id) => Boolean(window.tongchou.plate.lookUp('digs', id))", arg=dig)

    open_form(page, "digs", row=dig, scope=".dossier-rows")
    expect(page.locator(".edit-handle.is-vertex")).to_have_count(3)
    drag(page, page.locator(".edit-handle.is-vertex").last, (0, 60))
    save(page)
    saved(page)
    moved = row_now(own_served, "digs", dig)["geometry"]["coordinates"]
    assert moved[:2] == drawn["geometry"]["coordinates"][:2]
    assert length_of(moved) > length_of(drawn["geometry"]["coordinates"]) + 2


def _values(form: Any) -> list[str]:
    values: list[str] = form.locator("#f-owner option").evaluate_all("(all) => all.map((one) => one.value)")
    return values


def test_points_go_back_and_forth_in_and_out(own_served: Service, open_page: Open) -> None:
    row = community_named(own_served, NAME)
    watched = open_page(own_served.url)
    page = at_community(watched, own_served, row["id"])
    open_form(page, "communities", part="outline")
    expect(page.locator(".edit-handle.is-vertex")).to_have_count(4)
    undo = page.get_by_role("button", name=WORDS("edit.js.draw_undo"))
    redo = page.get_by_role("button", name=WORDS("edit.js.draw_redo"))
    expect(undo).to_be_disabled()
    drag(page, page.locator(".edit-handle.is-middle").first, (0, -24))
    expect(page.locator(".edit-handle.is-vertex")).to_have_count(5)
    undo.click()
    expect(page.locator(".edit-handle.is-vertex")).to_have_count(4)
    redo.click()
    expect(page.locator(".edit-handle.is-vertex")).to_have_count(5)
    page.locator(".edit-handle.is-vertex").nth(1).click()
    page.get_by_role("button", name=WORDS("edit.js.draw_delete")).click()
    expect(page.locator(".edit-handle.is-vertex")).to_have_count(4)
    undo.click()
    before = row_now(own_served, "communities", row["id"])["geometry"]
    save(page)
    saved(page)
    after = row_now(own_served, "communities", row["id"])["geometry"]
    assert after["type"] == before["type"]
    rings = [
        shape["coordinates"][0] if shape["type"] == "Polygon" else shape["coordinates"][0][0]
        for shape in (before, after)
    ]
    assert len(rings[1]) == len(rings[0]) + 1
    assert all(point in rings[1] for point in rings[0])


def test_an_outline_that_crosses_itself_is_not_saved(own_served: Service, open_page: Open) -> None:
    row = community_named(own_served, NAME)
    watched = open_page(own_served.url)
    page = at_community(watched, own_served, row["id"])
    form = open_form(page, "communities", part="outline")
    form.get_by_role("button", name=WORDS("edit.js.draw_again")).click()
    click_map(page, (0.2, 0.4), (0.6, 0.7), (0.6, 0.4), (0.2, 0.7))
    page.locator(".edit-tool-tick").click()
    save(page)
    expect(form.get_by_role("alert")).to_contain_text(WORDS("edit.js.fault_shape"))


def test_several_lines_are_one_drawing_session_that_snaps(own_served: Service, open_page: Open) -> None:
    row = community_named(own_served, NAME)
    watched = open_page(own_served.url)
    page = at_community(watched, own_served, row["id"], "lines")
    revision = api(own_served, "/api/history?limit=1")["events"][0]["revision"]
    form = open_form(page, "lines", scope=".rows-do")
    form.locator("#f-utility").select_option("TX")
    form.locator("#f-size_text").fill("4孔")
    click_map(page, (0.2, 0.55), (0.3, 0.55))
    page.locator(".edit-tool-tick").click()
    form.get_by_role("button", name=WORDS("edit.js.draw_next")).click()
    expect(form.locator(".session li")).to_have_count(1)
    x, y = spot(page, 0.3, 0.55)
    page.mouse.move(x + 5, y + 4)
    expect(page.locator(".edit-readout")).to_contain_text(WORDS("edit.js.draw_snapped_vertex"))
    page.mouse.click(x + 5, y + 4)
    click_map(page, (0.3, 0.7))
    page.locator(".edit-tool-tick").click()
    form.locator("#f-size_text").fill("6孔")
    watched.shot("edit-session-wide")
    save(page)
    saved(page)
    events = api(own_served, "/api/history?limit=10")["events"]
    new = [event for event in events if event["revision"] > revision]
    assert {event["revision"] for event in new} == {revision + 1}
    assert sorted(event["action"] for event in new) == ["add", "add"]
    rows = [row_now(own_served, "lines", event["row"]) for event in new]
    sizes = {one["fields"]["size_text"]: one["geometry"]["coordinates"] for one in rows}
    assert set(sizes) == {"4孔", "6孔"}
    assert sizes["6孔"][0] == pytest.approx(sizes["4孔"][-1], abs=1e-9)
    page.locator(".toast").get_by_role("button", name=WORDS("edit.js.undo")).click()
    expect(page.locator(".toast")).to_have_text(WORDS("edit.js.undone"))
    left = {one["id"] for one in api(own_served, f"/api/community/{row['id']}")["lines"]}
    assert not left & {event["row"] for event in new}


def test_a_dig_is_drawn_by_keyboard_alone(own_served: Service, open_page: Open) -> None:
    row = community_named(own_served, NAME)
    watched = open_page(own_served.url)
    page = at_community(watched, own_served, row["id"], "digs")
    known = digs_of(own_served, row["id"])
    button = page.locator('.rows-do [data-edit="digs"]')
    button.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#edit-title")).to_be_focused()
    page.locator(".plate-keys").focus()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Enter")
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.keyboard.press("Backspace")
    page.keyboard.press("Escape")
    expect(page.locator(".edit-handle.is-vertex")).to_have_count(2)
    handle = page.locator(".edit-handle.is-vertex").last
    before = number_in(page.locator(".form-draw-fact").inner_text())
    handle.focus()
    page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("Shift+ArrowRight")
    page.wait_for_function(
        """(before) => {
          const told = document.querySelector('.form-draw-fact').textContent;
          return parseFloat(told.match(/[\\d.]+/)[0]) > before + 1;
        }""",
        arg=before,
    )
    save(page)
    saved(page)
    assert len(digs_of(own_served, row["id"]).keys() - known.keys()) == 1


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_finger_draws_a_dig_on_a_phone(own_served: Service, open_page: Open, lang: str) -> None:
    words = wording(lang)
    row = community_named(own_served, NAME)
    watched = open_page(
        f"{own_served.url}/community/{row['id']}?tab=digs&lang={lang}", PHONE, has_touch=True, is_mobile=True
    )
    settled(watched)
    page = watched.page
    known = digs_of(own_served, row["id"])
    page.locator('.rows-do [data-edit="digs"]').tap()
    form = page.locator("#edit-form")
    expect(page.locator(".edit-bar")).to_be_visible()
    for across, down in ((0.3, 0.6), (0.7, 0.8)):
        page.touchscreen.tap(*spot(page, across, down))
    expect(page.locator(".edit-handle.is-vertex")).to_have_count(2)
    page.get_by_role("button", name=words("edit.js.draw_here")).tap()
    expect(page.locator(".edit-handle.is-vertex")).to_have_count(3)
    page.get_by_role("button", name=words("edit.js.draw_undo")).tap()
    page.locator(".edit-tool-tick").tap()
    watched.shot(f"edit-dig-phone-{lang}")
    assert small_targets(watched) == []
    assert overflow(watched) <= 0
    assert violations(page) == []
    page.locator(".edit-fold").tap()
    assert map_box(page)[3] > 0.4 * PHONE[1]
    page.locator(".edit-fold").tap()
    form.locator("#f-width_m").fill("0.8")
    form.locator("[data-save]").tap()
    expect(page.locator(".toast")).to_contain_text(words("edit.js.saved"))
    assert len(digs_of(own_served, row["id"]).keys() - known.keys()) == 1


def test_a_utility_sees_and_edits_only_what_is_its_own(own_served: Service, open_page: Open) -> None:
    row = community_named(own_served, NAME)
    digs = digs_of(own_served, row["id"])
    own = next(iter(digs.values()))
    others = [dig for dig in digs.values() if dig["owner"] != own["owner"]]
    assert others
    watched = open_page(own_served.url, role=Role.UTILITY, owner=own["owner"])
    page = at_community(watched, own_served, row["id"], "digs")
    shown = page.locator(".dossier-rows table.sheet tbody tr")
    expect(shown).to_have_count(len(digs) - len(others))
    expect(page.locator('[data-edit="communities"]')).to_have_count(0)
    for dig in others:
        assert page.evaluate("(id) => window.tongchou.plate.lookUp('digs', id)", dig["id"]) is None
    form = open_form(page, "digs", scope=".rows-do")
    assert _values(form) == ["", own["owner"]] or _values(form) == [own["owner"]]
    states = form.locator("#f-state option").evaluate_all("(all) => all.map((one) => one.value)")
    assert set(states) <= {"draft", "submitted", "withdrawn"}
