"""Edits of single rows over HTTP: seen, changed, added, removed, refused beside the field."""

import json
from datetime import timedelta
from typing import Any

import pandas as pd

from geo.store.record import Change, record
from geo.store.verifying import verify
from geo.vocabulary import Role
from tests.conftest import gpkg_only
from tests.edit_scenes import AT, HERE, THERE, Site, columns, patch, tag

C1 = "/api/rows/communities/c1"


def test_a_row_is_read_with_its_tag_and_changed_by_it(site: Site) -> None:
    client = site.planner
    seen = client.get(C1)
    assert seen.headers["etag"] == '"1"' and seen.json()["row_revision"] == 1
    assert seen.json()["fields"]["name"] == "甲" and "id" not in seen.json()["fields"]
    assert seen.json()["changed"]["by"] == "importer" and seen.json()["may"] == ["update", "remove"]
    done = patch(client, C1, fields={"stage": "renovation", "stage_due": "2026-09-01", "note": "  改 "})
    assert done.status_code == 200 and done.headers["etag"] == '"2"'
    assert done.json()["fields"]["stage_due"] == "2026-09-01" and done.json()["fields"]["note"] == "改"
    assert client.get(C1).json() == done.json()
    row = site.services.store.read("communities", ["c1"]).iloc[0]
    assert (row["stage"], row["row_revision"], row["town"]) == ("renovation", 2, HERE)
    event = site.services.store.events().iloc[-1]
    account = site.services.accounts.names([event["actor"]])
    assert list(account.values()) == [done.json()["changed"]["by"]] and event["origin"] == "web"
    assert verify(site.services.store) == []


@gpkg_only
def test_a_field_is_cleared_and_blank_is_nothing(site: Site) -> None:
    client = site.planner
    patch(client, C1, fields={"note": "x", "households": 12})
    done = patch(client, C1, fields={"note": "   ", "households": None})
    assert (done.json()["fields"]["note"], done.json()["fields"]["households"]) == (None, None)


def test_a_change_of_nothing_makes_no_revision(site: Site) -> None:
    client, before = site.planner, site.state()
    done = patch(client, C1, fields={"name": "甲"})
    assert done.status_code == 200 and done.headers["etag"] == '"1"'
    assert patch(client, C1).status_code == 200
    assert site.state() == before


def test_a_row_is_added_under_an_id_of_the_servers(site: Site) -> None:
    client = site.planner
    body = {"fields": {"community": "c1", "code": "roof", "building": "b2", "progress_percent": 40}}
    done = client.post("/api/rows/works", json=body)
    assert done.status_code == 201 and done.headers["etag"] == '"2"'
    assert done.headers["location"] == f"/api/rows/works/{done.json()['id']}"
    assert client.get(done.headers["location"]).json() == done.json()
    assert done.json()["geometry"] is None and done.json()["fields"]["progress_percent"] == 40
    again = client.post("/api/rows/works", json=body)
    assert again.json()["id"] != done.json()["id"]


def test_a_row_is_removed(site: Site) -> None:
    client = site.planner
    done = client.delete("/api/rows/works/w1", headers={"if-match": '"1"'})
    assert (done.status_code, done.json()) == (200, {"revision": 2})
    assert client.get("/api/rows/works/w1").status_code == 404
    gone = client.delete("/api/rows/works/w1", headers={"if-match": '"1"'})
    assert (gone.status_code, gone.json()["code"]) == (404, "no_such_row")
    assert patch(client, "/api/rows/works/w1", seen='"1"', fields={"note": "x"}).status_code == 404


def test_what_others_name_is_not_removed_and_they_are_counted(site: Site) -> None:
    client, before = site.planner, site.state()
    refused = client.delete(C1, headers={"if-match": '"1"'})
    assert (refused.status_code, refused.json()["code"]) == (409, "still_referenced")
    assert refused.json()["facts"]["count"] == 7 and "7" in refused.json()["title"]
    assert "buildings 2" in refused.json()["facts"]["named_by"]
    assert site.state() == before and client.get(C1).status_code == 200


