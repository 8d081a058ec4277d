"""Point and line tables of a pipeline survey, lines from files, digs, owners and boundaries."""

from pathlib import Path

import geopandas as gpd
import openpyxl
import pandas as pd
import pyogrio
import pytest
import shapely

from geo.district import read_district
from geo.errors import BadInput, WrongCRS
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
NORTH, EAST = 4205000.0, 605000.0

POINT_HEADS = {
    "zh": ["物探点号", "X坐标", "Y坐标", "地面高程", "特征", "附属物", "井底埋深", "权属单位", "探测日期"],
    "en": ["Exp_No", "X", "Y", "High", "Feature", "Subsid", "WellDeep", "Belong", "SDate"],
    "lower": ["exp_no", "x", "y", "high", "feature", "subsid", "well_deep", "belong", "sdate"],
}
LINE_HEADS = {
    "zh": [
        "起点点号",
        "终点点号",
        "起点埋深",
        "终点埋深",
        "起点高程",
        "终点高程",
        "管线种类",
        "管径",
        "材质",
        "埋设方式",
        "使用状态",
        "权属单位",
        "埋设日期",
    ],
    "en": [
        "S_Exp",
        "E_Exp",
        "S_Deep",
        "E_Deep",
        "S_High",
        "E_High",
        "Type",
        "PSize",
        "Material",
        "EmBed",
        "Status",
        "Belong",
        "MDate",
    ],
    "lower": [
        "s_point",
        "e_point",
        "s_deep",
        "e_deep",
        "s_h",
        "e_h",
        "type",
        "d_s",
        "material",
        "embed",
        "status",
        "belong",
        "mdate",
    ],
}


def take(*paths: Path, layer: str | None = "lines", existing=None, mode: Mode = Mode.ADD, **how) -> Intake:
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


def points(
    prefix: str = "WS", count: int = 4, *, step: float = 20.0, zone: bool = False, swap: bool = False
) -> list[list]:
    rows = []
    for k in range(count):
        north, east = NORTH + step * k, EAST + (35e6 if zone else 0)
        first, second = (east, north) if swap else (north, east)
        rows.append(
            [
                f"{prefix}{k + 1}",
                f"{first:.3f}",
                second,
                1125.5,
                "直线点" if k else None,
                None if k else "检修井",
                None if k else 2.1,
                "利通区排水公司",
                "2025.11.3",
            ]
        )
    return rows


def segment(start: str, end: str, **other) -> list:
    values = {
        "depth_start": 1.5,
        "depth_end": 1.5,
        "high_start": 1124.0,
        "high_end": 1124.0,
        "kind": "污水",
        "size": "DN300",
        "material": "PVC",
        "laying": "直埋",
        "status": None,
        "owner": "利通区排水公司",
        "laid": "2003年",
    } | other
    return [start, end, *values.values()]


def survey(path: Path, sheets: dict[str, list[list]]) -> Path:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        page = book.create_sheet(name)
        for row in rows:
            page.append(row)
    book.save(path)
    return path


def plain_survey(
    path: Path, lines: list[list], *, heads: str = "zh", extra_points: list[list] | None = None, **how
) -> Path:
    return survey(
        path,
        {
            "管点": [POINT_HEADS[heads], *points(**how), *(extra_points or [])],
            "管线": [LINE_HEADS[heads], *lines],
        },
    )


def said(intake: Intake, level: Level | None = None) -> set[tuple]:
    return {
        (note.code, note.sheet, note.row, note.value) for note in intake.rows if level in (None, note.level)
    }


def chain(count: int = 4, prefix: str = "WS", **other) -> list[list]:
    return [segment(f"{prefix}{k}", f"{prefix}{k + 1}", **other) for k in range(1, count)]


