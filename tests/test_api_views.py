"""The pages of each audience: the same figures as inside, no dead links, no way to what is not theirs."""

import re
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from api.settings import Settings
from api.wiring import Services, now, open_services
from geo.audience import PUBLIC, Audience
from geo.store.export import copy_store
from geo.store.record import Change, record
from geo.vocabulary import AudienceKind, Role
from tests.audience_stores import content_of
from tests.service_fixtures import ClientAs, signed_in

HTML = {"accept": "text/html"}
OWNER, OTHER = "own-water", "own-gas"
UTILITY = Audience(AudienceKind.UTILITY, owner=OWNER)


@pytest.fixture(scope="module")
def town(services: Services) -> str:
    return services.district.town_codes()[0]


@pytest.fixture(scope="module")
def clients(client_as: ClientAs, town: str) -> dict[str, TestClient]:
    return {
        "inside": client_as(Role.PLANNER),
        "public": client_as(None),
        "utility": client_as(Role.UTILITY, owner=OWNER),
        "town": client_as(Role.TOWN, town=town),
    }


def page(client: TestClient, url: str, status: int = 200) -> str:
    answer = client.get(url, headers=HTML)
    assert answer.status_code == status, (url, answer.status_code, answer.text[:300])
    return answer.text


def rows(client: TestClient, url: str) -> dict[str, dict[str, object]]:
    return {row["id"]: row for row in client.get(url).json()["rows"]}


@pytest.mark.parametrize("who", ["public", "utility"])
def test_progress_is_the_same_for_everybody(clients: dict[str, TestClient], who: str, town: str) -> None:
    inside, outside = (rows(clients[one], "/api/communities") for one in ("inside", who))
    assert outside.keys() == inside.keys()
    for name, row in inside.items():
        assert outside[name]["progress"] == round(row["progress"], 1) and outside[name]["planned"] is None
        assert (
            outside[name]["late_days"] == row["late_days"]
            and outside[name]["households"] == row["households"]
        )
    whole, part = (clients[one].get("/api/status").json() for one in ("inside", who))
    assert (
        part["total"]["progress"] == whole["total"]["progress"]
        and part["total"]["late"] == whole["total"]["late"]
    )
    assert [one["progress"] for one in part["towns"]] == [one["progress"] for one in whole["towns"]]
    shown = re.search(r'class="headline-value"><span class="value">([\d.]+)<', page(clients[who], "/"))
    assert shown and shown[1] == f"{whole['total']['progress']:.1f}"
    of_town = clients[who].get(f"/api/status?town={town}").json()["total"]["progress"]
    assert of_town == clients["inside"].get(f"/api/status?town={town}").json()["total"]["progress"]


@pytest.mark.parametrize("who", ["public", "utility"])
def test_no_sum_weighted_by_money_of_a_set_that_one_likes(clients: dict[str, TestClient], who: str) -> None:
    for query in ("stage=renovation", "late=1", "q=1", "stage=survey,selection"):
        status = clients[who].get(f"/api/status?{query}").json()
        assert status["total"]["communities"] > 0
        assert status["total"]["progress"] is None and status["total"]["planned"] is None
        assert {one["progress"] for one in status["stages"]} == {None}
    assert all(one["progress"] is None for one in clients[who].get("/api/status").json()["stages"])


@pytest.mark.parametrize("who", ["public", "utility"])
def test_what_an_audience_has_not_is_a_dash(clients: dict[str, TestClient], who: str) -> None:
    status = clients[who].get("/api/status").json()
    assert status["total"]["investment_yuan"] is None and status["total"]["households"] == 3247
    assert {one["investment_yuan"] for one in status["towns"]} == {None}
    html = re.sub(r"<script.*?</script>", "", page(clients[who], "/"), flags=re.S)
    assert not re.search(r"82,945|8,294|\b0\.00\b", html)
    assert re.search(r"<dd>—</dd>", html)
    table = page(clients[who], "/table")
    assert re.search(r"<tfoot>.*?—.*?</tfoot>", table, re.S)


