"""Forms in Chromium: change, undo, faults beside their field, drafts, leaving, a stale edit side by side."""

import json
from pathlib import Path

import pytest
from playwright.sync_api import Route, expect

from geo.vocabulary import Role
from tests.browser_editing import WORDS, at_community, community_named, open_form, row_now, save, saved
from tests.browser_fixtures import PHONE, Open, Service, sign_in
from tests.browser_steps import overflow, settled, small_targets, violations

pytestmark = pytest.mark.browser
NAME = "朝阳家园"


def test_a_stage_is_changed_shown_everywhere_and_undone(own_served: Service, open_page: Open) -> None:
    row = community_named(own_served, NAME)
    watched = open_page(f"{own_served.url}/community/{row['id']}")
    settled(watched)
    page = watched.page
    form = open_form(page, "communities", part="stage")
    assert violations(page) == []
    watched.shot("edit-stage-wide")
    form.get_by_label(WORDS("stage.acceptance")).check()
    form.locator("#f-stage_due").fill("2026-11-30")
    save(page)
    toast = saved(page)
    expect(page.locator(".dossier-head .stage-chip")).to_have_text(WORDS("stage.acceptance"))
    page.wait_for_function(
        """(id) => {
          const found = window.tongchou.plate.lookUp('communities', id);
          return found.layer.get('stage', found.i) === 'acceptance';
        }""",
        arg=row["id"],
    )
    now = row_now(own_served, "communities", row["id"])
    assert (now["fields"]["stage"], now["fields"]["stage_due"]) == ("acceptance", "2026-11-30")
    toast.get_by_role("button", name=WORDS("edit.js.undo")).click()
    expect(page.locator(".toast")).to_have_text(WORDS("edit.js.undone"))
    expect(page.locator(".dossier-head .stage-chip")).to_contain_text(WORDS("stage.renovation"))
    assert row_now(own_served, "communities", row["id"])["fields"]["stage"] == row["stage"]


def test_figures_as_people_type_them_are_stored_exactly(own_served: Service, open_page: Open) -> None:
    row = community_named(own_served, NAME)
    page = at_community(open_page(own_served.url), own_served, row["id"])
    form = open_form(page, "communities", part="facts")
    form.locator("#f-floor_area_dm2").fill("１７，６００．２９")
    form.locator("#f-investment_fen").fill("1,616.930001")
    form.locator("#f-households").fill("")
    save(page)
    saved(page)
    fields = row_now(own_served, "communities", row["id"])["fields"]
    assert fields["floor_area_dm2"] == 1_760_029
    assert fields["investment_fen"] == 1_616_930_001
    assert fields["households"] is None
    form = open_form(page, "communities", part="facts")
    expect(form.locator("#f-floor_area_dm2")).to_have_value("17600.29")
    expect(form.locator("#f-investment_fen")).to_have_value("1616.930001")
    expect(form.locator("#f-households")).to_have_value("")


def test_what_is_wrong_stands_beside_its_field(own_served: Service, open_page: Open) -> None:
    row = community_named(own_served, NAME)
    watched = open_page(own_served.url, PHONE, has_touch=True)
    page = at_community(watched, own_served, row["id"])
    form = open_form(page, "communities", part="facts")
    form.locator("#f-year_built").fill("19x7")
    form.locator("#f-floor_area_dm2").fill("1.234")
    form.locator("#f-name").fill(" ")
    save(page)
    name = form.locator("#f-name")
    expect(name).to_be_focused()
    expect(name).to_have_attribute("aria-invalid", "true")
    for column, sentence in (
        ("name", WORDS("edit.js.fault_missing", name=WORDS("field.name"))),
        ("year_built", WORDS("edit.js.fault_number", name=WORDS("field.year_built"))),
        ("floor_area_dm2", WORDS("edit.js.fault_decimals", name="建筑面积", decimals=2)),
    ):
        expect(form.locator(f"#f-{column}-fault")).to_have_text(sentence)
    expect(form.get_by_role("alert")).to_contain_text(WORDS("edit.js.faults", count=3))
    assert violations(page) == []
    assert small_targets(watched) == []
    assert overflow(watched) <= 0
    watched.shot("edit-faults-phone")
    assert row_now(own_served, "communities", row["id"])["fields"]["year_built"] == row["year_built"]


