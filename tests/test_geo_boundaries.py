"""Outlines of district and towns: what is committed is sound, and faulty files are refused by name."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import shapely
from pyproj import CRS

from geo.boundaries import read_boundaries
from geo.district import District, Town, read_district
from geo.errors import BadInput, UnknownTown, UnreadableFile
from geo.programme.catalogue import read_catalogue

DATA = Path(__file__).parent.parent / "data"


@pytest.fixture(scope="module")
def district() -> District:
    return read_district(DATA / "district.toml")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(DATA / "boundaries", tmp_path / "boundaries"))


def test_rows_are_the_district_then_its_towns_in_its_crs(district):
    rows = read_boundaries(DATA / "boundaries", district)
    assert rows["code"].tolist() == [district.code, *district.town_codes()]
    assert rows["level"].tolist() == ["district", "town", "town"]
    assert rows["name"].tolist() == [district.names["zh"], *district.town_names().values()]
    assert rows.crs == district.crs
    assert rows["schematic"].all()


def test_towns_share_an_edge_and_make_up_the_district(district):
    rows = read_boundaries(DATA / "boundaries", district)
    whole, first, second = rows.geometry
    assert first.intersection(second).area == 0
    assert first.intersection(second).length > 1000
    assert shapely.union(first, second).symmetric_difference(whole).area < 1e-6


def test_outlines_lie_where_the_district_is(district):
    outlines = read_boundaries(DATA / "boundaries", district).to_crs("OGC:CRS84")
    west, south, east, north = outlines.total_bounds
    assert district.extent[0] < west < 106.2 < east < district.extent[2]
    assert district.extent[1] < south < 38.0 < north < district.extent[3]


def test_another_crs_is_followed(district):
    other = replace(district, crs=CRS.from_epsg(32648))
    rows = read_boundaries(DATA / "boundaries", other)
    assert rows.crs == other.crs
    assert 1.4e6 < rows.area.iloc[0] < 1.7e6


def test_a_missing_file_is_named(district, folder):
    (folder / "towns.geojson").unlink()
    with pytest.raises(UnreadableFile) as caught:
        read_boundaries(folder, district)
    assert caught.value.facts["path"].endswith("towns.geojson")


def test_a_broken_file_is_unreadable(district, folder):
    (folder / "towns.geojson").write_text("{not json", encoding="utf-8")
    with pytest.raises(UnreadableFile):
        read_boundaries(folder, district)


def test_a_file_without_codes_is_unreadable(district, folder):
    path = folder / "towns.geojson"
    path.write_text(path.read_text(encoding="utf-8").replace('"code"', '"kode"'), encoding="utf-8")
    with pytest.raises(UnreadableFile):
        read_boundaries(folder, district)


def test_a_town_of_somewhere_else_is_refused(district, folder):
    towns = tuple(Town(town.code[:-1] + "9", town.names) for town in district.towns)
    with pytest.raises(UnknownTown):
        read_boundaries(folder, replace(district, towns=towns))


def test_another_district_is_refused(district, folder):
    path = folder / "district.geojson"
    rows = json.loads(path.read_text(encoding="utf-8"))
    rows["features"][0]["properties"]["code"] = "110101"
    path.write_text(json.dumps(rows), encoding="utf-8")
    with pytest.raises(BadInput) as caught:
        read_boundaries(folder, district)
    assert caught.value.code == "wrong_district"


def test_the_catalogue_is_the_plan_s():
    kinds = read_catalogue(DATA / "works_catalogue.csv")
    assert len(kinds) == 22
    assert [kinds[0].code, kinds[0].zh, kinds[0].unit] == ["roof", "屋面维修", "m2"]
    assert "屋面防水" in kinds[0].words_zh
    assert {str(kind.part) for kind in kinds} == {"body", "infrastructure", "service"}


@pytest.mark.parametrize(
    ("old", "new"), [("code,part", "kode,part"), ("roof,body", "roof,attic"), ("facade,body", ",body")]
)
def test_a_faulty_catalogue_is_unreadable(tmp_path, old, new):
    text = (DATA / "works_catalogue.csv").read_text(encoding="utf-8")
    path = tmp_path / "catalogue.csv"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(UnreadableFile):
        read_catalogue(path)


def test_a_catalogue_code_stands_once(tmp_path):
    text = (DATA / "works_catalogue.csv").read_text(encoding="utf-8")
    path = tmp_path / "catalogue.csv"
    path.write_text(text.replace("facade,body", "roof,body", 1), encoding="utf-8")
    with pytest.raises(BadInput) as caught:
        read_catalogue(path)
    assert caught.value.facts["id"] == "roof"
