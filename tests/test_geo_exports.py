"""Hand-outs come back as they were, open elsewhere, and carry no formulas."""

import zipfile
from pathlib import Path

import geopandas as gpd
import openpyxl
import pandas as pd
import pyogrio
import pytest
import shapely

from geo.district import read_district
from geo.errors import BadInput
from geo.exports import write_layers
from geo.intake.prepare import changes, prepare
from geo.layers import LAYERS, check
from geo.survey_export import write_survey_tables
from geo.vocabulary import Mode

DISTRICT = read_district(Path(__file__).parents[1] / "data" / "district.toml")
HOSTILE = "=cmd|' /C calc'!A0"


def take(path: Path, layer: str, existing=None, mode: Mode = Mode.ADD, **how):
    return prepare(
        [path],
        layer,
        district=DISTRICT,
        catalogue=(),
        committees=(),
        existing=existing or {},
        mode=mode,
        fenced=False,
        **how,
    )


def framed(layer: str, rows: dict, shapes: list | None = None) -> pd.DataFrame:
    frame = (
        pd.DataFrame(rows) if shapes is None else gpd.GeoDataFrame(rows, geometry=shapes, crs=DISTRICT.crs)
    )
    return check(frame, LAYERS[layer], crs=DISTRICT.crs)


@pytest.fixture
def communities() -> pd.DataFrame:
    rows = {
        "id": ["c1", "c2"],
        "name": ["朝阳家园", HOSTILE],
        "town": ["640302107", "640302106"],
        "stage": ["renovation", "survey"],
        "stage_due": [pd.Timestamp("2026-11-30"), None],
        "year_built": [1996, None],
        "households": [120, None],
        "floor_area_dm2": [1234567, None],
        "investment_fen": [829452000, None],
        "sample": [True, None],
        "source": ["台账", "台账"],
        "source_id": ["1", "2"],
    }
    whole = shapely.MultiPolygon(
        [shapely.box(605000, 4205000, 605100, 4205100), shapely.box(605200, 4205000, 605300, 4205100)]
    )
    return framed("communities", rows, [whole, shapely.box(606000, 4205000, 606100, 4205100)])


@pytest.mark.parametrize("name", ["小区.gpkg", "小区.zip", "小区.geojson", "小区.csv"])
def test_what_goes_out_comes_back_the_same(tmp_path, communities, name):
    path = tmp_path / name
    write_layers({"communities": communities}, path)
    crs = "EPSG:4544" if name.endswith("csv") else None
    back = take(path, "communities", {"communities": communities}, Mode.UPDATE, crs=crs)
    assert back.refused == 0
    assert changes(back, {"communities": communities}, Mode.UPDATE) == []
    fresh = take(path, "communities", crs=crs).frames["communities"].set_index("name")
    assert fresh.loc["朝阳家园", "floor_area_dm2"] == 1234567
    assert fresh.loc["朝阳家园", "stage_due"] == pd.Timestamp("2026-11-30")
    assert HOSTILE in fresh.index


@pytest.mark.parametrize("encoding", ["GBK", "UTF-8"])
def test_a_shapefile_says_its_encoding(tmp_path, communities, encoding):
    write_layers({"communities": communities}, tmp_path / "a.zip", encoding=encoding)
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        assert {name.rsplit(".")[-1] for name in archive.namelist()} == {"shp", "shx", "dbf", "prj", "cpg"}
        archive.extractall(tmp_path / "a")
    frame = pyogrio.read_dataframe(tmp_path / "a" / "communities.shp")
    assert frame["name"].tolist()[0] == "朝阳家园"
    assert "area_dm2" in frame
    assert frame.crs.to_epsg() == 4544


def test_a_geopackage_holds_several_layers_and_another_crs(tmp_path, communities):
    owners = framed("owners", {"id": ["o1"], "name": ["供水公司"]})
    write_layers({"communities": communities, "owners": owners}, tmp_path / "a.gpkg", crs="EPSG:4490")
    names = dict(pyogrio.list_layers(tmp_path / "a.gpkg"))
    assert names == {"communities": "MultiPolygon", "owners": None}
    frame = pyogrio.read_dataframe(tmp_path / "a.gpkg", layer="communities")
    assert frame.crs.to_epsg() == 4490
    assert frame.total_bounds[0] < 107
    assert str(frame["stage_due"].iloc[0])[:10] == "2026-11-30"


def test_a_workbook_holds_text_and_no_formulas(tmp_path, communities):
    write_layers(
        {"communities": communities},
        tmp_path / "a.xlsx",
        headers={"communities": {"name": "小区名称", "floor_area_dm2": "=1+1"}},
    )
    page = openpyxl.load_workbook(tmp_path / "a.xlsx")["communities"]
    assert page["B1"].value == "小区名称"
    assert page["B3"].value == HOSTILE
    assert all(
        cell.data_type != "f"
        for row in page
        for cell in row
        if cell.value != "" and not str(cell.value).startswith("=")
    )
    with zipfile.ZipFile(tmp_path / "a.xlsx") as archive:
        assert b"<f>" not in archive.read("xl/worksheets/sheet1.xml")


def test_a_csv_opens_in_a_spreadsheet_without_running_anything(tmp_path, communities):
    write_layers({"communities": communities}, tmp_path / "a.csv")
    text = (tmp_path / "a.csv").read_text(encoding="utf-8-sig")
    assert (tmp_path / "a.csv").read_bytes().startswith(b"\xef\xbb\xbf")
    assert f"'{HOSTILE}" in text
    assert "朝阳家园" in text