@pytest.mark.parametrize("heads", ["zh", "en", "lower"])
def test_two_sheets_become_lines_nodes_and_an_owner(tmp_path, heads):
    intake = take(plain_survey(tmp_path / "s.xlsx", chain(), heads=heads))
    assert (intake.read, intake.accepted, intake.refused) == (7, 7, 0)
    lines, nodes, owners = (intake.frames[name] for name in ("lines", "nodes", "owners"))
    assert owners["name"].tolist() == ["利通区排水公司"]
    first = lines.iloc[0]
    assert list(first.geometry.coords) == [(EAST, NORTH), (EAST, NORTH + 20)]
    assert (first["utility"], first["kind"], first["state"], first["depth_reference"]) == (
        "PS",
        "WS",
        "in_service",
        "invert",
    )
    assert (first["depth_start_m"], first["elevation_end_m"], first["nominal_diameter_mm"]) == (
        1.5,
        1124.0,
        300,
    )
    assert (first["material"], first["laying"], first["year_laid"], first["size_text"]) == (
        "PVC",
        "ZM",
        2003,
        "DN300",
    )
    assert (first["owner"], first["start_number"]) == (owners["id"].iloc[0], "WS1")
    assert nodes["utility"].tolist() == ["PS"] * 4
    assert nodes.iloc[0][["appurtenance", "chamber_depth_m", "ground_elevation_m"]].tolist() == [
        "检修井",
        2.1,
        1125.5,
    ]
    assert nodes["surveyed_on"].iloc[0] == pd.Timestamp("2025-11-03")
    assert said(intake) == {("crs_taken", "管点", None, "")}
    for name in ("lines", "nodes", "owners"):
        check(intake.frames[name], LAYERS[name], crs=DISTRICT.crs)


def test_what_pipes_are_made_of_is_checked(tmp_path):
    lines = [
        segment("WS1", "WS2", material="玻璃钢"),
        segment("WS2", "WS3", size="DN400", depth_start=13, depth_end=13, high_start=1112.5, high_end=1112.5),
        segment("WS3", "WS4", size="DN400"),
    ]
    found = said(take(plain_survey(tmp_path / "s.xlsx", lines)), Level.NOTE)
    assert ("material_unfit", "管线", 2, "WS1–WS2") in found
    assert ("depth_unusual", "管线", 3, "WS2–WS3") in found
    assert ("sizes_differ", "管点", 3, "WS2") in found
    assert ("materials_differ", "管点", 3, "WS2") in found
    assert not {note for note in found if note[0] == "sizes_differ" and note[3] != "WS2"}


def test_zone_numbers_and_exchanged_columns_land_in_the_same_place(tmp_path):
    plain = take(plain_survey(tmp_path / "a.xlsx", chain())).frames["lines"].geometry
    zoned = take(plain_survey(tmp_path / "b.xlsx", chain(), zone=True))
    swapped = take(plain_survey(tmp_path / "c.xlsx", chain(), swap=True))
    for intake in (zoned, swapped):
        assert intake.frames["lines"].geometry.geom_equals_exact(plain, 1e-6).all()
    assert {note.code for note in swapped.rows} == {"crs_taken", "xy_exchanged_all"}
    one = points()[:3] + points(swap=True)[3:]
    mixed = take(
        survey(tmp_path / "d.xlsx", {"点表": [POINT_HEADS["zh"], *one], "线表": [LINE_HEADS["zh"], *chain()]})
    )
    assert ("xy_exchanged", "点表", 5, "WS4") in said(mixed, Level.REPAIRED)
    assert mixed.frames["lines"].geometry.geom_equals_exact(plain, 1e-6).all()


def test_a_survey_of_another_zone_is_refused_with_a_guess(tmp_path):
    rows = [[f"WS{k}", 4206000.0 + k, 341500.0, *[None] * 6] for k in (1, 2)]
    path = survey(
        tmp_path / "a.xlsx",
        {"管点": [POINT_HEADS["zh"], *rows], "管线": [LINE_HEADS["zh"], segment("WS1", "WS2")]},
    )
    with pytest.raises(WrongCRS) as caught:
        take(path)
    assert "EPSG:" in caught.value.facts["guess"]
    stray = [["WS9", 3000000, 500000, *[None] * 6]]
    intake = take(plain_survey(tmp_path / "b.xlsx", chain(), extra_points=stray))
    assert said(intake, Level.REFUSED) == {("outside_district", "管点", 6, "WS9")}