def test_a_town_sees_its_own_communities_and_all_of_their_figures(
    clients: dict[str, TestClient], services: Services, town: str
) -> None:
    own = {
        name: row for name, row in rows(clients["inside"], "/api/communities").items() if row["town"] == town
    }
    assert rows(clients["town"], "/api/communities") == own
    status = clients["town"].get("/api/status").json()
    inside = next(one for one in clients["inside"].get("/api/status").json()["towns"] if one["code"] == town)
    assert status["towns"] == [inside] and status["total"]["investment_yuan"] == inside["investment_yuan"]
    html = page(clients["town"], "/?theme=funding")
    name = services.district.town_names("zh")[town]
    assert f"{name} {len(own)} 个小区" in html and "与方案" not in html
    other = services.district.town_codes()[1]
    absent, away = (clients["town"].get(f"/api/status?town={code}") for code in ("none", other))
    assert absent.status_code == away.status_code == 422 and absent.json()["code"] == away.json()["code"]


@pytest.mark.parametrize("who", ["inside", "public", "utility", "town"])
def test_every_link_of_a_page_opens(clients: dict[str, TestClient], who: str) -> None:
    client = clients[who]
    themes = re.findall(r'data-key="theme-(\w+)"', page(client, "/"))
    first = next(iter(rows(client, "/api/communities")))
    seen: set[str] = set()
    for url in ("/", "/table", f"/community/{first}", *(f"/?theme={theme}" for theme in themes)):
        seen |= {link.split("#")[0] for link in re.findall(r'<a [^>]*href="([^"]+)"', page(client, url))}
    assert len(seen) > 20
    for link in sorted(seen):
        assert client.get(link.replace("&amp;", "&"), headers=HTML).status_code == 200, link


@pytest.mark.parametrize(
    ("who", "themes"),
    [
        ("public", ["progress"]),
        ("utility", ["progress", "lines", "coordination"]),
        ("town", ["progress", "works", "lines", "coordination", "funding"]),
    ],
)
def test_themes_that_one_has_not_are_not_offered_and_refused(
    clients: dict[str, TestClient], who: str, themes: list[str]
) -> None:
    client = clients[who]
    assert re.findall(r'data-key="theme-(\w+)"', page(client, "/")) == themes
    refused = 401 if who == "public" else 422
    for theme in ("progress", "works", "lines", "coordination", "funding"):
        for url in (
            f"/?theme={theme}",
            f"/map?theme={theme}",
            f"/table?theme={theme}",
            f"/api/status?theme={theme}",
        ):
            assert client.get(url).status_code == (200 if theme in themes else refused), url
    assert client.get("/?show=matrix").status_code == (200 if "works" in themes else refused)


def test_nobody_is_asked_to_sign_in(clients: dict[str, TestClient]) -> None:
    public = clients["public"]
    for url in ("/?theme=lines", "/map?as_of=2024-01-01", "/api/lines", "/api/owners", f"/owner/{OWNER}",
                "/api/export", "/community/com-01?tab=lines", "/community/com-01?tab=history"):  # fmt: skip
        assert public.get(url).status_code == 401, url
    assert public.get("/community/com-01", headers=HTML).status_code == 200
    assert not re.search(r"GeoPackage|XLSX", page(public, "/"))


def test_another_owner_is_as_absent(clients: dict[str, TestClient]) -> None:
    client = clients["utility"]
    assert client.get(f"/owner/{OWNER}").status_code == client.get(f"/api/owner/{OWNER}").status_code == 200
    for pattern in ("/owner/{}", "/api/owner/{}", "/owner/{}?lang=en"):
        other, absent = (client.get(pattern.format(owner)) for owner in (OTHER, "none"))
        assert other.status_code == absent.status_code == 404
        assert other.text.replace(OTHER, "none") == absent.text
    found = client.get("/api/search?q=公司").json()["found"] + client.get("/api/search?q=Co").json()["found"]
    assert {one["id"] for one in found if one["layer"] == "owners"} <= {OWNER}


