"""The sketch is to scale, says what is not known, and takes names for data."""

import re
from typing import Any
from xml.etree import ElementTree

import pandas as pd
import pytest
import shapely

from maps.page import environment
from maps.palette import LINES
from maps.section import BUILDING, Section, depth_at, section_of
from maps.sketch import described, sketch
from maps.wording import languages, wording
from tests.coordination_scenes import EAST, NORTH, buildings, dig, frames, house, judge, line, path

SVG = "{http://www.w3.org/2000/svg}"
FROST = 1.03


def water(**columns: Any) -> dict[str, Any]:
    size = {"size_text": "DN150", "outer_width_mm": 160.0, "outer_height_mm": 160.0}
    depth = {"depth_start_m": 1.3, "depth_end_m": 1.3}
    return line("new", "W1", path((0, 0), (40, 0)), **{"dig": "d", **size, **depth, **columns})


def drain(y: float = 0.9, **columns: Any) -> dict[str, Any]:
    size = {"size_text": "DN300", "outer_width_mm": 380.0, "outer_height_mm": 380.0, "kind": "WS"}
    depth = {"depth_start_m": 2.1, "depth_end_m": 2.1, "depth_reference": "invert"}
    base = {"state": "in_service", **size, **depth}
    return line("old", "S", path((0, y), (40, y)), **{**base, **columns})


TRENCH = dig("d", path((0, 0), (40, 0)), "2026-08-01", "2026-08-20", depth_m=1.6, number="K-031")


def section(
    where: dict[str, pd.DataFrame], kind: str = "horizontal_clearance", lang: str = "zh", **changes: Any
) -> Section:
    found = judge(where).listed
    row = found[found["kind"] == kind].iloc[0].to_dict()
    made = section_of({**row, **changes}, where, wording(lang), FROST)
    assert made is not None
    return made


def drawn(made: Section, lang: str = "zh", key: str = "k") -> ElementTree.Element:
    shown = sketch(made, wording(lang), key)
    return ElementTree.fromstring(environment().get_template("section.html").render(sketch=shown))


def texts(svg: ElementTree.Element) -> list[str]:
    return [element.text or "" for element in svg.iter(f"{SVG}text")]


def number(element: ElementTree.Element, name: str) -> float:
    return float(element.attrib[name])


def test_both_lines_lie_where_they_lie() -> None:
    one, other = section(frames([water(), drain()], [TRENCH])).bodies
    assert (one.top, one.bottom) == (1.3, pytest.approx(1.46))
    assert (other.top, other.bottom) == (pytest.approx(1.72), 2.1)
    assert other.x - one.x == pytest.approx(0.9)
    assert (one.code, other.code) == ("JS DN150", "WS DN300")


def test_the_drawing_has_one_scale_both_ways() -> None:
    made = section(frames([water(), drain()], [TRENCH]))
    one, other = drawn(made).iter(f"{SVG}circle")
    px = number(other, "r") / 0.19
    assert number(other, "cx") - number(one, "cx") == pytest.approx(0.9 * px, abs=0.6)
    assert number(other, "cy") - number(one, "cy") == pytest.approx((1.91 - 1.38) * px, abs=0.6)
    zone = next(r for r in drawn(made).iter(f"{SVG}rect") if r.attrib.get("fill") == "#FFC400")
    assert number(zone, "width") == pytest.approx(1.0 * px, abs=0.6)


@pytest.mark.parametrize("lang", languages())
def test_it_says_what_was_measured_and_what_is_required(lang: str) -> None:
    made = section(frames([water(), drain()], [TRENCH]))
    svg = drawn(made, lang)
    told = " ".join(texts(svg))
    assert "0.63 m" in told and "1.00" in told and "1.30 m" in told and "1.03 m" in told
    title, desc = svg.find(f"{SVG}title"), svg.find(f"{SVG}desc")
    assert title is not None and desc is not None
    assert svg.attrib["aria-labelledby"] == f"{title.attrib['id']} {desc.attrib['id']}"
    assert "0.63" in (desc.text or "") and "JS DN150" in (desc.text or "")


def test_everything_written_stays_on_the_drawing_at_a_legible_size() -> None:
    for where in (
        frames([water(), drain()], [TRENCH]),
        frames(
            [water(size_text="PE100 DN150 一根很长的规格"), drain(size_text="B×H 2000×1800 砖砌")], [TRENCH]
        ),
    ):
        svg = drawn(section(where))
        width, height = (number(svg, name) for name in ("width", "height"))
        for element in svg.iter(f"{SVG}text"):
            size = number(element, "font-size")
            wide = sum(size if ord(letter) > 0x2E80 else 0.6 * size for letter in element.text or "")
            start = {"start": 0.0, "middle": wide / 2, "end": wide}[element.attrib["text-anchor"]]
            assert size >= 11
            assert number(element, "x") - start >= -2 and number(element, "x") - start + wide <= width + 2
            assert 8 <= number(element, "y") <= height


def test_an_unknown_depth_is_a_column_with_a_question_mark() -> None:
    made = section(frames([water(), drain(depth_start_m=None, depth_end_m=None)], [TRENCH]))
    assert not made.bodies[1].has_depth
    svg = drawn(made)
    assert "?" in texts(svg) and "埋深不详" in texts(svg)
    assert len(list(svg.iter(f"{SVG}circle"))) == 1


