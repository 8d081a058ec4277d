"""The page of ``/map`` in Chromium: it draws what the store holds, and all of it can be reached and read."""

import re
from urllib.parse import urlsplit

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
    located,
    look_at,
    number_in,
    overflow,
    pages_in,
    rows_of,
    settled,
    small_targets,
    spot_of,
    violations,
)

pytestmark = pytest.mark.browser
JINXING, SHENGLI = "640302106", "640302107"
HUGE = (3840, 2900)
CLOSE_ZOOM = 19.5
PAPER = {"A4": ("297mm", "210mm"), "A3": ("420mm", "297mm")}
WORDS = wording("zh")


def standing(served: Service, query: str = "") -> list[dict[str, object]]:
    rows: list[dict[str, object]] = api(served, f"/api/communities{query}")["rows"]
    return rows


@pytest.mark.parametrize("lang", languages())
@pytest.mark.parametrize("town", [None, JINXING, SHENGLI])
def test_map_draws_every_row_of_the_store(
    served: Service, open_page: Open, lang: str, town: str | None
) -> None:
    watched = open_page(f"{served.url}/map?lang={lang}" + (f"&town={town}" if town else ""))
    counts = settled(watched)
    assert counts["communities"] == by_town(served, "communities", town)
    assert counts["buildings"] == by_town(served, "buildings", town)
    assert counts["boundaries"] == len(rows_of(served, "boundaries"))
    assert watched.page.get_attribute("html", "lang") == {"zh": "zh-CN", "en": "en"}[lang]
    assert violations(watched.page) == []
    watched.shot(f"map-{town or 'district'}-{lang}")


def test_the_district_has_the_plans_communities_and_buildings(served: Service, open_page: Open) -> None:
    watched = open_page(f"{served.url}/map")
    counts = settled(watched)
    assert (counts["communities"], counts["buildings"]) == (25, 82)


@pytest.mark.parametrize("lang", languages())
def test_every_theme_fits_a_phone(served: Service, open_page: Open, lang: str) -> None:
    watched = open_page(f"{served.url}/map?lang={lang}", PHONE, has_touch=True)
    settled(watched)
    for theme in THEMES:
        watched.page.locator(f"button[data-theme={theme}]").tap()
        settled(watched)
        assert watched.page.evaluate("() => window.tongchou.plate.theme") == theme
        assert drawn(watched)["communities"] == 25
        assert overflow(watched) <= 0
        assert small_targets(watched) == []
        watched.shot(f"map-{theme}-phone-{lang}")


def test_themes_change_without_a_reload_and_keep_the_view(served: Service, open_page: Open) -> None:
    watched = open_page(f"{served.url}/map")
    settled(watched)
    bounds = watched.page.evaluate("() => window.tongchou.map.getBounds().toBBoxString()")
    for theme in THEMES[1:]:
        watched.page.get_by_role("button", name=WORDS(f"theme.{theme}"), exact=True).click()
        await_query(watched, theme=theme)
        settled(watched)
        watched.shot(f"map-{theme}")
    assert watched.page.evaluate("() => window.tongchou.map.getBounds().toBBoxString()") == bounds
    assert len(watched.asked("/map")) == 1


def test_lines_theme_draws_every_line_of_the_store(served: Service, open_page: Open) -> None:
    watched = open_page(f"{served.url}/map?theme=lines", HUGE)
    counts = settled(watched)
    lines, digs = rows_of(served, "lines"), rows_of(served, "digs")
    assert counts["lines"] == (lines["state"] != "removed").sum()
    assert counts["digs"] == len(digs)
    watched.shot("map-lines-huge")


def test_from_afar_the_lines_theme_leaves_out_only_house_connections(
    served: Service, open_page: Open
) -> None:
    watched = open_page(f"{served.url}/map?theme=lines")
    lines = rows_of(served, "lines")
    house = lines["house_connection"].fillna(False).astype(bool)
    assert settled(watched)["lines"] == (~house & (lines["state"] != "removed")).sum()


def test_zooming_in_draws_the_lines_that_are_there(served: Service, open_page: Open) -> None:
    watched = open_page(f"{served.url}/map?theme=lines")
    settled(watched)
    community = standing(served)[0]
    look_at(watched, "communities", str(community["id"]), CLOSE_ZOOM)
    west, south, east, north = map(
        float, watched.page.evaluate("() => window.tongchou.map.getBounds().toBBoxString()").split(",")
    )
    lines = located(served, "lines")
    edge = 2e-6
    box = lines.bounds
    meets = (box.minx <= east) & (box.maxx >= west) & (box.miny <= north) & (box.maxy >= south)
    surely = (
        (box.minx <= east - edge)
        & (box.maxx >= west + edge)
        & (box.miny <= north - edge)
        & (box.maxy >= south + edge)
    )
    count = drawn(watched)["lines"]
    assert 20 < surely.sum() <= count <= meets.sum() + (meets & ~surely).sum()
    assert drawn(watched)["nodes"] > 0
    watched.shot("map-lines-close")


