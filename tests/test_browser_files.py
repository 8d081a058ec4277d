"""The file of ``tongchou map`` opened from disk with the network cut: all is in it, and all of it works."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect

from geo.vocabulary import Stage
from maps.state import THEMES
from maps.wording import languages, wording
from tests.browser_fixtures import DESKTOP, PHONE, Open, Service
from tests.browser_steps import (
    api,
    await_drawn,
    await_query,
    by_town,
    click_on,
    drawn,
    look_at,
    overflow,
    pages_in,
    put_away,
    rows_of,
    settled,
    small_targets,
    violations,
)
from tests.browser_stores import HOSTILE

pytestmark = pytest.mark.browser
DISTRICT_ZOOM = 16
JINXING = "640302106"
HUGE = (3840, 2900)
Export = Callable[..., Path]


@pytest.mark.parametrize("size", [DESKTOP, PHONE])
@pytest.mark.parametrize("lang", languages())
def test_the_file_needs_no_network(
    served: Service, open_page: Open, export_map: Export, lang: str, size: tuple[int, int]
) -> None:
    file = export_map(served.store, "--lang", lang)
    watched = open_page(file.as_uri(), size, offline=True, has_touch=size == PHONE)
    counts = settled(watched)
    assert (counts["communities"], counts["buildings"]) == (25, 82)
    assert watched.requests[0] == file.as_uri()
    assert all(url.startswith(("file:", "data:")) for url in watched.requests)
    watched.shot(f"file-{lang}-{size[0]}")
    assert overflow(watched) <= 0
    assert violations(watched.page) == []
    if size == PHONE:
        assert small_targets(watched) == []


def test_every_theme_of_the_file_draws_the_store(
    served: Service, open_page: Open, export_map: Export
) -> None:
    words = wording("zh")
    watched = open_page(export_map(served.store, "--lang", "zh").as_uri(), HUGE, offline=True)
    settled(watched)
    for theme in THEMES[1:]:
        watched.page.get_by_role("button", name=words(f"theme.{theme}"), exact=True).click()
        await_query(watched, theme=theme)
        settled(watched)
        assert drawn(watched)["communities"] == 25
        if theme == "lines":
            lines = rows_of(served, "lines")
            assert drawn(watched)["lines"] == (lines["state"] != "removed").sum()
            assert drawn(watched)["digs"] == len(rows_of(served, "digs"))


def test_the_file_of_a_town_holds_only_that_town(
    served: Service, open_page: Open, export_map: Export
) -> None:
    file = export_map(served.store, "--town", JINXING, "--theme", "lines", "--lang", "en")
    watched = open_page(file.as_uri(), offline=True)
    counts = settled(watched)
    assert counts["communities"] == by_town(served, "communities", JINXING)
    assert counts["buildings"] == by_town(served, "buildings", JINXING)
    text = file.read_text(encoding="utf-8")
    others = rows_of(served, "communities").query("town != @JINXING")["id"]
    assert [id for id in others if f'"{id}"' in text] == []
    watched.shot("file-town-lines")


def test_click_search_and_legend_work_from_disk(served: Service, open_page: Open, export_map: Export) -> None:
    words = wording("zh")
    watched = open_page(export_map(served.store, "--lang", "zh").as_uri(), offline=True)
    settled(watched)
    row = api(served, "/api/communities?late=1")["rows"][0]
    click_on(watched, "communities", row["id"])
    card = watched.page.get_by_role("dialog", name=row["name"])
    expect(card).to_contain_text(row["delay_reason"])
    expect(card.get_by_role("link")).to_have_count(0)
    put_away(watched)
    field = watched.page.get_by_role("combobox", name=words("map.search"))
    field.press_sequentially("朝阳")
    field.press("Enter")
    expect(watched.page.get_by_role("dialog", name="朝阳家园")).to_be_visible()
    put_away(watched)
    watched.page.get_by_role("button", name=words("map.home"), exact=True).click()
    stage = watched.page.locator(".plate-legend").get_by_role(
        "button", name=re.compile("^" + words(f"stage.{Stage.ACCEPTANCE}"))
    )
    stage.click()
    await_query(watched, stage="acceptance")
    count = api(served, "/api/status?stage=acceptance")["total"]["communities"]
    await_drawn(watched, "communities", count)
    watched.page.reload()
    settled(watched)
    assert drawn(watched)["communities"] == count
    watched.shot("file-filtered")


@pytest.mark.parametrize("paper", ["A4", "A3"])
def test_the_file_prints_on_one_page(
    served: Service, open_page: Open, export_map: Export, paper: str
) -> None:
    watched = open_page(export_map(served.store, "--lang", "zh").as_uri(), offline=True)
    settled(watched)
    assert pages_in(watched.page.pdf(format=paper, landscape=True, print_background=True)) == 1


def test_hostile_names_in_a_file_are_only_names(
    hostile_served: Service, open_page: Open, export_map: Export
) -> None:
    file = export_map(hostile_served.store, "--lang", "zh")
    watched = open_page(file.as_uri(), offline=True)
    counts = settled(watched)
    assert counts["communities"] == 25
    for row in api(hostile_served, "/api/communities")["rows"][: len(HOSTILE)]:
        look_at(watched, "communities", row["id"], DISTRICT_ZOOM)
        click_on(watched, "communities", row["id"])
        expect(watched.page.locator(".plate-card-title")).to_have_text(row["name"])
        put_away(watched)
    assert watched.page.locator("img").count() == 0
    shown = watched.page.locator(".plate-list tbody th").all_inner_texts()
    assert sorted(shown) == sorted(rows_of(hostile_served, "communities")["name"])
    watched.shot("file-hostile")
