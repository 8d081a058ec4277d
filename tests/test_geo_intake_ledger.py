"""Communities from ledgers and outlines, buildings from footprints, and what each mode does with them."""

from pathlib import Path

import geopandas as gpd
import openpyxl
import pandas as pd
import pyogrio
import pytest
import shapely

from geo.district import read_district
from geo.errors import BadInput, DuplicateId, MissingCRS, NotFound, UnknownTown, WrongCRS, WrongGeometry
from geo.intake.prepare import changes, prepare
from geo.intake.report import Intake, Level
from geo.intake.towns import read_committees
from geo.layers import LAYERS, check
from geo.programme.catalogue import read_catalogue
from geo.vocabulary import Mode

DATA = Path(__file__).parents[1] / "data"
DISTRICT = read_district(DATA / "district.toml")
CATALOGUE = read_catalogue(DATA / "works_catalogue.csv")
COMMITTEES = read_committees(DATA / "codes" / "committees_640302106_640302107.csv")
JINXING, SHENGLI = "640302106", "640302107"
HEADERS = [
    "序号",
    "所属乡镇",
    "小区名称",
    "所属社区",
    "建成年代",
    "楼栋数",
    "户数",
    "建筑面积（万㎡）",
    "改造内容",
    "总投资（万元）",
    "备注",
]


def take(*paths: Path, layer: str | None = None, existing=None, mode: Mode = Mode.ADD, **how) -> Intake:
    return prepare(
        paths,
        layer,
        district=DISTRICT,
        catalogue=CATALOGUE,
        committees=COMMITTEES,
        existing=existing or {},
        mode=mode,
        fenced=False,
        **how,
    )


def stored(existing, intake: Intake, mode: Mode = Mode.ADD) -> dict[str, pd.DataFrame]:
    """What a store would hold afterwards, by the same changes that it would record."""
    after = dict(existing)
    for change in changes(intake, existing, mode):
        layer = LAYERS[change.layer]
        old = after.get(change.layer)
        rows = old.loc[~old["id"].isin(change.remove)] if old is not None else None
        if change.update is not None:
            rows = pd.concat([rows.loc[~rows["id"].isin(change.update["id"])], change.update])
        if change.add is not None:
            rows = change.add if rows is None else pd.concat([rows, change.add])
        if layer.geometry:
            rows = gpd.GeoDataFrame(rows, geometry="geometry", crs=DISTRICT.crs)
        after[change.layer] = check(rows.reset_index(drop=True), layer, crs=DISTRICT.crs)
    return after


def workbook(
    path: Path,
    rows: list[list],
    *,
    headers=HEADERS,
    title: str | None = None,
    merge: str = "",
    sheet: str = "Sheet1",
) -> Path:
    book = openpyxl.Workbook()
    page = book.active
    page.title = sheet
    if title:
        page.append([title])
        page.merge_cells(start_row=1, end_row=1, start_column=1, end_column=len(headers))
    page.append(headers)
    for row in rows:
        page.append(row)
    if merge:
        page.merge_cells(merge)
    book.save(path)
    return path


def codes(intake: Intake, level: Level | None = None) -> list[str]:
    return [note.code for note in intake.rows if level is None or note.level is level]


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    return workbook(
        tmp_path / "2026台账.xlsx",
        [
            [
                1,
                "金星镇",
                "示例一小区",
                "金花园",
                "1996年",
                4,
                "１，２００",
                1.2345,
                "屋面防水、外墙保温3200㎡；供排水，太空电梯",
                331.7808,
                None,
            ],
            [2, None, "示例二小区", "明珠社区", "1995-1998", 3, 150, "0.9", "充电桩", 100.5, "无"],
            ["小计", None, None, None, None, 7, 1350, 2.1345, None, 432.2808, None],
            [3, "胜利镇", "示例三小区", "上桥居委会", "90年代", 3, 150, "9000㎡", "充电桩", 100.5, "近河"],
            ["合计", None, None, None, None, 10, 1500, 3.0345, None, 533, None],
        ],
        title="利通区2026年老旧小区改造台账",
        merge="B3:B4",
    )


