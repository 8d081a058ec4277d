"""Numbers, units, years, dates and headings as people write them."""

from datetime import date
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.intake.fields import Fields
from geo.intake.headers import Match, match_headers, suggest_layer
from geo.intake.pipes import attribute_code, kind_of, kind_of_name, line_class_of, parse_size, state_of
from geo.intake.report import Level, Notes
from geo.intake.table import Table
from geo.intake.values import (
    parse_date,
    parse_month,
    parse_quantity,
    parse_truth,
    parse_unit,
    parse_year,
    split_unit,
    whole,
)
from geo.intake.works import parse_scope
from geo.programme.catalogue import WorkKind
from geo.vocabulary import LineState, Utility, WorkPart


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1,234.50", "1234.50"),
        ("１，２３４", "1234"),
        ("约300户", "300"),
        ("12 栋", "12"),
        ("¥3,000", "3000"),
        (" 8 ", "8"),
        ("6层", "6"),
        ("-0.35", "-0.35"),
        ("1.5e3", "1500"),
        (12, "12"),
        (3.3, "3.3"),
    ],
)
def test_numbers(text, value):
    assert parse_quantity(text).value == Decimal(value)


@pytest.mark.parametrize("text", ["三百", "12-15", "1.2.3", "abc", "12年3月", "", True, "1,23"])
def test_what_is_no_number(text):
    assert parse_quantity(text) is None


@pytest.mark.parametrize(
    ("text", "base", "scale"),
    [
        ("万元", "yuan", 10000),
        ("元", "yuan", 1),
        ("亿元", "yuan", 10**8),
        ("万㎡", "m2", 10000),
        ("平方米", "m2", 1),
        ("万平方米", "m2", 10000),
        ("公顷", "ha", 1),
        ("万", "", 10000),
        ("cm", "cm", 1),
    ],
)
def test_units(text, base, scale):
    assert (parse_unit(text).base, parse_unit(text).scale) == (base, scale)


@pytest.mark.parametrize(
    ("header", "name", "unit"),
    [
        ("总投资（万元）", "总投资", "万元"),
        ("建筑面积(㎡)", "建筑面积", "m2"),
        ("建筑面积\n（万㎡）", "建筑面积", "万m2"),
        ("投资/万元", "投资", "万元"),
        ("总投资万元", "总投资", "万元"),
        ("投资（单位：万元）", "投资", "万元"),
        ("户数（户）", "户数(户)", ""),
        ("所属乡（镇）", "所属乡(镇)", ""),
        ("面积m2", "面积", "m2"),
        ("单元", "单元", ""),
    ],
)
def test_units_in_headings(header, name, unit):
    assert split_unit(header) == (name, unit)


@pytest.mark.parametrize(
    ("text", "year", "doubt"),
    [
        ("1996年", 1996, ""),
        (1996, 1996, ""),
        (1996.0, 1996, ""),
        ("1996", 1996, ""),
        ("1995-1998", 1995, "year_first"),
        ("1995—1998年", 1995, "year_first"),
        ("1996/5/1", 1996, ""),
        ("1996-05", 1996, ""),
        ("199605", 1996, ""),
        (pd.Timestamp(1996, 5, 1), 1996, ""),
        ("90年代", None, "year_inexact"),
        ("上世纪90年代", None, "year_inexact"),
        ("2000年以前", None, "year_inexact"),
        ("96年", 1996, "year_short"),
    ],
)
def test_years(text, year, doubt):
    found = parse_year(text)
    assert (found.year, found.doubt) == (year, doubt)


def test_what_is_no_year():
    assert parse_year("很早") is None


@pytest.mark.parametrize(
    "text",
    [
        "2026/7/5",
        "2026.7.5",
        "2026-07-05",
        "2026年7月5日",
        "20260705",
        "２０２６年７月５日",
        "2026-07-05T00:00:00",
        "2026/7/5 0:00",
        46208,
        "46208",
        pd.Timestamp(2026, 7, 5, 8),
        date(2026, 7, 5),
    ],
)
def test_dates(text):
    assert parse_date(text) == date(2026, 7, 5)


