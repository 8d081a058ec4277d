"""Forms ask what the contract has, in words and in the units that people type, and hold what a row holds."""

import math

import pandas as pd
import pytest

from api.wiring import Services
from geo.errors import BadInput, NotFound
from geo.layers import LAYERS, layer_named
from maps.atlas import Atlas
from maps.forms import PARTS, described, every_question, make_form, new_values, part_of
from maps.questions import label, question, row_name, shown_value
from maps.wording import languages, wording

ZH = wording("zh")


@pytest.fixture(scope="module")
def atlas(services: Services) -> Atlas:
    return services.atlas()


def column(layer: str, name: str):
    return layer_named(layer).column(name)


@pytest.mark.parametrize(
    ("layer", "name", "value", "typed"),
    [
        ("communities", "floor_area_dm2", 1_754_179, "17541.79"),
        ("communities", "floor_area_dm2", 1_754_100, "17541"),
        ("communities", "floor_area_dm2", 7, "0.07"),
        ("communities", "investment_fen", 616_930_001, "616.930001"),
        ("communities", "investment_fen", 8_294_520_000, "8294.52"),
        ("communities", "investment_fen", 0, "0"),
        ("communities", "year_built", 1997, "1997"),
        ("digs", "width_m", 1.2, "1.2"),
        ("digs", "width_m", 0.1 + 0.2, "0.30000000000000004"),
        ("digs", "window_start", "2026-09-01", "2026-09-01"),
        ("digs", "window_start", pd.Timestamp("2026-09-01"), "2026-09-01"),
        ("lines", "trunk", True, "true"),
        ("lines", "trunk", False, "false"),
    ],
)
def test_values_are_shown_exactly_as_people_type_them(layer, name, value, typed) -> None:
    assert shown_value(column(layer, name), value) == typed


@pytest.mark.parametrize("nothing", [None, pd.NA, math.nan, pd.NaT])
def test_unknown_is_empty_never_zero(nothing) -> None:
    for name in ("floor_area_dm2", "investment_fen", "households", "stage_due", "name"):
        assert shown_value(column("communities", name), nothing) == ""


@pytest.mark.parametrize("lang", languages())
@pytest.mark.parametrize("layer", PARTS)
def test_every_form_asks_what_its_layer_requires_in_words(atlas: Atlas, layer: str, lang: str) -> None:
    words = wording(lang)
    asked = set()
    for part in PARTS[layer]:
        form = make_form(atlas, words, layer, part, {})
        assert form.title and all(one.label for one in form.questions)
        asked |= {one.name for one in form.questions}
        assert {one.name for one in form.questions} <= set(layer_named(layer).names)
    required = {one.name for one in LAYERS[layer].columns if one.required and one.name != "id"}
    given = {"community", "name", "media_type", "size_bytes", "sha256"} if layer == "files" else {"community"}
    assert required - given <= asked


@pytest.mark.parametrize("lang", languages())
def test_every_column_of_the_forms_has_words_of_its_own(lang: str) -> None:
    words = wording(lang)
    other = words("edit.other_field")
    unnamed = [
        (layer, name)
        for layer, parts in PARTS.items()
        for part in parts.values()
        for name in (*part.first, *part.more)
        if label(words, layer, name) == other
    ]
    assert unnamed == []


def test_choices_have_words_and_keep_what_the_row_holds(atlas: Atlas) -> None:
    held = {"stage": "renovation"}
    stage = question(atlas, ZH, layer_named("communities"), column("communities", "stage"), held)
    assert (stage.kind, stage.word) == ("ladder", "全面改造")
    assert len(stage.choices) == 6
    kind = question(atlas, ZH, layer_named("lines"), column("lines", "kind"), {"kind": "旧代号"})
    assert kind.word == "旧代号"
    assert {one.group for one in kind.choices if one.value == "WS"} == {"PS"}


def test_choices_are_narrowed_to_what_the_editor_may_say(atlas: Atlas) -> None:
    allowed = {"state": ("draft", "submitted")}
    form = make_form(atlas, ZH, "digs", "all", {"id": "k", "state": "approved"}, allowed=allowed)
    state = next(one for one in form.questions if one.name == "state")
    assert {one.value for one in state.choices} == {"draft", "submitted", "approved"}


def test_a_work_chooses_among_the_buildings_of_its_community(atlas: Atlas) -> None:
    community = atlas.frames["communities"]["id"].iloc[0]
    form = make_form(atlas, ZH, "works", "all", {"community": community})
    building = next(one for one in form.questions if one.name == "building")
    frame = atlas.frames["buildings"]
    assert {one.value for one in building.choices} == set(frame.loc[frame["community"] == community, "id"])
    assert form.fixed == {"community": community}


def test_a_new_form_takes_columns_only() -> None:
    assert new_values("digs", {"community": "c1", "dig": ""}) == {"community": "c1"}
    with pytest.raises(BadInput):
        new_values("digs", {"dig": "k1"})
    with pytest.raises(NotFound):
        part_of("communities", "all")
    with pytest.raises(NotFound):
        part_of("boundaries", "all")


def test_what_the_script_hears_is_plain(atlas: Atlas) -> None:
    row = {"id": "c", "row_revision": 4, "name": "<b>", "floor_area_dm2": 1_754_179, "stage": "survey"}
    told = described(make_form(atlas, ZH, "communities", "facts", row))
    assert (told["row_revision"], told["fixed"]) == (4, {})
    area = next(one for one in told["questions"] if one["name"] == "floor_area_dm2")
    assert (area["shown"], area["unit"], area["decimals"]) == ("17541.79", "m²", 2)
    names = {one["name"] for one in every_question(atlas, ZH, "communities", row)}
    assert {"stage", "investment_fen", "note"} <= names and not {"id", "source_id"} & names


def test_rows_are_called_by_what_people_call_them(atlas: Atlas) -> None:
    assert row_name(atlas, ZH, "works", {"code": "roof"}) == "屋面"
    assert row_name(atlas, ZH, "lines", {"kind": "WS", "utility": "PS", "size_text": "DN300"}) == "污水 DN300"
    assert row_name(atlas, ZH, "buildings", {"number": None}) == ZH("edit.unnamed")
