"""Which heading of a file is which column of the contract."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache

from geo.errors import BadInput
from geo.intake.table import Table
from geo.intake.values import parse_unit, plain, split_unit
from geo.intake.words import NEEDED, column_words, layer_words
from geo.layers import LAYERS

_LOOSE_LENGTH = 3
_CUT_LENGTH = 2
_DBF_NAME_BYTES = 10


@dataclass(frozen=True)
class Match:
    """Headings by field, the unit that a heading names by field, and the headings that nobody asked for."""

    headers: dict[str, str] = field(default_factory=dict)
    units: dict[str, str] = field(default_factory=dict)
    unknown: tuple[str, ...] = ()

    def __contains__(self, name: str) -> bool:
        return name in self.headers


def bare(header: object) -> str:
    """A heading without case, white space, brackets, marks and the number that tells doubles apart."""
    text = plain(header).lower()
    return re.sub(r"[\s_\-—()\[\]{}【】〔〕<>《》:：/\\、,，.。*#\"'“”]+", "", text)


def match_headers(headers: Sequence[str], layer: str, *, cut: bool = False) -> Match:
    """Match headings to the fields of a layer: whole words first, then endings, then names cut by a DBF."""
    taken: dict[str, str] = {}
    units: dict[str, str] = {}
    waiting = [header for header in headers if bare(header)]
    for attempt in (_exact, _loose, _cut_name) if cut else (_exact, _loose):
        candidates = sorted(
            (
                (found[1], place, header, found[0])
                for place, header in enumerate(waiting)
                if (found := attempt(header, layer))
            ),
            key=lambda candidate: candidate[:2],
        )
        for _, _, header, name in candidates:
            if name not in taken:
                taken[name] = header
                units[name] = split_unit(header)[1]
                waiting.remove(header)
    unknown = tuple(header for header in waiting if bare(header) not in _ignored())
    return Match(taken, {name: unit for name, unit in units.items() if unit}, unknown)


def match_table(table: Table, layer: str) -> Match:
    """``match_headers`` for a table. Raises ``BadInput`` (``no_known_header``) naming what is seen and
    wanted."""
    found = match_headers(table.headers, layer, cut=table.cut_headers)
    missing = [group for group in NEEDED.get(layer, ()) if not any(name in found for name in group)]
    if missing or (not found.headers and not table.spatial):
        wanted = [layer_words()[layer][name][0] for group in missing for name in group]
        raise BadInput(
            "no_known_header",
            file=table.file,
            sheet=table.sheet,
            layer=layer,
            seen=", ".join(table.headers[:30]),
            wanted=", ".join(wanted or [words[0] for words in layer_words()[layer].values()][:10]),
        )
    return found


def hits(headers: Sequence[str], layer: str) -> int:
    """How many fields of a layer a row of headings names by whole words."""
    return len({found[0] for header in headers if (found := _exact(header, layer))})


def suggest_layer(headers: Sequence[str], geometry: Sequence[str], *, cut: bool = False) -> str | None:
    """The layer that headings and geometry types look like; ``None`` where nothing fits."""
    families = {name.replace("Multi", "").replace(" Z", "") for name in geometry}
    allowed = {
        "communities": {"Polygon"},
        "buildings": {"Polygon"},
        "lines": {"LineString"},
        "nodes": {"Point"},
        "digs": {"LineString", "Polygon"},
        "boundaries": {"Polygon"},
        "owners": set(),
    }
    best, most = None, 0.0
    for layer, shapes in allowed.items():
        if families and not families & shapes:
            continue
        found = match_headers(headers, layer, cut=cut)
        if any(not any(name in found for name in group) for group in NEEDED.get(layer, ())):
            continue
        score = sum(_WEIGHTS.get((layer, name), 1.0) for name in found.headers)
        if score > most:
            best, most = layer, score
    if best is None and families == {"LineString"}:
        return "lines"
    return best if most >= 2 or families else None


_WEIGHTS = {
    ("communities", "committee"): 2.0,
    ("communities", "works"): 3.0,
    ("communities", "investment"): 2.0,
    ("communities", "building_count"): 2.0,
    ("buildings", "storeys"): 2.5,
    ("buildings", "units"): 2.5,
    ("buildings", "structure"): 2.0,
    ("buildings", "number"): 1.5,
    ("lines", "start_number"): 3.0,
    ("lines", "end_number"): 3.0,
    ("lines", "size"): 2.0,
    ("lines", "depth_start"): 2.0,
    ("nodes", "x"): 2.0,
    ("nodes", "y"): 2.0,
    ("nodes", "feature"): 2.0,
    ("nodes", "appurtenance"): 2.0,
    ("digs", "window_start"): 3.0,
    ("digs", "window_end"): 3.0,
    ("digs", "width"): 2.0,
}


@cache
def _vocabulary(layer: str) -> dict[str, tuple[str, int]]:
    """Bare word → (field, rank); the contract's own names stand first."""
    known: dict[str, tuple[str, int]] = {}
    for name, words in layer_words()[layer].items():
        for rank, word in enumerate((name, *words)):
            key = bare(word)
            if key not in known or rank < known[key][1]:
                known[key] = (name, rank)
    for column in LAYERS[layer].names:
        known.setdefault(bare(column), (column, 0))
    return known


@cache
def _ignored() -> frozenset[str]:
    return frozenset(bare(word) for word in column_words("ignored"))


def _forms(header: str) -> list[str]:
    """A heading as it may be looked up: whole, without its unit, without what stands in brackets."""
    text = plain(header)
    without_unit = split_unit(text)[0]
    without_brackets = re.sub(r"[(\[【〔][^()\[\]【】〔〕]*[)\]】〕]", "", text)
    forms = [bare(text), bare(without_unit), bare(without_brackets), bare(re.sub(r"\s.*$", "", text))]
    return [form for place, form in enumerate(forms) if form and form not in forms[:place]]


def _exact(header: str, layer: str) -> tuple[str, int] | None:
    known = _vocabulary(layer)
    for form in _forms(header):
        if form in _ignored():
            return None
        if form in known:
            return known[form]
    return None


def _loose(header: str, layer: str) -> tuple[str, int] | None:
    """A heading that ends or begins with a known word of three letters or more, the longest one."""
    known = _vocabulary(layer)
    for form in _forms(header):
        if form in _ignored() or parse_unit(form) is not None:
            continue
        found = [word for word in known if len(word) >= _LOOSE_LENGTH and not word.isascii() and word in form]
        ends = [word for word in found if form.endswith(word)] or [
            word for word in found if form.startswith(word)
        ]
        if ends:
            name, rank = known[max(ends, key=len)]
            return name, rank + 100
    return None


def _cut_name(header: str, layer: str) -> tuple[str, int] | None:
    """A DBF name is cut after 10 bytes: it is the start of words of one field only."""
    text = re.sub(r"_?\d$", "", plain(header)).replace("\ufffd", "")
    form = bare(text)
    full = (
        max(len(plain(header).encode("gb18030")), len(plain(header).encode("utf-8"))) >= _DBF_NAME_BYTES - 2
    )
    if not full or len(form) < _CUT_LENGTH:
        return None
    longer = {
        word: name for word, (name, _) in _vocabulary(layer).items() if word.startswith(form) and word != form
    }
    shortest = min((len(word) for word in longer), default=0)
    names = {name for word, name in longer.items() if len(word) == shortest}
    return (names.pop(), 200) if len(names) == 1 else None
