"""Files as they come: encodings, folders, zips, sublayers, damaged and hostile ones."""

import json
import shutil
import zipfile
from pathlib import Path

import geopandas as gpd
import openpyxl
import pyogrio
import pytest
import shapely

from geo.errors import BadInput, UnreadableFile
from geo.intake.encodings import detect, text_encoding
from geo.intake.files import Reading, read_tables
from geo.intake.inspect import inspect_file
from geo.intake.read import read_features
from geo.intake.sheets import read_csv, read_workbook

HEADERS = ["编号", "所属小区", "所属乡镇", "层数"]


def footprints() -> gpd.GeoDataFrame:
    rows = [(f"B{k}", "朝阳家园" if k < 2 else "示例小区", "胜利镇", 6) for k in range(3)]
    shapes = [shapely.box(605000 + 60 * k, 4205000, 605050 + 60 * k, 4205012) for k in range(3)]
    return gpd.GeoDataFrame(rows, columns=HEADERS, geometry=shapes, crs="EPSG:4544")


def shapefile(folder: Path, name: str = "楼栋", encoding: str = "GBK", cpg: str | None = "keep") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.shp"
    pyogrio.write_dataframe(footprints(), path, encoding=encoding)
    if cpg is None:
        path.with_suffix(".cpg").unlink(missing_ok=True)
    elif cpg != "keep":
        path.with_suffix(".cpg").write_text(cpg)
    return path


class OldName(zipfile.ZipInfo):
    """A member named in GBK by a program that does not say so."""

    def _encodeFilenameFlags(self):
        return self.filename.encode("gbk"), 0


def zipped(folder: Path, target: Path, *, inside: str = "", flag_utf8: bool = True) -> Path:
    with zipfile.ZipFile(target, "w") as archive:
        for member in sorted(folder.iterdir()):
            name = f"{inside}{member.name}"
            if flag_utf8:
                archive.write(member, name)
            else:
                info = OldName(name)
                archive.writestr(info, member.read_bytes())
    return target


def column(table, start: str):
    """The column whose heading begins so: UTF-8 Shapefiles cut 所属小区 after three characters."""
    return table.frame[next(header for header in table.headers if header.startswith(start))]


def read(path: Path, **how) -> list:
    return read_tables([path], Reading(**how), lambda *_: None)


@pytest.mark.parametrize(
    ("encoding", "cpg", "why"),
    [
        ("GBK", "keep", "cpg"),
        ("GBK", None, "detected"),
        ("UTF-8", "keep", "cpg"),
        ("UTF-8", None, "detected"),
        ("GBK", "UTF-8", "detected"),
        ("UTF-8", "GBK", "detected"),
        ("GBK", "ISO-8859-1", "detected"),
        ("GBK", "936", "cpg"),
        ("GBK", "what is this", "detected"),
    ],
)
def test_shapefile_text_is_read_whatever_it_says_of_itself(tmp_path, encoding, cpg, why):
    path = shapefile(tmp_path, encoding=encoding, cpg=cpg)
    if cpg is None:
        dbf = bytearray(path.with_suffix(".dbf").read_bytes())
        dbf[29] = 0x57
        path.with_suffix(".dbf").write_bytes(dbf)
    (table,) = read(path)
    assert column(table, "所属小").tolist() == ["朝阳家园", "朝阳家园", "示例小区"]
    found = inspect_file(path)
    assert found.encoding_why == why
    assert found.parts[0].columns[0] == "编号"
    assert found.parts[0].columns[1].startswith("所属小")
    assert found.suggested == "buildings"


def test_language_byte_stands_in_for_a_missing_cpg(tmp_path):
    path = shapefile(tmp_path, cpg=None)
    dbf = bytearray(path.with_suffix(".dbf").read_bytes())
    dbf[29] = 0x4D
    path.with_suffix(".dbf").write_bytes(dbf)
    assert inspect_file(path).encoding_why == "language_byte"
    assert read(path)[0].frame["所属乡镇"].iloc[0] == "胜利镇"


def test_an_encoding_that_is_given_and_cannot_be_is_refused(tmp_path):
    with pytest.raises(UnreadableFile) as caught:
        read(shapefile(tmp_path), encoding="UTF-8")
    assert caught.value.code == "encoding_wrong"


def test_folder_and_zip_give_the_same_rows(tmp_path):
    shapefile(tmp_path / "数据" / "矢量")
    folder = read(tmp_path / "数据")
    inside = read(zipped(tmp_path / "数据" / "矢量", tmp_path / "下载.zip", inside="深/目录/"))
    old = read(zipped(tmp_path / "数据" / "矢量", tmp_path / "旧.zip", flag_utf8=False))
    for (table,) in (folder, inside, old):
        assert table.frame["所属小区"].iloc[2] == "示例小区"
        assert table.source == "楼栋"
    assert inspect_file(tmp_path / "下载.zip").format == "Shapefile (zip)"