def test_several_groups_in_one_workbook_and_numbers_that_repeat_between_them(tmp_path):
    other = [[number.replace("WS", ""), *rest] for number, *rest in points(count=3)]
    moved = [[number, north, east + 3, *rest] for number, north, east, *rest in other]
    heads = [name for name in LINE_HEADS["en"] if name != "Type"]
    lines = [[row[0].replace("WS", ""), row[1].replace("WS", ""), *row[2:6], *row[7:]] for row in chain(3)]
    path = survey(
        tmp_path / "吴忠.xlsx",
        {
            "JSPOINT": [POINT_HEADS["en"], *other],
            "JSLINE": [heads, *lines],
            "RQPOINT": [POINT_HEADS["en"], *moved],
            "RQLINE": [heads, *lines],
            "说明": [["随便"], ["写写"]],
        },
    )
    intake = take(path)
    rows = intake.frames["lines"]
    assert rows["utility"].tolist() == ["JS", "JS", "RQ", "RQ"]
    assert rows["depth_reference"].unique().tolist() == ["top"]
    assert [shape.coords[0][0] for shape in rows.geometry] == [EAST, EAST, EAST + 3, EAST + 3]
    assert len(intake.frames["nodes"]) == 6
    assert intake.refused == 0


def test_two_files_and_dbf_tables_belong_together(tmp_path):
    pd.DataFrame(points(), columns=POINT_HEADS["en"]).to_csv(
        tmp_path / "WSPOINT.csv", index=False, encoding="gbk"
    )
    pd.DataFrame(
        [row[:6] + row[7:] for row in chain()], columns=[name for name in LINE_HEADS["en"] if name != "Type"]
    ).to_csv(tmp_path / "WSLINE.csv", index=False, encoding="utf-8-sig")
    by_csv = take(tmp_path / "WSPOINT.csv", tmp_path / "WSLINE.csv")
    for name in ("WSPOINT", "WSLINE"):
        frame = pd.read_csv(tmp_path / f"{name}.csv", encoding="gbk" if name == "WSPOINT" else "utf-8-sig")
        pyogrio.write_dataframe(
            frame, tmp_path / "dbf" / f"{name}.dbf", driver="ESRI Shapefile", encoding="GBK"
        ) if (tmp_path / "dbf").mkdir(exist_ok=True) is None else None
    by_dbf = take(tmp_path / "dbf" / "WSPOINT.dbf", tmp_path / "dbf" / "WSLINE.dbf")
    for intake in (by_csv, by_dbf):
        assert intake.frames["lines"]["kind"].tolist() == ["WS"] * 3
        assert intake.frames["nodes"]["kind"].tolist() == ["WS"] * 4
        assert intake.frames["lines"]["owner"].notna().all()
        assert intake.refused == 0


def test_what_cannot_be_joined_is_refused_naming_both_numbers(tmp_path):
    lines = [
        *chain(),
        segment("WS1", "WS77"),
        segment("WS3", "WS3"),
        segment("WS2", "WS1"),
        segment("WS1", None),
    ]
    twins = [points()[0], [points()[1][0], NORTH + 500, *points()[1][2:]]]
    intake = take(plain_survey(tmp_path / "s.xlsx", lines, extra_points=twins))
    assert said(intake, Level.REFUSED) == {
        ("point_missing", "管线", 5, "WS1 → WS77"),
        ("start_equals_end", "管线", 6, "WS3"),
        ("segment_twice", "管线", 7, "WS2–WS1"),
        ("segment_without_number", "管线", 8, ""),
        ("point_twice_elsewhere", "管点", 7, "WS2"),
    }
    assert ("point_twice_same_place", "管点", 6, "WS1") in said(intake, Level.NOTE)
    missing = next(note for note in intake.rows if note.code == "point_missing")
    assert missing.facts["missing"] == "WS77"


