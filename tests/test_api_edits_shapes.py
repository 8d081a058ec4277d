"""Shapes over HTTP: degrees in and out, metres kept to the last digit, what is no shape refused."""

from typing import Any

import numpy as np
import pytest
import shapely

from api.editing.drawn import from_geojson
from geo.layers import LAYERS
from tests.conftest import gpkg_only
from tests.edit_scenes import DATA, Site, columns, patch, tag

L1, C1, D1 = "/api/rows/lines/l1", "/api/rows/communities/c1", "/api/rows/digs/d1"
CRS = DATA.district.crs


def stored(site: Site, layer: str, row: str) -> np.ndarray:
    frame = site.services.store.read(layer, [row])
    return shapely.get_coordinates(frame["geometry"].array)


def test_a_shape_that_comes_back_unmoved_is_not_changed(site: Site) -> None:
    client, before = site.planner, site.state()
    for path in (L1, C1, D1):
        shape = client.get(path).json()["geometry"]
        assert patch(client, path, geometry=shape).headers["etag"] == '"1"'
    assert site.state() == before


def test_a_moved_vertex_leaves_the_others_exactly_where_they_were(site: Site) -> None:
    client = site.planner
    shape = client.get(L1).json()["geometry"]
    before = stored(site, "lines", "l1")
    shape["coordinates"][1][0] += 0.0001
    shape["coordinates"].insert(2, [shape["coordinates"][2][0], shape["coordinates"][2][1] + 0.0001])
    done = patch(client, L1, geometry=shape)
    after = stored(site, "lines", "l1")
    assert len(after) == 4
    assert after[[0, 3]].tolist() == before[[0, 2]].tolist()
    assert after[1, 0] - before[1, 0] == pytest.approx(8.78, abs=0.1)
    assert np.allclose(done.json()["geometry"]["coordinates"], shape["coordinates"], atol=1e-9, rtol=0)
    assert done.json()["fields"]["owner"] == "o1"


@gpkg_only
def test_a_shape_is_drawn_cleared_and_drawn_again(site: Site) -> None:
    client = site.planner
    shape = client.get(C1).json()["geometry"]
    assert patch(client, C1, geometry=None).json()["geometry"] is None
    assert patch(client, C1, geometry=shape).json()["geometry"] == shape
    assert columns(patch(client, L1, geometry=None)) == {"geometry": "no_geometry"}


def test_many_parts_and_holes_go_round(site: Site) -> None:
    client = site.planner
    one = client.get(C1).json()["geometry"]["coordinates"]
    middle = np.mean(one[0][:4], axis=0)
    hole = (np.array(one[0]) * 0.8 + middle * 0.2).tolist()
    other = [[[lon + 0.01, lat] for lon, lat in one[0]]]
    many = {"type": "MultiPolygon", "coordinates": [[one[0], hole[::-1]], other]}
    done = patch(client, C1, geometry=many)
    told = done.json()["geometry"]
    assert told["type"] == "MultiPolygon" and [len(part) for part in told["coordinates"]] == [2, 1]
    assert patch(client, C1, geometry=told).headers["etag"] == done.headers["etag"]
    alone = {"type": "MultiPolygon", "coordinates": [one]}
    assert patch(client, C1, geometry=alone).json()["geometry"]["type"] == "Polygon"
    paths = {"type": "MultiLineString", "coordinates": [one[0][:2], one[0][2:4]]}
    assert patch(client, L1, geometry=paths).json()["geometry"]["type"] == "MultiLineString"


@gpkg_only
def test_heights_are_left_out_and_points_are_points(site: Site) -> None:
    client = site.planner
    lon, lat = client.get(L1).json()["geometry"]["coordinates"][0]
    point = {"type": "Point", "coordinates": [lon, lat, 1100.5], "bbox": [lon, lat, lon, lat]}
    node = client.post("/api/rows/nodes", json={"fields": {"utility": "JS"}, "geometry": point})
    assert node.status_code == 201
    assert node.json()["geometry"] == {"type": "Point", "coordinates": [lon, lat]}
    points = {"type": "MultiPoint", "coordinates": [[lon, lat], [lon, lat + 0.001]]}
    ground = client.post("/api/rows/ground", json={"fields": {"kind": "tree"}, "geometry": points})
    assert ground.json()["geometry"]["type"] == "MultiPoint"


def ring(site: Site) -> list[list[float]]:
    ring: list[list[float]] = site.planner.get(C1).json()["geometry"]["coordinates"][0]
    return ring


