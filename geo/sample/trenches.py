"""Planned digs and the lines in them, with the cases that are planted for the rules to find."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Any

import numpy as np

from geo.district import District, Window
from geo.sample.courtyard import Site
from geo.sample.fabric import FABRICS, Size, pipe, tube
from geo.sample.frames import Floats, Frames
from geo.sample.network import Ways, main_y, spine_x, transformer
from geo.sample.profile import Slot
from geo.sample.words import CARRIERS
from geo.vocabulary import DigState, Stage

_SEASON_CUT = timedelta(days=30)
_SHORT = 8.0
_NEW_WATER = 4.8


class CaseKind(StrEnum):
    """What is planted."""

    SHARE_PAIR = "share_pair"
    SHARE_TRIPLE = "share_triple"
    WATER_BY_FOUL = "water_by_foul"
    GAS_BY_POWER = "gas_by_power"
    HEATING_SEASON = "heating_season"
    UNKNOWN_DEPTH = "unknown_depth"
    FRESH_PAVING = "fresh_paving"
    NO_CONSENT = "no_consent"
    WATER_TOO_DEEP = "water_too_deep"
    TOO_SHALLOW = "too_shallow"


@dataclass(frozen=True)
class Trench:
    """A planned dig in the axes of its courtyard: ``pieces`` are the lines in it, each a run of points.

    ``along`` is how many days after the one before it it opens, ``None`` for when that one is closed;
    ``replaces`` the row whose old main on ``side`` of its spine it takes out, or -1; ``case`` what it is
    planted for, with the community's dig of purpose ``partner``; ``season_end`` puts it at the end of the
    season.
    """

    community: int
    purpose: str
    fabric: str
    owner: str
    size: Size
    pieces: tuple[tuple[tuple[float, float], ...], ...]
    width: float
    depth: float
    days: int
    along: int | None = None
    replaces: int = -1
    side: int = 0
    case: CaseKind | None = None
    season_end: bool = False
    partner: str = ""


@dataclass(frozen=True)
class Yard:
    """What a recipe needs to draw a trench: the courtyard and the way to its street."""

    community: int
    site: Site
    frames: Frames
    ways: Ways

    @property
    def short(self) -> float:
        """The x at which what does not go on along the spine ends, before the lines that do."""
        return self.site.spine + self.site.approach * _SHORT

    def far(self, row: int) -> float:
        """The x at which row mains begin: the far end of the longer side."""
        ends = self.site.row == row
        if self.site.approach < 0:
            return float(self.site.west[ends].min()) + 1.0
        return float(self.site.east[ends].max()) - 1.0

    def out(self, x: float, street: float) -> tuple[tuple[tuple[float, float], ...], ...]:
        """From the spine through the gate: the end of the piece to the wall, and the piece to the street."""
        away = -1.0 if self.site.gate == "S" else 1.0
        wall = (x, self.site.gate_y - away * 1.2)
        xy: Floats = self.ways.meet(self.frames, self.community, wall, away, street)
        end = self.frames.to_local(xy[None, :], np.array([self.community]))[0]
        return ((wall,), (wall, (float(end[0]), float(end[1]))))

    def run(
        self, row: int, y: float, x: float, street: float | None
    ) -> tuple[tuple[tuple[float, float], ...], ...]:
        """Along ``y`` from the far end to the spine at ``x``; on to the street where ``street`` is given."""
        along = ((self.far(row), y), (x, y))
        if street is None:
            return (along,)
        wall, last = self.out(x, street)
        return (along, ((x, y), *wall), last)


RECIPES: tuple[tuple[str, ...], ...] = (
    ("water_by_foul", "telecom_by_water", "light"),
    ("water", "gas_by_water", "charging", "light"),
    ("carrier_0", "carrier_1", "carrier_2", "heat"),
    ("power", "telecom_by_power", "water_deep"),
    ("gas_by_power", "foul", "light_shallow"),
    ("water", "telecom_by_water", "heat_late"),
    ("water", "gas_by_water", "telecom_late"),
)
# a lane with walls on one side only has no room for telecom beside water
_ONE_SIDED = (1, 2, 3, 4, 6)
_ABSENT: tuple[frozenset[str], ...] = (
    frozenset({"telecom", "light"}),
    frozenset({"gas", "light"}),
    frozenset({"telecom"}),
    frozenset({"telecom", "power"}),
    frozenset({"gas", "light", "telecom"}),
    frozenset({"telecom"}),
    frozenset({"gas", "telecom"}),
)
_NEEDED: tuple[frozenset[str], ...] = (
    frozenset({"power", "feeder", "heat", "gas"}),
    frozenset(),
    frozenset({"heat"}),
    frozenset(),
    frozenset({"power"}),
    frozenset({"heat"}),
    frozenset(),
)
_NEEDED_ELSEWHERE = frozenset({"power"})
_UNSURVEYED = {"power": 0.7, "feeder": 0.33, "light": 0.55, "telecom": 0.42, "heat": 0.36, "gas": 0.28}
_PLANTED_WATER: dict[str, dict[str, Any]] = {
    "water_by_foul": {"case": CaseKind.WATER_BY_FOUL},
    "water_deep": {"case": CaseKind.WATER_TOO_DEEP, "depth": 2.0},
}
NO_DIGS = -1


def recipes_of(slots: Sequence[Slot]) -> list[int]:
    """Place in ``RECIPES`` for each community; those that are finished have no digs.

    The courtyard with three columns gets the first, the one that is late for want of coordination the second.
    """
    out, turn = [], 0
    for slot in slots:
        if slot.stage in (Stage.ACCEPTANCE, Stage.LONG_TERM):
            out.append(NO_DIGS)
        elif slot.columns == 3:
            out.append(0)
        elif slot.delay is not None and slot.delay.days == 21:
            out.append(1)
        elif slot.columns == 1 or slot.buildings % slot.columns:
            out.append(_ONE_SIDED[turn % len(_ONE_SIDED)])
            turn += 1
        else:
            out.append(turn % len(RECIPES))
            turn += 1
    return out


def utilities_of(rng: np.random.Generator, recipes: Sequence[int]) -> list[frozenset[str]]:
    """Which existing lines each courtyard has: not what its digs bring, nor what was never surveyed."""
    luck = rng.random((len(recipes), len(FABRICS)))
    out = []
    for recipe, draw in zip(recipes, luck, strict=True):
        absent, needed = (
            (_ABSENT[recipe], _NEEDED[recipe]) if recipe != NO_DIGS else (frozenset(), _NEEDED_ELSEWHERE)
        )
        unlucky = {
            name for name, value in zip(FABRICS, draw, strict=True) if value < _UNSURVEYED.get(name, 0.0)
        }
        out.append(frozenset(FABRICS) - absent - (unlucky - needed))
    return out


@dataclass(frozen=True)
class Dated:
    """A trench with its window and state."""

    trench: Trench
    window: Window
    state: DigState


def dig_trenches(
    rng: np.random.Generator,
    district: District,
    as_of: date,
    yards: Sequence[Yard],
    slots: Sequence[Slot],
    recipes: Sequence[int],
) -> list[Dated]:
    """Every planned dig, in the order of its window; numbers follow that order."""
    out: list[Dated] = []
    stage = district.stages[Stage.RENOVATION]
    season = Window(stage.start, stage.end - _SEASON_CUT)
    for yard, slot, recipe in zip(yards, slots, recipes, strict=True):
        if recipe == NO_DIGS:
            continue
        first = _first_day(rng, slot, as_of)
        carrier = int(rng.integers(0, len(CARRIERS)))
        trenches = [_draw(rng, yard, name, carrier) for name in RECIPES[recipe]]
        out += _in_turn(rng, trenches, first, slot, as_of, season)
    return sorted(out, key=lambda dated: (dated.window.start, dated.trench.community))


def paved_from(dated: Sequence[Dated]) -> dict[int, date]:
    """By community the day after its last dig but those at the end of the season."""
    out: dict[int, date] = {}
    for each in dated:
        if each.trench.case is not CaseKind.FRESH_PAVING:
            end = each.window.end + timedelta(days=1)
            out[each.trench.community] = max(end, out.get(each.trench.community, end))
    return out


def _first_day(rng: np.random.Generator, slot: Slot, as_of: date) -> date:
    low, high = (-6, 22) if slot.stage is Stage.RENOVATION else (24, 38)
    day = as_of + timedelta(days=int(rng.integers(low, high)))
    return as_of - timedelta(days=5) if slot.delay is not None and slot.delay.days == 21 else day


def _in_turn(
    rng: np.random.Generator,
    trenches: Sequence[Trench],
    first: date,
    slot: Slot,
    as_of: date,
    season: Window,
) -> list[Dated]:
    """One after the other, but those that are planted to be open together."""
    out: list[Dated] = []
    free = before = first
    for trench in trenches:
        length = timedelta(days=trench.days - 1)
        start = free if trench.along is None else before + timedelta(days=trench.along)
        start = season.end - length if trench.season_end else min(start, season.end - length)
        window = Window(start, start + length)
        out.append(Dated(trench, window, _state(slot, start, as_of)))
        before, free = start, max(free, window.end + timedelta(days=int(rng.integers(1, 4))))
    return out


def _state(slot: Slot, start: date, as_of: date) -> DigState:
    if slot.delay is None and start <= as_of + timedelta(days=12):
        return DigState.APPROVED
    late = slot.delay is None and start > as_of + timedelta(days=40)
    return DigState.DRAFT if late else DigState.SUBMITTED


def _draw(rng: np.random.Generator, yard: Yard, name: str, carrier: int) -> Trench:
    days = int(rng.integers(9, 15))
    if name.startswith("water"):
        return _water(yard, name, days)
    if name.startswith("telecom"):
        return _telecom(yard, name, CARRIERS[carrier], days)
    if name.startswith("carrier"):
        return _carrier(yard, int(name[-1]), days)
    if name.startswith("gas"):
        return _gas(yard, name, days)
    if name.startswith("heat"):
        return _heat(yard, name, days)
    if name == "foul":
        return _foul(yard, days)
    if name == "charging":
        return _charging(yard, days)
    if name == "light_shallow":
        return _cable(yard, "light", days, depth=0.38, case=CaseKind.TOO_SHALLOW)
    return _cable(yard, name, days)


def _cable(yard: Yard, name: str, days: int, **more: Any) -> Trench:
    """A cable in a tube along the first row."""
    size = FABRICS[name].tube or FABRICS[name].main[0]
    pieces = yard.run(0, main_y(yard.site, name, 0), yard.short, None)
    return _trench(yard, name, name, pieces, size, 0.6, days, **more)


def _trench(
    yard: Yard,
    purpose: str,
    fabric: str,
    pieces: tuple[tuple[tuple[float, float], ...], ...],
    size: Size,
    width: float,
    days: int,
    **more: Any,
) -> Trench:
    """A trench of the fabric's own depth and owner, unless ``more`` says otherwise."""
    owner = more.pop("owner", FABRICS[fabric].owner)
    depth = more.pop("depth", FABRICS[fabric].depth)
    return Trench(yard.community, purpose, fabric, owner, size, pieces, width, depth, days, **more)


