"""The application in Chromium: every page in both languages and widths, and figures that agree."""

import re
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import openpyxl
import pyogrio
import pytest
from playwright.sync_api import expect

from geo.vocabulary import Stage
from maps.state import THEMES
from maps.wording import languages, wording
from tests.browser_fixtures import DESKTOP, PHONE, Open, Service, Watched
from tests.browser_steps import (
    api,
    await_drawn,
    await_query,
    by_town,
    click_on,
    drawn,
    number_in,
    overflow,
    settled,
    small_targets,
    violations,
)

pytestmark = pytest.mark.browser
JINXING, SHENGLI = "640302106", "640302107"
WORDS = wording("zh")
WIDTHS = {"wide": DESKTOP, "phone": PHONE}
PAGES = {
    "home": "/",
    "jinxing": f"/?town={JINXING}",
    "shengli": f"/?town={SHENGLI}",
    **{theme: f"/?theme={theme}" for theme in THEMES[1:]},
    "table": "/table",
    "lines-table": "/table?theme=lines",
    "matrix": "/?theme=works&show=matrix",
    "community": "/community/{community}",
    "history": "/community/{community}?tab=history",
    "owner": "/owner/{owner}",
}
MAPLESS = {"matrix", "owner"}
CHECKED = {("zh", "wide"), ("en", "phone")}
"""Where axe looks: each page in both languages and widths, not in every pair of them."""


def address(served: Service, page: str, lang: str) -> str:
    communities, owners = api(served, "/api/communities")["rows"], api(served, "/api/owners")["rows"]
    path = PAGES[page].format(community=communities[0]["id"], owner=owners[0]["id"])
    return f"{served.url}{path}{'&' if '?' in path else '?'}lang={lang}"


def ready(watched: Watched, page: str) -> None:
    if page in MAPLESS:
        expect(watched.page.get_by_role("heading", level=1)).to_be_visible()
    else:
        settled(watched)


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("lang", languages())
@pytest.mark.parametrize("page", PAGES)
def test_every_page_is_whole_and_accessible(
    served: Service, open_page: Open, page: str, lang: str, width: str
) -> None:
    watched = open_page(address(served, page, lang), WIDTHS[width], has_touch=width == "phone")
    ready(watched, page)
    watched.shot(f"app-{page}-{width}-{lang}")
    assert overflow(watched) <= 0
    assert width != "phone" or small_targets(watched) == []
    if (lang, width) in CHECKED:
        assert violations(watched.page) == []


@pytest.mark.parametrize("town", [None, JINXING, SHENGLI])
def test_the_panel_and_the_map_say_what_the_store_holds(
    served: Service, open_page: Open, town: str | None
) -> None:
    query = f"?town={town}" if town else ""
    watched = open_page(f"{served.url}/{query}")
    counts = settled(watched)
    total = api(served, f"/api/status{query}")["total"]
    assert counts["communities"] == total["communities"] == by_town(served, "communities", town)
    assert counts["buildings"] == total["buildings"] == by_town(served, "buildings", town)
    assert_panel(watched, total)
    for stage in api(served, f"/api/status{query}")["stages"]:
        row = watched.page.locator(f"[data-key=stage-{stage['stage']}]")
        assert number_in(row.locator(".legend-count").inner_text()) == stage["communities"]
        assert number_in(row.locator(".legend-side").inner_text()) == stage["households"]


def assert_panel(watched: Watched, total: dict[str, float]) -> None:
    """The headline and the four figures are those of the service, as they are written in Chinese."""
    figures = [number_in(text) for text in watched.page.locator(".panel .figures dd").all_inner_texts()]
    assert figures == [
        total["buildings"],
        pytest.approx(total["floor_area_m2"] / 1e4, abs=0.005),
        total["households"],
        pytest.approx(total["investment_yuan"] / 1e4, abs=0.005),
    ]
    assert number_in(watched.page.locator(".headline .value").inner_text()) == total["progress"]


