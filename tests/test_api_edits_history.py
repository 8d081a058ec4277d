"""The history over HTTP, and reverting from it."""

from datetime import timedelta
from typing import Any

import pandas as pd
import pytest

from api.happenings import AT_ONCE
from geo.store.record import Change, record
from geo.store.verifying import verify
from geo.vocabulary import Role
from tests.conftest import gpkg_only
from tests.edit_scenes import AT, THERE, Site, patch, scene, tag

C1 = "/api/rows/communities/c1"


def events(site: Site, query: str = "", client: Any = None) -> list[dict[str, Any]]:
    """The whole history, page by page."""
    client, found, more = client or site.planner, [], ""
    while True:
        answer = client.get(f"/api/history?{query}{more}")
        assert answer.status_code == 200, answer.text
        found += answer.json()["events"]
        if answer.json()["next"] is None:
            return found
        more = f"&before={answer.json()['next']}"


def test_the_history_tells_who_changed_what_newest_first(site: Site) -> None:
    client = site.as_role(Role.PLANNER, name="李四")
    patch(client, C1, fields={"stage": "renovation"})
    told = client.get("/api/history?community=c1").json()
    newest = told["events"][0]
    assert newest.pop("at").endswith("Z")
    assert newest == {
        "revision": 2,
        "by": "李四",
        "origin": "web",
        "layer": "communities",
        "row": "c1",
        "action": "update",
        "changes": [{"column": "stage", "before": "survey", "after": "renovation"}],
    }
    rows = {(event["layer"], event["row"]) for event in told["events"]}
    assert {("communities", "c1"), ("buildings", "b1"), ("works", "w1"), ("lines", "l2")} <= rows
    assert not rows & {("communities", "c2"), ("buildings", "b3"), ("works", "w2")}
    added = next(event for event in told["events"] if event["row"] == "l1")
    shapes = {change["column"]: change["after"] for change in added["changes"]}
    assert shapes["geometry"]["type"] == "LineString" and shapes["owner"] == "o1" and "note" not in shapes


def test_what_left_a_community_stays_in_its_history(site: Site) -> None:
    client = site.planner
    patch(client, "/api/rows/buildings/b2", fields={"community": "c3"})
    client.delete("/api/rows/works/w1", headers={"if-match": '"1"'})
    told = [(event["row"], event["action"]) for event in events(site, "community=c1")]
    assert told[:2] == [("w1", "remove"), ("b2", "update")]


@pytest.mark.parametrize("limit", [1, 3, 500])
def test_pages_leave_nothing_out_and_tell_nothing_twice(site: Site, limit: int) -> None:
    for note in ("a", "b", "c"):
        patch(site.planner, C1, fields={"note": note})
    whole = events(site, f"limit={limit}")
    stored = site.services.store.events(newest_first=True)
    assert [(event["revision"], event["row"]) for event in whole] == list(
        zip(stored["revision"], stored["row_id"], strict=True)
    )
    assert len(events(site, f"limit={limit}&layer=works")) == 2
    assert [event["row"] for event in events(site, f"limit={limit}&layer=communities&row=c1")] == ["c1"] * 4


@gpkg_only
def test_a_long_import_is_read_page_by_page(site: Site) -> None:
    many = AT_ONCE * 2 + 5
    owners = pd.DataFrame({"id": [f"x{n}" for n in range(many)], "name": "x"})
    record(site.services.store, [Change("owners", add=owners)], actor="i", at=AT + timedelta(1), origin="t")
    patch(site.planner, C1, fields={"note": "last"})
    told = events(site, "limit=500")
    stored = site.services.store.events(newest_first=True)
    assert [event["row"] for event in told] == list(stored["row_id"])
    rows = [event["row"] for event in events(site, "community=c1")]
    assert rows[0] == "c1" and set(rows) >= {"b1", "l1", "w1"}


@gpkg_only
def test_a_place_in_the_history_is_one_that_it_told(site: Site) -> None:
    client = site.planner
    for query in ("before=x", "before=1", "before=1.x", "before=-1.0", "limit=0", "limit=501"):
        assert client.get(f"/api/history?{query}").status_code == 422
    assert client.get("/api/history?layer=gold").status_code == 404