def _foul(yard: Yard, days: int) -> Trench:
    """Renewal of the drain north of the second row, in its place."""
    site = yard.site
    pieces = yard.run(1, main_y(site, "foul", 1), spine_x(site, "foul"), None)
    return _trench(yard, "foul", "foul", pieces, pipe(300, 360), 1.3, days, replaces=1, side=site.approach)


def _charging(yard: Yard, days: int) -> Trench:
    """From the transformer along the south wall, short of the spine."""
    site = yard.site
    east = transformer(site)[0] - 0.5
    west = max(site.yard_west + 2.0, east - 50.0)
    if east > site.spine:
        west = max(west, site.spine + _SHORT)
    return _trench(yard, "charging", "power", (((east, 1.5), (west, 1.5)),), tube(110), 0.7, days)


def _water(yard: Yard, name: str, days: int) -> Trench:
    """Renewal of the main north of the second row; ``water_by_foul`` comes 0.70 m near the foul drain,
    ``water_deep`` lies just above those that it crosses."""
    site, size = yard.site, pipe(150, 170)
    wall = site.north_of(1)
    pieces = yard.run(1, wall + _NEW_WATER, spine_x(site, "water"), FABRICS["water"].street)
    if name == "water_by_foul":
        near = wall + FABRICS["foul"].along + 0.70 + (size.width + FABRICS["foul"].main[0].width) / 2000
        (start, y), (end, _) = pieces[0]
        bend = np.array([0.22, 0.26, 0.78, 0.82]) * (end - start) + start
        bent = tuple(zip(bend.tolist(), (y, near, near, y), strict=True))
        pieces = ((pieces[0][0], *bent, pieces[0][1]), *pieces[1:])
    more = _PLANTED_WATER.get(name, {})
    return _trench(yard, "water", "water", pieces, size, 0.9, days, replaces=1, side=site.approach, **more)