def test_a_stale_edit_shows_what_was_mine_theirs_and_before(site: Site) -> None:
    mine, other = site.planner, site.as_role(Role.ADMINISTRATOR, name="张三")
    seen = tag(mine, C1)
    patch(other, C1, fields={"stage": "acceptance", "note": "n"})
    before = site.state()
    stale = patch(mine, C1, seen=seen, fields={"stage": "renovation"})
    assert (stale.status_code, stale.json()["code"]) == (412, "stale_revision")
    told = stale.json()
    assert told["facts"] == {"layer": "communities", "row": "c1", "seen": 1, "current": 2}
    stages = {side: told[side]["fields"]["stage"] for side in ("base", "yours", "theirs")}
    assert stages == {"base": "survey", "yours": "renovation", "theirs": "acceptance"}
    assert [told[side]["row_revision"] for side in ("base", "yours", "theirs")] == [1, 1, 2]
    assert told["yours"]["fields"]["note"] is None and told["changed"]["by"] == "张三"
    assert told["theirs"]["geometry"] == mine.get(C1).json()["geometry"]
    assert site.state() == before
    assert client_delete_is_stale(site, seen)
    settled = patch(mine, C1, seen='"2"', fields={"stage": "renovation"})
    assert settled.status_code == 200


def client_delete_is_stale(site: Site, seen: str) -> bool:
    answer = site.planner.delete(C1, headers={"if-match": seen})
    return answer.status_code == 412 and answer.json()["yours"]["fields"]["stage"] == "survey"


@gpkg_only
def test_a_tag_that_never_was_has_no_base(site: Site) -> None:
    stale = patch(site.planner, C1, seen='"99"', fields={"note": "x"}, geometry={"type": "Nonsense"})
    assert stale.status_code == 412 and stale.json()["base"] is None
    assert stale.json()["yours"]["fields"]["note"] == "x"
    assert stale.json()["yours"]["geometry"] == stale.json()["theirs"]["geometry"]


TAGS = [
    (None, 428, "if_match_needed"),
    ("*", 400, "if_match_any"),
    ('W/"1"', 400, "if_match_wrong"),
    ("1", 400, "if_match_wrong"),
    ('"1", "2"', 400, "if_match_wrong"),
    ('"x"', 400, "if_match_wrong"),
    ('"0"', 400, "if_match_wrong"),
    ('"9999999999"', 400, "if_match_wrong"),
]


@gpkg_only
def test_an_edit_names_the_version_that_it_saw(site: Site) -> None:
    client, before = site.planner, site.state()
    for told, status, code in TAGS:
        headers = {} if told is None else {"if-match": told}
        for answer in (
            client.patch(C1, json={"fields": {"note": "x"}}, headers=headers),
            client.delete(C1, headers=headers),
        ):
            assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert site.state() == before


@gpkg_only
def test_two_tags_in_two_headers_are_refused(site: Site) -> None:
    answer = site.planner.patch(C1, json={}, headers=[("if-match", '"1"'), ("if-match", '"1"')])
    assert answer.json()["code"] == "if_match_wrong"


LATE = {"actual_start": "2026-06-02", "actual_end": "2026-06-01"}
CLOSED = {"window_start": "2026-06-02", "window_end": "2026-06-01"}
WRONG: list[tuple[str, dict[str, Any], dict[str, str]]] = [
    ("communities/c1", {"name": None}, {"name": "missing"}),
    ("communities/c1", {"name": 7}, {"name": "wrong_type"}),
    ("communities/c1", {"name": "a\0b"}, {"name": "wrong_type"}),
    ("communities/c1", {"stage": "done"}, {"stage": "not_a_choice"}),
    ("communities/c1", {"town": "没有"}, {"town": "unknown_reference"}),
    ("communities/c1", {"households": -1, "note": 3}, {"households": "too_low", "note": "wrong_type"}),
    ("communities/c1", {"year_built": 3000}, {"year_built": "too_high"}),
    ("communities/c1", {"households": 1.5}, {"households": "wrong_type"}),
    ("communities/c1", {"households": 10**30}, {"households": "wrong_type"}),
    ("communities/c1", {"households": True}, {"households": "wrong_type"}),
    ("communities/c1", {"sample": "true"}, {"sample": "wrong_type"}),
    ("communities/c1", {"stage_due": "2026-02-30"}, {"stage_due": "wrong_type"}),
    ("communities/c1", {"stage_due": "20260230"}, {"stage_due": "wrong_type"}),
    ("communities/c1", {"stage_due": 5}, {"stage_due": "wrong_type"}),
    ("communities/c1", {"colour": "red"}, {"colour": "unknown_field"}),
    ("communities/c1", {"id": "c9"}, {"id": "read_only"}),
    ("communities/c1", {"source": "me"}, {"source": "read_only"}),
    ("communities/c1", {"row_revision": 5}, {"row_revision": "unknown_field"}),
    ("works/w1", {"building": "nope"}, {"building": "unknown_reference"}),
    ("works/w1", {"building": "b3"}, {"building": "of_another_community"}),
    ("works/w1", {"building": {"ref": "x"}}, {"building": "unknown_reference"}),
    ("works/w1", {"building": {"ref": 1, "x": 2}}, {"building": "wrong_type"}),
    ("works/w1", {"planned_end": "2026-04-30"}, {"planned_end": "ends_before_start"}),
    ("works/w1", LATE, {"actual_end": "ends_before_start"}),
    ("works/w1", {"quantity": "many", "code": None}, {"quantity": "wrong_type", "code": "missing"}),
    ("works/w1", {"quantity": False}, {"quantity": "wrong_type"}),
    ("works/w1", {"quantity": 10**400}, {"quantity": "wrong_type"}),
    ("digs/d1", CLOSED, {"window_end": "ends_before_start"}),
    ("lines/l1", {"replaces": "l1"}, {"replaces": "names_itself"}),
    ("lines/l1", {"hole_count": 4, "holes_used": 5}, {"holes_used": "too_high"}),
]  # fmt: skip