def test_a_companion_stands_for_its_shapefile_and_a_lost_index_is_made_anew(tmp_path):
    path = shapefile(tmp_path)
    assert len(read(path.with_suffix(".dbf"))[0].frame) == 3
    path.with_suffix(".shx").unlink()
    assert len(read(path)[0].frame) == 3
    assert not path.with_suffix(".shx").exists()


def test_geopackage_names_its_layers(tmp_path):
    path = tmp_path / "all.gpkg"
    pyogrio.write_dataframe(footprints(), path, layer="buildings")
    pyogrio.write_dataframe(footprints(), path, layer="other", append=True)
    found = inspect_file(path)
    assert [part.name for part in found.parts] == ["buildings", "other"]
    assert found.suggested == "buildings"
    assert found.rows == 6
    assert found.crs == "EPSG:4544"
    assert [table.name for table in read(path, layer="buildings")] == ["buildings"]
    with pytest.raises(BadInput) as caught:
        read(path, sublayer="nothing")
    assert "buildings" in caught.value.facts["known"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "utf-16"])
def test_geojson_in_any_encoding(tmp_path, encoding):
    path = tmp_path / "楼.geojson"
    text = footprints().to_crs("OGC:CRS84").to_json(ensure_ascii=False)
    path.write_text(text, encoding=encoding)
    (table,) = read(path)
    assert table.frame["所属小区"].tolist()[2] == "示例小区"
    assert table.geometry().crs.is_geographic


def test_one_feature_a_line(tmp_path):
    path = tmp_path / "楼.geojsonl"
    features = json.loads(footprints().to_crs("OGC:CRS84").to_json())["features"]
    path.write_text("\n".join(json.dumps(each) for each in features), encoding="utf-8")
    assert len(read(path)[0].frame) == 3


def test_fenced_and_unfenced_read_the_same(tmp_path):
    path = shapefile(tmp_path)
    a, b = read_features(path, fenced=True), read_features(path, fenced=False)
    assert a.frame.equals(b.frame)
    assert a.rows.tolist() == [1, 2, 3]


def test_damaged_files_are_refused_with_their_name(tmp_path):
    cut = shapefile(tmp_path)
    cut.write_bytes(cut.read_bytes()[:90])
    for path, content in (
        (tmp_path / "a.gpkg", b"not a database"),
        (tmp_path / "b.geojson", b'{"type": "Feat'),
        (tmp_path / "c.xlsx", b"PK\x03\x04 no"),
        (tmp_path / "d.zip", b"no zip"),
    ):
        path.write_bytes(content)
        with pytest.raises(UnreadableFile) as caught:
            read(path)
        assert caught.value.facts["path"] == path.name


def test_a_file_that_reaches_elsewhere_is_not_taken_for_what_its_suffix_says(tmp_path):
    path = tmp_path / "楼.geojson"
    path.write_text(
        "<OGRVRTDataSource><OGRVRTLayer name='x'><SrcDataSource>/vsicurl/http://127.0.0.1/x</SrcDataSource></OGRVRTLayer></OGRVRTDataSource>"
    )
    with pytest.raises(UnreadableFile) as caught:
        read(path)
    assert caught.value.code == "not_that_format"
    with pytest.raises(UnreadableFile) as caught:
        read(Path("/vsicurl/http://127.0.0.1/x.shp"))
    assert caught.value.code == "not_a_local_file"


def test_zips_that_lead_outside_or_burst_are_refused(tmp_path):
    for name, content, code in (
        ("../../out.shp", b"x", "archive_unsafe"),
        ("a.csv", b"0" * 60_000_000, "archive_too_large"),
        ("readme.md", b"x", "nothing_in_archive"),
    ):
        path = tmp_path / "x.zip"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(name, content)
        with pytest.raises(UnreadableFile) as caught:
            read(path)
        assert caught.value.code == code
    assert not list(tmp_path.parent.glob("out.shp"))


def test_the_store_itself_is_not_imported(tmp_path):
    store = tmp_path / "store.gpkg"
    pyogrio.write_dataframe(footprints(), store, layer="buildings")
    link = tmp_path / "link.gpkg"
    link.symlink_to(store)
    for path in (store, link):
        with pytest.raises(UnreadableFile) as caught:
            inspect_file(path, store_path=store)
        assert caught.value.code == "is_the_store"