def test_a_ledger_becomes_communities_and_works(ledger):
    intake = take(ledger)
    assert (intake.layer, intake.read, intake.accepted, intake.refused, intake.repaired) == (
        "communities",
        3,
        3,
        0,
        2,
    )
    rows = intake.frames["communities"].set_index("name")
    assert rows["town"].tolist() == [JINXING, JINXING, SHENGLI]
    assert rows["committee"].tolist() == ["金花园居委会", "明珠社区居委会", "上桥居委会"]
    assert rows["year_built"].tolist() == [1996, 1995, pd.NA]
    assert rows["households"].tolist() == [1200, 150, 150]
    assert rows["floor_area_dm2"].tolist() == [1234500, 900000, 900000]
    assert rows["investment_fen"].tolist() == [331780800, 100500000, 100500000]
    assert rows["stage"].unique().tolist() == ["survey"]
    assert rows["geometry"].isna().all()
    assert "太空电梯" in rows.loc["示例一小区", "note"]
    assert rows.loc["示例三小区", "note"] == "近河"
    works = intake.frames["works"]
    mine = works.loc[works["community"] == rows.loc["示例一小区", "id"]].set_index("code")
    assert set(mine.index) == {"roof", "facade", "water", "drainage"}
    assert mine.loc["facade", "quantity"] == 3200
    assert codes(intake, Level.NOTE) == ["works_unknown", "total_differs"]
    total = next(note for note in intake.rows if note.code == "total_differs")
    assert (total.row, total.column, total.facts["sum"]) == (7, "总投资(万元)", "5,327,808.00")
    check(intake.frames["communities"], LAYERS["communities"], crs=DISTRICT.crs)


def test_an_unknown_town_names_row_and_suggestion(tmp_path):
    path = workbook(
        tmp_path / "a.xlsx",
        [
            [1, "金兴镇", "甲小区"],
            [2, "上桥镇", "乙小区"],
            [3, "利通区胜利镇", "丙小区"],
            [4, "金星", "丁小区"],
        ],
    )
    intake = take(path)
    notes = [
        (note.code, note.row, note.column, note.value, note.facts.get("suggestion")) for note in intake.rows
    ]
    assert notes == [
        ("town_unknown_suggested", 2, "所属乡镇", "金兴镇", "金星镇"),
        ("town_unknown", 3, "所属乡镇", "上桥镇", None),
    ]
    fault = intake.fault()
    assert isinstance(fault, UnknownTown)
    assert (fault.facts["row"], fault.facts["guess"]) == (2, "金星镇")
    assert intake.frames["communities"]["town"].tolist() == [SHENGLI, JINXING]


def test_the_town_may_stand_in_the_sheet_the_title_the_file_or_the_committee(tmp_path):
    headers = ["小区名称", "所属社区", "户数"]
    by_sheet = workbook(tmp_path / "a.xlsx", [["甲", None, 1]], headers=headers, sheet="胜利镇")
    by_title = workbook(tmp_path / "b.xlsx", [["甲", None, 1]], headers=headers, title="金星镇老旧小区")
    by_file = workbook(tmp_path / "胜利镇台账.xlsx", [["甲", None, 1]], headers=headers)
    by_committee = workbook(
        tmp_path / "c.xlsx", [["甲", "上桥社区", 1], ["乙", "没有的社区", 2]], headers=headers
    )
    assert [take(path).frames["communities"]["town"].tolist() for path in (by_sheet, by_title, by_file)] == [
        [SHENGLI],
        [JINXING],
        [SHENGLI],
    ]
    found = take(by_committee)
    assert found.frames["communities"]["town"].tolist() == [SHENGLI]
    assert codes(found) == ["town_missing", "town_from_committee", "committee_unknown"]
    assert take(by_committee, default_town=JINXING).refused == 0


def test_a_committee_never_overrules_the_town_of_the_row(tmp_path):
    intake = take(workbook(tmp_path / "a.xlsx", [[1, "金星镇", "甲小区", "上桥居委会"]]))
    assert intake.frames["communities"]["town"].tolist() == [JINXING]
    assert codes(intake) == ["committee_elsewhere"]


def test_doubles_in_a_ledger_are_refused_naming_the_first(tmp_path):
    intake = take(
        workbook(
            tmp_path / "a.xlsx", [[1, "金星镇", "甲小区"], [2, "胜利镇", "甲小区"], [3, "金星镇", " 甲 小区"]]
        )
    )
    (note,) = [note for note in intake.rows if note.level is Level.REFUSED]
    assert (note.code, note.row, note.facts["first"]) == ("community_twice", 4, 2)
    assert intake.accepted == 2