def test_coordinates_in_the_line_table_stand_in_for_missing_points(tmp_path):
    heads = [*LINE_HEADS["en"], "S_X", "S_Y", "E_X", "E_Y"]
    rows = [[*segment("A1", "A2"), NORTH, EAST, NORTH + 10, EAST]]
    intake = take(survey(tmp_path / "s.xlsx", {"线表": [heads, *rows]}))
    assert intake.frames["lines"].geometry.iloc[0].length == 10
    assert "nodes" not in intake.frames


def test_checks_of_a_surveyor(tmp_path):
    lines = [
        segment("WS1", "WS2", high_end=1124.1, depth_end=1.4),
        segment("WS2", "WS3", depth_start=1.8, depth_end="/", high_start=None, owner=None),
        segment("WS3", "WS4", high_start=1120.0),
        segment("WS4", "WS5"),
        segment("WS5", "WS6"),
    ]
    more = [
        ["WS5", NORTH + 160, EAST, 1125.5, "三通", None, None, "a", None],
        ["WS6", NORTH + 160, EAST + 0.03, 1125.5, "弯头", "阀门", None, "a", None],
        ["WS7", NORTH + 160, EAST, 1125.5, None, None, None, "a", None],
    ]
    intake = take(plain_survey(tmp_path / "s.xlsx", lines, extra_points=more))
    notes = said(intake, Level.NOTE)
    assert intake.refused == 0
    assert notes >= {
        ("depth_missing", "管线", 3, "WS2–WS3"),
        ("owner_missing", "管线", 3, "WS2–WS3"),
        ("depths_differ", "管点", 3, "WS2"),
        ("segment_long", "管线", 5, "WS4–WS5"),
        ("segment_short", "管线", 6, "WS5–WS6"),
        ("branches_differ", "管点", 6, "WS5"),
        ("feature_and_appurtenance", "管点", 7, "WS6"),
        ("point_unused", "管点", 8, "WS7"),
        ("points_in_one_place", "管点", 8, "WS7"),
        ("elevation_differs", "管线", 4, "WS3–WS4"),
    }
    assert intake.frames["lines"]["depth_end_m"].isna().tolist() == [False, True, False, False, False]


def test_states_sizes_and_poles(tmp_path):
    lines = [
        segment("WS1", "WS2", status="废弃", size="600×300", depth_end=-4.5),
        segment("WS2", "WS3", status="拟建", size="De110"),
        segment("WS3", "WS4", status="奇怪", size="/"),
    ]
    intake = take(plain_survey(tmp_path / "s.xlsx", lines))
    rows = intake.frames["lines"]
    assert rows["state"].tolist() == ["abandoned", "planned", "in_service"]
    assert rows["outer_width_mm"].tolist()[:2] == [600, 110]
    assert rows["nominal_diameter_mm"].isna().all()
    assert rows["depth_end_m"].iloc[0] == -4.5
    assert ("status_unknown", "管线", 4, "奇怪") in said(intake, Level.REPAIRED)


def test_a_kind_that_nothing_tells_is_refused(tmp_path):
    intake = take(plain_survey(tmp_path / "s.xlsx", [segment("1", "2", kind="说不清")], prefix="", count=2))
    assert ("kind_unknown", "管线", 2, "说不清") in said(intake, Level.REFUSED)


def test_tables_that_are_no_survey_are_refused_with_what_is_wanted(tmp_path):
    with pytest.raises(BadInput) as caught:
        take(survey(tmp_path / "s.xlsx", {"a": [["甲", "乙"], ["丙", "丁"]]}))
    assert "物探点号" in caught.value.facts["wanted"]


