"""The list's counts equal the list, the card says everything, nothing of the data is taken for a page."""

import re
import time
from datetime import date
from urllib.parse import parse_qsl, urlsplit

import geopandas as gpd
import pandas as pd
import pytest

from geo.audience import Audience
from geo.coordination.judging import follow
from geo.coordination.watching import as_comments
from geo.errors import BadInput
from geo.vocabulary import AudienceKind, FindingKind, Verdict
from maps import findingpages
from maps.findingcard import finding_card
from maps.findinglook import Desk, KnownNames, Look, parse_look, records, week_of
from maps.findings import PAGE, findings_list, picked
from maps.wording import languages, wording
from tests.coordination_scenes import frames, judge, line, path
from tests.finding_scenes import (
    EVIL,
    MONDAY,
    OWNERS,
    PARTIES,
    ZONE,
    Checked,
    card,
    checked,
    desk,
    known,
    of,
    said,
    scene,
)


def listed(made: Desk, look: Look | None = None) -> Checked:
    return checked(findingpages.findings_part(made.words, findings_list(made, look or Look())))


# the list


def test_the_counts_equal_the_list() -> None:
    made = desk(scene())
    for facet in ("verdicts", "kinds", "states", "owners", "communities", "weeks"):
        view = findings_list(made, Look())
        for one in view[facet]:
            name = {"verdicts": "verdict", "kinds": "kind", "states": "state", "owners": "owner"}.get(facet)
            name = name or {"communities": "community", "weeks": "week"}[facet]
            look = Look().but(**{name: one["code"]})
            assert findings_list(made, look)["count"] == one["count"] == len(picked(made, look)), (facet, one)
    view = findings_list(made, Look())
    assert sum(one["count"] for one in view["kinds"]) == view["count"] == len(view["rows"])


def test_a_filter_s_own_counts_do_not_change_when_it_is_set() -> None:
    made = desk(scene())
    plain = findings_list(made, Look())["verdicts"]
    chosen = findings_list(made, Look(verdict="fail"))["verdicts"]
    assert [one["count"] for one in plain] == [one["count"] for one in chosen]
    assert [one["pressed"] for one in chosen].count(True) == 1


def test_filters_live_in_the_url_and_come_back_from_it() -> None:
    chosen = {"owner": "water", "kind": "cover", "verdict": "fail", "community": "com", "town": "t1"}
    look = Look(**chosen, week="2026-W32", state="judged", sort="due", page=3, lang="en")
    query = urlsplit(look.url(page=3)).query
    assert parse_look(dict(parse_qsl(query)), known()) == look
    assert Look().url() == "/findings"
    assert look.but(kind=None).page == 1


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"nothing": "1"}, "unknown_parameter"),
        ({"owner": "nobody"}, "bad_parameter"),
        ({"kind": EVIL}, "bad_parameter"),
        ({"week": "2026-W54"}, "bad_parameter"),
        ({"week": "2026-99"}, "bad_parameter"),
        ({"page": "0"}, "bad_parameter"),
        ({"state": "closed"}, "bad_parameter"),
    ],
)
def test_what_cannot_be_asked_is_refused(params: dict[str, str], code: str) -> None:
    with pytest.raises(BadInput) as caught:
        parse_look(params, known())
    assert caught.value.code == code


def test_a_week_is_monday_to_sunday() -> None:
    assert week_of("2026-W32") == (date(2026, 8, 3), date(2026, 8, 9))
    made = desk(scene())
    inside = picked(made, Look(week="2026-W32"))
    assert set(inside["kind"]) >= {"horizontal_clearance"}
    assert picked(made, Look(week="2026-W30")).empty


def test_owners_find_what_they_answer_for() -> None:
    made = desk(scene())
    assert set(picked(made, Look(owner="tele"))["kind"]) >= {"opportunity", "dug_twice"}
    assert "horizontal_clearance" not in set(picked(made, Look(owner="tele"))["kind"])