def test_a_gbk_csv_in_yuan_and_square_metres(tmp_path):
    path = tmp_path / "台账.csv"
    path.write_text(
        '小区,镇,面积(㎡),投资(元),阶段\n朝阳家园,胜利镇,"12,345.67","3,317,808.01",全面改造\n新一中家属院,金星镇,8000,1000000,48%\n合计,,20345.67,4317808.01,\n',
        encoding="gbk",
    )
    intake = take(path)
    rows = intake.frames["communities"].set_index("name")
    assert rows["floor_area_dm2"].tolist() == [1234567, 800000]
    assert rows["investment_fen"].tolist() == [331780801, 100000000]
    assert rows["stage"].tolist() == ["renovation", "survey"]
    assert rows.loc["新一中家属院", "note"] == "阶段 48%"
    assert codes(intake) == ["stage_unknown"]


def test_headers_that_nobody_knows_are_listed(tmp_path):
    with pytest.raises(BadInput) as caught:
        take(workbook(tmp_path / "a.xlsx", [["丙", "丁"]], headers=["甲", "乙"]), layer="communities")
    assert caught.value.code == "no_known_header"
    assert "甲, 乙" in caught.value.facts["seen"]
    assert "小区名称" in caught.value.facts["wanted"]
    with pytest.raises(BadInput) as caught:
        take(workbook(tmp_path / "b.xlsx", [["丙", "丁"]], headers=["甲", "乙"]))
    assert caught.value.code == "layer_unclear"
    with pytest.raises(NotFound):
        take(tmp_path / "b.xlsx", layer="houses")
    with pytest.raises(BadInput) as caught:
        take(workbook(tmp_path / "c.xlsx", [], headers=["小区名称", "乡镇"]), layer="communities")
    assert caught.value.code == "no_rows"


def test_adding_the_same_ledger_twice_is_refused_and_updating_changes_what_differs(ledger, tmp_path):
    first = take(ledger)
    store = stored({}, first)
    again = take(ledger, existing=store)
    assert isinstance(again.fault(), DuplicateId)
    assert again.accepted == 0
    assert {note.code for note in again.rows if note.level is Level.REFUSED} == {"already_stored"}
    same = take(ledger, existing=store, mode=Mode.UPDATE)
    assert (same.kept, changes(same, store, Mode.UPDATE)) == (3, [])
    revised = (
        workbook(
            tmp_path / "new" / "2026台账.xlsx",
            [[1, "金星镇", "示例一小区", None, None, 5, None], [2, "胜利镇", "新小区", None, 2001, 1, 1]],
        )
        if (tmp_path / "new").mkdir() is None
        else None
    )
    update = take(revised, existing=store, mode=Mode.UPDATE)
    after = stored(store, update, Mode.UPDATE)["communities"].set_index("name")
    assert after.loc["示例一小区", "building_count"] == 5
    assert after.loc["示例一小区", "year_built"] == 1996
    assert len(after) == 4
    replaced = stored(store, take(revised, existing=store, mode=Mode.REPLACE), Mode.REPLACE)["communities"]
    assert sorted(replaced["name"]) == ["新小区", "示例一小区"]


def outlines(path: Path, names=("示例一小区", "示例三小区"), crs="EPSG:4544") -> Path:
    shapes = [shapely.box(605000 + 300 * k, 4205000, 605200 + 300 * k, 4205200) for k in range(len(names))]
    towns = ["金星镇", "胜利镇"][: len(names)]
    frame = gpd.GeoDataFrame({"小区名称": names, "所属乡镇": towns}, geometry=shapes, crs="EPSG:4544").to_crs(
        crs
    )
    pyogrio.write_dataframe(frame, path)
    return path


