"""Many changes at once, and the same request twice: all or nothing, and once."""

from typing import Any

import pytest
from fastapi.testclient import TestClient

from api.editing.asking import ask_of
from api.editing.recording import edit, receipt_for
from api.policy import Principal, Way
from geo.errors import BadInput
from geo.store.verifying import verify
from geo.vocabulary import Role
from tests.conftest import gpkg_only
from tests.edit_scenes import HERE, Site, columns, patch

C1 = "/api/rows/communities/c1"


def send(client: TestClient, *changes: dict[str, Any], key: str | None = None, summary: str = "") -> Any:
    headers = {"idempotency-key": key} if key else {}
    return client.post("/api/changes", json={"summary": summary, "changes": changes}, headers=headers)


def drawn(site: Site) -> Any:
    return site.planner.get("/api/rows/digs/d1").json()["geometry"]


def test_a_drawing_session_is_one_revision(site: Site) -> None:
    shape = drawn(site)
    new = {"name": "丁", "town": HERE, "stage": "survey"}
    dig = {"community": {"ref": "new1"}, "state": "draft", "joins": "d1"}
    water = {"dig": {"ref": "dig"}, "community": "c1", "utility": "JS", "state": "planned"}
    gas = {"dig": {"ref": "dig"}, "utility": "RQ", "state": "planned"}
    done = send(
        site.planner,
        {"action": "add", "layer": "communities", "as": "new1", "fields": new},
        {"action": "add", "layer": "digs", "as": "dig", "fields": dig, "geometry": shape},
        {"action": "add", "layer": "lines", "fields": water, "geometry": shape},
        {"action": "add", "layer": "lines", "fields": gas, "geometry": shape},
        {"action": "update", "layer": "works", "id": "w1", "seen": 1, "fields": {"note": "x"}},
        {"action": "update", "layer": "works", "id": "w2", "seen": 1, "fields": {"note": "y", "unit": "m"}},
        {"action": "remove", "layer": "digs", "id": "d2", "seen": 1},
        summary="一次绘图",
    )
    assert done.status_code == 200, done.text
    rows = done.json()["rows"]
    assert done.json()["revision"] == 2
    assert [(row["layer"], row["row_revision"], row["as"]) for row in rows] == [
        ("communities", 2, "new1"),
        ("digs", 2, "dig"),
        ("lines", 2, None),
        ("lines", 2, None),
        ("works", 2, None),
        ("works", 2, None),
        ("digs", None, None),
    ]
    lines = site.services.store.read("lines").set_index("id")
    assert list(lines.loc[[rows[2]["id"], rows[3]["id"]], "dig"]) == [rows[1]["id"]] * 2
    assert lines.loc[rows[3]["id"], "utility"] == "RQ"
    digs = site.services.store.read("digs").set_index("id")
    assert digs.loc[rows[1]["id"], "community"] == rows[0]["id"] and "d2" not in digs.index
    with site.services.store.view() as view:
        assert list(view.revisions())[-1].summary == "一次绘图"
    assert verify(site.services.store) == []


@gpkg_only
def test_one_fault_keeps_all_of_it_out(site: Site) -> None:
    before, dangling = site.state(), {"community": {"ref": "none"}, "quantity": -1}
    refused = send(
        site.planner,
        {"action": "update", "layer": "works", "id": "w1", "seen": 1, "fields": {"note": "x"}},
        {"action": "add", "layer": "works", "as": "w", "fields": dangling},
        {"action": "update", "layer": "communities", "id": "c1", "seen": 1, "fields": {"stage": "x"}},
    )  # fmt: skip
    faults = refused.json()["facts"]["faults"]
    told = [
        (fault["change"], fault["layer"], fault["row"], fault["column"], fault["code"]) for fault in faults
    ]
    assert sorted(told) == [
        (1, "works", "w", "code", "missing"),
        (1, "works", "w", "community", "unknown_reference"),
        (1, "works", "w", "quantity", "too_low"),
        (2, "communities", "c1", "stage", "not_a_choice"),
    ]
    assert site.state() == before


