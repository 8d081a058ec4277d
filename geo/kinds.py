"""Kinds of underground lines after CJJ 61-2017 annexes B and C: codes, words, groups, materials, laying.

The tables are a secondary copy (``geo/standards``). Urban surveys write kinds as letter code, digit code or
word, and often only the group.
"""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from geo.vocabulary import DepthReference, Utility


@dataclass(frozen=True)
class Kind:
    """One kind of line: its group, its letter code and its words."""

    utility: Utility
    code: str
    zh: str
    en: str


def read_table(name: str) -> list[dict[str, str]]:
    """Rows of ``geo/standards/<name>.csv`` as dictionaries of text."""
    text = files("geo").joinpath("standards", f"{name}.csv").read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))


@cache
def kinds() -> Mapping[str, Kind]:
    """Every kind by its letter code, such as ``WS`` foul drain or ``LD`` street light."""
    return {
        row["kind_code"]: Kind(Utility(row["group_code"]), row["kind_code"], row["kind_zh"], row["kind_en"])
        for row in read_table("line_kinds")
    }


@cache
def groups() -> Mapping[Utility, tuple[str, str]]:
    """Chinese and English word of each group."""
    return {
        Utility(row["group_code"]): (row["group_zh"], row["group_en"]) for row in read_table("line_kinds")
    }


@cache
def attribute_words(domain: str) -> Mapping[str, tuple[str, str]]:
    """Code to (Chinese, English) for ``material``, ``laying`` or ``status``."""
    return {
        row["code"]: (row["zh"], row["en"])
        for row in read_table("line_attributes")
        if row["domain"] == domain
    }


def depth_reference(utility: Utility) -> DepthReference:
    """Top for pressure pipes, cables and ducts, invert for drains (general practice, unverified)."""
    return DepthReference.INVERT if utility is Utility.DRAINAGE else DepthReference.TOP
