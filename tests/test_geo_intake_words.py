"""Everything that an import can say has words in both languages."""

import re
from pathlib import Path

import pytest

from geo.intake import pipes
from geo.intake.words import layer_words, value_words
from geo.kinds import attribute_words, kinds
from geo.layers import LAYERS
from geo.vocabulary import DigState, GroundKind, LineState, Stage, Utility
from maps.wording import placeholders, wording

SOURCE = "\n".join(path.read_text(encoding="utf-8") for path in (Path(pipes.__file__).parent).glob("*.py"))
ERRORS = re.compile(r'(?:UnreadableFile|BadInput|WrongCRS|MissingCRS|WrongGeometry)\(\s*"([a-z_]+)"')


def note_codes() -> set[str]:
    by_level = set(re.findall(r'Level\.[A-Z]+,\s*"([a-z_]+)"', SOURCE))
    by_refusal = set(re.findall(r'notes,\s*"([a-z_]+)"', SOURCE))
    by_fields = set(re.findall(r'self\._refuse\([^"]*"([a-z_]+)"', SOURCE))
    return (by_level | by_refusal | by_fields) - {"bad"} | {
        "area_unit_taken",
        "money_unit_taken",
        "area_unit_unclear",
        "money_unit_unclear",
        "year_first",
        "year_inexact",
        "year_short",
    }


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_note_and_error_has_a_sentence(lang):
    words = wording(lang)
    assert len(note_codes()) > 60
    assert not {code for code in note_codes() if f"intake.{code}" not in words}
    assert not {code for code in ERRORS.findall(SOURCE) if f"error.{code}" not in words}


def test_both_languages_fill_in_the_same_facts():
    zh, en = wording("zh").section("intake"), wording("en").section("intake")
    assert zh.keys() == en.keys()
    assert not {key for key in zh if placeholders(zh[key]) - placeholders(en[key]) - {"column"}}


def test_words_stand_for_one_field_only_and_codes_are_known():
    for layer, fields in layer_words().items():
        assert layer in LAYERS
        assert all(words for words in fields.values())
    assert set(value_words("stages").values()) == {stage.value for stage in Stage}
    assert set(value_words("dig_states").values()) == {state.value for state in DigState}
    assert set(value_words("ground").values()) <= {kind.value for kind in GroundKind}
    assert set(value_words("status").values()) == {state.value for state in LineState}
    assert set(value_words("materials").values()) <= set(attribute_words("material"))
    assert set(value_words("laying").values()) <= set(attribute_words("laying"))
    for code in value_words("kinds").values():
        group, _, kind = code.partition(".")
        assert Utility(group)
        assert not kind or kinds()[kind].utility is Utility(group)