def test_what_is_no_date_and_whole_months():
    assert parse_date("2026/13/5") is None
    assert parse_date("七月") is None
    assert parse_month("2026年7月") == (date(2026, 7, 1), date(2026, 7, 31))
    assert parse_month("2026-12") == (date(2026, 12, 1), date(2026, 12, 31))
    assert parse_month("2026年7月5日") is None
    assert parse_truth("是") is True
    assert parse_truth("0") is False
    assert parse_truth("也许") is None


def fields_of(
    headers: dict[str, list], match: dict[str, str], units: dict[str, str] | None = None, title: str = ""
) -> Fields:
    frame = pd.DataFrame({name: pd.Series(values, dtype=object) for name, values in headers.items()})
    table = Table("t", "t.csv", "t", frame, np.arange(2, len(frame) + 2), title=title)
    return Fields(table, Match(match, units or {}), Notes())


@settings(deadline=None)
@given(fen=st.integers(0, 10**13))
def test_money_is_exact_in_both_units(fen):
    text = f"{Decimal(fen) / 100}"
    ten_thousands = f"{Decimal(fen) / 1000000}"
    for cells, unit in (
        ([text], "元"),
        ([ten_thousands], "万元"),
        ([f"{text}元"], ""),
        ([f"{ten_thousands} 万元"], ""),
    ):
        assert fields_of({"投资": cells}, {"investment": "投资"}, {"investment": unit}).money(
            "investment"
        ).tolist() == [fen]


@settings(deadline=None)
@given(parts=st.integers(0, 10**11))
def test_area_is_exact_in_both_units(parts):
    square = Decimal(parts) / 100
    assert fields_of({"m": [str(square)]}, {"a": "m"}).area("a", default="m2").tolist() == [parts]
    assert fields_of({"m": [f"{square / 10000}"]}, {"a": "m"}, {"a": "万m2"}).area("a").tolist() == [parts]


@settings(deadline=None)
@given(parts=st.lists(st.integers(0, 10**9), min_size=1, max_size=20))
def test_area_of_floats_is_the_nearest_hundredth(parts):
    fields = fields_of({"m": [0.0]}, {"a": "m"})
    frame = pd.DataFrame({"m": np.array(parts) / 100})
    fields = Fields(Table("t", "t", "t", frame, np.arange(1, len(frame) + 1)), Match({"a": "m"}), Notes())
    assert fields.area("a", default="m2").tolist() == parts


def test_money_without_unit_goes_by_its_size_and_says_so():
    small, large = (
        fields_of({"投资": [331.78, "100"]}, {"i": "投资"}),
        fields_of({"投资": [3317800, "1,000,000"]}, {"i": "投资"}),
    )
    assert small.money("i").tolist() == [331780000, 100000000]
    assert large.money("i").tolist() == [331780000, 100000000]
    assert [(note.code, note.facts["unit"]) for fields in (small, large) for note in fields.notes] == [
        ("money_unit_taken", "万元"),
        ("money_unit_taken", "元"),
    ]


def test_money_of_unclear_size_is_refused_row_by_row():
    fields = fields_of({"投资": [331.78, 3317800]}, {"i": "投资"})
    fields.money("i")
    assert fields.refused.all()
    assert {note.code for note in fields.notes} == {"money_unit_unclear"}


def test_unit_above_the_table_counts_for_its_family():
    fields = fields_of(
        {"投资": [5], "面积": [2]}, {"i": "投资", "a": "面积"}, title="台账 单位：万元、万㎡、户"
    )
    assert fields.money("i").tolist() == [5000000]
    assert fields.area("a").tolist() == [2000000]


def test_bad_cells_are_refused_with_their_place():
    fields = fields_of({"户数": [12, "很多", "5.5", "/", "约20"]}, {"h": "户数"})
    assert fields.integer("h").isna().tolist() == [False, True, True, True, False]
    assert fields.refused.tolist() == [False, True, True, False, False]
    assert [(note.level, note.code, note.row, note.value) for note in fields.notes] == [
        (Level.REFUSED, "not_a_number", 3, "很多"),
        (Level.REPAIRED, "about", 6, "约20"),
        (Level.REFUSED, "not_whole", 4, "5.5"),
    ]