def test_nothing_is_overwritten_and_nothing_half_written_stays(tmp_path, communities):
    path = tmp_path / "a.gpkg"
    path.write_text("mine")
    for target, code in ((path, "file_exists"), (tmp_path / "a.doc", "export_format")):
        with pytest.raises(BadInput) as caught:
            write_layers({"communities": communities}, target)
        assert caught.value.code == code
    with pytest.raises(BadInput) as caught:
        write_layers({"communities": communities, "owners": communities}, tmp_path / "b.geojson")
    assert caught.value.code == "one_layer_only"
    assert path.read_text() == "mine"
    assert [each.name for each in tmp_path.iterdir()] == ["a.gpkg"]
    write_layers({"communities": communities}, path, overwrite=True)
    assert pyogrio.read_info(path)["features"] == 2


def test_ground_of_several_shapes_becomes_several_shapefiles(tmp_path):
    shapes = [shapely.Point(605000, 4205000), shapely.LineString([(605000, 4205000), (605010, 4205000)])]
    ground = framed("ground", {"id": ["g1", "g2"], "kind": ["tree", "wall"]}, shapes)
    write_layers({"ground": ground}, tmp_path / "a.zip")
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        assert {"ground_point.shp", "ground_linestring.shp"} <= set(archive.namelist())


@pytest.fixture
def network() -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame, pd.DataFrame]:
    owners = framed("owners", {"id": ["o1"], "name": ["排水公司"], "utilities": ["PS"]})
    places = [(605000, 4205000), (605000, 4205020), (605010.5, 4205020)]
    nodes = framed(
        "nodes",
        {
            "id": ["n1", "n2", "n3"],
            "number": ["WS1", "WS2", "WS3"],
            "utility": ["PS"] * 3,
            "kind": ["WS"] * 3,
            "owner": ["o1"] * 3,
            "feature": [None, "弯头", None],
            "appurtenance": ["检修井", None, "检修井"],
            "ground_elevation_m": [1125.5] * 3,
            "chamber_depth_m": [2.1, None, 2.2],
            "chamber_width_mm": [700, None, 700],
            "chamber_length_mm": [900, None, 900],
            "surveyed_on": [pd.Timestamp("2025-11-03")] * 3,
        },
        [shapely.Point(place) for place in places],
    )
    lines = framed(
        "lines",
        {
            "id": ["l1", "l2"],
            "owner": ["o1"] * 2,
            "utility": ["PS"] * 2,
            "kind": ["WS"] * 2,
            "state": ["in_service", "abandoned"],
            "start_number": ["WS1", "WS2"],
            "end_number": ["WS2", "WS3"],
            "depth_start_m": [1.5, None],
            "depth_end_m": [1.6, 1.7],
            "elevation_start_m": [1124.0, None],
            "elevation_end_m": [1123.9, 1123.8],
            "depth_reference": ["invert"] * 2,
            "size_text": ["DN300", "600×300"],
            "nominal_diameter_mm": [300, None],
            "outer_width_mm": [None, 600],
            "outer_height_mm": [None, 300],
            "material": ["PVC", "T"],
            "laying": ["ZM", "GG"],
            "flow": [1, -1],
            "year_laid": [2003, None],
            "road": ["朝阳街", None],
        },
        [shapely.LineString(places[:2]), shapely.LineString(places[1:])],
    )
    return lines, nodes, owners


def test_survey_tables_come_back_as_they_were(tmp_path, network):
    lines, nodes, owners = network
    write_survey_tables(lines, nodes, tmp_path / "管线.xlsx", owners=owners)
    back = take(tmp_path / "管线.xlsx", "lines", {"owners": owners})
    assert back.refused == 0
    drop = ["id", "source", "source_id"]
    for name, frame in (("lines", lines), ("nodes", nodes)):
        pd.testing.assert_frame_equal(
            pd.DataFrame(back.frames[name].drop(columns=drop)),
            pd.DataFrame(frame.drop(columns=drop)),
            check_dtype=False,
        )
    page = openpyxl.load_workbook(tmp_path / "管线.xlsx")["管点"]
    assert [cell.value for cell in page[1]][:3] == ["物探点号", "X坐标", "Y坐标"]
    assert (page["B2"].value, page["C2"].value) == (4205000, 605000)


def test_a_line_of_many_vertices_becomes_segments_with_depths_between(tmp_path, network):
    lines, nodes, _ = network
    bent = lines.iloc[:1].assign(
        geometry=gpd.GeoSeries(
            [shapely.LineString([(605100, 4205000), (605100, 4205010), (605100, 4205040)])], crs=DISTRICT.crs
        ),
        start_number=None,
        end_number=None,
        depth_start_m=1.0,
        depth_end_m=2.0,
        elevation_start_m=None,
        elevation_end_m=None,
    )
    write_survey_tables(bent, nodes.iloc[:0], tmp_path / "a.xlsx")
    rows = take(tmp_path / "a.xlsx", "lines").frames["lines"]
    assert rows.geometry.length.tolist() == [10, 30]
    assert rows["depth_end_m"].tolist() == [1.25, 2.0]
    assert rows["end_number"].iloc[0] == rows["start_number"].iloc[1]
