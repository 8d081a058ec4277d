"""Who may edit what over HTTP; another's row and an absent one answer alike."""

from typing import Any

from fastapi.testclient import TestClient

from geo.vocabulary import Role
from tests.conftest import gpkg_only
from tests.edit_scenes import HERE, THERE, Site, columns, patch

NOTE = {"fields": {"note": "x"}}


def every_way(client: TestClient, layer: str, row: str) -> list[tuple[int, str, str]]:
    """What each way to touch a row answers, with the row's name left out."""
    path, seen = f"/api/rows/{layer}/{row}", {"if-match": '"1"'}
    update = {"action": "update", "layer": layer, "id": row, "seen": 1, "fields": {}}
    remove = {"action": "remove", "layer": layer, "id": row, "seen": 1}
    answers = [
        client.get(path),
        client.patch(path, json=NOTE, headers=seen),
        client.patch(path, json=NOTE, headers={"if-match": '"7"'}),
        client.patch(path, json={"fields": {"nonsense": 1}}, headers=seen),
        client.delete(path, headers=seen),
        client.post("/api/changes", json={"changes": [update]}),
        client.post("/api/changes", json={"changes": [remove]}),
        client.post("/api/revisions/1/revert", json={"layer": layer, "row": row}),
    ]
    return [(one.status_code, one.json()["code"], str(one.json()).replace(row, "?")) for one in answers]


def test_anothers_row_and_an_absent_one_answer_alike(site: Site) -> None:
    before = site.state()
    utility = site.as_role(Role.UTILITY, owner="o1")
    town = site.as_role(Role.TOWN, town=THERE)
    for client, layer, row in (
        (utility, "lines", "l2"),
        (utility, "digs", "d2"),
        (town, "communities", "c1"),
        (town, "buildings", "b1"),
        (town, "works", "w1"),
        (town, "lines", "l1"),
    ):
        theirs = every_way(client, layer, row)
        assert theirs == every_way(client, layer, "nothing")
        assert {status for status, _, _ in theirs} == {404}
    assert site.state() == before


@gpkg_only
def test_a_reference_to_anothers_row_is_one_to_nothing(site: Site) -> None:
    client = site.as_role(Role.UTILITY, owner="o1")
    answers = [patch(client, "/api/rows/lines/l1", fields={"connects_to": row}) for row in ("l2", "nothing")]
    assert columns(answers[0]) == columns(answers[1]) == {"connects_to": "unknown_reference"}
    assert answers[0].text.replace("l2", "nothing") == answers[1].text


def test_a_utility_edits_its_own(site: Site) -> None:
    client = site.as_role(Role.UTILITY, owner="o1")
    assert client.get("/api/rows/lines/l1").json()["may"] == ["update", "remove"]
    assert patch(client, "/api/rows/lines/l1", **NOTE).status_code == 200
    shape = client.get("/api/rows/digs/d1").json()["geometry"]
    new = {"owner": "o1", "utility": "JS", "state": "planned", "dig": "d1"}
    assert client.post("/api/rows/lines", json={"fields": new, "geometry": shape}).status_code == 201
    before = site.state()
    for fields in ({**new, "owner": "o2"}, {**new, "owner": None}):
        refused = client.post("/api/rows/lines", json={"fields": fields, "geometry": shape})
        assert refused.status_code == 403
    assert patch(client, "/api/rows/lines/l1", fields={"owner": "o2"}).status_code == 403
    assert client.get("/api/rows/communities/c1").json()["may"] == []
    assert patch(client, "/api/rows/communities/c1", **NOTE).status_code == 403
    assert site.state() == before


def test_the_bureau_approves_and_the_owner_does_not(site: Site) -> None:
    client, planner, path = site.as_role(Role.UTILITY, owner="o1"), site.planner, "/api/rows/digs/d1"
    assert patch(client, path, fields={"state": "approved"}).status_code == 403
    assert patch(client, path, fields={"state": "submitted"}).status_code == 200
    assert patch(planner, path, fields={"state": "approved"}).status_code == 200
    shape = client.get(path).json()["geometry"]
    unmoved = patch(client, path, geometry=shape)
    assert unmoved.status_code == 200
    shape["coordinates"][1][0] += 0.0001
    before = site.state()
    assert patch(client, path, geometry=shape).status_code == 403
    assert site.state() == before
    assert patch(planner, path, geometry=shape).status_code == 200