def test_storeys_with_an_attic_count_the_first_number():
    fields = fields_of({"层数": ["6+1", "地上6层，地下1层", 5]}, {"s": "层数"})
    assert fields.integer("s").tolist() == [6, 6, 5]
    assert {note.code for note in fields.notes} == {"first_taken"}


@settings(deadline=None)
@given(value=st.decimals(-(10**9), 10**9, places=3))
def test_whole_rounds_halves_away_from_zero(value):
    assert abs(Decimal(whole(value)) - value) <= Decimal("0.5")


def test_headings_of_a_ledger():
    headers = [
        "序号",
        "所属乡（镇）",
        "改造小区名称",
        "所属社区（居委会）",
        "建成年代（年）",
        "楼栋数（栋）",
        "总户数",
        "总建筑面积（万㎡）",
        "主要改造内容",
        "估算总投资/万元",
        "备注",
        "联系电话",
    ]
    found = match_headers(headers, "communities")
    assert found.headers == {
        "town": "所属乡（镇）",
        "name": "改造小区名称",
        "committee": "所属社区（居委会）",
        "year_built": "建成年代（年）",
        "building_count": "楼栋数（栋）",
        "households": "总户数",
        "floor_area": "总建筑面积（万㎡）",
        "works": "主要改造内容",
        "investment": "估算总投资/万元",
        "note": "备注",
    }
    assert found.units == {"floor_area": "万m2", "investment": "万元"}
    assert found.unknown == ("联系电话",)


def test_headings_cut_by_a_dbf():
    assert match_headers(
        ["所属乡", "建筑面", "建成年", "总投资", "小区名", "所属社", "改造内"], "communities", cut=True
    ).headers.keys() == {
        "town",
        "floor_area",
        "year_built",
        "investment",
        "name",
        "committee",
        "works",
    }
    assert match_headers(
        ["起点点", "终点点", "起点埋", "终点埋", "管线种", "埋设方", "权属单"], "lines", cut=True
    ).headers.keys() == {
        "start_number",
        "end_number",
        "depth_start",
        "depth_end",
        "kind",
        "laying",
        "owner",
    }


@pytest.mark.parametrize(
    "headers",
    [
        ["S_Exp", "E_Exp", "S_Deep", "E_Deep", "PSize"],
        ["s_point", "E_POINT", "s_deep", "e deep", "D_S"],
        ["起点点号", "连接点号", "起点埋深", "终点埋深", "管径（mm）"],
    ],
)
def test_headings_of_surveys(headers):
    found = {header: name for name, header in match_headers(headers, "lines").headers.items()}
    assert [found[header] for header in headers] == [
        "start_number",
        "end_number",
        "depth_start",
        "depth_end",
        "size",
    ]


def test_layers_are_suggested_by_headings_and_shapes():
    assert suggest_layer(["楼号", "层数", "单元数"], ["Polygon"]) == "buildings"
    assert suggest_layer(["小区名称", "户数", "改造内容"], []) == "communities"
    assert suggest_layer(["编号", "管线单位", "计划开工", "沟宽"], ["LineString"]) == "digs"
    assert suggest_layer(["a", "b"], []) is None


@pytest.mark.parametrize(
    ("word", "utility", "kind"),
    [
        ("污水", Utility.DRAINAGE, "WS"),
        ("WS", Utility.DRAINAGE, "WS"),
        ("ws", Utility.DRAINAGE, "WS"),
        ("202", Utility.DRAINAGE, "WS"),
        ("0202", Utility.DRAINAGE, "WS"),
        ("污水管线", Utility.DRAINAGE, "WS"),
        ("给水", Utility.WATER, None),
        ("JS", Utility.WATER, None),
        ("自来水管", Utility.WATER, None),
        ("天然气", Utility.GAS, "TR"),
        ("路灯", Utility.POWER, "LD"),
        ("电信", Utility.TELECOM, None),
        ("热力", Utility.HEAT, None),
        ("给水(JS)", Utility.WATER, None),
        ("5", Utility.POWER, None),
        ("foul", Utility.DRAINAGE, "WS"),
        ("street light", Utility.POWER, "LD"),
    ],
)
def test_kinds_of_lines(word, utility, kind):
    found = kind_of(word)
    assert (found.utility, found.kind) == (utility, kind)


