"""The district: its codes, CRS, towns, plan totals and parameters, read from ``district.toml``."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from pyproj import CRS
from pyproj.exceptions import CRSError

from geo.errors import BadDistrict
from geo.vocabulary import FundingSource, Stage


@dataclass(frozen=True)
class Town:
    """A town of the district; ``names`` by language."""

    code: str
    names: Mapping[str, str]


@dataclass(frozen=True)
class PlanTotals:
    """What the approved plan says: counts, floor area in 0.01 m2, money in fen."""

    communities: int
    buildings: int
    households: int
    floor_area_dm2: int
    investment_fen: int
    funding: Mapping[FundingSource, int]


@dataclass(frozen=True)
class Window:
    """A closed interval of dates."""

    start: date
    end: date


@dataclass(frozen=True)
class SampleParameters:
    """What the sample district is made from."""

    as_of: date
    seed: int
    named_communities: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class District:
    """One district and one programme; ``extent`` is west, south, east, north in CRS84 degrees."""

    code: str
    names: Mapping[str, str]
    programme: Mapping[str, str]
    bureau: Mapping[str, str]
    year: int
    crs: CRS
    crs_zoned: CRS | None
    timezone: ZoneInfo
    towns: tuple[Town, ...]
    plan: PlanTotals
    stages: Mapping[Stage, Window]
    extent: tuple[float, float, float, float]
    sample: SampleParameters | None

    def town_codes(self) -> tuple[str, ...]:
        return tuple(town.code for town in self.towns)

    def town_names(self, language: str = "zh") -> dict[str, str]:
        """Name of each town by code; falls back to Chinese."""
        return {town.code: town.names.get(language, town.names["zh"]) for town in self.towns}

    def town_code(self, text: str) -> str | None:
        """The code for a town's code or any of its names, or ``None``."""
        wanted = text.strip()
        for town in self.towns:
            if wanted == town.code or wanted in town.names.values():
                return town.code
        return None

    def crs_name(self) -> str:
        return ":".join(self.crs.to_authority() or ("", self.crs.name))


def read_district(path: Path) -> District:
    """Read ``district.toml``; raises ``BadDistrict`` naming the file and what is wrong."""
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
        return _district(raw)
    except FileNotFoundError as error:
        raise BadDistrict(path=str(path), problem="not found") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, KeyError, TypeError, ValueError, CRSError) as error:
        raise BadDistrict(path=str(path), problem=f"{type(error).__name__}: {error}") from error


def _district(raw: Mapping[str, Any]) -> District:
    return District(
        code=raw["code"],
        names=raw["name"],
        programme=raw["programme"],
        bureau=raw["bureau"],
        year=raw["year"],
        crs=_projected(raw["crs"]),
        crs_zoned=CRS.from_user_input(raw["crs_zoned"]) if "crs_zoned" in raw else None,
        timezone=ZoneInfo(raw["timezone"]),
        towns=tuple(Town(town["code"], town["name"]) for town in raw["towns"]),
        plan=_plan(raw["plan"]),
        stages={Stage(name): Window(*days) for name, days in raw["stages"].items()},
        extent=tuple(float(raw["extent"][side]) for side in ("west", "south", "east", "north")),  # type: ignore[arg-type]
        sample=_sample(raw["sample"]) if "sample" in raw else None,
    )


def _projected(name: str) -> CRS:
    crs = CRS.from_user_input(name)
    if not crs.is_projected:
        raise ValueError(f"crs {name} is not projected")
    return crs


def _plan(raw: Mapping[str, Any]) -> PlanTotals:
    figures = {name: int(raw[name]) for name in PlanTotals.__annotations__ if name != "funding"}
    funding = {FundingSource(row["source"]): int(row["amount_fen"]) for row in raw.get("funding", [])}
    return PlanTotals(**figures, funding=funding)


def _sample(raw: Mapping[str, Any]) -> SampleParameters:
    named = tuple((str(town), str(name)) for town, name in raw["named_communities"])
    return SampleParameters(raw["as_of"], int(raw["seed"]), named)
