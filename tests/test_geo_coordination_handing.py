"""What is handed out opens in GDAL, a spreadsheet and CAD, in words, in the district's CRS, names as data."""

from datetime import date
from pathlib import Path

import ezdxf
import geopandas as gpd
import numpy as np
import openpyxl
import pandas as pd
import pyogrio
import pytest
import shapely

from geo.audience import Audience
from geo.coordination.agenda import ranked
from geo.coordination.cutting import cut
from geo.coordination.handing import COLUMNS, Words, as_handout, dxf_name, dxf_text, hand_out
from geo.coordination.judging import answers, as_judgements, follow, standing
from geo.coordination.working_days import china
from geo.errors import BadInput, MissingCRS
from geo.vocabulary import AudienceKind
from tests.coordination_scenes import CRS, EAST, NORTH, dig, frames, judge, line, path

FORMULA = '=HYPERLINK("http://evil","x")'
WORDS = Words(
    headers={"findings": {"told": "说明", "measured": "实测", "kind": "种类", "verdict": "判定"}},
    values={
        "kind": {
            "horizontal_clearance": "水平净距",
            "vertical_clearance": "交叉垂直净距",
            "opportunity": "可同沟",
        },
        "verdict": {"fail": "不满足", "unknown": "无法判定", "opportunity": "同沟机会"},
        "community": {"com": FORMULA},
        "utility": {"JS": "给水"},
    },
    layers={"findings": "协同问题", "stretches": "他方管线"},
)


def scene() -> dict[str, pd.DataFrame]:
    where = frames(
        [
            line("new", "W1", path((0, 0), (40, 0)), owner="water", dig="wet"),
            line("old", "S", path((-30, 0.5), (70, 0.5)), state="in_service", owner="drains"),
            line(
                "cable", "E1", path((20, -9), (20, 9)), state="in_service", owner="power", depth_start_m=None
            ),
        ],
        [
            dig("wet", path((0, 0), (40, 0)), "2026-08-03", "2026-08-20", owner="water"),
            dig("tel", path((0, 1.2), (40, 1.2)), "2026-08-21", "2026-09-10", owner="tele", utility="TX"),
        ],
    )
    for frame in where.values():
        frame["community"] = "com"
    return where


def rows(where: dict[str, pd.DataFrame]) -> gpd.GeoDataFrame:
    record = follow(None, judge(where).listed, date(2026, 7, 13))
    table = answers(record, as_judgements(), today=date(2026, 7, 14), calendar=china())
    told = ranked(record, standing(record, table))
    return gpd.GeoDataFrame(told, geometry="geometry", crs=record.crs)


@pytest.fixture
def written(tmp_path: Path) -> tuple[gpd.GeoDataFrame, Path]:
    where = scene()
    found = cut(rows(where), where, Audience(AudienceKind.UTILITY, owner="water"))
    told = [f"要求 {n}%%c <1>" for n in range(len(found.findings))]
    for suffix in ("gpkg", "xlsx", "dxf"):
        hand_out(found.findings, found.stretches, tmp_path / f"out.{suffix}", WORDS, told=told)
    return found.findings, tmp_path


def test_the_geopackage_holds_stretches_and_points_in_the_district_s_crs(written) -> None:
    findings, folder = written
    names = set(dict(pyogrio.list_layers(folder / "out.gpkg")))
    assert names == {"协同问题", "协同问题_points", "他方管线"}
    lines, points = (
        pyogrio.read_dataframe(folder / "out.gpkg", layer=name) for name in ("协同问题", "协同问题_points")
    )
    assert lines.crs == points.crs == CRS
    assert len(lines) + len(points) == len(findings)
    row = lines[lines["种类"] == "水平净距"].iloc[0]
    expected = findings[findings["kind"] == "horizontal_clearance"].iloc[0]
    assert row.geometry.equals(expected.geometry)
    assert (row["判定"], row["实测"]) == ("不满足", expected["measured"])
    assert set(points["种类"]) == {"交叉垂直净距"}
    others = pyogrio.read_dataframe(folder / "out.gpkg", layer="他方管线")
    assert others.geometry.length.max() < 60


def test_the_workbook_has_numbers_dates_and_no_formula(written) -> None:
    findings, folder = written
    book = openpyxl.load_workbook(folder / "out.xlsx")
    sheet = book["协同问题"]
    header = [cell.value for cell in sheet[1]]
    assert len(header) == len(COLUMNS) and header[3] == "说明"
    assert sheet.max_row == len(findings) + 1
    cells = [cell for line in sheet.iter_rows(min_row=2) for cell in line]
    assert all(cell.data_type != "f" and cell.hyperlink is None for cell in cells)
    assert FORMULA in {cell.value for cell in cells}
    measured = [sheet.cell(row, header.index("实测") + 1).value for row in range(2, sheet.max_row + 1)]
    assert any(isinstance(value, float | int) for value in measured)
    due = sheet.cell(2, header.index("due") + 1).value
    assert str(due)[:10] == "2026-07-20"