def test_judged_ones_move_to_their_own_state() -> None:
    made = desk(scene())
    rows = [
        said(made, "horizontal_clearance", "water", "to_change"),
        said(made, "horizontal_clearance", "drains", "accepted"),
    ]
    later = desk(scene(), rows)
    assert len(picked(later, Look())) == len(picked(made, Look())) - 1
    assert picked(later, Look(state="judged"))["kind"].tolist() == ["horizontal_clearance"]
    gone = desk(scene(5.0), record=follow(None, judge(scene()).listed, MONDAY))
    assert "horizontal_clearance" in set(picked(gone, Look(state="archived"))["kind"])


@pytest.mark.parametrize("lang", languages())
def test_the_list_reads_well_in_both_languages(lang: str) -> None:
    found = listed(desk(scene(), lang=lang))
    assert "1.00 m" in found.text and "0.63 m" in found.text
    assert not re.search(r"\{\w+\}", found.text)
    assert any(link.startswith("/findings/") for link in found.links)


def test_every_kind_and_verdict_has_words() -> None:
    for lang in languages():
        words = wording(lang)
        for kind in FindingKind:
            assert f"finding_kind.{kind}" in words and f"finding.told.{kind}" in words
        assert all(f"verdict.{verdict}" in words for verdict in Verdict)


def test_an_empty_list_says_so_and_what_to_do() -> None:
    assert wording("zh")("finding.none") in listed(desk({})).text
    filtered = listed(desk(scene()), Look(verdict="fail", kind="opportunity"))
    assert wording("zh")("finding.none_filtered") in filtered.text
    assert "/findings" in filtered.links


