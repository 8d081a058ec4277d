"""What a district and each owner may set: distances, lengths, windows and seasons, with their defaults."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import date
from pathlib import Path
from typing import Any

from geo.errors import BadDistrict, BadInput


@dataclass(frozen=True)
class Season:
    """Days of every year from ``start`` to ``end`` (month, day), both included; may pass the new year."""

    start: tuple[int, int]
    end: tuple[int, int]


@dataclass(frozen=True)
class Parameters:
    """Defaults that a utility engineer would accept; lengths in metres, spans in days.

    ``unlisted_m``: how near a pair without any row in the table is pointed out. ``largest_outer_m``: the
    greatest outer width that a line of unknown size is taken to have. ``corridor_gap_m``: trenches whose
    edges
    are no farther apart share a corridor. ``sharing_m``: centre lines within it can lie in one trench.
    ``shift_days``: how far an owner can move a window. ``yard_paving_days`` and the two street figures: how
    long new paving is protected. ``zones_m``: protection to each side of the outer wall by line class.
    ``gate_m``: half the width of a gate that does not say its own; ``gate_clear_m``: what must stay free of
    a gate, one lane.
    """

    existing_too: bool = False
    unlisted_m: float = 1.0
    largest_outer_m: float = 1.0
    tolerance_m: float = 0.001

    frost_depth_m: float = 1.03
    water_below_frost_m: float = 0.15
    gas_yard_cover_m: float = 0.30
    gas_plastic_cover_m: float = 0.50

    corridor_gap_m: float = 0.5
    sharing_m: float = 2.0
    least_length_m: float = 10.0
    shift_days: int = 45
    twice_within_days: int = 1095

    new_street_days: int = 5 * 365
    overhauled_street_days: int = 3 * 365
    yard_paving_days: int = 3 * 365

    heating_season: Season = Season((10, 20), (4, 10))
    frost_season: Season = Season((11, 15), (3, 10))
    wet_utilities: tuple[str, ...] = ("JS", "PS", "RL")
    excluded_days: tuple[tuple[date, date], ...] = ()

    order_within_m: float = 5.0
    order_from_building_m: float = 15.0
    order_margin_m: float = 0.1
    yard_width_m: float = 30.0

    small_dig_m: float = 30.0
    small_digs: int = 3
    small_digs_total_m: float = 60.0

    zones_m: Mapping[str, float] = field(
        default_factory=lambda: {
            "G0": 0.5, "G1": 0.5, "G2": 0.5, "G3": 1.5, "G4": 1.5, "E1": 0.75, "E2": 0.75,
        }
    )  # fmt: skip
    gate_m: float = 2.0
    gate_clear_m: float = 3.0

    owners: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def of_owner(self, name: str, owner: str | None) -> Any:
        """The owner's own figure, or the district's."""
        return self.owners.get(owner or "", {}).get(name, getattr(self, name))


def read_parameters(path: Path) -> Parameters:
    """The defaults with the figures of the table ``coordination`` of a district's file, owners' below it.

    Seasons are written as two days of a year (``["10-20", "04-10"]``), days to leave out as pairs of dates.
    Raises ``BadInput`` for a name or a value that does not fit, ``BadDistrict`` for a file that cannot be
    read.
    """
    try:
        figures = dict(tomllib.loads(path.read_text(encoding="utf-8")).get("coordination", {}))
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadDistrict(path=str(path), problem=str(error)) from error
    owners = figures.pop("owners", {})
    return with_overrides(
        Parameters(), {name: _figure(name, value) for name, value in figures.items()}, owners
    )


def _figure(name: str, value: Any) -> Any:
    """A value of the file as the parameter of that name holds it."""
    try:
        if name in ("heating_season", "frost_season"):
            return Season(*(_day_of_year(day) for day in value))
        if name == "excluded_days":
            return tuple((first, last) for first, last in value)
        if name == "zones_m":
            return {**Parameters().zones_m, **{str(code): float(width) for code, width in value.items()}}
    except (TypeError, ValueError, AttributeError) as error:
        raise BadInput("bad_parameter", name=name, value=str(value)) from error
    return tuple(value) if isinstance(value, list) else value


def _day_of_year(text: str) -> tuple[int, int]:
    month, day = (int(part) for part in text.split("-"))
    return date(2000, month, day).month, day


OWNER_FIGURES = (
    "sharing_m",
    "shift_days",
    "least_length_m",
    "small_dig_m",
    "small_digs",
    "small_digs_total_m",
)


def with_overrides(
    base: Parameters,
    district: Mapping[str, Any] | None = None,
    owners: Mapping[str, Mapping[str, Any]] | None = None,
) -> Parameters:
    """``base`` with a district's figures and its owners' own. Raises ``BadInput`` for a name it does not
    know."""
    known = {each.name for each in fields(Parameters)} - {"owners"}
    _check(district or {}, known)
    for figures in (owners or {}).values():
        _check(figures, OWNER_FIGURES)
    for name, value in (district or {}).items():
        _check_value(name, value)
    for figures in (owners or {}).values():
        for name, value in figures.items():
            _check_value(name, value)
    return replace(base, **dict(district or {}), owners={**base.owners, **dict(owners or {})})


def _check_value(name: str, value: Any) -> None:
    """A figure is a number that is not negative, a switch is true or false."""
    default = getattr(Parameters(), name)
    if isinstance(default, bool):
        fits = isinstance(value, bool)
    elif isinstance(default, int | float):
        fits = isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 1e6
    else:
        fits = True
    if not fits:
        raise BadInput("bad_parameter", name=name, value=str(value))


def _check(figures: Mapping[str, Any], known: Sequence[str] | set[str]) -> None:
    wrong = sorted(set(figures) - set(known))
    if wrong:
        raise BadInput("no_such_parameter", names=", ".join(wrong), known=", ".join(sorted(known)))
