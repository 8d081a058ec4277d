"""Kinds, sizes, materials, ways of laying and status of lines, by code or by word."""

import re
from dataclasses import dataclass
from functools import cache

from geo.intake.values import is_nothing, plain
from geo.intake.words import value_words
from geo.kinds import attribute_words, read_table
from geo.vocabulary import LineState, Utility


@dataclass(frozen=True)
class KindFound:
    """A group of lines and, where it is known, the letter code of the kind."""

    utility: Utility
    kind: str | None = None


@dataclass(frozen=True)
class Size:
    """A size as written and what it means in millimetres."""

    text: str
    diameter_mm: float | None = None
    width_mm: float | None = None
    height_mm: float | None = None


@cache
def _kind_words() -> dict[str, KindFound]:
    words = {}
    for word, code in value_words("kinds").items():
        group, _, kind = code.partition(".")
        words[word] = KindFound(Utility(group), kind or None)
    for row in read_table("line_kinds"):
        utility = Utility(row["group_code"])
        found = KindFound(utility, row["kind_code"])
        digits = row["kind_digits"]
        for word in (
            row["kind_zh"],
            row["kind_en"].replace(" ", ""),
            row["kind_code"],
            row["group_digit"] + digits,
        ):
            words.setdefault(word.upper(), found)
        words.setdefault((row["group_digit"] + digits).zfill(4), found)
        words.setdefault(row["group_zh"], KindFound(utility))
        words[row["group_code"]] = KindFound(utility)
        words.setdefault(row["group_digit"], KindFound(utility))
        words.setdefault(utility.name, KindFound(utility))
    return words


def kind_of(word: str | None) -> KindFound | None:
    """The kind for a letter code, digit code or word (污水, WS, 202, 给水管道, foul); ``None`` for anything
    else."""
    text = plain(word).upper().replace(" ", "").replace("_", "")
    if is_nothing(text):
        return None
    words = _kind_words()
    for form in (
        text,
        text.removesuffix("管线"),
        text.removesuffix("管道"),
        text.removesuffix("管网"),
        text.removesuffix("管"),
        text.removesuffix("线"),
    ):
        if form in words:
            return words[form]
    inner = re.match(r"^([A-Z]{2})[-(（:：]?[^A-Z].*$", text) or re.match(r"^.*?[(（]([A-Z]{2})[)）]$", text)
    return words.get(inner[1]) if inner else None


def kind_of_name(name: str) -> KindFound | None:
    """The kind that a table's name speaks of: ``JSPOINT``, ``WS_LINE``, 污水管线, 给水管点表."""
    text = plain(name).upper().replace(" ", "")
    bare = re.sub(r"(POINT|LINE|管点表?|管线表?|点表|线表|点|线|表|[_\-\d.])+$", "", text)
    found = kind_of(bare) if bare else None
    if found is None and bare:
        for word in sorted(_kind_words(), key=len, reverse=True):
            if len(word) >= 2 and not word.isascii() and word in bare:
                return _kind_words()[word]
    return found


@cache
def _attribute_codes(domain: str) -> dict[str, str]:
    codes = dict(value_words({"material": "materials", "laying": "laying"}[domain]))
    for code, (chinese, english) in attribute_words(domain).items():
        codes |= {code: code, chinese: code, english.upper(): code}
    return codes


def attribute_code(domain: str, word: str | None) -> str | None:
    """The code for a material or a way of laying; a word that has none stays as it is."""
    text = plain(word)
    if is_nothing(text):
        return None
    return _attribute_codes(domain).get(text.upper(), text)


def state_of(word: str | None) -> LineState | None:
    """The state for a status code or word, or a member's own value; ``None`` for anything else."""
    text = plain(word)
    if text.lower() in [member.value for member in LineState]:
        return LineState(text.lower())
    code = value_words("status").get(text.upper())
    return LineState(code) if code else None


_ROUND = re.compile(r"^(DN|D|DE|Φ|Ø|∅|PHI|管径)?[:=]?(\d+(?:\.\d+)?)(?:MM)?$")
_OBLONG = re.compile(r"^(?:断面)?(\d+(?:\.\d+)?)(?:MM)?[X×*✕](\d+(?:\.\d+)?)(?:MM)?$")
_LEAST_SIDE_MM = 10.0


def parse_size(value: object) -> Size | None:
    """``DN300``, ``300``, ``Φ110``, ``De110``, ``600X300`` → a size; text that is none of these is kept as
    written."""
    text = plain(value)
    if is_nothing(text) or text in ("0", "0X0"):
        return None
    bare = text.upper().replace(" ", "").replace("Ф", "Φ")
    oblong = _OBLONG.match(bare)
    if oblong and min(float(oblong[1]), float(oblong[2])) >= _LEAST_SIDE_MM:
        return Size(text, width_mm=float(oblong[1]), height_mm=float(oblong[2]))
    found = _ROUND.match(bare)
    if found and float(found[2]) > 0:
        size = float(found[2])
        return Size(text, width_mm=size, height_mm=size) if found[1] == "DE" else Size(text, diameter_mm=size)
    return Size(text)


_LIMIT_W1_MM = 200.0
_GAS_LIMITS = ((0.01, "G0"), (0.2, "G1"), (0.4, "G2"), (0.8, "G3"), (1.6, "G4"))
_DUCTED = ("GM", "GK", "GG")


def line_class_of(
    utility: Utility,
    kind: str | None,
    diameter_mm: float | None,
    pressure_mpa: float | None,
    laying: str | None,
) -> str | None:
    """The class of the clearance tables (W1 … T2), where the attributes decide it; ``None`` where they do
    not."""
    if utility is Utility.WATER:
        if kind == "ZS":
            return "R"
        return None if diameter_mm is None else "W1" if diameter_mm <= _LIMIT_W1_MM else "W2"
    if utility is Utility.DRAINAGE:
        return "S"
    if utility is Utility.GAS:
        limits = [name for limit, name in _GAS_LIMITS if pressure_mpa is not None and pressure_mpa <= limit]
        return limits[0] if limits else None
    if utility is Utility.HEAT:
        return "H" if laying == "ZM" else None
    pair = {Utility.POWER: ("E1", "E2"), Utility.TELECOM: ("T1", "T2")}.get(utility)
    if pair is None or laying is None:
        return None
    return pair[0] if laying == "ZM" else pair[1] if laying in _DUCTED else None