def test_five_thousand_findings_come_in_pages() -> None:
    where = scene()
    one = follow(None, judge(where).listed, MONDAY)
    many = pd.concat([one] * (-(-5000 // len(one))), ignore_index=True)
    many["id"] = many["id"] + "-" + many.index.astype(str)
    made = desk(where, kept=gpd.GeoDataFrame(many, geometry="geometry", crs=one.crs))
    assert len(made.rows) >= 5000
    began = time.perf_counter()
    view = findings_list(made, Look(page=2))
    html = findingpages.findings_part(made.words, view)
    assert time.perf_counter() - began < 3.0
    assert (len(view["rows"]), view["rows"][0]["number"]) == (PAGE, PAGE + 1)
    assert view["pages"] == -(-view["count"] // PAGE)
    numbers = [row["id"] for n in range(1, 4) for row in findings_list(made, Look(page=n))["rows"]]
    assert len(set(numbers)) == 3 * PAGE
    last = findings_list(made, Look(page=999_999))
    assert last["page"] == view["pages"] and 0 < len(last["rows"]) <= PAGE
    assert len(html) < 400_000


# the card


@pytest.mark.parametrize("lang", languages())
def test_the_card_says_what_is_required_measured_and_by_what(lang: str) -> None:
    made = desk(scene(), lang=lang)
    found = checked(findingpages.finding_part(made.words, card(made)))
    for text in (
        "1.00",
        "0.63",
        "GB 50289-2016",
        "4.1.9",
        "JS DN150",
        "WS DN300",
        "供水公司",
        "0953-1",
        "40.0 m",
    ):
        assert text in found.text, text
    assert not re.search(r"\{\w+\}", found.text)


def test_a_limit_that_nobody_checked_says_so_beside_the_finding() -> None:
    made = desk(scene())
    assert card(made)["provenance"]["sure"]
    beside = of(made, "horizontal_clearance", layer_b="buildings")
    wall = finding_card(
        made, Look(), beside, parties=PARTIES, comments=as_comments(), people={}, timezone=ZONE
    )
    assert not wall["provenance"]["sure"]
    html = findingpages.finding_part(made.words, wall)
    assert "unsure" in html and "GB 50289-98" in html


def test_the_clock_counts_working_days() -> None:
    made = desk(scene())
    assert card(made)["answers"][0]["due"]["text"] == "剩 2 个工作日"
    late = desk(scene(), today=date(2026, 7, 22))
    assert card(late)["answers"][0]["due"] == {
        "day": "2026-07-20",
        "text": "逾期 2 个工作日",
        "late": True,
        "known": True,
    }
    today = desk(scene(), today=date(2026, 7, 20))
    assert card(today)["answers"][0]["due"]["text"] == wording("zh")("finding.clock.today")


def test_each_side_s_answer_is_told_with_who_and_when() -> None:
    made = desk(scene())
    exception = {"approver": "王局", "measure": "加套管", "note": "第一行\n第二行"}
    rows = [said(made, "horizontal_clearance", "water", "exception", **exception)]
    told = card(desk(scene(), rows))["answers"]
    one = next(answer for answer in told if answer["owner"] == "供水公司")
    assert (one["approver"], one["measure"], one["by"], one["at"]) == (
        "王局",
        "加套管",
        "李工",
        "2026-07-15 10:20",
    )
    other = next(answer for answer in told if answer["owner"] == "排水管理所")
    assert not other["answered"] and other["due"]
    stale = card(desk(scene(0.8), rows))["answers"]
    assert next(answer for answer in stale if answer["owner"] == "供水公司")["stale"]


FORM = {"judge_url": "/api/f/j", "comment_url": "/api/f/c", "csrf": "tok", "seen": "7"}


def test_the_form_is_for_the_sides_that_the_reader_speaks_for() -> None:
    made = desk(scene())
    assert card(made)["form"] is None
    assert card(made, form=FORM, speaks_for=("tele",))["form"] is None
    form = card(made, form=FORM, speaks_for=("water",))["form"]
    assert [one["code"] for one in form["owners"]] == ["water"]
    assert [one["code"] for one in form["decisions"]] == ["to_change", "accepted", "exception"]
    shared = card(made, "opportunity", form=FORM, speaks_for=("water", "tele"))["form"]
    assert "agreed_to_share" in [one["code"] for one in shared["decisions"]]
    html = findingpages.finding_part(made.words, card(made, form=FORM, speaks_for=("water",)))
    assert 'name="seen" value="7"' in html and 'action="/api/f/j"' in html


def test_an_opportunity_says_what_it_saves_and_a_depth_that_is_missing_what_to_do() -> None:
    made = desk(scene())
    assert "40.0 m" in card(made, "opportunity")["saved"]
    blind = desk(frames([
        line("new", "W1", path((0, 0), (40, 0)), owner="water"),
        line("old", "E1", path((20, -9), (20, 9)), state="in_service", depth_start_m=None, owner="tele"),
    ]))  # fmt: skip
    told = card(blind, "vertical_clearance")
    assert told["cure"] == wording("zh")("finding.cure.unknown")
    assert "无法判定" in told["told"]
    assert told["sketch"] is not None


def test_another_s_thing_is_named_by_owner_and_group_only() -> None:
    made = desk(scene(), audience=Audience(AudienceKind.UTILITY, owner="water"))
    shown = card(made)
    html = findingpages.finding_part(made.words, shown)
    assert "DN300" not in html and "0.6 m" in html and "0.63" not in html
    other = next(thing for thing in shown["things"] if thing["hidden"])
    assert (other["name"], other["owner"], other["url"]) == ("排水", "排水管理所", "")


def test_names_and_comments_are_data() -> None:
    where = scene(name=EVIL, size_text=EVIL)
    names = KnownNames(dict.fromkeys(OWNERS, EVIL), {"com": EVIL}, {})
    named = of(desk(where), "horizontal_clearance")["id"]
    row = {"id": "1", "finding": named, "text": EVIL, "by": "acc", "at": "2026-07-15T02:20:00Z"}
    given = {"comments": as_comments(pd.DataFrame([row])), "people": {"acc": EVIL}, "form": FORM}
    made = desk(where, names=names)
    for html in (
        findingpages.findings_part(made.words, findings_list(made, Look(community="com"))),
        findingpages.finding_part(made.words, card(made, **given, speaks_for=("water",))),
    ):  # fmt: skip
        checked(html)
        assert "<script" not in html and "&lt;script&gt;" in html


def test_every_kind_of_the_sample_scene_has_a_card() -> None:
    made = desk(scene())
    for row in records(made.rows):
        view = finding_card(
            made, Look(), row, parties=PARTIES, comments=as_comments(), people={}, timezone=ZONE
        )
        checked(findingpages.finding_part(made.words, view))
