"""Values as people write them: numbers with units, years, dates, in Chinese and in English."""

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd

NOTHING = frozenset(
    [
        "/",
        "-",
        "--",
        "—",
        "——",
        "―",
        "\\",
        ".",
        "*",
        "无",
        "空",
        "不详",
        "未知",
        "不明",
        "未测",
        "未探",
        "待定",
        "待查",
        "暂无",
        "缺",
        "n/a",
        "na",
        "nan",
        "none",
        "null",
        "<null>",
        "#n/a",
        "nil",
        "unknown",
        "nodata",
    ]
)
AREA_UNITS = {"m2": Decimal(1), "ha": Decimal(10000), "km2": Decimal(1000000), "mu": Decimal(2000) / 3}
MONEY_UNITS = {"yuan": Decimal(1)}
LENGTH_UNITS = {"m": Decimal(1), "cm": Decimal("0.01"), "mm": Decimal("0.001"), "km": Decimal(1000)}

_UNIT_WORDS = (
    (r"平方千米|平方公里|km2|sqkm", "km2"),
    (r"平方米|平米|平方|m2|m\^2|sqm|squaremet(?:re|er)s?", "m2"),
    (r"公顷|ha|hm2", "ha"),
    (r"亩", "mu"),
    (r"元人民币|人民币|元|rmb|cny|yuan", "yuan"),
    (r"公里|千米|km", "km"),
    (r"厘米|cm", "cm"),
    (r"毫米|mm", "mm"),
    (r"米|m", "m"),
)
_SCALES = {
    "亿": Decimal(100000000),
    "千万": Decimal(10000000),
    "百万": Decimal(1000000),
    "万": Decimal(10000),
    "千": Decimal(1000),
}
_UNIT = re.compile(
    r"^(?P<scale>亿|千万|百万|万|千)?(?:"
    + "|".join(f"(?P<u{place}>{words})" for place, (words, _) in enumerate(_UNIT_WORDS))
    + r")?$"
)
_NUMBER = re.compile(
    r"^(?P<about>约|大约|近|共|共计|合计|¥|￥|rmb)?(?P<number>[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?)(?P<unit>.*)$"
)
_COUNTERS = re.compile(
    r"^(户|栋|幢|座|层|楼|f|个|个单元|单元|人|套|条|根|孔|层楼|年|kv|千伏|mpa|兆帕|°|度|住户|左右|余)+$"
)


@dataclass(frozen=True)
class Unit:
    """A unit such as 万㎡: a base (``m2``, ``yuan``, ``m`` …, or empty) and how many of it one is."""

    base: str
    scale: Decimal

    def factor(self, units: dict[str, Decimal]) -> Decimal | None:
        """How many of the family's own unit this is; ``None`` where it is of another family."""
        return units[self.base] * self.scale if self.base in units else None


@dataclass(frozen=True)
class Quantity:
    """A number as written: exact value, unit or ``None``, and whether a word such as 约 stood by it."""

    value: Decimal
    unit: Unit | None = None
    about: bool = False


def plain(value: Any) -> str:
    """Text with full-width forms, inner and outer white space and invisible marks levelled; "" where
    missing."""
    if value is None or value is pd.NA or value is pd.NaT or (isinstance(value, float) and np.isnan(value)):
        return ""
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    text = str(value)
    if not unicodedata.is_normalized("NFKC", text):
        text = unicodedata.normalize("NFKC", text)
    if text.isalnum():
        return text
    return re.sub(r"\s+", " ", text.replace("\ufeff", "").replace("\u200b", "")).strip()


def is_nothing(text: str) -> bool:
    """Whether text stands for a missing value."""
    return text == "" or text.lower() in NOTHING


@lru_cache(maxsize=4096)
def parse_unit(text: str) -> Unit | None:
    """``万㎡`` → Unit("m2", 10000); ``None`` where it is no unit."""
    bare = unicodedata.normalize("NFKC", text).lower().replace(" ", "")
    found = _UNIT.match(bare)
    if not bare or found is None:
        return None
    base = next((name for place, (_, name) in enumerate(_UNIT_WORDS) if found[f"u{place}"]), "")
    return Unit(base, _SCALES.get(found["scale"] or "", Decimal(1)))