def test_filter_by_kind_owner_and_month_agrees_with_the_service(served: Service, open_page: Open) -> None:
    watched = open_page(f"{served.url}/map?theme=lines", HUGE)
    settled(watched)
    owner = api(served, "/api/owners")["rows"][0]["id"]
    legend = watched.page.locator(".plate-legend")
    legend.get_by_role("button", name=re.compile("^JS")).click()
    await_query(watched, kind="JS")
    await_drawn(watched, "lines", api(served, "/api/lines?theme=lines&kind=JS")["count"])
    legend.locator("select[data-filter=owner]").select_option(owner)
    await_drawn(watched, "lines", api(served, f"/api/lines?theme=lines&kind=JS&owner={owner}")["count"])
    legend.locator("select[data-filter=month]").select_option("2026-08")
    query = f"theme=lines&kind=JS&owner={owner}&month=2026-08"
    await_drawn(watched, "lines", api(served, f"/api/lines?{query}")["count"])
    await_drawn(watched, "digs", api(served, f"/api/digs?{query}")["count"])
    watched.shot("map-lines-filtered")


@pytest.mark.parametrize("lang", languages())
def test_click_opens_a_card_that_leads_to_the_community(served: Service, open_page: Open, lang: str) -> None:
    words = wording(lang)
    watched = open_page(f"{served.url}/map?lang={lang}")
    settled(watched)
    late = max(standing(served), key=lambda row: int(str(row["late_days"])))
    click_on(watched, "communities", str(late["id"]))
    card = watched.page.get_by_role("dialog", name=str(late["name"]))
    expect(card).to_be_visible()
    expect(card.get_by_role("heading")).to_have_text(str(late["name"]))
    expect(card).to_contain_text(words("map.late", days=int(str(late["late_days"]))))
    expect(card).to_contain_text(words("unit.households", value=words.number(late["households"])))
    expect(card).to_contain_text(str(late["delay_reason"]))
    await_query(watched, community=str(late["id"]))
    watched.shot(f"map-card-{lang}")
    card.get_by_role("link", name=words("map.open")).click()
    watched.page.wait_for_url(f"**/community/{late['id']}*")
    expect(watched.page.get_by_role("heading", level=1)).to_have_text(str(late["name"]))
    settled(watched)


def test_pointing_shows_a_tip_and_where_it_is(served: Service, open_page: Open) -> None:
    watched = open_page(f"{served.url}/map")
    settled(watched)
    first = standing(served)[0]
    watched.page.mouse.move(*spot_of(watched, "communities", str(first["id"])))
    tip = watched.page.locator(".plate-tip")
    expect(tip).to_be_visible()
    expect(tip).to_contain_text(str(first["name"]))
    outline = rows_of(served, "communities").set_index("id").loc[first["id"], "geometry"]
    west, south, east, north = outline.bounds
    position = watched.page.locator(".plate-position")
    expect(position).to_be_visible()
    figures = [float(found) for found in re.findall(r"\d{5,}\.\d", position.inner_text())]
    assert any(west <= figure <= east for figure in figures)
    assert any(south <= figure <= north for figure in figures)


@pytest.mark.parametrize("stage", [Stage.RENOVATION, Stage.SURVEY])
def test_a_stage_of_the_legend_filters_map_and_address(
    served: Service, open_page: Open, stage: Stage
) -> None:
    watched = open_page(f"{served.url}/map")
    settled(watched)
    told = api(served, f"/api/status?stage={stage}")["total"]
    button = watched.page.locator(".plate-legend").get_by_role(
        "button", name=re.compile("^" + WORDS(f"stage.{stage}"))
    )
    assert str(told["communities"]) in button.inner_text()
    button.click()
    await_query(watched, stage=str(stage))
    await_drawn(watched, "communities", told["communities"])
    await_drawn(watched, "buildings", told["buildings"])
    expect(button).to_have_attribute("aria-pressed", "true")
    watched.shot(f"map-stage-{stage}")
    watched.page.reload()
    settled(watched)
    assert drawn(watched)["communities"] == told["communities"]
    watched.page.get_by_role("button", name=WORDS("map.clear_filter")).click()
    await_query(watched, stage=None)
    await_drawn(watched, "communities", 25)