def test_outlines_join_the_communities_of_a_ledger(ledger, tmp_path):
    store = stored({}, take(ledger))
    intake = take(outlines(tmp_path / "outlines.gpkg"), existing=store, layer="communities")
    assert codes(intake) == ["joined_to_stored", "joined_to_stored"]
    after = stored(store, intake)["communities"].set_index("name")
    assert len(after) == 3
    assert after["geometry"].notna().tolist().count(True) == 2
    assert after.loc["示例一小区", "households"] == 1200
    other = outlines(tmp_path / "other.gpkg", names=("示例三小区",))
    moved = take(other, existing=stored(store, intake), layer="communities")
    assert moved.refused == 0  # another town of the same name is another community
    assert moved.frames["communities"]["town"].tolist() == [JINXING]


def test_a_ledger_fills_what_footprints_made_and_a_contradiction_is_refused(tmp_path):
    buildings = footprints(tmp_path / "楼栋.shp")
    made = take(buildings, layer="buildings")
    assert made.created == {"communities": 2}
    store = stored({}, made)
    path = workbook(tmp_path / "a.xlsx", [[1, "胜利镇", "朝阳家园", None, 1998, 2, 90]])
    store = stored(store, take(path, existing=store))
    row = store["communities"].set_index("name").loc["朝阳家园"]
    assert (row["year_built"], row["households"]) == (1998, 90)
    clash = take(
        workbook(tmp_path / "b.xlsx", [[1, "胜利镇", "朝阳家园", None, 1999, 2, 90]]), existing=store
    )
    (note,) = [note for note in clash.rows if note.level is Level.REFUSED]
    assert (note.code, note.column, note.facts["stored"], note.facts["new"]) == (
        "contradicts",
        "year_built",
        "1998",
        "1999",
    )
    update = take(tmp_path / "b.xlsx", existing=store, mode=Mode.UPDATE)
    assert update.frames["communities"]["year_built"].tolist() == [1999]


def footprints(path: Path, *, crs: str | None = "EPSG:4544", encoding: str = "GBK", **columns) -> Path:
    shapes = [shapely.box(605010 + 60 * k, 4205010, 605060 + 60 * k, 4205022) for k in range(3)]
    data = {
        "编号": ["B1", "B2", "B3"],
        "小区名称": ["朝阳家园", "朝阳家园", "甲小区"],
        "所属乡镇": ["胜利镇", "胜利镇", "金星镇"],
        "楼号": ["1号楼", "2号楼", "1号楼"],
        "层数": [6, 5, 6],
        "户数": [48, 40, 36],
        "建筑面积": [3600.25, 3000.0, 3600.5],
    } | columns
    data = {name: values for name, values in data.items() if values is not None}
    frame = gpd.GeoDataFrame(data, geometry=shapes, crs="EPSG:4544")
    frame = frame.to_crs(crs) if crs else frame
    pyogrio.write_dataframe(frame, path, encoding=encoding if path.suffix == ".shp" else None)
    if crs is None:
        path.with_suffix(".prj").unlink()
    return path


@pytest.mark.parametrize("crs", ["EPSG:4544", "EPSG:4523", "EPSG:4490", "EPSG:4326", "EPSG:3857"])
def test_footprints_of_any_crs_stand_where_they_are(tmp_path, crs):
    intake = take(footprints(tmp_path / "楼栋.shp", crs=crs))
    rows = intake.frames["buildings"]
    assert (intake.layer, intake.read, intake.accepted) == ("buildings", 3, 3)
    assert (
        rows["geometry"]
        .iloc[0]
        .equals_exact(shapely.box(605010, 4205010, 605060, 4205022), 0.05, normalize=True)
    )
    assert rows["floor_area_dm2"].tolist() == [360025, 300000, 360050]
    assert rows["town"].tolist() == [SHENGLI, SHENGLI, JINXING]
    assert rows["source_id"].tolist() == ["B1", "B2", "B3"]
    names = intake.frames["communities"].set_index("id")["name"]
    assert rows["community"].map(names).tolist() == ["朝阳家园", "朝阳家园", "甲小区"]


def test_a_utf8_shapefile_with_cut_names_says_the_same(tmp_path):
    a = take(footprints(tmp_path / "a.shp", encoding="UTF-8")).frames["buildings"]
    b = take(footprints(tmp_path / "b.shp", encoding="GBK")).frames["buildings"]
    pd.testing.assert_frame_equal(
        a[["town", "number", "storeys", "floor_area_dm2"]], b[["town", "number", "storeys", "floor_area_dm2"]]
    )


