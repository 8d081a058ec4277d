"""What the JSON answers look like."""

from datetime import date
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, Field

Number = int | float


class Tab(StrEnum):
    """Tables of a community's page."""

    BUILDINGS = "buildings"
    WORKS = "works"
    LINES = "lines"
    DIGS = "digs"
    INSPECTIONS = "inspections"
    FILES = "files"
    HISTORY = "history"


class Format(StrEnum):
    """What an export is written as."""

    XLSX = "xlsx"
    GPKG = "gpkg"
    GEOJSON = "geojson"
    CSV = "csv"


class ExportLayer(StrEnum):
    """What can be exported as filtered."""

    COMMUNITIES = "communities"
    BUILDINGS = "buildings"
    LINES = "lines"
    DIGS = "digs"


class Health(BaseModel):
    status: str


class Ready(Health):
    revision: int
    as_of: date
    sample: bool


class Figures(BaseModel):
    """Figures of a set of communities; area and money are exact, whole numbers as integers.

    ``None`` is what is not known, or not for the reader.
    """

    communities: int
    buildings: int | None
    floor_area_m2: Number | None
    households: int | None
    investment_yuan: Number | None
    progress: float | None = Field(description="percent, weighted by investment")
    planned: float | None = Field(description="percent that the plan has for the day")
    late: int


class TownFigures(Figures):
    code: str
    name: str


class StageFigures(Figures):
    stage: str


class Status(BaseModel):
    """The figures by town and by stage, and in total, of what passes the filter."""

    towns: list[TownFigures]
    stages: list[StageFigures]
    total: Figures
    as_of: date
    revision: int
    sample: bool


class Rows(BaseModel):
    """A part of the rows that pass the filter; ``count`` is how many there are in all."""

    count: int
    offset: int
    rows: list[dict[str, Any]]


class Found(BaseModel):
    layer: str
    id: str
    name: str
    note: str
    url: str


class FoundList(BaseModel):
    found: list[Found]