def communities() -> gpd.GeoDataFrame:
    rows = {
        "id": ["c1", "c2"],
        "name": ["甲小区", "乙小区"],
        "town": ["640302106", "640302107"],
        "stage": ["survey"] * 2,
    }
    shapes = [
        shapely.box(EAST - 50, NORTH - 50, EAST + 50, NORTH + 25),
        shapely.box(EAST - 50, NORTH + 25, EAST + 50, NORTH + 200),
    ]
    return check(
        gpd.GeoDataFrame(rows, geometry=shapes, crs=DISTRICT.crs), LAYERS["communities"], crs=DISTRICT.crs
    )


def test_lines_lie_in_the_community_that_holds_most_of_them(tmp_path):
    intake = take(plain_survey(tmp_path / "s.xlsx", chain()), existing={"communities": communities()})
    assert intake.frames["lines"]["community"].tolist() == ["c1", "c2", "c2"]
    assert intake.frames["nodes"]["community"].tolist() == ["c1", "c1", "c2", "c2"]


def test_an_owner_that_is_known_by_its_short_name_is_not_made_again(tmp_path):
    owners = check(
        pd.DataFrame({"id": ["o1"], "name": ["吴忠市利通区排水公司"], "short_name": ["利通区排水公司"]}),
        LAYERS["owners"],
        crs=DISTRICT.crs,
    )
    intake = take(plain_survey(tmp_path / "s.xlsx", chain()), existing={"owners": owners})
    assert "owners" not in intake.frames
    assert intake.frames["lines"]["owner"].unique().tolist() == ["o1"]


def test_a_survey_is_recognised_when_it_comes_again(tmp_path):
    path = plain_survey(tmp_path / "s.xlsx", chain())
    first = take(path)
    store = dict(first.frames)
    again = take(path, existing=store)
    assert (again.accepted, {note.code for note in again.rows if note.level is Level.REFUSED}) == (
        0,
        {"already_stored"},
    )
    assert changes(take(path, existing=store, mode=Mode.UPDATE), store, Mode.UPDATE) == []
    shorter = plain_survey(tmp_path / "s.xlsx", chain(3), count=3)
    replaced = take(shorter, existing=store, mode=Mode.REPLACE)
    assert {name: len(ids) for name, ids in replaced.removed.items()} == {"lines": 1, "nodes": 1}


def test_lines_as_features_and_updates_by_id(tmp_path):
    shapes = [shapely.LineString([(EAST, NORTH), (EAST, NORTH + 30), (EAST + 5, NORTH + 60)])]
    frame = gpd.GeoDataFrame(
        {
            "管线编号": ["L1"],
            "管线种类": ["天然气"],
            "管径": ["DN110"],
            "埋深": [1.1],
            "压力": ["0.4MPa"],
            "电压": [None],
        },
        geometry=shapes,
        crs="EPSG:4544",
    )
    pyogrio.write_dataframe(frame, tmp_path / "燃气.shp", encoding="GBK")
    intake = take(tmp_path / "燃气.shp", layer=None)
    row = intake.frames["lines"].iloc[0]
    assert (
        intake.layer,
        row["utility"],
        row["kind"],
        row["depth_start_m"],
        row["depth_end_m"],
        row["pressure_mpa"],
    ) == ("lines", "RQ", "TR", 1.1, 1.1, 0.4)
    (tmp_path / "燃气.csv").write_text("管线编号,材质\nL1,PE\n", encoding="utf-8")
    update = take(tmp_path / "燃气.csv", existing=dict(intake.frames), mode=Mode.UPDATE)
    after = update.frames["lines"].iloc[0]
    assert (after["material"], after["kind"], after["geometry"].length) == ("PE", "TR", shapes[0].length)


def test_lines_as_wkt_need_a_crs(tmp_path):
    path = tmp_path / "供水.csv"
    path.write_text(
        f'编号,管线种类,WKT\nA,给水,"LINESTRING ({EAST} {NORTH}, {EAST + 9} {NORTH})"\n', encoding="utf-8"
    )
    assert take(path, crs="EPSG:4544").frames["lines"].geometry.iloc[0].length == 9
    with pytest.raises(BadInput) as caught:
        take(path)
    assert caught.value.facts["guess"].startswith("EPSG:4544")