def test_layers_can_be_put_away(served: Service, open_page: Open) -> None:
    watched = open_page(f"{served.url}/map")
    settled(watched)
    watched.page.get_by_role("button", name=WORDS("map.layers"), exact=True).click()
    pane = watched.page.get_by_role("group", name=WORDS("map.layers"), exact=True)
    expect(pane).to_be_visible()
    assert violations(watched.page) == []
    pane.get_by_label(WORDS("map.layer.buildings"), exact=True).uncheck()
    await_drawn(watched, "buildings", 0)
    watched.shot("map-layers")
    pane.get_by_label(WORDS("map.layer.buildings"), exact=True).check()
    await_drawn(watched, "buildings", 82)


def test_measuring_gives_metres_of_the_districts_grid(served: Service, open_page: Open) -> None:
    watched = open_page(f"{served.url}/map")
    settled(watched)
    # A browser tells of whole pixels.
    a, b = (
        tuple(map(int, spot_of(watched, "communities", str(row["id"]))))
        for row in (standing(served)[0], standing(served)[-1])
    )
    watched.page.get_by_role("button", name=WORDS("map.measure"), exact=True).click()
    watched.page.mouse.click(*a)
    watched.page.mouse.click(*b)
    box = watched.page.locator("#map_plate, .plate-map").first.bounding_box()
    assert box is not None
    ends = [
        watched.page.evaluate(
            "([x, y]) => { const at = window.tongchou.map.containerPointToLatLng([x, y]);"
            " return proj4(window.tongchou.plate.payload.crs.proj4).forward([at.lng, at.lat]); }",
            [x - box["x"], y - box["y"]],
        )
        for x, y in (a, b)
    ]
    truth = ((ends[0][0] - ends[1][0]) ** 2 + (ends[0][1] - ends[1][1]) ** 2) ** 0.5
    told = number_in(watched.page.locator(".plate-measure-value").inner_text())
    assert told == pytest.approx(truth, abs=0.2)
    watched.shot("map-measure")
    watched.page.keyboard.press("Escape")
    expect(watched.page.locator(".plate-measure")).to_be_hidden()


def test_search_finds_and_selects_a_community(served: Service, open_page: Open) -> None:
    watched = open_page(f"{served.url}/map")
    settled(watched)
    wanted = next(row for row in standing(served) if row["name"] == "朝阳家园")
    field = watched.page.get_by_role("combobox", name=WORDS("map.search"))
    field.press_sequentially("朝阳")
    expect(watched.page.get_by_role("option").first).to_contain_text("朝阳家园")
    watched.shot("map-search")
    field.press("Enter")
    await_query(watched, community=str(wanted["id"]))
    expect(watched.page.get_by_role("dialog", name="朝阳家园")).to_be_visible()


def test_keyboard_alone_reaches_a_community(served: Service, open_page: Open) -> None:
    watched = open_page(f"{served.url}/map")
    settled(watched)
    keyboard, keys = watched.page.keyboard, watched.page.locator(".plate-keys")
    for _ in range(40):
        keyboard.press("Tab")
        if keys.evaluate("(element) => element === document.activeElement"):
            break
    expect(keys).to_be_focused()
    first = focused(watched)
    keyboard.press("ArrowRight")
    keyboard.press("ArrowDown")
    second = focused(watched)
    assert first and second and first != second
    expect(watched.page.locator(".plate-tip")).to_be_visible()
    watched.shot("map-keyboard")
    keyboard.press("Enter")
    await_query(watched, community=second)
    card = watched.page.locator(".plate-card")
    expect(card).to_be_visible()
    assert card.evaluate("(element) => element.contains(document.activeElement)")
    keyboard.press("Escape")
    expect(card).to_be_hidden()
    expect(keys).to_be_focused()
    await_query(watched, community=None)


def focused(watched: Watched) -> str | None:
    """Id of what the keyboard stands on."""
    found: str | None = watched.page.evaluate(
        "() => { const f = window.tongchou.plate.focused; return f ? String(f.layer.ids[f.i]) : null; }"
    )
    return found


@pytest.mark.parametrize("paper", PAPER)
@pytest.mark.parametrize("upright", [False, True])
def test_prints_on_one_page(served: Service, open_page: Open, paper: str, upright: bool) -> None:
    watched = open_page(f"{served.url}/map")
    settled(watched)
    width, height = reversed(PAPER[paper]) if upright else PAPER[paper]
    margin = dict.fromkeys(("top", "bottom", "left", "right"), "10mm")
    pdf = watched.page.pdf(width=width, height=height, margin=margin, print_background=True)
    assert pages_in(pdf) == 1
    assert len(pdf) > 50_000


