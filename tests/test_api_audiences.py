"""What each audience gets over HTTP: nothing of what it may not see, by any route and any query."""

import json
import re
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

import numpy as np
import pandas as pd
import pyogrio
import pytest
import shapely
from fastapi.routing import iter_route_contexts
from fastapi.testclient import TestClient
from httpx import Response

from api.app import create_app
from api.settings import Settings
from api.wiring import Services, open_services
from geo.audience import PUBLIC, Audience, masks
from geo.layers import LAYERS
from geo.store.export import copy_store
from geo.store.opening import open_store
from geo.vocabulary import AudienceKind, Role
from tests.audience_stores import (
    MARK,
    OTHER,
    OWNER,
    content_of,
    name_of,
    plant,
    planted,
    reduced,
    secrets_of,
)
from tests.service_fixtures import signed_in

HTML = {"accept": "text/html"}
PART = {**HTML, "x-part": "1"}
WHOLE_PAGES = ("/", "/table", "/?lang=en", "/?theme=lines", "/?as_of=2020-01-01&theme=lines")
"""Of the application's other pages only what changes is asked for: their maps are the same."""
TELLS_WHEN = ("/api/rows/", "/edit/", "/history", "/api/history", "/files/")
"""Answers that say when and at which revision a row was changed: two stores differ in that."""


@dataclass(frozen=True)
class Places:
    """A community of one's own town and one of another, and their towns."""

    home: str
    away: str
    town: str
    other_town: str


@pytest.fixture(scope="module")
def planted_services(sample_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Services]:
    path = tmp_path_factory.mktemp("planted") / "district.gpkg"
    with open_store(str(sample_path)) as store:
        copy_store(store, path)
    opened = open_services(Settings(store=str(path)))
    frames = opened.keeper.current().frames
    here = places_of(opened)
    plant(opened, planted(frames, here.home, here.away))
    yield opened
    opened.close()


def places_of(services: Services) -> Places:
    communities = services.keeper.current().frames["communities"]
    towns = services.district.town_codes()
    home, away = (communities.loc[communities["town"] == town, "id"].iloc[0] for town in towns[:2])
    return Places(str(home), str(away), towns[0], towns[1])


AUDIENCES = {
    "public": lambda here: PUBLIC,
    "utility": lambda here: Audience(AudienceKind.UTILITY, owner=OWNER),
    "town": lambda here: Audience(AudienceKind.TOWN, town=here.town),
}


def client_of(services: Services, audience: Audience, opened: ExitStack) -> TestClient:
    role = None if audience == PUBLIC else Role(str(audience.kind))
    return signed_in(
        create_app(services),
        opened,
        role,
        town=audience.town,
        owner=audience.owner,
        name=f"Li-{audience.kind}",
    )


def states(here: Places) -> list[str]:
    """Queries over the state of a page, one by one and some together."""
    towns = (here.town, here.other_town, "none")
    return [
        "",
        "lang=en",
        "late=1",
        "work=roof",
        "stage=renovation,acceptance",
        "sort=-late_days",
        *(f"q={text}" for text in (quote("示例"), MARK)),
        *(f"theme={theme}" for theme in ("progress", "works", "lines", "coordination", "funding", "none")),
        *(f"town={town}" for town in towns),
        *(f"theme=coordination&lang=en&town={town}" for town in towns),
        *(f"community={community}" for community in (here.home, here.away, "none")),
        *(f"theme=lines&owner={owner}" for owner in (OWNER, OTHER, "none")),
        *(f"theme=lines&{one}" for one in ("kind=JS", "state=planned", "month=2026-08")),
        *(f"as_of={day}&theme=lines" for day in ("2020-01-01", "3000-01-01", "2026-02-30")),
        "as_of=2020-01-01",
    ]