def test_a_stage_filters_address_panel_table_and_map_alike(served: Service, open_page: Open) -> None:
    watched = open_page(f"{served.url}/table")
    settled(watched)
    for stage, query in ((Stage.ACCEPTANCE, "acceptance"), (Stage.RENOVATION, "renovation,acceptance")):
        watched.page.locator(f"[data-key=stage-{stage}]").click()
        await_query(watched, stage=query)
        agree(served, watched, f"?stage={query}")
    watched.shot("app-filtered")
    watched.page.go_back()
    await_query(watched, stage="acceptance")
    agree(served, watched, "?stage=acceptance")
    watched.page.go_back()
    await_query(watched, stage=None)
    agree(served, watched, "")
    watched.page.go_forward()
    await_query(watched, stage="acceptance")
    agree(served, watched, "?stage=acceptance")
    watched.page.reload()
    settled(watched)
    agree(served, watched, "?stage=acceptance")


def agree(served: Service, watched: Watched, query: str) -> None:
    """Map, panel and table show what the service answers to the same question."""
    total = api(served, f"/api/status{query}")["total"]
    rows = api(served, f"/api/communities{query}")["rows"]
    await_drawn(watched, "communities", total["communities"])
    await_drawn(watched, "buildings", total["buildings"])
    table = watched.page.locator(".drawer table.sheet")
    expect(table.locator("tbody tr")).to_have_count(total["communities"])
    settled(watched)
    assert_panel(watched, total)
    assert [name.strip() for name in table.locator("tbody th").all_inner_texts()] == [
        row["name"] for row in rows
    ]
    foot = table.locator("tfoot")
    expect(foot).to_contain_text(f"{total['households']:,}")
    counts = WORDS("app.sheet.counts", drawn=total["communities"], rows=total["communities"])
    expect(watched.page.locator(".table-head")).to_contain_text(counts)


def test_late_only_and_a_town_together(served: Service, open_page: Open) -> None:
    watched = open_page(f"{served.url}/table?town={SHENGLI}")
    settled(watched)
    watched.page.locator("[data-key=stage-late]").click()
    await_query(watched, late="1", town=SHENGLI)
    agree(served, watched, f"?town={SHENGLI}&late=1")


def test_a_click_on_the_map_chooses_a_community_and_opens_its_page(served: Service, open_page: Open) -> None:
    watched = open_page(f"{served.url}/")
    settled(watched)
    row = api(served, "/api/communities?late=1")["rows"][0]
    click_on(watched, "communities", row["id"])
    await_query(watched, community=row["id"])
    card = watched.page.get_by_role("dialog", name=row["name"])
    expect(card).to_be_visible()
    expect(card).to_contain_text(row["delay_reason"])
    chosen = watched.page.locator(".panel .chosen")
    expect(watched.page.locator(".panel")).to_contain_text(row["name"])
    watched.shot("app-chosen")
    link = card if not chosen.is_visible() else chosen
    link.get_by_role("link", name=WORDS("map.open")).click()
    watched.page.wait_for_url(f"**/community/{row['id']}*")
    expect(watched.page.get_by_role("heading", level=1)).to_have_text(row["name"])
    expect(watched.page.locator(".dossier-head")).to_contain_text(row["delay_reason"])
    settled(watched)
    watched.page.go_back()
    settled(watched)
    await_query(watched, community=row["id"])
    expect(watched.page.get_by_role("dialog", name=row["name"])).to_be_visible()


def test_a_community_page_shows_its_own_rows(served: Service, open_page: Open) -> None:
    row = api(served, "/api/communities")["rows"][0]
    whole = api(served, f"/api/community/{row['id']}")
    watched = open_page(f"{served.url}/community/{row['id']}")
    counts = settled(watched)
    assert counts["buildings"] == len(whole["buildings"]) == row["buildings"]
    for tab in ("buildings", "works", "lines", "digs"):
        watched.page.locator(".tabs").get_by_role("link", name=WORDS(f"app.tab.{tab}")).click()
        watched.page.wait_for_url(f"**tab={tab}*" if tab != "buildings" else "**/community/**")
        expect(watched.page.locator(".dossier-rows table.sheet tbody tr")).to_have_count(len(whole[tab]))
    settled(watched)
    watched.shot("app-community-digs", full=True)


