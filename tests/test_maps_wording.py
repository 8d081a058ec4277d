"""Both languages say the same things, every error has a sentence, and figures read as the look has them."""

import re
from datetime import date
from pathlib import Path

import pandas as pd
import pytest

import geo
from geo import errors
from geo.district import read_district
from geo.errors import NotFound, PlanError
from geo.layers import Fault
from geo.programme.catalogue import read_catalogue
from geo.vocabulary import BoundaryLevel, DigState, FundingSource, GroundKind, LineState, Stage, WorkPart
from maps.palette import LINES
from maps.view import THEMES
from maps.wording import LOCALE, Wording, languages, placeholders, wording

ROOT = Path(geo.__file__).parent.parent
RAISED = re.compile(
    r"(?:BadInput|UnreadableFile|MissingCRS|WrongCRS|WrongGeometry|UnknownTown|DuplicateId|BadDistrict|NotFound"
    r"|Store[A-Z]\w+|StaleRevision|PlanError)\(\s*\"([a-z_]+)\""
)
MONTHS = ("app.month", "app.month_short")
"""Written by number in one language and by name in another."""


def every_error(parent=PlanError):
    yield parent
    for child in parent.__subclasses__():
        yield from every_error(child)


def test_chinese_comes_first():
    assert languages()[0] == "zh"
    assert "en" in languages()


@pytest.mark.parametrize("lang", [lang for lang in languages() if lang != "zh"])
def test_languages_have_the_same_keys_and_placeholders(lang):
    chinese, other = wording("zh").table, wording(lang).table
    assert set(chinese) == set(other)
    differing = [
        key for key in chinese if key not in MONTHS and placeholders(chinese[key]) != placeholders(other[key])
    ]
    assert differing == []


@pytest.mark.parametrize("lang", languages())
def test_no_text_is_empty_or_shouts(lang):
    table = wording(lang).table
    assert [key for key, text in table.items() if not text.strip()] == []
    assert [key for key, text in table.items() if "!" in text or "！" in text] == []


@pytest.mark.parametrize("lang", languages())
def test_every_closed_set_has_words(lang):
    words = wording(lang)
    sets = {
        "stage": Stage,
        "line_state": LineState,
        "dig_state": DigState,
        "ground": GroundKind,
        "boundary": BoundaryLevel,
        "funding": FundingSource,
        "part": WorkPart,
        "utility": LINES,
        "theme": THEMES,
    }
    missing = [
        f"{name}.{code}" for name, codes in sets.items() for code in codes if f"{name}.{code}" not in words
    ]
    assert missing == []


@pytest.mark.parametrize("lang", languages())
def test_every_error_code_has_a_sentence(lang):
    words = wording(lang)
    codes = {error.code for error in every_error()}
    for room in ("geo", "maps", "api"):
        for path in (ROOT / room).rglob("*.py"):
            codes |= set(RAISED.findall(path.read_text(encoding="utf-8")))
    assert sorted(code for code in codes if f"error.{code}" not in words) == []


def test_works_of_the_catalogue_have_words():
    catalogue = read_catalogue(ROOT / "data" / "works_catalogue.csv")
    for lang in languages():
        words = wording(lang)
        assert [kind.code for kind in catalogue if words(f"work.{kind.code}") != words.work(kind)] == []


def test_sentence_is_filled_in():
    assert wording("zh")("map.late", days=12) == "迟 12 天"
    assert wording("en")("map.late", days=12) == "12 d late"


def test_missing_words_and_placeholders_are_named():
    with pytest.raises(NotFound) as caught:
        wording("zh")("map.nowhere")
    assert caught.value.facts == {"key": "map.nowhere", "lang": "zh"}
    with pytest.raises(NotFound) as caught:
        wording("zh")("map.late", hours=3)
    assert (caught.value.code, caught.value.facts["name"]) == ("no_such_placeholder", "days")


def test_unknown_language_is_named():
    with pytest.raises(NotFound) as caught:
        wording("tlh")
    assert caught.value.facts["lang"] == "tlh"


def test_same_key_in_two_files_is_refused(tmp_path):
    for name in ("a", "b"):
        (tmp_path / f"{name}.zh.toml").write_text('[map]\nlate = "迟"\n', encoding="utf-8")
    with pytest.raises(ValueError, match=r"map\.late"):
        Wording("zh", tmp_path)


def test_section_is_flat_and_keeps_whole_keys():
    section = wording("en").section("stage", "map.layer")
    assert section["stage.renovation"] == "Renovation"
    assert "map.layer.digs" in section
    assert "map.late" not in section


def test_figures_in_both_languages():
    zh, en = wording("zh"), wording("en")
    assert (zh.percent(44.72), en.percent(44.72)) == ("44.7%", "44.7 %")
    assert (zh.money(8_294_520_000), en.money(8_294_520_000)) == ("8,294.52 万元", "82.95 million yuan")
    assert (zh.area(27_610_000), en.area(27_610_000)) == ("27.61 万 m²", "276,100 m²")
    assert zh.number(3247) == "3,247"
    assert zh.day(date(2026, 7, 15)) == "2026-07-15"
    assert zh.days(date(2026, 7, 20), date(2026, 8, 8)) == "2026-07-20 — 08-08"
    assert zh.days(date(2026, 12, 20), date(2027, 1, 8)) == "2026-12-20 — 2027-01-08"


@pytest.mark.parametrize("nothing", [None, float("nan"), pd.NA])
def test_missing_figures_are_a_dash(nothing):
    words = wording("zh")
    assert {words.percent(nothing), words.money(nothing), words.area(nothing)} == {"—"}
    assert words.day(None) == "—"
    assert words.days(None, None) == "—"


def test_error_takes_the_sentence_that_its_facts_fill():
    words = wording("zh")
    assert words.error(errors.UnknownTown(town="金兴镇", known="金星镇")) == "没有这个镇：金兴镇。有：金星镇"
    assert words.error(errors.UnknownTown(row=14, value="金兴镇")) == "第 14 行：所属乡镇“金兴镇”不在名单"
    assert words.error(errors.UnknownTown()) == "输入有误，什么都没有改"
    assert words.error(errors.StoreBusy("not_written_yet", path="a.gpkg")) == words.error(
        errors.StoreBusy(path="a.gpkg")
    )


def test_error_takes_the_sentence_that_tells_most():
    words = wording("en")
    assert "look like EPSG:4490" in words.error(errors.MissingCRS(bounds="1, 2", guess="EPSG:4490"))
    assert "--crs EPSG:4490" in words.error(errors.MissingCRS(bounds="1, 2", guess=""))
    assert (
        words.error(errors.DuplicateId(layer="communities", row="c1", count=1))
        == "communities has id c1 already"
    )


def test_contract_error_tells_how_many_and_the_first():
    faults = (Fault("missing", "c1", "name"), Fault("too_low", "c2", "households", "-1"))
    told = wording("en").error(errors.ContractError(layer="communities", faults=faults))
    assert told == "communities: 2 breaches of the contract. The first: c1: Name is missing"


def test_facts_with_braces_are_data():
    told = wording("zh").error(errors.NotFound("no_such_community", community="{0.__class__}"))
    assert told == "没有这个小区：{0.__class__}"


def test_town_names_fall_back_to_chinese():
    district = read_district(ROOT / "data" / "district.toml")
    assert wording("en").name_of(district.names) == "Litong District"
    assert wording("en").name_of({"zh": "利通区"}) == "利通区"


def test_locale_files_are_named_by_room_and_language():
    assert {path.name.count(".") for path in LOCALE.glob("*.toml")} == {2}
