"""The payload says what the frames say, reads back to a centimetre, and never leaves its script element."""

import json
from datetime import date
from itertools import pairwise
from pathlib import Path

import geopandas as gpd
import numpy as np
import orjson
import pandas as pd
import pytest
import shapely

from geo.boundaries import read_boundaries
from geo.district import read_district
from geo.layers import BUILDINGS, COMMUNITIES, DIGS, GROUND, LINES, OWNERS, conform
from geo.programme.catalogue import read_catalogue
from geo.sample.district import build_sample
from maps.atlas import MAP_LAYERS, Atlas
from maps.payload import payload
from maps.view import build_view

DATA = Path(__file__).parent.parent / "data"
DISTRICT = read_district(DATA / "district.toml")
CATALOGUE = read_catalogue(DATA / "works_catalogue.csv")
BOUNDARIES = read_boundaries(DATA / "boundaries", DISTRICT)
JINXING = DISTRICT.town_codes()[0]
DISTRICT_MIDDLE = np.array(BOUNDARIES.total_bounds).reshape(2, 2).mean(axis=0)
HOSTILE = (
    "<img src=x onerror=alert(1)>",
    "</script><script>alert(2)</script>",
    "`${alert(3)}`",
    "{{ 7*7 }}{% raw %}",
    "\"quotes' & ampersands\\",
    "line\u2028separator\u2029",
    "<!-- comment",
)


def atlas_of(frames):
    return Atlas(
        frames, district=DISTRICT, catalogue=CATALOGUE, as_of=date(2026, 7, 15), revision=3, sample=True
    )


def frame(layer, rows, shapes):
    return conform(
        gpd.GeoDataFrame(pd.DataFrame(rows), geometry=shapes, crs=DISTRICT.crs), layer, DISTRICT.crs
    )


def read(layer):
    """Shapes of a layer of the payload, in degrees: what the browser does, in a few lines of Python."""
    xy = (
        np.cumsum(np.array(layer["xy"], dtype="int64").reshape(-1, 2), axis=0) * layer["step"]
        + layer["origin"]
    )
    if layer["shape"] == "spot":
        return list(shapely.points(xy))
    seq = [xy[a:b] for a, b in pairs(layer["rings"] if layer["shape"] == "area" else layer["parts"])]
    if layer["shape"] == "path":
        return [shapely.MultiLineString(seq[a:b]) for a, b in pairs(layer["features"])]
    parts = [shapely.Polygon(seq[a], seq[a + 1 : b]) for a, b in pairs(layer["parts"])]
    return [shapely.MultiPolygon(parts[a:b]) for a, b in pairs(layer["features"])]


def pairs(offsets):
    return list(pairwise(offsets))


@pytest.fixture(scope="module")
def sample():
    return atlas_of(build_sample(DISTRICT, CATALOGUE, BOUNDARIES))


@pytest.fixture(scope="module")
def told(sample):
    return orjson.loads(payload(build_view(sample, lang="en")))


def test_head_follows_the_contract(told):
    assert {key: told[key] for key in ("lang", "theme", "town", "as_of", "revision", "sample", "remote")} == {
        "lang": "en",
        "theme": "progress",
        "town": None,
        "as_of": "2026-07-15",
        "revision": 3,
        "sample": True,
        "remote": "/api/view",
    }
    assert told["crs"]["name"] == "EPSG:4544"
    assert told["crs"]["proj4"].startswith("+proj=tmerc")
    assert set(told["palette"]) == {"stages", "lines", "neutrals", "verdicts"}
    assert set(told["layers"]) == set(MAP_LAYERS)


def test_words_are_flat_and_complete(told):
    words = told["words"]
    assert words["stage.renovation"] == "Renovation"
    assert words["work.roof"] == "Roof"
    assert words["kind.WS"] == "Foul"
    sections = {key.split(".")[0] for key in words}
    assert {
        "map",
        "stage",
        "line_state",
        "dig_state",
        "field",
        "ground",
        "utility",
        "work",
        "kind",
        "unit",
    } <= sections


@pytest.mark.parametrize("name", ["boundaries", "communities", "buildings", "lines", "nodes"])
def test_shapes_read_back_to_a_centimetre(sample, told, name):
    layer, rows = told["layers"][name], sample.on_screen(name)
    assert layer["id"] == rows["id"].tolist()
    assert layer["count"] == len(rows)
    for got, wanted in zip(read(layer), rows.geometry, strict=True):
        assert got.hausdorff_distance(wanted) < 1.5e-7