def test_a_fault_that_only_the_service_finds_stands_beside_its_field(
    own_served: Service, open_page: Open
) -> None:
    row = community_named(own_served, NAME)
    watched = open_page(own_served.url)
    watched.forgiven = ("answer 422", "status of 422")
    page = at_community(watched, own_served, row["id"])
    form = open_form(page, "communities", part="facts")
    town = form.locator("#f-town")
    town.evaluate("(field) => field.add(new Option('没有的镇', 'nowhere', true, true))")
    save(page)
    fault = form.locator("#f-town-fault")
    expect(fault).to_be_visible()
    expect(fault).not_to_be_empty()
    expect(town).to_be_focused()
    town.select_option("640302106")
    expect(fault).to_be_hidden()


def test_a_stale_edit_is_shown_side_by_side_and_saved_as_chosen(own_served: Service, open_page: Open) -> None:
    row = community_named(own_served, NAME)
    before = row_now(own_served, "communities", row["id"])["fields"]
    mine, theirs = (open_page(f"{own_served.url}/community/{row['id']}") for _ in range(2))
    mine.forgiven = ("answer 412", "status of 412")
    for watched in (mine, theirs):
        settled(watched)
        open_form(watched.page, "communities", part="facts")
    theirs.page.locator("#f-households").fill("301")
    theirs.page.locator("#f-committee").fill("新居委会")
    save(theirs.page)
    saved(theirs.page)
    mine.page.locator("#f-households").fill("322")
    mine.page.locator("#f-investment_fen").fill("540.25")
    mine.page.locator("#f-year_built").fill("1998")
    save(mine.page)
    dialog = mine.page.locator("dialog.stale")
    expect(dialog).to_be_visible()
    assert violations(mine.page) == []
    mine.shot("edit-stale-wide")
    both = dialog.locator("tr[data-name=households]")
    expect(both).to_contain_text(str(before["households"]))
    expect(both).to_contain_text("322")
    expect(both).to_contain_text("301")
    expect(dialog.locator("tr[data-name=committee] input[value=theirs]")).to_be_checked()
    expect(dialog.locator("tr[data-name=investment_fen] input[value=mine]")).to_be_checked()
    mine.page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
    assert overflow(mine) <= 0
    assert small_targets(mine) == []
    mine.shot("edit-stale-phone")
    both.locator("input[value=theirs]").check()
    dialog.get_by_role("button", name=WORDS("edit.js.stale_save")).click()
    saved(mine.page)
    now = row_now(own_served, "communities", row["id"])["fields"]
    assert (now["households"], now["committee"]) == (301, "新居委会")
    assert (now["investment_fen"], now["year_built"]) == (540_250_000, 1998)


def test_a_draft_outlives_a_reload_and_goes_with_the_save(own_served: Service, open_page: Open) -> None:
    row = community_named(own_served, NAME)
    watched = open_page(own_served.url)
    page = at_community(watched, own_served, row["id"])
    form = open_form(page, "communities", part="facts")
    form.locator("#f-committee").fill("没写完的")
    page.wait_for_function(
        "() => Object.keys(localStorage).some((name) => name.startsWith('tongchou.draft'))"
    )
    page.close()
    page = watched.page = watched.context.new_page()
    page = at_community(watched, own_served, row["id"])
    form = open_form(page, "communities", part="facts")
    draft = form.locator(".form-draft")
    expect(draft).to_be_visible()
    expect(form.locator("#f-committee")).not_to_have_value("没写完的")
    watched.shot("edit-draft-wide")
    draft.get_by_role("button", name=WORDS("edit.js.draft_continue")).click()
    expect(form.locator("#f-committee")).to_have_value("没写完的")
    save(page)
    saved(page)
    assert row_now(own_served, "communities", row["id"])["fields"]["committee"] == "没写完的"
    form = open_form(page, "communities", part="facts")
    expect(form.locator(".form-draft")).to_have_count(0)


