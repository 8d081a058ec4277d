"""Names are data: hostile text in every layer goes through every page and is only ever shown."""

from collections.abc import Iterator
from urllib.parse import quote

import pytest
from playwright.sync_api import expect

from maps.wording import wording
from tests.browser_fixtures import DESKTOP, Open, Service, Watched
from tests.browser_steps import api, click_on, look_at, put_away, rows_of, settled, spot_of
from tests.browser_stores import HOSTILE

pytestmark = pytest.mark.browser
DISTRICT_ZOOM = 16
WORDS = wording("zh")
COMMUNITY_TABS = ("buildings", "works", "lines", "digs", "history")


def names(served: Service) -> list[str]:
    return list(rows_of(served, "communities")["name"])


def text_of(watched: Watched) -> str:
    """Everything that stands in the document, seen or not, but for scripts."""
    found: str = watched.page.evaluate(
        "() => { const copy = document.body.cloneNode(true);"
        " copy.querySelectorAll('script, style').forEach((one) => one.remove()); return copy.textContent; }"
    )
    return found


def assert_harmless(watched: Watched) -> None:
    """No element was made of a name: no picture, no handler, no script without the page's nonce."""
    made = watched.page.evaluate(
        """() => [...document.querySelectorAll('*')].filter((one) =>
          one.localName === 'img' || [...one.attributes].some((a) => a.name.startsWith('on'))
          || ['href', 'src', 'action'].some((name) => /^\\s*javascript:/i.test(one.getAttribute(name) ?? ''))
          || (one.matches('script:not([type="application/json"])') && /__hacked *=/.test(one.textContent))
        ).map((one) => one.outerHTML.slice(0, 120))"""
    )
    assert made == []


def paths(served: Service) -> Iterator[str]:
    rows, owners = api(served, "/api/communities")["rows"], api(served, "/api/owners")["rows"]
    yield from ("/", "/table", "/map", "/map?theme=lines", "/?theme=works&show=matrix")
    yield from ("/table?theme=lines", "/table?theme=coordination", "/?theme=funding&lang=en")
    yield from (f"/community/{rows[0]['id']}?tab={tab}" for tab in COMMUNITY_TABS)
    yield from (f"/owner/{owner['id']}" for owner in owners[:3])
    yield from (f"/?q={quote(text)}" for text in HOSTILE)
    yield from (f"/community/{quote(text, safe='')}" for text in HOSTILE[:2])


def test_every_page_shows_hostile_names_and_runs_none(hostile_served: Service, open_page: Open) -> None:
    watched = open_page("about:blank", DESKTOP)
    watched.forgiven = ("answer 404", "Failed to load resource")
    for path in paths(hostile_served):
        watched.page.goto(hostile_served.url + path)
        if watched.page.locator(".plate-map").count():
            settled(watched)
        assert_harmless(watched)
        assert watched.faults() == [], path
        assert "49" not in watched.page.locator("h1, h2, .crumb").all_inner_texts(), path


def test_names_stand_literally_in_panel_table_and_list(hostile_served: Service, open_page: Open) -> None:
    watched = open_page(f"{hostile_served.url}/table")
    settled(watched)
    told = text_of(watched)
    assert [name for name in names(hostile_served) if name not in told] == []
    watched.shot("hostile-table")
    watched.page.goto(f"{hostile_served.url}/map")
    settled(watched)
    told = text_of(watched)
    assert [name for name in names(hostile_served) if name not in told] == []
    watched.shot("hostile-map")


def test_tips_and_cards_show_hostile_names_literally(hostile_served: Service, open_page: Open) -> None:
    watched = open_page(f"{hostile_served.url}/map")
    settled(watched)
    for row in api(hostile_served, "/api/communities")["rows"][: len(HOSTILE)]:
        look_at(watched, "communities", row["id"], DISTRICT_ZOOM)
        watched.page.mouse.move(*spot_of(watched, "communities", row["id"]))
        expect(watched.page.locator(".plate-tip strong")).to_have_text(row["name"])
        click_on(watched, "communities", row["id"])
        expect(watched.page.locator(".plate-card-title")).to_have_text(row["name"])
        assert_harmless(watched)
        put_away(watched)


@pytest.mark.parametrize("layer", ["buildings", "lines", "digs", "nodes"])
def test_every_kind_of_card_is_harmless(hostile_served: Service, open_page: Open, layer: str) -> None:
    watched = open_page(f"{hostile_served.url}/map?theme=lines")
    settled(watched)
    ids = rows_of(hostile_served, layer)["id"].tolist()[: 2 * len(HOSTILE)]
    for id in ids:
        watched.page.evaluate("([layer, id]) => window.tongchou.plate.select(layer, id)", [layer, id])
        expect(watched.page.locator(".plate-card")).to_be_visible()
        assert_harmless(watched)
    watched.page.evaluate("([layer, id]) => window.tongchou.plate.fit(layer, id)", [layer, ids[0]])
    settled(watched)
    watched.shot(f"hostile-{layer}")


@pytest.mark.parametrize("place", ["/", "/map"])
def test_search_results_show_hostile_names_literally(
    hostile_served: Service, open_page: Open, place: str
) -> None:
    watched = open_page(hostile_served.url + place)
    settled(watched)
    field = watched.page.get_by_role("combobox").first
    options = watched.page.get_by_role("option")
    for text in HOSTILE:
        field.fill(text)
        expect(options.filter(has_text=text).first).to_be_visible()
        assert_harmless(watched)
    watched.shot(f"hostile-search{place.replace('/', '-')}")
    name = api(hostile_served, "/api/communities")["rows"][0]["name"]
    field.fill(name)
    expect(options).to_have_count(1)
    expect(options).to_contain_text(name)
    if place == "/":
        field.press("ArrowDown")
    field.press("Enter")
    expect(watched.page.locator(".plate-card")).to_be_visible()
    assert_harmless(watched)