def _telecom(yard: Yard, name: str, owner: str, days: int) -> Trench:
    """A duct: 1.05 m beside the water along the spine, beside the power along the row, or in fresh paving."""
    site, size, street = yard.site, FABRICS["telecom"].main[0], FABRICS["telecom"].street
    x, y = spine_x(site, "telecom"), main_y(site, "telecom", 0)
    more: dict[str, Any] = {"case": CaseKind.SHARE_PAIR, "partner": "water"}
    pieces = yard.run(0, y, x, street)
    if name == "telecom_by_water":
        beside = 1.05 + (size.width + 170) / 2000
        pieces = yard.run(0, y, spine_x(site, "water") - site.approach * beside, street)
    elif name == "telecom_by_power":
        pieces, more = yard.run(0, y, yard.short, None), {**more, "partner": "power", "along": 5}
    else:
        more = {"case": CaseKind.FRESH_PAVING, "season_end": True}
    return _trench(yard, "telecom", "telecom", pieces, size, 0.7, days, owner=owner, **more)


def _carrier(yard: Yard, place: int, days: int) -> Trench:
    """One of three carriers that each want a duct of their own along the same facade."""
    y = main_y(yard.site, "telecom", 0) - 0.8 * place
    return _trench(
        yard, "telecom", "telecom", yard.run(0, y, yard.short, None), FABRICS["telecom"].main[0], 0.7, days,
        owner=CARRIERS[place], case=CaseKind.SHARE_TRIPLE, along=4 if place else None,
    )  # fmt: skip