def test_the_drawing_opens_in_cad_with_a_layer_for_each_kind_and_verdict(written) -> None:
    findings, folder = written
    drawing = ezdxf.readfile(folder / "out.dxf")
    assert drawing.dxfversion >= "AC1024"
    assert not drawing.audit().has_errors
    assert drawing.header["$INSUNITS"] == 6
    names = {layer.dxf.name for layer in drawing.layers}
    assert {"水平净距-不满足", "交叉垂直净距-无法判定", "可同沟-同沟机会", "他方管线"} <= names
    labels = [text.dxf.text for text in drawing.modelspace().query("TEXT")]
    assert len(labels) == len(findings)
    assert any(label.startswith("1 ") for label in labels)
    assert not any("%%" in label for label in labels)
    assert drawing.styles.get("CJK").dxf.font
    polylines = drawing.modelspace().query('LWPOLYLINE[layer=="水平净距-不满足"]')
    drawn = shapely.multilinestrings([[(x, y) for x, y, *_ in line.get_points()] for line in polylines])
    expected = shapely.union_all(
        np.asarray(findings.loc[findings["kind"] == "horizontal_clearance", "geometry"].array)
    )
    assert drawn.hausdorff_distance(expected) < 1e-6


def test_gdal_reads_the_drawing_where_it_belongs(written) -> None:
    _, folder = written
    # GDAL takes the code page of the header for the file's, which is UTF-8 from R2007 on
    pyogrio.set_gdal_config_options({"DXF_ENCODING": "UTF-8"})
    try:
        found = pyogrio.read_dataframe(folder / "out.dxf")
    finally:
        pyogrio.set_gdal_config_options({"DXF_ENCODING": None})
    assert set(found["Layer"]) >= {"水平净距-不满足", "他方管线"}
    west, south, east, north = found.total_bounds
    assert EAST - 40 < west < east < EAST + 80 and NORTH - 20 < south < north < NORTH + 20


def test_names_are_data_in_cad(tmp_path: Path) -> None:
    evil = 'a/b\\U+0041;<x>"^J%%d\n|*?`=:'
    words = Words(values={"kind": {"horizontal_clearance": evil}})
    where = scene()
    found = rows(where)
    none = found.iloc[:0][["geometry"]]
    hand_out(found, none, tmp_path / "out.dxf", words, told=[evil * 40] * len(found))
    drawing = ezdxf.readfile(tmp_path / "out.dxf")
    assert not drawing.audit().has_errors
    for text in drawing.modelspace().query("TEXT"):
        assert not any(code in text.dxf.text for code in ("%%", "^", "\\", "\n"))
    assert dxf_name(f"{evil}-fail") in {layer.dxf.name for layer in drawing.layers}
    assert dxf_name("///") == "___" and dxf_name("") == "0"
    assert len(dxf_text("字" * 900)) == 250


def test_nothing_found_is_a_file_too(tmp_path: Path) -> None:
    found = rows(scene()).iloc[:0]
    for suffix in ("gpkg", "xlsx", "dxf"):
        hand_out(found, found[["geometry"]], tmp_path / f"out.{suffix}", WORDS)
        assert (tmp_path / f"out.{suffix}").stat().st_size > 0
    assert ezdxf.readfile(tmp_path / "out.dxf").modelspace().query("TEXT").first is None


def test_what_cannot_be_written_is_refused_and_leaves_nothing(tmp_path: Path) -> None:
    found = rows(scene())
    with pytest.raises(BadInput) as caught:
        hand_out(found, found.iloc[:0], tmp_path / "out.shp", WORDS)
    assert caught.value.code == "export_format"
    (tmp_path / "out.dxf").write_text("mine")
    with pytest.raises(BadInput) as caught:
        hand_out(found, found.iloc[:0], tmp_path / "out.dxf", WORDS)
    assert caught.value.code == "file_exists"
    assert (tmp_path / "out.dxf").read_text() == "mine"
    bare = gpd.GeoDataFrame(found.drop(columns="geometry"), geometry=list(found.geometry), crs=None)
    with pytest.raises(MissingCRS):
        hand_out(bare, found.iloc[:0], tmp_path / "out.gpkg", WORDS)


def test_every_row_keeps_its_number_and_its_words() -> None:
    found = rows(scene())
    told = as_handout(found, WORDS)
    assert tuple(told.columns[:-1]) == COLUMNS
    assert told["number"].tolist() == list(range(1, len(found) + 1))
    assert "horizontal_clearance" not in set(told["kind"])
    assert "cover" in set(told["kind"]) or len(set(told["kind"])) >= 3