@pytest.mark.parametrize("lang", languages())
@pytest.mark.parametrize("theme", ["progress", "lines"])
def test_print_shows_legend_scale_and_north(served: Service, open_page: Open, theme: str, lang: str) -> None:
    words = wording(lang)
    watched = open_page(f"{served.url}/map?lang={lang}&theme={theme}", (1123, 794))
    settled(watched)
    watched.page.emulate_media(media="print")
    watched.page.evaluate("() => window.dispatchEvent(new Event('beforeprint'))")
    sheet = watched.page.locator(".plate-sheet")
    expect(sheet).to_be_visible()
    expect(sheet.locator(".plate-sheet-legend")).to_be_visible()
    expect(sheet).to_contain_text(words("map.legend"))
    expect(sheet.locator(".plate-sheet-foot")).to_contain_text("EPSG:4544")
    expect(sheet.locator(".plate-sheet-foot")).to_contain_text("2026-07-15")
    expect(watched.page.locator(".plate-tools").first).to_be_hidden()
    shown = [canvas for canvas in sheet.locator("canvas").all() if canvas.is_visible()]
    assert len(shown) == 1
    assert all(shown[0].evaluate(INK_IN_THE_STRIP))
    watched.shot(f"print-{theme}-{lang}")
    watched.page.evaluate("() => window.dispatchEvent(new Event('afterprint'))")
    expect(sheet).to_have_count(0)


INK_IN_THE_STRIP = """(canvas) => {
  const ratio = canvas.width / parseFloat(canvas.style.width);
  const ink = (x, width) => {
    const box = [x, canvas.height / ratio - 44, width, 40].map((edge) => edge * ratio);
    const { data } = canvas.getContext('2d', { willReadFrequently: true }).getImageData(...box);
    let dark = 0;
    for (let k = 0; k < data.length; k += 4) if (data[k] + data[k + 1] + data[k + 2] < 150) dark++;
    return dark > 200;
  };
  const wide = canvas.width / ratio;
  return [ink(10, 230), ink(wide - 44, 40)];
}"""


def test_a_big_store_stays_small_and_is_asked_by_view(big_served: Service, open_page: Open) -> None:
    assert len(big_served.get("/map")) < 100_000
    watched = open_page(f"{big_served.url}/map")
    settled(watched)
    asked = watched.asked("/api/view")
    assert asked
    counts = drawn(watched)
    assert counts["communities"] > 1_000
    watched.shot("big-district")
    watched.page.evaluate("() => window.tongchou.map.setZoom(18, { animate: false })")
    watched.page.wait_for_function(
        "() => (window.tongchou.plate.layers.buildings ?? []).some((l) => !l.thinned && l.count)"
    )
    settled(watched)
    before = watched.asked("/api/view")
    assert len(before) > len(asked)
    assert 0 < drawn(watched)["buildings"] < 5_000
    watched.shot("big-close")
    with watched.page.expect_response(lambda answer: urlsplit(answer.url).path == "/api/view") as answered:
        watched.page.evaluate("() => window.tongchou.map.panBy([900, 300], { animate: false })")
    assert answered.value.ok
    settled(watched)
    assert drawn(watched)["buildings"] > 0


def test_a_view_that_does_not_come_is_said_and_asked_again(big_served: Service, open_page: Open) -> None:
    watched = open_page("about:blank")
    watched.forgiven = ("/api/view", "Failed to load resource")
    watched.page.route("**/api/view*", lambda route: route.fulfill(status=500, body=""))
    watched.page.goto(f"{big_served.url}/map")
    notice = watched.page.get_by_role("alert").filter(has_text=WORDS("map.load_failed"))
    expect(notice).to_be_visible()
    # A map still coming to rest asks once more by itself: only when it is quiet does the button ask.
    watched.page.wait_for_load_state("networkidle")
    watched.page.unroute("**/api/view*")
    notice.get_by_role("button").click()
    expect(notice).to_be_hidden()
    settled(watched)
    assert drawn(watched)["communities"] > 1_000


@pytest.mark.parametrize("size", [DESKTOP, PHONE])
def test_accessible_in_every_theme(served: Service, open_page: Open, size: tuple[int, int]) -> None:
    watched = open_page(f"{served.url}/map", size)
    settled(watched)
    found = {}
    for theme in THEMES:
        watched.page.evaluate("(theme) => window.tongchou.plate.change({ theme })", theme)
        settled(watched)
        wrong = violations(watched.page)
        if wrong:
            found[theme] = wrong
    assert found == {}