def test_leaving_unsaved_work_asks_first(own_served: Service, open_page: Open) -> None:
    row = community_named(own_served, NAME)
    watched = open_page(own_served.url)
    page = at_community(watched, own_served, row["id"])
    form = open_form(page, "communities", part="facts")
    page.keyboard.press("Escape")
    expect(form).to_have_count(0)
    form = open_form(page, "communities", part="facts")
    form.locator("#f-committee").fill("改到一半")
    page.locator(".tabs a").nth(1).click()
    ask = page.locator("dialog.ask")
    expect(ask).to_contain_text(WORDS("edit.js.leave"))
    assert violations(page) == []
    ask.get_by_role("button", name=WORDS("edit.js.leave_stay")).click()
    expect(form.locator("#f-committee")).to_have_value("改到一半")
    watched.forgiven = ("dialog:",)
    with page.expect_event("dialog") as asked:
        page.close(run_before_unload=True)
    assert asked.value.type == "beforeunload"
    expect(form.locator("#f-committee")).to_have_value("改到一半")
    page.locator(".tabs a").nth(1).click()
    ask.get_by_role("button", name=WORDS("edit.js.leave_go")).click()
    page.wait_for_url("**tab=works*")
    settled(watched)


def test_a_lost_network_keeps_what_was_typed_and_the_retry_counts_once(
    own_served: Service, open_page: Open
) -> None:
    row = community_named(own_served, NAME)
    watched = open_page(own_served.url)
    watched.forgiven = ("failed request", "ERR_FAILED", "ERR_INTERNET")
    page = at_community(watched, own_served, row["id"])
    revision = row_now(own_served, "communities", row["id"])["row_revision"]
    keys: list[str] = []

    def lose(route: Route) -> None:
        """The service hears of it, the page does not hear of the answer."""
        keys.append(route.request.headers["idempotency-key"])
        if len(keys) == 1:
            route.fetch()
        route.abort()

    page.route("**/api/rows/**", lose)
    form = open_form(page, "communities", part="facts")
    form.locator("#f-committee").fill("断网也在")
    save(page)
    expect(page.locator(".toast")).to_contain_text(WORDS("edit.js.offline"))
    expect(form.locator("#f-committee")).to_have_value("断网也在")
    assert len(keys) > 1 and len(set(keys)) == 1
    page.unroute("**/api/rows/**")
    save(page)
    saved(page)
    now = row_now(own_served, "communities", row["id"])
    assert now["fields"]["committee"] == "断网也在"
    assert now["row_revision"] == revision + 1


def test_a_new_sign_in_meanwhile_loses_nothing(own_served: Service, open_page: Open) -> None:
    row = community_named(own_served, NAME)
    watched = open_page(own_served.url)
    watched.forgiven = ("answer 403", "status of 403")
    page = at_community(watched, own_served, row["id"])
    form = open_form(page, "communities", part="facts")
    form.locator("#f-committee").fill("重新登录以后")
    sign_in(watched.context, own_served)
    save(page)
    saved(page)
    assert row_now(own_served, "communities", row["id"])["fields"]["committee"] == "重新登录以后"
    expect(page.locator('[data-part="facts"]')).to_be_focused()