def test_digs_with_dates_in_many_spellings(tmp_path):
    shapes = [shapely.LineString([(EAST, NORTH), (EAST, NORTH + 40)])] * 4
    frame = gpd.GeoDataFrame(
        {
            "编号": ["D1", "D2", "D3", "D4"],
            "管线单位": ["供水公司"] * 4,
            "专业": ["供水"] * 4,
            "计划开工": ["2026/7/5", "2026年8月", "46208", "2026-09-01"],
            "计划完工": ["2026.7.20", "2026年8月", "2026年9月1日", "2026-08-01"],
            "沟宽(m)": [0.8, 0.8, 0.8, 0.8],
            "沟深（cm）": [150, 150, 150, 150],
            "小区": ["甲小区", None, "没有的", None],
        },
        geometry=shapes,
        crs="EPSG:4544",
    )
    pyogrio.write_dataframe(frame, tmp_path / "开挖.gpkg")
    intake = take(tmp_path / "开挖.gpkg", layer=None, existing={"communities": communities()})
    rows = intake.frames["digs"]
    assert intake.layer == "digs"
    assert [f"{day:%m%d}" for day in rows["window_start"]] == ["0705", "0801", "0705"]
    assert [f"{day:%m%d}" for day in rows["window_end"]] == ["0720", "0831", "0901"]
    assert rows["width_m"].tolist() == [0.8] * 3
    assert rows["depth_m"].tolist() == [1.5] * 3
    assert rows["community"].tolist() == ["c1", "c1", "c1"]
    assert (rows["utility"].iloc[0], rows["state"].iloc[0]) == ("JS", "submitted")
    assert intake.frames["owners"]["utilities"].tolist() == ["JS"]
    assert {(note.code, note.row) for note in intake.rows} == {
        ("window_backwards", 4),
        ("community_not_found", 3),
    }


def test_owners_are_recognised_by_name(tmp_path):
    path = tmp_path / "单位.csv"
    path.write_text(
        "单位名称,简称,专业\n供水公司,水司,给水\n排水公司,,雨水、污水\n供水公司,,\n", encoding="utf-8"
    )
    intake = take(path, layer="owners")
    assert intake.frames["owners"]["utilities"].tolist()[:2] == ["JS", "PS"]
    again = take(path, layer="owners", existing=dict(intake.frames), mode=Mode.UPDATE)
    assert changes(again, dict(intake.frames), Mode.UPDATE) == []


def test_official_boundaries_take_the_place_of_schematic_ones(tmp_path):
    box = shapely.box(EAST - 3000, NORTH - 3000, EAST + 3000, NORTH + 3000)
    old = gpd.GeoDataFrame(
        {
            "id": ["b1"],
            "level": ["town"],
            "code": ["640302106"],
            "name": ["金星镇"],
            "schematic": [True],
            "source": ["sample"],
            "source_id": ["x"],
        },
        geometry=[box],
        crs=DISTRICT.crs,
    )
    store = {"boundaries": check(old, LAYERS["boundaries"], crs=DISTRICT.crs)}
    official = gpd.GeoDataFrame(
        {"乡镇名称": ["金星镇", "胜利镇", "古城镇"]}, geometry=[box.buffer(100), box, box], crs=DISTRICT.crs
    )
    pyogrio.write_dataframe(official, tmp_path / "界线.gpkg")
    intake = take(tmp_path / "界线.gpkg", layer="boundaries", existing=store)
    rows = intake.frames["boundaries"].set_index("code")
    assert rows.loc["640302106", "id"] == "b1"
    assert not rows["schematic"].any()
    assert rows.loc["640302107", "level"] == "town"
    assert ("boundary_elsewhere", "", 3, "古城镇") in {
        (note.code, "", note.row, note.value) for note in intake.rows
    }