def test_kinds_in_names_of_tables():
    assert kind_of_name("JSPOINT").utility is Utility.WATER
    assert kind_of_name("WS_LINE").kind == "WS"
    assert kind_of_name("污水管线").kind == "WS"
    assert kind_of_name("小区给水管点表").utility is Utility.WATER
    assert kind_of_name("管点") is None
    assert kind_of("说不清") is None


@pytest.mark.parametrize(
    ("text", "diameter", "width", "height"),
    [
        ("DN300", 300, None, None),
        ("300", 300, None, None),
        (300, 300, None, None),
        ("Φ110", 110, None, None),
        ("φ110mm", 110, None, None),
        ("600X300", None, 600, 300),
        ("600×300", None, 600, 300),
        ("600*300", None, 600, 300),
        ("De110", None, 110, 110),
        ("3×95", None, None, None),
        ("YJV-4×25", None, None, None),
    ],
)
def test_sizes(text, diameter, width, height):
    size = parse_size(text)
    assert (size.diameter_mm, size.width_mm, size.height_mm) == (diameter, width, height)
    assert size.text == str(text).replace("Φ", "Φ")


def test_missing_sizes_and_codes():
    assert parse_size("/") is None
    assert parse_size(0) is None
    assert attribute_code("material", "球墨铸铁") == "QM"
    assert attribute_code("material", "pvc") == "PVC"
    assert attribute_code("material", "双壁波纹管") == "双壁波纹管"
    assert attribute_code("laying", "直埋") == "ZM"
    assert state_of("废弃") is LineState.ABANDONED
    assert state_of("planned") is LineState.PLANNED
    assert state_of("说不清") is None


def test_line_classes_where_the_attributes_decide():
    assert line_class_of(Utility.WATER, None, 200, None, None) == "W1"
    assert line_class_of(Utility.WATER, None, 300, None, None) == "W2"
    assert line_class_of(Utility.GAS, None, None, 0.4, None) == "G2"
    assert line_class_of(Utility.POWER, None, None, None, "ZM") == "E1"
    assert line_class_of(Utility.TELECOM, None, None, None, "GK") == "T2"
    assert line_class_of(Utility.GAS, None, None, None, None) is None


CATALOGUE = [
    WorkKind("roof", WorkPart.BODY, "basic", "屋面维修", "Roof", "屋面", "m2", ("屋面", "屋面防水")),
    WorkKind(
        "facade", WorkPart.BODY, "basic", "外墙维修", "Exterior wall", "外墙", "m2", ("外墙", "外墙保温")
    ),
    WorkKind(
        "water", WorkPart.INFRASTRUCTURE, "basic", "供水", "Water supply", "供水", "m", ("供水", "供排水")
    ),
    WorkKind(
        "drainage", WorkPart.INFRASTRUCTURE, "basic", "排水", "Drainage", "排水", "m", ("排水", "供排水")
    ),
]


def test_works_in_a_cell():
    scope = parse_scope("1.屋面防水改造、外墙保温3200㎡；供排水\n太空电梯", CATALOGUE)
    assert [(work.code, work.quantity) for work in scope.works] == [
        ("roof", None),
        ("facade", 3200.0),
        ("water", None),
        ("drainage", None),
    ]
    assert scope.unknown == ("太空电梯",)
    assert parse_scope("无", CATALOGUE).works == ()
    assert [work.code for work in parse_scope("更换供水管网工程及屋面维修", CATALOGUE).works] == [
        "water",
        "roof",
    ]
    assert parse_scope("供水管网 1.2km", CATALOGUE).works[0].quantity == 1200