@gpkg_only
def test_every_fault_stands_beside_its_field(site: Site) -> None:
    client, before = site.planner, site.state()
    for row, fields, faults in WRONG:
        refused = patch(client, f"/api/rows/{row}", seen='"1"', fields=fields)
        assert columns(refused) == faults, (row, fields)
        for lang in ("zh", "en"):
            told = client.patch(
                f"/api/rows/{row}?lang={lang}", json={"fields": fields}, headers={"if-match": '"1"'}
            ).json()
            for fault in told["facts"]["faults"]:
                assert fault["row"] == row.split("/")[1] and fault["layer"] == row.split("/")[0]
                assert fault["title"] and fault["row"] not in fault["title"].split()
    assert site.state() == before


@gpkg_only
def test_faults_speak_the_readers_language(site: Site) -> None:
    titles = [
        site.planner.patch(
            f"{C1}?lang={lang}", json={"fields": {"households": -1}}, headers={"if-match": '"1"'}
        ).json()["facts"]["faults"][0]["title"]
        for lang in ("zh", "en")
    ]
    assert titles == ["“-1”太小，最小为 0", "“-1” is too low, the least is 0"]


@gpkg_only
def test_a_new_row_says_all_that_it_lacks(site: Site) -> None:
    client, before = site.planner, site.state()
    assert columns(client.post("/api/rows/works", json={})) == {"community": "missing", "code": "missing"}
    lacks = {"utility": "missing", "state": "missing", "geometry": "no_geometry"}
    assert columns(client.post("/api/rows/lines", json={"fields": {}})) == lacks
    assert site.state() == before


@gpkg_only
def test_faults_of_an_import_do_not_stop_edits_of_other_fields(site: Site) -> None:
    """``w2`` came in with an end before its start."""
    client = site.planner
    assert patch(client, "/api/rows/works/w2", fields={"note": "x"}).status_code == 200
    assert columns(patch(client, "/api/rows/works/w2", fields={"planned_end": "2026-04-02"})) == {
        "planned_end": "ends_before_start"
    }
    assert patch(client, "/api/rows/works/w2", fields={"planned_end": "2026-05-02"}).status_code == 200


def test_a_community_takes_its_buildings_to_another_town(site: Site) -> None:
    client = site.planner
    done = patch(client, C1, fields={"town": THERE})
    assert done.status_code == 200
    towns = site.services.store.read("buildings").set_index("id")["town"]
    assert towns.to_dict() == {"b1": THERE, "b2": THERE, "b3": THERE}
    events = site.services.store.events(since=1)
    assert list(events["row_id"]) == ["c1", "b1", "b2"] and set(events["revision"]) == {2}
    assert patch(client, "/api/rows/communities/c2", fields={"town": THERE}).status_code == 200
    assert verify(site.services.store) == []