def test_a_missing_prj_is_refused_unless_a_crs_is_named(tmp_path):
    path = footprints(tmp_path / "楼栋.shp", crs=None)
    with pytest.raises(MissingCRS) as caught:
        take(path)
    assert caught.value.facts["guess"].startswith("EPSG:4544")
    assert caught.value.facts["file"] == "楼栋.shp"
    assert take(path, crs="EPSG:4544").accepted == 3
    with pytest.raises(WrongCRS):
        take(path, crs="EPSG:4545")
    with pytest.raises(WrongCRS) as caught:
        take(path, crs="火星")
    assert caught.value.code == "crs_unknown"


def test_gcj02_is_put_back(tmp_path):
    from geo.crs import to_screen, wgs84_to_gcj02

    frame = to_screen(gpd.GeoDataFrame(pyogrio.read_dataframe(footprints(tmp_path / "a.gpkg"))))
    shifted = shapely.transform(
        frame.geometry.array, lambda xy: shapely.get_coordinates(shapely.points(*wgs84_to_gcj02(*xy.T)))
    )
    pyogrio.write_dataframe(frame.set_geometry(gpd.GeoSeries(shifted, crs="EPSG:4326")), tmp_path / "b.gpkg")
    straight, put_back = (
        take(tmp_path / name, crs=crs).frames["buildings"].geometry.iloc[0]
        for name, crs in (("a.gpkg", None), ("b.gpkg", "GCJ-02"))
    )
    assert straight.centroid.distance(put_back.centroid) < 0.1


def test_exchanged_axes_of_a_file_are_put_right_and_said(tmp_path):
    path = footprints(tmp_path / "a.gpkg")
    frame = gpd.GeoDataFrame(pyogrio.read_dataframe(path))
    turned = frame.set_geometry(
        gpd.GeoSeries(shapely.transform(frame.geometry.array, lambda xy: xy[:, ::-1]), crs=frame.crs)
    )
    pyogrio.write_dataframe(turned, tmp_path / "b.gpkg")
    intake = take(tmp_path / "b.gpkg")
    assert codes(intake) == ["axes_exchanged"]
    assert intake.frames["buildings"].geometry.iloc[0].bounds == (605010, 4205010, 605060, 4205022)


def test_the_wrong_kind_of_shape_is_refused_as_a_whole(tmp_path):
    points = gpd.GeoDataFrame({"楼号": ["1"]}, geometry=[shapely.Point(605000, 4205000)], crs="EPSG:4544")
    pyogrio.write_dataframe(points, tmp_path / "a.gpkg")
    with pytest.raises(WrongGeometry) as caught:
        take(tmp_path / "a.gpkg", layer="buildings")
    assert caught.value.facts["found"] == "Point"


def test_shapes_are_repaired_where_that_is_possible(tmp_path):
    bow = shapely.Polygon([(605000, 4205000), (605050, 4205020), (605050, 4205000), (605000, 4205020)])
    ring = shapely.LineString([(605100, 4205000), (605150, 4205000), (605150, 4205012), (605100, 4205000)])
    high = shapely.Polygon([(605200, 4205000, 9), (605250, 4205000, 9), (605250, 4205012, 9)])
    shapes = [
        bow,
        ring,
        high,
        shapely.Polygon(),
        shapely.Point(605000, 4205000),
        shapely.MultiPolygon([high]),
    ]
    frame = gpd.GeoDataFrame(
        {"楼号": list("123456"), "乡镇": ["金星镇"] * 6}, geometry=shapes, crs="EPSG:4544"
    )
    path = tmp_path / "a.geojson"
    path.write_text(frame.to_crs("OGC:CRS84").to_json(), encoding="utf-8")
    intake = take(path, layer="buildings")
    assert {(note.code, note.row) for note in intake.rows} == {
        ("no_geometry", 4),
        ("wrong_geometry", 5),
        ("made_valid", 1),
        ("ring_to_area", 2),
        ("z_dropped", None),
    }
    assert intake.frames["buildings"].geometry.is_valid.all()
    assert not intake.frames["buildings"].geometry.has_z.any()
    assert intake.frames["buildings"].geometry.geom_type.tolist() == [
        "MultiPolygon",
        "Polygon",
        "Polygon",
        "Polygon",
    ]