def revert(site: Site, revision: int, **body: str) -> Any:
    return site.planner.post(f"/api/revisions/{revision}/revert", json=body)


def test_a_change_is_reverted_as_a_new_one(site: Site) -> None:
    client = site.planner
    before = client.get(C1).json()
    patch(client, C1, fields={"stage": "renovation", "note": "x"}, geometry=None)
    done = revert(site, 2)
    assert done.json() == {
        "revision": 3,
        "rows": [{"layer": "communities", "id": "c1", "row_revision": 3, "as": None}],
    }
    after = client.get(C1).json()
    assert (after["fields"], after["geometry"]) == (before["fields"], before["geometry"])
    assert client.get("/api/history?limit=1").json()["events"][0]["origin"] == "revert"
    assert verify(site.services.store) == []


def test_a_removed_row_comes_back_under_its_own_id(site: Site) -> None:
    client = site.planner
    before = client.get("/api/rows/lines/l1").json()
    client.delete("/api/rows/lines/l1", headers={"if-match": '"1"'})
    assert revert(site, 2, layer="lines", row="l1").status_code == 200
    after = client.get("/api/rows/lines/l1").json()
    assert after["row_revision"] == 3
    assert (after["fields"], after["geometry"]) == (before["fields"], before["geometry"])
    assert revert(site, 3).json()["rows"] == [
        {"layer": "lines", "id": "l1", "row_revision": None, "as": None}
    ]


@gpkg_only
def test_one_row_of_a_batch_is_reverted(site: Site) -> None:
    patch(site.planner, C1, fields={"town": THERE})
    done = revert(site, 2, layer="buildings", row="b1")
    assert [row["id"] for row in done.json()["rows"]] == ["b1"]


def test_a_revert_of_what_was_changed_again_is_stale(site: Site) -> None:
    client = site.planner
    patch(client, C1, fields={"stage": "renovation"})
    patch(client, C1, fields={"stage": "acceptance"})
    before = site.state()
    stale = revert(site, 2)
    assert stale.status_code == 412 and stale.json()["facts"]["column"] == "stage"
    assert site.state() == before
    patch(client, C1, fields={"note": "another field"})
    assert revert(site, 3).status_code == 200


@gpkg_only
def test_a_revision_that_is_not_there(site: Site) -> None:
    for revision in (0, 99, -1):
        assert revert(site, revision).json()["code"] == "no_such_revision"
    assert revert(site, 1, layer="lines", row="nope").json()["code"] == "no_such_revision"
    assert revert(site, 1, layer="gold", row="x").json()["code"] == "no_such_layer"
    assert revert(site, 1, layer="lines").json()["code"] == "wrong_member"
    assert site.planner.post("/api/revisions/99/revert").json()["code"] == "no_such_revision"


def test_a_utility_reverts_its_own_and_learns_nothing_of_others(site: Site) -> None:
    client, utility = site.planner, site.as_role(Role.UTILITY, owner="o1")
    patch(client, "/api/rows/lines/l2", fields={"note": "x"})
    patch(client, "/api/rows/lines/l1", fields={"note": "x"})
    theirs = utility.post("/api/revisions/2/revert", json={})
    absent = utility.post("/api/revisions/99/revert", json={})
    assert theirs.status_code == absent.status_code == 404
    assert theirs.json()["title"].replace("2", "99") == absent.json()["title"]
    assert utility.post("/api/revisions/3/revert", json={}).status_code == 200
    rows = {event["row"] for event in events(site, "layer=lines", utility)}
    assert rows == {"l1"}
    assert len(events(site, "layer=lines")) == 5
    patch(client, C1, fields={"note": "x"})
    refused = utility.post("/api/revisions/5/revert", json={})
    assert refused.status_code in (403, 404)
    client.delete("/api/rows/digs/d1", headers={"if-match": '"1"'})
    assert utility.post("/api/revisions/6/revert", json={}).status_code == 200
    assert tag(utility, "/api/rows/digs/d1") == '"7"'
    assert len(scene()["digs"]) == 2
