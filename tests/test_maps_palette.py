"""The palette holds what the look asks of it: contrast, order, distance, one name for every colour."""

import re

import numpy as np
import pandas as pd
import pytest

from geo.kinds import kinds
from geo.vocabulary import LineState, Stage, Utility
from maps import palette


def luminance(colour):
    channels = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one, other):
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_stages_get_darker_in_the_order_of_the_plan():
    fills = [palette.STAGES[stage].fill for stage in Stage]
    assert [luminance(fill) for fill in fills] == sorted((luminance(fill) for fill in fills), reverse=True)


def test_text_on_a_stage_can_be_read():
    assert all(contrast(paint.fill, paint.text) >= 4.5 for paint in palette.STAGES.values())
    assert [paint.dark for paint in palette.STAGES.values()] == [False, False, False, False, True, True]


def test_lines_stand_out_from_their_casing_and_codes_can_be_read():
    for stroke in palette.LINES.values():
        assert contrast(stroke.line, palette.PAPER) >= 3.0
        assert contrast(stroke.text, palette.PAPER) >= 4.5


def test_verdicts_differ_by_shape_and_their_numbers_can_be_read():
    assert {mark.shape for mark in palette.VERDICTS.values()} == {"diamond", "square", "disc"}
    assert all(contrast(mark.fill, mark.text) >= 4.5 for mark in palette.VERDICTS.values())


@pytest.mark.parametrize("text", [palette.INK, palette.INK2, palette.INK3, palette.ACCENT])
def test_text_can_be_read_on_paper_and_ground(text):
    assert contrast(text, palette.PAPER) >= 4.5
    assert contrast(text, palette.GROUND) >= 4.5


def test_tokens_carry_every_colour_once():
    css = palette.css_tokens()
    names = re.findall(r"^--([\w-]+):", css, re.MULTILINE)
    assert css.startswith(":root{") and css.rstrip().endswith("}")
    assert len(names) == len(set(names))
    assert {"paper", "field-border", "accent-tint", "stage-long_term-text", "line-FQ", "verdict-fail"} <= {
        *names
    }
    assert "--line-RQ:#DB1FA0;" in css


def test_browser_gets_stages_in_plan_order_and_every_style():
    told = palette.for_browser()
    assert list(told["stages"]) == [str(stage) for stage in Stage]
    assert list(told["lines"]) == ["JS", "PS", "RQ", "RL", "DL", "TX", "BM", "GY", "QT", "FQ"]
    assert {"paper", "ink", "accent_tint", "building"} <= set(told["neutrals"])


@pytest.mark.parametrize(
    ("utility", "kind", "state", "style", "code"),
    [
        (Utility.WATER, "JP", LineState.IN_SERVICE, "JS", "JS"),
        (Utility.DRAINAGE, "WS", LineState.PLANNED, "PS", "WS"),
        (Utility.POWER, "LD", LineState.IN_SERVICE, "DL", "LD"),
        (Utility.OTHER, "BM", LineState.IN_SERVICE, "BM", "BM"),
        (Utility.GAS, None, LineState.ABANDONED, "FQ", "RQ"),
        (Utility.WATER, "WS", None, "JS", "JS"),
        (None, None, None, "BM", "BM"),
    ],
)
def test_style_and_code_of_a_line(utility, kind, state, style, code):
    assert palette.line_style(utility, kind, state) == style
    assert palette.line_code(utility, kind) == code


def test_styles_of_many_lines_keep_their_index():
    rows = pd.DataFrame({"utility": ["JS", "PS", "XX"], "kind": ["JP", "YS", None]}, dtype="string")
    rows.index = pd.Index([7, 5, 9])
    assert palette.line_styles(rows["utility"], rows["kind"]).to_dict() == {7: "JS", 5: "PS", 9: "BM"}
    assert palette.line_codes(rows["utility"], rows["kind"]).to_dict() == {7: "JS", 5: "YS", 9: "BM"}


def test_every_kind_of_the_standard_has_a_style():
    codes = pd.Series(list(kinds()), dtype="string")
    groups = pd.Series([str(kind.utility) for kind in kinds().values()], dtype="string")
    assert np.isin(palette.line_styles(groups, codes).to_numpy(object), list(palette.LINES)).all()