def test_unknown_formats_are_named(tmp_path):
    for name, code in (("a.dwg", "format_unknown"), ("a.xls", "old_excel")):
        (tmp_path / name).write_bytes(b"x")
        with pytest.raises(UnreadableFile) as caught:
            read(tmp_path / name)
        assert caught.value.code == code
    with pytest.raises(UnreadableFile):
        read(tmp_path / "missing.shp")


@pytest.mark.parametrize(
    ("encoding", "mark", "found"),
    [
        ("utf-8", ",", "UTF-8"),
        ("utf-8-sig", ",", "UTF-8-SIG"),
        ("gb18030", ",", "GB18030"),
        ("gbk", "\t", "GB18030"),
        ("utf-16", ";", "UTF-16"),
        ("utf-16-le", "\t", "UTF-16-LE"),
    ],
)
def test_csv_encodings_and_separators(tmp_path, encoding, mark, found):
    path = tmp_path / "台账.csv"
    rows = [
        ["小区名称", "所属乡镇", "户数"],
        ["朝阳家园", "胜利镇", "120"],
        ["", "", ""],
        ["合计", "", "120"],
    ]
    path.write_text("\n".join(mark.join(row) for row in rows), encoding=encoding)
    assert text_encoding(path).name == found
    table = read_csv(path)
    assert table.headers == ["小区名称", "所属乡镇", "户数"]
    assert table.frame["小区名称"].tolist() == ["朝阳家园"]
    assert table.rows.tolist() == [2]
    assert table.total_rows.tolist() == [4]


def test_detection_prefers_strict_utf8():
    assert detect(["利通区".encode()]).name == "UTF-8"
    assert detect(["利通区".encode("gbk")]).name == "GB18030"
    assert detect([b"Litong"]).why == "ascii"
    assert detect([b"\xff\xff\xff"]).name == "CP1252"


def test_workbook_with_title_two_heading_rows_and_footnotes(tmp_path):
    book = openpyxl.Workbook()
    page = book.active
    page.title = "台账"
    for row in (
        ["利通区老旧小区改造台账"],
        [],
        ["序号", "小区名称", "户数", "投资（万元）", None],
        [None, None, None, "合计", "中央"],
        [1, "示例一", 10, 5, 4],
        [],
        ["序号", "小区名称", "户数", "投资（万元）", None],
        [2, "示例二", 20, 6, 4],
        ["总 计", None, 30, 11, 8],
        ["填表人：某某", None, "审核人：某某"],
    ):
        page.append(row)
    page.merge_cells("A1:E1")
    page.merge_cells("D3:E3")
    book.create_sheet("空表")
    hidden = book.create_sheet("隐藏")
    hidden.append(["小区名称", "户数"])
    hidden.append(["x", 1])
    hidden.sheet_state = "hidden"
    book.save(tmp_path / "台账.xlsx")
    (table,) = read_workbook(tmp_path / "台账.xlsx")
    assert table.frame["小区名称"].tolist() == ["示例一", "示例二"]
    assert table.rows.tolist() == [5, 8]
    assert table.total_rows.tolist() == [9]
    assert table.title == "利通区老旧小区改造台账"
    assert "投资(万元) 合计" in table.headers
    assert inspect_file(tmp_path / "台账.xlsx").suggested == "communities"


def test_entities_in_a_workbook_are_not_expanded(tmp_path):
    book = openpyxl.Workbook()
    book.active.append(["小区名称", "户数"])
    book.save(tmp_path / "a.xlsx")
    with zipfile.ZipFile(tmp_path / "a.xlsx") as source, zipfile.ZipFile(tmp_path / "b.xlsx", "w") as target:
        for member in source.namelist():
            content = source.read(member)
            if member.endswith("sheet1.xml"):
                bomb = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaa">]>'
                content = bomb + content[content.index(b"<worksheet") :].replace(
                    b"<sheetData>", b"<sheetData>&a;"
                )
            target.writestr(member, content)
    with pytest.raises(UnreadableFile):
        read_workbook(tmp_path / "b.xlsx")


def test_an_empty_csv_is_refused(tmp_path):
    (tmp_path / "a.csv").write_text("\n\n", encoding="utf-8")
    with pytest.raises(UnreadableFile) as caught:
        read(tmp_path / "a.csv")
    assert caught.value.code == "empty_file"


def test_a_reader_that_dies_does_not_take_the_service_along(tmp_path, monkeypatch):
    dying = tmp_path / "worker.py"
    dying.write_text("import os, signal\nos.kill(os.getpid(), signal.SIGSEGV)\n")
    monkeypatch.setattr("geo.intake.read._WORKER", dying)
    path = shapefile(tmp_path / "a")
    with pytest.raises(UnreadableFile) as caught:
        read_features(path)
    assert caught.value.code == "reader_died"
    assert caught.value.facts["status"] < 0
    shutil.rmtree(tmp_path / "a")