def parse_quantity(value: Any) -> Quantity | None:
    """A number with or without unit, thousands separators and full-width digits; ``None`` where it is
    none."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float | np.integer | np.floating):
        return Quantity(Decimal(repr(float(value)) if isinstance(value, float | np.floating) else int(value)))
    if isinstance(value, Decimal):
        return Quantity(value)
    bare = plain(value).lower().replace(" ", "").replace("'", "")
    bare = re.sub(r"(?<=\d),(?=\d{3}(?:\D|$))", "", bare)
    found = _NUMBER.match(bare)
    if found is None:
        return None
    about = bool(found["about"]) and found["about"] not in ("共", "共计", "合计", "¥", "rmb")
    tail = found["unit"]
    if tail.endswith(("左右", "余")):
        about, tail = True, tail.removesuffix("左右").removesuffix("余")
    unit = parse_unit(tail) if tail else None
    if tail and unit is None and not _COUNTERS.match(tail):
        return None
    try:
        return Quantity(Decimal(found["number"]), unit, about)
    except InvalidOperation:
        return None


def whole(value: Decimal) -> int:
    """Nearest integer, halves away from zero."""
    return int(value.to_integral_value(rounding=ROUND_HALF_UP))


_HEADER_TAIL = re.compile(
    r"^(.*?[^\W\d_].*?)(?:[\s/,，、:：_-]+(?=[万亿百千元平米m毫])|(?<!单)(?=[万亿]?元$|万?(?:m2|平方米|平米)$))"
    r"((?:万|亿|百万|千)?(?:元|m2|平方米|平米|米|m|mm|毫米))$"
)


def split_unit(header: str) -> tuple[str, str]:
    """``总投资（万元）`` → (``总投资``, ``万元``); the unit is empty where the header names none."""
    text = plain(header)
    for found in re.finditer(r"[(\[【〔]([^()\[\]【】〔〕]*)[)\]】〕]", text):
        inner = re.sub(r"^(单位)?[:：]?", "", found[1].replace(" ", ""))
        if parse_unit(inner) is not None and inner:
            return (text[: found.start()] + text[found.end() :]).strip(), inner
    found_tail = _HEADER_TAIL.match(text)
    if found_tail and parse_unit(found_tail[2]) is not None:
        return found_tail[1], found_tail[2]
    return text, ""


def each_value(values: pd.Series, parse: Callable[[Any], Any]) -> np.ndarray:
    """``parse`` over a series, called once for each distinct value; an object array of the same length."""
    codes, distinct = pd.factorize(values.astype(object), use_na_sentinel=True)
    parsed = np.empty(len(distinct) + 1, dtype=object)
    parsed[:-1] = [parse(value) for value in distinct]
    parsed[-1] = None
    return parsed[codes]


_YEAR = re.compile(r"^(?:约|大约|建于)?((?:18|19|20)\d{2})(?:\.0+)?年?(?:$|[\s./年-])")
_YEAR_SPAN = re.compile(r"^((?:18|19|20)\d{2})年?[-~—–至到、,/]+((?:18|19|20)?\d{2})年?$")
_SHORT_YEAR = re.compile(r"^([5-9]\d)年$")


@dataclass(frozen=True)
class Year:
    """A year as written: ``year`` missing where only a decade was given; ``doubt`` says what was done."""

    year: int | None
    doubt: str = ""


def parse_year(value: Any) -> Year | None:
    """``1996年`` → 1996; ``1995-1998`` → 1995 in doubt; ``90年代`` → no year; ``None`` where it is no
    year."""
    if isinstance(value, date | datetime):
        return Year(value.year)
    text = plain(value).replace(" ", "")
    if "年代" in text or re.search(r"(以前|之前|以后|之后|前|后)$", text):
        return Year(None, "year_inexact")
    span = _YEAR_SPAN.match(text)
    if span:
        month = len(span[2]) == 2 and re.match(r"^\d{4}[-/]\d{2}$", text) and 1 <= int(span[2]) <= 12
        return Year(int(span[1]), "" if month else "year_first")
    found = _YEAR.match(text)
    if found:
        return Year(int(found[1]))
    if re.fullmatch(r"(?:19|20)\d{4}|(?:19|20)\d{6}", text):
        return Year(int(text[:4]))
    short = _SHORT_YEAR.match(text)
    if short:
        return Year(1900 + int(short[1]), "year_short")
    serial = parse_date(value) if re.fullmatch(r"\d{5}(\.\d+)?", text) else None
    return Year(serial.year) if serial else None


_DATE = re.compile(
    r"^((?:19|20)\d{2})[-/.年](\d{1,2})[-/.月](\d{1,2})[日号]?(?:[t ]?\d{1,2}:\d{2}.*)?$", re.IGNORECASE
)
_DATE_DAY_FIRST = re.compile(r"^(\d{1,2})/(\d{1,2})/((?:19|20)\d{2})$")
_DATE_RUN = re.compile(r"^((?:19|20)\d{2})(\d{2})(\d{2})$")


def parse_date(value: Any) -> date | None:
    """2026/7/5, 2026.7.5, 2026年7月5日, 20260705, an Excel serial number or a date cell → a date, else
    ``None``."""
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    text = plain(value).replace("年 ", "年").replace("月 ", "月")
    found = _DATE.match(text) or _DATE_RUN.match(text)
    if found:
        return _day(int(found[1]), int(found[2]), int(found[3]))
    swapped = _DATE_DAY_FIRST.match(text)
    if swapped and int(swapped[1]) <= 12 < int(swapped[2]):
        return _day(int(swapped[3]), int(swapped[1]), int(swapped[2]))
    if re.fullmatch(r"[2-7]\d{4}(\.\d+)?", text):
        return date(1899, 12, 30) + timedelta(days=int(float(text)))
    return None


def parse_month(value: Any) -> tuple[date, date] | None:
    """``2026年7月``, ``2026-07``, ``2026.7`` → first and last day of the month, else ``None``."""
    found = re.match(r"^((?:19|20)\d{2})[-/.年](\d{1,2})月?(份)?$", plain(value).replace(" ", ""))
    if not found or not 1 <= int(found[2]) <= 12:
        return None
    first = date(int(found[1]), int(found[2]), 1)
    following = date(first.year + first.month // 12, first.month % 12 + 1, 1)
    return first, following - timedelta(days=1)


def _day(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


_TRUE = frozenset(["1", "true", "yes", "y", "t", "是", "有", "√", "✓", "真"])
_FALSE = frozenset(["0", "false", "no", "n", "f", "否", "没有", "×", "假"])


def parse_truth(value: Any) -> bool | None:
    """是/否, yes/no, 1/0 → truth, else ``None``."""
    if isinstance(value, bool | np.bool_):
        return bool(value)
    text = plain(value).lower()
    return True if text in _TRUE else False if text in _FALSE else None
