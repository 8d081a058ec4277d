"""A small district on either kind of store, and clients of every role over it."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache, partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import geopandas as gpd
import pandas as pd
import pytest
import shapely
from fastapi import FastAPI
from fastapi.testclient import TestClient

from api.app import create_app
from api.settings import CHECKOUT, Settings
from api.wiring import Services, open_services, read_data
from geo.boundaries import read_boundaries
from geo.district import District
from geo.store.opening import create_store, is_database
from geo.store.record import Change, record
from geo.vocabulary import Role
from tests.service_fixtures import signed_in

AT = datetime(2026, 7, 15, tzinfo=UTC)
DATA = read_data(CHECKOUT / "data")
HERE, THERE = DATA.district.town_codes()[:2]

Frames = Mapping[str, pd.DataFrame]


def middle(district: District, boundaries: gpd.GeoDataFrame) -> tuple[float, float]:
    """A place well inside the district, metres."""
    spot = shapely.point_on_surface(boundaries.geometry.iloc[0])
    return round(spot.x), round(spot.y)


def box(x: float, y: float, size: float = 20) -> shapely.Polygon:
    return shapely.box(x, y, x + size, y + size)


def scene() -> Frames:
    """Two communities in one town and one in another, each with buildings; lines and digs of two owners."""
    district = DATA.district
    boundaries = read_boundaries(DATA.path / "boundaries", district)
    x, y = middle(district, boundaries)
    crs = district.crs
    place = [(x, y), (x + 300, y), (x, y + 300)]
    communities = pd.DataFrame(
        {
            "id": ["c1", "c2", "c3"],
            "name": ["甲", "乙", "丙"],
            "town": [HERE, HERE, THERE],
            "stage": "survey",
        }
    )
    buildings = pd.DataFrame(
        {"id": ["b1", "b2", "b3"], "community": ["c1", "c1", "c3"], "town": [HERE, HERE, THERE], "storeys": 6}
    )
    spots = [place[0], (x + 30, y), place[2]]
    lines = pd.DataFrame(
        {
            "id": ["l1", "l2"],
            "owner": ["o1", "o2"],
            "utility": ["JS", "RQ"],
            "state": "in_service",
            "community": "c1",
        }
    )
    paths = [[(x + 0.123456, y), (x + 50.000001, y), (x + 100, y + 7)], [(x, y + 1), (x + 50, y + 1)]]
    digs = pd.DataFrame(
        {"id": ["d1", "d2"], "owner": ["o1", "o2"], "community": "c1", "state": ["draft", "draft"]}
    )
    works = pd.DataFrame(
        {
            "id": ["w1", "w2"],
            "community": ["c1", "c3"],
            "building": ["b1", "b3"],
            "code": DATA.catalogue[0].code,
            "planned_start": pd.to_datetime(["2026-05-01", "2026-05-01"]),
            "planned_end": pd.to_datetime(["2026-08-01", "2026-04-01"]),
        }
    )
    drawn = [shapely.LineString(path) for path in paths]
    return {
        "boundaries": boundaries,
        "owners": pd.DataFrame({"id": ["o1", "o2"], "name": ["水务", "燃气"]}),
        "communities": gpd.GeoDataFrame(communities, geometry=[box(*one, 100) for one in place], crs=crs),
        "buildings": gpd.GeoDataFrame(buildings, geometry=[box(*one) for one in spots], crs=crs),
        "digs": gpd.GeoDataFrame(digs, geometry=drawn, crs=crs),
        "lines": gpd.GeoDataFrame(lines, geometry=drawn, crs=crs),
        "works": works,
    }


@cache
def _filled() -> bytes:
    """A GeoPackage with the scene, made once."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "scene.gpkg"
        _fill(str(path))
        return path.read_bytes()


def fill(location: str) -> None:
    """A new store with the scene at revision 1."""
    if is_database(location):
        _fill(location)
    else:
        Path(location).write_bytes(_filled())


def _fill(location: str) -> None:
    with create_store(location, DATA.district) as store:
        changes = [Change(name, add=frame) for name, frame in scene().items()]
        record(store, changes, actor="importer", at=AT, origin="import:scene")


@dataclass
class Site:
    """A service over the scene, and clients of it."""

    services: Services
    app: FastAPI
    as_role: Callable[..., TestClient]

    @property
    def planner(self) -> TestClient:
        return self.as_role(Role.PLANNER)

    def state(self) -> tuple[int, int]:
        """The store's revision and how many events there are: the same where nothing was written."""
        return self.services.store.revision(), len(self.services.store.events())


@pytest.fixture
def site(location: str, tmp_path: Path) -> Iterator[Site]:
    fill(location)
    settings = Settings(
        store=location, accounts=str(tmp_path / "accounts.sqlite"), files=tmp_path / "files", file_limit_mb=1
    )
    services = open_services(settings)
    app = create_app(services)
    with ExitStack() as opened:
        yield Site(services, app, partial(signed_in, app, opened))
    services.close()


def tag(client: TestClient, path: str) -> str:
    return client.get(path).headers["etag"]


def patch(client: TestClient, path: str, seen: str | None = None, **body: Any) -> Any:
    """An edit of what stands there now, or of what was ``seen``."""
    headers = {"if-match": seen or tag(client, path)}
    return client.patch(path, json=body, headers=headers)


def columns(answer: Any) -> dict[str, str]:
    """The faults beside the fields of a refusal: code by column."""
    assert answer.status_code == 422, answer.text
    return {fault["column"]: fault["code"] for fault in answer.json()["facts"]["faults"]}