def queries(here: Places) -> dict[str, list[str]]:
    """Queries by route; a route that is not named is asked without one."""
    asked = states(here)
    boxes = ("106,37,107,39", "106.1,37.9,106.3,38.1")
    drawn = ("communities,buildings,boundaries,ground", "lines,nodes,digs", "works")
    layers, files = ("communities", "buildings", "lines", "digs"), ("xlsx", "gpkg", "geojson", "csv")
    tabs = ("buildings", "works", "lines", "digs", "history")
    rows = ("", f"community={here.home}", f"community={here.away}", "layer=lines", "layer=works", "limit=500")
    return {
        "/": [*asked, "show=table&theme=lines", "show=table&theme=coordination", "show=matrix"],
        "/table": [*asked, "theme=lines&page=2"],
        "/map": [*asked, "print=1", "print=1&theme=lines"],
        "/community/{community}": [f"tab={tab}&{more}" for tab, more in product(tabs, ("", "lang=en"))],
        "/api/view": [
            f"bbox={box}&scale={scale}&layers={names}&{more}"
            for box, scale, names, more in product(boxes, ("0.2", "30"), drawn, ("", f"owner={OTHER}"))
        ],
        **dict.fromkeys(("/api/status", "/api/communities", "/api/lines", "/api/digs"), asked),
        "/api/search": [f"q={text}" for text in (MARK, quote("示例"), quote("燃气"), "JS", "-", "")],
        "/api/export": [
            f"layer={layer}&format={kind}&{more}"
            for layer, kind, more in product(layers, files, ("", f"owner={OTHER}"))
        ],
        "/api/history": list(rows),
        "/history": ["", f"of={here.home}", f"of={here.away}", "layer=communities", f"who={MARK}-actor"],
        "/edit/{layer}/new": ["", f"community={here.away}", f"dig={name_of('digs', here.away, OTHER)}"],
    }


def urls(services: Services, here: Places) -> list[str]:
    """Every GET route with every kind of query, for rows that one may and may not see."""
    found, known = [], queries(here)
    for route in iter_route_contexts(create_app(services).routes):
        path = str(route.path)
        if "GET" in (route.methods or ()) and not path.startswith("/static"):
            for filled in paths_of(path, here):
                found += [f"{filled}?{query}".rstrip("?&") for query in known.get(path, [""])]
    return found


def paths_of(path: str, here: Places) -> list[str]:
    pairs = list(product((here.home, here.away), (OWNER, OTHER)))
    rows = {layer: [name_of(layer, *pair) for pair in pairs] for layer in LAYERS}
    rows["communities"], rows["owners"] = [here.home, here.away], [OWNER, OTHER]
    if "{layer}" in path:
        named = [(layer, row) for layer, some in rows.items() for row in [*some, "none"]]
        filled = [re.sub(r"\{row[^}]*\}", row, path.replace("{layer}", layer)) for layer, row in named]
        return list(dict.fromkeys(filled))
    known = {"community": rows["communities"], "owner": rows["owners"], "row": rows["files"]}
    name = re.search(r"\{(\w+)[^}]*\}", path)
    if name is None:
        return [path]
    return [path.replace(name.group(), one) for one in [*known.get(name[1], ()), "none"]]


def comparable(answer: Response, folder: Path) -> object:
    if answer.content.startswith(b"SQLite"):
        path = folder / "answer.gpkg"
        path.write_bytes(answer.content)
        return [
            pd.DataFrame(pyogrio.read_dataframe(path, layer=name)).to_csv()
            for name, _ in pyogrio.list_layers(path)
        ]
    return content_of(answer)


def compared_headers(answer: Response) -> dict[str, str]:
    silent = ("etag", "content-security-policy", "content-length", "set-cookie", "last-modified")
    return {name: value for name, value in answer.headers.items() if name not in silent}


