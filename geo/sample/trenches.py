"""Planned digs and the lines in them, with the cases that are planted for the rules to find."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

import numpy as np

from geo.district import District, Window
from geo.sample.courtyard import Site
from geo.sample.fabric import FABRICS, Size, cable, duct, pipe
from geo.sample.frames import Floats, Frames
from geo.sample.network import Ways, main_y, spine_x, transformer
from geo.sample.profile import Slot
from geo.sample.words import CARRIERS
from geo.vocabulary import DigState, Stage

_SEASON_CUT = timedelta(days=30)


class CaseKind(StrEnum):
    """What is planted."""

    SHARE_PAIR = "share_pair"
    SHARE_TRIPLE = "share_triple"
    WATER_BY_FOUL = "water_by_foul"
    GAS_BY_POWER = "gas_by_power"
    HEATING_SEASON = "heating_season"
    UNKNOWN_DEPTH = "unknown_depth"


@dataclass(frozen=True)
class Trench:
    """A planned dig in the axes of its courtyard: ``pieces`` are the lines in it, each a run of points.

    ``lag`` is days after the community's first dig; ``replaces`` the row whose old main it takes out, or -1;
    ``case`` what it is planted for, with the community's dig of purpose ``partner``; ``season_end`` puts
    it at the end of the season.
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
    lag: int
    replaces: int = -1
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

    def far(self, row: int) -> float:
        """The x at which row mains begin: the far end of the longer side."""
        ends = self.site.row == row
        if self.site.columns == 2:
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
    ("water", "gas_by_water", "charging", "foul"),
    ("carrier_0", "carrier_1", "carrier_2", "heat"),
    ("power", "telecom_by_power", "water"),
    ("gas_by_power", "foul", "light"),
    ("water", "telecom_by_water", "heat_late"),
    ("water", "gas_by_water", "telecom"),
)
_ABSENT: tuple[frozenset[str], ...] = (
    frozenset({"telecom", "light"}),
    frozenset({"gas"}),
    frozenset({"telecom"}),
    frozenset({"telecom"}),
    frozenset({"gas", "light"}),
    frozenset({"telecom"}),
    frozenset({"gas", "telecom"}),
)
_NEEDED: tuple[frozenset[str], ...] = (
    frozenset({"power", "feeder", "heat", "gas"}),
    frozenset({"telecom"}),
    frozenset({"heat"}),
    frozenset(),
    frozenset({"power"}),
    frozenset({"heat"}),
    frozenset(),
)
_UNSURVEYED = {"power": 0.7, "feeder": 0.33, "light": 0.55, "telecom": 0.42, "heat": 0.36, "gas": 0.28}
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
            (_ABSENT[recipe], _NEEDED[recipe]) if recipe != NO_DIGS else (frozenset(), frozenset())
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
        out += [_dated(trench, first, slot, as_of, season) for trench in trenches]
    return sorted(out, key=lambda dated: (dated.window.start, dated.trench.community))


def _first_day(rng: np.random.Generator, slot: Slot, as_of: date) -> date:
    if slot.delay is not None and slot.delay.days == 21:
        return as_of - timedelta(days=26)
    low, high = (-18, 40) if slot.stage is Stage.RENOVATION else (24, 60)
    return as_of + timedelta(days=int(rng.integers(low, high)))


def _dated(trench: Trench, first: date, slot: Slot, as_of: date, season: Window) -> Dated:
    length = timedelta(days=trench.days - 1)
    start = season.end - length if trench.season_end else first + timedelta(days=trench.lag)
    start = max(season.start, min(start, season.end - length))
    if slot.delay is not None or start > as_of + timedelta(days=12):
        late = slot.delay is None and start > as_of + timedelta(days=40)
        state = DigState.DRAFT if late else DigState.SUBMITTED
    else:
        state = DigState.APPROVED
    return Dated(trench, Window(start, start + length), state)


def _draw(rng: np.random.Generator, yard: Yard, name: str, carrier: int) -> Trench:
    days = int(rng.integers(10, 20))
    site = yard.site
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
        y = main_y(site, "foul", 1)
        pieces = yard.run(1, y, spine_x(site, "foul"), None)
        return _trench(yard, name, "foul", pieces, pipe(300, 360), 1.3, 1.6, days, 24, replaces=1)
    if name == "light":
        pieces = yard.run(0, main_y(site, "light", 0), spine_x(site, "light"), None)
        return _trench(yard, name, "light", pieces, cable(30), 0.6, 0.6, days, 30)
    if name == "charging":
        east = transformer(site)[0] - 0.5
        west = max(site.yard_west + 2.0, east - 50.0)
        run = ((east, 1.5), (west, 1.5))
        return _trench(yard, name, "power", (run,), cable(60), 0.7, 0.75, days, 34)
    pieces = yard.run(0, site.south_of(0) - 15.6, site.spine + 2.0, None)
    return _trench(yard, "power", "power", pieces, cable(80), 0.7, 0.75, days, 0)