def test_ground_comes_by_dimension(sample, told):
    ground, rows = told["layers"]["ground"], sample.on_screen("ground").set_index("id")
    assert ground["shape"] == "mixed"
    for part, shape in (("areas", "area"), ("paths", "path"), ("spots", "spot")):
        layer = ground[part]
        assert layer["shape"] == shape
        assert layer["columns"]["kind"] == rows.loc[layer["id"], "kind"].tolist()
        assert all(
            got.hausdorff_distance(rows.geometry[row]) < 1.5e-7
            for got, row in zip(read(layer), layer["id"], strict=True)
        )
    assert sum(ground[part]["count"] for part in ("areas", "paths", "spots")) == len(rows)


def test_columns_are_those_of_the_contract(told):
    contract = {
        "boundaries": "level code name schematic",
        "communities": "name town town_name committee stage late_days reason progress planned buildings "
        "households area_m2 investment_yuan year_built provisional works late_works",
        "buildings": "number community community_name town stage storeys units households area_m2 year_built",
        "lines": "owner owner_name style code size state kind kind_word material laying depth_start_m "
        "depth_end_m year_laid trunk house_connection community community_name town dig month_from month_to",
        "nodes": "style code appurtenance feature number community town",
        "digs": "number owner owner_name style state window_start window_end width_m depth_m community "
        "community_name town month_from month_to",
    }
    for name, columns in contract.items():
        assert set(told["layers"][name]["columns"]) <= set(columns.split()), name
        assert all(
            len(values) == told["layers"][name]["count"]
            for values in told["layers"][name]["columns"].values()
        )
    assert set(told["layers"]["communities"]["columns"]) >= {"works", "late_works", "late_days", "progress"}


def test_figures_are_numbers_in_square_metres_yuan_and_tenths(sample, told):
    columns = told["layers"]["communities"]["columns"]
    standing = sample.standing
    assert columns["area_m2"] == (standing["floor_area_dm2"] / 100).tolist()
    assert columns["investment_yuan"] == (standing["investment_fen"] / 100).tolist()
    assert columns["progress"] == standing["progress"].round(1).tolist()
    assert columns["late_days"] == standing["late_days"].tolist()


def test_works_say_how_far_each_item_is(sample, told):
    columns = told["layers"]["communities"]["columns"]
    ids = told["layers"]["communities"]["id"]
    cells = sample.work_cells.set_index(["community", "code"])
    for community, works, late in zip(ids, columns["works"], columns["late_works"], strict=True):
        own = dict(item.split(":") for item in works.split())
        wanted = cells.loc[community]
        assert own == {code: str(round(percent)) for code, percent in wanted["percent"].items()}
        assert set((late or "").split()) == set(wanted.index[wanted["late_days"] > 0])


def test_existing_lines_have_no_month_and_planned_ones_their_digs(told):
    columns = told["layers"]["lines"]["columns"]
    lines = pd.DataFrame({name: columns[name] for name in ("state", "month_from", "month_to", "dig")})
    assert lines.loc[lines["state"] != "planned", "month_from"].isna().all()
    dated = lines[lines["month_from"].notna()]
    assert len(dated) and dated["month_from"].str.fullmatch(r"\d{4}-\d{2}").all()
    assert (dated["month_from"] <= dated["month_to"]).all()


def test_language_changes_names_and_words(sample):
    chinese, english = (
        orjson.loads(payload(build_view(sample, lang=lang)))["layers"] for lang in ("zh", "en")
    )
    assert set(chinese["communities"]["columns"]["town_name"]) == {"金星镇", "胜利镇"}
    assert set(english["communities"]["columns"]["town_name"]) == {"Jinxing", "Shengli"}
    assert "污水" in chinese["lines"]["columns"]["kind_word"]
    assert "Foul" in english["lines"]["columns"]["kind_word"]


def test_remote_layers_are_only_counted(sample):
    told = orjson.loads(payload(build_view(sample, embed_limit=50)))
    assert told["layers"]["buildings"] == {"count": 82, "remote": True}
    assert told["layers"]["communities"]["count"] == 25


def test_town_payload_holds_the_town_only(sample):
    told = orjson.loads(payload(build_view(sample, town=JINXING)))
    assert told["town"] == JINXING
    assert set(told["layers"]["communities"]["columns"]["town"]) == {JINXING}