def test_buildings_without_community_take_the_outline_they_stand_in(tmp_path, ledger):
    store = stored({}, take(outlines(tmp_path / "outlines.gpkg"), layer="communities"))
    intake = take(footprints(tmp_path / "楼.shp", 小区名称=None, 所属乡镇=None), existing=store)
    names = store["communities"].set_index("id")["name"]
    assert intake.frames["buildings"]["community"].map(names).tolist() == ["示例一小区"] * 3
    assert intake.frames["buildings"]["town"].tolist() == [JINXING] * 3


def test_buildings_that_belong_nowhere_are_refused_with_reasons(tmp_path):
    store = stored(
        {},
        take(
            workbook(
                tmp_path / "a.xlsx", [[1, "金星镇", "甲小区"], [2, "金星镇", "同名"], [3, "胜利镇", "同名"]]
            )
        ),
    )
    path = footprints(tmp_path / "楼.shp", 所属乡镇=None, 小区名称=["甲小去", "同名", None])
    intake = take(path, existing=store)
    assert {(note.code, note.row) for note in intake.rows} == {
        ("community_unknown_suggested", 1),
        ("community_ambiguous", 2),
        ("building_nowhere", 3),
    }
    assert intake.accepted == 0
    whole = take(path, existing=store, default_town=JINXING)
    assert whole.refused == 0
    assert whole.created == {"communities": 1}
    assert whole.frames["buildings"]["community"].isna().tolist() == [False, False, True]


def test_ids_that_stand_twice_are_refused_in_the_file_and_against_the_store(tmp_path):
    intake = take(footprints(tmp_path / "a.shp", 编号=["B1", "B1", "B3"]))
    (note,) = intake.rows
    assert (note.code, note.row, note.value, note.facts["first"]) == ("duplicate_id", 2, "B1", 1)
    assert isinstance(intake.fault(), DuplicateId)
    store = stored({}, take(footprints(tmp_path / "b.shp")))
    renamed = take(footprints(tmp_path / "c.shp"), existing=store)
    assert [(note.code, note.value, note.facts["origin"]) for note in renamed.rows] == [
        ("already_stored", f"{k}号楼", "b") for k in (1, 2, 1)
    ]
    assert changes(renamed, store, Mode.ADD) == []


def test_values_outside_the_contract_are_refused_with_their_row(tmp_path):
    intake = take(footprints(tmp_path / "a.shp", 层数=[6, -1, 999]))
    assert [(note.code, note.row, note.column, note.value) for note in intake.rows] == [
        ("too_low", 2, "storeys", "-1"),
        ("too_high", 3, "storeys", "999"),
    ]
    assert intake.accepted == 1


def test_updates_touch_only_the_columns_of_the_file(tmp_path):
    store = stored({}, take(footprints(tmp_path / "楼.shp")))
    path = tmp_path / "楼.csv"
    path.write_text("编号,户数\nB1,50\nB9,3\n", encoding="utf-8")
    intake = take(path, layer="buildings", existing=store, mode=Mode.UPDATE)
    after = stored(store, intake, Mode.UPDATE)["buildings"].set_index("source_id")
    assert after.loc["B1", "households"] == 50
    assert after.loc["B1", "storeys"] == 6
    assert after.loc["B1", "geometry"].area == 600
    assert after.loc["B1", "town"] == SHENGLI
    assert [(note.code, note.row) for note in intake.rows] == [("building_nowhere", 3)]


def test_a_file_that_lies_about_its_encoding_is_read_and_that_is_said(tmp_path):
    path = footprints(tmp_path / "a.shp")
    path.with_suffix(".cpg").write_text("UTF-8")
    intake = take(path)
    assert [(note.code, note.facts["declared"]) for note in intake.rows] == [("encoding_overridden", "UTF-8")]
    assert intake.accepted == 3


def test_changes_carry_the_revision_that_was_seen(tmp_path):
    store = stored({}, take(footprints(tmp_path / "楼.shp")))
    store["buildings"] = store["buildings"].assign(row_revision=7)
    intake = take(footprints(tmp_path / "楼.shp", 层数=[7, 5, 6]), existing=store, mode=Mode.UPDATE)
    (change,) = changes(intake, store, Mode.UPDATE)
    assert change.seen == {change.update["id"].iloc[0]: 7}
    assert change.update["storeys"].tolist() == [7]
