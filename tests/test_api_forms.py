"""Forms over HTTP: to whom they are given, with what in them, and what they may say."""

import json
import re

import pytest
from fastapi.testclient import TestClient

from geo.vocabulary import Role
from tests.service_fixtures import ClientAs

JINXING, SHENGLI = "640302106", "640302107"


def plan_of(client: TestClient, path: str) -> dict:
    answer = client.get(path)
    assert answer.status_code == 200, answer.text
    found = re.search(r"<script[^>]*data-plan>(.*?)</script>", answer.text, re.S)
    assert found
    told: dict = json.loads(found[1])
    return told


def ask(plan: dict, name: str) -> dict:
    return next(one for one in plan["questions"] if one["name"] == name)


def first_of(client: TestClient, layer: str, **wanted: str) -> dict:
    rows = client.get(f"/api/{layer}").json()["rows"]
    return next(row for row in rows if all(row[name] == value for name, value in wanted.items()))


def test_a_form_has_the_row_as_it_is(client: TestClient) -> None:
    row = client.get("/api/rows/communities/com-01").json()
    plan = plan_of(client, "/edit/communities/com-01?part=facts")
    assert plan["row_revision"] == row["row_revision"]
    assert plan["geometry_now"] == row["geometry"]
    assert ask(plan, "name")["shown"] == row["fields"]["name"]
    assert plan["about"] == row["fields"]["name"]
    assert "edit.js.saved" in plan["words"]


def test_a_new_dig_begins_as_a_draft_of_its_community(client: TestClient) -> None:
    plan = plan_of(client, "/edit/digs/new?community=com-01")
    assert (ask(plan, "state")["shown"], ask(plan, "community")["shown"]) == ("draft", "com-01")
    assert plan["drawn"] == "path" and plan["id"] == ""


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/edit/communities/none?part=facts", 404),
        ("/edit/communities/com-01?part=nothing", 404),
        ("/edit/nothing/new", 404),
        ("/edit/boundaries/new", 404),
        ("/edit/digs/new?dig=x", 422),
        ("/edit/digs/new?wrong=x", 422),
        ("/edit/digs/new?community=none", 422),
    ],
)
def test_what_is_not_there_is_said(client: TestClient, path: str, status: int) -> None:
    answer = client.get(path)
    assert answer.status_code == status
    assert answer.headers["content-type"].startswith("application/problem+json")


def test_nobody_and_viewers_get_no_form(client_as: ClientAs) -> None:
    for path in ("/edit/communities/com-01?part=facts", "/edit/digs/new"):
        assert client_as(None).get(path).status_code == 401
        assert client_as(Role.VIEWER).get(path).status_code == 403


def test_an_inspector_gets_inspections_only(client_as: ClientAs) -> None:
    inspector = client_as(Role.INSPECTOR)
    assert plan_of(inspector, "/edit/inspections/new?community=com-01")["fixed"] == {"community": "com-01"}
    for path in ("/edit/communities/com-01?part=stage", "/edit/digs/new", "/edit/buildings/new"):
        assert inspector.get(path).status_code == 403


def test_a_town_edits_its_own_and_cannot_name_another(client: TestClient, client_as: ClientAs) -> None:
    own, other = (first_of(client, "communities", town=town)["id"] for town in (JINXING, SHENGLI))
    town = client_as(Role.TOWN, town=JINXING)
    plan = plan_of(town, f"/edit/communities/{own}?part=facts")
    assert set(ask(plan, "town")["choices"]) == {JINXING}
    hidden, absent = (town.get(f"/edit/communities/{row}?part=facts") for row in (other, "none"))
    assert hidden.status_code == absent.status_code == 404
    assert hidden.json()["code"] == absent.json()["code"]


def test_a_utility_edits_its_own_digs_in_its_own_states(client: TestClient, client_as: ClientAs) -> None:
    dig = first_of(client, "digs")
    other = next(row for row in client.get("/api/digs").json()["rows"] if row["owner"] != dig["owner"])
    utility = client_as(Role.UTILITY, owner=dig["owner"])
    plan = plan_of(utility, "/edit/digs/new")
    assert ask(plan, "owner")["shown"] == dig["owner"]
    assert set(ask(plan, "owner")["choices"]) == {dig["owner"]}
    assert set(ask(plan, "state")["choices"]) == {"draft", "submitted", "withdrawn"}
    assert utility.get(f"/edit/digs/{dig['id']}").status_code == 200
    assert utility.get(f"/edit/digs/{other['id']}").status_code == 404
    assert utility.get("/edit/communities/com-01?part=stage").status_code == 403


def test_the_past_is_not_edited(own_client: TestClient) -> None:
    assert own_client.get("/edit/communities/com-01?part=facts&as_of=2026-07-01").status_code in (403, 404)


def test_the_history_page_filters_by_person_and_day(own_client: TestClient) -> None:
    row = own_client.get("/api/rows/communities/com-01").json()
    headers = {"if-match": f'"{row["row_revision"]}"'}
    done = own_client.patch(
        "/api/rows/communities/com-01", json={"fields": {"committee": "新社区"}}, headers=headers
    )
    assert done.status_code == 200
    page = own_client.get("/history").text
    who = re.search(r'<select id="h-who".*?<option value="(\w[^"]*)"', page, re.S)
    assert (
        who and "居委会：" in page and "committee" not in re.sub(r"<script.*?</script>", "", page, flags=re.S)
    )
    mine = own_client.get(f"/history?who={who[1]}").text
    assert mine.count('class="history-entry"') == 1
    assert 'class="history-entry"' not in own_client.get("/history?who=somebody-else").text
    assert 'class="history-entry"' not in own_client.get("/history?day=2001-01-01").text
    day = done.json()["changed"]["at"][:10]
    assert "新社区" in own_client.get("/history?of=com-01&layer=communities").text
    assert own_client.get(f"/history?day={day}").status_code == 200


def test_the_history_page_wants_somebody(client_as: ClientAs) -> None:
    for accept in ("text/html", "application/json"):
        answer = client_as(None).get("/history", headers={"accept": accept}, follow_redirects=False)
        assert answer.status_code in (303, 401) and "history-entry" not in answer.text
    assert client_as(Role.VIEWER).get("/history").status_code == 200
