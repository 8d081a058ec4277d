"""The words by which files name columns and values, read from ``words.toml``."""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

Words = Mapping[str, tuple[str, ...]]

# What a file must name to be taken for that layer: any one of each group.
NEEDED: Mapping[str, tuple[tuple[str, ...], ...]] = {
    "communities": (("name",),),
    "owners": (("name",),),
    "works": (("community",), ("code",)),
    "ground": (("kind",),),
    "boundaries": (("name", "code"),),
}


@cache
def _table() -> Mapping[str, Any]:
    return tomllib.loads(files("geo.intake").joinpath("words.toml").read_text(encoding="utf-8"))


@cache
def layer_words() -> Mapping[str, Words]:
    """Words for the headings of each layer's fields, by layer and field, the likeliest first."""
    return {
        layer: {name: tuple(words) for name, words in fields.items()}
        for layer, fields in _table()["headings"].items()
    }


@cache
def column_words(role: str) -> tuple[str, ...]:
    """Headings of columns that belong to no layer: ``shape_text``, ``longitude``, ``latitude`` or
    ``ignored``."""
    return tuple(_table()["columns"][role])


@cache
def value_words(domain: str) -> Mapping[str, str]:
    """Upper-case word → code for ``kinds``, ``materials``, ``laying``, ``status``, ``stages``,
    ``dig_states``, ``ground``."""
    return {word.upper(): code for code, words in _table()[domain].items() for word in words}