def vertices(answer: Response) -> np.ndarray:
    """Every coordinate (n, 2) in degrees that an answer has: of a map's payload, of an answer to it, of
    GeoJSON."""
    pairs = [
        (float(x), float(y)) for x, y in re.findall(rb"\[ *(\d+\.\d+), *(\d+\.\d+) *[,\]]", answer.content)
    ]
    plain = np.reshape(pairs, (-1, 2))
    found = re.search(
        rb'<script type="application/json" id="plate-payload">(.*?)</script>', answer.content, re.S
    )
    text = found[1] if found else answer.content
    if not text.startswith(b"{") or b'"layers"' not in text:
        return plain
    layers = json.loads(text)["layers"].values()
    parts = [part for layer in layers for part in (layer, *layer.values()) if isinstance(part, dict)]
    return np.concatenate([plain, *(decoded(part) for part in parts if "xy" in part)])


def decoded(part: dict[str, Any]) -> np.ndarray:
    steps = np.reshape(part["xy"], (-1, 2)).cumsum(axis=0)
    return np.asarray(steps * part["step"] + part["origin"])


def hidden_vertices(services: Services, audience: Audience) -> np.ndarray:
    frames = services.keeper.current().frames
    lines = frames["lines"][~masks(frames, audience)["lines"]]
    return shapely.get_coordinates(lines[lines["id"].str.startswith(MARK)].to_crs("OGC:CRS84").geometry.array)


def near(drawn: np.ndarray, hidden: np.ndarray) -> bool:
    """Whether a vertex that is drawn is a hidden one, to some 2 cm."""
    return any(bool((np.abs(drawn - one) < 2e-7).all(axis=1).any()) for one in hidden)


@pytest.mark.parametrize("kind", AUDIENCES)
def test_no_answer_tells_what_the_audience_may_not_see(
    kind: str, planted_services: Services, tmp_path: Path
) -> None:
    here = places_of(planted_services)
    audience = AUDIENCES[kind](here)
    secrets, hidden = secrets_of(planted_services, audience), hidden_vertices(planted_services, audience)
    assert len(secrets) > 40 and len(hidden) > 1
    leaks, differences, answered = [], [], 0
    with ExitStack() as opened:
        part = reduced(planted_services, audience, tmp_path / "reduced.gpkg")
        opened.callback(part.close)
        whole_client, part_client = (client_of(one, audience, opened) for one in (planted_services, part))
        for url in urls(planted_services, here):
            headers = HTML if url in WHOLE_PAGES or not url.startswith(("/?", "/table")) else PART
            answer, other = (one.get(url, headers=headers) for one in (whole_client, part_client))
            answered += answer.status_code == 200
            told = content_of(answer) + json.dumps(dict(answer.headers)).encode()
            asked = unquote(url).encode()
            leaks += [(url, secret) for secret in secrets if secret in told and secret not in asked]
            leaks += [(url, b"vertex")] if near(vertices(answer), hidden) else []
            if answer.status_code == 200 and (url.startswith(TELLS_WHEN) or "tab=history" in url):
                continue
            same = (
                answer.status_code == other.status_code
                and comparable(answer, tmp_path) == comparable(other, tmp_path)
                and compared_headers(answer) == compared_headers(other)
            )
            differences += [] if same else [(url, answer.status_code, other.status_code)]
    assert not leaks, leaks[:20]
    assert not differences, differences[:20]
    assert answered > 60


def test_the_search_for_secrets_finds_them_where_they_may_be_seen(planted_services: Services) -> None:
    """Else the test above would pass because it cannot see."""
    here = places_of(planted_services)
    secrets = {secret for of in AUDIENCES.values() for secret in secrets_of(planted_services, of(here))}
    asked = [
        f"layer={layer}&format={kind}" for layer in ("lines", "digs") for kind in ("csv", "gpkg", "geojson")
    ]
    found: set[bytes] = set()
    with ExitStack() as opened:
        client = signed_in(create_app(planted_services), opened, Role.PLANNER)
        for url in (f"/community/{here.away}?tab=works", *(f"/api/export?{one}" for one in asked)):
            told = content_of(client.get(url, headers=HTML))
            found |= {secret for secret in secrets if secret in told}
        for url in ("/map?theme=lines", "/api/export?layer=lines&format=geojson"):
            assert near(vertices(client.get(url)), hidden_vertices(planted_services, PUBLIC)), url
    assert len(found) > 60