def _trench(
    yard: Yard,
    purpose: str,
    fabric: str,
    pieces: tuple[tuple[tuple[float, float], ...], ...],
    size: Size,
    width: float,
    depth: float,
    days: int,
    lag: int,
    *,
    owner: str | None = None,
    replaces: int = -1,
    case: CaseKind | None = None,
    season_end: bool = False,
    partner: str = "",
) -> Trench:
    owner = owner or FABRICS[fabric].owner
    return Trench(
        yard.community,
        purpose,
        fabric,
        owner,
        size,
        pieces,
        width,
        depth,
        days,
        lag,
        replaces,
        case,
        season_end,
        partner,
    )


def _water(yard: Yard, name: str, days: int) -> Trench:
    """Renewal of the main north of the second row; ``water_by_foul`` comes 0.70 m near the foul drain."""
    site, size = yard.site, pipe(150, 170)
    wall = site.north_of(1)
    pieces = yard.run(1, wall + 5.0, spine_x(site, "water"), FABRICS["water"].street)
    if name == "water_by_foul":
        near = wall + FABRICS["foul"].along + 0.70 + (size.width + FABRICS["foul"].main[0].width) / 2000
        (start, y), (end, _) = pieces[0]
        bend = np.array([0.22, 0.26, 0.78, 0.82]) * (end - start) + start
        bent = tuple(zip(bend.tolist(), (y, near, near, y), strict=True))
        pieces = ((pieces[0][0], *bent, pieces[0][1]), *pieces[1:])
    case = CaseKind.WATER_BY_FOUL if name == "water_by_foul" else None
    return _trench(yard, "water", "water", pieces, size, 0.9, 1.4, days, 0, replaces=1, case=case)


def _telecom(yard: Yard, name: str, owner: str, days: int) -> Trench:
    """A duct: 1.05 m beside the water along the spine, beside the power along the row, or by itself."""
    site, size = yard.site, duct(220, 220)
    y, x, street = main_y(site, "telecom", 0), spine_x(site, "telecom"), -5.0
    case: CaseKind | None = CaseKind.SHARE_PAIR
    partner, lag = "power" if name == "telecom_by_power" else "water", days + 6
    if name == "telecom_by_water":
        x = spine_x(site, "water") - 1.05 - (size.width + 170) / 2000
    elif name == "telecom_by_power":
        y = site.south_of(0) - 16.8
    else:
        case, lag = None, 40
    pieces = yard.run(0, y, x, None if name == "telecom_by_power" else street)
    return _trench(
        yard, "telecom", "telecom", pieces, size, 0.7, 0.8, days, lag, owner=owner, case=case, partner=partner
    )


def _carrier(yard: Yard, place: int, days: int) -> Trench:
    """One of three carriers that each want a duct of their own along the same lane."""
    y = yard.site.south_of(0) - 15.4 - 0.9 * place
    pieces = yard.run(0, y, yard.site.spine + 1.6, None)
    return _trench(
        yard, "telecom", "telecom", pieces, duct(220, 220), 0.7, 0.8, days, 9 * place,
        owner=CARRIERS[place], case=CaseKind.SHARE_TRIPLE,
    )  # fmt: skip


def _gas(yard: Yard, name: str, days: int) -> Trench:
    """New gas 1.2 m beside the new water, or 0.38 m beside the low-voltage cable."""
    site, x, street = yard.site, spine_x(yard.site, "gas"), FABRICS["gas"].street
    if name == "gas_by_water":
        pieces, case = yard.run(1, site.north_of(1) + 6.2, x, street), CaseKind.SHARE_PAIR
    else:
        pieces, case = yard.run(0, main_y(site, "power", 0) + 0.38, x, street), CaseKind.GAS_BY_POWER
    return _trench(yard, "gas", "gas", pieces, pipe(90, 90), 0.7, 1.0, days, 12, case=case, partner="water")


def _heat(yard: Yard, name: str, days: int) -> Trench:
    """Renewal of the heating main of the first row; ``heat_late`` runs into the heating season."""
    site = yard.site
    far = float(site.east[site.row == 0].max()) - 1.0 if site.columns > 1 else float(site.west.min()) + 1.0
    y, x = main_y(site, "heat", 0), spine_x(site, "heat")
    wall = (x, site.height - 1.2 if site.gate == "N" else site.south_of(site.rows - 1) - 3.2)
    pieces = (((far, y), (x, y)), ((x, y), wall))
    late = name == "heat_late"
    case = CaseKind.HEATING_SEASON if late else None
    return _trench(
        yard, "heat", "heat", pieces, Size("DN200", 830, 315, 200), 1.6, 1.2, days, 20,
        replaces=0, case=case, season_end=late,
    )  # fmt: skip