@gpkg_only
def test_a_building_has_its_communitys_town(site: Site) -> None:
    client = site.planner
    outline = client.get("/api/rows/buildings/b1").json()["geometry"]
    new = client.post("/api/rows/buildings", json={"fields": {"community": "c3"}, "geometry": outline})
    assert new.json()["fields"]["town"] == THERE
    moved = patch(client, "/api/rows/buildings/b1", fields={"community": "c3"})
    assert moved.json()["fields"]["town"] == THERE
    refused = client.post("/api/rows/buildings", json={"fields": {"community": "no"}, "geometry": outline})
    assert columns(refused) == {"community": "unknown_reference"}


BODIES = [
    (b"", 400, "body_not_json"),
    (b"{", 400, "body_not_json"),
    (b"[]", 400, "body_no_object"),
    (b'"x"', 400, "body_no_object"),
    (b'{"fields": {"note": NaN}}', 400, "body_not_json"),
    (b'{"fields": {"note": 1e999}}', 400, "body_not_json"),
    (b'{"fields": {}, "fields": {"note": "x"}}', 400, "body_not_json"),
    (b'{"fields": {"note": "a", "note": "b"}}', 400, "body_not_json"),
    (b'{"fields": {"note": "\\ud800"}}', 400, "body_not_json"),
    (b"\xff\xfe", 400, "body_not_json"),
    (b'{"fields": ' + b"[" * 40 + b"]" * 40 + b"}", 400, "body_not_json"),
    (b'{"fields": ' + b"[" * 100_000, 400, "body_not_json"),
    (b'{"fields": 1}', 422, "wrong_member"),
    (b'{"note": "x"}', 422, "unknown_member"),
]


@gpkg_only
def test_json_that_could_mean_two_things_is_refused(site: Site) -> None:
    client, before = site.planner, site.state()
    for content, status, code in BODIES:
        headers = {"content-type": "application/json", "if-match": '"1"'}
        answer = client.patch(C1, content=content, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (status, code), content[:60]
    assert site.state() == before
    fine = {"fields": {"note": '[[[[[[[[[[[[[[[[[[[[{{{{{{ \\" ]'}}
    assert client.patch(C1, json=fine, headers={"if-match": '"1"'}).status_code == 200


@gpkg_only
def test_a_body_has_a_kind_and_an_end(site: Site) -> None:
    client, before = site.planner, site.state()
    plain = client.patch(C1, content=b"{}", headers={"content-type": "text/plain", "if-match": '"1"'})
    assert (plain.status_code, plain.json()["code"]) == (415, "body_not_json_type")
    assert client.patch(C1, headers={"if-match": '"1"'}).status_code == 415
    large = {"fields": {"note": "x" * 3_000_000}}
    refused = client.patch(C1, json=large, headers={"if-match": '"1"'})
    assert (refused.status_code, refused.json()["code"]) == (413, "body_too_large")
    parts = (json.dumps(large).encode()[start : start + 100_000] for start in range(0, 3_100_000, 100_000))
    headers = {"content-type": "application/json", "if-match": '"1"'}
    assert client.patch(C1, content=parts, headers=headers).status_code == 413
    assert site.state() == before


@gpkg_only
def test_what_is_not_there_is_not_found(site: Site) -> None:
    client = site.planner
    assert client.get("/api/rows/gold/c1").json()["code"] == "no_such_layer"
    assert client.post("/api/rows/gold", json={}).json()["code"] == "no_such_layer"
    assert client.get("/api/rows/works/no such").json()["code"] == "no_such_row"
    assert patch(client, "/api/rows/works/nope", seen='"1"', fields={}).json()["code"] == "no_such_row"
    refused = client.post("/api/rows/files", json={"fields": {"name": "x"}})
    assert (refused.status_code, refused.json()["code"]) == (422, "files_are_uploaded")


@gpkg_only
def test_an_id_may_be_anything_that_an_import_brought(site: Site) -> None:
    name = "区/一 #1?"
    owner = pd.DataFrame({"id": [name], "name": ["x"]})
    record(site.services.store, [Change("owners", add=owner)], actor="i", at=AT + timedelta(1), origin="t")
    client = site.planner
    path = "/api/rows/owners/%E5%8C%BA/%E4%B8%80%20%231%3F"
    done = patch(client, path, fields={"contact": "<b>"})
    assert done.status_code == 200 and done.json()["id"] == name
    again = client.get(path).json()
    assert again["fields"]["contact"] == "<b>" and again["row_revision"] == 3