def test_a_utility_is_told_whose_lines_are_there_too(
    clients: dict[str, TestClient], services: Services
) -> None:
    lines = services.atlas().lines
    others = lines[(lines["community"] == "com-01") & (lines["owner"] != OWNER)]
    names = services.atlas().owner_names("zh")
    html = page(clients["utility"], "/community/com-01")
    told = re.search(r'<p class="presence">(.*?)</p>', html)
    assert told and {names[owner] for owner in others["owner"]} == set(re.findall(r"([^：、（]+)（", told[1]))
    assert not re.search(r"\d", told[1])
    for who in ("inside", "town", "public"):
        assert 'class="presence"' not in page(clients[who], "/community/com-01")


def test_the_map_page_is_each_audiences_own(clients: dict[str, TestClient]) -> None:
    pages = {who: client.get("/map") for who, client in clients.items()}
    assert len({one.headers["etag"] for one in pages.values()}) == len(pages)
    for who, client in clients.items():
        for other, answer in pages.items():
            again = client.get("/map", headers={"if-none-match": answer.headers["etag"]})
            assert (again.status_code == 304) == (who == other)


CHANGED = [
    *("/", "/table", "/?theme=lines", "/?stage=renovation", "/map", "/community/com-01"),
    *("/community/com-01?tab=works", "/api/community/com-01", "/api/export?layer=communities"),
    *(f"/api/{name}" for name in ("status", "communities", "lines", "digs")),
    "/api/view?bbox=106,37,107,39&scale=0.2&layers=communities,buildings",
]


@pytest.mark.parametrize("role", [None, Role.UTILITY])
def test_columns_that_are_hidden_change_no_byte(role: Role | None, sample_path: Path, tmp_path: Path) -> None:
    """Every cost three times as much, other reasons, notes and contractors: outside nobody can tell."""
    told = {}
    for factor in (1, 3):
        path = tmp_path / f"{factor}.gpkg"
        with ExitStack() as opened:
            source = open_services(Settings(store=str(sample_path)))
            copy_store(source.store, path)
            source.close()
            services = open_services(Settings(store=str(path)))
            opened.callback(services.close)
            alter(services, factor)
            client = signed_in(create_app(services), opened, role, owner=OWNER if role else None, name="Li")
            told[factor] = {url: content_of(client.get(url, headers=HTML)) for url in CHANGED}
    assert [url for url in told[1] if told[1][url] != told[3][url]] == []


def alter(services: Services, factor: int) -> None:
    frames = services.keeper.current().frames
    works = frames["works"][["id"]].assign(
        cost_fen=frames["works"]["cost_fen"] * factor, contractor=f"who{factor}", note=f"note{factor}"
    )
    communities = frames["communities"][["id"]].assign(
        investment_fen=frames["communities"]["investment_fen"] * factor,
        delay_reason=f"reason{factor}",
        note=f"note{factor}",
    )
    owners = frames["owners"][["id"]].assign(contact=f"contact{factor}")
    changes = [
        Change(name, update=rows)
        for name, rows in (("works", works), ("communities", communities), ("owners", owners))
    ]
    record(services.store, changes, actor="t", at=now(), origin="test")


def test_what_is_kept_is_shared_and_bounded(services: Services, town: str) -> None:
    whole, seen = services.atlas(), services.atlas(UTILITY)
    assert services.atlas(UTILITY) is seen and services.atlas(PUBLIC) is not seen
    for name in ("ground", "buildings", "boundaries"):
        assert seen.frames[name] is whole.frames[name]
    assert seen.tree("ground") is whole.tree("ground")
    moved, kept = (atlas.on_screen("lines").geometry for atlas in (whole, seen))
    assert set(map(id, np.asarray(kept.array))) <= set(map(id, np.asarray(moved.array)))
    for number in range(40):
        services.atlas(Audience(AudienceKind.UTILITY, owner=f"nobody-{number}"))
    assert services.atlas(UTILITY) is not seen, "the one that was asked for longest ago has gone"
    pd.testing.assert_frame_equal(services.atlas(UTILITY).standing, seen.standing)
