"""Every word that a person reads, by language: flat tables of dotted keys out of ``maps/locale``."""

import string
import tomllib
from collections.abc import Iterator, Mapping
from datetime import date
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from geo.errors import NotFound, PlanError
from geo.kinds import attribute_words, kinds
from geo.programme.catalogue import WorkKind

if TYPE_CHECKING:
    from geo.layers import Fault

LOCALE = Path(__file__).parent / "locale"
DEFAULT_LANGUAGE = "zh"
_DASH = "—"
_VARIANTS = ("_row", "_guess", "_stored")
_FEN_PER_YUAN = 100
_NOTHING = ("nan", "<NA>", "NaT")
_DM2_PER_M2 = 100


@cache
def languages() -> tuple[str, ...]:
    """Languages for which there are files, Chinese first."""
    found = {path.name.split(".")[-2] for path in LOCALE.glob("*.*.toml")}
    return tuple(sorted(found, key=lambda lang: (lang != DEFAULT_LANGUAGE, lang)))


@cache
def wording(lang: str) -> "Wording":
    """The words of a language, read once. Raises ``NotFound`` for one that has no files."""
    return Wording(lang)


class Wording:
    """The words of one language; ``words("map.late", days=12)`` is one sentence of them."""

    def __init__(self, lang: str, folder: Path = LOCALE) -> None:
        self.lang = lang
        self.table: Mapping[str, str] = {**_standard_words(lang), **_read(folder, lang)}

    def __call__(self, key: str, /, **facts: Any) -> str:
        """The sentence of ``key``, filled in. Raises ``NotFound`` naming a missing key or placeholder."""
        try:
            return self.table[key].format_map(facts) if facts else self.table[key]
        except KeyError as error:
            if key in self.table:
                name = str(error.args[0])
                raise NotFound("no_such_placeholder", key=key, name=name, lang=self.lang) from error
            raise NotFound("no_such_words", key=key, lang=self.lang) from error

    def __contains__(self, key: object) -> bool:
        return key in self.table

    def section(self, *prefixes: str) -> dict[str, str]:
        """The part of the table whose keys are below one of ``prefixes``: flat, whole keys."""
        heads = tuple(f"{prefix.rstrip('.')}." for prefix in prefixes)
        return {key: text for key, text in self.table.items() if key.startswith(heads)}

    def error(self, error: PlanError) -> str:
        """The sentence for an error: that of its code, else of the nearest class of the tree.

        A code may have more sentences, ``<code>_row`` and so on; the one that tells most of the error's
        facts is taken.
        """
        facts = self._facts(error)
        for code in (error.code, *(getattr(parent, "code", "") for parent in type(error).__mro__)):
            for sentence in self._sentences(code):
                if all(name in facts for name in placeholders(sentence)):
                    return sentence.format_map(facts)
        return self("error.plan")

    def _sentences(self, code: str) -> list[str]:
        """Sentences of an error code, those that want the most facts first."""
        keys = (f"error.{code}{variant}" for variant in ("", *_VARIANTS))
        found = [self.table[key] for key in keys if key in self.table]
        return sorted(found, key=lambda sentence: -len(placeholders(sentence)))

    def fault(self, fault: "Fault") -> str:
        """One breach of a layer's contract."""
        column = self.table.get(f"field.{fault.column}", fault.column)
        key = f"fault.{fault.code}"
        return self(key if key in self else "fault.other", row=fault.row, column=column, value=fault.value)

    def _facts(self, error: PlanError) -> dict[str, str]:
        facts = {name: _text(value) for name, value in error.facts.items() if value not in (None, "")}
        faults = error.facts.get("faults")
        if faults:
            facts |= {"count": str(len(faults)), "first": self.fault(faults[0])}
        return facts

    def name_of(self, names: Mapping[str, str]) -> str:
        """One of ``names`` by language; Chinese where this language has none."""
        return names.get(self.lang, names[DEFAULT_LANGUAGE])

    def work(self, entry: WorkKind) -> str:
        """The short name of an entry of the works catalogue."""
        return entry.short_zh if self.lang == DEFAULT_LANGUAGE else entry.en

    def number(self, value: float, decimals: int = 0) -> str:
        """``3,247`` or ``8,294.52``."""
        return f"{value:,.{decimals}f}"

    def percent(self, value: float | None, decimals: int = 1) -> str:
        """``44.7%`` in Chinese, ``44.7 %`` in English; a dash where nothing is known."""
        if _missing(value):
            return self("unit.none")
        return self("unit.percent", value=f"{value:.{decimals}f}")

    def money(self, fen: int | None) -> str:
        """``8,294.52 万元`` or ``82.95 million yuan``, from fen."""
        return self._scaled("unit.money", fen, _FEN_PER_YUAN)

    def area(self, dm2: int | None) -> str:
        """``27.61 万 m²`` or ``276,100 m²``, from units of 0.01 m²."""
        return self._scaled("unit.area", dm2, _DM2_PER_M2)

    def day(self, value: date | None) -> str:
        """``2026-07-15``; a dash where there is none."""
        return self("unit.none") if value is None else value.isoformat()[:10]

    def days(self, start: date | None, end: date | None) -> str:
        """A closed range, ``2026-07-20 — 2026-08-08``; the year once where it is the same."""
        if start is None and end is None:
            return self("unit.none")
        first, last = self.day(start), self.day(end)
        if start is not None and end is not None and start.year == end.year:
            last = last[5:]
        return f"{first} {_DASH} {last}"

    def _scaled(self, key: str, value: int | None, divisor: int) -> str:
        if _missing(value):
            return self("unit.none")
        scale, decimals = self._scales[key]
        return self(key, value=self.number(float(value or 0) / divisor / scale, decimals))

    @cached_property
    def _scales(self) -> dict[str, tuple[float, int]]:
        keys = ("unit.money", "unit.area")
        return {key: (float(self(f"{key}_divisor")), int(self(f"{key}_decimals"))) for key in keys}


def placeholders(text: str) -> frozenset[str]:
    """Names in braces in ``text``."""
    return frozenset(name for _, name, _, _ in string.Formatter().parse(text) if name)


def _missing(value: float | None) -> bool:
    """``None``, ``NaN`` and ``pandas.NA`` alike."""
    return value is None or str(value) in _NOTHING


def _text(value: Any) -> str:
    return value.isoformat() if isinstance(value, date) else str(value)


def _standard_words(lang: str) -> dict[str, str]:
    """``kind.``, ``material.`` and ``laying.`` words of the standard's own tables."""
    table = {f"kind.{code}": (kind.zh, kind.en) for code, kind in kinds().items()}
    for domain in ("material", "laying"):
        table |= {f"{domain}.{code}": words for code, words in attribute_words(domain).items()}
    chinese = lang == DEFAULT_LANGUAGE
    return {key: zh if chinese else en[:1].upper() + en[1:] for key, (zh, en) in table.items()}


def _read(folder: Path, lang: str) -> dict[str, str]:
    paths = sorted(folder.glob(f"*.{lang}.toml"))
    if not paths:
        raise NotFound("no_such_language", lang=lang)
    table: dict[str, str] = {}
    for path in paths:
        for key, text in _flat(tomllib.loads(path.read_text(encoding="utf-8"))):
            if key in table:
                raise ValueError(f"{path.name}: {key} stands in another file too")
            table[key] = text
    return table


def _flat(tree: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, str]]:
    for name, branch in tree.items():
        key = f"{above}{name}"
        if isinstance(branch, Mapping):
            yield from _flat(branch, f"{key}.")
        else:
            yield key, str(branch)