def test_a_town_keeps_to_its_communities(site: Site) -> None:
    client = site.as_role(Role.TOWN, town=HERE)
    assert patch(client, "/api/rows/communities/c1", fields={"stage": "renovation"}).status_code == 200
    assert patch(client, "/api/rows/works/w1", fields={"progress_percent": 10}).status_code == 200
    before = site.state()
    assert patch(client, "/api/rows/communities/c1", fields={"town": THERE}).status_code == 403
    moved = patch(client, "/api/rows/buildings/b1", fields={"community": "c3"})
    assert moved.status_code in (403, 422)
    assert (
        client.post("/api/rows/communities", json={"fields": {"name": "x", "town": HERE}}).status_code == 403
    )
    assert site.state() == before


def test_a_stale_edit_shows_only_what_may_be_seen(site: Site) -> None:
    """The other owner's line that ``l1`` is connected to is nobody's business here."""
    patch(site.planner, "/api/rows/lines/l1", fields={"connects_to": "l2", "note": "n"})
    client = site.as_role(Role.UTILITY, owner="o1")
    seen = client.get("/api/rows/lines/l1")
    assert seen.json()["fields"]["connects_to"] is None
    stale = patch(client, "/api/rows/lines/l1", seen='"1"', fields={"note": "mine"})
    assert stale.status_code == 412 and "l2" not in stale.text
    assert stale.json()["theirs"]["fields"]["note"] == "n"
    kept = patch(client, "/api/rows/lines/l1", fields={"note": "mine"})
    assert kept.status_code == 200 and kept.json()["fields"]["connects_to"] is None
    assert site.planner.get("/api/rows/lines/l1").json()["fields"]["connects_to"] == "l2"


@gpkg_only
def test_who_edits_nothing(site: Site) -> None:
    before = site.state()
    clients: list[tuple[Any, int]] = [(site.as_role(None), 401), (site.as_role(Role.VIEWER), 403)]
    for client, status in clients:
        answers = [
            client.patch("/api/rows/works/w1", json=NOTE, headers={"if-match": '"1"'}),
            client.delete("/api/rows/works/w1", headers={"if-match": '"1"'}),
            client.post("/api/rows/works", json={"fields": {}}),
            client.post("/api/changes", json={"changes": []}),
            client.post("/api/revisions/1/revert", json={}),
            client.post("/api/files?name=a&community=c1", content=b"%PDF-"),
        ]
        assert [answer.status_code for answer in answers] == [status] * len(answers)
    assert site.as_role(None).get("/api/rows/communities/c1").status_code == 401
    assert site.as_role(None).get("/api/history").status_code == 401
    assert site.state() == before


@gpkg_only
def test_a_session_says_that_it_meant_it(site: Site) -> None:
    client, before = site.planner, site.state()
    token = client.headers.pop("x-csrf-token")
    refused = client.patch("/api/rows/works/w1", json=NOTE, headers={"if-match": '"1"'})
    assert (refused.status_code, refused.json()["code"]) == (403, "csrf")
    client.headers["x-csrf-token"] = token
    foreign = {"if-match": '"1"', "origin": "https://elsewhere.example"}
    assert client.patch("/api/rows/works/w1", json=NOTE, headers=foreign).status_code == 403
    assert site.state() == before


@gpkg_only
def test_an_inspector_records_inspections(site: Site) -> None:
    client = site.as_role(Role.INSPECTOR)
    body = {
        "community": "c1",
        "building": "b1",
        "work": "w1",
        "inspected_on": "2026-07-01",
        "result": "to_fix",
    }
    done = client.post("/api/rows/inspections", json={"fields": body})
    assert done.status_code == 201
    path = done.headers["location"]
    assert patch(client, path, fields={"result": "passed"}).status_code == 200
    assert columns(client.post("/api/rows/inspections", json={"fields": {**body, "work": "w2"}})) == {
        "work": "of_another_community"
    }
    assert patch(client, "/api/rows/works/w1", **NOTE).status_code == 403