def test_an_owner_page_shows_its_digs(served: Service, open_page: Open) -> None:
    owner = api(served, "/api/owners")["rows"][0]
    whole = api(served, f"/api/owner/{owner['id']}")
    watched = open_page(f"{served.url}/owner/{owner['id']}")
    expect(watched.page.locator("table.sheet[data-layer=digs] tbody tr")).to_have_count(len(whole["digs"]))
    watched.shot("app-owner-whole", full=True)
    watched.page.get_by_role("link", name=WORDS("app.owner.on_map")).click()
    await_query(watched, owner=owner["id"])
    settled(watched)
    await_drawn(
        watched,
        "digs",
        api(served, f"/api/digs?theme=lines&owner={owner['id']}")["count"],
    )


def test_search_finds_a_community_and_selects_it(served: Service, open_page: Open) -> None:
    watched = open_page(f"{served.url}/")
    settled(watched)
    row = next(row for row in api(served, "/api/communities")["rows"] if row["name"] == "朝阳家园")
    field = watched.page.get_by_role("combobox", name=WORDS("app.search"), exact=True)
    field.press_sequentially("朝阳")
    option = watched.page.get_by_role("option").filter(has_text="朝阳家园")
    expect(option).to_be_visible()
    assert violations(watched.page) == []
    watched.shot("app-search")
    field.press("ArrowDown")
    field.press("Enter")
    await_query(watched, community=row["id"])
    expect(watched.page.get_by_role("dialog", name="朝阳家园")).to_be_visible()
    assert watched.page.evaluate("(id) => window.tongchou.plate.isSelected('communities', id)", row["id"])


def test_search_that_finds_nothing_says_so(served: Service, open_page: Open) -> None:
    watched = open_page(f"{served.url}/?lang=en")
    settled(watched)
    field = watched.page.get_by_role("combobox", name=wording("en")("app.search"), exact=True)
    field.press_sequentially("zzzz")
    expect(watched.page.locator("#found")).to_contain_text("zzzz")
    field.press("Enter")
    await_query(watched, q="zzzz")
    expect(watched.page.locator(".panel .empty")).to_be_visible()
    settled(watched)
    assert drawn(watched)["communities"] == 0
    watched.shot("app-empty")
    watched.page.locator(".panel .empty").get_by_role("link").click()
    await_query(watched, q=None)
    await_drawn(watched, "communities", 25)


def test_themes_keep_view_filter_and_choice(served: Service, open_page: Open) -> None:
    watched = open_page(f"{served.url}/?stage=renovation")
    settled(watched)
    watched.page.evaluate(
        "() => window.tongchou.map.setZoom(window.tongchou.map.getZoom() + 1, { animate: false })"
    )
    settled(watched)
    centre = watched.page.evaluate(CENTRE)
    for theme in THEMES[1:]:
        watched.page.locator(f"[data-key=theme-{theme}]").click()
        await_query(watched, theme=theme, stage="renovation")
        expect(watched.page.locator(f"[data-key=theme-{theme}]")).to_have_attribute("aria-current", "page")
        settled(watched)
        assert watched.page.evaluate(CENTRE) == pytest.approx(centre, abs=1e-5)
    assert len(watched.asked("/")) == len(THEMES)


CENTRE = """() => {
  const { map } = window.tongchou;
  const { lng, lat } = map.getCenter();
  return [lng, lat, map.getZoom()];
}"""


def test_the_table_sorts_and_its_rows_lead_to_the_map(served: Service, open_page: Open) -> None:
    watched = open_page(f"{served.url}/table")
    settled(watched)
    table = watched.page.locator(".drawer table.sheet")
    by_households = table.locator("[data-key=sort-households]")
    for sort, downwards in (("-households", True), ("households", False)):
        by_households.click()
        await_query(watched, sort=sort)
        settled(watched)
        rows = api(served, "/api/communities")["rows"]
        wanted = sorted((row["households"] for row in rows), reverse=downwards)
        place = [text.strip() for text in table.locator("thead th").all_inner_texts()]
        column = next(k for k, text in enumerate(place) if text.startswith(WORDS("field.households"))) + 1
        shown = table.locator(f"tbody tr > :nth-child({column})").all_inner_texts()
        assert [number_in(text) for text in shown] == wanted
    row = table.locator("tbody tr").nth(3)
    id = row.get_attribute("data-id")
    row.locator("td").nth(1).click()
    await_query(watched, community=id)
    expect(table.locator("tr.current")).to_have_attribute("data-id", str(id))
    settled(watched)
    watched.shot("app-table-chosen")