def test_an_unknown_size_is_a_cross_and_is_said() -> None:
    svg = drawn(section(frames([water(), drain(outer_width_mm=None, outer_height_mm=None)], [TRENCH])))
    assert "外径不详" in texts(svg)
    assert len(list(svg.iter(f"{SVG}path"))) == 1


def test_another_s_depth_is_not_shown_nor_its_figure_beyond_a_decimetre() -> None:
    where = frames([water(), drain()], [TRENCH])
    hidden = {"hidden": "b", "thing_b": None, "class_b": "PS", "measured": 0.6}
    made = section(where, **hidden)
    told = " ".join(texts(drawn(made)))
    assert "埋深不公开" in told and "0.6 m" in told
    assert "2.10" not in told and "DN300" not in told
    assert made.bodies[1].half is None and not made.bodies[1].has_depth


def test_a_crossing_is_a_circle_over_a_band_with_the_clearance_between() -> None:
    where = frames(
        [
            water(),
            line(
                "old", "S", path((20, -20), (20, 20)), state="in_service", depth_start_m=1.7, depth_end_m=2.1,
                depth_reference="invert", outer_width_mm=380.0, outer_height_mm=380.0,
            ),
        ],
        [TRENCH],
    )  # fmt: skip
    made = section(where, "vertical_clearance")
    assert made.bodies[1].along
    assert made.bodies[1].bottom == pytest.approx(1.9)
    assert "0.06 m" in texts(drawn(made))


def test_a_crossing_of_unknown_depth_says_what_is_required() -> None:
    other = line(
        "old", "E1", path((20, -20), (20, 20)), state="in_service", depth_start_m=None, depth_end_m=None
    )
    svg = drawn(section(frames([water(), other], [TRENCH]), "vertical_clearance"))
    assert "要求 0.50 m，无法量" in texts(svg)


def test_cover_is_measured_from_the_ground() -> None:
    made = section(frames([water(depth_start_m=0.4, depth_end_m=0.9)], [TRENCH]), "cover")
    assert made.bodies[0].top == pytest.approx(0.4)
    assert "0.40 m" in texts(drawn(made))


def test_walls_trees_zones_and_trenches_have_sections() -> None:
    where = frames(
        [water()], [TRENCH], [{"id": "t", "kind": "tree", "geometry": shapely.Point(EAST + 20, NORTH + 0.8)}]
    )
    assert "树" in texts(drawn(section(where)))
    walled = frames([water()], [TRENCH])
    walled["buildings"] = buildings(("h", house(-5, -8, 45, -0.7))).assign(number="5号楼")
    made = section(walled)
    assert made.bodies[1].kind == BUILDING
    assert "5号楼" in texts(drawn(made))
    gas = line("old", "G2", path((0, 0.6), (40, 0.6)), state="in_service", outer_width_mm=110.0, owner="gas")
    assert "K-031" in texts(drawn(section(frames([gas], [TRENCH]), "protection_zone")))
    digs = [TRENCH, dig("e", path((0, 1.2), (40, 1.2)), "2026-08-22", "2026-09-10", width_m=0.5)]
    made = section(frames(digs=digs), "opportunity")
    assert made.bodies[1].x - made.bodies[0].x == pytest.approx(1.2)
    assert made.measured is None


def test_kinds_without_a_section_have_none() -> None:
    where = frames(digs=[dig("d", path((0, 0), (40, 0)), "2026-12-01", "2026-12-20")])
    found = judge(where).listed
    row = found[found["kind"] == "season"].iloc[0].to_dict()
    assert section_of(row, where, wording("zh"), FROST) is None
    gone = judge(frames([water(), drain()], [TRENCH])).listed.iloc[0].to_dict()
    assert section_of(gone, {}, wording("zh"), FROST) is None


def test_names_are_data() -> None:
    evil = "<script>alert(1)</script>"
    where = frames([water(size_text=evil), drain(size_text='"><x')], [TRENCH])
    made = section(where)
    html = environment().get_template("section.html").render(sketch=sketch(made, wording("zh"), '"><b'))
    assert "<script" not in html and "<x" not in html and "<b" not in html
    ElementTree.fromstring(html)


def test_depth_is_interpolated_and_at_an_end_only_that_end_counts() -> None:
    row = {"geometry": shapely.LineString([(0, 0), (10, 0)]), "depth_start_m": 1.0, "depth_end_m": 2.0}
    assert depth_at(row, shapely.Point(5, 3)) == pytest.approx(1.5)
    half = {**row, "depth_end_m": None}
    assert depth_at(half, shapely.Point(-1, 0)) == 1.0
    assert depth_at(half, shapely.Point(5, 0)) is None


def test_colours_are_those_of_the_lines() -> None:
    svg = drawn(section(frames([water(), drain()], [TRENCH])))
    used = {element.attrib.get("stroke") for element in svg.iter(f"{SVG}circle")}
    assert used == {LINES["JS"].line, LINES["PS"].line}


def test_the_sentence_for_who_does_not_see_it() -> None:
    told = described(section(frames([water(), drain()], [TRENCH]), lang="en"), wording("en"))
    assert re.fullmatch(
        r"JS DN150 \(top 1\.30 m\), WS DN300 \(invert 2\.10 m\); measured 0\.63 m; required 1\.00 m", told
    )