def test_one_stale_row_keeps_all_of_it_out(site: Site) -> None:
    patch(site.planner, C1, fields={"note": "x"})
    before = site.state()
    stale = send(
        site.planner,
        {"action": "update", "layer": "works", "id": "w1", "seen": 1, "fields": {"note": "x"}},
        {
            "action": "update",
            "layer": "communities",
            "id": "c1",
            "seen": 1,
            "fields": {"stage": "renovation"},
        },
    )
    assert stale.status_code == 412 and stale.json()["facts"]["row"] == "c1"
    assert stale.json()["yours"]["fields"]["stage"] == "renovation"
    assert site.state() == before


@gpkg_only
def test_what_goes_in_a_batch_cannot_be_named_in_it(site: Site) -> None:
    refused = send(
        site.planner,
        {"action": "remove", "layer": "digs", "id": "d1", "seen": 1},
        {"action": "update", "layer": "lines", "id": "l1", "seen": 1, "fields": {"dig": "d1"}},
    )
    assert columns(refused) == {"dig": "unknown_reference"}


@gpkg_only
def test_a_batch_whose_rows_stay_the_same_tells_their_old_revisions(site: Site) -> None:
    done = send(
        site.planner,
        {"action": "update", "layer": "works", "id": "w1", "seen": 1, "fields": {"note": "x"}},
        {"action": "update", "layer": "works", "id": "w2", "seen": 1, "fields": {"note": None}},
    )
    assert [row["row_revision"] for row in done.json()["rows"]] == [2, 1]


CHANGE = {"action": "update", "layer": "works", "id": "w1", "seen": 1, "fields": {}}
ADD = {"action": "add", "layer": "works", "fields": {}}


WRONG: list[tuple[dict[str, Any], str]] = [
    ({}, "wrong_member"),
    ({"changes": []}, "wrong_member"),
    ({"changes": {}}, "wrong_member"),
    ({"changes": [1]}, "wrong_member"),
    ({"changes": [{"action": "burn"}]}, "wrong_member"),
    ({"changes": [{**CHANGE, "seen": 0}]}, "wrong_member"),
    ({"changes": [{**CHANGE, "seen": True}]}, "wrong_member"),
    ({"changes": [{**CHANGE, "seen": None}]}, "wrong_member"),
    ({"changes": [{**CHANGE, "id": ""}]}, "wrong_member"),
    ({"changes": [{**CHANGE, "id": "x" * 999}]}, "wrong_member"),
    ({"changes": [{**CHANGE, "fields": []}]}, "wrong_member"),
    ({"changes": [{**CHANGE, "as": "x"}]}, "unknown_member"),
    ({"changes": [{**ADD, "id": "mine"}]}, "unknown_member"),
    ({"changes": [{**ADD, "as": 5}]}, "wrong_member"),
    ({"changes": [{**ADD, "as": "a"}, {**ADD, "as": "a"}]}, "wrong_member"),
    ({"changes": [{"action": "add", "layer": "gold"}]}, "no_such_layer"),
    ({"changes": [{"action": "add", "layer": "files"}]}, "files_are_uploaded"),
    ({"changes": [CHANGE, CHANGE]}, "row_twice"),
    ({"changes": [CHANGE] * 1001}, "too_many_changes"),
    ({"changes": [CHANGE], "summary": 5}, "wrong_member"),
    ({"changes": [CHANGE], "summary": "x" * 501}, "wrong_member"),
    ({"changes": [CHANGE], "more": 1}, "unknown_member"),
    ({"changes": [{**CHANGE, "id": "nope"}]}, "no_such_row"),
]


@gpkg_only
def test_a_batch_says_what_it_means(site: Site) -> None:
    client, before = site.planner, site.state()
    for body, code in WRONG:
        answer = client.post("/api/changes", json=body)
        told = (answer.status_code, answer.json()["code"])
        assert told == (404 if code.startswith("no_such") else 422, code), body
    assert site.state() == before


def test_a_repeated_request_counts_once_and_is_answered_alike(site: Site) -> None:
    client = site.planner
    keyed = {"idempotency-key": "k1", "if-match": '"1"'}
    first = client.patch(C1, json={"fields": {"note": "x", "stage": "renovation"}}, headers=keyed)
    patch(client, C1, fields={"note": "later"})
    before = site.state()
    again = client.patch(C1, json={"fields": {"stage": "renovation", "note": "x"}}, headers=keyed)
    assert (again.status_code, again.json()) == (200, first.json())
    assert again.headers["etag"] == first.headers["etag"] == '"2"'
    assert site.state() == before


