"""The history in Chromium: a timeline in words, filters, revert of what was seen, the map of a day."""

import pytest
from playwright.sync_api import expect

from geo.vocabulary import Role
from maps.wording import wording
from tests.browser_editing import WORDS, at_community, community_named, open_form, row_now, save, saved
from tests.browser_fixtures import DESKTOP, PHONE, Open, Service, Watched
from tests.browser_steps import overflow, settled, small_targets, violations

pytestmark = pytest.mark.browser
NAME = "朝阳家园"


def change_facts(watched: Watched, service: Service, community: str) -> None:
    """Change a stage, then money and area: two revisions."""
    page = at_community(watched, service, community)
    form = open_form(page, "communities", part="stage")
    form.get_by_label(WORDS("stage.acceptance")).check()
    save(page)
    saved(page)
    form = open_form(page, "communities", part="facts")
    form.locator("#f-investment_fen").fill("616.93")
    form.locator("#f-floor_area_dm2").fill("21006.5")
    save(page)
    saved(page)


def test_a_change_is_told_in_words_and_reverted(own_served: Service, open_page: Open) -> None:
    row = community_named(own_served, NAME)
    before = row_now(own_served, "communities", row["id"])["fields"]
    watched = open_page(own_served.url)
    change_facts(watched, own_served, row["id"])
    page = at_community(watched, own_served, row["id"], "history")
    entries = page.locator(".history-entry")
    newest = entries.first
    expect(newest).to_contain_text("616.93 万元")
    expect(newest).to_contain_text("21,006.5 m²")
    expect(newest).not_to_contain_text("investment_fen")
    stage = entries.nth(1)
    expect(stage).to_contain_text(WORDS("stage.renovation"))
    expect(stage).to_contain_text(WORDS("stage.acceptance"))
    assert violations(page) == []
    watched.shot("edit-history-wide")
    stage.get_by_role("button", name=WORDS("edit.history.revert")).click()
    ask = page.locator("dialog.ask")
    expect(ask).to_contain_text(f"{WORDS('stage.acceptance')} → {WORDS('stage.renovation')}")
    ask.get_by_role("button", name=WORDS("edit.js.revert_go")).click()
    expect(page.locator(".toast")).to_contain_text(WORDS("edit.js.reverted"))
    expect(entries.first).to_contain_text(WORDS("edit.origin.revert"))
    after = row_now(own_served, "communities", row["id"])["fields"]
    assert after["stage"] == before["stage"]
    assert after["investment_fen"] == 616_930_000


def test_a_revert_that_others_have_built_upon_is_refused(own_served: Service, open_page: Open) -> None:
    row = community_named(own_served, NAME)
    watched = open_page(own_served.url)
    watched.forgiven = ("answer 412", "status of 412", "answer 409", "status of 409")
    page = at_community(watched, own_served, row["id"])
    for stage in ("acceptance", "long_term"):
        form = open_form(page, "communities", part="stage")
        form.get_by_label(WORDS(f"stage.{stage}")).check()
        save(page)
        saved(page)
    page = at_community(watched, own_served, row["id"], "history")
    page.locator(".history-entry").nth(1).get_by_role("button", name=WORDS("edit.history.revert")).click()
    page.locator("dialog.ask").get_by_role("button", name=WORDS("edit.js.revert_go")).click()
    expect(page.locator(".toast")).to_contain_text(WORDS("edit.js.undo_stale"))
    assert row_now(own_served, "communities", row["id"])["fields"]["stage"] == "long_term"


@pytest.mark.parametrize(("size", "lang"), [(DESKTOP, "zh"), (PHONE, "en"), (PHONE, "zh")])
def test_the_district_history_filters_and_pages(
    own_served: Service, open_page: Open, size: tuple[int, int], lang: str
) -> None:
    words = wording(lang)
    row = community_named(own_served, NAME)
    watched = open_page(own_served.url)
    change_facts(watched, own_served, row["id"])
    page = open_page(f"{own_served.url}/history?lang={lang}", size, has_touch=size == PHONE)
    expect(page.page.locator(".history-entry").first).to_contain_text(NAME)
    expect(page.page.locator(".history-many").first).to_be_visible()
    page.shot(f"edit-district-history-{'phone' if size == PHONE else 'wide'}-{lang}")
    assert overflow(page) <= 0
    assert size != PHONE or small_targets(page) == []
    assert violations(page.page) == []
    form = page.page.get_by_role("form", name=words("app.filters"))
    form.get_by_label(words("edit.history.community"), exact=True).select_option(row["id"])
    form.get_by_label(words("edit.history.layer")).select_option("communities")
    form.get_by_role("button", name=words("edit.history.apply")).click()
    expect(page.page.locator(".history-entry")).to_have_count(3)
    form.get_by_label(words("edit.history.day")).fill("2001-01-01")
    form.get_by_role("button", name=words("edit.history.apply")).click()
    expect(page.page.locator(".history-empty")).to_be_visible()
    form.get_by_role("link", name=words("edit.history.clear")).click()
    page.page.get_by_role("link", name=words("edit.history.older")).click()
    expect(page.page.get_by_role("link", name=words("edit.history.newest"))).to_be_visible()


def test_a_day_of_the_past_is_shown_and_not_edited(own_served: Service, open_page: Open) -> None:
    row = community_named(own_served, NAME)
    watched = open_page(own_served.url)
    change_facts(watched, own_served, row["id"])
    page = at_community(watched, own_served, row["id"], "history")
    page.locator(".history-entry").first.get_by_role("link", name=WORDS("edit.history.map_then")).click()
    page.wait_for_url("**as_of=*")
    settled(watched)
    expect(page.locator("#past")).to_be_visible()
    expect(page.locator("[data-edit]")).to_have_count(0)
    page.goto(own_served.url)
    settled(watched)
    page.locator(".as-of summary").click()
    page.locator("#as-of-day").fill("2026-07-01")
    assert violations(page) == []
    page.locator(".as-of-pane").get_by_role("button").click()
    page.wait_for_url("**as_of=2026-07-01*")


def test_a_viewer_reads_the_history_and_reverts_nothing(own_served: Service, open_page: Open) -> None:
    row = community_named(own_served, NAME)
    watched = open_page(own_served.url)
    change_facts(watched, own_served, row["id"])
    viewer = open_page(f"{own_served.url}/community/{row['id']}?tab=history", role=Role.VIEWER)
    settled(viewer)
    expect(viewer.page.locator(".history-entry").first).to_contain_text("616.93")
    expect(viewer.page.locator("[data-revert]")).to_have_count(0)
    expect(viewer.page.locator("[data-edit]")).to_have_count(0)