@pytest.mark.parametrize("theme", ["progress", "lines"])
def test_downloads_hold_the_rows_of_the_filter(
    served: Service, open_page: Open, tmp_path: Path, theme: str
) -> None:
    query = "?stage=renovation" if theme == "progress" else "?theme=lines&kind=RQ"
    watched = open_page(f"{served.url}/table{query}", accept_downloads=True)
    settled(watched)
    layer = {"progress": "communities", "lines": "lines"}[theme]
    count = api(served, f"/api/{layer}{query}")["count"]
    files = {}
    for kind, name in (("xlsx", "XLSX"), ("gpkg", "GeoPackage")):
        with watched.page.expect_download() as download:
            watched.page.locator(".panel-foot").get_by_role("link", name=name).click()
        files[kind] = tmp_path / f"x.{kind}"
        download.value.save_as(files[kind])
        assert download.value.suggested_filename.endswith(f".{kind}")
    assert len(pyogrio.read_dataframe(files["gpkg"], layer=layer)) == count
    names = set(pyogrio.read_dataframe(files["gpkg"], layer=layer)["id"])
    assert names == {row["id"] for row in api(served, f"/api/{layer}{query}")["rows"]}
    sheet = openpyxl.load_workbook(files["xlsx"]).worksheets[0]
    assert str(sheet.cell(count + 2, 1).value) == f"{WORDS('app.total')} {count}"


@pytest.mark.parametrize("lang", languages())
def test_the_other_language_is_a_press_away_and_keeps_the_look(
    served: Service, open_page: Open, lang: str
) -> None:
    other = next(one for one in languages() if one != lang)
    watched = open_page(f"{served.url}/?theme=works&town={JINXING}&stage=renovation&lang={lang}")
    settled(watched)
    watched.page.locator("a[data-lang]").click()
    watched.page.wait_for_function("(lang) => document.documentElement.lang.startsWith(lang)", arg=other)
    settled(watched)
    found = parse_qs(urlsplit(watched.page.url).query)
    assert (found["theme"], found["town"], found["stage"]) == (["works"], [JINXING], ["renovation"])
    expect(watched.page.locator("[data-key=theme-works]")).to_have_text(wording(other)("theme.works"))


def test_matrix_cells_are_the_stores_works(served: Service, open_page: Open) -> None:
    watched = open_page(address(served, "matrix", "zh"))
    rows = api(served, "/api/communities")["rows"]
    expect(watched.page.locator("table.matrix tbody tr:not(.town)")).to_have_count(len(rows))
    works = {
        code
        for row in rows
        for code in (w["code"] for w in api(served, f"/api/community/{row['id']}")["works"])
    }
    expect(watched.page.locator("table.matrix .kinds th a")).to_have_count(len(works))
    late = watched.page.locator("table.matrix tbody .late-tag")
    expect(late).to_have_count(sum(row["late_days"] > 0 for row in rows))
    assert watched.page.evaluate(CLIPPED_CELLS) == []


CLIPPED_CELLS = """() => [...document.querySelectorAll('table.matrix tfoot td')].filter((cell) => {
  const range = document.createRange();
  range.selectNodeContents(cell);
  return range.getBoundingClientRect().width > cell.clientWidth + 1;
}).map((cell) => cell.textContent)"""


def test_errors_are_pages_too(served: Service, open_page: Open) -> None:
    watched = open_page(f"{served.url}/healthz")
    watched.forgiven = ("answer 404", "answer 422", "Failed to load resource")
    for path in ("/community/none", "/owner/none", "/?town=nowhere"):
        answer = watched.page.goto(served.url + path)
        assert answer is not None and answer.status in (404, 422)
        expect(watched.page.get_by_role("heading", level=1)).to_be_visible()
        assert violations(watched.page) == []
        assert re.search(r"[\u4e00-\u9fff]", watched.page.inner_text("body"))
    watched.shot("app-error")