def test_file_has_no_address_to_ask(sample):
    assert "remote" not in orjson.loads(payload(build_view(sample, embed_limit=None), remote=None))


def test_simplified_payload_is_smaller_and_still_valid(sample):
    view = build_view(sample)
    fine, coarse = payload(view), payload(view, tolerance=1e-5)
    assert len(coarse) < len(fine)
    shapes = read(orjson.loads(coarse)["layers"]["buildings"])
    assert all(shape.is_valid and not shape.is_empty for shape in shapes)


def test_same_rows_are_encoded_once(sample):
    view = build_view(sample)
    assert payload(view) == payload(build_view(sample))
    assert sample.keep(("layers", None, "zh", view.embed_limit, 0.0), lambda: "made again") != "made again"


def test_hostile_text_stays_data():
    x, y = DISTRICT_MIDDLE
    names = [*HOSTILE]
    sites = [shapely.box(x + 100 * n, y, x + 100 * n + 50, y + 50) for n in range(len(names))]
    atlas = atlas_of(
        {
            "communities": frame(
                COMMUNITIES,
                {
                    "id": [f"c{n}" for n in range(len(names))],
                    "name": names,
                    "town": JINXING,
                    "stage": "survey",
                    "delay_reason": names,
                },
                sites,
            )
        }
    )
    raw = payload(build_view(atlas))
    assert not any(mark in raw for mark in (b"<", b">", b"&", "\u2028".encode(), "\u2029".encode()))
    columns = json.loads(raw)["layers"]["communities"]["columns"]
    assert columns["name"] == names
    assert columns["reason"] == names


def test_shapes_of_every_sort():
    x, y = DISTRICT_MIDDLE
    hole = shapely.box(x, y, x + 50, y + 50) - shapely.box(x + 10, y + 10, x + 20, y + 20)
    two = shapely.MultiPolygon(
        [shapely.box(x + 100, y, x + 110, y + 10), shapely.box(x + 120, y, x + 130, y + 10)]
    )
    path = shapely.LineString([(x, y), (x + 30, y), (x + 30, y + 40)])
    twice = shapely.MultiLineString([path, shapely.affinity.translate(path, 5, 5)])
    atlas = atlas_of(
        {
            "communities": frame(
                COMMUNITIES,
                {"id": ["a", "b", "c"], "name": ["a", "b", "c"], "town": JINXING, "stage": "survey"},
                [hole, None, two],
            ),
            "lines": frame(
                LINES, {"id": ["p", "q"], "utility": ["JS", "JS"], "state": "in_service"}, [path, twice]
            ),
            "digs": frame(DIGS, {"id": ["d", "e"], "state": "draft"}, [path, two]),
            "ground": frame(
                GROUND,
                {"id": ["t"], "kind": ["tree"]},
                [shapely.MultiPoint([(x, y), (x + 5, y), (x + 9, y)])],
            ),
            "buildings": frame(BUILDINGS, {"id": [], "number": []}, []),
            "owners": conform(pd.DataFrame({"id": ["o"], "name": ["供水公司"]}), OWNERS, DISTRICT.crs),
        }
    )
    layers = orjson.loads(payload(build_view(atlas)))["layers"]
    areas = read(layers["communities"])
    assert [len(shape.geoms) for shape in areas] == [1, 0, 2]
    assert len(areas[0].geoms[0].interiors) == 1
    assert [len(shape.geoms) for shape in read(layers["lines"])] == [1, 2]
    assert layers["digs"]["shape"] == "mixed"
    assert (layers["digs"]["areas"]["id"], layers["digs"]["paths"]["id"]) == (["e"], ["d"])
    assert layers["ground"]["spots"]["id"] == ["t", "t", "t"]
    assert (layers["buildings"]["count"], layers["buildings"]["xy"]) == (0, [])


def test_missing_values_are_null_and_empty_columns_absent():
    x, y = DISTRICT_MIDDLE
    atlas = atlas_of(
        {
            "communities": frame(
                COMMUNITIES,
                {
                    "id": ["a", "b"],
                    "name": ["a", "b"],
                    "town": JINXING,
                    "stage": "survey",
                    "households": [3, None],
                },
                [shapely.box(x, y, x + 9, y + 9), None],
            )
        }
    )
    columns = orjson.loads(payload(build_view(atlas)))["layers"]["communities"]["columns"]
    assert columns["households"] == [3, None]
    assert "committee" not in columns
    assert "reason" not in columns