def test_rows_of_tables_are_added_changed_and_removed(own_served: Service, open_page: Open) -> None:
    row = community_named(own_served, NAME)
    watched = open_page(own_served.url)
    page = at_community(watched, own_served, row["id"], "works")
    table = page.locator(".dossier-rows table.sheet tbody tr")
    count = table.count()
    id = table.first.get_attribute("data-id")
    form = open_form(page, "works", row=str(id))
    slider = form.get_by_role("slider")
    slider.focus()
    slider.press("End")
    expect(form.locator("#f-progress_percent")).to_have_value("100")
    form.locator("#f-progress_percent").fill("81")
    form.locator("#f-contractor").fill("示例建设")
    save(page)
    saved(page)
    expect(table.first).to_contain_text("81.0%")
    form = open_form(page, "works", scope=".rows-do")
    form.locator("#f-code").select_option("ev_charging")
    save(page)
    saved(page)
    expect(table).to_have_count(count + 1)
    added = table.filter(has_text=WORDS("work.ev_charging")).last
    form = open_form(page, "works", row=str(added.get_attribute("data-id")))
    form.locator("[data-remove]").click()
    page.locator("dialog.ask").get_by_role("button", name=WORDS("edit.js.remove_go")).click()
    expect(table).to_have_count(count)
    page.locator(".toast").get_by_role("button", name=WORDS("edit.js.undo")).click()
    expect(table).to_have_count(count + 1)


def test_an_inspector_records_an_inspection_and_edits_nothing_else(
    own_served: Service, open_page: Open
) -> None:
    row = community_named(own_served, NAME)
    watched = open_page(own_served.url, role=Role.INSPECTOR)
    page = at_community(watched, own_served, row["id"], "inspections")
    expect(page.locator('[data-edit="communities"]')).to_have_count(0)
    form = open_form(page, "inspections")
    form.locator("#f-inspected_on").fill("2026-07-10")
    form.get_by_label(WORDS("inspection_result.to_fix")).check()
    form.locator("#f-note").fill("3 号楼雨落管未固定")
    save(page)
    saved(page)
    told = page.locator(".dossier-rows table.sheet tbody tr")
    expect(told).to_have_count(1)
    expect(told).to_contain_text("2026-07-10")
    expect(told).to_contain_text(WORDS("inspection_result.to_fix"))
    assert violations(page) == []


def test_attachments_go_up_get_a_caption_come_down_and_come_back(
    own_served: Service, open_page: Open, tmp_path: Path
) -> None:
    row = community_named(own_served, NAME)
    watched = open_page(own_served.url)
    page = at_community(watched, own_served, row["id"], "files")
    expect(page.locator(".files-none")).to_be_visible()
    photo = tmp_path / "南门.png"
    photo.write_bytes(page.screenshot(clip={"x": 0, "y": 0, "width": 120, "height": 90}))
    page.locator('input[type="file"]').set_input_files(photo)
    card = page.locator(".file-card")
    expect(card).to_have_count(1)
    page.wait_for_function("() => document.querySelector('.file-card img')?.naturalWidth === 120")
    form = open_form(page, "files")
    form.locator("#f-caption").fill("南门改造前")
    form.locator("#f-taken_on").fill("2026-07-01")
    save(page)
    saved(page)
    expect(card).to_contain_text("南门改造前")
    expect(card).to_contain_text("2026-07-01")
    assert violations(page) == []
    watched.shot("edit-files-wide", full=True)
    open_form(page, "files").locator("[data-remove]").click()
    page.locator("dialog.ask").get_by_role("button", name=WORDS("edit.js.remove_go")).click()
    expect(card).to_have_count(0)
    page.locator(".toast").get_by_role("button", name=WORDS("edit.js.undo")).click()
    expect(card).to_have_count(1)
    page.wait_for_function("() => document.querySelector('.file-card img')?.naturalWidth === 120")


def test_hostile_text_of_a_row_stays_text(hostile_served: Service, open_page: Open) -> None:
    row = json.loads(hostile_served.get("/api/communities"))["rows"][0]
    watched = open_page(f"{hostile_served.url}/community/{row['id']}")
    settled(watched)
    form = open_form(watched.page, "communities", part="facts")
    expect(form.locator("#f-name")).to_have_value(row["name"])
    expect(form.locator("h2")).to_contain_text(row["name"].strip()[:8])