def test_every_kind_of_request_counts_once(site: Site) -> None:
    client, shape = site.planner, drawn(site)
    key = {"idempotency-key": "same"}
    work = {"fields": {"community": "c1", "code": "roof"}}
    requests: list[tuple[str, str, Any, dict[str, str]]] = [
        ("POST", "/api/rows/works", work, {}),
        ("PATCH", "/api/rows/works/w1", {"fields": {"note": "x"}}, {"if-match": '"1"'}),
        ("DELETE", "/api/rows/works/w2", None, {"if-match": '"1"'}),
        ("POST", "/api/changes", {"changes": [
            {"action": "add", "layer": "works", **work},
            {"action": "add", "layer": "digs", "as": "d", "fields": {"state": "draft"}, "geometry": shape},
            {"action": "remove", "layer": "lines", "id": "l2", "seen": 1},
            {"action": "add", "layer": "works", **work},
        ]}, {}),
        ("POST", "/api/revisions/3/revert", {}, {}),
    ]  # fmt: skip
    answers = []
    for method, path, body, headers in requests:
        answer = client.request(method, path, json=body, headers={**headers, **key})
        assert answer.status_code in (200, 201), answer.text
        answers.append(answer)
    assert site.services.store.revision() == 6
    before = site.state()
    for (method, path, body, headers), first in zip(requests, answers, strict=True):
        again = client.request(method, path, json=body, headers={**headers, **key})
        assert (again.status_code, again.json()) == (first.status_code, first.json())
    assert site.state() == before


def test_a_key_is_good_for_one_body_of_one_person_on_one_route(site: Site) -> None:
    client, other = site.planner, site.as_role(Role.ADMINISTRATOR)
    key = {"idempotency-key": "k"}
    body = {"fields": {"community": "c1", "code": "roof"}}
    first = client.post("/api/rows/works", json=body, headers=key)
    before = site.state()
    changed = client.post("/api/rows/works", json={"fields": {**body["fields"], "note": "x"}}, headers=key)
    assert (changed.status_code, changed.json()["code"]) == (422, "idempotency_key_reused")
    assert site.state() == before
    theirs = other.post("/api/rows/works", json=body, headers=key)
    assert theirs.status_code == 201 and theirs.json()["id"] != first.json()["id"]
    elsewhere = patch(client, "/api/rows/works/w1", fields={"note": "x"})
    assert elsewhere.status_code == 200
    seen = {"if-match": '"1"', **key}
    assert client.patch("/api/rows/works/w2", json={"fields": {}}, headers=seen).status_code == 200
    other_tag = client.patch("/api/rows/works/w2", json={"fields": {}}, headers={**seen, "if-match": '"2"'})
    assert other_tag.json()["code"] == "idempotency_key_reused"


@gpkg_only
def test_a_refused_request_leaves_its_key_free(site: Site) -> None:
    client, key = site.planner, {"idempotency-key": "k"}
    assert columns(client.post("/api/rows/works", json={"fields": {"community": "c1"}}, headers=key))
    body = {"fields": {"community": "c1", "code": "roof"}}
    assert client.post("/api/rows/works", json=body, headers=key).status_code == 201


@gpkg_only
def test_a_key_is_visible_ascii(site: Site) -> None:
    client = site.planner
    for key in ("", " ", "a b", "x" * 201, "é"):
        headers = {"idempotency-key": key.encode("latin-1")}
        answer = client.post("/api/rows/works", json={}, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (400, "idempotency_key_wrong")
    twice = client.post(
        "/api/rows/works", json={}, headers=[("idempotency-key", "a"), ("idempotency-key", "b")]
    )
    assert twice.json()["code"] == "idempotency_key_wrong"


def test_a_key_that_another_request_took_meanwhile_is_still_refused(site: Site) -> None:
    """Between the look and the record somebody used the key: the record itself has the last word."""
    me = Principal("me", "me", Role.PLANNER, Way.SESSION)
    ask = ask_of(CHANGE | {"fields": {"note": "x"}})

    def take() -> None:
        edit(site.services, me, [ask], receipt_for(me, "PATCH", "/x", "k", "other"))

    with pytest.raises(BadInput, match="idempotency_key_reused"):
        edit(site.services, me, [ask], receipt_for(me, "PATCH", "/x", "k", "mine"), ready=take)
    assert site.services.store.revision() == 2