def _gas(yard: Yard, name: str, days: int) -> Trench:
    """New gas 1.2 m beside the new water, or 0.38 m beside the low-voltage cable."""
    site, x, street = yard.site, spine_x(yard.site, "gas"), FABRICS["gas"].street
    if name == "gas_by_water":
        pieces = yard.run(1, site.north_of(1) + _NEW_WATER + 1.2, x, street)
        more: dict[str, Any] = {"case": CaseKind.SHARE_PAIR, "partner": "water", "along": 4}
    else:
        pieces = yard.run(0, main_y(site, "power", 0) - 0.38, x, street)
        more = {"case": CaseKind.GAS_BY_POWER}
    return _trench(yard, "gas", "gas", pieces, pipe(90, 90), 0.7, days, **more)


def _heat(yard: Yard, name: str, days: int) -> Trench:
    """Renewal of the first row's heating main on one header; ``heat_late`` runs into the heating season."""
    site = yard.site
    own = np.array(
        [
            row == 0 and site.header_of(west) == site.headers[0]
            for row, west in zip(site.row, site.west, strict=True)
        ]
    )
    side = -1 if site.columns == 1 else 1
    far = float(site.west[own].min()) + 4.0 if side < 0 else float(site.east[own].max()) - 4.0
    y, x = main_y(site, "heat", 0), spine_x(site, "heat")
    wall = (x, site.height - 1.2 if site.gate == "N" else site.south_of(site.rows - 1) - 3.2)
    pieces = (((far, y), (x, y)), ((x, y), wall))
    late = name == "heat_late"
    case = CaseKind.HEATING_SEASON if late else None
    size = Size("DN200", 830, 315, 200)
    return _trench(
        yard, "heat", "heat", pieces, size, 1.6, days, replaces=0, side=side, case=case, season_end=late
    )