@gpkg_only
def test_what_is_no_shape_is_refused_with_a_sentence(site: Site) -> None:
    client, before = site.planner, site.state()
    a, b, c, d, _ = ring(site)
    line = [a, b]
    cases: list[tuple[str, Any, str]] = [
        (C1, {"type": "Polygon", "coordinates": [[a, b, c, d]]}, "ring_open"),
        (C1, {"type": "Polygon", "coordinates": [[a, b, a]]}, "too_few_vertices"),
        (C1, {"type": "Polygon", "coordinates": []}, "too_few_vertices"),
        (C1, {"type": "Polygon", "coordinates": [[a, c, b, d, a]]}, "crosses_itself"),
        (C1, {"type": "Polygon", "coordinates": [[a, a, a, a]]}, "crosses_itself"),
        (C1, {"type": "Polygon", "coordinates": [[[a], b, c, a]]}, "not_geojson"),
        (C1, {"type": "Polygon", "coordinates": 5}, "not_geojson"),
        (C1, {"type": "LineString", "coordinates": line}, "wrong_geometry"),
        (C1, {"type": "GeometryCollection", "geometries": []}, "not_geojson"),
        (C1, {"type": ["Polygon"], "coordinates": []}, "wrong_geometry"),
        (C1, {"type": "Polygon", "coordinates": [[a, b, c, a]], "crs": {}}, "not_geojson"),
        (C1, "POLYGON EMPTY", "not_geojson"),
        (L1, {"type": "LineString", "coordinates": [a]}, "too_few_vertices"),
        (L1, {"type": "LineString", "coordinates": [a, a]}, "path_without_length"),
        (L1, {"type": "MultiLineString", "coordinates": [[a, b], [c, c]]}, "path_without_length"),
        (L1, {"type": "LineString", "coordinates": []}, "too_few_vertices"),
        (L1, {"type": "LineString", "coordinates": [a, [b[0], "38"]]}, "not_geojson"),
        (L1, {"type": "LineString", "coordinates": [a, [b[0], True]]}, "not_geojson"),
        (L1, {"type": "LineString", "coordinates": [a, [b[0]]]}, "not_geojson"),
        (L1, {"type": "LineString", "coordinates": [a, [b[0], b[1], 0, 0]]}, "not_geojson"),
        (L1, {"type": "LineString", "coordinates": [a, [10**400, 38]]}, "not_geojson"),
        (L1, {"type": "LineString", "coordinates": [[38.0, 106.2], [38.1, 106.2]]}, "axes_swapped"),
        (L1, {"type": "LineString", "coordinates": [a, [200.0, 95.0]]}, "outside_the_world"),
        (L1, {"type": "LineString", "coordinates": [[456000, 4210000], a]}, "outside_the_world"),
        (D1, {"type": "LineString", "coordinates": [[106.2, 37.0], [106.2, 37.01]]}, "outside_district"),
        (D1, {"type": "LineString", "coordinates": [[0, 90], [0, 89.9]]}, "outside_district"),
        ("/api/rows/works/w1", {"type": "Point", "coordinates": a}, "no_geometry_here"),
    ]  # fmt: skip
    for path, shape, code in cases:
        refused = patch(client, path, seen='"1"', geometry=shape)
        assert columns(refused) == {"geometry": code}, (shape, refused.text)
    assert site.state() == before


@gpkg_only
def test_a_crossing_is_said_where_it_is(site: Site) -> None:
    a, b, c, d, _ = ring(site)
    crossing = {"type": "Polygon", "coordinates": [[a, c, b, d, a]]}
    fault = patch(site.planner, C1, geometry=crossing).json()["facts"]["faults"][0]
    lon, lat = map(float, fault["value"].split(", "))
    assert (lon, lat) == pytest.approx(((a[0] + c[0]) / 2, (a[1] + c[1]) / 2), abs=1e-5)
    assert fault["value"] in fault["title"]


@gpkg_only
def test_a_main_outside_stays_editable(site: Site) -> None:
    """What an import brought from beyond the outline may be moved there, not dragged farther out at first."""
    client, far = site.planner, [[106.9, 37.5], [106.9, 37.6]]
    shape = from_geojson({"type": "LineString", "coordinates": far}, LAYERS["lines"], CRS)
    with site.services.store.writing() as writing:
        rows, _ = writing.rows(LAYERS["lines"], ["l2"])
        rows.wkb[0] = shapely.to_wkb(shape, byte_order=1)
        writing.update(rows, ["geometry"], 1)
    longer = {"type": "LineString", "coordinates": [*far, [106.9, 37.7]]}
    assert patch(client, "/api/rows/lines/l2", geometry=longer).status_code == 200
    outlines = client.get("/api/rows/boundaries/" + site.services.store.read("boundaries")["id"].iloc[0])
    assert patch(client, outlines.url.path, geometry=outlines.json()["geometry"]).headers["etag"] == '"1"'
    assert tag(client, outlines.url.path) == '"1"'
